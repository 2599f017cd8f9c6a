"""How large a formula may be: its text, its tree, and the numbers it would compute.

The bound on numbers comes from the tree alone, from the leaves upwards: a power is refused for what
it would be, without being computed.
"""

from __future__ import annotations

from typing import NamedTuple

from flint import fmpq

from gradiometer.errors import DomainError, LimitError, UndecidedError
from gradiometer.formula.evaluate import evaluate
from gradiometer.formula.tree import OPERATORS, Apply, Name, Node, Number, Span, walk

MOST_CHARACTERS = 4_000
"""Characters of one formula."""
MOST_LIST_CHARACTERS = 200_000
"""Characters of a list of assignments."""
MOST_DIGITS = 60
"""Digits of a number before its exponent."""
MOST_DECIMAL_EXPONENT = 400
"""Size of the exponent in a number such as `1e-3`."""
MOST_NAME = 60
"""Characters of a name."""
MOST_NESTING = 60
"""Brackets, signs and exponents inside one another."""
MOST_DEPTH = 120
"""Levels of the tree; a sum of n terms has n of them."""
MOST_NODES = 2_000
"""Numbers, names, operators and functions in one formula."""
MOST_VALUE_BITS = 100_000
"""Bits of the numerator and the denominator of a constant, together."""
MOST_EXPONENT = 1_000
"""Size of a constant exponent over a variable base; also the degree that nested powers reach."""

_EXACT_BITS = 4_096
"""Constants up to this size are computed, so that bounds above them are sharp."""
_FLOOR_BITS = 8_192
"""A ball is never refined further than this, so its integer part has no more bits."""


class _Size(NamedTuple):
    """What is known of a subtree; one without variables has degree 0."""

    depth: int
    degree: int
    top: int = 0
    """The numerator is below 2^top; top and bottom are 0 for a ball, which never grows."""
    bottom: int = 0
    """The denominator is at most 2^bottom."""
    value: fmpq | None = None
    """The value, when it is rational and small."""


def check_text(text: str, *, most: int = MOST_CHARACTERS) -> None:
    """Refuse a text that is longer than *most* characters.

    Raises:
        LimitError: If it is.
    """
    if len(text) > most:
        raise LimitError(
            f"A formula may have at most {most:,} characters; this one has {len(text):,}.",
            text=text[: most + 1],
            start=most,
            hint="split it into parts that have a name each",
        )


def check_limits(tree: Node, *, text: str = "") -> None:
    """Refuse a tree that is too large, or whose constants would be.

    Args:
        tree: The tree, of any depth.
        text: The source text that the spans of the tree refer to.

    Raises:
        LimitError: If a limit is exceeded; its place is the smallest subtree that exceeds it.

    Example:
        >>> from gradiometer.formula import apply, number
        >>> check_limits(apply("^", number(9), apply("^", number(9), number(9))))
        Traceback (most recent call last):
        ...
        gradiometer.errors.LimitError: LimitError: This power has more than 100,000 bits.
    """
    nodes = list(walk(tree))
    if len(nodes) > MOST_NODES:
        raise _too_large(f"A formula may have at most {MOST_NODES:,} parts.", text, None)
    sizes: dict[int, _Size] = {}
    for node in reversed(nodes):
        if isinstance(node, Number):
            size = _rational(1, node.value)
        elif isinstance(node, Apply):
            size = _apply_size(node, [sizes[id(part)] for part in node.arguments], text)
        else:
            size = _Size(1, 1 if isinstance(node, Name) else 0)
        sizes[id(node)] = size


def _apply_size(node: Apply, parts: list[_Size], text: str) -> _Size:
    depth = 1 + max(part.depth for part in parts)
    if depth > MOST_DEPTH:
        raise _too_large(f"A formula may have at most {MOST_DEPTH} levels.", text, node.span)
    degree = max(part.degree for part in parts)
    if node.operator not in OPERATORS:
        return _Size(depth, 1)
    if node.operator == "^":
        size = _power_size(depth, parts[0], parts[1], node, text)
    elif degree:
        return _Size(depth, _degree(node.operator, parts))
    else:
        size = _Size(depth, 0, *_bits(node.operator, parts))
    if size.degree:
        return size
    if size.top + size.bottom > MOST_VALUE_BITS:
        raise _too_large(
            f"This {OPERATORS[node.operator].about} has more than {MOST_VALUE_BITS:,} bits.",
            text,
            node.span,
        )
    return _computed(node.operator, parts, size)


