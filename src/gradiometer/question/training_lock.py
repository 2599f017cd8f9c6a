"""A lock beside the file of runs: while one process adds runs to it, no other one does."""

from __future__ import annotations

import json
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gradiometer.errors import Place, UsageError


@contextmanager
def hold_file(path: str | None) -> Iterator[None]:
    """Inside, the file belongs to this call; its lock is the file's name with `.lock` behind it.

    A lock whose process has ended is taken over. None needs no lock.

    Raises:
        UsageError: If another call holds it, or the lock cannot be written.
    """
    if path is None:
        yield
        return
    lock = Path(f"{path}.lock")
    _take(lock)
    try:
        yield
    finally:
        lock.unlink(missing_ok=True)


def _take(lock: Path) -> None:
    own = json.dumps({"process": os.getpid(), "machine": socket.gethostname()})
    while not _create(lock, own):
        text = _read(lock)
        if text is None:
            # It was released just now.
            continue
        if not _is_stale(text):
            raise _is_held(lock, text)
        _break(lock, text)


def _create(lock: Path, text: str) -> bool:
    """Whether the lock was free; it is this call's then."""
    try:
        handle = os.open(lock, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o644)
    except FileExistsError:
        return False
    except OSError as error:
        reason = error.strerror or "the system refuses"
        raise UsageError(f"`{_unlock(lock)}` cannot be used: {reason}.", place=Place("keep"),
                         hint="name a file in a folder that exists") from None  # fmt: skip
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    return True


def _read(lock: Path) -> str | None:
    try:
        return lock.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None


def _owner(text: str) -> tuple[int, str] | None:
    """The process that wrote a lock and its machine; None where it does not say so."""
    try:
        table = json.loads(text)
        return int(table["process"]), str(table["machine"])
    except (ValueError, KeyError, TypeError):
        return None


def _is_stale(text: str) -> bool:
    """Whether the process of a lock has certainly ended."""
    owner = _owner(text)
    # Of another machine nothing is known, and on Windows a signal would end the process.
    if owner is None or owner[1] != socket.gethostname() or sys.platform == "win32":
        return False
    try:
        os.kill(owner[0], 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False


def _break(lock: Path, text: str) -> None:
    """Remove a stale lock; one process at a time looks whether it is still the same one."""
    guard = Path(f"{lock}.break")
    if not _create(guard, text):
        raise _is_held(lock, text)
    try:
        if _read(lock) == text:
            lock.unlink(missing_ok=True)
    finally:
        guard.unlink(missing_ok=True)


def _unlock(lock: Path) -> str:
    """The file that a lock is of."""
    return str(lock).removesuffix(".break").removesuffix(".lock")


def _is_held(lock: Path, text: str) -> UsageError:
    owner = _owner(text)
    who = "another process" if owner is None else f"process {owner[0]} on {owner[1]}"
    name = _unlock(lock)
    return UsageError(
        f"{who[0].upper()}{who[1:]} is adding runs to `{name}`.", place=Place("keep"),
        hint=f"wait until it ends, name another file, or remove `{lock}` if it has ended",
    )  # fmt: skip
