"""A file of weights as bytes at an offset: bounded reads, and errors that name the byte."""

from __future__ import annotations

import json
import stat
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Any, final

from gradiometer.errors import LimitError, Place, StudyError

MOST_JSON = 100_000_000
"""Bytes of JSON that are read: the limit of the safetensors format."""
MOST_DEPTH = 100
"""Lists and tables inside one another in a description."""
MOST_ELEMENTS = 2**63 - 1
"""Elements of a tensor: what the formats' own 64-bit numbers can say."""

_CHUNK = 1 << 16
"""Bytes read at once."""


@final
class WeightFile:
    """An open file of weights; nothing reads more of it at once than it asks for."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            # A pipe or a device would block, or never end.
            if not stat.S_ISREG(path.stat().st_mode):
                raise self.fault(f"`{path.name or path}` is no ordinary file.")
            self._file = path.open("rb")
            self.size = path.stat().st_size
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or "the name cannot be used"
            raise self.fault(f"The file cannot be read: {reason}.") from None
        self._start = 0
        self._chunk = b""

    def __enter__(self) -> WeightFile:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()

    def read(self, offset: int, length: int, *, what: str = "The file") -> bytes:
        """Exactly *length* bytes from *offset*.

        Raises:
            StudyError: If the file ends before.
        """
        start = offset - self._start
        if start >= 0 and start + length <= len(self._chunk):
            return self._chunk[start : start + length]
        if offset < 0 or length < 0 or offset + length > self.size:
            raise self.fault(
                f"{what} ends too early: {length:,} bytes are announced at byte {offset:,}, "
                f"and the file has {self.size:,}.",
                offset=offset,
                hint="download or export the file again",
            )
        try:
            self._file.seek(offset)
            data = self._file.read(max(length, _CHUNK))
        except OSError as error:
            raise self.fault(f"The file cannot be read: {error.strerror}.") from None
        if len(data) < length:
            raise self.fault("The file became shorter while it was read.", offset=offset)
        self._start, self._chunk = offset, data if len(data) <= _CHUNK else b""
        return data[:length]

    def fault(self, problem: str, *, offset: int | None = None, hint: str = "") -> StudyError:
        """An error that names this file and the byte."""
        return StudyError(problem, place=self._place(offset), hint=hint)

    def limit(self, problem: str, *, offset: int | None = None, hint: str = "") -> LimitError:
        """As `fault`, for what is larger than a stated limit."""
        return LimitError(problem, place=self._place(offset), hint=hint)

    def _place(self, offset: int | None) -> Place:
        return Place(str(self.path) if offset is None else f"{self.path}, byte {offset}")


def parse_json(file: WeightFile, data: bytes, *, offset: int, what: str) -> Any:
    """The value that strict JSON in *data* writes: no key twice, no NaN.

    Raises:
        StudyError: If it is none; the error names the byte.
    """
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise file.fault(f"{what} is not UTF-8 text.", offset=offset + error.start) from None
    try:
        return json.loads(text, object_pairs_hook=_table, parse_constant=_refuse)
    except json.JSONDecodeError as error:
        at = offset + len(text[: error.pos].encode("utf-8"))
        raise file.fault(f"{what} is no JSON: {error.msg.lower()}.", offset=at) from None
    except RecursionError:
        raise file.limit(f"{what} is nested too deeply.", offset=offset) from None
    except ValueError as error:
        raise file.fault(f"{what} cannot be used: {error}.", offset=offset) from None


def check_depth(file: WeightFile, value: Any, *, what: str) -> None:
    """Refuse a description with more than `MOST_DEPTH` tables or lists inside one another.

    Raises:
        LimitError: If it has.
    """
    level: list[Any] = [value]
    for _ in range(MOST_DEPTH):
        level = [
            child
            for part in level
            if isinstance(part, dict | list)
            for child in (part.values() if isinstance(part, dict) else part)
        ]
        if not level:
            return
    raise file.limit(f"{what} has more than {MOST_DEPTH} tables or lists inside one another.")


def count_elements(shape: Iterable[int]) -> int | None:
    """The product of the sizes, 1 without axes; None where it passes 63 bits.

    Example:
        >>> count_elements((3, 4)), count_elements(()), count_elements((0, 5))
        (12, 1, 0)
        >>> count_elements((2**62, 2)) is None
        True
    """
    product = 1
    for size in shape:
        product *= size
        if product > MOST_ELEMENTS or size > MOST_ELEMENTS:
            return None
    return product


def shorten(name: str) -> str:
    """A name of a file, short and printable enough for a sentence.

    Example:
        >>> shorten("a" * 100)[-3:]
        'a …'
    """
    shown = "".join(character if character.isprintable() else "·" for character in name[:81])
    return shown[:80] + " …" if len(shown) > 80 else shown


def _table(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    table = dict(pairs)
    if len(table) != len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))
        raise ValueError(f"the key `{shorten(twice)}` stands in it twice")
    return table


def _refuse(word: str) -> Any:
    raise ValueError(f"`{word}` is no JSON number")
