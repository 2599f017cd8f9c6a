"""Points of rest, safe rates and formulas: parts of their provers, known by hand."""

import random

import numpy as np
import pytest
from flint import arb, arb_mat, fmpq

from gradiometer.errors import CertificateError, UndecidedError
from gradiometer.formula import evaluate, parse, precision, to_ball, to_text
from gradiometer.model import read_optimizer
from gradiometer.proof import Subject, stability, stability_form, stability_rest
from gradiometer.proof.check_quotient import Symbols
from gradiometer.proof.check_rest import Ends
from gradiometer.proof.check_stable_set import list_crossings
from proof.test_prover_choices import ground_of

# Points of rest.


@pytest.mark.parametrize("near", [(0, 0), (1, 2), ("-1/3", 5)])
def test_newton_is_exact_on_a_quadratic_from_everywhere(near):
    bowl = ground_of("x^2/2 - x + y^2 + x*y/2", "x", "y")
    rest = stability_rest.find_rest(bowl, [fmpq(value) for value in near], fmpq(1, 2))
    assert [ends.lower for ends in rest.place] == [fmpq(5, 7), fmpq(-1, 7)]
    assert all(ends.lower == ends.upper for ends in rest.place)


@pytest.mark.parametrize("pull", ["0", "1/2", "-1/3"])
def test_newton_finds_where_slope_and_pull_cancel(pull):
    loss, pull = ground_of("x^4/4 + y^2 - x*y/2 - x + y/3", "x", "y"), fmpq(pull)
    with precision(500):
        rest = stability_rest.find_rest(loss, [arb(0.8), arb(0.1)], pull)
        at = {n: to_ball(e.value) for n, e in zip("xy", rest.place, strict=True)}
        for name, slope in zip("xy", loss.gradient, strict=True):
            assert abs(to_ball(evaluate(slope, at)) + pull * at[name]) < arb(2) ** -150
    assert all(0 < e.upper - e.lower <= fmpq(1, 2**158) for e in rest.place)


@pytest.mark.parametrize("given", [fmpq(1), arb(1)])
def test_no_point_is_found_where_there_is_none(given):
    with pytest.raises(UndecidedError):
        stability_rest.find_rest(ground_of("e^x", "x"), [given], fmpq(0))
    with pytest.raises(UndecidedError, match="vanishes"):
        stability_rest.find_rest(ground_of("3*x", "x"), [given], fmpq(0))


def test_a_point_far_out_lies_in_a_wider_box():
    with precision(500):
        rest = stability_rest.find_rest(ground_of("x^3/3 - 20000*x", "x"), [arb(141)], fmpq(0))
    (ends,) = rest.place
    assert ends.lower**2 < 20000 < ends.upper**2
    width = float(arb(2**160 * (ends.upper - ends.lower)))
    assert width == pytest.approx(2 * 141.42, rel=1e-3)


def find_discs(*rows):
    with precision(200):
        discs, frame = stability_rest._find_discs(arb_mat([[*row] for row in rows]))
    assert len(frame) == len(rows)
    return [(float(arb(d.lower)), float(arb(d.upper))) for d in discs]


def test_discs_are_as_wide_as_what_is_beside_the_diagonal():
    beside = arb(0, 0.125)
    found = find_discs((arb(1), beside, arb(0)), (beside, arb(3), beside), (0, beside, arb(9)))
    for ends, known in zip(found, ((0.875, 1.125), (2.75, 3.25), (8.875, 9.125)), strict=True):
        assert ends == pytest.approx(known, abs=1e-6)
    # Both eigenvalues of any such matrix are at least -1.
    turned = find_discs((arb(1), arb(2)), (arb(2), arb(1)))
    assert turned == [pytest.approx((-1, -1)), pytest.approx((3, 3))]


def test_discs_that_touch_are_joined():
    values = [arb(9, 0.5), arb(1, 1), arb(10, 1), arb(1.25, 0.5), arb(5, 0.5)]
    rows = [[value if i == j else arb(0) for j in range(5)] for i, value in enumerate(values)]
    found = find_discs(*rows)
    assert found == [pytest.approx(row, abs=1e-6) for row in ((0, 2), (4.5, 5.5), (8.5, 11))]


