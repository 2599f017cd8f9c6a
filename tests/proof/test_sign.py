"""Signs on intervals: exact, with every word earned, and undecided where the form is another."""

import pytest
from flint import fmpq
from hypothesis import given, settings
from hypothesis import strategies as st

from gradiometer.errors import UndecidedError
from gradiometer.formula import evaluate, number, parse, parse_interval, substitute, to_text
from gradiometer.proof import check, prove_sign, sign_on

SIGNS = [
    ("x^2 - x + 1", "(-oo, oo)", "positive", []),
    ("x^2", "(-oo, oo)", "nonnegative", ["0"]),
    ("x^2", "(0, oo)", "positive", []),
    ("x^2", "[0, oo)", "nonnegative", ["0"]),
    ("-x^2", "[-1, 1]", "nonpositive", ["0"]),
    ("x^2 - 2", "(sqrt(2), oo)", "positive", []),
    ("x^2 - 2", "[sqrt(2), oo)", "nonnegative", None),
    ("x^2 - 2", "(-oo, -sqrt(2))", "positive", []),
    ("x^2 - 2", "(-sqrt(2), sqrt(2))", "negative", []),
    ("x^2 - 2", "{sqrt(2)}", "zero", None),
    ("(x - 1)*(x - 2)^2", "(1, oo)", "nonnegative", ["2"]),
    ("(x - 1)*(x - 2)^2", "(0, oo)", "mixed", ["1", "2"]),
    ("1/x", "(0, oo)", "positive", []),
    ("tanh(x)", "(-oo, oo)", "mixed", ["0"]),
    ("tanh(x)", "(-oo, 0)", "negative", []),
    ("tanh(x)", "(-oo, 0]", "nonpositive", ["0"]),
    ("sigmoid(x)*(1 - sigmoid(x))", "(-oo, oo)", "positive", []),
    ("e^x - 2", "(ln(2), oo)", "positive", []),
    ("e^x - 2", "(-oo, ln(2)]", "nonpositive", ["ln(2)"]),
    ("e^(2x) - 3e^x + 2", "[0, ln(2)]", "nonpositive", ["0", "ln(2)"]),
    ("e^(x/2) - 3", "[0, 2]", "negative", []),
    ("e^x - 2", "{0}", "negative", []),
    ("x^5 - x - 1", "(0, 1)", "negative", []),
    ("x^5 - x - 1", "(6/5, oo)", "positive", []),
    ("(x + 1)^2 - x^2 - 2x - 1", "(0, 1)", "zero", None),
    ("e - 3", "(0, 1)", "negative", []),
]


@pytest.mark.parametrize(("text", "on", "word", "zeros"), SIGNS)
def test_the_sign_is_exact_and_replayed(text, on, word, zeros):
    found = sign_on(parse(text).tree, "x", parse_interval(on))
    assert found.sign == word
    assert (found.zeros if found.zeros is None else list(map(to_text, found.zeros))) == zeros
    check(found.certificate)


@pytest.mark.parametrize(
    ("text", "on"),
    [
        ("1/x", "(-1, 1)"),
        ("1/x", "[0, 1]"),
        ("1/(e^x - 2)", "(0, 1)"),
        ("x*e^x", "(0, 1)"),
        ("sin(x)", "(0, 1)"),
        ("a*x", "(0, 1)"),
        ("x - ln(2)", "(1, 2)"),
        ("e^x + e^(x^2)", "(0, 1)"),
    ],
)
def test_poles_and_other_forms_are_undecided(text, on):
    with pytest.raises(UndecidedError):
        sign_on(parse(text).tree, "x", parse_interval(on))


@pytest.mark.parametrize(
    ("relation", "proved"),
    [("<", False), ("<=", False), (">", False), (">=", True), ("==", False), ("!=", False)],
)
def test_a_relation_is_proved_only_when_the_sign_implies_it(relation, proved):
    found = prove_sign(parse("x^2").tree, "x", parse_interval("[-1, 1]"), relation)
    assert (found is not None) is proved


_ROOTS = st.lists(st.fractions(-3, 3, max_denominator=4), min_size=0, max_size=4)


@settings(max_examples=60)
@given(_ROOTS, st.sampled_from(["x", "e^x", "e^(x/2)"]), st.booleans(), st.booleans())
def test_the_word_agrees_with_values_at_many_points(roots, generator, left, right):
    factors = "*".join(f"({generator} - ({root}))" for root in roots) or "1 + 0*x"
    node = parse(factors).tree
    on = parse_interval(f"{'[' if left else '('}-1, 2{']' if right else ')'}")
    found = sign_on(node, "x", on)
    points = [fmpq(-1) + fmpq(3 * n, 48) for n in range(0 if left else 1, 49 if right else 48)]
    values = [evaluate(substitute(node, {"x": number(p)}), {}) for p in points]
    if any(value > 0 for value in values):
        assert found.sign in {"positive", "nonnegative", "mixed"}
    if any(value < 0 for value in values):
        assert found.sign in {"negative", "nonpositive", "mixed"}
    if any(value == 0 for value in values):
        assert found.sign not in {"positive", "negative"}
    if generator == "x":
        inside = {root for root in roots if -1 < root < 2}
        odd = any(roots.count(root) % 2 for root in inside)
        assert (found.sign == "mixed") is odd
