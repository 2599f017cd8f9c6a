"""How a limit comes about, step by step, for the checker to replay.

The value of the limit is known before; what is looked for here is a path to it: the value at the
end, dominant terms far out, the limits of the parts, or a form with the same values that shows it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, TypeAlias, final

from flint import fmpq

from gradiometer.errors import CertificateError, GradiometerError, UndecidedError
from gradiometer.formula import (
    Apply,
    Interval,
    Node,
    Number,
    Ratio,
    apply,
    cancel,
    compare_nodes,
    free_names,
    number,
    parse,
    sign_of,
    tidy,
    to_ratios,
    to_text,
)
from gradiometer.proof.check_far_limit import check_far_limit
from gradiometer.proof.evidence_signs import prove_signs, spell_exact
from gradiometer.proof.extended import Infinite, Limit, compare_extended, sign_extended
from gradiometer.proof.identity import list_generators, spell_formula
from gradiometer.proof.limit import End, limit_inside, limit_of_parts, read_operation
from gradiometer.proof.turns import exact_value, find_turns

How: TypeAlias = dict[str, Any]

_MOST_DEPTH = 8
_STARTS = tuple(fmpq(n) for n in (16, 1, 1024, 1 << 20))
"""Where a tail may begin: far enough out for nearly all formulas, so it is tried first."""
_TWO = number(2)


@final
@dataclass(frozen=True)
class _Task:
    """One limit that is to be shown."""

    formula: Node
    variable: str
    on: Interval
    end: End
    limit: Limit
    depth: int = 0
    is_rewritten: bool = False

    @property
    def at(self) -> Node | None:
        """The end; None when it is infinite."""
        return self.on.lower if self.end == "lower" else self.on.upper

    def show(self, formula: Node, limit: Limit, *, is_rewritten: bool = False) -> How:
        """The path for a part of the formula, or for another form of it."""
        flag = self.is_rewritten or is_rewritten
        return _find(
            replace(self, formula=formula, limit=limit, depth=self.depth + 1, is_rewritten=flag)
        )

    def limit_of(self, part: Node) -> Limit:
        """The limit of a part at the same end."""
        return limit_inside(part, self.variable, self.on, self.end)


def find_how(formula: Node, variable: str, on: Interval, end: End, limit: Limit) -> How:
    """The path to the limit of a smooth formula at one end of an open interval.

    Raises:
        UndecidedError: If no path was found.

    Example:
        >>> from gradiometer.formula import REALS, ZERO, parse
        >>> find_how(parse("x*e^x").tree, "x", REALS, "lower", ZERO)["by"]
        'far'
    """
    return _find(_Task(formula, variable, on, end, limit))


def _find(task: _Task) -> How:
    if task.depth > _MOST_DEPTH:
        raise UndecidedError("a limit with too many steps")
    if task.variable not in free_names(task.formula) or _has_value(task):
        return {"by": "value"}
    near, far = (_by_parts, _by_pole, _by_form), (_far, _by_parts, _by_form, _by_conjugate)
    for way in far if task.at is None else near:
        try:
            found = way(task)
        except (CertificateError, UndecidedError, GradiometerError, ArithmeticError, ValueError):
            continue
        if found is not None:
            return found
    raise UndecidedError(f"how `{to_text(task.formula)}` comes to its limit is not shown")


def _has_value(task: _Task) -> bool:
    if task.at is None:
        return False
    try:
        exact_value(task.formula, task.variable, task.at)
    except (UndecidedError, GradiometerError):
        return False
    return True


def _far(task: _Task) -> How | None:
    """Dominant terms beyond a point, where the checker's lemma reads them."""
    read = task.formula
    if not isinstance(task.limit, Infinite):
        read = apply("-", task.formula, task.limit)
    listed = list_generators(to_ratios(read, task.formula)[0], read)
    terms, limit = [parse(text).tree for text in listed], spell_limit(task.limit)
    bound = task.limit.sign if isinstance(task.limit, Infinite) else task.limit
    to_right = task.end == "upper"
    other = task.on.lower if to_right else task.on.upper
    for distance in _STARTS:
        start = distance if to_right else -distance
        if other is not None and (compare_nodes(Number(start), other) > 0) != to_right:
            continue
        how = {"by": "far", "generators": listed, "start": str(start), "limit": limit}
        try:
            check_far_limit(task.formula, bound, terms, start=start, to_right=to_right)
        except (CertificateError, UndecidedError, GradiometerError, ArithmeticError):
            continue
        return how
    return None


