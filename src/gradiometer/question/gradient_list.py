"""The gradient of a long list of assignments in float64, with a bound on every rounding error."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from gradiometer.formula import Node
from gradiometer.model import read_listing
from gradiometer.question.answer import Answer, Fact
from gradiometer.question.gradient_arrays import list_list_arrays
from gradiometer.question.gradient_highlight import Highlight
from gradiometer.question.gradient_list_facts import list_facts, list_largest, rank_inputs
from gradiometer.question.gradient_list_view import (
    find_list_highlight,
    list_list_focus,
    list_short_paths,
)
from gradiometer.question.gradient_sweep import MOST_INPUTS, Swept, sweep_list

_TOP = 10


def answer_list(
    lines: Iterable[str],
    *,
    at: Mapping[str, Node],
    inputs: Mapping[str, Any],
    source: str,
    highlight: Highlight | None = None,
    focus: int | None = None,
) -> Answer:
    """The answer about a list that is too long for exact numbers.

    Args:
        lines: The assignments.
        at: The value of each input.
        inputs: What was asked, with `of` and `top`.
        source: Where the text stands, for errors.
        highlight: One path that is asked for.
        focus: How many nodes the focus shows; as many as are drawn when it is left out.

    Raises:
        UsageError: If there is no such path.
        FormulaError: If a line cannot be read, or a name is assigned twice or used too early.
        DomainError: If an operation has no finite value; its line is named.
    """
    # Not kept by a name here: what is read is let go while it is swept.
    swept = sweep_list(
        read_listing(lines, given=at, source=source),
        at,
        of=str(inputs.get("of", "")),
        source=source,
    )
    asked = {**inputs, "of": swept.output_name}
    top = int(inputs.get("top", _TOP))
    first: tuple[int, ...] = ()
    facts: dict[str, Fact] = {}
    if highlight is not None:
        found = find_list_highlight(swept, highlight)
        first, facts = found.nodes, {"highlighted": found.fact}
    ranked = rank_inputs(swept, top)
    largest, paths = list_largest(swept, ranked), list_short_paths(ranked, focus)
    # The tree of best paths weighs more than the graph: it is let go before the next is made.
    del ranked
    facts |= list_list_focus(swept, paths, most=focus, first=first)
    facts = list_facts(swept, largest, top) | facts
    return Answer(
        "gradient", asked, facts, arrays=list_list_arrays(swept), warnings=_warnings(swept)
    )


def _warnings(swept: Swept) -> tuple[str, ...]:
    found: list[str] = []
    if len(swept.legend.inputs) > MOST_INPUTS:
        found.append(
            f"Of {len(swept.legend.inputs):,} inputs the {MOST_INPUTS} with the largest mass are "
            "listed."
        )
    if swept.unsettled:
        names = ", ".join(f"`{name}`" for name in sorted(swept.unsettled)[:MOST_INPUTS])
        found.append(f"The gradient of {names} meets a kink, so there may be no derivative.")
    return tuple(found)