def test_curvatures_of_one_variable_are_the_second_derivative():
    third = Ends(fmpq(1, 3), fmpq(1, 3))
    found = stability_rest._find_curvatures(ground_of("x^4", "x"), [third])
    assert found == ((Ends(fmpq(4, 3), fmpq(4, 3)),), None)
    three = [third, Ends(fmpq(0), fmpq(0)), Ends(fmpq(2), fmpq(2))]
    found = stability_rest._find_curvatures(ground_of("x^2 - y^2/2 + z^2", "x", "y", "z"), three)
    assert [ends.lower for ends in found[0]] == [-1, 2]


def test_a_point_is_spelled_by_its_ends():
    rest = stability_rest.Rest((Ends(fmpq(1), fmpq(2)),), (Ends(fmpq(3), fmpq(4)),), None)
    assert stability_rest.spell_rest(rest) == {"at": [["1", "2"]], "curvatures": [["3", "4"]]}


# Formulas.

VALUES = {"a": fmpq(1, 2), "b": fmpq(3), "c": fmpq(-2, 5)}


def symbols_of(values=VALUES):
    symbols = Symbols(values)
    return symbols, {name: symbols.add(name) for name in values}


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda s, a, b: a, "a"),
        (lambda s, a, b: -a, "-a"),
        (lambda s, a, b: a * a * b / (a + b), None),
        (lambda s, a, b: s.rational(2) / b, "2/b"),
        (lambda s, a, b: s.rational(-2) / b, "-2/b"),
        (lambda s, a, b: s.rational(1) / b, "1/b"),
        (lambda s, a, b: a / s.rational(3), "a/3"),
        (lambda s, a, b: s.rational(2) * a / s.rational(3), "2*a/3"),
        (lambda s, a, b: s.rational(7), "7"),
        (lambda s, a, b: s.rational(fmpq(-7, 2)), "-7/2"),
        (lambda s, a, b: a * a, "a^2"),
        (lambda s, a, b: (a - b) * (a - b), "(b - a)^2"),
        (lambda s, a, b: a - b, "-(b - a)"),
        (lambda s, a, b: a / (a - b), "-a/(b - a)"),
        (lambda s, a, b: (a - b) * (a - b) * (a - b), "-(b - a)^3"),
    ],
)
def test_a_formula_is_spelled_in_factors_that_are_positive(make, text):
    symbols, row = symbols_of()
    value = make(symbols, row["a"], row["b"])
    tree = stability_form._spell(symbols, value)
    assert evaluate(tree, VALUES) == symbols.number(value)
    if text is not None:
        assert to_text(tree).replace(" ", "") == text.replace(" ", "")


def test_spelled_formulas_have_the_value_of_what_they_spell():
    rng = random.Random(5)
    for _ in range(40):
        values = {name: fmpq(rng.randint(-9, 9) or 1, rng.randint(1, 4)) for name in "abc"}
        symbols, row = symbols_of(values)
        value = symbols.rational(fmpq(rng.randint(-6, 6) or 1, rng.randint(1, 5)))
        for _ in range(rng.randint(0, 4)):
            numbers = [symbols.rational(rng.randint(-3, 3)) for _ in range(4)]
            part = numbers[3]
            for number, name in zip(numbers, "abc", strict=False):
                part = part + number * row[name]
            if symbols.value(part.top) != 0:
                value = value * part * part if rng.random() < 0.3 else value / part
        tree = stability_form._spell(symbols, value)
        assert evaluate(tree, values) == symbols.number(value)
        parts, content = stability_form._factors(symbols, value.top)
        for part in parts:
            assert evaluate(part, values) > 0
            content *= evaluate(part, values)
        assert content == symbols.value(value.top)


