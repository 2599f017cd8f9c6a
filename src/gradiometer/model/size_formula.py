"""Formulas of sizes: exact whole numbers, one number an axis, truths and words.

A size that is not known is None, and what needs it is not known either.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from operator import add, eq, ge, gt, le, lt, mul, ne, sub
from typing import Any, TypeAlias, final

from gradiometer.errors import DomainError, LimitError
from gradiometer.formula import Constant, Name, Node, Number, free_names, parse

Size: TypeAlias = "int | Fraction | bool | str | tuple[Any, ...] | None"
"""A number, a truth, a word, a size that is not known, or one of these an axis."""

MOST_BITS = 4_096
"""Largest size of a number that a formula of sizes may give, in bits."""

FUNCTIONS = ("product", "total", "axes", "ceil", "axis")
"""What these formulas have beside the functions of all formulas."""

_AXES = re.compile(r"[0-9]+(?:x[0-9]+)+")
_BARE_TRUTH = re.compile(
    r"(?P<before>^|[(,]|\b(?:and|or|not)\b)(?P<blank>\s*)"
    r"(?P<name>(?!(?:and|or|not|where|max|min)\b)[A-Za-z_]\w*)(?=\s*(?:$|[),]|\b(?:and|or)\b))"
)
_ASKED = re.compile(r"\bwhere\(\s*([A-Za-z_]\w*)\s*,")
_WORD = re.compile(r"[A-Za-z_]\w*")
_INNERMOST = re.compile(r"(\w?)\(([^()]*)\)")
_LOGIC = re.compile(r"\b(?:and|or|not)\b")
_STATEMENT = re.compile(r"[<>=!≤≥≠]|\b(?:and|or|not)\b")


@final
@dataclass(frozen=True)
class SizeFormula:
    """A formula that was compiled once and is evaluated at many sizes."""

    text: str
    names: frozenset[str]
    run: Callable[[Mapping[str, Size]], Size]
    """The values of its names in, its value out; a name without a value is a word."""


@lru_cache(maxsize=20_000)
def read_size(text: str) -> SizeFormula:
    """The compiled formula that *text* writes.

    Args:
        text: Such as `4*width`, `3x5` for two axes, `true`, `same`, `i < 3` or `bias and i = 0`.

    Raises:
        FormulaError: If the text is no formula.

    Example:
        >>> read_size("floor((space - kernel)/2) + 1").run({"space": (9, None), "kernel": 3})
        (4, None)
    """
    if _AXES.fullmatch(text):
        axes = tuple(int(part) for part in text.split("x"))
        return SizeFormula(text, frozenset(), lambda values: axes)
    if text == "?":
        return SizeFormula(text, frozenset(), lambda values: None)
    if _WORD.fullmatch(text) and text not in {"true", "false"}:
        # A word may have the name of a function, such as `relu`.
        return SizeFormula(text, frozenset([text]), lambda values: values.get(text, text))
    tree = _parse(text)
    return SizeFormula(text, free_names(tree) - {"true", "false"}, _compile(tree))


def _parse(text: str) -> Node:
    written = _ASKED.sub(r"where(\1 = true,", text)
    if _LOGIC.search(text):
        # Formulas have no truths of their own, so a bare name is compared with one.
        previous = ""
        while previous != written:
            previous = written
            written = _BARE_TRUTH.sub(_say_truth, written)
    if _STATEMENT.search(_outside_calls(text)):
        written = f"where({written}, true, false)"
    return parse(written, functions=FUNCTIONS).tree


def _outside_calls(text: str) -> str:
    """The text without what stands in the brackets of functions."""
    previous = ""
    while previous != text:
        previous = text
        text = _INNERMOST.sub(lambda match: match[1] or f" {match[2]} ", text)
    return text


def _say_truth(match: re.Match[str]) -> str:
    around = match.string[match.end() :].lstrip()[:3]
    joined = around.startswith(("and", "or")) or match["before"] in {"and", "or", "not"}
    name = f"{match['name']} = true" if joined else match["name"]
    return f"{match['before']}{match['blank']}{name}"


def check_names(formula: SizeFormula, known: Collection[str]) -> str:
    """The first name of a formula that is none of *known*, or an empty text.

    Example:
        >>> check_names(read_size("4*widht"), ["width"])
        'widht'
    """
    return min(formula.names - set(known), default="")


def to_size_text(value: Size) -> str:
    """A value as it is written in a network.

    Example:
        >>> to_size_text((3, None)), to_size_text(True), to_size_text(Fraction(1, 2))
        ('3x?', 'true', '1/2')
    """
    if value is None:
        return "?"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return "x".join(map(to_size_text, value)) or "()"
    return str(value)


def _compile(node: Node) -> Callable[[Mapping[str, Size]], Size]:
    if isinstance(node, Number):
        top, bottom = int(node.value.p), int(node.value.q)
        constant = top if bottom == 1 else Fraction(top, bottom)
        return lambda values: constant
    if isinstance(node, Name):
        name = node.name
        truth = {"true": True, "false": False}.get(name)
        if truth is not None:
            return lambda values: truth
        return lambda values: values.get(name, name)
    if isinstance(node, Constant):
        name = node.name
        return lambda values: values.get(name, name)
    parts = [_compile(part) for part in node.arguments]
    if node.operator == "where":
        return _choose(*parts)
    if node.operator in _WHOLE:
        whole = _WHOLE[node.operator]
        return lambda values: whole(*[part(values) for part in parts])
    run = _EACH.get(node.operator)
    if run is None:
        raise DomainError(f"`{node.operator}` has no meaning for sizes.", known=tuple(_EACH))
    relation = node.operator in _RELATIONS
    return _each_axis(run, parts, relation=relation)


def _choose(*parts: Callable[[Mapping[str, Size]], Size]) -> Callable[[Mapping[str, Size]], Size]:
    condition, if_true, if_false = parts

    def choose(values: Mapping[str, Size]) -> Size:
        truth = condition(values)
        if truth is None:
            return None
        return if_true(values) if truth is True else if_false(values)

    return choose


def _each_axis(
    run: Callable[..., Any],
    parts: list[Callable[[Mapping[str, Size]], Size]],
    *,
    relation: bool,
) -> Callable[[Mapping[str, Size]], Size]:
    def call(values: Mapping[str, Size]) -> Size:
        found = [part(values) for part in parts]
        lengths = {len(part) for part in found if isinstance(part, tuple)}
        if not lengths:
            return _run(run, found, relation=relation)
        if len(lengths) > 1:
            raise DomainError(f"{_listed(found)} have different numbers of axes.")
        spread = [part if isinstance(part, tuple) else (part,) * max(lengths) for part in found]
        each = tuple(_run(run, row, relation=relation) for row in zip(*spread, strict=True))
        return _both(each) if relation else each

    return call


def _run(run: Callable[..., Any], parts: Any, *, relation: bool) -> Size:
    if None in parts:
        return None
    if not relation:
        for part in parts:
            if isinstance(part, str | bool):
                raise DomainError(f"`{to_size_text(part)}` is no number.")
    return run(*parts)


def _listed(parts: Collection[Size]) -> str:
    return " and ".join(f"`{to_size_text(part)}`" for part in parts)


def _both(truths: Collection[Any]) -> bool | None:
    """Whether all are true; not known where that depends on one that is not known."""
    if False in truths:
        return False
    return None if None in truths else True


def _either(*truths: Size) -> bool | None:
    if True in truths:
        return True
    return None if None in truths else False


def _not(truth: Size) -> bool | None:
    return None if truth is None else truth is not True


def _divide(left: Any, right: Any) -> Any:
    if right == 0:
        raise DomainError("A size is divided by zero.")
    return _plain(Fraction(left) / right)


def _plain(value: Any) -> Any:
    return value.numerator if isinstance(value, Fraction) and value.denominator == 1 else value


def _power(base: Any, exponent: Any) -> Any:
    if not isinstance(exponent, int):
        raise DomainError(f"The exponent `{exponent}` of a size is no whole number.")
    bits = max(abs(base.numerator).bit_length(), base.denominator.bit_length())
    if bits * abs(exponent) > MOST_BITS:
        raise LimitError(f"A size has more than {MOST_BITS:,} bits.")
    if base == 0 and exponent < 0:
        raise DomainError("A size is divided by zero.")
    return _plain(Fraction(base) ** exponent)


def _ordered(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    def run(left: Any, right: Any) -> bool:
        for part in (left, right):
            if isinstance(part, str | bool):
                raise DomainError(f"`{to_size_text(part)}` is no number.")
        return compare(left, right)

    return run


def _same(left: Any, right: Any) -> bool:
    # 1 and true are equal in Python and different here.
    return isinstance(left, bool) == isinstance(right, bool) and eq(left, right)


_RELATIONS: Mapping[str, Callable[..., Any]] = {
    "==": _same,
    "!=": lambda left, right: not _same(left, right) if isinstance(left, str) else ne(left, right),
    "<": _ordered(lt),
    "<=": _ordered(le),
    ">": _ordered(gt),
    ">=": _ordered(ge),
}

_EACH: Mapping[str, Callable[..., Any]] = {
    **_RELATIONS,
    "+": lambda left, right: _plain(add(left, right)),
    "-": lambda left, right: _plain(sub(left, right)),
    "*": lambda left, right: _plain(mul(left, right)),
    "/": _divide,
    "^": _power,
    "neg": lambda part: -part,
    "abs": abs,
    "floor": lambda part: part.__floor__(),
    "ceil": lambda part: part.__ceil__(),
    "max": lambda *parts: max(parts),
    "min": lambda *parts: min(parts),
    "clip": lambda part, low, high: min(max(part, low), high),
}
"""Operations that are done axis by axis."""


def _axes(value: Size) -> tuple[Any, ...]:
    return value if isinstance(value, tuple) else (value,)


def _product(value: Size) -> Size:
    result: Any = 1
    for part in _axes(value):
        if part is None:
            return None
        result = _plain(result * part)
    return result


def _total(value: Size) -> Size:
    axes = _axes(value)
    return None if None in axes else sum(axes)


def _axis(value: Size, number: Size) -> Size:
    axes = _axes(value)
    if not isinstance(number, int) or not -len(axes) <= number < len(axes):
        raise DomainError(f"`{to_size_text(value)}` has no axis {to_size_text(number)}.")
    return axes[number]


_WHOLE: Mapping[str, Callable[..., Size]] = {
    "product": _product,
    "total": _total,
    "axes": lambda value: len(_axes(value)),
    "axis": _axis,
    "and": lambda *truths: _both([truth if truth is None else truth is True for truth in truths]),
    "or": _either,
    "not": _not,
}
"""Operations on all axes together, and logic."""
