"""Rules whose largest step is not what their shape suggests: what resets, cancels or ends a run."""

import pytest

from gradiometer.errors import UndecidedError
from gradiometer.model import read_optimizer, settle
from gradiometer.proof import find_step_bound

MEANS = {"m'": "9/10*m + g/10", "v'": "99/100*v + g^2/100"}
"""Running means of slopes and of their squares."""


def bound_of(state, step):
    table = {"name": "own", "parameters": {"learning_rate": {"default": "1"}},
             "state": dict.fromkeys(state, "0"), "step": step}  # fmt: skip
    optimizer = read_optimizer(table)
    numbers = settle([optimizer.owner], {})["optimizer"]
    del numbers["learning_rate"]
    return find_step_bound(optimizer.bind(numbers))


@pytest.mark.parametrize(
    ("state", "step"),
    [
        # A slope of 0 throws the position to 0, however far that is.
        ("v", {"v'": "v/2 + g^2/2", "x'": "where(v' > 0, x - learning_rate*g/sqrt(v'), 0)"}),
        # A slope of 0 makes the rule forget squares, but not slopes: a short one then steps far.
        ("mv", {**MEANS, "v'": "where(g^2 > 0, 99/100*v + g^2/100, 0)",
                "x'": "x - learning_rate*m'/(sqrt(v') + 1/100)"}),
        # Both means are always the same, so that no step is made.
        ("mn", {"m'": "9/10*m + g", "n'": "9/10*n + g", "x'": "x - learning_rate*(m' - n')"}),
        ("mn", {"m'": "9/10*m + g", "n'": "9/10*n + g", "x'": "x - learning_rate*sign(m' - n')"}),
        # The largest square is kept, so that no step is longer than about 1.
        ("mvu", {"m'": "9/10*m + g/10", "v'": "g^2", "u'": "max(u, v + g^2)",
                 "x'": "x - learning_rate*m'/sqrt(u')"}),
        # The first step has no value.
        ("vn", {"n'": "n + 1", "r": "1/(n' - 1)", "v'": "v + g^2",
                "x'": "x - learning_rate*g/sqrt(v')"}),
        ("v", {"r": "1/(t - 5)", "v'": "v + g^2", "x'": "x - learning_rate*g/sqrt(v')"}),
        # Slopes that would show the bound lead to 0/0 on the way.
        ("mv", {"m'": "g", "v'": "99/100*v + g^2/100", "x'": "x - learning_rate*(m + g)/sqrt(v')"}),
        # The divisor of the first step is 0, whatever the slope is.
        ("v", {"v'": "99/100*v + g^2/100", "x'": "x - learning_rate*g/sqrt(v)"}),
        ("mv", {**MEANS, "x'": "x - learning_rate*(m' - g)/sqrt(v)"}),
    ],
)  # fmt: skip
def test_nothing_is_said_of_a_rule_that_resets_cancels_or_ends(state, step):
    with pytest.raises(UndecidedError):
        bound_of(state, step)


def test_a_guard_of_a_quotient_and_an_unread_value_are_no_obstacles():
    step = {"seen": "1/t", **MEANS,
            "x'": "x - learning_rate*where(v' > 0, m'/sqrt(v'), 0)"}  # fmt: skip
    assert bound_of("mv", step).square == bound_of("mv", {**MEANS, "x'": (
        "x - learning_rate*m'/(sqrt(v') + 1/100)")}).square  # fmt: skip