def test_all_finite_ends_of_spans_are_listed():
    a, b, c = (Ends(fmpq(k), fmpq(k)) for k in range(3))
    assert stability_form.list_ends([(a, None), (b, c)]) == [
        (0, "from", a), (1, "from", b), (1, "to", c)
    ]  # fmt: skip


def subject_of(loss="x^2/2", rule="sgd", domain=("0", None), **values):
    """A rule with a free rate on a curve."""
    optimizer = read_optimizer(rule)
    given = {n: p.default for n, p in optimizer.parameters.items() if n != "learning_rate"}
    given |= {name: fmpq(value) for name, value in values.items()}
    row = {"lower": None, "upper": None, "lower_closed": False, "upper_closed": False, "loss": loss}
    names = [name for name in "xyz" if name in loss]
    landscape = {"variables": names, "pieces": [row]}
    ends = tuple(None if end is None else fmpq(end) for end in domain)
    return Subject(optimizer.bind(given), "learning_rate", ends, {}, landscape)


def find_form(curvatures, end, *, side="to", **values):
    inquiry = subject_of(**values).inquiry
    bends = [Ends(fmpq(value), fmpq(value)) for value in curvatures]
    rows = [list_crossings(inquiry.linear(e.value, at_origin=True), "learning_rate") for e in bends]
    place = (3, side, Ends(fmpq(end), fmpq(end)))
    return stability_form.find_form(inquiry, bends, rows, place, at_origin=True)


def test_the_formula_of_an_end_is_that_of_the_curvature_which_ends_there():
    form = find_form([1, 5], "2/5")
    assert form.to_claim() == {"text": "2/lambda", "curvature": 1, "span": 3, "side": "to"}
    assert find_form([1, 5], "2").curvature == 0
    assert find_form([1, 5], "1") is None
    assert find_form([1, 5], "0", side="from") is None
    form = find_form([2], "3/2", momentum="1/2")
    values = {"momentum": fmpq(1, 5), "lambda": fmpq(3)}
    assert evaluate(form.tree, values) == fmpq(2) * fmpq(6, 5) / 3
    form = find_form([5], "8/21", weight_decay="1/4")
    assert evaluate(form.tree, {"weight_decay": fmpq(1), "lambda": fmpq(3)}) == fmpq(1, 2)


@pytest.mark.parametrize(
    ("name", "value"), [("_MOST_LETTERS", 7), ("vanishes_at", lambda *_: False)]
)
def test_a_formula_that_is_long_or_not_always_right_is_none(monkeypatch, name, value):
    assert find_form([1, 5], "2/5") is not None
    monkeypatch.setattr(stability_form, name, value)
    assert find_form([1, 5], "2/5") is None


def test_a_formula_of_just_enough_letters_is_one(monkeypatch):
    monkeypatch.setattr(stability_form, "_MOST_LETTERS", 8)
    assert find_form([1, 5], "2/5") is not None


# Safe rates.


def test_the_largest_multiplier_is_measured_over_all_curvatures():
    subject = subject_of(momentum="1/4")
    rest = stability_rest.Rest((Ends(fmpq(0), fmpq(0)),) * 2,
                               tuple(Ends(fmpq(k), fmpq(k)) for k in (1, 3)), None)  # fmt: skip
    measure = stability.measure_growth(subject, rest)
    rates = [0.0, 0.25, 1.0, 3.5]
    wanted = [max(float(np.abs(np.roots([1, -(1.25 - rate * k), 0.25])).max()) for k in (1, 3))
              for rate in rates]  # fmt: skip
    assert measure(rates) == pytest.approx(wanted)
    with np.errstate(all="ignore"):
        assert np.isnan(measure([float("inf")])[0])


def test_a_pull_moves_the_point_of_rest_and_none_is_asked_for_at_zero():
    for loss, near, decay, place, curvature in (
        ("x^2/2 - x", 1, "1/4", "4/5", "1"),
        ("x^2/2 - x", 1, "0", "1", "1"),
        ("x^2/2 - x", 0, "0", "1", "1"),
        ("x^2/2", 0, "1/4", "0", "1"),
        ("3*x^2/2 + x", "-1/3", "1", "-1/4", "3"),
    ):
        subject = subject_of(loss, weight_decay=decay)
        rest, linears = stability._find_point(subject, subject.inquiry, [fmpq(near)], 0)
        assert rest.place == (Ends(fmpq(place), fmpq(place)),)
        assert [ends.lower for ends in rest.curvatures] == [fmpq(curvature)]
        assert len(linears) == 1


