"""A derivative that does not exist at a point is refuted there, with both one-sided slopes."""

import pytest

from gradiometer.question.claim import Claim, check_claim, claim
from gradiometer.question.gradient import gradient


@pytest.mark.parametrize(
    ("says", "function", "reason"),
    [
        ("f'(0) = 0", "f(x) = |x|", "at 0 the slope is -1 on the left and 1 on the right"),
        ("f'(1-1) >= 0", "f(x) = relu(x)", "at 0 the slope is 0 on the left and 1 on the right"),
        ("1 + f'(6) = 2", "f(x) = clip(x,0,6)",
         "at 6 the slope is 1 on the left and 0 on the right"),
    ],
)  # fmt: skip
def test_a_slope_at_a_kink_is_refuted(says, function, reason):
    fact = claim(says, where=(function,)).facts["holds"]
    assert (fact.value, fact.status) == (False, "proved")
    assert fact.because.endswith(reason)


def test_a_slope_at_a_tie_of_a_computation_is_refuted():
    answer = gradient("r = max(a,b) + |a-b|", at={"a": 1, "b": 1})
    result = check_claim(answer, Claim(says="dr/da = 2"))
    assert (result.holds, result.status) == (False, "proved")
    assert result.because == (
        "at a = 1, b = 1 `dr/da` has no value: at 1 the slope is -1 on the left and 2 on the right"
    )


@pytest.mark.parametrize(
    ("says", "function", "holds"),
    [
        ("f'(1) = 1", "f(x) = |x|", True),
        ("f'(0) = 0", "f(x) = x*|x|", True),
        ("f'(0) = 1", "f(x) = x*|x|", False),
        ("where(1 > 2, f'(0), 3) = 3", "f(x) = |x|", True),
        ("f'(0) != 0", "f(x) = |x|", None),
    ],
)
def test_other_slopes_are_judged_as_before(says, function, holds):
    fact = claim(says, where=(function,)).facts["holds"]
    assert fact.value is holds
    assert "on the left" not in fact.because
