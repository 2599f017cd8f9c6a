"""The roots of a polynomial whose coefficients are rationals or balls, enclosed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any, final

from flint import acb, arb_poly, fmpq, fmpq_poly

from gradiometer.errors import UndecidedError
from gradiometer.formula import Exact, exact_sqrt, to_ball, to_float

_NEWTON_STEPS = 6
_ZERO = fmpq(0)


@final
@dataclass(frozen=True)
class Multiplier:
    """By what one step multiplies a part of the distance from a point of rest."""

    real: Exact
    imaginary: Exact

    @property
    def is_real(self) -> bool:
        """Whether it certainly is."""
        return isinstance(self.imaginary, fmpq) and self.imaginary == 0

    @property
    def size(self) -> Exact:
        """Its distance from 0."""
        if self.is_real:
            return abs(self.real)
        return exact_sqrt(to_ball(self.real) ** 2 + to_ball(self.imaginary) ** 2)


def find_growth(roots: Sequence[Multiplier]) -> Exact:
    """The size of the largest one."""
    sizes = [root.size for root in roots]
    exact = [size for size in sizes if isinstance(size, fmpq)]
    if len(exact) == len(sizes):
        return max(exact)
    return reduce(lambda a, b: a.max(b), map(to_ball, sizes))


def find_multipliers(powers: Sequence[Exact]) -> list[Multiplier]:
    """All roots, each as often as it is one, the largest first; rational ones exactly.

    Raises:
        UndecidedError: If balls leave open how many roots there are.
    """
    exact = [value for value in powers if isinstance(value, fmpq)]
    roots = _exact_roots(exact) if len(exact) == len(powers) else _ball_roots(powers)
    return sorted(roots, key=lambda z: (-round(to_float(z.size), 12), -to_float(z.imaginary)))


def _exact_roots(powers: Sequence[fmpq]) -> list[Multiplier]:
    found: list[Multiplier] = []
    for part, count in fmpq_poly(list(powers)).factor()[1]:
        if part.degree() == 1:
            found += [Multiplier(-part[0] / part[1], _ZERO)] * count
        else:
            roots: Any = part.complex_roots()
            found += [_enclosed(acb(root)) for root, _ in roots for _ in range(count)]
    return found


def _enclosed(root: acb) -> Multiplier:
    return Multiplier(root.real, _ZERO if root.imag == 0 else root.imag)


def _ball_roots(powers: Sequence[Exact]) -> list[Multiplier]:
    if len(powers) == 2:
        return [Multiplier(-powers[0] / powers[1], _ZERO)]
    try:
        rough = arb_poly([to_ball(v) for v in powers]).complex_roots()
    except ValueError as error:
        raise UndecidedError(f"the multipliers cannot be told apart: {error}") from None
    roots = [_sharpen(powers, acb(root)) for root in rough]
    found: list[Multiplier] = []
    for index, root in enumerate(roots):
        # Roots come in pairs; one whose mirror image can be no other root is real.
        mirror = acb(root.real, -root.imag)
        others = roots[:index] + roots[index + 1 :]
        is_real = root.imag.contains(0) and not any(mirror.overlaps(other) for other in others)
        found.append(Multiplier(root.real, _ZERO if is_real else root.imag))
    return found


def _sharpen(powers: Sequence[Exact], root: acb) -> acb:
    """The enclosure of a simple root after a few of Newton's steps."""
    slopes = [value * place for place, value in enumerate(powers)][1:]
    for _ in range(_NEWTON_STEPS):
        middle = acb(root.real.mid(), root.imag.mid())
        slope = _value(slopes, root)
        if slope.contains(0):
            return root
        closer = middle - _value(powers, middle) / slope
        root = acb(closer.real.intersection(root.real), closer.imag.intersection(root.imag))
    return root


def _value(powers: Sequence[Exact], place: acb) -> acb:
    total = acb(0)
    for value in reversed(powers):
        total = total * place + to_ball(value)
    return total
