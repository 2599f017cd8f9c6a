"""From the text of a kernel to machine code that stands on its own, by numba and LLVM."""

from __future__ import annotations

import importlib.util
from importlib.abc import SourceLoader
from pathlib import Path
from typing import Any

from llvmlite import binding
from numba import njit

from gradiometer.errors import InternalError
from gradiometer.numeric.processor import name_processor

TYPES = (
    "void(CPointer({0}), int64, CPointer({0}), int64, CPointer({0}), int64, int64, int64, int64)"
)
"""Blocks, a table, each with its length; given numbers; steps, steps before, freshness, seed."""

LIBRARY = frozenset(["fma", "fmaf", "memcpy", "memmove", "memset", "pow", "powf", "sqrt", "sqrtf"])
"""Functions of the C library that machine code may call; every process has them."""


def kernel(precision: str) -> Any:
    """The decorator of a kernel in a generated text."""
    # Without wrappers the machine code needs nothing of Python or of numba.
    options: Any = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}
    return njit(TYPES.format(precision), nogil=True, error_model="numpy", **options)


def entry(types: str) -> Any:
    """The decorator of a function `advance` with other arguments, in a generated text."""
    options: Any = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}
    return njit(types, nogil=True, error_model="numpy", **options)


class _Text(SourceLoader):
    """Imports a text that need not be on disk."""

    def __init__(self, text: str, path: Path) -> None:
        self.text, self.path = text, path

    def get_filename(self, fullname: str) -> str:
        """Where the text would be, for tracebacks."""
        return str(self.path)

    def get_data(self, path: str) -> bytes:
        """The text."""
        return self.text.encode()


def compile_text(text: str, path: Path) -> bytes:
    """The machine code of the function `advance`, as an object file of this platform.

    Raises:
        InternalError: If the compiler left a call in it to something that is not there later.
    """
    unit, machine = _translate(text, path)
    return machine.emit_object(unit)


def write_assembly(text: str) -> str:
    """The instructions of the function `advance` of a generated text."""
    unit, machine = _translate(text, Path("kernel.py"))
    return machine.emit_assembly(unit)


def _translate(text: str, path: Path) -> tuple[Any, Any]:
    """What LLVM makes of a text, and the machine that it is made for."""
    specification = importlib.util.spec_from_loader(path.stem, _Text(text, path))
    if specification is None or specification.loader is None:
        raise InternalError("A generated text is no module.")
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    dispatcher = module.advance
    (made,) = dispatcher.overloads.values()
    assembly = made.library.get_llvm_str().replace(made.fndesc.llvm_func_name, "advance")
    return _reduce(assembly)


def _reduce(assembly: str) -> tuple[Any, Any]:
    unit = binding.parse_assembly(assembly)
    name, features = name_processor()
    machine = binding.Target.from_default_triple().create_target_machine(
        cpu=name, features=features, opt=3, reloc="pic"
    )
    builder = binding.create_pass_builder(machine, binding.create_pipeline_tuning_options())
    manager = binding.create_new_module_pass_manager()
    # Counting of references, which numba links in and no kernel calls.
    manager.add_global_dead_code_eliminate_pass()
    manager.run(unit, builder)
    foreign = [f.name for f in unit.functions if f.is_declaration and not _is_known(f.name)]
    if foreign:
        raise InternalError(f"A kernel calls {', '.join(foreign)}.")
    return unit, machine


def _is_known(name: str) -> bool:
    return name.startswith("llvm.") or name in LIBRARY
