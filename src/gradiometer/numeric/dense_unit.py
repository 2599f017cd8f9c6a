"""A hidden unit's function with its slope and its bend, for arrays."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from gradiometer.formula import Node, differentiate_left, to_steady
from gradiometer.numeric.dense_code import Code
from gradiometer.numeric.lattice import Array
from gradiometer.numeric.program_source import NUMBERS

_LANES = 64


@lru_cache(maxsize=64)
def write_unit(activation: Node, precision: str = "float64") -> str:
    """The module of a kernel that reads sums and writes values, slopes and bends."""
    slope = differentiate_left(activation, "x")
    code = Code("a")
    code.open("x", "z")
    trees = (to_steady(activation), slope, differentiate_left(slope, "x"))
    ends = [code.lower(tree) for tree in trees]
    body = code.write(ends)
    texts = [code.text(end) for end in ends]
    return "\n".join(
        [
            '"""A hidden unit: value, slope and bend; written by gradiometer."""',
            "",
            "import math",
            "",
            "import numpy as np",
            "from numba import carray",
            "",
            "from gradiometer.numeric import lanes",
            "from gradiometer.numeric.kernel_compile import entry",
            "from gradiometer.numeric.kernel_fused import prefer_wide",
            "",
            f"REAL = np.{precision}",
            *(f"{name} = REAL({number})" for number, name in NUMBERS.items()),
            "",
            "",
            f'@entry("void(CPointer({precision}), CPointer({precision}), int64)")',
            "def advance(sums, found, count):",
            "    prefer_wide()",
            f"    x = carray(sums, (count, {_LANES}))",
            # What lies in one array needs no look at whether two tables overlap.
            f"    y = carray(found, (count, 4, {_LANES}))",
            "    for n in range(count):",
            f"        for i in range({_LANES}):",
            "            y[n, 3, i] = x[n, i]",
            f"        for i in range({_LANES}):",
            "            z = y[n, 3, i]",
            *(f"            {line}" for line in body),
            *(f"            y[n, {k}, i] = {text}" for k, text in enumerate(texts)),
            "",
        ]
    )


def evaluate_unit(activation: Node, sums: Array) -> tuple[Array, Array, Array]:
    """The values, slopes and bends of a function at sums, as arrays of their shape and kind."""
    from gradiometer.numeric.kernel_cache import load_entry

    count, kind = -(-sums.size // _LANES), sums.dtype
    room = np.zeros((count, _LANES), kind)
    room.reshape(-1)[: sums.size] = sums.reshape(-1)
    found = np.empty((count, 4, _LANES), kind)
    load_entry(write_unit(activation, kind.name), 2, 1)(room, found, count)
    value, slope, bend = (
        found[:, n].reshape(-1)[: sums.size].reshape(sums.shape) for n in range(3)
    )
    return value, slope, bend
