"""A damaged file of weights is read or refused with facts, at once and in little memory."""

import random
import time
import tracemalloc
from pathlib import Path

import pytest

from gradiometer.errors import GradiometerError
from gradiometer.model import read_weights

DATA = Path(__file__).parents[1] / "model" / "data" / "stored"
FILES = sorted(path.name for path in DATA.iterdir() if path.name != "truths.json")
EACH = 250
"""Damaged copies of each file; together more than two thousand."""
MOST_SECONDS = 0.05
MOST_BYTES = 20_000_000
_WORDS = (
    b"\0",
    b"\xff",
    b"\x7f" + b"\xff" * 8,
    b"\xff" * 8,
    b'{"',
    b"[[[[",
    b"9" * 20,
    b"\x80" * 10,
)


def damage(data, draw):
    """The bytes with one to four changes: flipped, cut out, repeated, replaced, or cut short."""
    data = bytearray(data)
    for _ in range(draw.randint(1, 4)):
        # Headers stand in front in most formats, and at the end of a zip.
        reach = draw.choice([16, 128, 2048, len(data)])
        at = draw.randrange(min(reach, len(data)) or 1)
        at = len(data) - 1 - at if data and draw.random() < 0.25 else at
        change = draw.randrange(6)
        if change == 0 and data:
            data[at] ^= 1 << draw.randrange(8)
        elif change == 1 and data:
            data[at] = draw.randrange(256)
        elif change == 2:
            del data[at : at + draw.randint(1, 64)]
        elif change == 3:
            data[at:at] = data[at : at + draw.randint(1, 64)]
        elif change == 4:
            word = draw.choice(_WORDS)
            data[at : at + len(word)] = word
        else:
            del data[draw.randrange(len(data) + 1) :]
    return bytes(data)


def read_or_refuse(path):
    """Seconds of one reading; anything but a fact about the file is a failure of the test."""
    refusal = None
    counts = []
    start = time.process_time()
    try:
        counts = [tensor.count for tensor in read_weights(path).tensors]
    except GradiometerError as error:
        refusal = error
    seconds = time.process_time() - start
    assert refusal is None or (refusal.problem and str(path.parent) in str(refusal.place))
    assert all(count is None or count >= 0 for count in counts)
    return seconds


def test_there_are_enough_damaged_files():
    assert len(FILES) * EACH >= 2000


@pytest.mark.parametrize("name", FILES)
def test_a_damaged_file_is_read_or_refused(name, tmp_path):
    data = (DATA / name).read_bytes()
    draw = random.Random(name)
    path = tmp_path / name
    if name.endswith(".onnx"):
        with (tmp_path / f"{name}.data").open("wb") as file:
            file.truncate(200_000)
    slow = []
    for _ in range(EACH):
        path.write_bytes(damage(data, draw))
        # A pause of the machine is no property of the file; the second reading tells.
        if read_or_refuse(path) > MOST_SECONDS and read_or_refuse(path) > MOST_SECONDS:
            slow.append(path.read_bytes())
    assert not slow


@pytest.mark.parametrize("name", FILES)
def test_a_damaged_file_takes_little_memory(name, tmp_path):
    data = (DATA / name).read_bytes()
    draw = random.Random(f"memory {name}")
    path = tmp_path / name
    path.write_bytes(data)
    read_or_refuse(path)  # what is read once, such as the catalogue, is not counted
    tracemalloc.start()
    for _ in range(20):
        path.write_bytes(damage(data, draw))
        read_or_refuse(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < MOST_BYTES
