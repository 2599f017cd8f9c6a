"""Replays certificates of kind `stability`: the safe values of a parameter of an update rule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any, final

from flint import fmpq

from gradiometer.errors import CertificateError, UndecidedError
from gradiometer.formula import (
    Exact,
    Node,
    Range,
    at_point,
    compare,
    evaluate,
    free_names,
    number,
    parse,
    precision,
    substitute,
)
from gradiometer.proof.check_clock import know, require_clocks, require_values_of
from gradiometer.proof.check_eigenvalues import Multiplier, find_growth, find_multipliers
from gradiometer.proof.check_fields import fields, read_rational, require
from gradiometer.proof.check_germ import Germ
from gradiometer.proof.check_germ_read import GermReader
from gradiometer.proof.check_multipliers import CURVATURE, Linear, boundaries, read_linear
from gradiometer.proof.check_no_root import value_at
from gradiometer.proof.check_quotient import Quotient
from gradiometer.proof.check_rest import (
    Ends,
    check_curvatures,
    check_rest,
    read_ends,
    read_ground,
)
from gradiometer.proof.check_stable_set import (
    Crossing,
    Domain,
    Span,
    at_value,
    check_mode,
    is_stable_at,
    list_crossings,
    meet,
    name_loss,
)

BITS = 384
"""Working precision of the replay."""


@final
@dataclass(frozen=True)
class Inquiry:
    """A rule with a free parameter, read from a certificate."""

    step: tuple[tuple[str, Node], ...]
    states: Mapping[str, Node]
    """What is remembered, with its value before the first step."""
    values: Mapping[str, fmpq]
    parameter: str
    domain: Domain

    def linear(self, curvature: Exact, *, at_origin: bool, named: bool = False) -> Linear:
        """The linear part of the rule for one curvature."""
        return read_linear(
            self.step, self.states, self.values, parameter=self.parameter, domain=self.domain,
            curvature=curvature, at_origin=at_origin, named=named,
        )  # fmt: skip


def read_inquiry(problem: Any) -> Inquiry:
    """The rule of a certificate, with the numbers put in that are held fixed."""
    rule, parameter, domain, held, _ = fields(
        problem, "rule", "parameter", "domain", "held", "landscape"
    )
    states, step, values = fields(rule, "state", "step", "values")
    require(isinstance(domain, list) and len(domain) == 2, "The domain has two ends.")
    low, high = (None if end is None else read_rational(end) for end in domain)
    if low is None or (high is not None and low >= high):
        raise CertificateError("The domain is no interval.")
    numbers = {name: read_rational(text) for name, text in values.items()}
    known = {*numbers, *states, "x", "g", "t", "loss", "noise", parameter}
    require(len(known) == len(numbers) + len(states) + 6, "A name stands for two things.")
    fixed: dict[str, Node] = {}
    for name, text in held.items():
        require(name in states, "What is held is not remembered.")
        fixed[name] = fixed[f"{name}'"] = number(read_rational(text))
    trees: list[tuple[str, Node]] = []
    for target, text in step:
        require(isinstance(target, str) and target not in known, "A name is assigned twice.")
        tree = parse(text, names=known).tree
        known.add(target)
        if target not in fixed:
            trees.append((target, substitute(tree, fixed)))
    free = tuple(name for name in states if name not in held)
    require(all(f"{name}'" in known for name in ("x", *states)), "The rule is not complete.")
    first = {*numbers, "x", parameter}
    memory = {name: parse(states[name], names=first).tree for name in free}
    alive = _needed(trees, memory)
    ranges = {name: at_point(value) for name, value in numbers.items()}
    ranges |= {parameter: Range(low, high), "t": Range(fmpq(1), None)}
    known = know(trees, memory, ranges, parameter=parameter)
    require_values_of(trees, {target for target, _ in trees} - alive, known)
    memory = {name: tree for name, tree in memory.items() if f"{name}'" in alive}
    kept = tuple((target, tree) for target, tree in trees if target in alive)
    require_clocks(kept, memory, know(kept, memory, ranges, parameter=parameter))
    return Inquiry(kept, memory, numbers, parameter, (low, high))


def _needed(trees: Sequence[tuple[str, Node]], memory: Mapping[str, Node]) -> set[str]:
    """What can reach the position."""
    needed = {"x'"}
    while True:
        read = {n for target, tree in trees if target in needed for n in free_names(tree)}
        grown = needed | read | {f"{name}'" for name in read if name in memory}
        if grown == needed:
            return needed
        needed = grown


def check_stability(problem: Any, claim: Any, evidence: Any) -> None:
    """Accept that the stated set holds all values at which the rule returns to the point.

    Raises:
        CertificateError: If it does not follow.
    """
    at, curvatures, stable, formulas, rates = fields(
        claim, "at", "curvatures", "stable", "formulas", "rates"
    )
    piece, frame, breaks = fields(evidence, "piece", "frame", "breaks")
    with precision(BITS):
        inquiry = read_inquiry(problem)
        ground = read_ground(problem["landscape"], piece)
        place = [read_ends(row) for row in at]
        at_origin = all(ends == Ends(fmpq(0), fmpq(0)) for ends in place)
        bends = [read_ends(row) for row in curvatures]
        linears = [inquiry.linear(ends.value, at_origin=at_origin) for ends in bends]
        check_rest(ground, place, fmpq(0) if at_origin else find_pull(linears))
        check_curvatures(ground, place, bends, frame)
        require(isinstance(breaks, list) and len(breaks) == len(linears), "Breaks are missing.")
        sets = [
            check_mode(linear, inquiry.parameter, inquiry.domain, [read_ends(e) for e in row])
            for linear, row in zip(linears, breaks, strict=True)
        ]
        spans = reduce(meet, sets)
        crossings = [c for linear in linears for c in list_crossings(linear, inquiry.parameter)]
        said = [spell_span(span, crossings, inquiry.domain) for span in spans]
        require(stable == said, "The safe values are others.")
        require(isinstance(formulas, list) and isinstance(rates, list), "A list is missing.")
        for row in formulas:
            _check_formula(inquiry, row, bends, spans, at_origin=at_origin)
        for row in rates:
            _check_rate(inquiry, linears, spans, row)


def find_pull(linears: Sequence[Linear]) -> fmpq:
    """The k for which the rule rests where `gradient + k*x` vanishes.

    Raises:
        UndecidedError: If that depends on the free parameter.
    """
    found: set[str] = set()
    pull: fmpq | None = None
    for linear in linears:
        a, b = linear.pull
        if b.is_zero():
            raise UndecidedError("where the rule rests does not depend on the gradient")
        pull = (a / b).constant()
        if pull is None:
            raise UndecidedError("where the rule rests changes with its parameters")
        found.add(str(pull))
    if pull is None or len(found) != 1:
        raise UndecidedError("where the rule rests depends on the direction")
    return pull


def spell_ends(ends: Ends) -> list[str]:
    """Two ends as a certificate writes them."""
    return [str(ends.lower), str(ends.upper)]


def spell_span(span: Span, crossings: Sequence[Crossing], domain: Domain) -> dict[str, Any]:
    """An interval of safe values as a certificate writes it."""
    lower, upper = span
    return {
        "from": spell_ends(lower),
        "to": None if upper is None else spell_ends(upper),
        "from_loss": name_loss(crossings, lower, domain),
        "to_loss": name_loss(crossings, upper, domain),
    }


def _check_formula(
    inquiry: Inquiry, row: Any, bends: Sequence[Ends], spans: Sequence[Span], *, at_origin: bool
) -> None:
    """Accept that a formula in all parameters makes a multiplier pass, and is an end of the set."""
    text, mode, index, side = fields(row, "text", "curvature", "span", "side")
    require(type(mode) is int and 0 <= mode < len(bends), "There is no such curvature.")
    require(type(index) is int and 0 <= index < len(spans), "There is no such interval.")
    require(side in ("from", "to"), "An interval has two sides.")
    end = spans[index][0 if side == "from" else 1]
    if end is None:
        raise CertificateError("The interval has no end.")
    names = {name for name, value in inquiry.values.items() if value != 0} | {CURVATURE}
    tree = parse(text, names=names).tree
    known: dict[str, Exact] = {**inquiry.values, CURVATURE: bends[mode].value}
    value = evaluate(tree, known)
    if isinstance(value, fmpq) and end.lower == end.upper:
        require(value == end.lower, "The formula has another value.")
    else:
        require(end.holds(value), "The formula has another value.")
    linear = inquiry.linear(bends[mode].value, at_origin=at_origin, named=True)
    vanishing = [
        polynomial
        for block in linear.blocks
        for polynomial in boundaries(block.polynomial).values()
        if vanishes_at(linear, polynomial, inquiry, tree)
    ]
    require(bool(vanishing), "No multiplier passes the unit circle at the formula.")


def vanishes_at(linear: Linear, polynomial: Any, inquiry: Inquiry, tree: Node) -> bool:
    """Whether a polynomial is 0 for all parameters when the free one is what a formula says."""
    symbols = linear.symbols
    reader = GermReader(symbols, inquiry.parameter, inquiry.domain)
    known = {name: Germ(symbols.add(name)) for name in (*inquiry.values, CURVATURE)}
    place = reader.read(tree, known).value
    total = symbols.rational(0)
    for coefficient in reversed(in_parameter(linear, polynomial, inquiry.parameter)):
        total = total * place + coefficient
    return total.is_zero()


def in_parameter(linear: Linear, polynomial: Any, parameter: str) -> list[Quotient]:
    """The coefficients of a polynomial as one in the free parameter alone."""
    symbols = linear.symbols
    index = symbols.names.index(parameter)
    rows: list[Quotient] = []
    for powers, coefficient in polynomial.to_dict().items():
        place = int(powers[index])
        rows += [symbols.rational(0)] * (place + 1 - len(rows))
        others = tuple(0 if i == index else int(p) for i, p in enumerate(powers))
        term = symbols.context.from_dict({others: coefficient})
        rows[place] = rows[place] + Quotient(term, symbols.context.constant(1))
    return rows


def _check_rate(
    inquiry: Inquiry, linears: Sequence[Linear], spans: Sequence[Span], row: Any
) -> None:
    """Accept the multipliers at one value of the parameter."""
    text, word, multipliers, growth = fields(row, "rate", "is", "multipliers", "growth")
    rate = read_rational(text)
    require(word == word_at(inquiry, linears, spans, rate), "The rate is called what it is not.")
    roots = [root for linear in linears for root in list_multipliers(linear, inquiry, rate)]
    require(isinstance(multipliers, list) and len(multipliers) == len(roots),
            "There are more multipliers, or fewer.")  # fmt: skip
    for claimed, root in zip(multipliers, roots, strict=True):
        real, imaginary = fields(claimed, "real", "imaginary")
        inside = read_ends(real).holds(root.real) and read_ends(imaginary).holds(root.imaginary)
        require(inside, "A multiplier lies elsewhere.")
    require(read_ends(growth).holds(find_growth(roots)), "The growth is another one.")


def word_at(inquiry: Inquiry, linears: Sequence[Linear], spans: Sequence[Span], rate: fmpq) -> str:
    """`stable`, `edge` where the largest multiplier is exactly on the circle, or `unstable`.

    Raises:
        UndecidedError: If a ball leaves open which.
    """
    if all(is_stable_at(linear, inquiry.parameter, rate) for linear in linears):
        return "stable"
    if any(Ends(rate, rate) in span for span in spans):
        return "edge"
    rows = [row for linear in linears for row in list_crossings(linear, inquiry.parameter)]
    passing = any(value_at(row.powers, rate) == 0 for row in rows)
    if passing and compare(_largest(linears, inquiry, rate), fmpq(1)) <= 0:
        return "edge"
    return "unstable"


def _largest(linears: Sequence[Linear], inquiry: Inquiry, rate: fmpq) -> Exact:
    """The size of the largest multiplier of all blocks."""
    rows = [row for linear in linears for row in at_value(linear, inquiry.parameter, rate)]
    return find_growth([root for row in rows for root in find_multipliers(row)])


def list_multipliers(linear: Linear, inquiry: Inquiry, rate: fmpq) -> list[Multiplier]:
    """The multipliers of the block that holds the position, the largest first."""
    rows = at_value(linear, inquiry.parameter, rate)
    row = next((r for r, b in zip(rows, linear.blocks, strict=True) if "x" in b.names), None)
    # Without one the only multiplier tends to 1 as the steps fade.
    return [Multiplier(fmpq(1), fmpq(0))] if row is None else find_multipliers(row)
