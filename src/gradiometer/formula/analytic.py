"""A smooth formula over the complex numbers: what rigorous integration asks of an integrand.

Integration bounds an integrand by its values on a region around the path, so the formula must say
where it is analytic: across the cut of a root or a logarithm it has no such value.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from flint import acb, arb, fmpq, fmpz

from gradiometer.errors import UndecidedError
from gradiometer.formula.evaluate import evaluate
from gradiometer.formula.exact import Exact
from gradiometer.formula.tree import Apply, Name, Node, free_names

Analytic: TypeAlias = Callable[[acb, bool], acb]
"""A complex ball in, one with all values out; not finite where they are not known.

The flag asks for values of an analytic function: not finite where the formula is not analytic.
"""

_Step: TypeAlias = tuple[Callable[..., acb], tuple[int, ...]]


def compile_analytic(
    node: Node, variable: str, values: Mapping[str, Exact] | None = None
) -> Analytic:
    """The formula as a function of a complex ball, at the precision of the moment.

    Args:
        node: A smooth formula in *variable* and the names of *values*.
        variable: The name that becomes complex.
        values: What the other names are; a ball stands for every number in it.

    Raises:
        UndecidedError: If an operator has no analytic form.

    Example:
        >>> from gradiometer.formula import parse
        >>> compile_analytic(parse("x^2").tree, "x")(acb(0, 1), True)
        -1.00000000000000
    """
    slots: dict[Node, int] = {Name(variable): 0}
    first: list[acb] = [acb(0)]
    steps: list[tuple[int, Callable[..., acb], int, int | None]] = []
    known = values or {}

    def place(current: Node) -> int:
        if current in slots:
            return slots[current]
        if variable not in free_names(current):
            first.append(acb(evaluate(current, known)))
        elif isinstance(current, Apply):
            fixed = None
            if current.operator == "^" and variable not in free_names(current.arguments[1]):
                fixed = evaluate(current.arguments[1], known)
            compute, sources = _read(current, place, fixed)
            first.append(acb(0))
            steps.append((len(first) - 1, compute, sources[0], (*sources, None)[1]))
        slots[current] = len(first) - 1
        return slots[current]

    last = place(node)

    def run(point: acb, analytic: bool) -> acb:
        values = first.copy()
        values[0] = point
        # A loop without lists: integration asks for thousands of values.
        for slot, compute, left, right in steps:
            if right is None:
                values[slot] = compute(analytic, values[left])
            else:
                values[slot] = compute(analytic, values[left], values[right])
        return values[last]

    return run


def _read(node: Apply, place: Callable[[Node], int], exponent: Exact | None) -> _Step:
    if node.operator == "^":
        return _read_power(node, place, exponent)
    if node.operator not in _RULES:
        raise UndecidedError(f"`{node.operator}` has no analytic form")
    return _RULES[node.operator], tuple(place(argument) for argument in node.arguments)


def _read_power(node: Apply, place: Callable[[Node], int], known: Exact | None) -> _Step:
    base, exponent = node.arguments
    if isinstance(known, fmpq) and known.q <= 2:
        top, is_whole = fmpz(known.p), known.q == 1
        if is_whole:
            return (lambda _, a: a**top), (place(base),)
        return (lambda flag, a: a.sqrt(analytic=flag) ** top), (place(base),)
    return (lambda flag, a, b: (b * a.log(analytic=flag)).exp()), (place(base), place(exponent))


def _arc_tangent(flag: bool, point: acb) -> acb:
    if not flag:
        return point.atan()
    turned = point * acb(0, 1)
    # The cuts of both logarithms are those of the arc tangent: i*t with |t| > 1.
    difference = (1 + turned).log(analytic=True) - (1 - turned).log(analytic=True)
    return difference * acb(0, -0.5)


def _softplus(flag: bool, point: acb) -> acb:
    return (1 + point.exp()).log(analytic=flag)


_RULES: Mapping[str, Callable[..., acb]] = {
    "+": lambda _, a, b: a + b,
    "-": lambda _, a, b: a - b,
    "*": lambda _, a, b: a * b,
    "/": lambda _, a, b: a / b,
    "neg": lambda _, a: -a,
    "exp": lambda _, a: a.exp(),
    "ln": lambda flag, a: a.log(analytic=flag),
    "sqrt": lambda flag, a: a.sqrt(analytic=flag),
    "sin": lambda _, a: a.sin(),
    "cos": lambda _, a: a.cos(),
    "tan": lambda _, a: a.tan(),
    "atan": _arc_tangent,
    "sinh": lambda _, a: a.sinh(),
    "cosh": lambda _, a: a.cosh(),
    "tanh": lambda _, a: a.tanh(),
    "sigmoid": lambda _, a: 1 / (1 + (-a).exp()),
    "softplus": _softplus,
    "erf": lambda _, a: a.erf(),
    "erfc": lambda _, a: a.erfc(),
    "Phi": lambda _, a: (-a / arb(2).sqrt()).erfc() / 2,
}
