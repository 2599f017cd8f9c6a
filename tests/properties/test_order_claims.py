"""No inequality is called proved where a sample breaks it, nor refuted where none comes near."""

import random

import pytest
from flint import arb, fmpq

from gradiometer.errors import DomainError
from gradiometer.formula import evaluate, parse, precision, to_ball
from gradiometer.proof import check
from gradiometer.question.claim import claim

LEAVES = (
    *("x", "x^2", "x^3", "|x|", "max(x,0)", "min(x,1)", "e^x", "e^(-x)", "e^(-x^2)", "tanh(x)"),
    *("sigmoid(x)", "softplus(x)", "Phi(x)", "erf(x)", "atan(x)", "1/(1+x^2)", "ln(1+x^2)"),
)
SAMPLES = [fmpq(n, 7) for n in range(-84, 85)] + [fmpq(n) for n in (-40, -20, 20, 40, 100, -100)]


def inequality(draw):
    """A combination of some functions, moved until it nearly or just touches 0 at a sample."""
    terms = [f"{draw.choice((1, 2, -1, '1/2', -3))}*{draw.choice(LEAVES)}" for _ in range(2)]
    factor = draw.choice(("", f"*{draw.choice(LEAVES)}"))
    left = f"({' + '.join(terms)}){factor}"
    tree = parse(left).tree
    middle = draw.choice(SAMPLES[60:110])
    try:
        shift = to_ball(evaluate(tree, {"x": middle})).mid()
    except DomainError:
        return None
    gap = draw.choice(("0", "1e-6", "-1e-6", "1/3", "-1/3", "5", "-5"))
    return (
        left,
        f"{fmpq(round(float(shift) * 10**4), 10**4)} + {gap}",
        draw.choice((">=", "<=", ">")),
    )


def breaks(left, right, relation):
    """Whether the inequality certainly fails at a sample."""
    difference = parse(f"({left}) - ({right})").tree
    side = -1 if relation == "<=" else 1
    with precision(300):
        values = (to_ball(evaluate(difference, {"x": x})) * side for x in SAMPLES)
        return any(value < 0 or (value == 0 and relation == ">") for value in values)


def judge(seed, count):
    draw = random.Random(seed)
    decided = 0
    for _ in range(count):
        found = inequality(draw)
        if found is None:
            continue
        left, right, relation = found
        answer = claim(f"{left} {relation} {right}")
        holds = answer.facts["holds"].value
        decided += holds is not None
        if answer.certificate is not None:
            check(answer.certificate)
        if holds:
            assert not breaks(left, right, relation), found
        if holds is False:
            shown = answer.facts["counterexample"].value
            gap = arb(shown["left"]) - arb(shown["right"])
            assert not (gap < 0 if relation == "<=" else gap > 0), found
    return decided


def test_inequalities_are_judged_as_samples_say():
    assert judge(1, 60) >= 40


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2, 22))
def test_many_inequalities_are_judged_as_samples_say(seed):
    judge(seed, 250)
