"""Writes small files of weights byte by byte, without the libraries of their formats."""

import json
import struct

SIZES = {
    "F32": 4,
    "F16": 2,
    "BF16": 2,
    "I64": 8,
    "I32": 4,
    "U8": 1,
    "I8": 1,
    "BOOL": 1,
    "F8_E4M3": 1,
}


def product(shape):
    total = 1
    for size in shape:
        total *= size
    return total


def layout(rows, *, start=0):
    """The table of a safetensors header for `(name, dtype, shape)` one behind the other."""
    table, at = {}, start
    for name, dtype, shape in rows:
        end = at + SIZES[dtype] * product(shape)
        table[name] = {"dtype": dtype, "shape": list(shape), "data_offsets": [at, end]}
        at = end
    return table, at


def write_header(path, table, *, data_bytes=None, text=None, length=None, data=None):
    """A safetensors file; without *data* its data is a hole in the file."""
    text = json.dumps(table).encode() if text is None else text
    length = len(text) if length is None else length
    if data_bytes is None:
        ends = [row["data_offsets"][1] for key, row in table.items() if key != "__metadata__"]
        data_bytes = max(ends, default=0)
    with path.open("wb") as file:
        file.write(struct.pack("<Q", length) + text)
        if data is not None:
            file.write(data)
        else:
            file.truncate(8 + len(text) + data_bytes)
    return path


def write_safetensors(path, rows, *, contents=None):
    """A safetensors file of these rows; *contents* gives the bytes of some of them."""
    table, size = layout(rows)
    data = bytearray(size)
    for name, value in (contents or {}).items():
        start, end = table[name]["data_offsets"]
        assert end - start == len(value)
        data[start:end] = value
    return write_header(path, table, data=bytes(data))


def varint(value):
    value &= (1 << 64) - 1
    parts = bytearray()
    while True:
        low, value = value & 0x7F, value >> 7
        parts.append(low | (0x80 if value else 0))
        if not value:
            return bytes(parts)


def field(number, value):
    """One protobuf field: a whole number, a text, bytes, or a float."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    if isinstance(value, float):
        return varint(number << 3 | 5) + struct.pack("<f", value)
    value = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(value)) + value


def tensor(name, shape, *, code=1, raw=None, more=b""):
    """An ONNX tensor; *raw* is its data, None for none."""
    parts = [field(1, size) for size in shape] + [field(2, code), field(8, name), more]
    return b"".join(parts) + (b"" if raw is None else field(9, raw))


def floats(name, shape):
    return tensor(name, shape, raw=bytes(4 * product(shape)))


def external(name, shape, **pairs):
    """A tensor whose data is said to stand in another file."""
    rows = [field(13, field(1, key) + field(2, str(value))) for key, value in pairs.items()]
    return tensor(name, shape, more=b"".join(rows) + field(14, 1))


def attribute(name, number, value):
    return field(1, name) + field(number, value)


def node(operator, inputs, outputs, *, attributes=(), name="", domain=""):
    return b"".join(
        [
            *(field(1, value) for value in inputs),
            *(field(2, value) for value in outputs),
            field(3, name),
            field(4, operator),
            *(field(5, value) for value in attributes),
            field(7, domain),
        ]
    )


def graph(*, nodes=(), initializers=(), sparse=()):
    return b"".join(
        [
            *(field(1, value) for value in nodes),
            *(field(5, value) for value in initializers),
            *(field(15, value) for value in sparse),
        ]
    )


def write_onnx(path, whole, *, functions=()):
    parts = [field(1, 10), field(2, "test"), field(7, whole), field(8, field(1, "") + field(2, 20))]
    path.write_bytes(b"".join(parts) + b"".join(field(25, value) for value in functions))
    return path


def text(value, *, size="Q"):
    value = value.encode()
    return struct.pack(f"<{size}", len(value)) + value


def write_gguf(path, rows, *, keys=(), version=3, data=1 << 12, count=None, order="<"):
    """A GGUF file of rows `(name, shape, type, offset)` and keys `(key, type, packed value)`."""
    size = "I" if version == 1 else "Q"

    def pack(letter, *values):
        return struct.pack(f"{order}{len(values)}{letter}", *values)

    def word(value):
        return pack(size, len(value.encode())) + value.encode()

    parts = [b"GGUF", pack("I", version)]
    parts += [pack(size, len(rows) if count is None else count), pack(size, len(keys))]
    parts += [word(key) + pack("I", kind) + value for key, kind, value in keys]
    for name, shape, kind, offset in rows:
        sizes = pack(size, *shape[::-1])
        parts.append(
            word(name) + pack("I", len(shape)) + sizes + pack("I", kind) + pack("Q", offset)
        )
    head = b"".join(parts)
    path.write_bytes(head + bytes(-len(head) % 32) + bytes(data))
    return path
