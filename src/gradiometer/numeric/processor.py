"""The processor that kernels are compiled for: this one, or another that the environment names.

`NUMBA_CPU_NAME` and `NUMBA_CPU_FEATURES` are read as Numba reads them, so that everything that is
decided by the processor is decided by the one that Numba writes instructions for.
"""

from __future__ import annotations

import os

from llvmlite import binding


def name_processor() -> tuple[str, str]:
    """Its name and its features, as LLVM writes both."""
    name, features = os.environ.get("NUMBA_CPU_NAME"), os.environ.get("NUMBA_CPU_FEATURES")
    if features is None:
        # Numba gives the name `generic` no features, and any other name those of this processor.
        plain = (name or "").lower() == "generic"
        features = "" if plain else binding.get_host_cpu_features().flatten()
    return name or binding.get_host_cpu_name(), features


def list_features() -> dict[str, bool]:
    """What the processor has, by LLVM's names; what only its own name says is not told."""
    parts = [part.strip() for part in name_processor()[1].split(",") if part.strip()]
    found = {part.lstrip("+-"): part.startswith("+") for part in parts}
    # Processors of ARM with 64 bits have these registers always.
    arm = binding.get_process_triple().startswith(("aarch64", "arm64"))
    return {**found, "neon": True} if arm else found
