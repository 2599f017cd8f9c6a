"""Whether given signs of several affine expressions can occur together (Fourier and Motzkin)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from flint import fmpq

from gradiometer.errors import DomainError, UndecidedError
from gradiometer.formula import Affine, Node, free_names, to_affine

_MOST_ROWS = 200

_Row: TypeAlias = tuple[dict[str, fmpq], Any, bool]
"""Coefficients, constant, and whether the sum is above 0 (True) or at least 0 (False)."""


def can_occur(signs: Mapping[Node, int]) -> bool:
    """Whether there may be a point at which each expression has its sign.

    Expressions that are not affine are passed over, so True proves nothing and False proves that
    there is none.

    Example:
        >>> from gradiometer.formula import parse
        >>> a, b, c = (parse(text).tree for text in ("p - q", "q - r", "r - p"))
        >>> can_occur({a: 1, b: 1}), can_occur({a: 1, b: 1, c: 1})
        (True, False)
    """
    rows: list[_Row] = []
    for node, sign in signs.items():
        form = _affine(node)
        if form is not None:
            rows.extend(_rows(form, sign))
    names = sorted({name for coefficients, _, _ in rows for name in coefficients})
    for name in names:
        rows = _eliminate(rows, name)
        if len(rows) > _MOST_ROWS:
            return True
    return all(constant > 0 or (constant == 0 and not strict) for _, constant, strict in rows)


def _affine(node: Node) -> Affine | None:
    one = fmpq(1)
    forms = {name: Affine(fmpq(0), {name: one}) for name in free_names(node)}
    try:
        form = to_affine(node, forms, {})
    except (UndecidedError, DomainError):
        return None
    numbers = (form.constant, *form.coefficients.values())
    return form if all(isinstance(value, fmpq) for value in numbers) else None


def _rows(form: Affine, sign: int) -> list[_Row]:
    """The form has the sign, as inequalities."""
    turns = (sign,) if sign else (1, -1)
    return [(_scaled(form.coefficients, turn), turn * form.constant, sign != 0) for turn in turns]


def _scaled(coefficients: Mapping[str, Any], factor: int) -> dict[str, fmpq]:
    return {name: factor * value for name, value in coefficients.items() if value != 0}


def _eliminate(rows: list[_Row], name: str) -> list[_Row]:
    """What the inequalities say of the other names."""
    kept = [row for row in rows if row[0].get(name, 0) == 0]
    lower = [row for row in rows if row[0].get(name, 0) > 0]
    upper = [row for row in rows if row[0].get(name, 0) < 0]
    sums = (_add(first, second, name) for first in lower for second in upper)
    return [*kept, *sums]


def _add(first: _Row, second: _Row, name: str) -> _Row:
    """The sum of two inequalities, each times a positive number, in which *name* falls out."""
    times, also = -second[0][name], first[0][name]
    names = {*first[0], *second[0]} - {name}
    zero = fmpq(0)
    sums = {k: times * first[0].get(k, zero) + also * second[0].get(k, zero) for k in names}
    strict = first[2] or second[2]
    return _scaled(sums, 1), times * first[1] + also * second[1], strict
