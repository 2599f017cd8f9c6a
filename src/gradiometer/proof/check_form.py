"""Replays whether a function is a polynomial, and of degree 1 at most.

Positive by coefficients. Negative by what no polynomial has: a reduced quotient with a denominator,
an exponential, a slope of some order that settles at infinity without being constant, or two
sections that are different polynomials.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from gradiometer.errors import CertificateError
from gradiometer.formula import (
    Name,
    Node,
    Piece,
    apply,
    compare,
    compare_nodes,
    number,
    precision,
    sign_of,
    tidy,
)
from gradiometer.proof.check_course import (
    BITS,
    VARIABLE,
    Course,
    ball_over,
    is_everywhere,
    is_inside,
    opened,
    read_course,
    read_exact,
    read_formula,
    value_of,
)
from gradiometer.proof.check_formula import check_equal
from gradiometer.proof.check_limit import read_limit
from gradiometer.proof.check_signs import granted_by, read_forms
from gradiometer.proof.check_terms import Terms
from gradiometer.proof.check_walk import fields, read_rational, require

_MOST_COEFFICIENTS = 64
_MOST_ORDER = 3

_Verdict = tuple[bool, bool, bool]


def check_form(problem: Any, claim: Any, evidence: Any) -> None:
    """Accept whether a function is a polynomial, affine, and one save at isolated points.

    The last is only claimed where it is true; with the evidence `domain` it is not claimed.

    Raises:
        CertificateError: If the evidence does not show it.
    """
    course = read_course(*fields(problem, "formula", "variable"))
    said = fields(claim, "polynomial", "affine", "almost")
    require(all(isinstance(word, bool) for word in said), "A claim is yes or no.")
    word = evidence.get("by") if isinstance(evidence, dict) else None
    if not isinstance(word, str) or word not in _SHOWN:
        raise CertificateError("The evidence is of an unknown kind.", known=tuple(_SHOWN))
    require(tuple(said) == _SHOWN[word](course, evidence), "The form is another one.")


def _by_coefficients(course: Course, evidence: Any) -> _Verdict:
    _, given, identities = fields(evidence, "by", "coefficients", "identities")
    coefficients, polynomial = _read_polynomial(given)
    count = len(course.sections)
    require(isinstance(identities, list) and len(identities) == count, "Each section has its row.")
    for piece, identity in zip(course.sections, identities, strict=True):
        check_equal(piece.formula, polynomial, identity)
    # A closed end belongs to its section, so only lone points are left.
    there = (
        (value_of(p.formula, p.on.lower), value_of(polynomial, p.on.lower))
        for p in course.lone
        if p.on.lower is not None
    )
    whole = is_everywhere(course) and all(compare_nodes(*both) == 0 for both in there)
    return whole, whole and len(coefficients) <= 2, True


def _read_polynomial(given: Any) -> tuple[list[Node], Node]:
    """Coefficients, the constant one first and the last one not 0, and their polynomial."""
    fits = isinstance(given, list) and 0 < len(given) <= _MOST_COEFFICIENTS
    require(fits, "Coefficients must be a list.")
    found = [read_exact(text) for text in given]
    require(len(found) == 1 or sign_of(found[-1]) != 0, "The leading coefficient is 0.")
    total = found[0]
    for power, factor in enumerate(found[1:], start=1):
        total = apply("+", total, apply("*", factor, apply("^", Name(VARIABLE), number(power))))
    return found, tidy(total)


def _by_normal_form(course: Course, evidence: Any) -> _Verdict:
    _, index, listed = fields(evidence, "by", "section", "generators")
    piece = _section(course, index)
    require(isinstance(listed, list) and len(listed) < 2, "One generator is allowed.")
    terms = Terms([VARIABLE], [read_formula(text) for text in listed])
    top, bottom = terms.read(piece.formula)
    require(not terms.field.unused(), "The evidence names a generator that is not used.")
    if not listed:
        require(int(bottom.degrees()[0]) > 0, "The formula may be a polynomial.")
        return False, False, False
    (term,) = terms.field.terms.values()
    require(term.kind == "exp", "The generator is no exponential.")
    inside = term.arguments[0]
    # e^u is transcendental over the quotients of polynomials in x when u is one and not constant.
    require(any(int(part.degrees()[0]) > 0 for part in inside), "The exponent is constant.")
    require(any(int(part.degrees()[1]) > 0 for part in (top, bottom)), "It does not occur.")
    return False, False, False


def _by_settling(course: Course, evidence: Any) -> _Verdict:
    """A polynomial with a derivative that has a finite limit at infinity has it everywhere."""
    _, index, end, order, given, how, points = fields(
        evidence, "by", "section", "end", "order", "forms", "how", "points"
    )
    piece = _section(course, index)
    require(end in ("lower", "upper"), "An end is `lower` or `upper`.")
    require((piece.on.lower if end == "lower" else piece.on.upper) is None, "The end is finite.")
    require(type(order) is int and 0 <= order <= _MOST_ORDER, "The order is no small number.")
    require(isinstance(given, list) and len(given) == order, "The forms are those up to the order.")
    forms = read_forms(given, piece.on, piece.formula, least=order)
    formula = forms[-1] if forms else piece.formula
    limit = read_limit(formula, piece.on, end, how, granted_by(piece.formula))
    require(not isinstance(limit, int), "The limit is infinite.")
    require(isinstance(points, list) and len(points) == 2, "Two points have different values.")
    values = [_value(formula, piece, text) for text in points]
    with precision(BITS):
        require(compare(*values) != 0, "The values may be equal.")
    return False, False, False


def _value(formula: Node, piece: Piece, text: Any) -> Any:
    point = read_rational(text)
    require(is_inside(number(point), opened(piece.on)), "A point is outside its section.")
    return ball_over(formula, point)


def _by_difference(course: Course, evidence: Any) -> _Verdict:
    _, indices, given, identities = fields(
        evidence, "by", "sections", "coefficients", "identities"
    )  # fmt: skip
    rows = (indices, given, identities)
    require(all(isinstance(r, list) and len(r) == 2 for r in rows), "Two sections are compared.")
    both = []
    for index, texts, identity in zip(*rows, strict=True):
        coefficients, polynomial = _read_polynomial(texts)
        check_equal(_section(course, index).formula, polynomial, identity)
        both.append(coefficients)
    first, second = both
    differ = len(first) != len(second) or any(
        compare_nodes(one, other) != 0 for one, other in zip(first, second, strict=True)
    )
    require(differ, "The sections are the same polynomial.")
    return False, False, False


def _by_domain(course: Course, evidence: Any) -> _Verdict:
    fields(evidence, "by")
    require(not is_everywhere(course), "The function has a value everywhere.")
    return False, False, False


def _section(course: Course, index: Any) -> Piece:
    fits = type(index) is int and 0 <= index < len(course.sections)
    require(fits, "There is no such section.")
    return course.sections[index]


_SHOWN: Mapping[str, Callable[[Course, Any], _Verdict]] = {
    "coefficients": _by_coefficients,
    "normal": _by_normal_form,
    "settles": _by_settling,
    "differ": _by_difference,
    "domain": _by_domain,
}
