"""Signs of a smooth formula on an open interval, and the texts that stand for it on all of it.

Equal normal forms prove equal values where both formulas have one. So a formula that stands for
another one on an interval must have a value all over it, save at isolated points: under its roots
and logarithms, and in the bases of its powers, stand expressions that are certainly positive there.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any, TypeAlias

from gradiometer.errors import CertificateError, DomainError, LimitError, UndecidedError
from gradiometer.formula import (
    Apply,
    Constant,
    Interval,
    Node,
    Number,
    apply,
    compare_nodes,
    differentiate,
    free_names,
    is_constant,
    number,
    possible_signs,
    sign_of,
    tidy,
    to_text,
    walk,
)
from gradiometer.proof.check_boxes import replay
from gradiometer.proof.check_course import (
    VARIABLE,
    Pair,
    ball_over,
    inner_points,
    is_inside,
    opened,
    read_exact,
    read_formula,
    read_pair,
    spell_interval,
)
from gradiometer.proof.check_formula import check_equal, find_sign_on
from gradiometer.proof.check_sturm import End, find_sign
from gradiometer.proof.check_terms import Terms
from gradiometer.proof.check_walk import fields, require

Place: TypeAlias = "Node | Pair"
"""A point that is known exactly, or between two rationals."""

Granted: TypeAlias = "frozenset[Node]"
"""Expressions that are positive on a section save at isolated points."""

_MOST_PLACES = 500
_MOST_FORMS = 10
_MOST_FACTORS = 3

_WORDS = {"positive": 1, "nonnegative": 1, "negative": -1, "nonpositive": -1, "zero": 0}


def read_signs(
    formula: Node, on: Interval, evidence: Any, granted: Granted = frozenset()
) -> tuple[list[int], list[Place]]:
    """The signs from left to right on the open interval, and the places between them.

    Each sign is that of all but finitely many points of its part. All signs are 0, without a place,
    or none is.

    Raises:
        CertificateError: If the evidence does not show them.
    """
    inside, times = opened(on), 0
    word = evidence.get("by") if isinstance(evidence, dict) else None
    while word == "factor":
        require(times < _MOST_FACTORS, "There are too many factors.")
        formula, evidence = _without_factor(formula, inside, evidence, granted)
        word, times = evidence.get("by") if isinstance(evidence, dict) else None, times + 1
    if word == "boxes":
        _, shown = fields(evidence, "by", "evidence")
        signs, places = _signs_by_boxes(formula, inside, shown, granted)
    else:
        _, points, parts = fields(evidence, "by", "points", "parts")
        require(word == "sign", "Signs are shown by `sign`, `boxes` or `factor`.")
        signs, places = _signs_by_sturm(formula, inside, points, parts)
    require(0 not in signs or (set(signs) == {0} and not places), "A part is 0 throughout.")
    return signs, places


def _without_factor(
    formula: Node, on: Interval, evidence: Any, granted: Granted
) -> tuple[Node, Any]:
    """The other factor of a formula of which one is positive on the interval, and its evidence."""
    _, *texts, listed, rest = fields(evidence, "by", "factor", "rest", "generators", "signs")
    factor, other = (read_formula(text, smooth=True) for text in texts)
    check_same(formula, apply("*", factor, other), listed)
    signs = possible_signs(factor, {VARIABLE: possible_signs_of_variable(on)})
    require(signs == frozenset((1,)), "The factor may not be positive.")
    for part in (factor, other):
        check_value_on(part, on, granted)
    return other, rest


def check_same(left: Node, right: Node, listed: Any) -> None:
    """Accept that two formulas in x have the same normal form in the listed generators.

    Raises:
        CertificateError: If they have not, or a generator is not used.
    """
    require(isinstance(listed, list), "The generators must be a list of formulas.")
    terms = Terms([VARIABLE], [read_formula(text) for text in listed])
    require(terms.is_same(terms.read(left), terms.read(right)), "A formula is another one.")
    require(not terms.field.unused(), "The evidence names a generator that is not used.")


def _signs_by_sturm(
    formula: Node, on: Interval, points: Any, parts: Any
) -> tuple[list[int], list[Place]]:
    require(isinstance(points, list) and len(points) <= _MOST_PLACES, "Points must be a list.")
    require(isinstance(parts, list) and len(parts) == len(points) + 1, "Each part has a sign.")
    places = [read_exact(point) for point in points]
    for left, right in pairwise(places):
        require(compare_nodes(left, right) < 0, "The points do not rise.")
    for place in places[:1] + places[-1:]:
        require(is_inside(place, on), "A point is outside its section.")
    signs = []
    ends = [on.lower, *places, on.upper]
    for lower, upper, part in zip(ends, ends[1:], parts, strict=False):
        word, shown = fields(part, "sign", "evidence")
        found = find_sign_on(formula, VARIABLE, Interval(lower, upper), shown)
        require(word == found, "A part has another sign.")
        require(word in _WORDS, "A part has no single sign.")
        signs.append(_WORDS[word])
    return signs, list(places)


def _signs_by_boxes(
    formula: Node, on: Interval, evidence: Any, granted: Granted
) -> tuple[list[int], list[Place]]:
    problem = {"formula": to_text(formula), "variable": VARIABLE, "on": spell_interval(on)}
    signs, zeros = replay(problem, evidence)
    check_value_on(read_formula(evidence["factor"], smooth=True), on, granted)
    if evidence["left"] is not None or evidence["right"] is not None:
        # Cells show that the form has values, tails do not.
        check_value_on(read_formula(evidence["form"], smooth=True), on, granted)
    places: list[Place] = []
    for zero in zeros:
        place = read_exact(zero[0]) if len(zero) == 1 else read_pair(zero)
        ends = place if isinstance(place, tuple) else ()
        require(all(is_inside(number(end), on) for end in ends), "A zero is outside its section.")
        places.append(place)
    return list(signs), places


def check_value_on(formula: Node, on: Interval, granted: Granted) -> None:
    """Refuse a smooth formula that may have no value on the interval, save at isolated points.

    Raises:
        CertificateError: If that is not certain.
    """
    for inside in arguments_above_zero(formula):
        known = inside in granted or tidy(inside) in granted
        require(known or _is_positive(tidy(inside), on), "A formula may have no value somewhere.")
    _check_value_somewhere(formula, on)


def _check_value_somewhere(formula: Node, on: Interval) -> None:
    for point in inner_points(on):
        try:
            ball_over(formula, point)
        except (CertificateError, DomainError, LimitError, UndecidedError):
            continue
        return
    raise CertificateError("A formula has no value at the points that were tried.")


def arguments_above_zero(formula: Node, *, with_logarithms: bool = True) -> Iterator[Node]:
    """What stands under roots and logarithms and below exponents that are no integers."""
    for node in walk(formula):
        if not isinstance(node, Apply):
            continue
        is_power = node.operator == "^" and not _is_whole(node.arguments[-1])
        if (
            node.operator == "sqrt"
            or (with_logarithms and node.operator == "ln")
            or (is_power and node.arguments[0] != Constant("e"))
        ):
            yield node.arguments[0]


def granted_by(formula: Node) -> Granted:
    """What is certainly positive, save at isolated points, where the formula has a value."""
    inside = list(arguments_above_zero(formula))
    return frozenset((*inside, *map(tidy, inside)))


def _is_whole(node: Node) -> bool:
    return isinstance(node, Number) and node.value.q == 1


def _is_positive(inside: Node, on: Interval) -> bool:
    if is_constant(inside):
        return sign_of(inside) > 0
    signs = {VARIABLE: possible_signs_of_variable(on)}
    if possible_signs(inside, signs) == frozenset((1,)):
        return True
    terms = Terms([VARIABLE], [])
    top, bottom = (_coefficients(part) for part in terms.read(inside))
    ends = End(terms, on.lower, None, -1), End(terms, on.upper, None, 1)
    return find_sign(top, bottom, *ends, (False, False)) == "positive"


def possible_signs_of_variable(on: Interval) -> frozenset[int]:
    """The signs of the numbers inside the interval."""
    if on.lower is not None and sign_of(on.lower) >= 0:
        return frozenset((1,))
    if on.upper is not None and sign_of(on.upper) <= 0:
        return frozenset((-1,))
    return frozenset((-1, 0, 1))


def _coefficients(part: Any) -> list[Any]:
    found = {int(powers[0]): factor for powers, factor in part.to_dict().items()}
    return [found.get(power, 0) for power in range(max(found, default=0) + 1)]


def read_forms(given: Any, piece: Interval, formula: Node, *, least: int) -> list[Node]:
    """The first derivatives of a piece's formula, in the spelling of the evidence.

    Each agrees with the derivative all over the section, save at isolated points.

    Raises:
        CertificateError: If one is something else, or there are fewer than *least*.
    """
    require(isinstance(given, list) and least <= len(given) <= _MOST_FORMS, "Forms are missing.")
    forms: list[Node] = []
    granted, before = granted_by(formula), formula
    for entry in given:
        text, identity = fields(entry, "formula", "identity")
        raw = differentiate(before, VARIABLE)
        form = read_formula(text, smooth=True)
        if to_text(raw) == text:
            require(identity is None, "A form that is spelled alike needs no identity.")
            _check_value_somewhere(raw, piece)
            form = raw
        else:
            check_equal(raw, form, identity)
            check_value_on(form, piece, granted)
        forms.append(form)
        before = form
    return forms


def check_roots(given: Any, on: Interval, formula: Node) -> None:
    """Accept that a formula is analytic inside its section.

    Raises:
        CertificateError: If the evidence does not show it.
    """
    needed: dict[str, Node] = {}
    for inside in arguments_above_zero(formula, with_logarithms=False):
        if VARIABLE in free_names(inside):
            needed.setdefault(to_text(inside), inside)
        else:
            require(sign_of(inside) > 0, "The base of a power is not positive.")
    require(isinstance(given, list) and len(given) == len(needed), "Each root has its evidence.")
    granted = granted_by(formula)
    for inside, evidence in zip(needed.values(), given, strict=True):
        found = read_signs(inside, on, evidence, granted)
        require(found == ([1], []), "What stands under a root is not positive.")
