"""Replays one-sided limits of smooth formulas, at the ends of the sections of a function.

The evidence says step by step how a limit is found; the limit itself is computed here. A step may
replace a formula by one with the same normal form, which must then have a value all over the
section. Isolated points where one side has none do not matter: limits are taken past them.
"""

from __future__ import annotations

from typing import Any, final

from flint import fmpq

from gradiometer.errors import CertificateError
from gradiometer.formula import (
    ZERO,
    Apply,
    Constant,
    Interval,
    Node,
    apply,
    compare_nodes,
    evaluate,
    free_names,
    is_constant,
    number,
    precision,
    sign_of,
    substitute,
    tidy,
    to_ball,
    walk,
)
from gradiometer.proof.check_course import (
    BITS,
    VARIABLE,
    Limit,
    check_limit_text,
    exact_value,
    read_course,
    read_exact,
    read_formula,
    value_of,
)
from gradiometer.proof.check_far_limit import check_far_limit
from gradiometer.proof.check_limit_rules import limit_of, sign_of_limit
from gradiometer.proof.check_signs import (
    Granted,
    check_same,
    check_value_on,
    granted_by,
    read_forms,
    read_signs,
)
from gradiometer.proof.check_walk import fields, read_rational, require

_DEEPEST = 12
_MOST_STEPS = 200


def check_limit(problem: Any, claim: Any, evidence: Any) -> None:
    """Accept the limit of a function or of its slope at one end of a section.

    Raises:
        CertificateError: If the evidence does not show it.
    """
    text, variable, index, end, order = fields(
        problem, "formula", "variable", "section", "end", "order"
    )
    course = read_course(text, variable)
    (claimed,) = fields(claim, "limit")
    given, how = fields(evidence, "forms", "how")
    require(type(index) is int and 0 <= index < len(course.sections), "There is no such section.")
    require(type(order) is int and order in (0, 1), "The order is 0 or 1.")
    require(end in ("lower", "upper"), "An end is `lower` or `upper`.")
    piece = course.sections[index]
    require(isinstance(given, list) and len(given) == order, "The forms are those up to the order.")
    forms = read_forms(given, piece.on, piece.formula, least=order)
    formula = forms[0] if forms else piece.formula
    found = read_limit(formula, piece.on, end, how, granted_by(piece.formula))
    check_limit_text(claimed, found)


def read_limit(formula: Node, on: Interval, end: str, how: Any, granted: Granted) -> Limit:
    """The limit of a smooth formula at one end of an interval, taken inside it.

    Args:
        formula: It has a value on the interval, save at isolated points.
        on: The interval.
        end: `lower` or `upper`.
        how: The steps.
        granted: Expressions that are positive on the interval, save at isolated points.

    Raises:
        CertificateError: If the steps do not show one.
        UndecidedError: If a sign on the way is not certain.
        DomainError: If a value on the way does not exist.
    """
    return _Reading(on, end, granted).read(formula, how, 0)


