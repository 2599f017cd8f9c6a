"""Rows of live models without their libraries: from a recording of what PyTorch 2.13 holds."""

import json
from pathlib import Path

import pytest

from gradiometer.errors import ModelError
from gradiometer.model import count_network
from gradiometer.model.live_model import OwnTensor, Part, to_rows, to_type
from gradiometer.model.live_tally import Tally
from gradiometer.model.network_rows import CountLine

CASES = json.loads(
    (Path(__file__).parent / "data" / "torch_costs.json").read_text(encoding="utf-8")
)["cases"]

# Parameters, of which frozen, and multiply-adds of one example, by hand.
TRUTHS = {
    "tied": (68_160, 0, 16 * 64 * 64 + 16 * 64 * 1000),
    "parameter": (65, 0, 50),
    "siamese": (121, 0, 2 * 100 + 10),
    "frozen": (121, 100, 210),
    "lstm": (2 * 4 * 64 * 64 + 2 * 4 * 64, 0, 100 * 2 * 4 * 64 * 64),
    "gru": (2 * 3 * 64 * 64 + 2 * 3 * 64, 0, 100 * 2 * 3 * 64 * 64),
    "rnn": (2 * 64 * 64 + 2 * 64, 0, 100 * 2 * 64 * 64),
    "attention": (16_640, 0, 4 * 100 * 64 * 64 + 2 * 100 * 100 * 64),
    "sdpa": (16_384, 0, 4 * 100 * 64 * 64 + 2 * 100 * 100 * 64),
    "shared_relu": (120, 0, 96),
    "parameter_list": (18, 0, 2 * 2 * 3 * 3),
    "weight_norm": (4 * 3 + 4 + 4, 0, 12),
    "transposed": (3 * 4 * 9 + 4, 0, 25 * 3 * 4 * 9),
    "grouped": (4 * 3 * 3 + 4, 0, 7 * 4 * 3 * 3),
    "wrapped": (121, 0, 210),
    "compiled": (121, 0, 210),
    "exported": (121, 0, 210),
    "half": (14, 0, 12),
    "resnet50": (25_557_032, 0, 4_089_184_256),
}


def to_parts(rows):
    """The parts of a recorded model; a tensor is known again by its first name."""
    for path, kind, tensors, work in rows:
        own = tuple(
            OwnTensor(
                name, tuple(shape), dtype or "float32", shared or f"{path}.{name}",
                is_buffer=is_buffer, frozen=frozen, is_stored=is_stored,
            )
            for name, shape, dtype, shared, frozen, is_stored, is_buffer in tensors
        )  # fmt: skip
        lines = tuple(CountLine(name, count, formula) for name, count, formula in work)
        yield Part(path, kind, own, work=lines)


@pytest.mark.parametrize("name", TRUTHS)
def test_counts_of_recorded_models_are_those_by_hand(name):
    rows = to_rows(to_parts(CASES[name]["rows"]), is_counted=True)
    count = count_network(rows)
    assert (count.parameters, count.frozen, count.multiply_adds) == TRUTHS[name]
    assert sum(row.parameters for row in rows) == count.parameters


@pytest.mark.parametrize("name", CASES)
def test_rows_of_recorded_models_are_recorded(name):
    rows = to_rows(to_parts(CASES[name]["rows"]), is_counted=True)
    for row, (path, kind, tensors, _) in zip(rows, CASES[name]["rows"], strict=True):
        assert (row.path, row.kind) == (path, kind)
        assert [t.shared_with for t in (*row.tensors, *row.buffers)] == [t[3] for t in tensors]


def test_buffers_that_are_not_stored_count_and_say_so():
    rows = to_rows(to_parts(CASES["buffers"]["rows"]), is_counted=True)
    assert count_network(rows).buffers == 4 + 4 + 1 + 16
    stored = {b.name: b.is_stored for row in rows for b in row.buffers}
    assert stored["running_mean"]
    assert not stored["mask"]


def test_sharing_never_raises_the_count():
    for case in CASES.values():
        count = count_network(to_rows(to_parts(case["rows"]), is_counted=True))
        assert count.parameters <= count.at_every_name


def test_work_that_is_not_counted_is_open_at_layers_with_tensors():
    weight = OwnTensor("weight", (5, 3), "float32", 1)
    parts = [Part("a", "Linear", (weight,)), Part("b", "ReLU")]
    count = count_network(to_rows(parts, is_counted=False))
    assert count.multiply_adds is None
    assert count.lacking == ("a",)


def test_numbers_of_a_type_that_is_not_known_are_refused():
    part = Part("a", "Linear", (OwnTensor("weight", (5, 3), "strange", 1),))
    with pytest.raises(ModelError, match="type `strange`"):
        to_rows([part], is_counted=False)


@pytest.mark.parametrize(
    ("text", "name"),
    [("torch.qint8", "int8"), ("torch.float32", "float32"), ("float8_e5m2", "float8")],
)
def test_type_is_spelled_as_precisions_do(text, name):
    assert to_type(text) == name


def test_products_of_the_same_sizes_are_written_once():
    tally = Tally()
    tally.add("a", "products", (2, 3))
    tally.add("a", "products", (2, 3), 4)
    tally.add("a", "products", (7,))
    assert tally.lines("a") == (CountLine("products", 37, "5 * (2*3) + 7"),)
    assert tally.lines("b") == ()


def test_what_has_no_rule_is_named_with_its_place():
    tally = Tally()
    tally.unknown.append(("block.0", "aten::linalg_inv_ex"))
    assert tally.gap == "There is no rule for what runs in `block.0 (aten::linalg_inv_ex)`."
