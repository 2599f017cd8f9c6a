"""Evaluates formulas whose powers would become very long rationals: those go on as balls."""

from __future__ import annotations

from collections.abc import Mapping
from typing import final

from flint import fmpq

from gradiometer.formula.evaluate import Evaluator, compile_exact
from gradiometer.formula.exact import Exact, ball_power, size_in_bits, to_ball
from gradiometer.formula.tree import Apply, Name, Node, free_names, map_children

LONGEST_POWER = 8192
"""Bits of a power up to which it stays rational."""


def compile_short(node: Node) -> Evaluator:
    """A function of the names' values like that of `compile_exact`, with long powers as balls.

    `0.999^k` has twenty bits more at each step; after a while nobody reads them.

    Example:
        >>> from gradiometer.formula import parse
        >>> halves = compile_short(parse("(1/2)^k").tree)
        >>> halves({"k": fmpq(10)}), type(halves({"k": fmpq(100_000)})).__name__
        (1/1024, 'arb')
    """
    powers: dict[str, Apply] = {}
    tree = _cut_out(node, powers)
    if not powers:
        return compile_exact(node)
    run = compile_exact(tree)
    parts = {
        name: (compile_exact(power.arguments[0]), compile_exact(power.arguments[1]),
               compile_exact(power))
        for name, power in powers.items()
    }  # fmt: skip
    return lambda values: run(_Values(values, parts))


def _cut_out(node: Node, powers: dict[str, Apply]) -> Node:
    """The tree with a name in place of each power whose exponent varies."""
    if isinstance(node, Apply) and node.operator == "^" and free_names(node.arguments[1]):
        # No text of a user can write a name with a space.
        name = f"power {len(powers)}"
        powers[name] = node
        return Name(name, node.span)
    return map_children(node, lambda child: _cut_out(child, powers))


@final
class _Values(dict[str, Exact]):
    """The values of the names, and of the powers when they are first asked for.

    Only then: a power in the branch that is not taken may have no value.
    """

    def __init__(
        self, values: Mapping[str, Exact], parts: Mapping[str, tuple[Evaluator, ...]]
    ) -> None:
        """The values of the formula's own names, and how its powers are computed."""
        super().__init__(values)
        self._parts = parts

    def __missing__(self, name: str) -> Exact:
        if name not in self._parts:
            raise KeyError(name)
        base, exponent, power = self._parts[name]
        below, above = base(self), exponent(self)
        length = _length(below, above)
        if length > LONGEST_POWER and isinstance(above, fmpq):
            self[name] = ball_power(to_ball(below), int(above.p))
        else:
            self[name] = power(self)
        return self[name]


def _length(base: Exact, exponent: Exact) -> int:
    """About the bits of the power when it is rational, else 0."""
    if not (isinstance(base, fmpq) and isinstance(exponent, fmpq) and exponent.q == 1):
        return 0
    return 0 if base in (0, 1, -1) else size_in_bits(base) * abs(int(exponent.p))