def _degree(operator: str, parts: list[_Size]) -> int:
    """A bound on the degree in the variables; what the power of a function is, is not expanded."""
    if operator in {"*", "/"}:
        return sum(part.degree for part in parts)
    if OPERATORS[operator].kind == "smooth" and operator != "sqrt":
        return 1
    return max(part.degree for part in parts)


def _bits(operator: str, parts: list[_Size]) -> tuple[int, int]:
    """Bounds `(top, bottom)` of an operation on constants, powers excepted."""
    first = parts[0]
    last = parts[-1]
    if operator in {"+", "-"}:
        return max(first.top + last.bottom, last.top + first.bottom) + 1, first.bottom + last.bottom
    if operator == "*":
        return first.top + last.top, first.bottom + last.bottom
    if operator == "/":
        # A numerator of exactly 2^bottom needs one bit more than the bound of a denominator.
        return first.top + last.bottom + 1, first.bottom + last.top
    kind = OPERATORS[operator].kind
    if kind == "smooth" and operator != "sqrt":
        # Rational only at 0 (1 for ln), where the value is 0, 1 or 1/2.
        return (0, 0) if _is_ball(first) else (1, 1)
    if operator == "floor":
        return (_FLOOR_BITS, 0) if _is_ball(first) else (first.top + 1, 0)
    if operator in {"sign", "passed"} or kind in {"relation", "logic"}:
        return MOST_NODES.bit_length(), 0
    return max(part.top for part in parts), max(part.bottom for part in parts)


def _power_size(depth: int, base: _Size, exponent: _Size, node: Apply, text: str) -> _Size:
    if exponent.degree:
        return _Size(depth, max(1, base.degree))
    size = _exponent_size(exponent)
    if base.degree:
        if size > MOST_EXPONENT:
            raise _too_large(
                f"The exponent of a variable may be at most {MOST_EXPONENT:,}.", text, node.span
            )
        degree = base.degree * size
        if degree > MOST_EXPONENT and size > 1:
            raise _too_large(
                f"Powers of powers may reach degree {MOST_EXPONENT:,} at most.", text, node.span
            )
        return _Size(depth, max(1, degree))
    power = exponent.value
    # Only a rational to an integer or a half grows; other powers are computed as balls.
    if _is_ball(base) or _is_ball(exponent) or (power is not None and power.q > 2):
        return _Size(depth, 0)
    if base.value is not None and abs(base.value) in {fmpq(0), fmpq(1)}:
        return _Size(depth, 0, 1, 0)
    growth = 1 << min(exponent.top, 64) if power is None else abs(int(power.p))
    top, bottom = growth * base.top, growth * base.bottom
    if power is None or power < 0:
        top, bottom = max(top, bottom + 1), max(top, bottom)
    return _Size(depth, 0, max(1, top), bottom)


def _exponent_size(exponent: _Size) -> int:
    """The absolute value, rounded up; 1 for an irrational exponent, which is never expanded."""
    if exponent.value is not None:
        return -(-abs(int(exponent.value.p)) // int(exponent.value.q))
    return 1 if _is_ball(exponent) else 1 << min(exponent.top, 64)


def _is_ball(size: _Size) -> bool:
    return size.value is None and size.top == 0 and size.bottom == 0


def _computed(operator: str, parts: list[_Size], bound: _Size) -> _Size:
    """The size with its value, when every part has one and the result is known to be small."""
    values = [part.value for part in parts]
    if bound.top + bound.bottom > _EXACT_BITS or OPERATORS[operator].kind in {"relation", "logic"}:
        return bound
    known = [value for value in values if value is not None]
    if len(known) < len(values) or operator == "where":
        return bound
    try:
        value = evaluate(Apply(operator, tuple(map(Number, known))), {})
    except (DomainError, LimitError, UndecidedError):
        return bound
    if isinstance(value, fmpq):
        return _rational(bound.depth, value)
    return _Size(bound.depth, 0)


def _rational(depth: int, value: fmpq) -> _Size:
    top = int(value.p).bit_length()
    bottom = (int(value.q) - 1).bit_length()
    return _Size(depth, 0, top, bottom, value)


def _too_large(problem: str, text: str, span: Span | None) -> LimitError:
    start, end = span if span is not None else (None, None)
    return LimitError(problem, text=text, start=start, end=end)
