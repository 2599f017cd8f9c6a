"""A derivation in, its lines out: what each one is read as, with the names known by then."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, final

from gradiometer.errors import FormulaError, GradiometerError, UndecidedError, UnknownNameError
from gradiometer.formula import free_names, parse, to_text
from gradiometer.question.chain_line import Passage, read_row
from gradiometer.question.chain_place import Located, check_dash
from gradiometer.question.chain_text import RELATION, Row, Source, split_document
from gradiometer.question.claim_answer import read_point
from gradiometer.question.claim_assume import Assumption, read_assumptions
from gradiometer.question.claim_side import SPELLING
from gradiometer.question.statement import Statement, read_statement
from gradiometer.question.statement_names import Names, read_names

_NAME = r"(?:[^\W\d]\w*)"
_HEAD = re.compile(
    rf"\s*(?P<name>{_NAME})\s*(?:\(\s*(?P<variable>{_NAME})\s*\))?\s*=(?!=)\s*(?P<body>\S.*)",
    re.DOTALL,
)
_SETTING = frozenset({
    "let", "where", "define", "defined", "with", "given", "put", "set", "take", "taking",
    "suppose", "denote", "consider", "for", "if", "when", "whenever", "assume", "assuming",
    "provided", "at", "point", "points", "putting", "substituting", "substitute", "plug",
    "plugging", "values", "value", "function",
})  # fmt: skip
"""Words before a formula that is not claimed but laid down."""
_POINT = frozenset({
    "at", "point", "points", "putting", "substituting", "substitute", "plug", "plugging",
})  # fmt: skip
_CONDITION = frozenset({
    "for", "if", "when", "whenever", "assume", "assuming", "suppose", "provided",
})  # fmt: skip
_LETTER = re.compile(r"[^\W\d](?:\d+|_\w+)?")


@final
@dataclass(frozen=True)
class Line:
    """One formula of a derivation, or one line of words, and what it was read as."""

    number: int
    """The line of the file, counted from 1."""
    text: str
    """As it was written, without what stands round it."""
    role: str
    """`definition`, `point`, `condition`, `statement`, `side`, `question`, `heading`, `text`."""
    start: int
    """Where the formula stands in the source."""
    reading: str = ""
    because: str = ""
    statement: Statement | None = None
    names: Names = field(default_factory=Names)
    at: Mapping[str, Any] | None = None
    assumptions: tuple[Assumption, ...] = ()
    """What is laid down of the names."""
    is_marked: bool = False
    """Whether it is marked as LaTeX."""
    is_continued: bool = False
    """Whether it begins with the last side of the statement before it."""


@final
@dataclass(frozen=True)
class Derivation:
    """The lines of a document."""

    source: Source
    lines: tuple[Line, ...]
    notes: tuple[str, ...] = ()


def read_derivation(
    source: Source,
    names: Names | None = None,
    at: Mapping[str, Any] | None = None,
    assumptions: Sequence[str] = (),
) -> Derivation:
    """The lines of a derivation, in their order.

    A line with a relation is a statement. A line that begins with a relation goes on from the
    last side of the line before, or from the formula above it. These lay something down instead:
    `f(x) = …` and `v = …` where the name has no meaning yet, or after a word such as `let` or
    `where`; `a = -1, b = 4` after `at`, or where the names are in use already; `x > 0` after
    `for`, `if` or `assume`. Behind a formula, `for …`, `where …` and `at …` hold for its line
    alone. A heading lets names be laid down anew. Labels, bullets, arrows and words before a
    formula are left out; lines of words are skipped, and noted where there is a relation in them.
    A line of which only a part can be read is refused.

    Raises:
        FormulaError: If a formula cannot be read; it says where.
    """
    reader = _Reader(source, names or Names(), at, read_assumptions(assumptions))
    rows = split_document(source)
    check_dash(source, rows)
    for row in rows:
        reader.read(row)
    reader.close()
    return Derivation(source, tuple(reader.lines), tuple(reader.notes))


class _Reader:
    """The lines read so far, and what is known behind them."""

    def __init__(
        self,
        source: Source,
        names: Names,
        at: Mapping[str, Any] | None,
        assumptions: tuple[Assumption, ...],
    ) -> None:
        self.lines: list[Line] = []
        self.notes: list[str] = []
        self._source = source
        self._names = names
        self._at = at
        self._old: frozenset[str] = frozenset()
        """Names of an earlier part, which may be laid down anew."""
        self._seen: set[str] = set()
        self._assumptions = assumptions
        self._open: Passage | None = None
        """A formula without a relation, or one that ends in it: the next row may go on with it."""

    def read(self, row: Row) -> None:
        """Read one row."""
        known = {*self._names.known, *self._names.functions, *self._seen}
        at, assumptions = self._at, self._assumptions
        is_local = False
        passages = list(read_row(self._source, row, known))
        self._check_whole(passages)
        for passage in passages:
            is_local = is_local or passage.is_local
            self._read_passage(passage)
        if is_local:
            self._at, self._assumptions = at, assumptions

    def _check_whole(self, passages: Sequence[Passage]) -> None:
        """A line is read whole or not at all: half of it might say something else."""
        if not any(passage.kind == "formula" for passage in passages):
            return
        for passage in passages:
            text = self._text(passage)
            if passage.kind == "text" and RELATION.search(text):
                with Located(self._source, passage.start, 0):
                    raise FormulaError(
                        f"Only a part of this line can be read: {passage.why}.",
                        text=text, start=len(text) - len(text.lstrip()), end=len(text.rstrip()),
                        hint="write formulas and words on lines of their own",
                    )  # fmt: skip

    def close(self) -> None:
        """Say that the last formula is open."""
        if self._open is not None:
            self._end_open()

    def _text(self, passage: Passage) -> str:
        """The formula on one line."""
        return self._source.masked(passage.start, passage.end).replace("\n", " ")

    def _read_passage(self, passage: Passage) -> None:
        text = self._text(passage)
        if self._open is not None:
            if passage.kind == "formula" and (self._ends_open() or RELATION.match(text.lstrip())):
                passage = replace(passage, start=self._open.start, lead=self._open.lead)
                self._open = None
                text = self._text(passage)
            else:
                self._end_open()
        if passage.kind != "formula":
            self._skip(passage)
        elif RELATION.search(text) is None or RELATION.search(text.rstrip()[-2:]):
            self._open = passage
        else:
            self._read_formula(passage)

    def _ends_open(self) -> bool:
        passage = self._open
        return passage is not None and bool(
            RELATION.search(self._source.masked(passage.start, passage.end))
        )

    def _end_open(self) -> None:
        passage, self._open = self._open, None
        if passage is None:
            return
        text = self._text(passage)
        if RELATION.search(text):
            self._say(passage, "text", "", "a side of its relation is missing")
            self.notes.append(f"Line {self.lines[-1].number} ends in a relation and is not judged.")
        else:
            self._say(passage, "text", "", "no relation")

    def _skip(self, passage: Passage) -> None:
        if passage.kind == "heading":
            self._old |= {*self._names.values, *self._names.functions}
        has_relation = RELATION.search(self._source.masked(passage.start, passage.end))
        if has_relation and passage.kind == "text" and passage.why:
            number = self._source.line(passage.start)
            self.notes.append(f"Line {number} is not judged: {passage.why}.")
        self._say(passage, passage.kind, "", passage.why)

    def _say(self, passage: Passage, role: str, reading: str, because: str, **more: Any) -> None:
        start = passage.start + _blank(self._source, passage)
        if role in _WORDY:
            shown = self._source.shown(start)[0] if start < len(self._source.text) else ""
        else:
            shown = self._source.masked(start, passage.end)
        text = " ".join(shown.split())
        # A formula may begin on a line of its own; it claims something where its relation stands.
        relation = RELATION.search(self._source.masked(start, passage.end))
        is_claim = role == "statement" and relation is not None
        number = self._source.line(start + (relation.start() if is_claim and relation else 0))
        more["is_marked"] = passage.is_marked
        self.lines.append(Line(number, text, role, start, reading, because, **more))

    def _read_formula(self, passage: Passage) -> None:
        text = self._text(passage)
        relations = list(RELATION.finditer(text))
        is_equal = all(match[0] in ("=", "==") for match in relations)
        is_set = bool(_SETTING.intersection(passage.lead))
        if not is_equal and _CONDITION.intersection(passage.lead):
            with Located(self._source, passage.start, 0):
                self._assumptions = (*self._assumptions, *read_assumptions([text]))
            self._say(passage, "condition", text.strip(), "laid down")
            return
        head = _HEAD.fullmatch(text)
        if head is not None and self._is_point(head, passage):
            self._set_point(passage, head)
        elif head is not None and not _is_of_itself(head) and self._is_new(head, is_set=is_set):
            self._define(passage, head)
        elif RELATION.match(text.lstrip()):
            self._continue(passage)
        else:
            self._state(passage)

    def _is_point(self, head: re.Match[str], passage: Passage) -> bool:
        """Whether a name in use, or one after `at`, gets a number."""
        name = head["name"]
        if head["variable"] or name in self._names.values or name in self._names.functions:
            return False
        is_said = bool(_POINT.intersection(passage.lead))
        if not is_said and name not in self._names.known and name not in self._seen:
            return False
        try:
            return not free_names(parse(head["body"]).tree)
        except GradiometerError:
            return False

    def _is_new(self, head: re.Match[str], *, is_set: bool) -> bool:
        name = head["name"]
        names = self._names
        is_taken = name in names.values or name in names.functions
        if is_taken:
            return is_set or name in self._old
        if head["variable"] is not None:
            return head["variable"] not in names.values
        return name not in names.known and name not in self._seen and name not in ("e", "pi")

    def _set_point(self, passage: Passage, head: re.Match[str]) -> None:
        start = passage.start + head.start("body")
        with Located(self._source, start, 0):
            value = read_point({head["name"]: head["body"]})
        self._at = {**(self._at or {}), **value}
        self._say(passage, "point", f"{head['name']} = {head['body'].strip()}", _POINT_SAID)

    def _define(self, passage: Passage, head: re.Match[str]) -> None:
        text = self._text(passage)
        cut = RELATION.search(text, head.start("body"))
        end = cut.start() if cut is not None else len(text)
        name = head["name"]
        with Located(self._source, passage.start, len(_mark(passage, "")) // 2):
            names = self._without(name) if self._is_known(name) else self._names
            self._names = read_names([_mark(passage, text[:end])], names)
        if self._is_known(name) and names is not self._names and name in self._old:
            self._old -= {name}
        self._say(passage, "definition", " ".join(text[:end].split()), "laid down")
        if cut is not None:
            # What follows the definition in a chain is claimed of it.
            self._state(replace(passage, start=passage.start + head.start("body")))

    def _is_known(self, name: str) -> bool:
        return name in self._names.values or name in self._names.functions

    def _without(self, name: str) -> Names:
        """The names without the meaning of one, which is laid down anew."""
        number = len(self.lines)
        if name not in self._old or number:
            self.notes.append(f"`{name}` gets a new meaning.")
        functions = {k: v for k, v in self._names.functions.items() if k != name}
        values = {k: v for k, v in self._names.values.items() if k != name}
        inputs = tuple(key for key in self._names.inputs if key != name)
        return replace(self._names, functions=functions, values=values, inputs=inputs)

    def _state(self, passage: Passage) -> None:
        text = self._text(passage)
        with Located(self._source, passage.start, len(_mark(passage, "")) // 2):
            statement = self._read_statement(_mark(passage, text))
        self._add(passage, statement, is_continued=False)

    def _continue(self, passage: Passage) -> None:
        """A row that begins with a relation goes on from the last side before it."""
        before = next((line for line in reversed(self.lines) if line.statement is not None), None)
        last = self.lines[-1] if self.lines else None
        text = self._text(passage)
        prefix = ""
        if before is not None and before.statement is not None and before is _claimed(self.lines):
            prefix = before.statement.sides[-1].text + " "
        elif last is not None and last.role == "definition":
            prefix = last.reading.partition("=")[2].strip() + " "
        source = before if before is _claimed(self.lines) else last
        is_other = source is not None and source.is_marked != passage.is_marked
        if not prefix or is_other:
            problem = "There is nothing before this relation."
            if prefix:
                problem = "This line goes on from one that is not written in the same notation."
            with Located(self._source, passage.start, 0):
                raise FormulaError(
                    problem, text=text, start=0,
                    hint="write the left side before it",
                )  # fmt: skip
        with Located(self._source, passage.start, len(prefix) + len(_mark(passage, "")) // 2):
            statement = self._read_statement(_mark(passage, prefix + text))
        is_continued = before is not None and before is _claimed(self.lines)
        at, assumptions = self._at, self._assumptions
        if before is not None and is_continued:
            # The line is about what the line before it is about.
            self._at, self._assumptions = before.at, before.assumptions
        self._add(passage, statement, is_continued=is_continued)
        self._at, self._assumptions = at, assumptions

    def _read_statement(self, text: str) -> Statement | str:
        for _ in range(_MOST_LETTERS):
            try:
                return read_statement(text, self._names)
            except UndecidedError as error:
                return str(error)
            except UnknownNameError as error:
                name = text[error.start : error.end] if error.start is not None else ""
                if not _LETTER.fullmatch(name) or name in self._names.known:
                    raise
                self._names = replace(self._names, inputs=(*self._names.inputs, name))
        raise FormulaError("There are too many names.", text=text)

    def _add(self, passage: Passage, found: Statement | str, *, is_continued: bool) -> None:
        more: dict[str, Any] = {
            "names": self._names, "at": self._at, "assumptions": self._assumptions,
            "is_continued": is_continued,
        }  # fmt: skip
        if isinstance(found, str):
            self._say(passage, "statement", "", found, **more)
            return
        for side in found.sides:
            self._seen |= free_names(side.tree)
        self.notes += found.notes
        self._say(passage, "statement", say_reading(found), "", statement=found, **more)


_MOST_LETTERS = 60
_WORDY = ("text", "heading", "question")
"""Roles of lines that are shown as they were written."""
_POINT_SAID = "the lines after it are about this point"


def _mark(passage: Passage, text: str) -> str:
    """The text with the marks of LaTeX that stood round it in the document."""
    return f"${text}$" if passage.is_marked else text


def _is_of_itself(head: re.Match[str]) -> bool:
    """Whether the name stands on both sides, so that it is claimed and not laid down."""
    name = re.escape(head["name"])
    return head["variable"] is None and bool(re.search(rf"(?<!\w){name}(?!\w)", head["body"]))


def _claimed(lines: list[Line]) -> Line | None:
    """The last line that lays down or claims something."""
    return next(
        (line for line in reversed(lines) if line.role in ("statement", "definition")), None
    )


def _blank(source: Source, passage: Passage) -> int:
    text = source.masked(passage.start, passage.end)
    return len(text) - len(text.lstrip()) if text.strip() else 0


def say_reading(statement: Statement) -> str:
    """The statement as it was read."""
    words = [to_text(statement.sides[0].spelled)]
    for sign, side in zip(statement.relations, statement.sides[1:], strict=True):
        words += [SPELLING[sign], to_text(side.spelled)]
    return " ".join(words)
