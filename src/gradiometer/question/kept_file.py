"""A file in which finished work is kept: one line of JSON a part, written as soon as it is made.

The first line says what the file is. A line that was cut off is left out, and removed before
another one is written. Anybody may read the file at any time; who adds to it holds it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, TypeVar, final

from gradiometer.errors import Place, StudyError
from gradiometer.question.kept_lock import hold_file, refuse

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
        """The parts of those names that the file has; none where there is no file.

        Raises:
            StudyError: If the file is something else, or a line is no such part.
            UsageError: If it cannot be read.
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

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Inside, only this call adds to the file, which is made where there is none.

        Raises:
            StudyError: If the file is something else.
            UsageError: If another call holds it, or it cannot be written.
        """
        with hold_file(self.path, noun=self.noun):
            if not self._read_lines():
                with self._write() as file:
                    file.truncate(0)
                    file.write(self._head + b"\n")
            # What it cannot write shall be said before anything is made.
            self.add(())
            yield

    def add(self, parts: Iterable[tuple[str, Mapping[str, Any]]]) -> None:
        """Write parts behind the others, and wait until they are on the disk; who adds holds it.

        Raises:
            UsageError: If the file cannot be written.
        """
        lines = [json.dumps({self.noun: name, **table}, allow_nan=False) for name, table in parts]
        with self._write() as file:
            _cut_last_line(file)
            file.write("".join(f"{line}\n" for line in lines).encode())

    @property
    def _head(self) -> bytes:
        return json.dumps({"schema": self.schema}).encode()

    def _read_lines(self) -> list[bytes]:
        """The whole lines of the file, the first one being that of its kind."""
        try:
            text = self.path.read_bytes()
        except FileNotFoundError:
            return []
        except OSError as error:
            raise refuse(self.path, "used", error) from None
        lines = text.split(b"\n")
        # The first line may have been cut off too.
        if not (self._head.startswith(text) if len(lines) == 1 else lines[0] == self._head):
            raise StudyError(
                f"`{self.path}` holds something else than {self.noun}s that are kept.",
                place=Place(str(self.path), 1, 1), hint="name a file that does not exist yet",
            )  # fmt: skip
        return lines[:-1]

    @contextmanager
    def _write(self) -> Iterator[BinaryIO]:
        """The file for writing at its end; what was written is on the disk afterwards."""
        try:
            with self.path.open("a+b") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise refuse(self.path, "written", error) from None


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
