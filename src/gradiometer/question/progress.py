"""How far long work is: events for whoever watches, such as a bar on a terminal."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TypeAlias, final


@final
@dataclass(frozen=True)
class Progress:
    """How much is done."""

    done: int
    total: int
    unit: str
    """What is counted, such as `epochs`."""
    seconds_left: float | None
    """Of wall-clock time, if the rest goes as fast as what is done; None at the beginning."""


Watcher: TypeAlias = Callable[[Progress], None]

_WATCHER: ContextVar[Watcher | None] = ContextVar("watcher", default=None)

_LEAST_SECONDS = 0.2
"""Between two events."""


@contextmanager
def watch_progress(watcher: Watcher) -> Iterator[None]:
    """Inside, long work tells *watcher* how far it is, from any of its threads.

    Example:
        >>> seen = []
        >>> with watch_progress(seen.append):
        ...     Meter(2, "runs").add(2)
        >>> seen[0].done, seen[0].total
        (2, 2)
    """
    token = _WATCHER.set(watcher)
    try:
        yield
    finally:
        _WATCHER.reset(token)


class Meter:
    """Counts what is done, and tells whoever watched when it was made."""

    def __init__(self, total: int, unit: str) -> None:
        self._watcher = _WATCHER.get()
        self._total, self._unit = total, unit
        self._done, self._begin, self._told = 0, time.monotonic(), 0.0
        self._lock = threading.Lock()

    def add(self, count: int) -> None:
        """Count so many more."""
        if self._watcher is None:
            return
        with self._lock:
            self._done += count
            now = time.monotonic()
            if now - self._told < _LEAST_SECONDS and self._done < self._total:
                return
            self._told, spent = now, now - self._begin
            left = spent * (self._total - self._done) / self._done if self._done else None
            self._watcher(Progress(self._done, self._total, self._unit, left))