def test_only_the_origin_is_one():
    zero, one = Ends(fmpq(0), fmpq(0)), Ends(fmpq(0), fmpq(1))

    def rest(*place):
        return stability_rest.Rest(place, (), None)

    assert stability._is_origin(rest(zero, zero))
    assert not stability._is_origin(rest(zero, one))
    assert not stability._is_origin(rest(one, zero))


def test_safe_rates_are_told_with_what_happens_at_given_ones():
    subject = subject_of("x^2/2 + 5*y^2", momentum="1/2")
    rates = [fmpq(1, 5), fmpq(3, 10), fmpq(1)]
    found = stability.find_stability(subject, [fmpq(0)] * 2, piece=0, rates=rates)
    assert found.spans == ((Ends(fmpq(0), fmpq(0)), Ends(fmpq(3, 10), fmpq(3, 10))),)
    assert [rate.word for rate in found.rates] == ["stable", "edge", "unstable"]
    assert found.losses == (("domain", "flip"),)
    assert found.is_affine
    assert [form.curvature for form in found.forms] == [1]
    for rate in found.rates:
        value = float(arb(rate.value))
        known = [np.roots([1, -(1.5 - value * k), 0.5]) for k in (1, 10)]
        assert len(rate.multipliers) == 4
        growth = max(float(np.abs(row).max()) for row in known)
        assert float(to_ball(rate.growth)) == pytest.approx(growth)
    ((polynomial, meaning),) = found.polynomials
    assert meaning == "Its roots z are the multipliers of x, m."
    assert polynomial.endswith(" = 0")
    assert "momentum" in polynomial
    assert found.certificate["kind"] == "stability"
    left = polynomial.removesuffix(" = 0").replace("z", "w")
    for names in ({"momentum": fmpq(1, 2), "learning_rate": fmpq(1, 5), "lambda": fmpq(10)},):
        tree = parse(left, names={*names, "w"}).tree
        for w in (fmpq(0), fmpq(2), fmpq(-1, 3)):
            wanted = w**2 - (fmpq(3, 2) - 2) * w + fmpq(1, 2)
            assert evaluate(tree, {**names, "w": w}) == wanted


def test_breaks_are_those_inside_the_domain_in_order():
    def list_breaks(high, **values):
        inquiry = subject_of(domain=("0", high), **values).inquiry
        linear = inquiry.linear(fmpq(2), at_origin=True)
        return stability.find_breaks(linear, inquiry)

    assert list_breaks(None) == [Ends(fmpq(1), fmpq(1))]
    assert list_breaks("1") == []
    assert list_breaks("2", momentum="1/2") == [Ends(fmpq(3, 2), fmpq(3, 2))]


def test_a_refusal_of_the_checker_is_told(monkeypatch):
    def refuse(*_):
        raise CertificateError("The Proof is none.")

    monkeypatch.setattr(stability, "check", refuse)
    with pytest.raises(UndecidedError, match=r"was not accepted: The Proof is none"):
        stability.find_stability(subject_of(), [fmpq(0)], piece=0, rates=[])
    monkeypatch.setattr(stability, "check_mode", refuse)
    with pytest.raises(UndecidedError, match="the proof is none"):
        stability.find_stability(subject_of(), [fmpq(0)], piece=0, rates=[])
    with pytest.raises(UndecidedError, match="there is no such piece"):
        stability.find_stability(subject_of(), [fmpq(0)], piece=1, rates=[])


def test_a_problem_is_spelled_with_both_ends_of_its_domain():
    assert subject_of(domain=("1/2", "3")).to_problem()["domain"] == ["1/2", "3"]
    assert subject_of().to_problem()["domain"] == ["0", None]
