"""One relation between two sides: proved, refuted by a point, or left open."""

from __future__ import annotations

from gradiometer.errors import DomainError, LimitError, UndecidedError, UsageError
from gradiometer.formula import (
    RELATIONS,
    Exact,
    Number,
    apply,
    evaluate,
    free_names,
    number,
    precision,
    substitute,
    tidy,
)
from gradiometer.proof import (
    Comparison,
    certify_counterexample,
    compare_at,
    find_counterexample,
    has_value_somewhere,
)
from gradiometer.question.claim_proof import Proof, prove_relation
from gradiometer.question.claim_rounding import Rounded, find_rounded, is_within
from gradiometer.question.claim_side import Link, Pair, Point, say_value
from gradiometer.question.statement import Side

_BITS = 192


def judge_link(
    left: Side, right: Side, relation: str, *, at: Point | None = None, exactly: bool = False
) -> Link:
    """Whether the relation holds for all values of the free names, or else at the point.

    Args:
        left: Left side.
        right: Right side.
        relation: One of `RELATIONS`.
        at: The point that the statement is about; None when it is about all values.
        exactly: Whether a decimal is exact, not rounded.

    Raises:
        UsageError: If the point has no value for a name that needs one.
    """
    pair = Pair(left, right, relation, _restrict(Pair(left, right, relation), at))
    if pair.at is not None or not pair.variables:
        nowhere = pair.say_no_value()
        if nowhere is not None:
            return nowhere
    if relation == "==" and not exactly:
        for plain, decimal in ((left, right), (right, left)):
            rounded = find_rounded(decimal.tree)
            is_settled = pair.at is not None or not free_names(plain.formula)
            if rounded is not None and find_rounded(plain.tree) is None and is_settled:
                return _judge_rounded(pair, plain, decimal, rounded)
    return _judge_at_point(pair) if pair.at and pair.variables else _judge_everywhere(pair)


def _restrict(pair: Pair, at: Point | None) -> Point | None:
    """The point with the coordinates that the statement speaks of."""
    if at is None:
        return None
    missing = [name for name in pair.variables if name not in at]
    if missing:
        raise UsageError(
            f"The point has no value for `{missing[0]}`.", hint=f"add {missing[0]}=… to the point"
        )
    return {name: at[name] for name in pair.variables}


def _judge_everywhere(pair: Pair) -> Link:
    found = _search(pair, quick=True)
    if found is None and not has_value_somewhere((*pair.sides, *pair.defined), pair.variables):
        return pair.say_open("no point was found at which both sides have a value")
    # What is true is proved faster than it is searched for points at which it might fail.
    proof = _prove(pair) if found is None else None
    if proof is not None:
        return pair.say_proved(proof)
    found = found or _search(pair)
    if found is not None:
        certificate = certify_counterexample(*pair.sides, found)
        return pair.say_refuted(found, found.at, certificate)
    if not pair.variables:
        return pair.say_open("the two numbers are too near to each other to tell")
    return pair.say_open("no point was found at which it fails, and no proof that it always holds")


def _judge_at_point(pair: Pair) -> Link:
    """First at the point, then in general, then elsewhere when both sides are formulas."""
    here = pair.compare_here() or _compare_by_algebra(pair)
    if here is None:
        return pair.say_open(pair.why_no_value())
    if not here.holds:
        left, right = map(pair.local, pair.sides)
        certificate = certify_counterexample(left, right, here)
        return pair.say_refuted(here, pair.at or {}, certificate)
    proof = _prove(pair)
    if proof is not None:
        return pair.say_proved(proof)
    if not all(map(free_names, pair.sides)):
        return pair.say_proved_here(here)
    found = _search(pair)
    if found is not None:
        certificate = certify_counterexample(*pair.sides, found)
        start = f"it holds {pair.where}but not in general: "
        return pair.say_refuted(found, found.at, certificate, start)
    return pair.say_open(f"it holds {pair.where}and whether it holds in general is open")


def _search(pair: Pair, *, quick: bool = False) -> Comparison | None:
    return find_counterexample(
        *pair.sides, pair.relation, pair.variables, defined=pair.defined, quick=quick
    )


def _prove(pair: Pair) -> Proof | None:
    return prove_relation(*pair.sides, pair.relation, is_whole=pair.is_whole)


def _compare_by_algebra(pair: Pair) -> Comparison | None:
    """Equal values that are not rational: no enclosure shows it, algebra may."""
    values = {name: number(value) for name, value in pair.rational.items()}
    trees = map(pair.local, (*pair.sides, *pair.defined))
    left, right, *defined = (tidy(substitute(tree, values)) for tree in trees)
    try:
        with precision(_BITS):
            first, second, *_ = [evaluate(tree, {}) for tree in (left, right, *defined)]
    except (DomainError, UndecidedError, LimitError):
        return None
    if prove_relation(left, right, "==", is_whole=True) is None:
        return None
    holds = RELATIONS[pair.relation](0)
    return Comparison({}, first, second, pair.relation, _BITS, holds)


def _judge_rounded(pair: Pair, plain: Side, decimal: Side, rounded: Rounded) -> Link:
    """A number against a decimal: within half a unit of the last digit."""
    formula, at = pair.local(plain.formula), pair.rational

    def compute() -> Exact:
        return evaluate(formula, at)

    try:
        with precision(_BITS):
            for tree in map(pair.local, pair.defined):
                if free_names(tree) <= at.keys():
                    evaluate(tree, at)
            value = compute()
        holds = is_within(rounded, compute)
    except (DomainError, UndecidedError, LimitError):
        return pair.say_open(pair.why_no_value())
    shown = f"{pair.where}{say_value(plain, value)}"
    if holds is None:
        return pair.say_open(f"{shown}, too near to the edge of the rounding to tell")
    if holds:
        verb = "rounds to" if value != rounded.value else "is"
        because = f"{shown}, which {verb} {decimal.text}"
        return pair.say_rounding(plain, value, because, holds=True)
    gap = apply("abs", apply("-", formula, Number(rounded.value)))
    half = Number(rounded.half_unit)
    found = compare_at(gap, half, "<=", at)
    certificate = None if found is None else certify_counterexample(gap, half, found)
    because = f"{shown}, which does not round to {decimal.text}"
    return pair.say_rounding(plain, value, because, holds=False, certificate=certificate)
