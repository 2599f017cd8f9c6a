"""Safe values of random rules against multipliers by differences, and certificates that lie."""

import random

import numpy as np
import pytest
from flint import fmpq

from gradiometer.errors import CertificateError, UndecidedError
from gradiometer.formula import to_float
from gradiometer.proof import check, find_stability
from gradiometer.proof.check_multipliers import boundaries, is_stable
from gradiometer.proof.check_no_root import count_changes, has_no_root
from gradiometer.proof.check_quotient import Symbols
from gradiometer.question import ask
from proof.mutants import edited, mutants, with_own_fingerprint
from proof.stability_cases import all_names, draw, largest_multiplier, to_subject

BESIDE = 1e-3
"""How far beside an end of the safe values the brute force looks, as a share of it."""


def places(spans):
    """Rates close to both ends of all spans, each with whether it must be safe."""
    if not spans:
        return [(rate, False) for rate in (0.01, 0.3, 2.0, 20.0)]
    found = []
    for lower, upper in spans:
        if lower.lower > 0:
            found += [(to_float(lower.lower) * (1 - BESIDE), False)]
            found += [(to_float(lower.upper) * (1 + BESIDE), True)]
        if upper is None:
            found.append((to_float(lower.upper) * 2 + 5, True))
        else:
            found += [(to_float(upper.lower) * (1 - BESIDE), True)]
            found += [(to_float(upper.upper) * (1 + BESIDE), False)]
    return found


def contradictions(name, seed):
    """Places at which the brute force sees something else than was proved."""
    rule, curvature, held = draw(random.Random(f"{name} {seed}"), name)
    try:
        found = find_stability(to_subject(rule, curvature, held), [fmpq(0)], piece=0, rates=[])
    except UndecidedError:
        return None
    return [
        (rate, is_safe)
        for rate, is_safe in places(found.spans)
        if (largest_multiplier(rule, curvature, held, rate) < 1) != is_safe
    ]


@pytest.mark.parametrize("name", all_names())
def test_safe_rates_are_those_whose_multipliers_are_inside(name):
    results = [contradictions(name, seed) for seed in range(2)]
    assert [row for row in results if row] == []


@pytest.mark.slow
@pytest.mark.parametrize("name", all_names())
def test_safe_rates_are_those_whose_multipliers_are_inside_in_many_cases(name):
    results = [contradictions(name, seed) for seed in range(2, 14)]
    assert [row for row in results if row] == []
    assert sum(row is not None for row in results) >= 8


def random_polynomial(rng, size):
    roots = [complex(rng.uniform(-1.4, 1.4), 0) for _ in range(size % 2)]
    while len(roots) < size:
        z = rng.uniform(0.2, 1.4) * np.exp(1j * rng.uniform(0, np.pi))
        roots += [z, z.conjugate()]
    numbers = np.poly(roots).real
    return [fmpq(round(1000 * v), 1000) for v in reversed(numbers)]


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 6])
def test_boundaries_are_products_over_the_roots(size):
    rng = random.Random(size)
    symbols = Symbols({})
    for _ in range(20):
        powers = random_polynomial(rng, size)
        found = boundaries([symbols.rational(value).top for value in powers])
        values = {name: to_float(symbols.value(part)) for name, part in found.items()}
        roots = np.roots([to_float(v) for v in reversed(powers)])
        pairs = [1 - a * b for i, a in enumerate(roots) for b in roots[:i]]
        assert np.isclose(values["fold"], np.prod(1 - roots).real, atol=1e-6)
        assert np.isclose(abs(values["flip"]), abs(np.prod(1 + roots)), atol=1e-6)
        if size > 1:
            assert np.isclose(values["pair"], np.prod(pairs).real, atol=1e-5)
        if abs(abs(roots).max() - 1) > 1e-6:
            assert is_stable(powers) == (abs(roots).max() < 1)


def test_roots_are_counted_on_intervals():
    # (u - 1)*(u - 2)*(u^2 + 1)
    powers = [fmpq(v) for v in (2, -3, 3, -3, 1)]
    assert count_changes(powers, fmpq(0), fmpq(3, 2)) == 1
    assert has_no_root(powers, fmpq(1), fmpq(2))
    assert has_no_root(powers, fmpq(2), None)
    assert not has_no_root(powers, fmpq(0), None)
    assert not has_no_root(powers, fmpq(3, 2), fmpq(5))
    assert not has_no_root([fmpq(0)], fmpq(0), None)


ASKED = {
    "heavy ball": {"objective": "x^2/2", "set": {"momentum": "9/10", "learning_rate": "1"}},
    "curved": {"objective": "cosh(x) - x", "optimizer": "adam", "set": {"eps": "1/100"}},
    "window": {"objective": "x^2/2", "set": {"learning_rate": "3"}, "vary": "momentum"},
    "surface": {"objective": "exp(x) - x + x*y/3 + y^2", "at": "x=0,y=0"},
}

