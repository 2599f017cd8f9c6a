"""Where sections meet: true jumps, kinks and orders are accepted, false ones are not."""

import pytest

from gradiometer.proof import check
from proof.course_samples import CUBES, ELU, samples
from proof.courses import V, joint, joints
from proof.mutants import edited
from proof.refusals import check_edits, is_refused

JOINTS = sorted(samples("joints"))
ONE = ("claim", "joints", 0)


@pytest.mark.parametrize("name", JOINTS)
def test_joints_of_known_functions_are_accepted(name):
    check(samples("joints")[name])


@pytest.mark.parametrize("name", JOINTS)
def test_no_edit_of_joints_is_accepted(name):
    sample = samples("joints")[name]
    if sample["claim"]["joints"]:
        check_edits(sample)


FALSE = {
    "a kink is smooth": ("relu6", ((*ONE, "kink"), False), ((*ONE, "order"), 1)),
    "a kink is a jump": ("relu6", ((*ONE, "kink"), False), ((*ONE, "jump"), True)),
    "a jump is none": ("hardshrink", ((*ONE, "jump"), False)),
    "a jump is a kink": ("hardshrink", ((*ONE, "jump"), False), ((*ONE, "kink"), True)),
    "the order is too low": ("cubes", ((*ONE, "order"), 1)),
    "the order is too high": ("elu", ((*ONE, "order"), 2)),
    "an order without the derivatives": ("cubes", ((*ONE, "order"), 3)),
    "an order at a jump": ("hardshrink", ((*ONE, "order"), 1)),
    "the order 0": ("elu", ((*ONE, "order"), 0)),
    "a hole has a value": ("hole", ((*ONE, "value"), "2")),
    "a hole is no jump": ("hole", ((*ONE, "jump"), False)),
    "a lone point has no value": ("lone point", ((*ONE, "value"), None)),
    "a lone point joins": ("lone point", ((*ONE, "value"), "0")),
    "a lone point at the edge is hidden": ("edge", (("claim", "lone"), False)),
    "a lone point is made up": ("relu6", (("claim", "lone"), True)),
    "a gap is hidden": ("gaps", (("claim", "joints"), [])),
    "a domain is whole": ("root", (("claim", "everywhere"), True)),
    "a domain with a hole is whole": ("hole", (("claim", "everywhere"), True)),
    "a gap is made up": ("relu6", (("claim", "joints"), None)),
    "a joint is left out": ("relu6", (("claim", "joints"), [])),
    "a pole is finite": ("reciprocal", ((*ONE, "right_value"), "0")),
    "a slope beside a jump is made up": ("lone point", ((*ONE, "right_slope"), "1")),
    "sides are swapped": (
        "hardshrink", ((*ONE, "left_value"), "0"), ((*ONE, "right_value"), "-1/2"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FALSE)
def test_false_joints_are_refused(name):
    sample, *changes = FALSE[name]
    assert is_refused(edited(samples("joints")[sample], *changes))


def test_a_joint_without_evidence_is_refused():
    sample = samples("joints")["relu6"]
    assert is_refused(edited(sample, (("evidence", "sections", 0, "upper"), None)))


def test_the_end_at_infinity_is_no_joint():
    sample = samples("joints")["relu6"]
    by_value = {"value": {"by": "value"}, "slope": {"by": "value"}}
    assert is_refused(edited(sample, (("evidence", "sections", 0, "lower"), by_value)))


@pytest.mark.parametrize(("text", "slope", "order"), [(ELU, "1", 2), (CUBES, "0", 3)])
def test_an_order_that_is_too_high_is_refused(text, slope, order):
    row = joint("0", ("0", "0"), "0", (slope, slope), order=order)
    assert is_refused(joints(text, [row], (None, (V, V)), ((V, V), None), count=order + 1))


def test_a_function_that_falls_off_at_0_only_has_a_jump():
    row = joint("0", ("-1", "1"), "0", ("1", "1"))
    text = "where(x > 0, x + 1, where(x < 0, x - 1, 0))"
    assert is_refused(joints(text, [row], (None, (V, V)), ((V, V), None)))
    check(joints(text, [{**row, "jump": True}], (None, (V, V)), ((V, V), None)))


def test_a_slope_that_grows_beyond_all_bounds_is_a_kink():
    text = "where(x > 0, sqrt(x), x)"
    how = {"by": "pole", "of": [V, V]}
    signs = {
        "by": "factor",
        "factor": "1/sqrt(x)",
        "rest": "1/2",
        "generators": ["sqrt(x)"],
        "signs": {"by": "sign", "points": [], "parts": [{"sign": "positive", "evidence": {}}]},
    }
    row = joint("0", ("0", "0"), "0", ("1", "oo"), kink=True)
    shown = joints(text, [row], (None, (V, V)), ((V, {**how, "signs": signs}), None),
                   roots={1: [("x", ())]})  # fmt: skip
    check(shown)
    assert is_refused(edited(shown, ((*ONE, "right_slope"), "1")))
    assert is_refused(edited(shown, ((*ONE, "kink"), False)))
