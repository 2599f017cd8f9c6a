import math
import re

import mpmath
import numpy as np
import pytest
from flint import arb, ctx
from numba import njit

from gradiometer.errors import InternalError
from gradiometer.formula import OPERATORS
from gradiometer.numeric import lanes
from gradiometer.numeric.lanes import LANES, use_wide_registers
from numeric.lane_points import (
    EXACT,
    LIMITS,
    apply,
    by_exponent,
    evenly,
    measure,
    near_right_angles,
    over_lanes,
)

KINDS = (np.float64, np.float32)
CIRCLE = {"sin", "cos", "tan"}
POSITIVE = {"ln", "sqrt"}
DOMAINS = {
    "exp": ((-746, 710), (-104, 89)),
    "ln": ((0, 4), (0, 4)),
    "sqrt": ((0, 4), (0, 4)),
    "sin": ((-100, 100), (-100, 100)),
    "cos": ((-100, 100), (-100, 100)),
    "tan": ((-100, 100), (-100, 100)),
    "atan": ((-4, 4), (-4, 4)),
    "sinh": ((-711, 711), (-90, 90)),
    "cosh": ((-711, 711), (-90, 90)),
    "tanh": ((-20, 20), (-10, 10)),
    "sigmoid": ((-746, 40), (-104, 20)),
    "softplus": ((-746, 40), (-104, 20)),
    "erf": ((-6, 6), (-4, 4)),
    "erfc": ((-6, 27.3), (-4, 10.1)),
    "Phi": ((-38.6, 8.5), (-14.2, 6)),
}
"""Where the values of a function are neither constant nor out of range: float64, float32."""
ROW = re.compile(r"^    (\w+|\^) +([\d.]+) +([\d.]+)", re.MULTILINE)
STATED = {name: (float(a), float(b)) for name, a, b in ROW.findall(lanes.__doc__)}


