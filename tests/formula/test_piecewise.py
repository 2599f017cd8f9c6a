"""Formulas with branches as intervals with exact ends and one smooth formula on each."""

import pytest
from flint import arb, fmpq

from gradiometer.errors import DomainError, UndecidedError
from gradiometer.formula import (
    apply,
    build_table,
    differentiate_pieces,
    evaluate,
    find_signs,
    number,
    parse,
    parse_interval,
    precision,
    to_piecewise,
    to_text,
)


def lowered(text, variable="x", **options):
    return to_piecewise(parse(text).tree, variable, **options)


def spelled(piecewise):
    """Each piece as `interval: formula`."""
    return [f"{interval_text(piece.on)}: {to_text(piece.formula)}" for piece in piecewise.pieces]


def interval_text(on):
    left = "-oo" if on.lower is None else to_text(on.lower)
    right = "oo" if on.upper is None else to_text(on.upper)
    return f"{'[' if on.lower_closed else '('}{left}, {right}{']' if on.upper_closed else ')'}"


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("max(x, 0)", ["(-oo, 0): 0", "[0, oo): x"]),
        ("max(x, 0) + min(x, 0)", ["(-oo, oo): x"]),
        ("max(x,0) + 0.1*min(x,0)", ["(-oo, 0): 0.1*x", "[0, oo): x"]),
        ("min(max(x, 0), 6)", ["(-oo, 0): 0", "[0, 6): x", "[6, oo): 6"]),
        ("|x|", ["(-oo, 0): -x", "[0, oo): x"]),
        ("|x|*sign(x)", ["(-oo, oo): x"]),
        ("sign(x)", ["(-oo, 0): -1", "[0, 0]: 0", "(0, oo): 1"]),
        ("where(x > 0, 1, 0)", ["(-oo, 0]: 0", "(0, oo): 1"]),
        ("where(x != 0, 1, 1)", ["(-oo, oo): 1"]),
        ("where(not (x > 0 and x < 1), x, 1)", ["(-oo, 0]: x", "(0, 1): 1", "[1, oo): x"]),
        ("clip(x, -1, 1)", ["(-oo, -1): -1", "[-1, 1): x", "[1, oo): 1"]),
        ("relu(x - 1/2)", ["(-oo, 1/2): 0", "[1/2, oo): x - 1/2"]),
        ("max(x, sqrt(2))", ["(-oo, sqrt(2)): sqrt(2)", "[sqrt(2), oo): x"]),
        ("max(e^x - 2, 0)", ["(-oo, ln(2)): 0", "[ln(2), oo): e^x - 2"]),
        ("max(x^2 - 2, 0)", ["(-oo, -sqrt(2)): x^2 - 2", "[-sqrt(2), sqrt(2)): 0",
                             "[sqrt(2), oo): x^2 - 2"]),
        ("1/x", ["(-oo, 0): 1/x", "(0, oo): 1/x"]),
        ("ln(x)", ["(0, oo): ln(x)"]),
        ("sqrt(x)", ["[0, oo): sqrt(x)"]),
        ("sqrt(x^2)", ["(-oo, 0): -x", "[0, oo): x"]),
        ("max(x, h)", ["(-oo, h): h", "[h, oo): x"]),
        ("ln(-1)*x", []),
    ],
)  # fmt: skip
def test_normal_form_is(text, pieces):
    assert spelled(lowered(text)) == pieces


@pytest.mark.parametrize(
    "text",
    ["max(x, e^x - 2)", "max(x^5 - x - 1, 0)", "floor(x)", "tan(x)", "max(sin(x), 0)",
     "max(x - h, k - x)*max(x, h)", "sqrt(x^2 + x^4)",
     # Its slope is 0 and it jumps from pi/4 to -3*pi/4 at its pole.
     "sign(atan((1 + x)/(1 - x)) - atan(x))"],
)  # fmt: skip
def test_what_cannot_be_solved_is_undecided(text):
    with pytest.raises(UndecidedError):
        lowered(text)


def test_undecided_names_the_formula_that_could_not_be_solved():
    with pytest.raises(UndecidedError, match=r"x\^5 - x - 1"):
        lowered("max(x^5 - x - 1, 0)")


def test_irreducible_factors_without_real_roots_are_no_obstacle():
    assert len(lowered("max((x^4 + 1)*(x - 1), 0)").pieces) == 2


def test_mixed_products_are_solved_factor_by_factor():
    signs = find_signs(parse("x/(1 + e^(-x))").tree, "x", parse_interval("(-oo, oo)"))
    assert [sign for _, sign in signs] == [-1, 0, 1]


