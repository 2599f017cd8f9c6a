"""Stability of rules in which something fades with the step count and is compared."""

import pytest

from gradiometer.question import ask


def _ask(factor):
    rule = {
        "name": "odd",
        "parameters": {"learning_rate": {"default": "1/10", "domain": "(0, oo)"}},
        "state": {},
        "step": {"x'": f"x - learning_rate*({factor})*g"},
    }
    return ask("stability", objective="x^2/2", optimizer=rule)


@pytest.mark.parametrize(
    "factor",
    [
        "where((1/2)^t > 0, 1, 3)",
        "where(1/t^2 > 0, 1, 3)",
        "where(1 - (1/2)^t >= 1, 3, 1)",
        "where(sqrt((1/2)^t) == 0, 3, 1)",
        "where(exp((1/2)^t) > 1, 1, 3)",
        "max(sign((1/2)^t), 1/2)",
        "2 + floor(1 - (1/2)^t)",
        "(1 + 1/sqrt(t))^t",
    ],
)
def test_what_fades_is_never_taken_for_its_limit_where_a_rule_jumps(factor):
    answer = _ask(factor)
    assert answer.facts["critical"].value is None
    assert answer.facts["stable"].value is None


@pytest.mark.parametrize("factor", ["where((1/2)^t < 1/9, 1, 3)", "1 + (1/2)^t", "1 + 1/t^2"])
def test_what_fades_counts_for_nothing_in_the_long_run(factor):
    assert _ask(factor).facts["critical"].value == 2
