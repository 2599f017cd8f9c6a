"""Small files of every format, and how one is read, for tests of bad ones."""

import io
import zipfile

import numpy as np

from gradiometer.errors import GradiometerError
from gradiometer.model import read_dataset


def read_text(folder, text, *, target=None, name="mine.csv"):
    """The data set of a file with that text or those bytes."""
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_dataset(str(path), target=target)


def refusal(folder, text, *, target=None, name="mine.csv"):
    """The error of a file, or a failure when it is read."""
    try:
        data = read_text(folder, text, target=target, name=name)
    except GradiometerError as error:
        return error
    raise AssertionError(f"read as {data.inputs.shape}")


def to_npz(**arrays):
    """The bytes of an NPZ file with those arrays."""
    stream = io.BytesIO()
    np.savez(stream, **arrays)
    return stream.getvalue()


def to_zip(**members):
    """The bytes of a ZIP file with those members, each with the ending `.npy`."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in members.items():
            file.writestr(f"{name}.npy", data)
    return stream.getvalue()


def to_npy(header, data=b"", *, version=1):
    """The bytes of an array file with a header as it is given."""
    text = header.encode("latin-1")
    size = len(text).to_bytes(2 if version == 1 else 4, "little")
    return b"\x93NUMPY" + bytes([version, 0]) + size + text + data
