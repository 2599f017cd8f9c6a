"""The certificates behind the facts of `activation`: signs of slopes and bends, equal formulas."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

from gradiometer.errors import UndecidedError
from gradiometer.formula import differentiate, is_smooth, to_text
from gradiometer.model import Activation
from gradiometer.proof import Shape, combine, prove_equal, shorten, sign_on

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
    for section in shape.sections:
        raw = differentiate(section.piece.formula, section.variable)
        if to_text(raw) != to_text(section.slope):
            yield lambda raw=raw, slope=section.slope: prove_equal(raw, slope)
    yield from islice(_list_signs(shape), _MOST_PARTS)


def _list_signs(shape: Shape) -> Iterator[Callable[[], dict[str, Any]]]:
    """The proofs of the signs of the first two derivatives."""
    for section in shape.sections:
        for node, waves, find in (
            (section.slope, section.slope_waves, section.slope_turns),
            (section.bend, section.bend_waves, section.bend_turns),
        ):
            if waves is not None and waves.is_periodic:
                yield waves.certificate
                continue
            try:
                turns = find()
            except UndecidedError:
                continue
            if turns.certificate is not None:
                yield lambda turns=turns: dict(turns.certificate or {})
            for on in turns.parts:
                name = section.variable
                yield lambda node=node, name=name, on=on: sign_on(node, name, on).certificate
