"""Puts an answer where it is wanted: standard output or a file, in one of the formats."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar, final

import click

from gradiometer.errors import Place, UsageError

_SUFFIXES = {
    ".txt": "text",
    ".json": "json",
    ".md": "markdown",
    ".tex": "latex",
    ".html": "html",
    ".htm": "html",
    ".csv": "csv",
    ".dot": "dot",
    ".gv": "dot",
    ".mmd": "mermaid",
}

_Command = TypeVar("_Command", bound=Callable[..., Any])


@final
@dataclass(frozen=True)
class Wanted:
    """Which formats go where."""

    shown: str | None
    """The format on standard output; None when nothing is printed."""
    written: str | None
    """The format of the file; None when no file is written."""
    path: Path | None


def output_options(formats: Sequence[str]) -> Callable[[_Command], _Command]:
    """A decorator that adds `--json`, `--format` and `-o` to a command."""

    def decorate(command: _Command) -> _Command:
        for option in (
            click.option("-o", "--output", metavar="FILE", help="Write to FILE, whole or not."),
            click.option(
                "--format", "format_name", type=click.Choice(formats), help="The answer's form."
            ),
            click.option("--json", "as_json", is_flag=True, help="The same as --format json."),
        ):
            command = option(command)
        return command

    return decorate


def choose_output(
    output: str | None, format_name: str | None, *, as_json: bool, formats: Sequence[str]
) -> Wanted:
    """What goes where: a file's suffix names its format unless `--format` does.

    `--json` beside a file of another suffix prints JSON as well.

    Raises:
        UsageError: If the wishes contradict each other or the file cannot be written.
    """
    if as_json and format_name not in (None, "json"):
        raise UsageError("`--json` and `--format` name two formats.", hint="give one of them")
    chosen = "json" if as_json else format_name
    if output is None or output == "-":
        return Wanted(chosen or "text", None, None)
    path = Path(output)
    _refuse_unwritable(path)
    suffixes = {suffix: name for suffix, name in _SUFFIXES.items() if name in formats}
    by_suffix = suffixes.get(path.suffix.lower())
    if as_json and by_suffix not in (None, "json"):
        return Wanted("json", by_suffix, path)
    if chosen is None and by_suffix is None:
        raise UsageError(
            f"The name `{output}` does not say which format is wanted.",
            known=tuple(suffixes),
            hint="use one of these suffixes, or --format",
        )
    return Wanted(None, chosen or by_suffix, path)


def _refuse_unwritable(path: Path) -> None:
    """Fail before the work, not after it."""
    place = Place("-o")
    if path.is_dir():
        raise UsageError(f"`{path}` is a folder.", place=place, hint="name a file in it")
    if not path.parent.is_dir():
        raise UsageError(
            f"There is no folder `{path.parent}`.", place=place, hint="create the folder first"
        )


def write_file(path: Path, text: str) -> None:
    """Write *text* to *path*, whole or not at all, and say so on standard error.

    Raises:
        UsageError: If the file cannot be written.
    """
    from gradiometer.question import write_whole

    text = text if text.endswith("\n") else text + "\n"
    try:
        if path.exists() and not path.is_file():
            # A device or a pipe cannot be replaced by a file; it is written to.
            path.write_text(text, encoding="utf-8")
        else:
            write_whole(path.resolve() if path.is_symlink() else path, text)
    except OSError as error:
        reason = error.strerror or "the system refuses"
        problem = f"`{path}` cannot be written: {reason}."
        raise UsageError(problem, place=Place("-o")) from None
    click.echo(f"wrote {path}", err=True)


def print_text(text: str) -> None:
    """Print *text* on standard output, with one newline at its end."""
    click.echo(text.rstrip("\n"), color=wants_color())


def wants_color() -> bool:
    """Whether standard output is to be coloured: `NO_COLOR`, `FORCE_COLOR`, else a terminal."""
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return sys.stdout.isatty() and os.environ.get("TERM") != "dumb"


def can_draw() -> bool:
    """Whether standard output can show the signs of a drawing."""
    try:
        "├└─█◀".encode(sys.stdout.encoding or "ascii")
    except (LookupError, UnicodeEncodeError):
        return False
    return os.environ.get("TERM") != "dumb"


def screen_width() -> int:
    """Columns of the screen; 100 where there is none."""
    return shutil.get_terminal_size((100, 24)).columns
