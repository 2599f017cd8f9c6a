"""Generated kernels on disk: their text for readers, and their machine code.

A process that finds the machine code needs no compiler: numba, which takes longer to import than
a million steps, is loaded only by the process that compiles a kernel first.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
import tempfile
from collections.abc import Callable
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeAlias

from llvmlite import binding
from numpy.typing import NDArray

from gradiometer.numeric.processor import list_features, name_processor

FOLDER_VARIABLE = "GRADIOMETER_CACHE"
"""The variable of the environment that names another folder."""

Advance: TypeAlias = Callable[..., None]
"""Called with blocks, table, given numbers, steps, steps before, freshness and seed."""

_HASH_BYTES = 32
_ENGINES: list[Any] = []
"""What owns the machine code of this process."""


@lru_cache(maxsize=256)
def load_kernel(source: str) -> Advance:
    """The compiled function `advance` of a generated text.

    Text and machine code lie in the user's cache folder under a hash of the text, of the functions
    it calls, of the compiler and of the processor. A folder that cannot be read or written, or a
    file that is damaged, costs a compilation and nothing else.
    """
    call = _PROTOTYPE(_link(_find_code(source)))

    def advance(
        blocks: NDArray[Any], table: NDArray[Any], given: NDArray[Any],
        steps: int, first: int, fresh: int, seed: int = 0,
    ) -> None:  # fmt: skip
        # The convention of numba: places for the result and for an error come first.
        result, error = ctypes.c_void_p(), ctypes.c_void_p()
        call(
            ctypes.byref(result), ctypes.byref(error), blocks.ctypes.data, len(blocks),
            table.ctypes.data, len(table), given.ctypes.data, steps, first, fresh, seed,
        )  # fmt: skip

    return advance


@lru_cache(maxsize=64)
def load_entry(source: str, arrays: int, numbers: int) -> Advance:
    """The compiled function `advance` of a text, called with so many arrays and then numbers."""
    kinds = [ctypes.c_void_p] * (arrays + 2) + [ctypes.c_int64] * numbers
    call = ctypes.CFUNCTYPE(ctypes.c_int32, *kinds)(_link(_find_code(source)))

    def advance(*parts: Any) -> None:
        result, error = ctypes.c_void_p(), ctypes.c_void_p()
        places = [part.ctypes.data for part in parts[:arrays]]
        call(ctypes.byref(result), ctypes.byref(error), *places, *parts[arrays:])

    return advance


def _find_code(source: str) -> bytes:
    """The machine code of a text, from disk or from the compiler."""
    path = _user_folder() / f"kernel_{_fingerprint(source)}"
    code = _read_code(path.with_suffix(".code"))
    if code is None:
        from gradiometer.numeric.kernel_compile import compile_text

        code = compile_text(source, path.with_suffix(".py"))
        _write(path.with_suffix(".py"), source.encode())
        _write(path.with_suffix(".code"), hashlib.sha256(code).digest() + code)
    return code


def has_fused() -> bool:
    """Whether the processor multiplies and adds with one rounding."""
    # Processors of ARM have it always, and there the feature has another name.
    is_x86 = binding.get_process_triple().startswith(("x86", "i"))
    return not is_x86 or list_features().get("fma", False)


def _fingerprint(source: str) -> str:
    digest = hashlib.sha256(source.encode())
    for path in _list_parts():
        digest.update(path.read_bytes())
    processor = "".join(name_processor())
    for part in (version("numba"), version("llvmlite"), binding.get_process_triple(), processor):
        digest.update(f"\n{part}".encode())
    return digest.hexdigest()[:32]


def _list_parts() -> list[Path]:
    """The files whose functions are compiled into kernels, and how they are compiled."""
    folder = Path(__file__).parent
    names = (
        "kernel_fused.py",
        "kernel_compile.py",
        "kernel_lane*.py",
        "kernel_draw*.py",
        "kernel_tile.py",
        "lanes.py",
    )
    return sorted(path for name in names for path in folder.glob(name))


def _user_folder() -> Path:
    """Where the user's caches are, or a folder that is named in the environment."""
    named = os.environ.get(FOLDER_VARIABLE)
    if named:
        return Path(named)
    root = Path(os.environ.get("XDG_CACHE_HOME", ""))
    if not root.is_absolute():
        # The specification of these folders says that other paths are ignored.
        root = Path("~/.cache").expanduser()
    return root / "gradiometer" / "kernels"


def _read_code(path: Path) -> bytes | None:
    """The machine code of a file, if it is whole and no one else can have written it."""
    try:
        if os.name == "posix" and not (_is_own(path.parent) and _is_own(path)):
            return None
        content = path.read_bytes()
    except (OSError, RuntimeError):
        return None
    head, code = content[:_HASH_BYTES], content[_HASH_BYTES:]
    return code if code and hashlib.sha256(code).digest() == head else None


def _is_own(path: Path) -> bool:
    found = path.stat()
    return found.st_uid == os.geteuid() and not found.st_mode & 0o022


def _write(path: Path, content: bytes) -> None:
    """The file with that content, whole or not at all; without a place for it nothing happens."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
            file.write(content)
        Path(file.name).replace(path)
    except (OSError, RuntimeError):
        return


def _link(code: bytes) -> int:
    """The address of the function in machine code."""
    binding.initialize_native_target()
    binding.initialize_native_asmprinter()
    machine = binding.Target.from_default_triple().create_target_machine()
    engine = binding.create_mcjit_compiler(binding.parse_assembly(""), machine)
    engine.add_object_file(binding.ObjectFileRef.from_data(code))
    engine.finalize_object()
    _ENGINES.append(engine)
    return engine.get_function_address("advance")


_PROTOTYPE = ctypes.CFUNCTYPE(
    ctypes.c_int32, *[ctypes.c_void_p] * 3, ctypes.c_int64, ctypes.c_void_p, ctypes.c_int64,
    ctypes.c_void_p, *[ctypes.c_int64] * 4,
)  # fmt: skip
