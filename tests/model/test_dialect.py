"""Entries of the catalogue as one library has them."""

import numpy as np
import pytest

from gradiometer.catalog import list_entries, read_entry
from gradiometer.errors import Place, StudyError, UsageError
from gradiometer.model import read_optimizer, settle, unroll
from gradiometer.model.entry_dialect import list_dialects, to_dialect
from gradiometer.numeric import run_rule_tape

PLACE = Place("entry")
ENTRY = {
    "name": "entry",
    "about": "A rule.",
    "libraries": ["torch"],
    "parameters": {"rate": {"default": "1"}, "extra": {"default": "2"}},
    "state": {"m": "0", "u": "0"},
    "step": {"m'": "m + g", "u'": "max(u, m')", "d": "m' + u'", "x'": "x - rate*d"},
}


def dialect(**said):
    return to_dialect({**ENTRY, "dialects": {"keras": said}}, "keras", PLACE)


def test_a_key_that_is_there_is_replaced_where_it_stands():
    assert list(dialect(step={"d": "m'"})["step"].items())[2] == ("d", "m'")


def test_a_new_assignment_goes_before_the_next_one_that_is_there():
    step = dialect(step={"a": "g", "b": "a", "d": "b", "c": "d", "x'": "x - c", "z": "1"})["step"]
    assert list(step) == ["m'", "u'", "a", "b", "d", "c", "x'", "z"]


def test_what_is_dropped_goes_with_its_assignment():
    table = dialect(drop=["u", "extra"], step={"d": "m'"})
    assert list(table["state"]) == ["m"]
    assert list(table["step"]) == ["m'", "d", "x'"]
    assert list(table["parameters"]) == ["rate"]


def test_defaults_change_the_defaults_alone():
    assert dialect(defaults={"rate": "1/2"})["parameters"]["rate"] == {"default": "1/2"}


def test_state_and_parameters_may_be_added():
    table = dialect(state={"v": "1"}, parameters={"eps": {"default": "3"}}, step={"v'": "v"})
    assert list(table["state"]) == ["m", "u", "v"]
    assert list(table["parameters"]) == ["rate", "extra", "eps"]


def test_a_library_that_agrees_has_the_entry_as_it_stands():
    assert to_dialect(ENTRY, "torch", PLACE)["step"] == ENTRY["step"]


@pytest.mark.parametrize(
    "said", [{"drop": ["w"]}, {"drop": "u"}, {"defaults": {"raet": "1"}}, {"stpe": {}}]
)
def test_a_dialect_that_cannot_be_meant_is_refused(said):
    with pytest.raises(StudyError):
        dialect(**said)


def test_an_unknown_dialect_names_the_known_ones():
    with pytest.raises(UsageError) as caught:
        read_optimizer("adam.kears")
    assert caught.value.hint == "write `adam.keras`"
    assert {"torch", "keras"} <= set(caught.value.known)


NAMES = [
    name if dialect is None else f"{name}.{dialect}"
    for name in list_entries("optimizer")
    for dialect in (None, *list_dialects(read_entry("optimizer", name)))
]


@pytest.mark.parametrize("name", NAMES)
def test_every_rule_of_the_catalogue_takes_a_step_for_every_shape_in_every_dialect(name):
    optimizer = read_optimizer(name)
    assert optimizer.about.endswith(".")
    given = {p.name: p.default if p.default is not None else "1"
             for p in optimizer.parameters.values()}  # fmt: skip
    rule = optimizer.bind(settle([optimizer.owner], given)["optimizer"])
    for shape in [(), (3,), (2, 3), (3, 2)]:
        gradients = np.linspace(0.5, 1.5, 2 * int(np.prod(shape))).reshape(2, *shape)
        start, other = np.ones(shape), np.zeros((2, *shape))
        code = unroll(rule, shape)
        positions = run_rule_tape(rule, gradients, start, noise=other, loss=[1.0, 0.5])
        assert np.isfinite(positions).all()
        assert len(code.coordinates) == positions[0].size


def test_the_entry_and_the_library_that_agrees_take_the_same_step():
    assert read_optimizer("adam.torch").step == read_optimizer("adam").step
    assert read_optimizer("adam.keras").step != read_optimizer("adam").step
