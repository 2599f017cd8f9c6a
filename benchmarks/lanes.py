"""Elementary functions over lanes: nanoseconds a value beside math.* in numba, NumPy and torch.

Each function fills 4,096 float64, which stay in the caches; arguments are normal numbers of a
size where all libraries take their usual path. Peers that are not installed are left out.
"""

from __future__ import annotations

import importlib.util
import math
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np

SIZE = 4096
CALLS = 40
ROUNDS = 15
NAMES = ("exp", "ln", "sqrt", "sin", "cos", "tan", "atan", "sinh", "cosh", "tanh", "sigmoid",
         "softplus", "erf", "erfc", "Phi", "^")  # fmt: skip
PLAIN = (*NAMES[:10], "erf", "erfc")
LIBRARY = {"ln": "log"}
NUMPY = {"ln": "log", "atan": "arctan", "^": "power"}
TORCH = {"ln": "log", "^": "pow", "softplus": "nn.functional.softplus",
         "Phi": "special.ndtr"}  # fmt: skip


def per_value(call: Callable[[], object]) -> float:
    """Median nanoseconds for one of the values of a call, after one that does not count."""
    call()

    def once() -> float:
        start = time.perf_counter()
        for _ in range(CALLS):
            call()
        return 1e9 * (time.perf_counter() - start) / CALLS / SIZE

    return statistics.median(once() for _ in range(ROUNDS))


def make_loop(function: Any, arity: int) -> Any:
    """The compiled loop over blocks of 64 lanes."""
    from numba import njit

    if arity == 2:

        @njit(nogil=True, error_model="numpy")
        def loop_two(x, y, out):
            for start in range(0, out.size, 64):
                u, v, w = x[start : start + 64], y[start : start + 64], out[start : start + 64]
                for i in range(64):
                    w[i] = function(u[i], v[i])

        return loop_two

    @njit(nogil=True, error_model="numpy")
    def loop(x, out):
        for start in range(0, out.size, 64):
            u, w = x[start : start + 64], out[start : start + 64]
            for i in range(64):
                w[i] = function(u[i])

    return loop


def library_functions() -> dict[str, Callable[..., float]]:
    """What one would write without lanes."""
    root = math.sqrt(0.5)
    functions = {name: getattr(math, LIBRARY.get(name, name)) for name in PLAIN}
    return {name: wrap(function) for name, function in functions.items()} | {
        "sigmoid": lambda x: 1.0 / (1.0 + math.exp(-x)),
        "softplus": lambda x: max(x, 0.0) + math.log1p(math.exp(-abs(x))),
        "Phi": lambda x: 0.5 * math.erfc(-x * root),
        "^": lambda x, y: x**y,
    }


def wrap(function: Callable[[float], float]) -> Callable[[float], float]:
    """The function as one that numba can compile."""
    return lambda x: function(x)  # noqa: PLW0108 - numba compiles only what is written in Python


def time_torch(name: str, arguments: list[Any]) -> float | None:
    """Nanoseconds a value in torch on one thread; None without torch or such a function."""
    if importlib.util.find_spec("torch") is None:
        return None
    import torch

    torch.set_num_threads(1)
    function: Any = torch
    for part in TORCH.get(name, name).split("."):
        function = getattr(function, part, None)
        if function is None:
            return None
    given = [torch.from_numpy(a) for a in arguments]
    return per_value(lambda: function(*given))


def time_lanes() -> dict[str, dict[str, float]]:
    """Nanoseconds a value of each function and each peer, taken in turn."""
    from numba import njit

    from gradiometer.numeric.lanes import LANES

    rng = np.random.default_rng(1)
    library = library_functions()
    rows = {}
    for name in NAMES:
        x = rng.normal(size=SIZE)
        given = [np.abs(x) if name in {"ln", "sqrt", "^"} else x]
        given += [rng.normal(size=SIZE)] if name == "^" else []
        out = np.empty(SIZE)
        row = {}
        single = [a.astype(np.float32) for a in given]
        for title, function, arrays in (
            ("lanes", LANES[name], given),
            ("lanes float32", LANES[name], single),
            ("math in numba", njit(library[name]), given),
        ):
            loop = make_loop(function, len(given))
            filled = np.empty(SIZE, arrays[0].dtype)
            row[title] = per_value(lambda c=loop, a=arrays, o=filled: c(*a, o))
        ufunc = getattr(np, NUMPY.get(name, name), None)
        if ufunc is not None:
            row["NumPy"] = per_value(lambda u=ufunc, a=given, o=out: u(*a, out=o))
        peer = time_torch(name, given)
        rows[name] = row if peer is None else {**row, "torch": peer}
    return rows | {"normal draw": time_draws(rng)}


def time_draws(rng: Any) -> dict[str, float]:
    """Nanoseconds for a normal number, beside NumPy's generators."""
    from numba import njit

    from gradiometer.numeric.kernel_draw import lane_draw_normal

    @njit(nogil=True, error_model="numpy")
    def draw(out):
        for start in range(0, out.size, 64):
            w = out[start : start + 64]
            for i in range(64):
                w[i] = lane_draw_normal(7, start + i, 3, 0)

    out = np.empty(SIZE)
    return {"lanes": per_value(lambda: draw(out)),
            "NumPy": per_value(lambda: rng.standard_normal(out=out))}  # fmt: skip


def write_lanes(rows: dict[str, dict[str, float]]) -> list[str]:
    """The rows as a table."""
    titles = ["lanes", "lanes float32", "math in numba", "NumPy", "torch"]
    titles = [title for title in titles if any(title in row for row in rows.values())]
    lines = [
        "| nanoseconds a value, one core | " + " | ".join(titles) + " |",
        "|---" * (len(titles) + 1) + "|",
    ]
    for name, row in rows.items():
        cells = (f"{row[title]:.2f}" if title in row else "" for title in titles)
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return lines


if __name__ == "__main__":
    print("\n".join(write_lanes(time_lanes())))
