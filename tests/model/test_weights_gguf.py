"""Headers of GGUF: versions, blocks, values, and what they lie about."""

import struct
import tracemalloc

import pytest

from gradiometer.catalog import read_stored
from gradiometer.errors import GradiometerError, StudyError
from gradiometer.model import read_weights
from model.weights_files import text, write_gguf

Q4_0, Q4_K, F32, I32 = 2, 12, 0, 26


@pytest.mark.parametrize(("version", "order"), [(1, "<"), (2, "<"), (3, "<"), (3, ">")])
def test_every_version_is_read(tmp_path, version, order):
    rows = [("a.weight", (2, 32), Q4_0, 0), ("b.weight", (3, 2), F32, 64), ("i", (4,), I32, 96)]
    model = read_weights(write_gguf(tmp_path / "a.gguf", rows, version=version, order=order))
    found = [(tensor.name, tensor.shape, tensor.count, tensor.bytes) for tensor in model.tensors]
    assert found == [
        ("a.weight", (2, 32), 64, 36),
        ("b.weight", (3, 2), 6, 24),
        ("i", (4,), 4, 16),
    ]
    assert (model.count(), model.count("buffer")) == (70, 4)
    assert model.notes[0] == f"GGUF version {version}."


def test_a_block_of_every_type_has_its_bytes(tmp_path):
    for code, (name, block, size, _) in read_stored("types")["gguf"].items():
        path = write_gguf(tmp_path / "a.gguf", [("w", (3, 2 * block), int(code), 0)], data=1 << 13)
        tensor = read_weights(path).tensors[0]
        assert (tensor.dtype, tensor.count, tensor.bytes) == (name, 6 * block, 6 * size)


def test_values_are_read_by_their_types(tmp_path):
    texts = struct.pack("<IQ", 8, 2) + text("a") + text("bc")
    nested = struct.pack("<IQ", 9, 1) + struct.pack("<IQ2H", 2, 2, 7, 8)
    keys = [
        ("small", 0, b"\x07"),
        ("signed", 5, struct.pack("<i", -2)),
        ("real", 12, struct.pack("<d", 0.5)),
        ("yes", 7, b"\x01"),
        ("words", 8, text("llama")),
        ("list", 9, texts),
        ("nested", 9, nested),
        ("long", 9, struct.pack("<IQ", 4, 2000) + bytes(8000)),
        ("tokens", 9, struct.pack("<IQ", 8, 2000) + text("") * 2000),
    ]
    metadata = read_weights(write_gguf(tmp_path / "a.gguf", [], keys=keys)).metadata
    assert metadata == {
        "small": 7,
        "signed": -2,
        "real": 0.5,
        "yes": True,
        "words": "llama",
        "list": ("a", "bc"),
        "nested": ((7, 8),),
        "long": "2,000 items, not kept",
        "tokens": "2,000 items, not kept",
    }


def test_the_alignment_of_the_file_is_obeyed(tmp_path):
    keys = [("general.alignment", 4, struct.pack("<I", 64))]
    rows = [("a", (1,), F32, 0), ("b", (1,), F32, 64)]
    assert read_weights(write_gguf(tmp_path / "a.gguf", rows, keys=keys)).count() == 2
    with pytest.raises(StudyError, match="not aligned to 64"):
        read_weights(write_gguf(tmp_path / "a.gguf", [("b", (1,), F32, 32)], keys=keys))


def test_a_part_of_a_split_model_says_so(tmp_path):
    keys = [("split.count", 2, struct.pack("<H", 3)), ("split.no", 2, struct.pack("<H", 1))]
    assert "part 2 of 3" in read_weights(write_gguf(tmp_path / "a.gguf", [], keys=keys)).notes[1]


def test_the_parts_of_a_split_model_are_read_together(tmp_path):
    for k in range(3):
        keys = [("split.count", 2, struct.pack("<H", 3)), ("split.no", 2, struct.pack("<H", k))]
        path = tmp_path / f"m-{k + 1:05}-of-00003.gguf"
        write_gguf(path, [(f"w{k}", (k + 1,), F32, 0)], keys=keys)
    assert [read_weights(file).count() for file in sorted(tmp_path.iterdir())] == [6, 6, 6]
    (tmp_path / "m-00002-of-00003.gguf").unlink()
    with pytest.raises(StudyError, match=r"Part `m-00002-of-00003\.gguf` of the model is missing"):
        read_weights(path)


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ([("w", (2, 31), Q4_0, 0)], "do not fill blocks of 32"),
        ([("w", (2, 32), 4, 0)], "type 4 is not known"),
        ([("w", (2**40, 2**40), F32, 0)], "more than 2^63"),
        ([("w", (2**63 - 1,), F32, 0)], "of the data"),
        ([("w", (4,), F32, 2**40)], "of the data"),
        ([("w", (4,), F32, 3)], "not aligned"),
        ([("w", (1, 1, 1, 1, 1), F32, 0)], "5 axes"),
        ([("w", (4,), F32, 0), ("w", (4,), F32, 32)], "twice"),
        ([("w", (16,), F32, 0), ("v", (16,), F32, 32)], "overlaps"),
    ],
)
def test_a_tensor_that_lies_is_refused(tmp_path, rows, says):
    with pytest.raises(StudyError) as caught:
        read_weights(write_gguf(tmp_path / "a.gguf", rows))
    assert says in caught.value.problem


@pytest.mark.parametrize(
    ("keys", "says"),
    [
        ([("k", 99, b"")], "unknown type 99"),
        ([("k", 9, struct.pack("<IQ", 77, 1))], "unknown type 77"),
        ([("k", 9, struct.pack("<IQ", 12, 2**61))], "items"),
        ([("k", 8, struct.pack("<Q", 2**63))], "a text of"),
        ([("k", 9, struct.pack("<IQ", 9, 1) * 20 + bytes(16))], "too deep"),
        ([("k", 0, b"1"), ("k", 0, b"1")], "twice"),
        ([("general.alignment", 4, bytes(4))], "general.alignment"),
        ([("general.alignment", 8, text("x"))], "general.alignment"),
    ],
)
def test_values_that_lie_are_refused(tmp_path, keys, says):
    with pytest.raises(GradiometerError) as caught:
        read_weights(write_gguf(tmp_path / "a.gguf", [], keys=keys))
    assert says in caught.value.problem


def test_a_header_of_2_to_the_62_tensors_takes_no_memory(tmp_path):
    path = write_gguf(tmp_path / "a.gguf", [], count=2**62)
    tracemalloc.start()
    with pytest.raises(StudyError, match="tensors, and"):
        read_weights(path)
    assert tracemalloc.get_traced_memory()[1] < 1_000_000
    tracemalloc.stop()


def test_an_unknown_version_is_refused(tmp_path):
    with pytest.raises(StudyError, match="GGUF version 4 is not known"):
        read_weights(write_gguf(tmp_path / "a.gguf", [], version=4))
