"""Generated kernels on disk: the text as a module of its own, its machine code beside it."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import sys
import tempfile
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

from gradiometer.errors import InternalError

FOLDER_VARIABLE = "GRADIOMETER_CACHE"
"""The variable of the environment that names another folder."""


@lru_cache(maxsize=256)
def load_kernel(source: str) -> Callable[..., None]:
    """The compiled function `advance` of a generated text.

    The text is a file in the user's cache folder under the hash of itself and of the files it
    calls; numba keeps the machine code of each kind of processor beside it. Where no folder can
    be written, or one is broken, the kernel is compiled in a folder that goes with the process.
    """
    name = f"kernel_{_fingerprint(source)}"
    for folder in (_user_folder(), _passing_folder()):
        try:
            path = _write_once(folder / f"{name}.py", source)
            return _import_file(name, path).advance
        except (OSError, EOFError, ValueError, KeyError, RuntimeError, ImportError):
            # A full disk, or a file that a crash left half written: try where nothing is kept.
            sys.modules.pop(name, None)
    raise InternalError("A kernel cannot be written to any folder.")


def _fingerprint(source: str) -> str:
    """A hash of the text and of the functions that are compiled into it."""
    digest = hashlib.sha256(source.encode())
    for path in sorted(Path(__file__).parent.glob("kernel_fused.py")) + _lane_files():
        digest.update(path.read_bytes())
    return digest.hexdigest()[:24]


def _lane_files() -> list[Path]:
    folder = Path(__file__).parent
    return sorted([*folder.glob("lanes*.py"), *folder.glob("kernel_lane*.py")])


def _user_folder() -> Path:
    """Where the user's caches are, or a folder that is named in the environment."""
    named = os.environ.get(FOLDER_VARIABLE)
    if named:
        return Path(named)
    root = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(root).expanduser() / "gradiometer" / "kernels"


@lru_cache(maxsize=1)
def _passing_folder() -> Path:
    """A private folder for this process, removed at its end."""
    folder = tempfile.TemporaryDirectory(prefix="gradiometer-")
    # Kept alive by the cache of this function until the interpreter ends.
    _KEPT.append(folder)
    return Path(folder.name)


_KEPT: list[Any] = []


def _write_once(path: Path, source: str) -> Path:
    """The file with that text; a file that is already right keeps its time, and so its code."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    _check_owner(path.parent)
    if path.exists() and path.read_text(encoding="utf-8") == source:
        return path
    with tempfile.NamedTemporaryFile("w", dir=path.parent, delete=False, encoding="utf-8") as file:
        file.write(source)
    Path(file.name).replace(path)
    return path


def _check_owner(folder: Path) -> None:
    """Code is only loaded from a folder that others cannot write.

    Raises:
        OSError: If they can.
    """
    if os.name != "posix":
        return
    found = folder.stat()
    if found.st_uid != os.geteuid() or found.st_mode & 0o022:
        raise OSError(f"{folder} can be written by others")


def _import_file(name: str, path: Path) -> Any:
    specification = importlib.util.spec_from_file_location(name, path)
    if specification is None or specification.loader is None:
        raise ImportError(name)
    module = importlib.util.module_from_spec(specification)
    sys.modules[name] = module
    specification.loader.exec_module(module)
    return module
