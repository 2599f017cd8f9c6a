"""Whether a function is one polynomial, or agrees with one except at single points."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Any

from flint import fmpq

from gradiometer.errors import GradiometerError, UndecidedError
from gradiometer.formula import (
    ZERO,
    Apply,
    Constant,
    Name,
    Node,
    apply,
    cancel,
    compare,
    compare_nodes,
    differentiate,
    evaluate,
    free_names,
    number,
    precision,
    sign_of,
    substitute,
    tidy,
    to_ratio,
    to_value,
)
from gradiometer.proof.certificate import make_certificate
from gradiometer.proof.evidence_ground import Ground, Plot
from gradiometer.proof.evidence_signs import spell_exact
from gradiometer.proof.extended import Infinite
from gradiometer.proof.identity import find_identity, list_generators
from gradiometer.proof.limit import End
from gradiometer.proof.turns import exact_value
from gradiometer.proof.witness import list_points

_MOST_DEGREE = 20
_MOST_ORDER = 3
_BITS = 512


def prove_form(ground: Ground) -> dict[str, Any]:
    """The certificate of whether the function is a polynomial, an affine one, or almost one.

    Raises:
        UndecidedError: If neither is shown.
    """
    for make in (_by_coefficients, _by_other_form, _by_difference, _by_domain):
        try:
            found = make(ground)
        except (UndecidedError, GradiometerError):
            continue
        if found is not None:
            claim, evidence = found
            return make_certificate(
                "form", problem=ground.problem(), claim=claim, evidence=evidence
            )
    raise UndecidedError("whether the function is a polynomial is not shown")


_Found = tuple[dict[str, bool], dict[str, Any]]
_NOT = {"polynomial": False, "affine": False, "almost": False}


def _by_coefficients(ground: Ground) -> _Found | None:
    """One polynomial on all pieces."""
    first = find_coefficients(ground.plots[0].node(0), ground.variable)
    formula = _to_polynomial(first, ground.variable)
    identities = [find_identity(plot.node(0), formula) for plot in ground.plots]
    shape = ground.shape
    fits = shape.is_everywhere() and all(
        compare_nodes(
            exact_value(piece.formula, ground.variable, at),
            exact_value(formula, ground.variable, at),
        )
        == 0
        for piece in shape.function.pieces
        for at, closed in (
            (piece.on.lower, piece.on.lower_closed),
            (piece.on.upper, piece.on.upper_closed),
        )
        if closed and at is not None
    )
    claim = {"polynomial": fits, "affine": fits and len(first) <= 2, "almost": True}
    coefficients = [spell_exact(one) for one in first]
    evidence = {"by": "coefficients", "coefficients": coefficients, "identities": identities}
    return claim, evidence


def find_coefficients(formula: Node, variable: str) -> list[Node]:
    """The coefficients of a polynomial, the constant one first.

    Raises:
        UndecidedError: If the formula is none, or of a high degree.
    """
    ratio = to_ratio(formula)
    used = [ratio.generators[index].node for index in ratio.used()]
    if any(variable in free_names(node) and node != Name(variable) for node in used):
        raise UndecidedError("the formula holds another term than powers")
    if variable in free_names(ratio.parts()[1]):
        raise UndecidedError("the variable stands below")
    left, found, scale = ratio.to_tree(), [], number(1)
    for order in range(_MOST_DEGREE + 1):
        at_zero = to_value(tidy(substitute(left, {variable: ZERO})))
        found.append(to_value(apply("/", at_zero, scale)))
        if variable not in free_names(left):
            break
        left = cancel(differentiate(left, variable))
        scale = tidy(apply("*", scale, number(order + 1)))
    else:
        raise UndecidedError("the formula is no polynomial of a low degree")
    while len(found) > 1 and sign_of(found[-1]) == 0:
        found.pop()
    return found


def _to_polynomial(coefficients: Sequence[Node], variable: str) -> Node:
    total: Node = coefficients[0]
    for power, factor in enumerate(coefficients[1:], start=1):
        total = apply("+", total, apply("*", factor, apply("^", Name(variable), number(power))))
    return tidy(total)


def _by_other_form(ground: Ground) -> _Found | None:
    """A piece whose formula is no polynomial."""
    for prove in (_by_normal_form, _by_settling):
        for index, plot in enumerate(ground.plots):
            try:
                found = prove(index, plot)
            except (UndecidedError, GradiometerError):
                continue
            if found is not None:
                return _NOT, found
    return None


def _by_normal_form(index: int, plot: Plot) -> dict[str, Any] | None:
    """A quotient with x below, or one that holds an exponential."""
    formula, variable = plot.node(0), plot.variable
    ratio = to_ratio(formula)
    if ratio.constant() is not None:
        return None
    used = {place: ratio.generators[place] for place in ratio.used()}
    others = [made for made in used.values() if made.node != Name(variable)]
    if not others:
        below = ratio.denominator.total_degree() > 0
    else:
        below = len(others) == 1 and _is_power_of_e(others[0].node, variable)
    if not below:
        return None
    listed = list_generators(ratio, formula)
    # A logarithm on the way to the normal form is one generator too many for the checker.
    return {"by": "normal", "section": index, "generators": listed} if len(listed) < 2 else None


def _is_power_of_e(node: Node, variable: str) -> bool:
    """Whether it is e^u with a quotient u of polynomials in the variable."""
    if not isinstance(node, Apply):
        return False
    if node.operator != "exp" and (node.operator != "^" or node.arguments[0] != Constant("e")):
        return False
    inside = to_ratio(node.arguments[-1])
    return [inside.generators[index].node for index in inside.used()] == [Name(variable)]


def _by_settling(index: int, plot: Plot) -> dict[str, Any] | None:
    """A derivative with a finite limit far out that is not constant."""
    for order in range(_MOST_ORDER + 1):
        for end in _list_far_ends(plot):
            try:
                limit, how = plot.limit(order, end)
            except UndecidedError:
                continue
            points = None if isinstance(limit, Infinite) else _find_different(plot, order)
            if points is None:
                continue
            return {
                "by": "settles",
                "section": index,
                "end": end,
                "order": order,
                "forms": plot.forms(order),
                "how": how,
                "points": [str(point) for point in points],
            }
    return None


def _list_far_ends(plot: Plot) -> Iterator[End]:
    if plot.open.lower is None:
        yield "lower"
    if plot.open.upper is None:
        yield "upper"


def _find_different(plot: Plot, order: int) -> tuple[fmpq, fmpq] | None:
    """Two points with certainly different values."""
    node = plot.node(order)
    if plot.variable not in free_names(node):
        return None
    points = list(list_points(plot.open))
    with precision(_BITS):
        for one, other in combinations(points[:6], 2):
            try:
                values = [evaluate(node, {plot.variable: at}) for at in (one, other)]
                if compare(values[0], values[1]):
                    return one, other
            except (UndecidedError, GradiometerError):
                continue
    return None


def _by_difference(ground: Ground) -> _Found | None:
    """Two pieces that are different polynomials."""
    known: list[tuple[int, Plot, list[Node]]] = []
    for index, plot in enumerate(ground.plots):
        found = find_coefficients(plot.node(0), plot.variable)
        for other, before, coefficients in known:
            if _are_different(coefficients, found):
                rows = [(before, coefficients), (plot, found)]
                evidence = {
                    "by": "differ",
                    "sections": [other, index],
                    "coefficients": [[spell_exact(c) for c in row] for _, row in rows],
                    "identities": [
                        find_identity(part.node(0), _to_polynomial(row, part.variable))
                        for part, row in rows
                    ],
                }
                return _NOT, evidence
        known.append((index, plot, found))
    return None


def _are_different(left: Sequence[Node], right: Sequence[Node]) -> bool:
    if len(left) != len(right):
        return True
    return any(compare_nodes(a, b) for a, b in zip(left, right, strict=True))


def _by_domain(ground: Ground) -> _Found | None:
    return None if ground.shape.is_everywhere() else (_NOT, {"by": "domain"})
