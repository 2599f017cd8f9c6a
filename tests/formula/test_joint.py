"""What happens where two pieces meet."""

import pytest

from gradiometer.errors import DomainError, UndecidedError
from gradiometer.formula import (
    build_table,
    check_continuity,
    find_joints,
    parse,
    parse_interval,
    to_piecewise,
    to_text,
)


def joints(text):
    return find_joints(to_piecewise(parse(text).tree, "x"))


def shown(value):
    return None if value is None else to_text(value)


@pytest.mark.parametrize(
    ("text", "slopes"),
    [
        ("max(x, 0)", [("0", "0", "1")]),
        ("x*clip(x/6 + 1/2, 0, 1)", [("-3", "0", "-1/2"), ("3", "3/2", "1")]),
        ("|x^3 - x|", [("-1", "-2", "2"), ("0", "-1", "1"), ("1", "-2", "2")]),
        ("where(x > 0, x, 2*(e^x - 1))", [("0", "2", "1")]),
        ("max(e^x - 2, 0)", [("ln(2)", "0", "2")]),
        ("sqrt(max(x, 0))", [("0", "0", None)]),
    ],
)
def test_kinks_have_both_slopes(text, slopes):
    kinks = [joint for joint in joints(text) if joint.is_kink]
    assert [(shown(k.at), shown(k.left_slope), shown(k.right_slope)) for k in kinks] == slopes
    assert not any(joint.is_jump for joint in joints(text))


@pytest.mark.parametrize(
    ("text", "sides"),
    [
        ("sign(x)", [("0", "-1", "1", "0")]),
        ("where(x >= 0, 1, 0)", [("0", "0", "1", "1")]),
        ("where(x == 0, 1, x)", [("0", "0", "0", "1")]),
        ("where(|x| > 1/2, x, 0)", [("-1/2", "-1/2", "0", "0"), ("1/2", "0", "1/2", "0")]),
        ("1/x", [("0", None, None, None)]),
        ("x^2/x", [("0", "0", "0", None)]),
        ("1/(x^2 - 2)", [("-sqrt(2)", None, None, None), ("sqrt(2)", None, None, None)]),
    ],
)
def test_jumps_have_both_limits_and_the_value(text, sides):
    jumps = [joint for joint in joints(text) if joint.is_jump]
    found = [tuple(map(shown, (j.at, j.left_value, j.right_value, j.value))) for j in jumps]
    assert found == sides


@pytest.mark.parametrize(
    "text", ["where(x > 0, x, e^x - 1)", "x/(1 + |x|)", "where(x<-1, 0, where(x<1, (x+1)^2/4, x))"]
)
def test_smooth_joints_are_neither_kinks_nor_jumps(text):
    assert joints(text)
    assert not any(joint.is_kink or joint.is_jump for joint in joints(text))


def test_a_limit_that_cannot_be_decided_is_undecided():
    with pytest.raises(UndecidedError):
        joints("e^(1/x)")


BARRIER = [("(-oo, 1]", "1 - x"), ("(1, 1 + h]", "x - 1"), ("(1 + h, 1 + 2*h]", "1 + 2*h - x"),
           ("(1 + 2*h, oo)", "beta*(1 + 2*h - x)")]  # fmt: skip


def table(rows):
    return build_table(
        "x", [(parse_interval(on, names=("h",)), parse(text).tree) for on, text in rows]
    )


def test_pieces_with_parameters_join_symbolically():
    check_continuity(table(BARRIER))
    assert [to_text(joint.at) for joint in find_joints(table(BARRIER))] == ["1", "1 + h", "1 + 2*h"]


def test_pieces_that_do_not_join_are_named_with_both_sides():
    rows = [*BARRIER[:2], ("(1 + h, 1 + 2*h]", "1 - x"), ("(1 + 2*h, oo)", "beta*(1 - x)")]
    with pytest.raises(DomainError, match=r"at x = 1 \+ h: h on the left, -h on the right"):
        check_continuity(table(rows))


def test_a_value_apart_from_both_limits_is_named():
    with pytest.raises(DomainError, match="1 at the point itself"):
        check_continuity(to_piecewise(parse("where(x == 0, 1, x)").tree, "x"))


def test_equality_of_constants_is_exact():
    pieces = "where(x < 1, ln(4)*x, 2*ln(2)*x)"
    [joint] = joints(pieces) or [None]
    assert joint is None or not joint.is_jump


def test_a_gap_that_may_vanish_for_all_parameters_is_undecided():
    with pytest.raises(UndecidedError):
        check_continuity(to_piecewise(parse("where(x < 0, sqrt(h^2), h)").tree, "x"))
