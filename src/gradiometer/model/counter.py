"""How a published counter counts, as the catalogue says it: what it adds and leaves out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, final

from gradiometer.catalog import list_entries, read_entry
from gradiometer.errors import Place, StudyError
from gradiometer.model.entry import check_keys
from gradiometer.model.size_formula import SizeFormula, read_size

MEASURES = ("parameters", "multiply_adds", "bytes")
"""What a counter may count."""

_KEYS = (
    "name", "about", "reference", "version", "aliases", "model", "counts", "tied", "again",
    "frozen", "containers", "buffers", "rows", "needs_parameters", "any_kind", "rule", "memory",
)  # fmt: skip
_RULE_KEYS = (
    "kinds", "parameters", "left_out_when", "because", "more_parameters", "multiply_adds",
    "refuse", "bare",
)  # fmt: skip
_LINE_KEYS = ("what", "count", "when", "because", "function")
_ACTIVATIONS = "activations"
"""In place of the names of all activations of the catalogue."""


@final
@dataclass(frozen=True)
class CounterLine:
    """What a counter adds to the count of a layer, or leaves out of it when that is negative."""

    what: str
    count: SizeFormula
    when: SizeFormula | None
    because: str
    is_function: bool = False
    """Whether it is counted at the call of a function, not at a module that may stand twice."""


@final
@dataclass(frozen=True)
class CounterRule:
    """How a counter counts layers of one kind; without lines it counts them as we do."""

    multiply_adds: tuple[CounterLine, ...] = ()
    parameters: tuple[CounterLine, ...] = ()
    leaves_out: str = ""
    """Why it does not count the parameters; empty when it does."""
    left_out_when: SizeFormula | None = None
    """Where that holds; None for everywhere."""
    bare: bool = False
    """Whether its parameters belong to the whole and to no module of their own."""
    refusals: tuple[tuple[SizeFormula | None, str], ...] = ()


@final
@dataclass(frozen=True)
class Counter:
    """The rule by which one tool counts."""

    name: str
    about: str
    version: str
    reference: str
    counts: tuple[str, ...]
    rules: Mapping[str, CounterRule]
    model: str = ""
    """Which model of the tool's framework a description is taken to mean."""
    any_kind: bool = False
    """Whether a kind without a rule is counted as we do."""
    tied: str = ""
    """Why a tied tensor counts at each module; empty when it counts once."""
    frozen: str = ""
    """Why frozen parameters are not counted; empty when they are."""
    buffers: str = ""
    """Why buffers count too; empty when they do not."""
    containers: str = ""
    """Why what stands in two containers is counted more often; empty when it is not."""
    rows: str = ""
    """Why the rows that it prints do not add up to its total; empty when it is not known to."""
    needs_parameters: str = ""
    """Why it fails on a network without parameters; empty when it does not."""
    again_parameters: SizeFormula | None = None
    """How often the parameters of a module count, of its `calls` and `places`."""
    again_multiply_adds: SizeFormula | None = None
    """How often each multiply-add of a module counts."""
    again: str = ""
    memory: tuple[tuple[str, SizeFormula, SizeFormula | None], ...] = ()
    """Rows of its estimate of memory: the type, and bytes of weights and of training."""

    def find_rule(self, kind: str) -> CounterRule | None:
        """The rule for a kind of layer; None when there is none."""
        return self.rules.get(kind) or (CounterRule() if self.any_kind else None)


@lru_cache(maxsize=100)
def read_counter(named: str) -> Counter:
    """The rule of the tool with that name.

    Raises:
        UsageError: If there is no such tool in the catalogue.
        StudyError: If its entry is wrong.

    Example:
        >>> read_counter("torchinfo").version
        '1.8.0'
    """
    table = read_entry("counter", named)
    return counter_of(table, place=Place(f"counter `{table.get('name', named)}`"))


def counter_of(table: Mapping[str, Any], *, place: Place) -> Counter:
    """The rule that a table says.

    Raises:
        StudyError: If a key is missing or not known, or a kind has two rules.
        FormulaError: If a formula cannot be read.
    """
    check_keys(table, _KEYS, place=place)
    rules: dict[str, CounterRule] = {}
    for row in table.get("rule", ()):
        check_keys(row, _RULE_KEYS, place=place)
        for kind in _list_kinds(row, place):
            if kind in rules:
                raise StudyError(f"The kind `{kind}` has two rules.", place=place)
            rules[kind] = _read_rule(row, place)
    counts = tuple(table.get("counts", ()))
    if not counts or set(counts) - set(MEASURES):
        raise StudyError("`counts` lists what it counts.", place=place, known=MEASURES)
    again = table.get("again", {})
    check_keys(again, ("parameters", "multiply_adds", "because"), place=place)
    return Counter(
        str(table["name"]),
        str(table["about"]),
        str(table["version"]),
        str(table["reference"]),
        counts,
        rules,
        model=str(table.get("model", "")),
        any_kind=table.get("any_kind") is True,
        **{
            key: str(table.get(key, ""))
            for key in ("tied", "frozen", "buffers", "containers", "rows", "needs_parameters")
        },
        again_parameters=_read_optional(again.get("parameters")),
        again_multiply_adds=_read_optional(again.get("multiply_adds")),
        again=str(again.get("because", "")),
        memory=tuple(_read_memory(row, place) for row in table.get("memory", ())),
    )


def _list_kinds(row: Mapping[str, Any], place: Place) -> list[str]:
    kinds = row.get("kinds")
    if not isinstance(kinds, list) or not kinds:
        raise StudyError("A rule has no list `kinds`.", place=place, hint='write kinds = ["dense"]')
    found: list[str] = []
    for kind in map(str, kinds):
        if kind == _ACTIVATIONS:
            layers = list_entries("layer")
            found += [name for name in list_entries("activation") if name not in layers]
        else:
            found.append(kind)
    return found


def _read_rule(row: Mapping[str, Any], place: Place) -> CounterRule:
    leaves_out = ""
    if row.get("parameters", "all") not in {"all", "none"}:
        raise StudyError("`parameters` of a rule is `all` or `none`.", place=place)
    if row.get("parameters") == "none":
        leaves_out = str(row.get("because", "")) or "it does not see them"
    refusals: list[tuple[SizeFormula | None, str]] = []
    for refusal in row.get("refuse", ()):
        check_keys(refusal, ("when", "because"), place=place)
        refusals.append((_read_optional(refusal.get("when")), str(refusal["because"])))
    return CounterRule(
        tuple(_read_line(line, place) for line in row.get("multiply_adds", ())),
        tuple(_read_line(line, place) for line in row.get("more_parameters", ())),
        leaves_out,
        _read_optional(row.get("left_out_when")),
        row.get("bare") is True,
        tuple(refusals),
    )


def _read_line(line: Mapping[str, Any], place: Place) -> CounterLine:
    check_keys(line, _LINE_KEYS, place=place)
    for key in ("what", "count", "because"):
        if not isinstance(line.get(key), str):
            raise StudyError(f"A line has no text `{key}`.", place=place)
    when = _read_optional(line.get("when"))
    is_function = line.get("function") is True
    return CounterLine(line["what"], read_size(line["count"]), when, line["because"], is_function)


def _read_optional(text: Any) -> SizeFormula | None:
    return None if text is None else read_size(str(text))


def _read_memory(
    row: Mapping[str, Any], place: Place
) -> tuple[str, SizeFormula, SizeFormula | None]:
    check_keys(row, ("type", "weights", "training"), place=place)
    return str(row["type"]), read_size(str(row["weights"])), _read_optional(row.get("training"))