@pytest.mark.parametrize(
    ("text", "end"),
    [("max(e^(x + 1) - 2, 0)", "ln(2) - 1"), ("max(2 - e^(1 - x), 0)", "1 - ln(2)"),
     ("max(pi*x - e, 0)", "e/pi"), ("max(e^(2*x) - pi, 0)", "ln(pi)/2")],
)  # fmt: skip
def test_joints_with_constants_are_exact(text, end):
    [_, right] = lowered(text).pieces
    gap = apply("-", right.on.lower, parse(end).tree)
    with precision(300):
        assert abs(arb(evaluate(gap, {}))) < arb(2) ** -250


def test_parameter_domains_decide_signs():
    domains = {"h": parse_interval("(0, oo)")}
    pieces = lowered("max(x, 0) + max(x - h, 0)", domains=domains).pieces
    assert [interval_text(piece.on) for piece in pieces] == ["(-oo, 0)", "[0, h)", "[h, oo)"]
    with pytest.raises(UndecidedError):
        lowered("max(x, 0) + max(x - h, 0)")


def test_piece_at_a_joint_depends_on_the_side():
    relu = lowered("max(x, 0)")
    at = {side: to_text(relu.piece_at(fmpq(0), side=side).formula) for side in ("left", "right")}
    assert at == {"left": "0", "right": "x"}
    assert to_text(relu.piece_at(fmpq(0)).formula) == "x"
    assert to_text(relu.piece_at(fmpq(-1), side="right").formula) == "0"


def test_piece_at_a_hole_does_not_exist():
    with pytest.raises(DomainError):
        lowered("1/x").piece_at(fmpq(0))


def test_piece_at_a_ball_across_a_joint_is_undecided():
    with pytest.raises(UndecidedError):
        lowered("max(x, 0)").piece_at(arb(0, 1e-9))


def test_piece_at_an_irrational_end_is_decided_by_balls():
    pieces = lowered("max(e^x - 2, 0)")
    near = fmpq(6931471805599453, 10**16)
    assert to_text(pieces.piece_at(near).formula) == "0"
    assert to_text(pieces.piece_at(near + fmpq(1, 10**15)).formula) == "e^x - 2"


def test_substituting_a_parameter_makes_rational_ends():
    pieces = lowered("max(x, 1 + h)").substitute({"h": number("1/2")})
    assert spelled(pieces) == ["(-oo, 3/2): 3/2", "[3/2, oo): x"]


def test_slopes_leave_isolated_points_out():
    slopes = differentiate_pieces(lowered("sign(x)*(x + 1)"))
    assert spelled(slopes) == ["(-oo, 0): -1", "(0, oo): 1"]


BARRIER = [("(-oo, 1]", "1 - x"), ("(1, 1 + h]", "x - 1"), ("(1 + h, 1 + 2*h]", "1 + 2*h - x"),
           ("(1 + 2*h, oo)", "beta*(1 + 2*h - x)")]  # fmt: skip
DOMAINS = {"h": parse_interval("(0, oo)"), "beta": parse_interval("(0, oo)")}


def table(rows, **options):
    return build_table(
        "x", [(parse_interval(on, names=("h",)), parse(text).tree) for on, text in rows], **options
    )


def test_table_keeps_its_rows():
    pieces = table(BARRIER, domains=DOMAINS).substitute({"h": number(2), "beta": number(3)})
    assert evaluate(pieces.piece_at(fmpq(6)).formula, {"x": fmpq(6)}) == -3


@pytest.mark.parametrize(
    "rows",
    [
        [("(-oo, 1]", "x"), ("[1, oo)", "x")],
        [("(-oo, 1)", "x"), ("(1, oo)", "x")],
        [("(-oo, 1]", "x"), ("(2, oo)", "x")],
        [("(1, oo)", "x"), ("(-oo, 1]", "x")],
        [("(-oo, 1]", "x"), ("(1, 1 - h]", "x"), ("(1 - h, oo)", "x")],
        [("(-oo, 1]", "max(x, 0)"), ("(1, oo)", "x")],
    ],
    ids=["overlap", "missing point", "gap", "order", "empty", "branch in a row"],
)
def test_broken_table_is_refused(rows):
    with pytest.raises(DomainError):
        table(rows, domains=DOMAINS)


def test_ends_of_rows_agree_up_to_algebra():
    rows = [("(-oo, 1 + 2*h]", "x"), ("(1 + h + h, oo)", "1 + 2*h")]
    assert len(table(rows, domains=DOMAINS).pieces) == 2


def test_normal_form_has_the_values_of_the_formula():
    text = "x*clip(x/6 + 1/2, 0, 1) + where(|x| > 1/2, 1/x, e^x)"
    formula, pieces = parse(text).tree, lowered(text)
    for numerator in range(-40, 41):
        at = fmpq(numerator, 8)
        with precision(100):
            direct = evaluate(formula, {"x": at})
            through = evaluate(pieces.piece_at(at).formula, {"x": at})
            assert arb(direct).overlaps(arb(through))
