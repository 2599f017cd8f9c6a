"""The certificates behind the facts of `activation`: signs of slopes and bends, equal formulas."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from gradiometer.errors import UndecidedError
from gradiometer.formula import Interval, Node, differentiate, is_smooth, to_text
from gradiometer.model import Activation
from gradiometer.proof import Section, Shape, combine, prove_equal, shorten, sign_on

_MOST_PARTS = 100
"""A formula with more signs than these is proved by exact algebra alone."""


def certify(model: Activation, shape: Shape) -> dict[str, Any] | None:
    """One certificate of all that a checker can replay; None when that is nothing."""
    parts: list[dict[str, Any]] = []
    for prove in _list_proofs(model, shape):
        try:
            parts.append(prove())
        except UndecidedError:
            continue
    return combine(parts)


def _list_proofs(model: Activation, shape: Shape) -> Iterator[Callable[[], dict[str, Any]]]:
    if is_smooth(model.tree):
        short = shorten(shape.sections[0].piece.formula)
        if to_text(short) != to_text(model.tree):
            yield lambda: prove_equal(model.tree, short)
    signs = [
        (section, node, part)
        for section in shape.sections
        for node, parts in _derivatives(section)
        for part in parts
    ]
    for section in shape.sections:
        raw = differentiate(section.piece.formula, section.variable)
        if to_text(raw) != to_text(section.slope):
            yield lambda raw=raw, slope=section.slope: prove_equal(raw, slope)
    for section, node, part in signs[:_MOST_PARTS]:
        yield lambda node=node, name=section.variable, on=part: sign_on(node, name, on).certificate


def _derivatives(section: Section) -> Iterator[tuple[Node, list[Interval]]]:
    """The first two derivatives with the intervals on which each has one sign."""
    for node, find in ((section.slope, section.slope_parts), (section.bend, section.bend_parts)):
        try:
            yield node, [on for on, _ in find()]
        except UndecidedError:
            continue
