"""The command `gradiometer`: finds the subcommand, and turns every outcome into an exit code."""

from __future__ import annotations

import contextlib
import errno
import gc
import importlib
import io
import os
import sys
from collections.abc import Sequence
from typing import Any, NoReturn, final

import click

from gradiometer.errors import suggest
from gradiometer.terminal.commands import OTHER_COMMANDS, QUESTION_COMMANDS
from gradiometer.terminal.exits import Exit, say_and_choose_exit


class LazyGroup(click.Group):
    """A group whose commands are imported when they are asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of all commands, questions first."""
        return [*QUESTION_COMMANDS, *OTHER_COMMANDS]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name; None when there is none."""
        if cmd_name in QUESTION_COMMANDS:
            from gradiometer.terminal.asking import make_command

            return make_command(cmd_name)
        if cmd_name in OTHER_COMMANDS:
            return importlib.import_module(f"gradiometer.terminal.{cmd_name}").command
        return None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that the first argument names.

        Raises:
            UsageError: Of click, with the nearest name.
        """
        name = args[0]
        if name not in self.list_commands(ctx) and not name.startswith("-"):
            nearest = suggest(name, self.list_commands(ctx))
            hint = f" Did you mean `{nearest}`?" if nearest else ""
            ctx.fail(f"There is no command `{name}`.{hint}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands' lines without importing them."""
        for title, rows in (("Questions", QUESTION_COMMANDS), ("Commands", OTHER_COMMANDS)):
            with formatter.section(title):
                formatter.write_dl(list(rows.items()))

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        **extra: Any,
    ) -> Any:
        """Run and leave with an exit code; with `standalone_mode=False` behave as click does."""
        if not standalone_mode or "_GRADIOMETER_COMPLETE" in os.environ:
            return super().main(args, prog_name, complete_var, standalone_mode, **extra)
        _replace_closed_streams()
        _tolerate_odd_characters()
        # One command makes many small trees and keeps most of them: collecting rarely saves a
        # tenth of the time of a short process, and a long one still collects.
        gc.set_threshold(200_000, 20, 20)
        words = list(sys.argv[1:] if args is None else args)
        try:
            # Not click's own `main`: it gives a closed pipe and an interrupt codes of its own.
            with self.make_context(prog_name or "gradiometer", words, **extra) as context:
                code = self.invoke(context)
            sys.stdout.flush()
        # The outermost place: whatever happens becomes a code and a sentence.
        except BaseException as error:
            code = say_and_choose_exit(error)
        sys.exit(int(code) if isinstance(code, int) else Exit.DONE)


@final
class _Closed(io.TextIOBase):
    """Stands for a standard output that was closed before we began."""

    def write(self, s: str, /) -> int:
        """Refuse, as a full device does."""
        raise OSError(errno.EBADF, "it is closed")


def _replace_closed_streams() -> None:
    """Python has None for a closed stream: a lost answer is an error, a lost warning is not."""
    if sys.stdout is None:
        sys.stdout = _Closed()
    if sys.stderr is None:
        sys.stderr = io.StringIO()


def _tolerate_odd_characters() -> None:
    """Replace characters that the terminal cannot show instead of failing on them."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError, ValueError):
            stream.reconfigure(errors="replace")  # pyright: ignore[reportAttributeAccessIssue]  # text streams have it


def _show_version(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted and not ctx.resilient_parsing:
        from gradiometer.question import read_version

        click.echo(f"gradiometer {read_version()}")
        ctx.exit()


@click.group(
    cls=LazyGroup,
    context_settings={"max_content_width": 100},
    epilog="`gradiometer QUESTION --help` shows what a question takes, with an example.\n\n"
    "Exit codes: 0 done, 1 refuted or rejected, 2 a request that cannot be used, 3 undecided, "
    "4 a file that cannot be used, 5 a limit, 70 a defect of ours, 74 an output that takes no "
    "text, 130 interrupted, 141 a closed pipe.",
)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_show_version,
    help="Print the version.",
)
def cli() -> None:
    """Answer questions about how neural networks train, and prove the answers."""


def main() -> NoReturn:
    """Run the command line of this process and leave with its exit code."""
    cli.main(prog_name="gradiometer")
    raise AssertionError  # `cli.main` always leaves
