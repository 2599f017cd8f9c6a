"""A lock beside a file of finished work: while one call adds to the file, no other one does.

The system holds it, so that it ends with the process that took it, however that ends.
"""

from __future__ import annotations

import json
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from gradiometer.errors import Place, UsageError

_AT = 1 << 20
"""The byte that is locked on Windows: far behind the text, which others have to read."""


@contextmanager
def hold_file(path: Path, *, noun: str) -> Iterator[None]:
    """Inside, the file belongs to this call; its lock is the file's name with `.lock` behind it.

    Args:
        path: The file.
        noun: What is added to it, such as `run`, for what the next one is told.

    Raises:
        UsageError: If another call holds it, or there can be no lock.
    """
    lock = Path(f"{path}.lock")
    file = _take(path, lock, noun)
    try:
        yield
    finally:
        # Windows removes no file that is open, and leaves an empty lock that nobody holds.
        with suppress(OSError):
            lock.unlink()
        file.close()


def _take(path: Path, lock: Path, noun: str) -> BinaryIO:
    """The lock, open and held, with the text of who has it."""
    while True:
        try:
            file = lock.open("a+b")
        except OSError as error:
            raise refuse(path, "used", error) from None
        try:
            is_free = _try_lock(file)
            text = json.dumps({"process": os.getpid(), "machine": socket.gethostname()})
            if is_free and _is_there(lock, file):
                file.truncate(0)
                file.write(text.encode())
                file.flush()
                return file
            said = lock.read_bytes() if not is_free else b""
        except FileNotFoundError:
            # It was released just now.
            file.close()
            continue
        except OSError as error:
            file.close()
            raise refuse(path, "locked", error) from None
        file.close()
        if not is_free:
            raise _is_held(path, said, noun)


def _try_lock(file: BinaryIO) -> bool:
    """Whether the lock was free; it is held until the file is closed then."""
    try:
        if sys.platform == "win32":
            import msvcrt

            file.seek(_AT)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    return True


def _is_there(lock: Path, file: BinaryIO) -> bool:
    """Whether the file that is open still has its name: who released it has removed that."""
    try:
        return os.path.samestat(lock.stat(), os.fstat(file.fileno()))
    except FileNotFoundError:
        return False


def _is_held(path: Path, text: bytes, noun: str) -> UsageError:
    try:
        table = json.loads(text)
        who = f"Process {int(table['process'])} on {table['machine']}"
    except (ValueError, KeyError, TypeError):
        who = "Another process"
    return UsageError(f"{who} is adding {noun}s to `{path}`.", place=Place("keep"),
                      hint="wait until it ends, or name another file")  # fmt: skip


def refuse(path: Path, verb: str, error: OSError) -> UsageError:
    """What is said where the system refuses something with a file that is to be kept."""
    reason = error.strerror or "the system refuses"
    return UsageError(f"`{path}` cannot be {verb}: {reason}.", place=Place("keep"),
                      hint="name a file in a folder that exists")  # fmt: skip
