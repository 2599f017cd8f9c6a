"""Up to which sharpness a rule is stable: its linear part on a bowl, derived from its own lines.

A state whose change bends with the gradient, such as a mean of squares, is held at what it is: it
then scales every parameter on its own. On a bowl of curvature s the rest is linear, and the
critical s is where the spectral radius of a step reaches 1. For gradient descent that is 2/rate,
with momentum 2(1 + beta)/rate, and for Adam with beta1 = 9/10 it is 38/rate in the scaled bowl.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, final

from gradiometer.formula import (
    Node,
    apply,
    compile_float,
    differentiate_branches,
    free_names,
    number,
    substitute,
)
from gradiometer.model import RATE, ScalarRule

if TYPE_CHECKING:
    from numpy.typing import NDArray

_LATE = 1e9
"""A number of steps after which corrections of the first ones have faded."""

_MOST = 1e6
"""The largest product of rate and sharpness that is looked at."""


@final
@dataclass(frozen=True, eq=False)
class LinearPart:
    """A rule as a linear map of the position and what it remembers, all else being held."""

    rule: ScalarRule
    kept: tuple[str, ...]
    """The states that are part of the map."""
    held: str | None
    """The state that scales it."""
    lines: Mapping[str, Node]
    """The new values of position and kept states, in the old ones and `g`."""
    pull: Node
    """How far the position moves for what pulls at it, in the held state, `t` and parameters."""

    def scale(self, held: Any, step: int, values: Mapping[str, float]) -> NDArray[Any] | None:
        """What the Hessian's rows and columns are divided by; None where that is 1.

        Args:
            held: The held state after the step, an array.
            step: How many steps are done.
            values: The rule's parameters.
        """
        import numpy as np

        if self.held is None:
            return None
        run, name = compile_float(self.pull), f"{self.held}'"
        given = {**values, "t": float(step)}
        each = np.frompyfunc(lambda size: run({**given, name: float(size)}), 1, 1)
        return values[RATE] / np.asarray(each(held), float)

    def find_threshold(self, values: Mapping[str, float]) -> float | None:
        """The least product of rate and sharpness at which runs leave; None if there is none."""
        given = {**values, "t": _LATE} | ({f"{self.held}'": 1.0} if self.held else {})
        slopes = _list_slopes(self.lines, self.kept, given)
        unit = compile_float(self.pull)(given) / values[RATE]
        if not unit > 0:
            return None
        # Sharpness is looked at in the scaled bowl only where a state scales it.
        factor = values[RATE] * (unit if self.held else 1.0)
        low = 1e-6
        if not _is_stable(slopes, low / factor):
            return None
        high = low
        while _is_stable(slopes, high / factor):
            low, high = high, high * 1.25
            if high > _MOST:
                return None
        for _ in range(60):
            middle = (low + high) / 2
            low, high = (middle, high) if _is_stable(slopes, middle / factor) else (low, middle)
        return (low + high) / 2


def find_linear_part(rule: ScalarRule) -> LinearPart | None:
    """The linear part of a rule; None where it has none, such as a rule of signs.

    Example:
        >>> from gradiometer.model import read_optimizer, settle, unroll
        >>> sgd = read_optimizer("sgd")
        >>> values = settle([sgd.owner], {"momentum": "1/2"})["optimizer"]
        >>> rule = unroll(sgd.bind(values), ())
        >>> round(find_linear_part(rule).find_threshold(rule.float_values), 6)
        3.0
    """
    states = [name for name, _ in rule.states]
    known: dict[str, Node] = {}
    lines: dict[str, Node] = {}
    held: list[str] = []
    for target, tree in rule.step:
        written = substitute(tree, known)
        name = target.removesuffix("'")
        if target in {f"{state}'" for state in states} and not _is_linear(written, states, set()):
            held.append(name)
            continue
        # The position's line keeps the names of new states, to see through what it is pulled.
        if target.endswith("'"):
            lines[target] = written
        else:
            known[target] = written
    kept = tuple(name for name in states if name not in held)
    return _assemble(rule, lines, kept, held)


def _assemble(
    rule: ScalarRule, lines: Mapping[str, Node], kept: Sequence[str], held: Sequence[str]
) -> LinearPart | None:
    move = lines["x'"]
    used = [name for name in held if f"{name}'" in free_names(move)]
    loose = {name for name in held if name in free_names(move)}
    if len(used) > 1 or loose or RATE not in free_names(move):
        return None
    whole = {name: _write_out(tree, lines) for name, tree in lines.items()}
    scaled = {f"{name}'" for name in used}
    if not all(_is_linear(tree, [*kept], scaled) for tree in whole.values()):
        return None
    direct = differentiate_branches(move, "g")
    through = [name for name in kept if f"{name}'" in free_names(move)]
    if "g" not in free_names(move) and len(through) == 1:
        direct = differentiate_branches(move, f"{through[0]}'")
    pull = apply("*", number(-1), direct)
    return LinearPart(rule, tuple(kept), used[0] if used else None, whole, pull)


def _write_out(tree: Node, lines: Mapping[str, Node]) -> Node:
    """The line in old values alone."""
    inner = {name: line for name, line in lines.items() if name in free_names(tree)}
    return _write_out(substitute(tree, inner), lines) if inner else tree


def _is_linear(tree: Node, states: Sequence[str], scaled: set[str]) -> bool:
    """Whether slopes in position, gradient and states hold none of these themselves."""
    moving = {"x", "g", *states, *(f"{name}'" for name in states)} - scaled
    return all(
        not moving & free_names(differentiate_branches(tree, name))
        for name in moving & free_names(tree)
    )


def _list_slopes(
    lines: Mapping[str, Node], kept: Sequence[str], values: Mapping[str, float]
) -> tuple[Any, Any]:
    """The map of position and states without a gradient, and what the gradient adds."""
    import numpy as np

    names = ["x", *kept]
    # The slopes hold no moving names, so that any number serves for these.
    given = {**values, **dict.fromkeys([*names, "g"], 0.0)}
    rows = [[compile_float(differentiate_branches(lines[f"{row}'"], name))(given)
             for name in (*names, "g")] for row in names]  # fmt: skip
    table = np.array(rows, float)
    return table[:, :-1], table[:, -1]


def _is_stable(slopes: tuple[Any, Any], curvature: float) -> bool:
    """Whether steps on a bowl of that curvature do not grow."""
    import numpy as np

    table, pulls = slopes
    whole = table.copy()
    whole[:, 0] += curvature * pulls
    return bool(np.isfinite(whole).all() and abs(np.linalg.eigvals(whole)).max() <= 1 + 1e-9)
