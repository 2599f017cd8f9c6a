"""Random statements against a 60-digit oracle: nothing true is refuted, nothing false is proved."""

import mpmath
from flint import fmpq
from hypothesis import given, settings
from hypothesis import strategies as st

from gradiometer.formula import Apply, Constant, Name, Number, parse
from gradiometer.proof import check
from gradiometer.question.claim import claim

mpmath.mp.dps = 60
POINTS = [mpmath.mpf(p) / 8 for p in (-40, -23, -9, -2, 1, 3, 8, 19, 33, 52)]
BINARY = {
    "+": lambda a, b: a + b, "-": lambda a, b: a - b, "*": lambda a, b: a * b,
    "/": lambda a, b: a / b, "^": lambda a, b: a**b,
}  # fmt: skip
CALLS = {
    "neg": lambda a: -a, "exp": mpmath.exp, "ln": mpmath.log, "sqrt": mpmath.sqrt,
    "tanh": mpmath.tanh, "sigmoid": lambda a: 1 / (1 + mpmath.exp(-a)),
    "softplus": lambda a: mpmath.log(1 + mpmath.exp(a)), "abs": abs, "sign": mpmath.sign,
    "relu": lambda a: max(a, mpmath.mpf(0)), "max": max, "min": min,
}  # fmt: skip
RELATIONS = {
    "<": lambda a, b: a < b, "<=": lambda a, b: a <= b, ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b, "==": lambda a, b: a == b, "!=": lambda a, b: a != b,
}  # fmt: skip


def oracle(node, x):
    """The value with 60 digits by other code; None where there is none."""
    if isinstance(node, Number):
        return mpmath.mpf(int(node.value.p)) / int(node.value.q)
    if isinstance(node, Constant):
        return mpmath.e if node.name == "e" else mpmath.pi
    if isinstance(node, Name):
        return x
    assert isinstance(node, Apply)
    if node.operator == "where":
        condition, *branches = node.arguments
        sides = [oracle(part, x) for part in condition.arguments]
        return oracle(branches[0 if RELATIONS[condition.operator](*sides) else 1], x)
    parts = [oracle(part, x) for part in node.arguments]
    if any(part is None for part in parts):
        return None
    try:
        value = (BINARY.get(node.operator) or CALLS[node.operator])(*parts)
    except (ZeroDivisionError, ValueError):
        return None
    return None if isinstance(value, mpmath.mpc) else value


def differ(left, right, x):
    """Whether the oracle sees a difference; None where a side has no value."""
    trees = parse(left).tree, parse(right).tree
    values = [oracle(tree, x) for tree in trees]
    if None in values:
        return None
    # Both sides may be huge and differ by little: enough digits to see 1e-45 in the difference.
    digits = 80 + int(mpmath.log10(1 + abs(values[0]) + abs(values[1])))
    if digits > 5000:
        return None
    with mpmath.workdps(digits):
        values = [oracle(tree, x) for tree in trees]
        return abs(values[0] - values[1]) > mpmath.mpf(10) ** -45


def judge(says, where=()):
    answer = claim(says, where=where)
    if answer.certificate is not None:
        check(answer.certificate)
    return answer


atoms = st.sampled_from(["x", "1", "2", "(1/3)", "0.5", "(x+1)", "(2*x-1)"])
smooth = st.recursive(
    atoms,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from("+-*"), inner).map(lambda t: f"({t[0]}{t[1]}{t[2]})"),
        inner.map(lambda a: f"exp({a})" if len(a) < 12 and "exp" not in a else f"({a})/2"),
        inner.map(lambda a: f"tanh({a})"),
        inner.map(lambda a: f"sigmoid({a})"),
        inner.map(lambda a: f"({a})^2"),
    ),
    max_leaves=4,
)
bent = st.one_of(
    st.tuples(atoms, atoms).map(lambda t: f"max({t[0]}, {t[1]})"),
    st.tuples(atoms, atoms).map(lambda t: f"min({t[0]}, {t[1]})"),
    atoms.map(lambda a: f"|{a}|"),
    atoms.map(lambda a: f"relu({a})"),
    st.tuples(atoms, atoms).map(lambda t: f"where(x < 1, {t[0]}, {t[1]})"),
)
formulas = st.one_of(
    smooth,
    bent,
    st.tuples(bent, st.sampled_from("+-*"), smooth).map(lambda t: f"({t[0]}{t[1]}{t[2]})"),
)

