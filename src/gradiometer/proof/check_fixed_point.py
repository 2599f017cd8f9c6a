"""Replays fixed points of the variance map of wide random layers, and the slope chi there.

The map is q -> w*E[f(sqrt(q)*Z)^2] + b. For two half-lines through 0 it is affine; 0 stays where
f(0) = 0 and b = 0; and between two variances with opposite signs of map less identity there is a
fixed point, since the map is continuous: normal densities of all variances between low and high
lie below sqrt(high/low) times that of the largest one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, final

from flint import arb, fmpq

from gradiometer.errors import CertificateError
from gradiometer.formula import (
    ONE,
    ZERO,
    Name,
    Node,
    Number,
    apply,
    cancel,
    compare_nodes,
    evaluate,
    number,
    precision,
    sign_of,
    tidy,
    to_ball,
)
from gradiometer.proof.check_course import (
    BITS,
    VARIABLE,
    Course,
    is_everywhere,
    is_inside,
    opened,
    read_course,
    read_exact,
    read_formula,
    read_pair,
    value_of,
    value_there,
)
from gradiometer.proof.check_joints import Meeting, read_meetings
from gradiometer.proof.check_moment import check_moment, read_digits
from gradiometer.proof.check_profile import replay_profile
from gradiometer.proof.check_walk import fields, read_rational, require, same

_LEAST, _MOST = fmpq(1, 10**6), fmpq(10**6)
_WIDEST = 1 + fmpq(1, 10**9)


@final
@dataclass(frozen=True, eq=False)
class _Layer:
    """A function with the variances of weights and biases, and what is claimed of its map."""

    text: str
    course: Course
    weight: fmpq
    bias: fmpq
    point: Any
    chi: Any
    unique: Any

    def check_claim(self, point: str, chi: str, *, unique: bool) -> None:
        """Refuse a claim that is another one."""
        said = [self.point, self.chi, self.unique]
        require(same(said, [point, chi, unique]), "The fixed point is another one.")


def check_fixed_point(problem: Any, claim: Any, evidence: Any) -> None:
    """Accept a fixed point of the variance map, with chi there.

    Raises:
        CertificateError: If the evidence does not show it.
    """
    text, variable, weight, bias = fields(
        problem, "formula", "variable", "weight_variance", "bias_variance"
    )
    layer = _Layer(text, read_course(text, variable), read_rational(weight), read_rational(bias),
                   *fields(claim, "point", "chi", "unique"))  # fmt: skip
    require(layer.weight > 0 and layer.bias >= 0, "A variance is negative.")
    word = evidence.get("by") if isinstance(evidence, dict) else None
    if word == "line":
        fields(evidence, "by")
        _check_line(layer)
    elif word == "zero":
        _check_zero(layer, evidence)
    else:
        require(word == "between", "The evidence is of an unknown kind.")
        _check_between(layer, *fields(evidence, "by", "moments")[1:])


def _check_line(layer: _Layer) -> None:
    """Two half-lines with slopes a and b: the map is w*(a^2 + b^2)/2*q + bias for q > 0."""
    sections = list(layer.course.sections)
    whole = sections[0].on.lower is None and sections[-1].on.upper is None
    require(whole and len(sections) <= 2, "The function has more than two branches.")
    if len(sections) == 2:
        for end in (sections[0].on.upper, sections[1].on.lower):
            require(end is not None and sign_of(end) == 0, "The branches do not meet at 0.")
    slopes = [_slope_of_line(piece.formula) for piece in (sections[0], sections[-1])]
    chi = layer.weight * sum((slope * slope for slope in slopes), fmpq(0)) / 2
    if layer.bias == 0:
        there = value_there(layer.course, ZERO) if len(sections) == 2 else ZERO
        # At q = 0 only the value at 0 counts.
        require(there is not None and sign_of(there) == 0, "The function is not 0 at 0.")
        layer.check_claim("every" if chi == 1 else "0", str(chi), unique=chi != 1)
    elif chi < 1:
        layer.check_claim(str(layer.bias / (1 - chi)), str(chi), unique=True)
    else:
        layer.check_claim("none", "none", unique=False)


def _slope_of_line(formula: Node) -> fmpq:
    slope = ZERO if tidy(formula) == ZERO else tidy(cancel(apply("/", formula, Name(VARIABLE))))
    if not isinstance(slope, Number):
        raise CertificateError("A branch is no line through 0 with a rational slope.")
    return slope.value


def _check_zero(layer: _Layer, evidence: Any) -> None:
    """0 is a fixed point where f(0) = 0, and chi is w*f'(0)^2 where f has a derivative at 0."""
    steep = isinstance(evidence, dict) and "profile" in evidence
    _, shown, *rest = fields(evidence, "by", "joints", *(["profile"] if steep else []))
    require(layer.bias == 0 and layer.point == "0", "0 stays only without a bias.")
    meetings = read_meetings(layer.course, shown)
    value, slope = _at_zero(layer.course, meetings, shown)
    require(value is not None and sign_of(value) == 0, "The function is not 0 at 0.")
    if layer.chi is not None:
        if slope is None:
            raise CertificateError("The function has no derivative at 0 that is shown.")
        chi = apply("*", number(layer.weight), apply("^", slope, number(2)))
        _check_chi(layer.chi, chi)
    require(layer.unique is steep, "That there is no other fixed point takes a profile.")
    if steep:
        _check_steepness(layer, meetings, *fields(rest[0], "claim", "evidence"))


