"""Compiled functions: how array kernels are made, kept on disk and run side by side.

Only the `kernel…` files import numba, and only functions that need them import those files, so a
process that asks nothing of arrays never loads it. A compiled kernel is kept beside its source and
loaded by the next process. numba looks only at the file of the kernel itself for changes, so
kernels that are older than any file of this stage are thrown away here.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

from numba import njit

Function = TypeVar("Function", bound=Callable[..., Any])


def compiled(function: Function) -> Function:
    """The function as machine code, kept on disk; it leaves the interpreter lock while it runs."""
    _drop_stale()
    try:
        made: Any = njit(cache=True, nogil=True, error_model="numpy")(function)
    except RuntimeError:
        # No folder is writable: the kernel is compiled again in each process.
        return inlined(function)
    return made


def inlined(function: Function) -> Function:
    """The function as a part of the kernels that call it."""
    made: Any = njit(nogil=True, error_model="numpy")(function)
    return made


def run_both(first: Callable[[], Any], second: Callable[[], Any]) -> tuple[Any, Any]:
    """The results of two calls that run at the same time."""
    with ThreadPoolExecutor(1) as pool:
        other = pool.submit(second)
        return first(), other.result()


@lru_cache(maxsize=1)
def _drop_stale() -> None:
    folder = Path(__file__).parent
    newest = max(path.stat().st_mtime for path in folder.glob("*.py"))
    for index in (folder / "__pycache__").glob("kernel*.nbi"):
        try:
            if index.stat().st_mtime < newest:
                index.unlink()
        except OSError:
            # Another process was faster, or the folder is read-only and numba looks elsewhere.
            continue
