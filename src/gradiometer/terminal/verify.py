"""`gradiometer verify FILE`: replays certificates with the independent checker."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn, final

import click

from gradiometer.errors import CertificateError, Place, StudyError
from gradiometer.terminal.exits import Exit
from gradiometer.terminal.output import print_text

_MOST_BYTES = 100_000_000
_SCHEMA = "gradiometer/verify-1"


@final
@dataclass(frozen=True)
class Checked:
    """What the checker said of one certificate."""

    where: str
    """Its place in the file, such as `questions.0.answer`; empty for the file itself."""
    kind: str
    accepted: bool
    reason: str
    """Why it was rejected."""


@click.command("verify", epilog="Example: gradiometer verify answer.json")
@click.argument("file")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(file: str, as_json: bool) -> int:
    """Check every certificate in FILE: a certificate, an answer, or a study's result as JSON."""
    checked = [_check(where, found) for where, found in _find_certificates(file)]
    if as_json:
        rows = [vars(row) for row in checked]
        print_text(
            json.dumps({"schema": _SCHEMA, "certificates": rows}, ensure_ascii=False, indent=2)
        )
    else:
        print_text("\n".join(map(_to_line, checked)))
    return Exit.DONE if all(row.accepted for row in checked) else Exit.REFUTED


def _check(where: str, certificate: Any) -> Checked:
    from gradiometer.proof import check

    kind = certificate.get("kind") if isinstance(certificate, Mapping) else None
    named = kind if isinstance(kind, str) else ""
    try:
        check(certificate)
    except CertificateError as error:
        return Checked(where, named, False, error.problem)
    return Checked(where, named, True, "")


def _to_line(row: Checked) -> str:
    words = ["accepted" if row.accepted else "rejected", row.kind, row.where]
    line = " ".join(filter(None, words))
    return line if row.accepted else f"{line}: {row.reason}"


def _find_certificates(file: str) -> list[tuple[str, Any]]:
    """The certificates in *file*, each with its place.

    Raises:
        StudyError: If the file cannot be read, is no JSON, or holds no certificate.
    """
    content = _read_json(file)
    schema = content.get("schema") if isinstance(content, Mapping) else None
    found = list(_in_content(schema, content)) if isinstance(content, Mapping) else []
    if found:
        return found
    place = Place(file)
    if schema in ("gradiometer/answer-1", "gradiometer/study-1"):
        problem = "The file holds no certificate: its facts follow from exact algebra alone."
        raise StudyError(problem, place=place)
    raise StudyError(
        "The file is no certificate, no answer and no study's result.",
        place=place,
        known=("gradiometer/certificate-1", "gradiometer/answer-1", "gradiometer/study-1"),
        hint="give a file that `--json` or `-o answer.json` wrote",
    )


def _in_content(schema: Any, content: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    if schema == "gradiometer/certificate-1":
        yield "", content
    elif schema == "gradiometer/answer-1" and content.get("certificate") is not None:
        yield "certificate", content["certificate"]
    elif schema == "gradiometer/study-1":
        for index, question in enumerate(_rows(content, "questions")):
            answer = question.get("answer")
            if isinstance(answer, Mapping) and answer.get("certificate") is not None:
                yield f"questions.{index}.answer", answer["certificate"]
            for number, claim in enumerate(_rows(question, "claims")):
                if claim.get("certificate") is not None:
                    yield f"questions.{index}.claims.{number}", claim["certificate"]


def _rows(content: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    rows = content.get(key)
    return [row for row in rows if isinstance(row, Mapping)] if isinstance(rows, list) else []


def _read_json(file: str) -> Any:
    from gradiometer.study import read_text

    text = read_text(Path(file), most_bytes=_MOST_BYTES)
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        lines = text.splitlines() or [""]
        raise StudyError(
            f"The file is no JSON: {error.msg}.",
            text=lines[min(error.lineno, len(lines)) - 1],
            start=error.colno - 1,
            place=Place(file, error.lineno, error.colno),
        ) from None
    except RecursionError:
        raise StudyError("The file is nested too deeply.", place=Place(file)) from None
    except ValueError as error:
        raise StudyError(f"The file is no strict JSON: {error}.", place=Place(file)) from None


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"it holds {name}")
