"""How far long work is, on standard error: a line that is written over, or lines of JSON."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict

import click

from gradiometer.question import Progress, watch_progress

KINDS = ("bar", "json", "none")


def progress_option() -> click.Option:
    """The option that says in which form progress is shown."""
    about = "How far it is, on standard error; a bar on a screen, else nothing, if not given."
    return click.Option(["--progress"], type=click.Choice(KINDS), help=about)


@contextmanager
def show_progress(kind: str | None) -> Iterator[None]:
    """Inside, progress is shown; nothing of a bar is left behind.

    Args:
        kind: One of `KINDS`; None for a bar where standard error is a screen, empty for none.
    """
    kind = ("bar" if sys.stderr.isatty() else "none") if kind is None else kind
    if kind not in ("bar", "json"):
        yield
        return
    try:
        with watch_progress(_write_json if kind == "json" else _write_bar):
            yield
    finally:
        if kind == "bar":
            click.echo("\r\033[K", err=True, nl=False)


def _write_json(progress: Progress) -> None:
    click.echo(json.dumps(asdict(progress)), err=True)


def _write_bar(progress: Progress) -> None:
    click.echo(f"\r{to_bar(progress)}\033[K", err=True, nl=False)


def to_bar(progress: Progress) -> str:
    """The line of a bar.

    Example:
        >>> to_bar(Progress(25, 100, "epochs", 75.0))
        '[#####---------------]  25 %, 25 of 100 epochs, 1:15 left'
    """
    share = progress.done / max(progress.total, 1)
    filled = int(20 * share)
    bar = "#" * filled + "-" * (20 - filled)
    said = f"[{bar}] {share:4.0%}, {progress.done:,} of {progress.total:,} {progress.unit}"
    said = said.replace("%", " %")
    if progress.seconds_left is None:
        return said
    minutes, seconds = divmod(round(progress.seconds_left), 60)
    hours, minutes = divmod(minutes, 60)
    clock = f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
    return f"{said}, {clock} left"
