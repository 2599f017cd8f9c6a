"""Statements under assumptions such as `x > 0`: nothing is refuted by a point outside of them.

A name with bounds is replaced by a formula that runs through what lies between them; what is proved
of all values of that formula holds under the assumption. A bound that belongs to it is put in.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, final

from flint import fmpq

from gradiometer.errors import DomainError, GradiometerError, UndecidedError
from gradiometer.formula import (
    ZERO,
    Interval,
    Name,
    Node,
    apply,
    evaluate,
    free_names,
    intersect,
    number,
    parse_relation,
    substitute,
    tidy,
)
from gradiometer.proof import certify_counterexample, combine, compare_at, find_counterexample
from gradiometer.question.claim_cells import run_through
from gradiometer.question.claim_proof import Proof, prove_relation
from gradiometer.question.claim_side import SPELLING, Link, Pair, say_where
from gradiometer.question.statement_slope import NO_VALUE

_EQUAL = re.compile(r"(?<![<>!=])=(?!=)")
_ORDER = re.compile(r"<|>|≤|≥|≠|!=")
_TURNED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
_MOST_FACES = 16


@final
@dataclass(frozen=True)
class Assumption:
    """One relation that is laid down."""

    text: str
    left: Node
    right: Node
    relation: str

    @property
    def bound(self) -> tuple[str, Interval] | None:
        """The name that it bounds by a number, and where it may lie then; None for another one."""
        for name, value, sign in (
            (self.left, self.right, self.relation),
            (self.right, self.left, _TURNED.get(self.relation, "")),
        ):
            if isinstance(name, Name) and not free_names(value) and sign in _TURNED:
                at = evaluate(value, {})
                if isinstance(at, fmpq):
                    return name.name, _half_line(sign, at)
        return None


def _half_line(sign: str, at: fmpq) -> Interval:
    end, closed = number(at), sign.endswith("=")
    if sign.startswith(">"):
        return Interval(end, None, lower_closed=closed)
    return Interval(None, end, upper_closed=closed)


def is_assumption(text: str) -> bool:
    """Whether the text is an inequality, so that it defines nothing.

    Example:
        >>> is_assumption("x >= 0"), is_assumption("f(x) = where(x > 0, x, 0)")
        (True, False)
    """
    return bool(_ORDER.search(text)) and not _EQUAL.search(re.sub("<=|>=|!=", "≠", text))


def split_assumptions(texts: Iterable[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The texts without the assumptions in them, and the assumptions.

    Example:
        >>> split_assumptions(["v = a^2; a > 0", "b < 1"])
        (('v = a^2',), ('a > 0', 'b < 1'))
    """
    kept: list[str] = []
    found: list[str] = []
    for text in texts:
        parts = re.split(r"[;\n]", text)
        laid = [part.strip() for part in parts if is_assumption(part)]
        found += laid
        if not laid:
            kept.append(text)
        elif rest := [part.strip() for part in parts if part.strip() and not is_assumption(part)]:
            kept.append("; ".join(rest))
    return tuple(kept), tuple(found)


def read_assumptions(texts: Iterable[str]) -> tuple[Assumption, ...]:
    """The assumptions that the texts write; `0 < x < 1` is two of them.

    Raises:
        FormulaError: If a text is no relation.
    """
    found: list[Assumption] = []
    for text in texts:
        read = parse_relation(text)
        trees = [side.tree for side in read.sides]
        for left, right, sign in zip(trees, trees[1:], read.relations, strict=False):
            found.append(Assumption(text.strip(), left, right, sign))
    return tuple(found)


def judge_under(link: Link, pair: Pair, assumptions: Sequence[Assumption]) -> Link:
    """What becomes of a relation under assumptions.

    Args:
        link: What became of it without them.
        pair: Both sides.
        assumptions: What is laid down.
    """
    if not assumptions or link.holds or pair.at:
        return link
    said = " and ".join(dict.fromkeys(row.text for row in assumptions))
    domains = _find_domains(assumptions)
    if domains is None:
        return pair.say_open(f"nothing is known to fulfil {said}")
    found = find_counterexample(
        *pair.sides, pair.relation, pair.variables, domains=domains,
        defined=(*pair.defined, *_list_guards(assumptions, pair.variables)),
    )  # fmt: skip
    if found is not None and all(_is_fulfilled(row, found.at) for row in assumptions):
        certificate = certify_counterexample(*pair.sides, found)
        return pair.say_refuted(found, found.at, certificate, f"under {said}: ")
    proof = None if found is not None else _prove(pair, domains)
    if proof is None:
        return pair.say_open(f"under {said} it is neither proved nor refuted")
    # That a side has no value elsewhere is nothing to say under an assumption.
    return replace(pair.say_proved(proof), because=proof.because, note="")


