"""A derivation of several lines: which line is the first wrong one, and what follows from it.

Each relation relates neighbours. A line that is wrong by the definitions, and right if a wrong line
before it is taken for granted, follows from that line: one slip is charged once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, final

from gradiometer.errors import GradiometerError, UndecidedError
from gradiometer.formula import Apply, Name, Node, free_names, to_text
from gradiometer.question.chain_read import Derivation, Line
from gradiometer.question.claim_assume import judge_under
from gradiometer.question.claim_link import judge_link
from gradiometer.question.claim_side import Link, Pair
from gradiometer.question.slip import Slip, find_slip
from gradiometer.question.statement import Side, Statement, read_statement
from gradiometer.question.statement_names import Function, Names

_MOST_PREMISES = 8
"""Wrong lines, the latest ones, from which a line may follow."""
_MOST_SLIPS = 20
"""Wrong lines of which the slip is sought."""


@final
@dataclass(frozen=True)
class Verdict:
    """What became of one line."""

    line: Line
    holds: bool | None
    because: str
    link: Link | None = None
    """The relation that decides; None for a line that claims nothing."""
    links: tuple[Link, ...] = ()
    is_charged: bool = False
    """Whether it is wrong and does not follow from a wrong line before it."""
    slip: Slip | None = None


@final
@dataclass(frozen=True)
class _Premise:
    """What a wrong line says, for the lines that follow from it."""

    number: int
    left: Side
    right: Side


def judge_derivation(derivation: Derivation, *, exactly: bool = False) -> list[Verdict]:
    """What became of each line, in their order.

    Args:
        derivation: The lines.
        exactly: Whether a decimal is exact, not rounded.
    """
    judge = _Judge(exactly)
    return [judge.judge(line) for line in derivation.lines]


class _Judge:
    """The wrong lines so far, and the chain that the next line may go on with."""

    def __init__(self, exactly: bool) -> None:
        self._exactly = exactly
        self._wrong: list[_Premise] = []
        self._chain: list[Side] = []
        self._charged = 0
        self._right: Side | None = None
        """The last side of the chain before its first wrong relation."""
        self._is_broken = False
        self._said: dict[Node, Side] = {}
        """The last side that was claimed to be equal to each left side."""

    def judge(self, line: Line) -> Verdict:
        """What became of the line."""
        statement = line.statement
        if statement is None:
            return Verdict(line, None, line.because)
        # The first side of a continued line is the last one of the line before.
        before = self._chain[:-1] if line.is_continued else []
        self._chain = [*before, *statement.sides]
        if not line.is_continued:
            self._right, self._is_broken = statement.sides[0], False
        sources: list[int] = []
        links: list[Link] = []
        charged: list[int] = []
        for place in range(len(statement.relations)):
            link = self._judge_link(line, statement, place)
            if link.holds is False:
                source = self._find_source(line, place)
                if source is None and self._is_right_again(line, place):
                    number = self._wrong[-1].number
                    because = f"is right again, though not by line {number}, which is wrong"
                    link = replace(link, because=f"{because}: {link.because}")
                    sources.append(number)
                elif source is None:
                    charged.append(place)
                else:
                    link = replace(link, because=f"{_follows(source)}: {link.because}")
                    sources.append(source)
            elif link.holds and not self._is_broken:
                self._right = statement.sides[place + 1]
            if charged or sources:
                self._is_broken = True
            links.append(link)
        verdict = self._to_verdict(line, links, charged, len(before))
        if verdict.holds is False and set(statement.relations) == {"=="}:
            number = line.number if charged else sources[0]
            self._wrong.append(_Premise(number, self._chain[0], self._chain[-1]))
        if set(statement.relations) == {"=="}:
            self._said[self._chain[0].spelled] = self._chain[-1]
        return verdict

    def _judge_link(self, line: Line, statement: Statement, place: int) -> Link:
        left, right = statement.sides[place : place + 2]
        return self._judge_pair(line, left, right, statement.relations[place])

    def _judge_pair(self, line: Line, left: Side, right: Side, relation: str) -> Link:
        needed = Pair(left, right, relation).variables
        at = line.at if line.at and set(needed) <= line.at.keys() else None
        link = judge_link(left, right, relation, at=at, exactly=self._exactly)
        return judge_under(link, Pair(left, right, relation, at), line.assumptions)

    def _is_right_again(self, line: Line, place: int) -> bool:
        """Whether the side that does not follow from a wrong one equals the last right one."""
        statement = line.statement
        if statement is None or self._right is None or not (self._is_broken and self._wrong):
            return False
        if statement.relations[place] != "==":
            return False
        right = statement.sides[place + 1]
        try:
            return self._judge_pair(line, self._right, right, "==").holds is True
        except (GradiometerError, UndecidedError):
            return False

    def _find_source(self, line: Line, place: int) -> int | None:
        """The wrong line from which the relation follows; None when there is none."""
        recent = self._wrong[-_MOST_PREMISES:]
        for premises in [*([row] for row in reversed(recent)), recent]:
            statement = _read_under(line, premises)
            if statement is None:
                continue
            try:
                if self._judge_link(line, statement, place).holds:
                    return premises[0].number
            except (GradiometerError, UndecidedError):
                continue
        return None

    def _to_verdict(
        self, line: Line, links: list[Link], charged: list[int], earlier: int
    ) -> Verdict:
        for wanted in (False, None):
            if charged and wanted is False:
                break
            for link in links:
                if link.holds is wanted:
                    return Verdict(line, wanted, link.because, link, tuple(links))
        if not charged:
            reasons = "; ".join(dict.fromkeys(link.because for link in links))
            return Verdict(line, True, reasons, links[-1], tuple(links))
        self._charged += 1
        is_sought = self._charged <= _MOST_SLIPS
        slip = self._find_slip(line, charged[0], earlier) if is_sought else None
        link = links[charged[0]]
        because = link.because
        if len(links) > 1:
            because = f"step {charged[0] + 1} of {len(links)}, `{link.text}`: {because}"
        if slip is not None:
            because += f"; {slip.because}"
        return Verdict(line, False, because, link, tuple(links), True, slip)

    def _find_slip(self, line: Line, place: int, earlier: int) -> Slip | None:
        statement = line.statement
        if statement is None or statement.relations[place] != "==":
            return None
        left, right = statement.sides[place : place + 2]
        said = self._said.get(left.spelled) if place == 0 else None
        if said is not None:
            # A line that restates a left side was mostly made from what was last said of it.
            found = find_slip(said, right, at=line.at)
            if found is not None and found.family not in ("arithmetic", "coefficient"):
                return found
        under = _read_under(line, self._wrong[-_MOST_PREMISES:])
        if under is not None and under.sides[place].formula != left.formula:
            found = find_slip(under.sides[place], right, at=line.at)
            if found is not None and found.family != "arithmetic":
                return found
        before = self._chain[: earlier + place]
        return find_slip(left, right, earlier=before, at=line.at)


def _follows(number: int) -> str:
    return f"follows from line {number}, which is wrong"


def _read_under(line: Line, premises: Sequence[_Premise]) -> Statement | None:
    """The line read again with what the wrong lines say taken for granted."""
    names = line.names
    for premise in premises:
        names = _take(names, premise)
    if names is line.names or line.statement is None:
        return None
    try:
        return read_statement(line.statement.text, names)
    except (GradiometerError, UndecidedError):
        return None


def _take(names: Names, premise: _Premise) -> Names:
    """The names with what the premise says of one of them."""
    left, right = premise.left.spelled, premise.right
    if isinstance(left, Apply) and left.operator in names.called:
        [argument] = left.arguments
        if isinstance(argument, Name) and argument.name not in names.values:
            function = Function(left.operator, argument.name, right.formula)
            if left.operator in names.functions:
                return replace(names, functions={**names.functions, left.operator: function})
            return replace(names, taken={**names.taken, left.operator: function})
    if isinstance(left, Name) and left.name in names.values:
        tree = right.formula if right.quotients else right.tree
        if left.name in free_names(tree):
            return names
        return replace(names, values={**names.values, left.name: tree})
    if isinstance(left, Name) and "/" not in left.name:
        return names
    if not isinstance(left, Name | Apply):
        return names
    return replace(names, taken={**names.taken, to_text(left): right.formula})


def to_rows(verdicts: Sequence[Verdict]) -> list[Mapping[str, Any]]:
    """The lines as a table: what each one was read as, and what became of it."""
    return [
        {
            "line": verdict.line.number, "role": verdict.line.role, "text": verdict.line.text,
            "read": verdict.line.reading, "holds": _to_word(verdict), "because": verdict.because,
        }
        for verdict in verdicts
    ]  # fmt: skip


def _to_word(verdict: Verdict) -> bool | str | None:
    """Whether a claim holds; empty for a line that claims nothing."""
    return verdict.holds if verdict.line.role == "statement" else ""