def _at_zero(
    course: Course, meetings: list[Meeting] | None, shown: Any
) -> tuple[Node | None, Node | None]:
    """The value and the slope at 0, None where there is none; the function is continuous there."""
    for piece, part in zip(course.sections, shown["sections"], strict=True):
        if is_inside(ZERO, opened(piece.on)):
            slope = read_formula(part["forms"][0]["formula"], smooth=True)
            return value_of(piece.formula, ZERO), value_of(slope, ZERO)
    for meeting in meetings or ():
        if compare_nodes(meeting.at, ZERO) == 0:
            require(not meeting.is_jump, "The function jumps at 0.")
            slope = None if meeting.is_kink else meeting.left.slope
            return meeting.value, None if isinstance(slope, int) else slope
    raise CertificateError("0 is neither inside a section nor where two of them meet.")


def _check_chi(claimed: Any, chi: Node) -> None:
    if isinstance(claimed, list):
        low, high = read_pair(claimed)
        with precision(BITS):
            ball = to_ball(evaluate(tidy(chi), {}))
            require(bool(ball > low and ball < high), "Chi is another number.")
    else:
        require(compare_nodes(number(read_rational(claimed)), chi) == 0, "Chi is another number.")


def _check_steepness(
    layer: _Layer, meetings: list[Meeting] | None, claim: Any, evidence: Any
) -> None:
    """|f(x)| <= L*|x| with w*L^2 < 1, so the map stays below the identity for q > 0."""
    whole = is_everywhere(layer.course) and meetings is not None
    require(whole and not any(m.is_jump for m in meetings or ()), "The function is not continuous.")
    replay_profile(layer.course, 1, claim, evidence)
    for section in claim["sections"]:
        require(section["signs"] is not None, "The course of a slope is not shown.")
        turns = [turn["value"] for turn in section["turns"]]
        for slope in (section["lower"], *turns, section["upper"]):
            require(slope not in (None, "oo", "-oo"), "A slope may be infinite.")
            require(_is_flat(slope, layer.weight), "The function may be too steep.")


def _is_flat(slope: Any, weight: fmpq) -> bool:
    """Whether weight*slope^2 < 1."""
    if isinstance(slope, list):
        return all(weight * end * end < 1 for end in read_pair(slope))
    square = apply("*", number(weight), apply("^", read_exact(slope), number(2)))
    return compare_nodes(tidy(square), ONE) < 0


def _check_between(layer: _Layer, moments: Any) -> None:
    squares, slopes = fields(moments, "square", "slope_square")
    low, high = read_pair(layer.point)
    require(low >= _LEAST and high <= _MOST, "The variances are not within what is replayed.")
    require(high <= low * _WIDEST, "The variances are too far from each other.")
    require(layer.unique is False, "Other fixed points may exist.")
    ends = _read_moments(layer, "square", squares)
    signs = [
        _sign(layer.weight * least + layer.bias - q, layer.weight * most + layer.bias - q)
        for q, (least, most) in zip((low, high), ends, strict=True)
    ]
    require(signs[0] * signs[1] == -1, "There is no change of sign.")
    if slopes is None:
        require(layer.chi is None, "Chi is not shown.")
        return
    (least, _), (_, most) = _read_moments(layer, "slope_square", slopes)
    first, last = read_pair(layer.chi)
    with precision(BITS):
        ratio = arb(high / low).sqrt()
        low_chi, high_chi = layer.weight * max(least, fmpq(0)) / ratio, layer.weight * most * ratio
        require(bool(low_chi > first or first <= 0), "Chi may be smaller.")
        require(bool(high_chi < last), "Chi may be larger.")


def _sign(low: fmpq, high: fmpq) -> int:
    """The sign of all numbers between the two, else 0."""
    return 1 if low > 0 else -1 if high < 0 else 0


def _read_moments(layer: _Layer, of: str, digits: Any) -> list[tuple[fmpq, fmpq]]:
    """Bounds of a mean at both variances."""
    require(isinstance(digits, list) and len(digits) == 2, "Each variance has its mean.")
    bounds = []
    for variance, text in zip(layer.point, digits, strict=True):
        problem = {"formula": layer.text, "of": of, "variance": variance}
        check_moment(problem, {"digits": text}, {})
        value, allowed = read_digits(text)
        bounds.append((value - allowed, value + allowed))
    return bounds
