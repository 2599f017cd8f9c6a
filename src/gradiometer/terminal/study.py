"""`gradiometer study run|check|new|schema`: work with files of questions."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from gradiometer.errors import GradiometerError, render_error
from gradiometer.study import (
    StudyQuestion,
    StudyResult,
    check_study,
    run_study,
    to_page,
    to_schema,
    write_starter,
)
from gradiometer.terminal.exits import Exit
from gradiometer.terminal.output import (
    choose_output,
    output_options,
    print_text,
    wants_color,
    write_file,
)
from gradiometer.terminal.study_text import count_of, to_summary

FORMATS = ("text", "json", "markdown", "latex", "html")
"""The forms of a study's result; there is no single table that CSV could hold."""


@click.group(help="Answer a file of questions, check its claims and write a report.")
def command() -> None:
    """The group of the commands below."""


@command.command(
    epilog="Example, after `gradiometer study new sheet.toml`: "
    "gradiometer study run sheet.toml -o report.html"
)
@click.argument("file")
@output_options(FORMATS)
@click.option("--strict", is_flag=True, help="Exit 1 on a refuted claim, 3 on an undecided one.")
def run(file: str, output: str | None, format_name: str | None, as_json: bool, strict: bool) -> int:
    """Answer the questions in FILE and check its claims."""
    wanted = choose_output(output, format_name, as_json=as_json, formats=FORMATS)
    study, problems = check_study(file)
    if study is None or problems:
        return _say_problems(problems)
    try:
        result = run_study(study, on_question=_show_progress)
    except GradiometerError as error:
        return _say_problems((error,))
    finally:
        _show_progress(None)
    if wanted.path is not None and wanted.written is not None:
        write_file(wanted.path, _to_text(result, wanted.written))
    # Beside a report, the screen still says what became of the claims.
    shown = wanted.shown or ("text" if wanted.written != "json" else None)
    if shown is not None:
        print_text(_to_text(result, shown, color=wants_color()))
    return _choose_exit(result) if strict else Exit.DONE


@command.command(
    epilog="Example, after `gradiometer study new sheet.toml`: gradiometer study check sheet.toml"
)
@click.argument("file")
def check(file: str) -> int:
    """Read FILE and say everything that is wrong with it, without answering it."""
    study, problems = check_study(file)
    if study is None or problems:
        return _say_problems(problems)
    claims = sum(len(question.claims) for question in study.questions)
    counts = f"{count_of(len(study.questions), 'question')} and {count_of(claims, 'claim')}"
    print_text(f"{file}: {counts} can be read.")
    return Exit.DONE


@command.command(epilog="Example: gradiometer study new sheet.toml")
@click.argument("file")
def new(file: str) -> int:
    """Write a study to begin with to FILE, which must not exist yet."""
    path = write_starter(Path(file))
    click.echo(f"wrote {path}", err=True)
    return Exit.DONE


@command.command(epilog="Example: gradiometer study schema > study.schema.json")
def schema() -> int:
    """Print the JSON Schema of study files."""
    print_text(json.dumps(to_schema(), ensure_ascii=False, indent=2))
    return Exit.DONE


def _say_problems(problems: tuple[GradiometerError, ...]) -> int:
    click.echo("\n".join(render_error(problem) for problem in problems), err=True)
    return Exit.BAD_FILE


def _show_progress(question: StudyQuestion | None) -> None:
    """Name the question that is being answered, where a person is watching."""
    if sys.stderr.isatty():
        text = f"{question.id} {question.ask} …" if question else ""
        click.echo(f"\r\x1b[K{text}", err=True, nl=False)


def _to_text(result: StudyResult, format_name: str, *, color: bool = False) -> str:
    if format_name == "json":
        return result.to_json()
    if format_name == "text":
        return to_summary(result, color=color)
    from gradiometer.report import write_html, write_latex, write_markdown

    writers = {"html": write_html, "markdown": write_markdown, "latex": write_latex}
    return writers[format_name](to_page(result))


def _choose_exit(result: StudyResult) -> Exit:
    if result.summary["false"]:
        return Exit.REFUTED
    return Exit.UNDECIDED if result.summary["undecided"] else Exit.DONE
