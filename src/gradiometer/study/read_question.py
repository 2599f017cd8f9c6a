"""Reads the tables [[question]] and [[question.claim]] of a study."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gradiometer.model import KeyPath
from gradiometer.question import QUESTIONS, Input
from gradiometer.study.keys import CLAIM_FORMS, CLAIM_KEYS, question_keys
from gradiometer.study.kinds import WrongKindError, read_value, to_plain
from gradiometer.study.problems import Problems
from gradiometer.study.study import StudyClaim, StudyQuestion


def read_questions(problems: Problems, rows: Any) -> tuple[StudyQuestion, ...]:
    """The questions of the file, in its order; what is wrong is noted in *problems*."""
    path: KeyPath = ("question",)
    if rows is None or rows == []:
        problems.add(path, "The study asks nothing.", hint="add a table [[question]]")
        return ()
    if not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):
        problems.add(path, "`question` must be a list of tables.", hint="write [[question]]")
        return ()
    questions = [_read_question(problems, (*path, index), row) for index, row in enumerate(rows)]
    seen: set[str] = set()
    for index, question in enumerate(questions):
        if question.id and question.id in seen:
            problem = f"Two questions have the id `{question.id}`."
            problems.add((*path, index, "id"), problem, value=True)
        seen.add(question.id)
    return tuple(questions)


def _read_question(problems: Problems, path: KeyPath, row: Mapping[str, Any]) -> StudyQuestion:
    ask = read_text_key(problems, row, path, "ask", required=True)
    if ask and ask not in QUESTIONS:
        problem = f"There is no question `{ask}`."
        problems.add_unknown_value((*path, "ask"), problem, ask, list(QUESTIONS))
    known = question_keys(ask)
    for key in row:
        if key not in known:
            problems.add_unknown_key((*path, key), known)
    return StudyQuestion(
        id=read_text_key(problems, row, path, "id", required=True),
        ask=ask,
        inputs=_read_inputs(problems, path, row, ask),
        title=read_text_key(problems, row, path, "title"),
        text=read_text_key(problems, row, path, "text"),
        claims=_read_claims(problems, (*path, "claim"), row.get("claim", [])),
    )


def _read_inputs(
    problems: Problems, path: KeyPath, row: Mapping[str, Any], ask: str
) -> Mapping[str, Any]:
    inputs: dict[str, Any] = {}
    for item in QUESTIONS[ask].inputs if ask in QUESTIONS else ():
        if item.key in row:
            inputs[item.name] = read_kind(problems, (*path, item.key), item, row[item.key])
        elif item.required:
            problem = f"The question `{ask}` needs `{item.key}`: {item.about}"
            problems.add_missing_key((*path, item.key), problem, hint=f"add {item.key} = …")
    return inputs


def _read_claims(problems: Problems, path: KeyPath, rows: Any) -> tuple[StudyClaim, ...]:
    if isinstance(rows, Mapping):
        return (_read_claim(problems, path, rows),)
    if not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):
        hint = 'write [[question.claim]] or claim = [{ says = "…" }]'
        problems.add(path, "`claim` must be a list of tables.", hint=hint)
        return ()
    claims = [_read_claim(problems, (*path, index), row) for index, row in enumerate(rows)]
    return tuple(claims)


def _read_claim(problems: Problems, path: KeyPath, row: Mapping[str, Any]) -> StudyClaim:
    for key in row:
        if key not in CLAIM_KEYS:
            problems.add_unknown_key((*path, key), list(CLAIM_KEYS))
    forms = [form for form in CLAIM_FORMS if form in row]
    misspelt = any((*path, form) in problems.meant for form in CLAIM_FORMS)
    if len(forms) != 1 and not misspelt:
        said = "says nothing" if not forms else f"has `{forms[0]}` and `{forms[1]}`"
        hint = (
            'write says = "…", or steps = ["…"], or fact = "…" with equals, or open = "…" with text'
        )
        problems.add(path, f"The claim {said}; it must have exactly one.", hint=hint)
    if ("fact" in row) != ("equals" in row):
        there, missing = ("fact", "equals") if "fact" in row else ("equals", "fact")
        problems.add((*path, there), f"A claim with `{there}` needs `{missing}` too.")
    texts = {
        key: read_text_key(problems, row, path, key)
        for key in ("says", "fact", "open", "text", "because")
    }
    if "open" in row and not texts["text"]:
        problems.add((*path, "open"), "A claim with `open` needs `text` too.")
    return StudyClaim(
        **texts,
        equals=_read_plain(problems, (*path, "equals"), row.get("equals")),
        exactly=bool(_read_optional(problems, path, row, Input("exactly", "flag", ""))),
        where=_read_optional(problems, path, row, Input("where", "texts", "")) or (),
        steps=_read_optional(problems, path, row, Input("steps", "texts", "")) or (),
    )


def _read_optional(problems: Problems, path: KeyPath, row: Mapping[str, Any], item: Input) -> Any:
    if item.name not in row:
        return None
    return read_kind(problems, (*path, item.name), item, row[item.name])


def _read_plain(problems: Problems, path: KeyPath, value: Any) -> Any:
    try:
        return to_plain(value)
    except WrongKindError as error:
        problems.add(path, f"`{path[-1]}` must be {error.wanted}.", hint=error.hint, value=True)
        return None


def read_text_key(
    problems: Problems,
    table: Mapping[str, Any],
    path: KeyPath,
    key: str,
    *,
    required: bool = False,
) -> str:
    """The text at *key*; an empty one where it is missing."""
    if key not in table:
        if required:
            problem = f"The key `{key}` is missing."
            problems.add_missing_key((*path, key), problem, hint=f'write {key} = "…"')
        return ""
    value = read_kind(problems, (*path, key), Input(key, "text", ""), table[key])
    return value or ""


def read_kind(problems: Problems, path: KeyPath, item: Input, value: Any) -> Any:
    """The value as *item* takes it; None after a problem has been noted."""
    try:
        return read_value(item, value)
    except WrongKindError as error:
        inner = (*path, *error.key.split(".")) if error.key else path
        problem = f"`{inner[-1]}` must be {error.wanted}."
        problems.add(inner, problem, hint=error.hint, value=True)
        return None