def _by_parts(task: _Task) -> How | None:
    """The limits of what the outermost operation is done to."""
    if not isinstance(task.formula, Apply):
        return None
    operator, inside = read_operation(task.formula)
    limits = [task.limit_of(part) for part in inside]
    found = limit_of_parts(operator, limits)
    if found is None or compare_extended(found, task.limit) != 0:
        return None
    parts = [task.show(part, limit) for part, limit in zip(inside, limits, strict=True)]
    return {"by": "parts", "of": parts}


def _by_pole(task: _Task) -> How | None:
    """A quotient whose bottom vanishes and whose top does not."""
    node = task.formula
    if not (isinstance(task.limit, Infinite) and isinstance(node, Apply) and node.operator == "/"):
        return None
    both = [task.limit_of(part) for part in node.arguments]
    if sign_extended(both[0]) == 0 or isinstance(both[1], Infinite) or sign_of(both[1]) != 0:
        return None
    turns = find_turns(node, task.variable, task.on)
    signed = prove_signs(node, task.variable, task.on, turns)
    if signed.signs[0 if task.end == "lower" else -1] != task.limit.sign:
        return None
    shown = [task.show(part, limit) for part, limit in zip(node.arguments, both, strict=True)]
    return {"by": "pole", "signs": signed.evidence, "of": shown}


def _by_form(task: _Task) -> How | None:
    """The normal form, which has no hole where the formula has one."""
    return None if task.is_rewritten else _through(task, cancel(task.formula))


def _through(task: _Task, form: Node) -> How | None:
    text = spell_formula(form)
    if text == to_text(task.formula):
        return None
    again = parse(text).tree
    listed = list_generators(to_ratios(task.formula, again)[0], task.formula, again)
    shown = task.show(again, task.limit, is_rewritten=True)
    return {"by": "rewrite", "form": text, "generators": listed, "how": shown}


def _by_conjugate(task: _Task) -> How | None:
    """With g - c = (A + B*s)/D and a root s: c + (A^2 - B^2*s^2)/((A - B*s)*D)."""
    if task.is_rewritten or isinstance(task.limit, Infinite):
        return None
    (ratio,) = to_ratios(apply("-", task.formula, task.limit))
    roots = [index for index in ratio.used() if _is_root(ratio, index, task.variable)]
    if len(roots) != 1 or int(ratio.numerator.degrees()[roots[0]]) != 1:
        return None
    plain, factor = _split(ratio, roots[0])
    times = apply("*", factor, ratio.generators[roots[0]].node)
    above = cancel(apply("-", *(apply("^", part, _TWO) for part in (plain, times))))
    below = apply("*", apply("-", plain, times), ratio.parts()[1])
    rest = apply("/", above, tidy(below))
    return _through(task, tidy(apply("+", task.limit, rest)))


def _is_root(ratio: Ratio, index: int, variable: str) -> bool:
    made = ratio.generators[index]
    return made.kind == "root" and made.order == 2 and variable in free_names(made.node)


def _split(ratio: Ratio, index: int) -> tuple[Node, Node]:
    """A and B of a numerator A + B*s."""
    parts: list[dict[Any, Any]] = [{}, {}]
    for powers, factor in ratio.numerator.to_dict().items():
        parts[int(powers[index])][(*powers[:index], 0, *powers[index + 1 :])] = factor
    context = ratio.field.context
    one = context.constant(1)
    plain, times = (
        replace(ratio, numerator=context.from_dict(part), denominator=one).to_tree()
        for part in parts
    )
    return plain, times


def spell_limit(limit: Limit) -> str:
    """A limit as a certificate writes it."""
    if isinstance(limit, Infinite):
        return "oo" if limit.sign > 0 else "-oo"
    return spell_exact(limit)