REWRITES = (
    lambda a, b: (f"({a})*(({b})+1)", f"({a})*({b}) + ({a})"),
    lambda a, b: (f"({a})^2 - ({b})^2", f"(({a})-({b}))*(({a})+({b}))"),
    lambda a, b: (f"tanh({a}) + ({b})", f"2*sigmoid(2*({a})) - 1 + ({b})"),
    lambda a, b: (f"max({a}, {b})", f"(({a}) + ({b}) + |({a})-({b})|)/2"),
    lambda a, b: (f"min({a}, {b})", f"-max(-({a}), -({b}))"),
    lambda a, b: (f"|{a}| + ({b})", f"max({a}, -({a})) + ({b})"),
    lambda a, b: (f"exp({a} + {b})", f"e^({a})*e^({b})"),
    lambda a, b: (f"relu({a}) - relu(-({a}))", f"({a}) + 0*({b})"),
    lambda a, b: (f"sqrt(({a})^2) + ({b})", f"({b}) + |{a}|"),
)
BENDS = ("1/10^30", "max(x-40, 0)", "x/10^9", "relu(-20-x)", "where(x == 3, 1, 0)", "|x|-x")


@given(st.sampled_from(range(len(REWRITES))), smooth, smooth)
@settings(max_examples=40)
def test_a_true_rewriting_is_never_refuted(rule, first, second):
    left, right = REWRITES[rule](first, second)
    assert not any(differ(left, right, x) for x in POINTS)
    assert judge(f"{left} = {right}").facts["holds"].value is not False


@given(st.sampled_from(range(len(REWRITES))), smooth, smooth, st.sampled_from(BENDS))
@settings(max_examples=40)
def test_a_rewriting_that_is_a_little_wrong_is_refuted_and_never_proved(rule, first, second, bend):
    left, right = REWRITES[rule](first, second)
    answer = judge(f"{left} = {right} + {bend}")
    assert answer.facts["holds"].value is not True
    if answer.facts["holds"].value is False:
        found = answer.facts["counterexample"].value
        x = found["at"].get("x", fmpq(0))
        assert differ(left, f"{right} + {bend}", mpmath.mpf(int(x.p)) / int(x.q)) is not False


@given(formulas, formulas, st.sampled_from(["=", "<", "<=", ">", ">=", "!="]))
@settings(max_examples=80)
def test_what_is_decided_about_random_formulas_agrees_with_the_oracle(left, right, sign):
    answer = judge(f"{left} {sign} {right}")
    value = answer.facts["holds"].value
    trees = parse(left).tree, parse(right).tree
    if value is True:
        for x in POINTS:
            sides = [oracle(tree, x) for tree in trees]
            if None not in sides:
                small = mpmath.mpf(10) ** -45 * (1 + abs(sides[0]) + abs(sides[1]))
                gap = sides[0] - sides[1]
                assert {
                    "=": abs(gap) < small, "!=": gap != 0, "<": gap < small, "<=": gap < small,
                    ">": gap > -small, ">=": gap > -small,
                }[sign]  # fmt: skip
    if value is False:
        at = answer.facts["counterexample"].value["at"].get("x", fmpq(0))
        sides = [oracle(tree, mpmath.mpf(int(at.p)) / int(at.q)) for tree in trees]
        small = mpmath.mpf(10) ** -45 * (1 + abs(sides[0]) + abs(sides[1]))
        gap = sides[0] - sides[1]
        assert {
            "=": abs(gap) > small, "!=": abs(gap) < small, "<": gap > -small, "<=": gap > small,
            ">": gap < small, ">=": gap < -small,
        }[sign]  # fmt: skip


@given(formulas, st.sampled_from(["", "+1/10^20", "+relu(x-30)"]), smooth)
@settings(max_examples=40)
def test_what_is_decided_about_slopes_agrees_with_numeric_differentiation(formula, bend, other):
    where = (f"f(x) = {formula}", f"g(x) = {other}")
    answer = judge(f"f'(x) + g'(x) = h'(x){bend}", (*where, f"h(x) = {formula} + ({other})"))
    assert answer.facts["holds"].value is not (bend != "")
    wrong = judge(f"f'(x) = {other}", where)
    if wrong.facts["holds"].value is None:
        return
    tree, said = parse(formula).tree, parse(other).tree
    at = wrong.facts["counterexample"].value["at"] if "counterexample" in wrong.facts else None
    places = POINTS if at is None else [oracle(Number(at.get("x", fmpq(0))), None)]
    for x in places:
        step = mpmath.mpf(10) ** -20
        slope = (oracle(tree, x + step) - oracle(tree, x - step)) / (2 * step)
        gap = abs(slope - oracle(said, x))
        close = gap < mpmath.mpf(10) ** -12 * (1 + abs(slope))
        assert close == (at is None)
