"""Exit codes, and what is said on standard error before them."""

from __future__ import annotations

import os
import sys
from enum import IntEnum
from typing import TextIO

import click

from gradiometer.errors import (
    GradiometerError,
    LimitError,
    StudyError,
    UndecidedError,
    render_error,
)


class Exit(IntEnum):
    """What the exit code says; 74 and 141 are those of `sysexits.h` and of a shell."""

    DONE = 0
    REFUTED = 1
    USAGE = 2
    UNDECIDED = 3
    BAD_FILE = 4
    LIMIT = 5
    BUG = 70
    CANNOT_WRITE = 74
    INTERRUPTED = 130
    PIPE_CLOSED = 141


def say_and_choose_exit(error: BaseException) -> int:
    """The exit code of an exception, which is explained on standard error where there is one."""
    try:
        return _say_and_choose_exit(error)
    except OSError:
        # Standard error is full or closed as well: only the code is left to say it.
        _send_nowhere(sys.stderr)
        return Exit.CANNOT_WRITE


def _say_and_choose_exit(error: BaseException) -> int:
    if isinstance(error, click.exceptions.Exit):
        return error.exit_code
    if isinstance(error, click.ClickException):
        error.show()
        return error.exit_code
    if isinstance(error, click.Abort | KeyboardInterrupt | EOFError):
        click.echo(f"interrupted: {error}" if str(error) else "interrupted", err=True)
        return Exit.INTERRUPTED
    if isinstance(error, BrokenPipeError):
        _send_nowhere(sys.stdout)
        return Exit.PIPE_CLOSED
    if isinstance(error, OSError) and error.filename is None:
        # Files have names, and their errors are caught where they are opened.
        _send_nowhere(sys.stdout)
        reason = error.strerror or "the system refuses"
        click.echo(f"cannot write to the standard output: {reason}", err=True)
        return Exit.CANNOT_WRITE
    if isinstance(error, GradiometerError):
        click.echo(render_error(error), err=True)
        return choose_exit(error)
    if isinstance(error, UndecidedError):
        click.echo(f"undecided: {error}", err=True)
        return Exit.UNDECIDED
    _say_bug(error)
    return Exit.BUG


def choose_exit(error: GradiometerError) -> Exit:
    """The exit code of an error: what was typed, a file, or a stated limit."""
    place = error.place
    if isinstance(error, StudyError):
        return Exit.BAD_FILE
    if place is not None and (place.line is not None or place.source.endswith(".toml")):
        return Exit.BAD_FILE
    return Exit.LIMIT if isinstance(error, LimitError) else Exit.USAGE


def _say_bug(error: BaseException) -> None:
    if os.environ.get("GRADIOMETER_DEBUG") == "1":
        import traceback

        click.echo("".join(traceback.format_exception(error)), err=True, nl=False)
    said = str(error).splitlines()[0] if str(error) else ""
    click.echo(f"InternalError: {type(error).__name__}: {said}", err=True)
    click.echo(
        "  This is a defect of gradiometer, not of your request. Please report the command and\n"
        "  the output of `gradiometer doctor`; GRADIOMETER_DEBUG=1 shows where it happened.",
        err=True,
    )


def _send_nowhere(stream: TextIO) -> None:
    """Send what is still buffered nowhere, so that closing does not fail a second time."""
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
    except (OSError, ValueError):
        return