def points(name, kind, count):
    """Arrays of arguments: by exponent, around 1, over the domain and its middle, hard ones."""
    if name == "^":
        yield from pairs(kind, count)
        return
    digits, bottom, top = LIMITS[kind]
    both = name not in POSITIVE
    low, high = DOMAINS[name][KINDS.index(kind)]
    yield (by_exponent(bottom, top, count, seed=1, kind=kind, both=both),)
    yield (by_exponent(-digits // 2, 5, count, seed=2, kind=kind, both=both),)
    yield (evenly(low, high, count, seed=3, kind=kind),)
    yield (evenly(low / 16, high / 16, count, seed=4, kind=kind),)
    if name in CIRCLE and kind == np.float64:
        yield (near_right_angles(count),)


def pairs(kind, count):
    """Bases and exponents whose powers are in range, and integer powers of negative numbers."""
    digits, bottom, top = LIMITS[kind]
    bases = (
        by_exponent(bottom, top, count, seed=1, kind=kind, both=False),
        evenly(0.5, 2, count, seed=2, kind=kind),
        1 + by_exponent(-digits + 1, -3, count, seed=3, kind=kind),
    )
    for base in bases:
        x = base[base != 1]
        wide = x.astype(np.float64)
        powers = evenly(bottom * 0.6931, top * 0.6931, x.size, seed=4) / np.log(wide)
        yield x, powers.clip(-1e30, 1e30).astype(kind)
    rng = np.random.default_rng(5)
    yield -evenly(0, 40, count, seed=6, kind=kind), rng.integers(-20, 20, count).astype(kind)


def worst_error(name, kind, count):
    return max(measure(name, *arguments)[0] for arguments in points(name, kind, count))


def test_every_smooth_function_of_formulas_has_its_row():
    smooth = {o.name for o in OPERATORS.values() if o.kind == "smooth"} | {"^"}
    assert set(STATED) == set(LANES) == smooth == {*DOMAINS, "^"}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", LANES)
def test_error_stays_below_the_stated_one(name, kind):
    assert worst_error(name, kind, 500) <= STATED[name][KINDS.index(kind)] <= 4


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", LANES)
def test_stated_error_is_that_of_many_points_rounded_up(name, kind):
    worst = worst_error(name, kind, 30_000)
    assert STATED[name][KINDS.index(kind)] == math.ceil(worst * 100) / 100


def test_balls_and_mpmath_agree_on_the_exact_values():
    theirs = {
        "exp": mpmath.exp, "ln": mpmath.log, "sqrt": mpmath.sqrt, "sin": mpmath.sin,
        "cos": mpmath.cos, "tan": mpmath.tan, "atan": mpmath.atan, "sinh": mpmath.sinh,
        "cosh": mpmath.cosh, "tanh": mpmath.tanh, "sigmoid": lambda x: 1 / (1 + mpmath.exp(-x)),
        "softplus": lambda x: mpmath.log1p(mpmath.exp(x)), "erf": mpmath.erf,
        "erfc": mpmath.erfc, "Phi": mpmath.ncdf, "^": mpmath.power,
    }  # fmt: skip
    assert set(theirs) == set(EXACT)
    with mpmath.workprec(500), ctx.workprec(500):
        for name, function in theirs.items():
            for x in (0.3125, 1.75, 9.0625):
                given = (x, -2.5) if name == "^" else (x,)
                ours = EXACT[name](*map(arb, given))
                wanted = arb(mpmath.nstr(function(*map(mpmath.mpf, given)), 140))
                assert abs(ours / wanted - 1) < arb(10) ** -120, name


INF, NAN = math.inf, math.nan
SPECIAL = {
    "exp": [(0.0, 1.0), (-0.0, 1.0), (INF, INF), (-INF, 0.0), (1e38, INF), (-1e38, 0.0)],
    "ln": [(0.0, -INF), (-0.0, -INF), (INF, INF), (1.0, 0.0), (-1.0, NAN), (-INF, NAN),
           (-1e-40, NAN)],
    "sqrt": [(0.0, 0.0), (-0.0, -0.0), (INF, INF), (-1.0, NAN)],
    "sin": [(0.0, 0.0), (-0.0, -0.0), (INF, NAN), (-INF, NAN), (1e-40, 1e-40)],
    "cos": [(0.0, 1.0), (-0.0, 1.0), (INF, NAN), (-INF, NAN), (1e-40, 1.0)],
    "tan": [(0.0, 0.0), (-0.0, -0.0), (INF, NAN), (-INF, NAN), (-1e-40, -1e-40)],
    "atan": [(0.0, 0.0), (-0.0, -0.0), (INF, math.pi / 2), (-INF, -math.pi / 2)],
    "sinh": [(0.0, 0.0), (-0.0, -0.0), (INF, INF), (-INF, -INF), (1e-40, 1e-40)],
    "cosh": [(0.0, 1.0), (-0.0, 1.0), (INF, INF), (-INF, INF)],
    "tanh": [(0.0, 0.0), (-0.0, -0.0), (INF, 1.0), (-INF, -1.0), (1e-40, 1e-40)],
    "sigmoid": [(0.0, 0.5), (-0.0, 0.5), (INF, 1.0), (-INF, 0.0)],
    "softplus": [(0.0, math.log(2)), (INF, INF), (-INF, 0.0), (1e38, 1e38)],
    "erf": [(0.0, 0.0), (-0.0, -0.0), (INF, 1.0), (-INF, -1.0)],
    "erfc": [(0.0, 1.0), (-0.0, 1.0), (INF, 0.0), (-INF, 2.0)],
    "Phi": [(0.0, 0.5), (-0.0, 0.5), (INF, 1.0), (-INF, 0.0)],
}  # fmt: skip


def same(got, wanted):
    """Whether numbers are equal with the signs of their zeros, NaN being equal to NaN."""
    np.testing.assert_array_equal(got, wanted)
    return not (np.signbit(got) != np.signbit(wanted))[~np.isnan(wanted)].any()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", SPECIAL)
def test_special_values_are_exact_with_their_sign(name, kind):
    given, wanted = np.array([*SPECIAL[name], (NAN, NAN)]).T.astype(kind)
    assert same(apply(name, given), wanted)


def test_special_powers_are_those_of_ieee():
    values = [0.0, 1.0, 0.5, 2.0, 3.0, 1.5, 4096.0, INF]
    values = np.array([*values, *(-v for v in values), NAN])
    x, y = (a.ravel() for a in np.meshgrid(values, values))
    with np.errstate(all="ignore"):
        wanted = np.power(x, y)
    ours = apply("^", x, y)
    # NumPy's own powers may be off by a unit in the last place.
    with np.errstate(invalid="ignore"):
        near = np.abs(ours - wanted) <= np.spacing(np.abs(wanted))
    assert same(np.where(near & (wanted != 0), wanted, ours), wanted)


@pytest.mark.parametrize("name", ["exp", "tanh", "sigmoid", "atan", "erf", "Phi", "sinh"])
def test_rising_functions_never_fall_between_neighbours(name):
    start = evenly(-6, 6, 40, seed=7)
    steps = np.arange(500) * np.spacing(np.abs(start))[:, None]
    values = apply(name, (start[:, None] + steps).ravel()).reshape(steps.shape)
    # A result may be off by its stated error, so it may fall by what two of them allow.
    allowed = math.floor(2 * STATED[name][0]) * np.spacing(np.abs(values[:, :-1]))
    assert (np.diff(values) >= -allowed).all()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", LANES)
def test_a_loop_over_lanes_becomes_packed_instructions(name, kind):
    arity = 2 if name == "^" else 1
    loop = over_lanes(LANES[name], arity)
    x = np.ones(64, kind)
    loop(*[x] * arity, x.copy())
    signature = next(s for s in loop.signatures if s[0].dtype.name == x.dtype.name)
    assembly = loop.inspect_asm(signature)
    packed = [part for part in loop_bodies(assembly) if PACKED.search(part)]
    # The shortest part is the loop over lanes itself.
    calls = re.findall(r"\b(?:callq?|bl)\b", min(packed, key=len))
    assert len(calls) <= (name in CIRCLE)
    assert not LIBRARY.search(assembly)


PACKED = re.compile(r"\bv(fmadd|sqrt)\w*p[ds]\b|\bf(mla|sqrt)\s+v\d")
"""A multiply-add or root of several lanes: x86-64 with AVX2, arm64."""
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


@pytest.mark.parametrize("name", LANES)
def test_a_lane_does_not_depend_on_its_neighbours(name):
    rest = (evenly(0.5, 2, 64, seed=9),) if name == "^" else ()
    x = evenly(-3, 3, 64, seed=8)
    alone = apply(name, x, *rest)
    x[::3] = [NAN, INF, -INF, 1e300, -1e300, 0.0, 5e-324, 1e19, -1e10, 3e10, 1e40] * 2
    kept = np.arange(64) % 3 != 0
    assert same(apply(name, x, *rest)[kept], alone[kept])


def test_a_kernel_may_ask_for_wide_registers():
    @njit
    def double(x):
        use_wide_registers()
        for i in range(x.size):
            x[i] += x[i]

    x = np.arange(100.0)
    double(x)
    np.testing.assert_array_equal(x, 2.0 * np.arange(100))
    (text,) = double.inspect_llvm().values()
    assert '"prefer-vector-width"="512"' in text


def test_fastmath_is_refused():
    exp = LANES["exp"]

    @njit(fastmath=True)
    def loose(x):
        return exp(x)

    with pytest.raises(InternalError, match="fastmath"):
        loose(1.0)


def test_whole_numbers_become_floats():
    exp = LANES["exp"]

    @njit
    def at_one():
        return exp(1)

    assert at_one() == math.e
