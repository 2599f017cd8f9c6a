"""Reads protobuf messages field by field, without their schema and without holding them whole."""

from __future__ import annotations

from collections.abc import Iterator
from typing import final

from gradiometer.errors import StudyError
from gradiometer.model.weights_source import WeightFile

MOST_FIELDS = 10_000_000
"""Fields of a whole file."""
MOST_TEXT = 1 << 16
"""Bytes of one text."""
_WINDOW = 1 << 15
"""Bytes of a message that are held at once."""
_LONGEST_FIELD = 20
"""Bytes of a tag and a number, or of a tag and a length."""

VARINT, FIXED_64, SPAN, FIXED_32 = 0, 1, 2, 5

Span = tuple[int, int]
"""Offsets of the first byte of a part and of the byte after its last."""


@final
class Wire:
    """The fields of the messages of one file; a part is a span until somebody reads it."""

    def __init__(self, file: WeightFile) -> None:
        self.file = file
        self.fields_read = 0

    def fields(self, span: Span) -> Iterator[tuple[int, int, Span]]:
        """Number, wire type and place of every field of the message in *span*.

        The place of a whole number is the number itself and where it stands.

        Raises:
            StudyError: If the bytes are no protobuf message.
            LimitError: If the file has more than ten million fields.
        """
        at, end = span
        data, offset = b"", at
        while at < end:
            local = at - offset
            if local + _LONGEST_FIELD > len(data):
                data, offset, local = self.file.read(at, min(_WINDOW, end - at)), at, 0
            tag, local = self._varint(data, local, offset)
            number, wire = tag >> 3, tag & 7
            if not number:
                raise self._fault("field 0", at)
            if wire == VARINT:
                value, local = self._varint(data, local, offset)
                place = (value, at)
                at = offset + local
            elif wire == SPAN:
                length, local = self._varint(data, local, offset)
                place = (offset + local, offset + local + length)
                at = place[1]
            elif wire in {FIXED_64, FIXED_32}:
                place = (offset + local, offset + local + (8 if wire == FIXED_64 else 4))
                at = place[1]
            else:
                raise self._fault(f"wire type {wire}", at)
            if at > end:
                raise self._fault("a field longer than its message", offset + local)
            self.fields_read += 1
            if self.fields_read > MOST_FIELDS:
                raise self.file.limit(f"The file has more than {MOST_FIELDS:,} fields.")
            yield number, wire, place

    def text(self, span: Span) -> str:
        """The text in *span*; bytes that are no UTF-8 are shown as `�`."""
        start, end = span
        if end - start > MOST_TEXT:
            raise self.file.limit(f"A text has more than {MOST_TEXT:,} bytes.", offset=start)
        return self.file.read(start, end - start).decode("utf-8", "replace")

    def numbers(self, wire: int, place: Span) -> Iterator[int]:
        """The whole numbers of a repeated field: one, or many packed into a span.

        Raises:
            StudyError: If they are no numbers.
        """
        if wire == VARINT:
            yield to_signed(place[0])
            return
        if wire != SPAN:
            raise self._fault("a number of the wrong type", place[0])
        at, end = place
        while at < end:
            data = self.file.read(at, min(_WINDOW, end - at))
            local = 0
            # A number never crosses the end of the window, except of the last one.
            stop = len(data) if at + len(data) == end else len(data) - 10
            while local < stop:
                value, local = self._varint(data, local, at)
                yield to_signed(value)
            at += local

    def count_numbers(self, wire: int, place: Span) -> int:
        """How many whole numbers `numbers` would give, without reading them one by one."""
        if wire != SPAN:
            return 1
        total = 0
        for at in range(place[0], place[1], _WINDOW):
            data = self.file.read(at, min(_WINDOW, place[1] - at))
            # The last byte of each number, and only it, has no high bit.
            total += len(data.translate(None, delete=_HIGH))
        return total

    def _varint(self, data: bytes, at: int, offset: int) -> tuple[int, int]:
        value = shift = 0
        for index in range(at, min(at + 10, len(data))):
            byte = data[index]
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value & _MASK, index + 1
            shift += 7
        raise self._fault("a number that does not end", offset + at)

    def _fault(self, what: str, at: int) -> StudyError:
        problem = f"The file is no ONNX model: it has {what}."
        return self.file.fault(problem, offset=at, hint="download or export the file again")


_HIGH = bytes(range(128, 256))
_MASK = (1 << 64) - 1


def to_signed(value: int) -> int:
    """The number that a 64-bit pattern means as a signed one.

    Example:
        >>> to_signed(2**64 - 1)
        -1
    """
    return value - (1 << 64) if value >> 63 else value
