import math
import re

import numpy as np
import pytest
from numba import njit

from gradiometer.errors import InternalError
from gradiometer.numeric import lanes
from numeric.lane_points import LIMITS, apply, by_exponent, evenly, measure, over_lanes

KINDS = (np.float64, np.float32)
DOMAINS = {
    "exp": ((-746, 710), (-104, 89)),
    "ln": ((0, 4), (0, 4)),
    "tanh": ((-20, 20), (-10, 10)),
}
"""Where the values of a function are neither constant nor out of range: float64, float32."""
POSITIVE = {"ln"}
ROW = re.compile(r"^    (\w+) +([\d.]+) +([\d.]+)", re.MULTILINE)
STATED = {name: (float(a), float(b)) for name, a, b in ROW.findall(lanes.__doc__)}


def offered():
    return sorted(name.removeprefix("lane_") for name in dir(lanes) if name.startswith("lane_"))


def points(name, kind, count):
    """Arrays of arguments: by exponent, near 1, and over the domain."""
    digits, bottom, top = LIMITS[kind]
    both = name not in POSITIVE
    low, high = DOMAINS[name][KINDS.index(kind)]
    yield (by_exponent(bottom, top, count, seed=1, kind=kind, both=both),)
    yield (by_exponent(-digits // 2, 5, count, seed=2, kind=kind, both=both),)
    yield (evenly(low, high, count, seed=3, kind=kind),)
    yield (evenly(low / 16, high / 16, count, seed=4, kind=kind),)


def worst_error(name, kind, count):
    return max(measure(name, *arguments)[0] for arguments in points(name, kind, count))


def test_every_function_has_its_row_and_domain():
    assert sorted(STATED) == offered() == sorted(DOMAINS)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", offered())
def test_error_stays_below_the_stated_one(name, kind):
    assert worst_error(name, kind, 600) <= STATED[name][KINDS.index(kind)] <= 4


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", offered())
def test_stated_error_is_that_of_many_points_rounded_up(name, kind):
    worst = worst_error(name, kind, 30_000)
    assert STATED[name][KINDS.index(kind)] == math.ceil(worst * 100) / 100


SPECIAL = {
    "exp": [(0.0, 1.0), (-0.0, 1.0), (math.inf, math.inf), (-math.inf, 0.0), (1e38, math.inf)],
    "ln": [(0.0, -math.inf), (-0.0, -math.inf), (math.inf, math.inf), (1.0, 0.0),
           (-1.0, math.nan), (-math.inf, math.nan), (-1e-40, math.nan)],
    "tanh": [(0.0, 0.0), (-0.0, -0.0), (math.inf, 1.0), (-math.inf, -1.0), (1e-40, 1e-40)],
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", sorted(SPECIAL))
def test_special_values_are_exact_with_their_sign(name, kind):
    given, wanted = np.array([*SPECIAL[name], (math.nan, math.nan)]).T.astype(kind)
    np.testing.assert_array_equal(apply(name, given), wanted)
    got = apply(name, given)
    known = ~np.isnan(wanted)
    assert (np.signbit(got) == np.signbit(wanted))[known].all()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", offered())
def test_a_loop_over_lanes_becomes_packed_instructions(name, kind):
    loop = over_lanes(getattr(lanes, f"lane_{name}"))
    x = np.ones(64, kind)
    loop(x, x.copy())
    signature = next(s for s in loop.signatures if s[0].dtype.name == x.dtype.name)
    assembly = loop.inspect_asm(signature)
    packed = [part for part in loop_bodies(assembly) if PACKED.search(part)]
    assert packed
    # The shortest part is the loop over lanes itself.
    assert not re.search(r"\bcallq?\b|\bbl\b", min(packed, key=len))
    assert not LIBRARY.search(assembly)


PACKED = re.compile(r"\bvfmadd\w+p[ds]\b|\bfmla\s+v\d")
"""A multiply-add of several lanes: x86-64 with AVX2, arm64."""
LIBRARY = re.compile(
    r"[^\w.](exp|log|log1p|expm1|sin|cos|tan|atan|sinh|cosh|tanh|erf|erfc|pow|fma)f?\b"
)


def loop_bodies(assembly):
    """The parts of an assembly text between a label and the next jump back to it."""
    lines = assembly.splitlines()
    labels = {line.split(":")[0]: i for i, line in enumerate(lines) if re.match(r"\.?\w+:", line)}
    for end, line in enumerate(lines):
        jump = re.match(r"\s+(?:j\w+|b\.?\w*|cbn?z.*,)\s+(\.?\w+)$", line)
        if jump and labels.get(jump[1], end) < end:
            yield "\n".join(lines[labels[jump[1]] : end])


def test_fastmath_is_refused():
    exp = lanes.lane_exp

    @njit(fastmath=True)
    def loose(x):
        return exp(x)

    with pytest.raises(InternalError, match="fastmath"):
        loose(1.0)
