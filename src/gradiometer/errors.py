"""Everything that can go wrong at a user's request, as facts with one renderer.

    GradiometerError
    ├─ FormulaError            the text is not a formula we can read
    │  ├─ UnknownNameError     a name nobody defined
    │  └─ LimitError           readable, but larger than a stated limit
    ├─ DomainError             a value outside where it has a meaning
    ├─ ShapeError              parts whose sizes do not fit
    ├─ StudyError              a study file, a catalogue file or a certificate that cannot be used
    ├─ ModelError              a model of another library that cannot be asked
    └─ UsageError              a request that contradicts itself or lacks a part
    UndecidedError             an answer cannot be proved here; questions turn it into `unknown`
    InternalError              a bug of ours (not a GradiometerError)

An error names the place, the offending text, what is known and what to try.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, final

_MOST_KNOWN = 60
"""Names that are listed of what is known."""

_CONTEXT = 60
"""Characters shown on each side of the offending place of a long line."""


@final
@dataclass(frozen=True)
class Place:
    """Where a text stands: a file or the name of an argument, and the position inside it."""

    source: str = ""
    """File name, or what the text is (`--set h`), or empty."""
    line: int | None = None
    """1-based line in *source*; None for a text that is no file."""
    column: int | None = None
    """1-based column in *source*."""

    def __str__(self) -> str:
        parts = [self.source] if self.source else []
        if self.line is not None:
            parts.append(str(self.line))
        if self.column is not None:
            parts.append(str(self.column))
        return ":".join(parts)


@dataclass(eq=False)
class GradiometerError(Exception):
    """A request that cannot be answered, with the facts a user needs to mend it."""

    problem: str
    """One full sentence; the user's own words stand in backticks."""
    text: str = ""
    """The offending text, whole; the renderer cuts it round the place."""
    start: int | None = None
    """0-based offset of the first offending character in *text*."""
    end: int | None = None
    """0-based offset after the last offending character in *text*."""
    place: Place | None = None
    known: tuple[str, ...] = ()
    """What would have been accepted."""
    hint: str = ""
    """What to try; starts with a verb, without a final full stop."""

    def __post_init__(self) -> None:
        super().__init__(self.problem)

    def __str__(self) -> str:
        return render_error(self)

    def __reduce__(self) -> Any:
        # Keyword-only fields would be lost by BaseException's own pickling in workers.
        fields = {key: value for key, value in self.__dict__.items() if not key.startswith("_")}
        return partial(type(self), **fields), ()

    def located(self, place: Place) -> GradiometerError:
        """The same error, said to have happened at *place* (a place already known is kept)."""
        return self if self.place is not None else replace(self, place=place)


class FormulaError(GradiometerError):
    """A text that cannot be read as a formula."""


class UnknownNameError(FormulaError):
    """A name that nobody defined here."""


class LimitError(FormulaError):
    """A text or a value larger than a stated limit."""


class DomainError(GradiometerError):
    """A value outside the set where it has a meaning."""


class ShapeError(GradiometerError):
    """Parts whose sizes do not fit together."""


class StudyError(GradiometerError):
    """A file that cannot be used: a study or a catalogue entry."""


class CertificateError(GradiometerError):
    """A certificate that does not prove what it says."""


class ModelError(GradiometerError):
    """A model of another library, or its loss, that cannot be asked."""


class UsageError(GradiometerError):
    """A request that contradicts itself or lacks a part."""


class UndecidedError(Exception):
    """Something that cannot be proved here; its text says why, for the word `unknown`."""


class InternalError(Exception):
    """A defect of gradiometer itself."""


def suggest(name: str, known: Iterable[str]) -> str:
    """The nearest of *known* to *name*, or an empty text when none is near.

    Example:
        >>> suggest("beat1", ["beta1", "beta2"])
        'beta1'
        >>> suggest("lr", ["learning_rate", "momentum"])
        'learning_rate'
    """
    names = list(known)
    matches = difflib.get_close_matches(name, names, n=1, cutoff=0.6)
    if not matches:
        matches = [other for other in names if name.lower() == other.lower()][:1]
    if not matches:
        short = [other for other in names if _abbreviates(name, other)]
        # Of two names that one abbreviation may stand for, neither is nearer.
        matches = short if len(short) == 1 else []
    return matches[0] if matches else ""


def _abbreviates(short: str, name: str) -> bool:
    """Whether the letters of *short* come in *name* in this order, the first one at its head."""
    rest = iter(name.lower())
    return (
        len(short) > 1
        and name[:1].lower() == short[:1].lower()
        and all(letter in rest for letter in short.lower())
    )


def unknown_name(
    name: str,
    known: Iterable[str],
    *,
    problem: str,
    text: str = "",
    start: int | None = None,
    end: int | None = None,
    place: Place | None = None,
) -> UnknownNameError:
    """An `UnknownNameError` about *name* with the nearest known name as its hint."""
    names = tuple(known)
    nearest = suggest(name, names)
    return UnknownNameError(
        problem=problem,
        text=text,
        start=start,
        end=end,
        place=place,
        known=names,
        hint=f"write `{nearest}`" if nearest else "",
    )


def render_error(error: GradiometerError) -> str:
    """The error as plain text: problem, at, text with carets, known, try.

    Example:
        >>> print(render_error(FormulaError("A bracket is not closed.", text="(1+x", start=0)))
        FormulaError: A bracket is not closed.
          text:  (1+x
                 ^
    """
    lines = [f"{type(error).__name__}: {error.problem}"]
    if error.place is not None and str(error.place):
        lines.append(f"  at:    {error.place}")
    if error.text:
        shown, caret = _excerpt(error.text, error.start, error.end)
        lines.append(f"  text:  {shown}")
        if caret:
            lines.append(f"         {caret}")
    if error.known:
        more = len(error.known) - _MOST_KNOWN
        rest = [f"and {more:,} more"] if more > 0 else []
        lines.append(f"  known: {', '.join([*error.known[:_MOST_KNOWN], *rest])}")
    if error.hint:
        lines.append(f"  try:   {error.hint}.")
    return "\n".join(lines)


def _excerpt(text: str, start: int | None, end: int | None) -> tuple[str, str]:
    """The line of *text* round the offending place, and the carets under it."""
    if start is None:
        line = text.splitlines()[0] if text.splitlines() else ""
        return (line[: 2 * _CONTEXT] + " …" if len(line) > 2 * _CONTEXT else line), ""
    start = min(max(start, 0), len(text))
    first = text.rfind("\n", 0, start) + 1
    last = text.find("\n", start)
    line = text[first:] if last < 0 else text[first:last]
    start -= first
    stop = max(start + 1, min((end if end is not None else start + first + 1), len(text)) - first)
    stop = min(stop, max(len(line), start + 1), start + _CONTEXT)
    left = max(0, start - _CONTEXT)
    right = min(len(line), stop + _CONTEXT)
    prefix = "…" if left else ""
    suffix = "…" if right < len(line) else ""
    printable = "".join(c if c.isprintable() else "·" for c in line[left:right])
    return prefix + printable + suffix, " " * (len(prefix) + start - left) + "^" * (stop - start)
