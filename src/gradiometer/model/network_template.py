"""Networks with settings: a named body that composite kinds, architectures and families share."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

from gradiometer.errors import (
    LimitError,
    Place,
    StudyError,
    suggest,
    unknown_name,
)
from gradiometer.model.network_names import find_names, find_uses
from gradiometer.model.network_read import read_network_tree
from gradiometer.model.network_tokens import NAME, is_name, shorten
from gradiometer.model.network_toml import MOST_BYTES
from gradiometer.model.network_toml_values import Document, to_value_text
from gradiometer.model.network_tree import Chain
from gradiometer.model.toml_source import read_file, read_toml

MOST_SETTINGS = 200
"""Settings of one template."""

_WORD = re.compile(NAME.pattern)


@final
@dataclass(frozen=True)
class Template:
    """A network whose values may name settings; sizes are bound on the walk."""

    name: str
    body: Chain
    defaults: Mapping[str, str | None]
    """The text of each setting's default, in the order of positional values; None where a value
    must be given. A default may use other settings."""


def read_template(
    table: Mapping[str, Any],
    *,
    place: Place | None = None,
    key: str = "settings",
    names: Iterable[str] = (),
) -> Template:
    """The body of an entry as a tree, and the defaults of its settings.

    Args:
        table: An entry with `body`, and perhaps with settings.
        place: Where the entry stands, or where the text of its body begins.
        key: The key of the table of settings, such as `config`.
        names: Other names that the body may use; those of `[shape] input` are known too.

    Raises:
        StudyError: If the entry has no body, or a setting is not used in it, or defaults need one
            another.
        FormulaError: If the body is no network.
        UnknownNameError: If a value of the body uses a name that is no setting.

    Example:
        >>> settings = {"width": {}, "ratio": {"default": 4}}
        >>> template = read_template({"settings": settings, "body": "dense(ratio*width)"})
        >>> dict(template.defaults)
        {'width': None, 'ratio': '4'}
    """
    given = place or Place(f"`{table['name']}`" if table.get("name") else "")
    defaults = _read_defaults(table.get(key, {}), key, given)
    body = table.get("body")
    if not isinstance(body, str):
        hint = 'write body = "dense(10)"'
        raise StudyError("The entry has no text `body`.", place=given, hint=hint)
    tree = read_network_tree(body, place=given)
    known = {*defaults, *names, *_shape_names(table)}
    used = _find_used(tree, known)
    for name, default in defaults.items():
        used |= _find_needed(name, default or "", known, given) - {name}
    for name in defaults:
        if name not in used:
            problem = f"The setting `{name}` is not used in the body."
            raise StudyError(problem, place=given, hint="leave it out, or use it")
    _check_circles(defaults, given)
    return Template(str(table.get("name", "")), tree, defaults)


def read_template_file(path: str | Path, *, key: str = "settings") -> Template:
    """The template in the TOML file at *path*; errors point at the line of the file.

    Raises:
        StudyError: If the file cannot be read, or is no template.
        FormulaError: If the body is no network.
    """
    text = read_file(Path(path), most_bytes=MOST_BYTES)
    document = Document(text, str(path))
    table = read_toml(str(path), text)
    start, end = document.span(("body",), value=True)
    written = text[start:end]
    quotes = re.match(r"(?:\"\"\"|''')(?:\r?\n)?|[\"']", written)
    place = document.cursor.place(start + (quotes.end() if quotes else 0))
    try:
        return read_template(table, place=place, key=key)
    except StudyError as error:
        # What is wrong with a setting stands at the setting, not in the body.
        quoted = re.search(r"`(\w+)`", error.problem)
        name = (quoted.group(1),) if quoted else ()
        raise document.fault(
            (key, *name), error.problem, hint=error.hint, known=error.known
        ) from None


def _read_defaults(settings: Any, key: str, place: Place) -> dict[str, str | None]:
    if not isinstance(settings, Mapping):
        raise StudyError(f"`{key}` must be a table.", place=place, hint=f"write [{key}]")
    if len(settings) > MOST_SETTINGS:
        raise LimitError(f"`{key}` may have at most {MOST_SETTINGS} settings.", place=place)
    defaults: dict[str, str | None] = {}
    for name, row in settings.items():
        if not is_name(name):
            raise StudyError(f"`{shorten(name)}` cannot be a setting.", place=place)
        value = row.get("default") if isinstance(row, Mapping) else row
        if value is None:
            defaults[name] = None
        elif text := " ".join(to_value_text(value).split()):
            defaults[name] = text
        else:
            problem = f"The default of `{name}` is neither a number nor a text."
            raise StudyError(problem, place=place, hint=f'write {name} = {{ default = "1" }}')
    return defaults


def _shape_names(table: Mapping[str, Any]) -> set[str]:
    """The names that an entry gives to the axes of its inputs."""
    shape = table.get("shape", {})
    rows = [shape.get(key) for key in ("input", "memory")] if isinstance(shape, Mapping) else []
    return {name for row in rows if isinstance(row, str) for name in _WORD.findall(row)}


def _find_needed(name: str, default: str, known: set[str], place: Place) -> set[str]:
    """The names that a default uses; one that can only be a setting and is none is refused."""
    uses = list(find_names(default, formula=False))
    for use in uses:
        if use.name not in known and not use.may_be_word:
            nearest = suggest(use.name, known)
            raise StudyError(
                f"The default of `{name}` uses `{shorten(use.name)}`, which is no setting.",
                place=place,
                known=tuple(sorted(known)),
                hint=f"write `{nearest}`" if nearest else "",
            )
    return {use.name for use in uses}


def _find_used(tree: Chain, known: set[str]) -> set[str]:
    """The known names that a body uses; one that can only be a setting and is none is refused."""
    found: set[str] = set()
    for use in find_uses(tree):
        if use.name in known:
            found.add(use.name)
        elif not use.may_be_word:
            raise unknown_name(
                use.name,
                sorted(known),
                problem=f"`{use.name}` is no setting of this body.",
                text=use.text,
                start=use.start,
                end=use.start + len(use.name),
                place=use.place,
            )
    return found


def _check_circles(defaults: Mapping[str, str | None], place: Place) -> None:
    """Refuse defaults that need one another."""
    needs = {
        name: {use.name for use in find_names(text or "", formula=False)} & set(defaults)
        for name, text in defaults.items()
    }
    while needs:
        free = [name for name, others in needs.items() if not others & set(needs)]
        if not free:
            first = next(iter(needs))
            problem = f"The default of `{first}` needs itself."
            raise StudyError(problem, place=place, hint="write a number")
        for name in free:
            del needs[name]
