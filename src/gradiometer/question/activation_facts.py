"""Each fact of the question `activation`, with the sentence that says why."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from gradiometer.errors import UndecidedError
from gradiometer.formula import (
    Interval,
    Node,
    Number,
    Piecewise,
    evaluate,
    substitute,
    tidy,
    to_value,
    walk,
)
from gradiometer.model import Activation
from gradiometer.proof import (
    End,
    Infinite,
    Section,
    Shape,
    find_convexity,
    find_dead,
    find_lipschitz,
    find_monotone,
    find_point,
    find_range,
    find_slope_range,
    is_affine,
    is_polynomial,
    shorten,
)
from gradiometer.question.activation_traits import TRAITS
from gradiometer.question.activation_words import say, say_where, spell, to_fact_value, to_interval
from gradiometer.question.answer import Fact, proved, unknown
from gradiometer.question.value import INFINITY, to_value_text

_FAR: Mapping[End, str] = {"lower": "-oo", "upper": "oo"}


def describe_formula(model: Activation, function: Piecewise | None) -> Fact:
    """The formula as the user wrote it, and what it comes to."""
    text = spell(tidy(model.tree) if model.parameters else model.tree)
    known = f"`{model.name}` of the catalogue. " if model.name else ""
    if function is not None and len(function.pieces) == 1:
        short = shorten(function.pieces[0].formula)
        if spell(short) != text:
            return proved(text, f"{known}It is {spell(short)} for {_where(function)}.")
    if function is not None and len(function.pieces) > 1:
        return proved(text, f"{known}It has {len(function.pieces)} pieces.")
    return proved(text, f"{known}The formula as it was given.")


def _where(function: Piecewise) -> str:
    on = function.pieces[0].on
    return "all x" if on == Interval(None, None) else f"x in {to_value_text(on)}"


def _derivative(shape: Shape) -> Fact:
    slopes = [spell(section.slope) for section in shape.sections]
    if len(set(slopes)) == 1:
        reason = "By the rules of differentiation"
        joints = [joint for joint in shape.joints() if joint.is_jump]
        places = f", except at {_places(joints)}" if joints else ""
        return proved(slopes[0], f"{reason}{places}.")
    parts = [
        f"{slope} for {say_where(section.open)}"
        for slope, section in zip(slopes, shape.sections, strict=True)
    ]
    return proved("; ".join(parts), "Each piece is differentiated by itself, inside its interval.")


def _places(joints: list[Any]) -> str:
    return ", ".join(f"x = {spell(joint.at)}" for joint in joints)


def _pieces(shape: Shape) -> Fact:
    slopes = {id(section.piece): spell(section.slope) for section in shape.sections}
    rows = [
        {
            "on": to_interval(piece.on),
            "formula": spell(shorten(piece.formula)),
            "slope": slopes.get(id(piece)),
        }
        for piece in shape.function.pieces
    ]
    count = len(rows)
    if count == 1:
        return proved(rows, "One smooth formula holds everywhere.")
    return proved(rows, f"The branches change at {_ends(shape)}; {count} pieces are left.")


def _ends(shape: Shape) -> str:
    ends = [piece.on.lower for piece in shape.function.pieces[1:]]
    return ", ".join(dict.fromkeys(f"x = {spell(end)}" for end in ends if end is not None))


def _affine(shape: Shape) -> Fact:
    if is_affine(shape):
        slope = say(shape.sections[0].slope_limit("lower"))
        return proved(True, f"The slope is {slope} everywhere and nothing jumps.")
    return proved(False, _why_bent(shape))


def _why_bent(shape: Shape) -> str:
    if not shape.is_everywhere():
        return "It has no value for some x."
    for section in shape.sections:
        point = find_point(section.bend, section.variable, section.open, signs=(-1, 1))
        if point is not None:
            return f"The slope changes: f''({point}) {_bend_at(section, point)} is not 0."
    for joint in shape.joints():
        if joint.is_jump:
            return f"It jumps at x = {spell(joint.at)}."
        if joint.is_kink:
            sides = [_slope_text(side) for side in (joint.left_slope, joint.right_slope)]
            return f"The slope is {sides[0]} before x = {spell(joint.at)} and {sides[1]} after."
    raise UndecidedError("why the function is not affine")


def _bend_at(section: Section, point: Any) -> str:
    if sum(1 for _ in walk(section.bend)) > _MOST_NODES:
        # Exact digits of a long formula tell nobody anything, and take long.
        return to_value_text(evaluate(section.bend, {section.variable: point}))
    value = to_value(tidy(substitute(section.bend, {section.variable: Number(point)})))
    return f"= {spell(value)}"


_MOST_NODES = 60


def _slope_text(slope: Node | None) -> str:
    return "not finite" if slope is None else spell(slope)


def _polynomial(shape: Shape) -> Fact:
    if is_polynomial(shape):
        return proved(True, f"It is {spell(shorten(shape.sections[0].piece.formula))}.")
    if not shape.is_everywhere():
        return proved(False, "It has no value for some x.")
    broken = [joint for joint in shape.joints() if joint.is_jump or joint.is_kink]
    if broken:
        word = "jump" if broken[0].is_jump else "kink"
        return proved(False, f"A polynomial has no {word}; here is one at {_places(broken[:1])}.")
    return proved(False, "It is no polynomial: it grows or settles as no polynomial does.")


def _continuous(shape: Shape) -> Fact:
    if shape.is_continuous():
        joints = shape.joints()
        if not joints:
            return proved(True, "One formula that has a value everywhere, made of continuous ones.")
        return proved(True, f"The pieces meet with equal values at {_places(list(joints))}.")
    if not shape.is_everywhere():
        return proved(False, "It has no value for some x.")
    jumps = [joint for joint in shape.joints() if joint.is_jump]
    return proved(False, f"It jumps at {_places(jumps)}.")


def _kinks(shape: Shape) -> Fact:
    rows = []
    for index, joint in enumerate(shape.joints()):
        if joint.is_kink:
            left = shape.sections[index].slope_limit("upper")
            right = shape.sections[index + 1].slope_limit("lower")
            rows.append(
                {
                    "at": to_fact_value(joint.at),
                    "left_slope": to_fact_value(left),
                    "right_slope": to_fact_value(right),
                }
            )
    if not rows:
        return proved(rows, "The slopes from both sides agree wherever pieces meet without a jump.")
    return proved(rows, "There the values from both sides agree and the slopes do not.")


def _jumps(shape: Shape) -> Fact:
    if shape.has_lone_point():
        raise UndecidedError("the function has a value at a point apart from its other values")
    rows = []
    for index, joint in enumerate(shape.joints()):
        if joint.is_jump:
            left = shape.sections[index].limit("upper")
            right = shape.sections[index + 1].limit("lower")
            rows.append(
                {
                    "at": to_fact_value(joint.at),
                    "left_value": to_fact_value(left),
                    "right_value": to_fact_value(right),
                    "value": None if joint.value is None else to_fact_value(joint.value),
                }
            )
    if not rows:
        return proved(rows, "Wherever pieces meet, both sides and the value there agree.")
    return proved(rows, "There the two sides and the value at the point are not all equal.")


def _range(shape: Shape) -> Fact:
    found = [to_interval(part) for part in find_range(shape)]
    value = found[0] if len(found) == 1 else found
    if len(found) > 1:
        return proved(value, "The values of the pieces leave gaps between them.")
    return proved(value, "Extrema inside the pieces, values at their ends, and limits.")


_MONOTONE = {
    "increasing": "The slope is never negative and 0 at single points at most.",
    "nondecreasing": "The slope is never negative; it is 0 on a whole stretch.",
    "decreasing": "The slope is never positive and 0 at single points at most.",
    "nonincreasing": "The slope is never positive; it is 0 on a whole stretch.",
    "constant": "The slope is 0 everywhere and nothing jumps.",
    "none": "f(a) < f(b) for some a < b, and f(a) > f(b) for others.",
}


def _monotone(shape: Shape) -> Fact:
    word = find_monotone(shape)
    jumps = [joint for joint in shape.joints() if joint.is_jump]
    way = " Jumps go the same way." if jumps and word not in {"none", "constant"} else ""
    return proved(word, _MONOTONE[word] + way)


_CONVEX = {
    "convex": "The slope never falls, neither inside a piece nor at a joint.",
    "concave": "The slope never rises, neither inside a piece nor at a joint.",
    "affine": "The slope is the same everywhere.",
    "none": "Some chord is not above the graph, and some is not below it.",
}


def _convex(shape: Shape) -> Fact:
    word = find_convexity(shape)
    if word == "none" and any(joint.is_jump for joint in shape.joints()):
        return proved(word, "A convex or concave function does not jump.")
    return proved(word, _CONVEX[word])


def _lipschitz(shape: Shape) -> Fact:
    value = find_lipschitz(shape)
    if isinstance(value, Infinite):
        jumps = [joint for joint in shape.joints() if joint.is_jump]
        reason = f"It jumps at {_places(jumps)}." if jumps else "The slope is not bounded."
        return proved(INFINITY, f"There is no such constant. {reason}")
    return proved(to_fact_value(value), f"The largest size of a slope is {say(value)}.")


def _slope_range(shape: Shape) -> Fact:
    return proved(
        to_interval(find_slope_range(shape)),
        "The smallest interval with all slopes, one-sided slopes at kinks included.",
    )


def _limit(end: End) -> Callable[[Shape], Fact]:
    def describe(shape: Shape) -> Fact:
        section = _outermost(shape, end)
        if section is None:
            return unknown(f"The function has no value near {_FAR[end]}.")
        if section.waves is not None and not section.waves.may_settle():
            return proved("none", f"f(x) swings for ever as x tends to {_FAR[end]}.")
        value = section.limit(end)
        because = f"f(x) tends to {say(value)} as x tends to {_FAR[end]}."
        return proved(to_fact_value(value), because)

    return describe


def _slope(end: End) -> Callable[[Shape], Fact]:
    def describe(shape: Shape) -> Fact:
        section = _outermost(shape, end)
        if section is None:
            return unknown(f"The function has no value near {_FAR[end]}.")
        if section.slope_waves is not None and not section.slope_waves.may_settle():
            return proved("none", f"f'(x) swings for ever as x tends to {_FAR[end]}.")
        value = section.slope_limit(end)
        because = f"f'(x) tends to {say(value)} as x tends to {_FAR[end]}."
        return proved(to_fact_value(value), because)

    return describe


def _vanishes(end: End) -> Callable[[Shape], Fact]:
    def describe(shape: Shape) -> Fact:
        slope = _slope(end)(shape)
        if slope.value is None:
            return slope
        return proved(slope.value == 0, slope.because)

    return describe


def _outermost(shape: Shape, end: End) -> Section | None:
    section = shape.sections[0 if end == "lower" else -1]
    far = section.open.lower if end == "lower" else section.open.upper
    return section if far is None else None


def _dead(shape: Shape) -> Fact:
    found = [to_interval(part) for part in find_dead(shape)]
    if not found:
        return proved([], "On no interval is the slope 0 throughout.")
    places = ", ".join(to_value_text(on) for on in found)
    return proved(found, f"The slope is 0 throughout {places}: no gradient passes there.")


FACTS: Mapping[str, Callable[[Shape], Fact]] = {
    "derivative": _derivative,
    "pieces": _pieces,
    "affine": _affine,
    "polynomial": _polynomial,
    "continuous": _continuous,
    "kinks": _kinks,
    "jumps": _jumps,
    "range": _range,
    "monotone": _monotone,
    "convex": _convex,
    "lipschitz": _lipschitz,
    "slope_range": _slope_range,
    "limit_left": _limit("lower"),
    "limit_right": _limit("upper"),
    "slope_left": _slope("lower"),
    "slope_right": _slope("upper"),
    "vanishes_left": _vanishes("lower"),
    "vanishes_right": _vanishes("upper"),
    "dead": _dead,
    **TRAITS,
}
"""What makes each fact, in reading order."""
