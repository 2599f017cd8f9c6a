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
_WIDTH = 160
"""Characters of a claim that are shown."""
_NOUNS: Mapping[Any, str] = {
    "gradiometer/answer-1": "answer",
    "gradiometer/study-1": "study's result",
}
"""What else than a certificate a file may hold, by its schema."""


@final
@dataclass(frozen=True)
class Checked:
    """What became of one part of a certificate, or of the facts beside it."""

    where: str
    """Its place in the file, such as `questions.0.answer`; empty for the file itself."""
    kind: str
    """The certificate's kind, or `facts`."""
    accepted: bool
    reason: str
    """Why it was rejected."""
    claim: str = ""
    """What was accepted, in short."""


@final
@dataclass(frozen=True)
class Report:
    """What became of everything in a file."""

    rows: tuple[Checked, ...]
    notes: tuple[str, ...]
    """What was not checked."""


@click.command("verify", epilog="Example: gradiometer verify answer.json")
@click.argument("file")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(file: str, as_json: bool) -> int:
    """Check every certificate in FILE: a certificate, an answer, or a study's result as JSON.

    The facts of an answer are compared with what its certificate claims.
    """
    report = _verify(file)
    if as_json:
        rows = [vars(row) for row in report.rows]
        content = {"schema": _SCHEMA, "certificates": rows, "notes": list(report.notes)}
        print_text(json.dumps(content, ensure_ascii=False, indent=2))
    else:
        print_text("\n".join([*map(_to_line, report.rows), *report.notes]))
    return Exit.DONE if all(row.accepted for row in report.rows) else Exit.REFUTED


def _verify(file: str) -> Report:
    """Everything in *file*, checked.

    Raises:
        StudyError: If the file cannot be read, is no JSON, or is nothing that we write.
    """
    content = _read_json(file)
    schema = content.get("schema") if isinstance(content, Mapping) else None
    found = list(_in_content(schema, content)) if isinstance(content, Mapping) else []
    rows: list[Checked] = []
    notes: list[str] = []
    for where, certificate, answer in found:
        checked = _check(where, certificate)
        rows += checked
        if answer is not None and all(row.accepted for row in checked):
            compared, unseen = _compare(where, answer, _parts(certificate))
            rows += compared
            notes += unseen
    if found:
        return Report(tuple(rows), tuple(notes))
    noun = _NOUNS.get(schema, "") if _is_whole(schema, content) else ""
    if noun:
        return Report((), (f"nothing to check: this {noun} carries no certificate",))
    raise StudyError(
        "The file is no certificate, no answer and no study's result.",
        place=Place(file),
        known=("gradiometer/certificate-1", *_NOUNS),
        hint="give a file that `--json` or `-o answer.json` wrote",
    )


def _is_whole(schema: Any, content: Any) -> bool:
    """Whether a file without a certificate has what an answer or a study's result has."""
    if schema == "gradiometer/answer-1":
        return isinstance(content.get("facts"), Mapping)
    questions = content.get("questions") if isinstance(content, Mapping) else None
    return isinstance(questions, list) and all(isinstance(row, Mapping) for row in questions)


def _check(where: str, certificate: Any) -> list[Checked]:
    """One row a part of an accepted certificate; one row for a rejected one."""
    from gradiometer.proof import check

    kind = certificate.get("kind") if isinstance(certificate, Mapping) else None
    named = kind if isinstance(kind, str) else ""
    try:
        check(certificate)
    except CertificateError as error:
        return [Checked(where, named, False, error.problem)]
    return [Checked(where, p["kind"], True, "", _in_short(p)) for p in _parts(certificate)]


def _parts(certificate: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The parts of an accepted certificate."""
    return certificate["parts"] if certificate["kind"] == "all" else [certificate]


def _compare(
    where: str, answer: Mapping[str, Any], parts: list[Mapping[str, Any]]
) -> tuple[list[Checked], list[str]]:
    """What the facts say against what the parts of an accepted certificate prove."""
    from gradiometer.terminal import verify_facts

    facts, inputs = _table(answer, "facts"), _table(answer, "inputs")
    differences = verify_facts.find_differences(
        facts, parts, inputs, question=answer.get("question")
    )
    rows = [
        Checked(
            where, "facts", False, f"{_noun(path)} says {said}, the certificate proves {proved}"
        )
        for path, said, proved in differences
    ]
    compared = verify_facts.list_compared(facts, parts)
    if compared and not rows:
        rows = [Checked(where, "facts", True, "", ", ".join(compared))]
    prefix = f"{where}: " if where.startswith("questions") else ""
    notes = []
    silent = dict.fromkeys(p["kind"] for p in parts if not verify_facts.is_compared(p["kind"]))
    if silent:
        kinds = ", ".join(silent)
        notes.append(f"{prefix}facts are not compared with certificates of kind {kinds}")
    else:
        uncovered = verify_facts.list_uncovered(facts, parts)
        if uncovered:
            notes.append(f"{prefix}not covered by a certificate: {', '.join(uncovered)}")
    return rows, notes


def _noun(path: str) -> str:
    kind, _, rest = path.partition(".")
    return f"the input `{rest}`" if kind == "inputs" else f"the fact `{path}`"


def _in_short(part: Mapping[str, Any]) -> str:
    """What one certificate claims, on one line."""
    problem, claim = part["problem"], part["claim"]
    about = [
        str(problem[key]) for key in ("formula", "of", "computation", "on") if problem.get(key)
    ]
    # Single words and numbers first: they say most.
    said = [f"{key} {value}" for key, value in claim.items() if isinstance(value, str | int)]
    said += [
        f"{key} {json.dumps(value, ensure_ascii=False)}"
        for key, value in claim.items()
        if isinstance(value, Mapping | list) and value
    ]
    text = "; ".join(about) + (": " if about and said else "") + ", ".join(said)
    text = text.replace("True", "yes").replace("False", "no")
    return text if len(text) <= _WIDTH else text[: _WIDTH - 1] + "…"


def _to_line(row: Checked) -> str:
    words = ["accepted" if row.accepted else "rejected", row.kind, row.where]
    line = " ".join(filter(None, words))
    said = row.claim if row.accepted else row.reason
    return f"{line}: {said}" if said else line


def _in_content(
    schema: Any, content: Mapping[str, Any]
) -> Iterator[tuple[str, Any, Mapping[str, Any] | None]]:
    """The place of each certificate, the certificate, and the answer that it belongs to."""
    if schema == "gradiometer/certificate-1":
        yield "", content, None
    elif schema == "gradiometer/answer-1" and content.get("certificate") is not None:
        yield "certificate", content["certificate"], content
    elif schema == "gradiometer/study-1":
        for index, question in enumerate(_rows(content, "questions")):
            answer = question.get("answer")
            if isinstance(answer, Mapping) and answer.get("certificate") is not None:
                yield f"questions.{index}.answer", answer["certificate"], answer
            for number, claim in enumerate(_rows(question, "claims")):
                if claim.get("certificate") is not None:
                    yield f"questions.{index}.claims.{number}", claim["certificate"], None


def _table(answer: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    table = answer.get(key)
    return table if isinstance(table, Mapping) else {}


def _rows(content: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    rows = content.get(key)
    return [row for row in rows if isinstance(row, Mapping)] if isinstance(rows, list) else []


def _read_json(file: str) -> Any:
    from gradiometer.model import read_file

    text = read_file(Path(file), most_bytes=_MOST_BYTES)
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
