"""Random formulas for the tests of normal forms and proofs, and the comparison of their values."""

from flint import arb, fmpq
from hypothesis import strategies as st

from gradiometer.errors import DomainError, LimitError, UndecidedError
from gradiometer.formula import (
    FUNCTIONS,
    ONE,
    OPERATORS,
    ZERO,
    Apply,
    Constant,
    Name,
    apply,
    evaluate,
    number,
    parse,
    precision,
)

POINTS = [
    {"x": fmpq(x), "a": fmpq(a)}
    for x, a in ((fmpq(1, 3), fmpq(5, 7)), (fmpq(-3, 2), 2), (2, fmpq(-1, 2)), (0, 1), (-2, 3))
]
_UNARY = ("neg", *(f for f in FUNCTIONS if OPERATORS[f].kind == "smooth"), "abs")
_LEAVES = st.one_of(
    st.sampled_from([Name("x"), Name("x"), Name("a"), Constant("e"), Constant("pi"), number(2)]),
    st.builds(lambda p, q: number(fmpq(p, q)), st.integers(-4, 4), st.integers(1, 3)),
)
_EXPONENTS = st.sampled_from([number(t) for t in ("2", "3", "-1", "1/2", "-3/2", "1/3")])


def trees(leaves=8):
    """Trees in x and a with up to that many leaves."""
    return st.recursive(
        _LEAVES,
        lambda inner: st.one_of(
            st.builds(apply, st.sampled_from("+-*/"), inner, inner),
            st.builds(apply, st.just("^"), inner, _EXPONENTS),
            st.builds(apply, st.sampled_from(_UNARY), inner),
        ),
        max_leaves=leaves,
    )


def differs(left, right, point):
    """Whether both trees have values at the point that are certainly different (60 digits)."""
    with precision(200):
        try:
            gap = arb(evaluate(left, point)) - arb(evaluate(right, point))
        except (DomainError, UndecidedError, LimitError):
            return False
        return not gap.contains(0)


def rewrite(node):
    """The same function, written in another way at every operator."""
    if not isinstance(node, Apply):
        return apply("+", node, ZERO)
    parts = tuple(map(rewrite, node.arguments))
    first = parts[0]
    plain = Apply(node.operator, parts)
    match node.operator:
        case "+" | "*":
            return apply(node.operator, parts[1], first)
        case "-":
            return apply("neg", apply("-", parts[1], first))
        case "/":
            return apply("*", first, apply("^", parts[1], number(-1)))
        case "tanh":
            doubled = apply("sigmoid", apply("*", number(2), first))
            return apply("-", apply("*", number(2), doubled), ONE)
        case "sqrt":
            return apply("^", first, number("1/2"))
        case "exp":
            return apply("/", ONE, apply("exp", apply("neg", first)))
        case "tan":
            return apply("/", apply("sin", first), apply("cos", first))
        case "erfc":
            return apply("-", ONE, apply("erf", first))
        case _:
            return plain


def test_a_rewritten_formula_keeps_its_values():
    left = parse("tanh(x)/(1 - sqrt(x + 3)) + erfc(a)*exp(x)").tree
    assert not any(differs(left, rewrite(left), point) for point in POINTS)
    assert differs(left, apply("+", left, number("1/1000000")), POINTS[0])
