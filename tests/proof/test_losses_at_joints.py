"""Rules that read a loss which jumps: at a joint it is that of the piece which contains it."""

import pytest
from flint import fmpq

from gradiometer import escape, trajectory
from gradiometer.errors import UndecidedError
from gradiometer.proof.check_walk import read_replay
from gradiometer.question.course import read_request

KICK = {"m'": "where(t == 1, loss, 0)", "x'": "x - g/100 + m'/7"}
BASINS = {
    "name": "basins",
    "pieces": [
        {"on": "(-oo, 0]", "f": "-x"},
        {"on": "(0, oo)", "f": "(x - 1)^2*(x - 3)^2 + 5"},
    ],
}


def barrier(jump):
    return {
        "name": "wedge",
        "parameters": {"h": {"default": "1", "domain": "(0, oo)", "barrier": True}},
        "pieces": [
            {"on": "(-oo, 1]", "f": "1 - x"},
            {"on": "(1, 1 + h]", "f": f"x - 1 + {jump}"},
            {"on": "(1 + h, oo)", "f": f"1 + 2*h - x + {jump}"},
        ],
    }


def rule(step):
    return {"name": "kick", "state": {"m": "0"}, "step": step}


def test_a_kick_by_the_loss_leads_to_the_valley_where_the_run_ends():
    def facts(side):
        found = trajectory(BASINS, optimizer=rule(KICK), start="0", steps=300, at_kink=side).facts
        return found["final"].value, found.get("limit")

    final, limit = facts(None)
    assert limit.value == 1
    assert abs(float(final) - 1) < 1e-9
    # The slope after the joint is steep, and the loss is 0 all the same, not 14: no kick at all.
    final, limit = facts("right")
    assert abs(float(final) - 1) < 1e-9
    assert limit is None or limit.status == "unknown"


@pytest.mark.parametrize("start", ["1", "any"])
def test_no_barrier_is_crossed_by_the_loss_of_the_other_piece(start):
    step = {"m'": "where(t == 1, loss, 0)", "x'": "x - g/100 + m'/4"}
    facts = escape(barrier(6), optimizer=rule(step), start=start, at_kink="right").facts
    # From 1 the run goes back by 1/100, to the kink again, and so on.
    assert facts["barrier"].status == "unknown"
    assert facts.get("between") is None or facts["between"].status == "unknown"


def test_a_loss_that_does_not_jump_is_read_on_any_side():
    step = {"m'": "loss", "x'": "x - g/10"}
    found = [escape(barrier(0), optimizer=rule(step), start="1", at_kink=side).facts["barrier"]
             for side in ("left", "right")]  # fmt: skip
    assert [row.status for row in found] == ["proved", "proved"]
    assert found[0].value == fmpq(1, 10)


def read(objective, step, side):
    request = read_request(
        objective, optimizer=rule(step), schedule=None, settings={}, start="0", steps=10,
        at_kink=side, free=False,
    )  # fmt: skip
    return read_replay(request.course.to_problem())


def test_what_is_refused_and_what_is_not():
    deaf = {"m'": "m", "x'": "x - g/100"}
    read(BASINS, KICK, None).require_one_loss()
    read(BASINS, deaf, "right").require_one_loss()
    even = {"name": "even", "pieces": [{"on": "(-oo, 0]", "f": "-x"}, {"on": "(0, oo)", "f": "x"}]}
    read(even, KICK, "left").require_one_loss()
    with pytest.raises(UndecidedError, match="jumps"):
        read(BASINS, KICK, "right").require_one_loss()
    # No run from a rational start stands on an irrational joint, whatever its loss does there.
    odd = {"name": "odd", "pieces": [{"on": "(-oo, sqrt(2)]", "f": "-x"},
                                     {"on": "(sqrt(2), oo)", "f": "x"}]}  # fmt: skip
    read(odd, KICK, "right").require_one_loss()
