"""The answer as text for a screen: facts aligned, rows as tables, colour only on request."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from gradiometer.report.content import list_facts, write_steps
from gradiometer.report.document import Badge, Block, Line, Paragraph, Steps, Table, clean
from gradiometer.report.spelling import to_plain, to_prose
from gradiometer.report.text_graph import draw_text

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

    from gradiometer.question import Answer

_STYLES: Mapping[str, str] = {
    "proved": "green",
    "computed": "blue",
    "measured": "magenta",
    "unknown": "bright_black",
    "warning": "yellow",
    "because": "bright_black",
}

_MOST_ROWS = 30
"""Rows of a table that fit on a screen; the rest is counted."""


def to_terminal(
    answer: Answer,
    *,
    explain: bool = False,
    color: bool = False,
    width: int = 80,
    ascii_only: bool = False,
) -> str:
    """The answer as lines of text, ending in a newline.

    Args:
        answer: What to show.
        explain: Whether to add the worked steps.
        color: Whether to use the terminal's colours.
        width: Columns of the screen, at least 40.
        ascii_only: Whether a drawing uses only the letters of ASCII.
    """
    blocks: list[Block] = [*list_facts(answer)]
    blocks += [Paragraph(to_prose(warning), "warning") for warning in answer.warnings]
    if explain and answer.steps:
        blocks.append(write_steps(answer))
    stream = io.StringIO()
    console = _open(stream, color=color, width=max(width, 40))
    for place, block in enumerate(blocks):
        _show(console, block)
        if place == 0:
            _draw(console, answer, ascii_only=ascii_only, width=max(width, 40))
    return "\n".join(line.rstrip() for line in stream.getvalue().splitlines()) + "\n"


def _draw(console: Console, answer: Answer, *, ascii_only: bool, width: int) -> None:
    """The graph of the answer below its facts, where it has one."""
    lines = draw_text(answer, ascii_only=ascii_only, width=width)
    if lines:
        console.print()
        console.print(_text("graph", "bold"))
    for line in lines:
        console.print(_text(line.text, "bold" if line.is_lit else ""), overflow="crop")


def _open(stream: io.StringIO, *, color: bool, width: int) -> Console:
    from rich.console import Console

    return Console(
        file=stream, width=width, force_terminal=color, color_system="standard" if color else None,
        no_color=not color, highlight=False, markup=False, emoji=False, legacy_windows=False,
        _environ={},
    )  # fmt: skip


def _text(line: Line | str, style: str = "") -> Text:
    from rich.text import Text

    if isinstance(line, str):
        return Text(clean(line), style)
    text = Text(style=style)
    for part in line:
        if isinstance(part, Badge):
            text.append(part.status, _STYLES[part.status])
        else:
            text.append(clean(to_plain((part,))))
    return text


def _show(console: Console, block: Block) -> None:
    match block:
        case Table(role="facts"):
            console.print(_facts(block.rows))
        case Table():
            console.print()
            console.print(_text(block.caption, "bold"))
            console.print(_rows(block))
            if len(block.rows) > _MOST_ROWS:
                console.print(f"… {len(block.rows) - _MOST_ROWS} rows more; --json has them all")
        case Steps(items):
            console.print()
            console.print(_text("steps", "bold"))
            console.print(_steps(items))
        case Paragraph(line, role):
            console.print()
            console.print(_text(("note: ", *line), _STYLES.get(role, "")))


def _grid(**options: Any) -> Any:
    from rich.table import Table as Grid

    return Grid(box=None, show_edge=False, pad_edge=False, padding=(0, 2, 0, 0), **options)


def _facts(rows: Sequence[tuple[Line, ...]]) -> Any:
    """Name and status in columns, then the value with its reason: most facts take one line."""
    grid = _grid(show_header=False)
    grid.add_column(no_wrap=True)
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold", ratio=1)
    for name, value, status, because in rows:
        text = _text(value)
        if because:
            text.append(" — ").append_text(_text(because, _STYLES["because"]))
        grid.add_row(_text(name, "bold"), _text(status), text)
    return grid


def _rows(table: Table) -> Any:
    grid = _grid(header_style=_STYLES["because"])
    numeric = table.numeric or (False,) * len(table.columns)
    for column, is_number in zip(table.columns, numeric, strict=True):
        side = "right" if is_number else "left"
        grid.add_column(_text(column), justify=side, no_wrap=is_number, overflow="fold")
    for row in table.rows[:_MOST_ROWS]:
        grid.add_row(*map(_text, row))
    return grid


def _steps(items: Sequence[tuple[Any, Line]]) -> Any:
    grid = _grid(show_header=False)
    grid.add_column(justify="right", no_wrap=True)
    grid.add_column(overflow="fold")
    for number, (formula, because) in enumerate(items, start=1):
        grid.add_row(f"{number}.", _text(formula.text))
        if because:
            grid.add_row("", _text(because, _STYLES["because"]))
    return grid
