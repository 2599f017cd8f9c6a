"""What the same run does in float64 and float32, beside the exact one."""

import numpy as np
import pytest
from flint import fmpq

from gradiometer import escape, trajectory

RATE = {"learning_rate": "1/1000", "eps": "0"}


def walk_adam(dtype, height, steps):
    """Adam on the barrier by hand, each operation rounded to the type of the numbers."""
    f = dtype
    b1, b2 = f(0.9), f(0.999)
    x = m = v = f(0)
    for t in range(1, steps + 1):
        g = f(-1) if x <= 1 else f(1) if float(x) <= 1 + height else f(-1)
        m = b1 * m + (f(1) - b1) * g
        v = b2 * v + (f(1) - b2) * (g * g)
        first, second = (f(1) - f(float(beta) ** t) for beta in (b1, b2))
        x = x - f(0.001) * (m / first) / np.sqrt(v / second)
    return float(x)


@pytest.mark.parametrize(("kind", "dtype"), [("float64", np.float64), ("float32", np.float32)])
def test_the_threshold_in_floats_is_that_of_a_run_by_hand(kind, dtype):
    found = escape("barrier", optimizer="adam", set=RATE).facts[f"{kind}_barrier"]
    assert found.status == "computed"
    below, above = (walk_adam(dtype, found.value * scale, 1300) for scale in (0.9999, 1.0001))
    assert below > 1.1
    assert above < 1 + found.value


def test_where_on_the_axis_a_float_run_ends_otherwise_is_listed():
    """Exactly 1/5 is the supremum; float64 adds up to less, float32 to more."""
    rows = escape("barrier", set={"learning_rate": "3/10"}).facts["floats_differ"].value
    assert [(row["engine"], row["exact"], row[row["engine"]]) for row in rows] == [
        ("float64", "escapes", "trapped"), ("float32", "trapped", "escapes"),
    ]  # fmt: skip
    assert rows[0]["to"] == rows[1]["from"] == fmpq(1, 5)
    step = np.float32(0.3)
    reached = np.float32(0)
    while reached <= 1:
        reached = reached + step
    assert rows[1]["to"] == fmpq(*(float(reached) - 1).as_integer_ratio())


def test_no_value_differs_where_floats_are_exact():
    facts = escape("barrier", set={"learning_rate": "3/8"}).facts
    assert facts["floats_differ"].value == "none"
    assert facts["barrier"].value == fmpq(1, 8)
    assert facts["float32_barrier"].value == 0.125


def test_float32_may_take_another_piece_than_float64():
    """Ten tenths: exactly 1 is met after 10 steps; float64 stays below, float32 goes beyond."""
    asked = {"set": {"h": "1/2", "learning_rate": "1/10"}, "steps": 40}
    facts = trajectory("barrier", **asked).facts
    short = facts["rounding_float32"].value
    total = np.float32(0)
    for _ in range(10):
        total = total + np.float32(0.1)
    assert (short["step"], short["exact"]) == (10, 1)
    assert short["float32"] == float(total) > 1
    assert (short["exact_branch"], short["float32_branch"]) == ("x = 1", "x > 1")
    assert facts["rounding"].value == "none"
    right = trajectory("barrier", **asked, at_kink="right").facts
    assert right["rounding"].value["float64"] < 1
    assert right["rounding_float32"].value == "none"


def test_the_runs_in_floats_are_those_of_the_engines():
    asked = {"optimizer": "adam", "start": "3/10", "steps": 60, "set": {"learning_rate": "1/10"}}
    exact = trajectory("(x^2-1)^2/4", **asked).facts
    for kind in ("float64", "float32"):
        alone = trajectory("(x^2-1)^2/4", **asked, engine=kind).facts
        assert exact[kind].value["final"] == alone["final"].value
        assert exact[kind].value["lowest"] == alone["lowest"].value
        assert exact[kind].status == "computed"
    assert exact["float32"].value["final"] != exact["float64"].value["final"]
    assert abs(exact["float32"].value["final"] - exact["float64"].value["final"]) < 1e-3


def test_a_cycle_in_floats_has_a_period():
    facts = trajectory("abs(x)", set={"learning_rate": "1/4"}, start="1/8", steps=20).facts
    assert facts["float32"].value["verdict"] == facts["verdict"].value == "cycle"
    assert facts["float32"].value["period"] == facts["cycle"].value["period"] == 2


def test_overflow_in_float32_alone_is_said():
    facts = trajectory("x^2/2", set={"learning_rate": "5"}, start="1", steps=100).facts
    assert facts["float32"].value["verdict"] == "diverges"
    assert facts["float32"].value["steps"] < facts["float64"].value["steps"] == 100


def test_long_runs_are_not_made_in_floats_unasked():
    facts = trajectory("abs(x)", set={"learning_rate": "1/4"}, start="1/8", steps=30_000).facts
    assert facts["verdict"].value == "cycle"
    assert facts["float64"].status == facts["float32"].status == "unknown"
