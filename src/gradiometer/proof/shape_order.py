"""Whether a function rises or falls, and which way it bends: one word each, or undecided."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Literal, TypeAlias

from gradiometer.errors import UndecidedError
from gradiometer.formula import Joint, Node
from gradiometer.proof.extended import Extended, compare_extended
from gradiometer.proof.shape import Section, Shape, is_hole
from gradiometer.proof.turns import Turns
from gradiometer.proof.waves import Waves
from gradiometer.proof.witness import find_point

Monotone: TypeAlias = Literal[
    "increasing", "nondecreasing", "decreasing", "nonincreasing", "constant", "none"
]
Convex: TypeAlias = Literal["convex", "concave", "affine", "none"]


def find_monotone(shape: Shape) -> Monotone:
    """`increasing` and `decreasing` are strict; `none` is neither.

    Raises:
        UndecidedError: If a sign of the slope cannot be decided.
    """
    signs = _signs_of_sections(
        shape, lambda section: (section.slope, section.slope_waves), Section.slope_turns
    )
    if signs is None:
        return "none"
    for index, joint in enumerate(_joints(shape)):
        if joint.is_jump:
            signs |= _steps(shape.sections[index], joint, shape.sections[index + 1])
    if {-1, 1} <= signs:
        return "none"
    is_flat = any(_is_flat(section) for section in shape.sections)
    if 1 in signs:
        return "nondecreasing" if is_flat else "increasing"
    if -1 in signs:
        return "nonincreasing" if is_flat else "decreasing"
    return "constant"


def _is_flat(section: Section) -> bool:
    if section.slope_waves is not None:
        return not section.has_slope()
    return 0 in section.slope_turns().signs


def find_convexity(shape: Shape) -> Convex:
    """`convex` and `concave` need not be strict; `none` is neither, `affine` is both.

    Raises:
        UndecidedError: If a sign of the second derivative cannot be decided.
    """
    jumps = [joint for joint in _joints(shape) if joint.is_jump]
    if not all(is_hole(joint) for joint in jumps):
        return "none"
    signs = _signs_of_sections(
        shape, lambda section: (section.bend, section.bend_waves), Section.bend_turns
    )
    if signs is None:
        return "none"
    for index, joint in enumerate(_joints(shape)):
        if joint.is_kink:
            before = shape.sections[index].slope_limit("upper")
            after = shape.sections[index + 1].slope_limit("lower")
            signs.add(compare_extended(after, before))
    if {-1, 1} <= signs:
        return "none"
    if jumps:
        raise UndecidedError("the function has no value at a point between others")
    if 1 in signs:
        return "convex"
    return "concave" if -1 in signs else "affine"


def _joints(shape: Shape) -> tuple[Joint, ...]:
    if shape.has_lone_point():
        raise UndecidedError("the function has a value at a point apart from its other values")
    return shape.joints()


def _signs_of_sections(
    shape: Shape,
    derivative: Callable[[Section], tuple[Node, Waves | None]],
    turns: Callable[[Section], Turns],
) -> set[int] | None:
    """The signs other than 0 that a derivative has; None when it has both.

    Raises:
        UndecidedError: If a sign is not decided and two opposite ones were not found.
    """
    signs: set[int] = set()
    missing: UndecidedError | None = None
    for section in shape.sections:
        node, waves = derivative(section)
        known = waves.signs() if waves is not None else None
        try:
            signs |= known if known is not None else set(turns(section).signs)
        except UndecidedError as error:
            missing = error
            for sign in (-1, 1):
                on = section.open
                if find_point(node, section.variable, on, signs=(sign,)) is not None:
                    signs.add(sign)
    if {-1, 1} <= signs:
        return None
    if missing is not None:
        raise missing
    return signs - {0}


def _steps(left: Section, joint: Joint, right: Section) -> set[int]:
    """The directions in which the function steps at a jump: to its value and on from there."""
    stops: list[Extended] = [left.limit("upper"), right.limit("lower")]
    if joint.value is not None:
        stops.insert(1, joint.value)
    steps = (compare_extended(b, a) for a, b in pairwise(stops))
    return {step for step in steps if step}