def _find_domains(assumptions: Sequence[Assumption]) -> dict[str, Interval] | None:
    """Where each bounded name may lie; None where that is nowhere."""
    domains: dict[str, Interval] = {}
    for row in assumptions:
        bound = row.bound
        if bound is None:
            continue
        name, on = bound
        both = intersect(domains[name], on) if name in domains else on
        if both is None:
            return None
        domains[name] = both
    return domains


def _list_guards(assumptions: Sequence[Assumption], names: Sequence[str]) -> list[Node]:
    """Trees that have a value only where the assumptions about these names hold."""
    return [
        apply("where", apply(row.relation, row.left, row.right), ZERO, NO_VALUE)
        for row in assumptions
        if free_names(row.left) | free_names(row.right) <= set(names)
    ]


def _is_fulfilled(row: Assumption, at: Mapping[str, fmpq]) -> bool:
    """Whether the assumption certainly holds at the point, as far as it speaks of its names."""
    missing = free_names(row.left) | free_names(row.right)
    if not missing <= at.keys():
        # A name of which the statement does not speak may have any value that fulfils it.
        return row.bound is not None
    found = compare_at(row.left, row.right, row.relation, at)
    return found is not None and found.holds


def _prove(pair: Pair, domains: Mapping[str, Interval]) -> Proof | None:
    """A proof on every face of the region: inside, and with each closed bound put in."""
    names = [name for name in pair.variables if name in domains]
    if not names:
        return None
    faces = list(itertools.product(*(_faces(name, domains[name]) for name in names)))
    if len(faces) > _MOST_FACES:
        return None
    certificates = []
    for face in faces:
        values = dict(zip(names, face, strict=True))
        try:
            left, right = (tidy(substitute(side, values)) for side in pair.sides)
            proof = prove_relation(left, right, pair.relation, is_whole=pair.is_whole)
        except (GradiometerError, UndecidedError):
            return None
        if proof is None and not _has_no_value((left, right)):
            return None
        if proof is not None:
            certificates.append(proof.certificate)
    shown = ", ".join(_say_bound(name, domains[name]) for name in names)
    because = f"with {shown} both sides are the same"
    if pair.relation != "==":
        because = f"with {shown} the left side is always {SPELLING[pair.relation]} the right one"
    return Proof(because, combine(certificates)) if certificates else None


def _faces(name: str, on: Interval) -> list[Node]:
    if on.is_point and on.lower is not None:
        return [on.lower]
    ends = [(on.lower, on.lower_closed), (on.upper, on.upper_closed)]
    return [run_through(on, name), *(end for end, closed in ends if end is not None and closed)]


def _has_no_value(sides: Sequence[Node]) -> bool:
    """Whether a side without names certainly has no value, so that nothing is claimed there."""
    for side in sides:
        if free_names(side):
            continue
        try:
            evaluate(side, {})
        except DomainError:
            return True
        except (GradiometerError, UndecidedError):
            continue
    return False


def _say_bound(name: str, on: Interval) -> str:
    if on.upper is None and on.lower is not None:
        return f"{name} {'≥' if on.lower_closed else '>'} {_number(on.lower)}"
    if on.lower is None and on.upper is not None:
        return f"{name} {'≤' if on.upper_closed else '<'} {_number(on.upper)}"
    low = "≤" if on.lower_closed else "<"
    high = "≤" if on.upper_closed else "<"
    return f"{_number(on.lower)} {low} {name} {high} {_number(on.upper)}"


def _number(end: Any) -> str:
    return say_where({"": end.value}).removeprefix("at  = ").strip()
