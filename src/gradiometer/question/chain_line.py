"""A row of a document in, its formulas out: without labels, arrows and the words round them.

The words are kept: they say whether a formula is a definition, a point, a condition or a claim.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from typing import final

from gradiometer.formula import ALIASES, CONSTANTS, FUNCTIONS
from gradiometer.question.chain_text import ARROW, RELATION, Row, Source

MOST_CHARACTERS = 4_000
"""A longer line is no formula that anybody can read, so no words are looked for in it."""
_CIRCLED = "①-⑳"
_RULER = re.compile(r"\s*[=\-*_~.]{3,}\s*")
_HEADING = re.compile(r"\s*(?:#{1,6}\s|\\(?:sub)*(?:section|paragraph)\*?\{)")
_COMMAND = re.compile(
    r"\s*\\(?:documentclass|usepackage|begin|end|title|author|date|maketitle|newcommand|def)\b"
)
_HEAD = (
    re.compile(rf"\s*[{_CIRCLED}*•★]\s+|\s*[{_CIRCLED}★]\s*|\s*-\s+(?=\S)"),
    re.compile(r"\s*(?:[A-Z]?\d{1,3}[.)]\s|\((?:\d{1,3}|[a-h]|[ivx]{1,4})\.?\)\s|[a-h]\)\s)"),
    re.compile(rf"\s*{ARROW.pattern}"),
    re.compile(r"\s*(?:\*\*|__)(?=\S)|\s*\\[,;:!]"),
)
"""Marks before a formula: bullets and circled numbers, numbers of lists, arrows, bold."""
_TAIL = (
    re.compile(
        rf"\s*(?:[-–—]{{2,}}|{ARROW.pattern}|\.{{3,}}|…|\s{{3}})\s*"
        rf"(?:\(\s*(?:\d{{1,3}}|[a-z]|[ivx]{{1,4}}|\*+)\s*\)|[{_CIRCLED}]"
        r"|\\textcircled\{\w+\}|\\quad)\s*$"
    ),
    re.compile(rf"\s*[{_CIRCLED}]\s*$|\s*\\textcircled\{{\w+\}}\s*$"),
    re.compile(r"\s*[.,;:]\s*$|\s*(?:\*\*|__)\s*$|\s*\\\\\s*$|\s*\\[,;:!]\s*$|\s+[✓✔✗]\s*$"),
    re.compile(
        r"\s+[(\[]\s*(?:by |using |from |the )?[A-Za-z]{2,}(?:[ -]+[A-Za-z']+)+\s*[)\]]\s*$"
    ),
    re.compile(r"\s+(?:in|into|to)\s+(?:the |this |that )?(?:eq|equation|formula|line|step)\b.*$"),
    re.compile(r"[\s,]+(?:by|since|because|using|via|from)\s.*$", re.DOTALL),
)
"""Marks behind a formula: its label, its full stop, the reason for it."""
_SETTING = re.compile(
    r"[\s,]+(?P<word>for|if|when|whenever|where|with|provided|assuming|at)\s+(?:that\s+)?"
    r"(?P<rest>\S.*)$",
    re.DOTALL,
)
_COLON = re.compile(r"[^=<>≤≥≠:$]{2,}:(?!=)\s*")
_MIDDLE = re.compile(r":(?!=)\s+(?=\S)")
_WORD = re.compile(
    r"\s*(?P<word>[A-Za-z][a-z'’]+|[A-Z]{2,}|a|I)(?P<stop>[.,!]*)(?=\s+[A-Za-z0-9(√|∂])"
)
_PAIR = re.compile(r"(?<![A-Za-z\\_'])(?P<word>[A-Za-z]{2,})\s+(?=[A-Za-z0-9(])")
_CUT = re.compile(
    rf"[;,](?:\s*(?:and|so|hence|then|thus|therefore)\s)?|[&()\[\]{{}}]|\s(?:and|so)\s"
    rf"|{ARROW.pattern}"
)
_LIMIT = re.compile(r"\S\s*(?:→|->|\\to(?![A-Za-z])|\\rightarrow)\s*[-+−0-9∞\\oi]|\\lim|\blim\b")
_SLOPE = re.compile(r"d[A-Za-z]\w*")
_UNSAID = frozenset({
    "find", "solve", "want", "wants", "need", "needs", "not", "never", "no", "whether", "cannot",
    "wrong", "incorrect", "unlike", "mistake", "suppose", "unless",
})  # fmt: skip
"""Words before a formula that is not claimed."""
_SINGLE = frozenset({"a", "an", "i"})
_GREEK = frozenset({
    "alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa",
    "lambda", "mu", "nu", "xi", "omicron", "pi", "rho", "sigma", "tau", "upsilon", "phi", "chi",
    "psi", "omega",
})  # fmt: skip


@final
@dataclass(frozen=True)
class Passage:
    """A formula of a row, or what the row is when it holds none."""

    start: int
    end: int
    lead: tuple[str, ...] = ()
    """The words before it, in small letters."""
    kind: str = "formula"
    """`formula`, `heading`, `text` or `question`."""
    why: str = ""
    """Why it is no formula."""
    is_marked: bool = False
    """Whether the document marks it as LaTeX, in which `ab` is a product."""
    is_local: bool = False
    """Whether it says where the formula before it on its line holds, and nothing of other lines."""


def read_row(source: Source, row: Row, known: Collection[str]) -> Iterator[Passage]:
    """The passages of a row; marks and words round the formulas are masked in the source.

    Args:
        source: The document.
        row: A piece of it.
        known: Names that have a meaning, so that they are no words.
    """
    text = source.masked(row.start, row.end)
    if not row.is_marked:
        if _HEADING.match(text):
            yield Passage(row.start, row.end, kind="heading")
            return
        if _RULER.fullmatch(text) or _COMMAND.match(text):
            yield Passage(row.start, row.end, kind="text")
            return
    if len(text) > MOST_CHARACTERS:
        is_formula = RELATION.search(text) is not None
        yield Passage(row.start, row.end, kind="formula" if is_formula else "text")
        return
    start = _trim_head(source, row)
    end = _trim_tail(source, start, row.end)
    colon = _MIDDLE.search(source.masked(start, end))
    if colon is not None and not row.is_marked and _is_between(source, start, colon, end):
        # `for x > 0: |x| = x` is a setting and what holds in it.
        source.mask(start + colon.start(), start + colon.end())
        setting = replace(row, start=start, end=start + colon.start())
        for passage in read_row(source, setting, known):
            yield replace(passage, is_local=True)
        yield from read_row(source, replace(row, start=start + colon.end(), end=end), known)
        return
    lead, start = ([], start) if row.is_marked else _take_words(source, start, end, known)
    lead = [*_words(row.lead), *lead]
    end, settings = _take_settings(source, start, end)
    for setting in settings:
        yield _judge_words(source, setting, known, is_marked=row.is_marked)
    for part in _parts(source, start, end):
        passage = Passage(*part, tuple(lead))
        yield _judge_words(source, passage, known, is_marked=row.is_marked)


def _is_between(source: Source, start: int, colon: re.Match[str], end: int) -> bool:
    """Whether there is a relation on each side of the colon."""
    before = source.masked(start, start + colon.start())
    after = source.masked(start + colon.end(), end)
    return bool(RELATION.search(before) and RELATION.search(after))


def _trim_head(source: Source, row: Row) -> int:
    start = row.start
    is_found = True
    while is_found:
        is_found = False
        for pattern in _HEAD:
            match = pattern.match(source.masked(start, row.end))
            if match is not None and match.end():
                source.mask(start, start + match.end())
                start, is_found = start + match.end(), True
    return start


def _trim_tail(source: Source, start: int, end: int) -> int:
    is_found = True
    while is_found:
        is_found = False
        text = source.masked(start, end).rstrip()
        for pattern in _TAIL:
            match = pattern.search(text)
            if match is not None and match.start() > 0:
                source.mask(start + match.start(), end)
                end, is_found = start + match.start(), True
                break
    return end


def _words(text: str) -> list[str]:
    """The words of the last clause before a formula."""
    clause = re.split(r"[.;:!?]\s", text)[-1]
    return re.findall(r"[a-z]+", clause.lower())


def _take_words(
    source: Source, start: int, end: int, known: Collection[str]
) -> tuple[list[str], int]:
    """The words at the beginning, and where the formula begins."""
    lead: list[str] = []
    text = source.masked(start, end)
    colon = _COLON.match(text)
    if colon is not None:
        lead = _words(colon[0])
        source.mask(start, start + colon.end())
        start += colon.end()
        text = source.masked(start, end)
    position = 0
    while (match := _WORD.match(text, position)) is not None:
        word = match["word"]
        # `where` before a bracket is a function; with a space behind it, it is the word.
        is_name = is_meant(word, known) and word.lower() != "where" and not match["stop"]
        is_name = is_name or bool(re.search(rf"(?<!\w){word}(?!\w)", text[match.end() :]))
        if is_name or (word.lower() in _SINGLE and not lead):
            break
        lead.append(word.lower())
        position = match.end()
    source.mask(start, start + position)
    return lead, start + position


def is_meant(word: str, known: Collection[str]) -> bool:
    """Whether the word has a meaning in formulas."""
    plain = word.rstrip("'’")
    return (
        plain in FUNCTIONS or plain in ALIASES or plain in CONSTANTS or plain in known
        or plain.lower() in _GREEK
    )  # fmt: skip


def _take_settings(source: Source, start: int, end: int) -> tuple[int, tuple[Passage, ...]]:
    """Where the formula ends, and what stands behind it after `for`, `at` and the like."""
    match = _SETTING.search(source.masked(start, end))
    if match is None or match.start() == 0:
        return end, ()
    begin, stop = start + match.start("rest"), start + match.start()
    source.mask(stop, begin)
    if RELATION.search(match["rest"]) is None:
        # `for all x` says nothing that is not meant anyway.
        source.mask(begin, end)
        return stop, ()
    lead = (match["word"],)
    parts = _parts(source, begin, end)
    return stop, tuple(Passage(*part, lead, is_local=True) for part in parts)


def _parts(source: Source, start: int, end: int) -> list[tuple[int, int]]:
    """Statements apart by commas, semicolons, arrows or `and`; one where a part says nothing."""
    text = source.masked(start, end)
    depth, begin = 0, 0
    parts: list[tuple[int, int]] = []
    for match in _CUT.finditer(text):
        sign = match[0]
        if sign in "([{":
            depth += 1
        elif sign in ")]}":
            depth -= 1
        elif depth == 0:
            parts.append((begin, match.start()))
            begin = match.end()
    parts.append((begin, len(text)))
    if len(parts) == 1 or not all(RELATION.search(text, *part) for part in parts):
        return [(start, end)]
    for (_, stop), (after, _) in itertools.pairwise(parts):
        source.mask(start + stop, start + after)
    return [(start + first, start + last) for first, last in parts]


def _judge_words(
    source: Source, passage: Passage, known: Collection[str], *, is_marked: bool
) -> Passage:
    """The passage as a formula, or with the reason why it is none."""
    text = source.masked(passage.start, passage.end)
    has_relation = RELATION.search(text) is not None
    kind, why = "formula", ""
    if not text.strip():
        kind, why = "text", "words only"
    elif re.search(r"=\s*\?", text) or (not has_relation and text.strip().endswith("?")):
        kind, why = "question", "it asks and says nothing"
    elif _LIMIT.search(text):
        kind, why = "text", "a limit; limits are not read in a derivation"
    elif not is_marked and (word := _find_word(text, known)):
        kind, why = "text", f"words: `{word}` is no name that was defined" * has_relation
        why = why or "words only"
    elif has_relation and (unsaid := _UNSAID.intersection(passage.lead)):
        kind, why = "text", f"it is not claimed: the words before it hold `{min(unsaid)}`"
    return replace(passage, kind=kind, why=why, is_marked=is_marked)


def _find_word(text: str, known: Collection[str]) -> str:
    """A word in the text that cannot be a name of a formula; empty when there is none."""
    for match in _PAIR.finditer(text):
        word = match["word"]
        if not is_meant(word, known) and not _SLOPE.fullmatch(word):
            return word
    return ""
