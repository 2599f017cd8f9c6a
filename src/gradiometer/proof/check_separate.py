"""Replays the certificate of a run in several variables that is as many runs in one variable.

A loss that is a sum of terms in one variable each, under a rule that treats each coordinate by
itself, moves each coordinate as if there were no other. The problem of each is made here, from that
of the whole run. At a kink formulas have a slope of their own, such as 0 for `abs` at 0: there the
landscape gets a piece that is one point.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from flint import fmpq

from gradiometer.errors import UndecidedError
from gradiometer.formula import (
    Apply,
    Name,
    Node,
    Number,
    Piecewise,
    apply,
    differentiate_branches,
    evaluate,
    free_names,
    is_smooth,
    substitute,
    to_piecewise,
    to_rational_text,
    to_text,
    to_value,
    walk,
)
from gradiometer.proof.check_fields import fields, require
from gradiometer.proof.check_total import is_total
from gradiometer.proof.check_trail import Replay, read_journey
from gradiometer.proof.check_walk import same

_HERE, _SLOPE = "x", "g"
_KINDS = frozenset({
    "approach", "contraction", "descent", "excursion", "fading", "itinerary", "outer", "rotation",
    "run", "tether", "trap",
})  # fmt: skip
"""What speaks of a run in one variable."""
_WORDS = frozenset({"converges", "diverges", "cycle", "bounded", "escapes"})
"""What speaks of all its steps."""
_MOST_JOINTS = 20


def check_separate(problem: Any, claim: Any, evidence: Any) -> None:
    """Accept what becomes of a run, coordinate by coordinate, or raise `CertificateError`."""
    # The door of the checker imports this file when it is needed.
    from gradiometer.proof.check import check

    verdict, limit, cycle, interval = fields(claim, "verdict", "limit", "cycle", "interval")
    require(cycle is None and interval is None, "Nothing else is shown.")
    (parts,) = fields(evidence, "parts")
    problems = split_problem(problem)
    require(isinstance(parts, list) and len(parts) == len(problems), "Another number of parts.")
    ends = []
    for part, alone in zip(parts, problems, strict=True):
        require(isinstance(part, Mapping) and part.get("kind") in _KINDS, "A part is of no use.")
        check(part)
        require(same(part["problem"], alone), "A part speaks of another run.")
        ends.append(part["claim"])
    require(verdict == join_words([end["verdict"] for end in ends]), "Another verdict.")
    require(same(limit, join_limits(verdict, problem["variables"], ends)), "Another limit.")


def join_words(words: list[str]) -> str:
    """What the coordinates together do.

    Raises:
        CertificateError: If that is neither to converge nor to diverge.
    """
    # Where nothing is known of all steps of a coordinate, the run may end.
    require(set(words) <= _WORDS, "Of a coordinate not all steps are known.")
    if "diverges" in words:
        return "diverges"
    require(set(words) == {"converges"}, "A coordinate neither converges nor diverges.")
    return "converges"


def join_limits(
    word: str, names: list[str], ends: list[Mapping[str, Any]]
) -> dict[str, str] | None:
    """The place that the run converges to, by variable, if each coordinate of it is known."""
    limits = {name: end["limit"] for name, end in zip(names, ends, strict=True)}
    known = word == "converges" and all(isinstance(limit, str) for limit in limits.values())
    return limits if known else None


def split_problem(problem: Any) -> list[dict[str, Any]]:
    """The runs in one variable that a run in several variables is made of.

    Raises:
        CertificateError: If the problem is none.
        UndecidedError: If coordinates depend on each other.
    """
    replay = read_journey(problem)
    if replay.changes:
        raise UndecidedError("the loss changes with the step")
    losses = _split_loss(replay)
    rules = _split_rule(replay)
    return [
        {
            "rule": rule,
            "pieces": _list_pieces(loss),
            "schedules": problem["schedules"],
            "start": to_rational_text(start),
            "steps": replay.steps,
            "side": None,
        }
        for rule, loss, start in zip(rules, losses, replay.start, strict=True)
    ]


def _split_loss(replay: Replay) -> list[Node]:
    """The part of the loss in each variable, in terms of `x`."""
    sums: dict[str, Node] = {}
    for term in _list_terms(replay.tree):
        names = free_names(term)
        if len(names) > 1:
            raise UndecidedError("a term of the loss has several variables in it")
        for name in names:
            sums[name] = apply("+", sums[name], term) if name in sums else term
        if not names and not is_total(term):
            raise UndecidedError("a constant of the loss may have no value")
    zero = Number(fmpq(0))
    return [substitute(sums.get(name, zero), {name: Name(_HERE)}) for name in replay.variables]


def _list_terms(node: Node) -> Iterator[Node]:
    """The terms of a sum, each with its sign and the number before it."""
    if isinstance(node, Apply) and node.operator in ("+", "-", "neg") and len(free_names(node)) > 1:
        *first, last = node.arguments
        for part in first:
            yield from _list_terms(part)
        for term in _list_terms(last):
            yield term if node.operator == "+" else apply("neg", term)
    elif isinstance(node, Apply) and node.operator == "*" and not free_names(node.arguments[0]):
        for term in _list_terms(node.arguments[1]):
            yield apply("*", node.arguments[0], term)
    elif isinstance(node, Apply) and node.operator == "/" and not free_names(node.arguments[1]):
        for term in _list_terms(node.arguments[0]):
            yield apply("/", term, node.arguments[1])
    else:
        yield node


def _split_rule(replay: Replay) -> list[dict[str, Any]]:
    """The rule of each coordinate, in terms of `x` and `g`."""
    owners: dict[str, frozenset[int]] = {}
    for index, (place, slope) in enumerate(zip(replay.coordinates, replay.slopes, strict=True)):
        owners |= dict.fromkeys((place, f"{place}'", slope), frozenset((index,)))
    state = dict(replay.state)
    rows = dict(replay.trees)
    require(len(rows) == len(replay.trees), "A name is assigned twice.")
    _own(owners, state, rows)
    if any("loss" in free_names(tree) for tree in rows.values()):
        raise UndecidedError("the rule reads the loss")
    found = []
    for index, (place, slope) in enumerate(zip(replay.coordinates, replay.slopes, strict=True)):
        names = {place: Name(_HERE), slope: Name(_SLOPE)}
        mine = {name for name, owner in owners.items() if owner <= {index}}
        targets = {f"{place}'": "x'"}
        step = [[targets.get(t, t), to_text(substitute(tree, names))]
                for t, tree in rows.items() if t in mine]  # fmt: skip
        kept = {n: to_text(substitute(tree, names)) for n, tree in state.items() if n in mine}
        values = {name: to_rational_text(value) for name, value in replay.values.items()}
        found.append({"state": kept, "step": step, "values": values})
    return found


def _own(
    owners: dict[str, frozenset[int]], state: Mapping[str, Node], rows: Mapping[str, Node]
) -> None:
    """Note which coordinates each name depends on, what is remembered included.

    Raises:
        UndecidedError: If one depends on several.
    """
    reserved = {_HERE, f"{_HERE}'", _SLOPE} - owners.keys()
    for name in (*state, *rows):
        require(name not in reserved, "A name stands for two things.")
        owners.setdefault(name, frozenset())
    changed = True
    while changed:
        changed = False
        pairs = [*rows.items(), *state.items(), *((n, Name(f"{n}'")) for n in state)]
        for name, tree in pairs:
            read = [owners[other] for other in free_names(tree) if other in owners]
            owner = frozenset().union(owners[name], *read)
            changed = changed or owner != owners[name]
            owners[name] = owner
    if any(len(owner) > 1 for owner in owners.values()):
        raise UndecidedError("the rule mixes coordinates")


def _list_pieces(loss: Node) -> list[dict[str, Any]]:
    """The pieces of a loss in one variable, each kink a piece of its own."""
    if not is_total(loss):
        # Where the loss has no value the run ends, though its slope may go on.
        raise UndecidedError("a part of the loss may have no value somewhere")
    if is_smooth(loss):
        return [_to_row(None, None, (False, False), loss)]
    whole, slope = to_piecewise(loss, _HERE), differentiate_branches(loss, _HERE)
    # Where parts on both sides are one, as in `clip(x, 0, 0)`, the slope may jump all the same.
    joints = sorted(_find_joints(loss) | _find_joints(slope))
    if len(joints) > _MOST_JOINTS:
        raise UndecidedError("the loss has very many kinks")
    rows, before = [], None
    for joint in joints:
        middle = _between(before, joint)
        rows.append(_to_row(before, joint, (False, False), whole.piece_at(middle).formula))
        rise = evaluate(slope, {_HERE: joint})
        if not isinstance(rise, fmpq):
            raise UndecidedError("the slope at a kink is irrational")
        line = apply("*", Number(rise), Name(_HERE))
        rows.append(_to_row(joint, joint, (True, True), line))
        before = joint
    last = whole.piece_at(_between(before, None)).formula
    rows.append(_to_row(before, None, (False, False), last))
    return rows


def _between(low: fmpq | None, high: fmpq | None) -> fmpq:
    if low is None or high is None:
        return fmpq(0) if low is high is None else (high - 1 if high is not None else low + 1)  # pyright: ignore[reportOptionalOperand]  # one of them is a number
    return (low + high) / 2


def _find_joints(formula: Node) -> set[fmpq]:
    """Where any part of a formula may have a kink."""
    found: set[fmpq] = set()
    for part in walk(formula):
        if is_smooth(part) or _HERE not in free_names(part):
            continue
        if part.operator in ("<", "<=", ">", ">=", "==", "!=", "and", "or", "not"):  # pyright: ignore[reportAttributeAccessIssue]  # a leaf is smooth
            continue
        found |= set(_list_ends(to_piecewise(part, _HERE)))
    return found


def _list_ends(pieces: Piecewise) -> Iterator[fmpq]:
    for piece in pieces.pieces:
        for end in (piece.on.lower, piece.on.upper):
            if end is None:
                continue
            value = to_value(end)
            if not isinstance(value, Number):
                raise UndecidedError("a kink of the loss is irrational")
            yield value.value


def _to_row(
    lower: fmpq | None, upper: fmpq | None, closed: tuple[bool, bool], loss: Node
) -> dict[str, Any]:
    return {
        "lower": None if lower is None else to_rational_text(lower),
        "upper": None if upper is None else to_rational_text(upper),
        "lower_closed": closed[0],
        "upper_closed": closed[1],
        "loss": to_text(loss),
    }