@final
class _Reading:
    """The steps towards one limit."""

    def __init__(self, on: Interval, end: str, granted: Granted) -> None:
        self._on, self._end, self._granted = on, end, granted
        self._at = on.lower if end == "lower" else on.upper
        self._steps = 0

    def read(self, formula: Node, how: Any, depth: int) -> Limit:
        """The limit of one formula on the way."""
        self._steps += 1
        require(depth < _DEEPEST and self._steps <= _MOST_STEPS, "There are too many steps.")
        word = how.get("by") if isinstance(how, dict) else None
        if word == "value":
            fields(how, "by")
            return self._value(formula)
        if word == "far":
            return self._far(formula, how)
        steps = {"rewrite": self._rewrite, "parts": self._parts, "pole": self._pole,
                 "squeeze": self._squeeze}  # fmt: skip
        if not isinstance(word, str) or word not in steps:
            raise CertificateError("A step towards a limit is not known.")
        return steps[word](formula, how, depth + 1)

    def _value(self, formula: Node) -> Limit:
        if VARIABLE not in free_names(formula):
            return exact_value(tidy(formula))
        if self._at is None:
            raise CertificateError("A formula has no value at infinity.")
        return limit_by_value(formula, self._at)

    def _far(self, formula: Node, how: Any) -> Limit:
        _, listed, start, text = fields(how, "by", "generators", "start", "limit")
        limit: Limit = {"oo": 1, "-oo": -1}[text] if text in ("oo", "-oo") else read_exact(text)
        require(self._at is None, "Only infinite ends are far out.")
        begin, to_right = read_rational(start), self._end == "upper"
        other = self._on.lower if to_right else self._on.upper
        if other is not None:
            order = compare_nodes(number(begin), other)
            require(order == (1 if to_right else -1), "The tail begins outside the section.")
        generators = _formulas(listed)
        check_far_limit(formula, limit, generators, start=begin, to_right=to_right)
        return limit

    def _rewrite(self, formula: Node, how: Any, depth: int) -> Limit:
        _, text, listed, rest = fields(how, "by", "form", "generators", "how")
        form = read_formula(text, smooth=True)
        check_same(formula, form, listed)
        check_value_on(form, self._on, self._granted)
        return self.read(form, rest, depth)

    def _parts(self, formula: Node, how: Any, depth: int) -> Limit:
        _, hows = fields(how, "by", "of")
        if not isinstance(formula, Apply):
            raise CertificateError("A name or number has no parts.")
        operator, arguments = formula.operator, formula.arguments
        if operator == "^" and arguments[0] == Constant("e"):
            operator, arguments = "exp", arguments[1:]
        require(isinstance(hows, list) and len(hows) == len(arguments), "Each part has its limit.")
        limits = [self.read(p, h, depth) for p, h in zip(arguments, hows, strict=True)]
        return limit_of(operator, limits, arguments[-1] if operator == "^" else None)

    def _pole(self, formula: Node, how: Any, depth: int) -> Limit:
        _, given, hows = fields(how, "by", "signs", "of")
        if not isinstance(formula, Apply) or formula.operator != "/":
            raise CertificateError("A pole is one of a quotient.")
        require(self._at is not None, "A pole lies at a finite end.")
        require(isinstance(hows, list) and len(hows) == 2, "A quotient has two parts.")
        above, below = (
            self.read(part, step, depth)
            for part, step in zip(formula.arguments, hows, strict=True)
        )  # fmt: skip
        require(sign_of_limit(above) != 0, "The numerator falls to 0 as well.")
        require(sign_of_limit(below) == 0, "The denominator does not fall to 0.")
        signs, _ = read_signs(formula, self._on, given, self._granted)
        sign = signs[0] if self._end == "lower" else signs[-1]
        require(sign != 0, "The quotient is 0.")
        return sign

    def _squeeze(self, formula: Node, how: Any, depth: int) -> Limit:
        _, *texts, bound, listed, rest = fields(
            how, "by", "factor", "other", "bound", "generators", "how"
        )
        factor, other = (read_formula(text, smooth=True) for text in texts)
        check_same(formula, apply("*", factor, other), listed)
        for part in (factor, other):
            check_value_on(part, self._on, self._granted)
        require(_bound(other) <= read_rational(bound), "The bound is not shown.")
        limit = self.read(factor, rest, depth)
        require(sign_of_limit(limit) == 0, "The factor does not fall to 0.")
        return ZERO


def limit_by_value(formula: Node, at: Node) -> Node:
    """The value of a smooth formula at a point, which is its limit there as well.

    Raises:
        CertificateError: If it need not be the limit.
        DomainError: If there is no value.
        UndecidedError: If there may be none.
    """
    for node in walk(formula):
        base = _base_of_moving_exponent(node)
        if base is not None:
            # 0^0 has a value that need not be the limit.
            there = tidy(substitute(base, {VARIABLE: at}))
            require(sign_of(there) > 0, "The base of a power may fall to 0.")
    return value_of(formula, at)


def _base_of_moving_exponent(node: Node) -> Node | None:
    """The base of a power whose exponent holds the variable, unless it is the constant e."""
    if not isinstance(node, Apply) or node.operator != "^" or is_constant(node.arguments[1]):
        return None
    return None if node.arguments[0] == Constant("e") else node.arguments[0]


def _formulas(listed: Any) -> list[Node]:
    require(isinstance(listed, list), "The generators must be a list of formulas.")
    return [read_formula(text) for text in listed]


def _bound(formula: Node) -> fmpq:
    """A number that the size of a formula of bounded functions never exceeds."""
    if is_constant(formula):
        with precision(BITS):
            size = to_ball(evaluate(formula, {})).abs_upper()
            require(size.is_finite(), "A constant has no enclosure.")
            middle, exponent = size.man_exp()
        return fmpq(middle) * fmpq(2) ** int(exponent)
    if isinstance(formula, Apply) and formula.operator in _BOUNDED:
        return _BOUNDED[formula.operator]
    if isinstance(formula, Apply) and formula.operator in {"+", "-", "*", "neg"}:
        parts = [_bound(part) for part in formula.arguments]
        return parts[0] * parts[-1] if formula.operator == "*" else sum(parts, fmpq(0))
    raise CertificateError("A factor is not built from bounded functions.")


_BOUNDED = {
    "sin": fmpq(1),
    "cos": fmpq(1),
    "tanh": fmpq(1),
    "erf": fmpq(1),
    "sigmoid": fmpq(1),
    "Phi": fmpq(1),
    "atan": fmpq(8, 5),
}
"""Functions with the largest size that they reach; pi/2 is below 8/5."""
