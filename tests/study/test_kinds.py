"""Values of a study file become what a question takes, or the reason why they do not."""

import pytest

from gradiometer.question import Input
from gradiometer.study.kinds import Decimal, WrongKindError, read_value, split_settings, to_plain


def _read(kind, value, **more):
    return read_value(Input("it", kind, "", **more), value)


@pytest.mark.parametrize(
    ("kind", "value", "read"),
    [
        ("text", "x^2", "x^2"),
        ("texts", "x", ("x",)),
        ("texts", ["x", "y"], ("x", "y")),
        ("number", 3, "3"),
        ("number", Decimal("0.1"), "0.1"),
        ("number", "1/3", "1/3"),
        ("numbers", "a=-1, b = 4", {"a": "-1", "b": "4"}),
        ("numbers", {"a": -1, "b": Decimal("0.5")}, {"a": "-1", "b": "0.5"}),
        ("numbers", {"adam": {"eps": 0}}, {"adam.eps": "0"}),
        ("numbers", {"nesterov": True, "m": False}, {"nesterov": "true", "m": "false"}),
        ("numbers", {"milestones": [15, "30"]}, {"milestones": "15, 30"}),
        ("numbers", "milestones=15,30, gamma=1/2", {"milestones": "15,30", "gamma": "1/2"}),
        ("numbers", {}, {}),
        ("integer", 1000, 1000),
        ("flag", False, False),
    ],
)
def test_value_is_read(kind, value, read):
    assert _read(kind, value) == read


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("text", 3),
        ("text", " "),
        ("text", ["x"]),
        ("texts", []),
        ("texts", ["x", 1]),
        ("texts", 1),
        ("number", True),
        ("number", []),
        ("number", ""),
        ("numbers", 3),
        ("numbers", "a"),
        ("numbers", "a="),
        ("numbers", "a=1, a=2"),
        ("numbers", {"a": [[1]]}),
        ("integer", "1000"),
        ("integer", True),
        ("integer", Decimal("1.0")),
        ("flag", 1),
        ("flag", "yes"),
    ],
)
def test_value_of_another_kind_is_refused(kind, value):
    with pytest.raises(WrongKindError):
        _read(kind, value)


def test_choice_is_one_of_the_choices():
    assert _read("choice", "left", choices=("left", "right")) == "left"
    with pytest.raises(WrongKindError, match="left") as caught:
        _read("choice", "rihgt", choices=("left", "right"))
    assert caught.value.hint == 'write "right"'


def test_key_inside_a_table_of_numbers_is_named():
    with pytest.raises(WrongKindError) as caught:
        _read("numbers", {"a": 1, "adam": {"b": []}})
    assert caught.value.key == "adam.b"


def test_commas_inside_a_value_stay():
    assert split_settings(" a=1,2 ; b'=3 ") == {"a": "1,2", "b'": "3"}


def test_decimals_of_definitions_and_claims_are_text():
    assert to_plain({"a": [Decimal("0.1"), 1, True, "x"]}) == {"a": ["0.1", 1, True, "x"]}


def test_values_without_commas_between_are_shown_with_them():
    with pytest.raises(WrongKindError) as caught:
        split_settings("a=1 b=2  c = 3")
    assert caught.value.hint == "put commas between: `a=1, b=2, c = 3`"