HARMLESS = {
    # A list that says less, or the same twice.
    ("formulas", "gone"), ("formulas", "twice"), ("rates", "gone"), ("rates", "twice"),
    # The last of thirty digits: the enclosure is as good, or a little wider.
    ("multipliers", "a little more"), ("growth", "a little more"), ("curvatures", "a little more"),
    ("at", "a little more"), ("breaks", "a little more"), ("frame", "a little more"),
}  # fmt: skip
"""Edits of claims and evidence that leave them true."""


def is_harmless(path):
    names = [part for part in path if isinstance(part, str)]
    return (names[0], names[-1]) in HARMLESS or (
        names[-1] == "a little more" and ("multipliers" in names or "growth" in names)
    )


@pytest.fixture(scope="module", params=ASKED)
def certificate(request):
    whole = ask("stability", **ASKED[request.param]).certificate
    return whole["parts"][0] if whole["kind"] == "all" else whole


@pytest.mark.parametrize("part", ["claim", "evidence"])
def test_no_edit_of_a_certificate_is_accepted(certificate, part):
    edits = [(path, row) for path, row in mutants(certificate, part) if not is_harmless(path)]
    assert len(edits) >= (30 if part == "evidence" else 150)
    accepted = []
    for path, row in edits:
        with pytest.raises(CertificateError):
            check(row)
        try:
            check(with_own_fingerprint(row))
        except CertificateError:
            continue
        accepted.append(path)
    assert accepted == []


LIES = [
    ("heavy ball", [(("claim", "stable", 0, "to"), ["4", "4"])]),
    ("heavy ball", [(("claim", "stable", 0, "to_loss"), "fold")]),
    ("heavy ball", [(("claim", "stable"), [])]),
    ("heavy ball", [(("claim", "formulas", 0, "text"), "19/5")]),
    ("heavy ball", [(("claim", "formulas", 0, "text"), "2/lambda*19/10")]),
    ("heavy ball", [(("claim", "formulas", 0, "text"), "2*(2*momentum + 1/10)/lambda")]),
    ("heavy ball", [(("problem", "rule", "values", "momentum"), "4/5")]),
    ("heavy ball", [(("problem", "landscape", "pieces", 0, "loss"), "x^2")]),
    ("heavy ball", [(("problem", "landscape", "pieces", 0, "loss"), "x^2/2 + x/100")]),
    ("heavy ball", [(("problem", "held"), {"m": "0"})]),
    ("heavy ball", [(("evidence", "breaks", 0), [])]),
    ("window", [(("evidence", "breaks", 0), [["1/2", "1/2"]])]),
    ("window", [(("claim", "stable", 0, "from"), ["0", "0"])]),
    ("curved", [(("claim", "curvatures", 0), ["1", "1"])]),
    ("curved", [(("claim", "at", 0), ["0", "2"])]),
    ("surface", [(("claim", "curvatures"), [["2", "2"]])]),
]  # fmt: skip


@pytest.mark.parametrize(("name", "changes"), LIES)
def test_lie_is_refused(name, changes):
    whole = ask("stability", **ASKED[name]).certificate
    part = whole["parts"][0] if whole["kind"] == "all" else whole
    check(edited(part))
    with pytest.raises(CertificateError):
        check(edited(part, *changes))


@pytest.fixture(scope="module")
def doubling():
    parts = ask("stability", objective="double_well", doublings=2).certificate["parts"]
    return next(
        part for part in parts if part["kind"] == "doubling" and part["claim"]["period"] == 4
    )


def test_no_edit_of_a_doubling_is_accepted(doubling):
    accepted = []
    for path, row in mutants(doubling, "claim"):
        try:
            check(with_own_fingerprint(row))
        except CertificateError:
            continue
        accepted.append(path)
    # An end that moves in its last digit still brackets the same.
    assert [path for path in accepted if path[-1] != "a little more"] == []


@pytest.mark.parametrize(
    "changes",
    [
        [(("claim", "period"), 2)],
        [(("claim", "period"), 8)],
        [(("claim", "rate"), ["128803/100000", "1288031/1000000"])],
        [(("claim", "rate"), ["129/100", "1290001/1000000"])],
        [(("claim", "place"), ["9/10", "11/10"])],
        [(("problem", "landscape", "pieces", 0, "loss"), "x^2")],
        [(("problem", "parameter"), "momentum")],
    ],
)
def test_lie_about_a_doubling_is_refused(doubling, changes):
    with pytest.raises(CertificateError):
        check(edited(doubling, *changes))
