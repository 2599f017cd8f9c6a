"""Random computations as a tape and as a text that the exact graphs read."""

import random
from dataclasses import dataclass

import numpy as np

from gradiometer.errors import GradiometerError
from gradiometer.formula import parse
from gradiometer.model import read_graph, solve_gradient
from gradiometer.numeric import Tape, run_tape, write_tape

RATIONAL = ("+", "-", "*", "*", "/", "square", "max", "min", "relu", "abs", "neg", "where", "clip")
SMOOTH = (
    "+", "-", "*", "/", "square", "cube", "root", "exp", "ln", "sqrt", "sin", "cos", "tan", "atan",
    "sinh", "cosh", "tanh", "sigmoid", "softplus", "erf", "erfc", "Phi", "max", "power",
)  # fmt: skip
_WAYS = {"square": 2.0, "cube": 3.0, "root": 1.5}


@dataclass(frozen=True)
class Case:
    """A tape at a point, and the text of the same computation."""

    tape: Tape
    point: list[float]
    text: str

    def exact(self):
        """The exact graph at the point, and its gradient."""
        trees = {
            f"x{k}": parse("/".join(map(str, value.as_integer_ratio())), names=()).tree
            for k, value in enumerate(self.point)
        }
        return solve_gradient(read_graph(self.text, inputs=trees), trees)

    def exact_gradient(self):
        """The exact derivatives along the inputs."""
        gradient = self.exact()[1].derivatives
        return [gradient[f"x{k}"] for k in range(len(self.point))]


def random_tape(seed, vocabulary, *, operations=12):
    """A computation whose values exist and are of moderate size."""
    for attempt in range(1000):
        case = _draw(random.Random(f"{seed}/{attempt}"), vocabulary, operations)
        try:
            run = run_tape(case.tape, case.point)
        except GradiometerError:
            continue
        if np.abs(run.value).max() < 50 and not run.kinks.size:
            return case
    raise AssertionError(f"no computation for {seed}")


def _draw(generator, vocabulary, operations):
    inputs = generator.randint(1, 3)
    rows, names, lines = ["input"] * inputs, [f"x{k}" for k in range(inputs)], []
    point = [_decimal(generator) for _ in names]
    for number in range(generator.randint(operations // 2, operations)):
        # The truth of a condition has no name, and is used only where it is decided.
        known = [k for k, name in enumerate(names) if name]
        name, used = f"v{number}", generator.choices(known, range(1, len(known) + 1), k=3)
        words = [names[k] for k in used]
        if generator.random() < 0.3:
            rows.append(_decimal(generator))
            used[1] = len(rows) - 1
            words[1] = "(" + "/".join(map(str, rows[-1].as_integer_ratio())) + ")"
            names.append(words[1])
        _add(generator.choice(vocabulary), used, words, rows=rows, names=names)
        lines.append(f"{name} = {names[-1]}")
        names[-1] = name
    known = [k for k, name in enumerate(names) if name.startswith("v")]
    rows.append(("*", (known[-1], known[-2])))
    lines.append(f"out = {names[known[-1]]} * {names[known[-2]]}")
    text = "; ".join([*lines, *_use_all(inputs, rows)])
    return Case(write_tape(rows), point, text)


def _use_all(inputs, rows):
    """A last line that uses every input, so that the exact graph knows all of them."""
    total, words = len(rows) - 1, "out"
    for k in range(inputs):
        rows.append(("+", (total, k)))
        total, words = len(rows) - 1, f"{words} + x{k}"
    return [f"last = {words}"]


def _add(kind, used, words, *, rows, names):
    u, v, w = words
    if kind in _WAYS:
        rows.append(_WAYS[kind])
        names.append(f"({_WAYS[kind]})")
        rows.append(("^", (used[0], len(rows) - 1)))
        names.append(f"{u}^({_WAYS[kind]})")
    elif kind == "power":
        rows.append(("^", (used[0], used[1])))
        names.append(f"{u}^{v}")
    elif kind == "where":
        rows.append(("<", (used[0], used[1])))
        names.append("")
        rows.append(("where", (len(rows) - 1, used[1], used[2])))
        names.append(f"where({u} < {v}, {v}, {w})")
    elif kind in "+-*/":
        rows.append((kind, (used[0], used[1])))
        names.append(f"{u} {kind} {v}")
    elif kind in {"max", "min"}:
        rows.append((kind, tuple(used)))
        names.append(f"{kind}({u}, {v}, {w})")
    elif kind == "clip":
        rows.append((kind, tuple(used)))
        names.append(f"clip({u}, {v}, {w})")
    else:
        rows.append((kind, (used[0],)))
        names.append(f"-{u}" if kind == "neg" else f"{kind}({u})")


def _decimal(generator):
    """A number that float64 rounds, so that the first product is already inexact."""
    return generator.choice((-1, 1, 1)) * round(generator.uniform(0.05, 3), 3)
