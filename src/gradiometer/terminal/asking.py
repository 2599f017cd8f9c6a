"""The commands of the questions, made from the table of questions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import click

from gradiometer.question import QUESTIONS, Answer, Input, Question, ask
from gradiometer.study import WrongKindError, split_settings, to_flag
from gradiometer.terminal.exits import Exit
from gradiometer.terminal.output import (
    can_draw,
    choose_output,
    output_options,
    print_text,
    screen_width,
    wants_color,
    write_file,
)
from gradiometer.terminal.progress import progress_option, show_progress

FORMATS = ("text", "json", "markdown", "latex", "html", "csv", "dot", "mermaid", "graph")
"""The forms of an answer; the last three are those of a graph."""


class QuestionCommand(click.Command):
    """A command whose positional arguments may start with a minus sign, as formulas do."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Move formulas such as `-x` behind the options before click looks at them."""
        return super().parse_args(ctx, _guard_formulas(args, self._options_with_value()))

    def _options_with_value(self) -> set[str]:
        options = [param for param in self.params if isinstance(param, click.Option)]
        return {name for option in options if not option.is_flag for name in option.opts}


def _guard_formulas(args: Sequence[str], with_value: set[str]) -> list[str]:
    """The arguments with all positional ones behind `--`."""
    options: list[str] = []
    positional: list[str] = []
    rest = iter(args)
    for word in rest:
        if word == "--":
            positional += rest
        elif word.startswith("--") or word[:2] in with_value:
            options.append(word)
            if word in with_value:
                options += [value for value in [next(rest, None)] if value is not None]
        else:
            positional.append(word)
    return [*options, "--", *positional]


def make_command(name: str) -> click.Command:
    """The command that asks the question of that name."""
    question = QUESTIONS[name]

    @output_options(FORMATS)
    @click.option("--explain", is_flag=True, help="Print the steps of the derivation as well.")
    def run(
        output: str | None,
        format_name: str | None,
        as_json: bool,
        explain: bool,
        progress: str = "",
        **given: Any,
    ) -> int:
        wanted = choose_output(output, format_name, as_json=as_json, formats=FORMATS)
        with show_progress(progress):
            answer = ask(name, **_read_inputs(question, given))
        for warning in answer.warnings:
            click.echo(f"warning: {warning}", err=True)
        if wanted.path is not None and wanted.written is not None:
            write_file(wanted.path, _to_text(answer, wanted.written, explain, color=False))
        if wanted.shown is not None:
            print_text(_to_text(answer, wanted.shown, explain, color=wants_color()))
        return _choose_exit(answer)

    command = click.command(name, cls=QuestionCommand, help=_to_help(question))(run)
    command.epilog = f"Example: {question.example}"
    command.params = [_to_parameter(item) for item in question.inputs] + command.params
    if question.is_long:
        command.params.append(progress_option())
    return command


def _to_help(question: Question) -> str:
    rows = [f"{_metavar(item)}: {item.about}" for item in question.inputs if item.positional]
    return "\n\n".join([question.about, *rows])


def _metavar(item: Input) -> str:
    return item.name.upper()


def _to_parameter(item: Input) -> click.Parameter:
    if item.positional:
        many = item.kind == "texts"
        return click.Argument(
            [item.name],
            required=item.required,
            nargs=-1 if many else 1,
            metavar=(_metavar(item) if item.required else f"[{_metavar(item)}]")
            + ("..." if many else ""),
        )
    settings: dict[str, Any] = {"help": _to_option_help(item), "required": item.required}
    flag = to_flag(item)
    if item.kind == "flag":
        return click.Option([f"{flag}/{flag.replace('--', '--no-', 1)}"], default=None, **settings)
    if item.kind == "integer":
        return click.Option([flag], type=int, **settings)
    if item.kind == "choice":
        return click.Option([flag], type=click.Choice(item.choices), **settings)
    if item.kind == "numbers":
        return click.Option([flag], multiple=True, metavar="NAME=VALUE", **settings)
    return click.Option(
        [flag, item.name],
        multiple=item.kind in ("texts", "paths"),
        metavar=item.kind.upper(),
        **settings,
    )


def _to_option_help(item: Input) -> str:
    default = item.default
    if isinstance(default, bool):
        default = "yes" if default else "no"
    about = item.about
    if item.kind in ("texts", "paths", "numbers"):
        about += " May be repeated."
    return about if item.default is None else f"{about} [default: {default}]"


def _read_inputs(question: Question, given: Mapping[str, Any]) -> dict[str, Any]:
    """What was typed, as the question takes it; numbers stay text, so they stay exact."""
    inputs: dict[str, Any] = {}
    for item in question.inputs:
        value = given[item.name]
        if value is None or value == ():
            continue
        inputs[item.name] = _join_settings(item, value) if item.kind == "numbers" else value
    return inputs


def _join_settings(item: Input, texts: Sequence[str]) -> dict[str, str]:
    """The values of an option such as `--set`, which may be given several times."""
    values: dict[str, str] = {}
    for text in texts:
        try:
            more = split_settings(text)
        except WrongKindError as error:
            raise click.BadParameter(f"{error.hint}.", param_hint=f"'{to_flag(item)}'") from None
        for name in more:
            if name in values:
                raise click.BadParameter(
                    f"`{name}` is given twice.", param_hint=f"'{to_flag(item)}'"
                )
        values |= more
    return values


def _to_text(answer: Answer, format_name: str, explain: bool, *, color: bool) -> str:
    if format_name == "json":
        return answer.to_json()
    from gradiometer.report import to_format, to_terminal

    if format_name == "text":
        # Warnings go to standard error, whatever the form of the answer.
        bare = replace(answer, warnings=())
        return to_terminal(
            bare,
            explain=explain,
            color=color,
            width=screen_width(),
            ascii_only=not can_draw(),
        )
    return to_format(answer, format_name)


def _choose_exit(answer: Answer) -> Exit:
    """Done, except for a claim, whose exit code says what became of it."""
    if answer.question != "claim":
        return Exit.DONE
    holds = answer.facts["holds"].value
    return Exit.UNDECIDED if holds is None else Exit.DONE if holds else Exit.REFUTED
