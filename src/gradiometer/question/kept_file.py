"""A file in which finished work is kept: one line of JSON a part, written as soon as it is made.

The first line says what the file is. A line that was cut off is left out and written over.
Whoever reads or writes holds a lock, so that two processes can work with one file.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, TypeVar, final

from gradiometer.errors import Place, StudyError, UsageError

_Part = TypeVar("_Part")
_TAIL = 1 << 16
"""Bytes in which the end of the last whole line is looked for at once."""


@final
@dataclass(frozen=True)
class KeptFile:
    """A file of finished parts, each under a name that says everything that decides it."""

    path: Path
    schema: str
    """What the first line says."""
    noun: str
    """What one line is called, such as `run`; the key of its name too."""

    def read(
        self, wanted: Collection[str], parse: Callable[[Mapping[str, Any]], _Part]
    ) -> dict[str, _Part]:
        """The parts of those names that the file has; the file is made where there is none.

        Raises:
            StudyError: If the file is something else, or a line is no such part.
            UsageError: If it cannot be read or written.
        """
        found: dict[str, _Part] = {}
        for number, line in enumerate(self._read_lines()[1:], 2):
            try:
                table = json.loads(line)
                name = str(table[self.noun])
                if name in wanted:
                    found[name] = parse(table)
            except (ValueError, KeyError, TypeError, AttributeError):
                raise StudyError(
                    f"This line is no {self.noun}.", place=Place(str(self.path), number, 1),
                    hint=f"take the line out; the {self.noun} will be made again",
                ) from None  # fmt: skip
        return found

    def add(self, parts: Iterable[tuple[str, Mapping[str, Any]]]) -> None:
        """Write parts behind the others, and wait until they are on the disk.

        Raises:
            UsageError: If the file cannot be written.
        """
        lines = [json.dumps({self.noun: name, **table}, allow_nan=False) for name, table in parts]
        with self._open("written") as file:
            _cut_last_line(file)
            file.write("".join(f"{line}\n" for line in lines).encode())
            file.flush()
            os.fsync(file.fileno())

    def _read_lines(self) -> list[bytes]:
        """The whole lines of the file, the first one being that of its kind."""
        head = json.dumps({"schema": self.schema}).encode()
        with self._open("used") as file:
            file.seek(0)
            lines = file.read().split(b"\n")
            if lines != [b""] and lines[0] != head:
                raise StudyError(
                    f"`{self.path}` holds something else than {self.noun}s that are kept.",
                    place=Place(str(self.path), 1, 1),
                    hint="name a file that does not exist yet",
                )
            if len(lines) < 2:
                lines = [head, b""]
                file.truncate(0)
                file.write(head + b"\n")
            _cut_last_line(file)
        return lines[:-1]

    @contextmanager
    def _open(self, verb: str) -> Iterator[BinaryIO]:
        """The file for reading and for writing at its end, while nobody else has it so."""
        try:
            with self.path.open("a+b") as file:
                _lock(file)
                yield file
        except OSError as error:
            reason = error.strerror or "the system refuses"
            raise UsageError(
                f"`{self.path}` cannot be {verb}: {reason}.", place=Place("keep"),
                hint="name a file in a folder that exists",
            ) from None  # fmt: skip


def _lock(file: BinaryIO) -> None:
    """Wait until no other process has the file; closing it lets the next one in."""
    try:
        import fcntl
    except ImportError:
        # Windows has no such lock; there one process at a time should use the file.
        return
    fcntl.flock(file, fcntl.LOCK_EX)


def _cut_last_line(file: BinaryIO) -> None:
    """Take out what follows the last end of a line: it was being written when something stopped."""
    end = file.seek(0, os.SEEK_END)
    at = end
    while at > 0:
        begin = max(0, at - _TAIL)
        file.seek(begin)
        place = file.read(at - begin).rfind(b"\n")
        if place >= 0:
            at = begin + place + 1
            break
        at = begin
    if at < end:
        file.truncate(at)
    file.seek(0, os.SEEK_END)


def say_how_to_go_on(done: int, total: int, *, noun: str, path: Path | None) -> str:
    """What somebody who interrupts is told.

    Example:
        >>> say_how_to_go_on(3, 12, noun="runs", path=Path("runs.jsonl"))
        '3 of 12 runs are kept in `runs.jsonl`; the same command goes on'
    """
    if path is None:
        return f"nothing is kept; with `--keep {noun}.jsonl` what is done would be"
    return f"{done:,} of {total:,} {noun} are kept in `{path}`; the same command goes on"
