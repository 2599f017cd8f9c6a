"""Reads the files that users name: as text, and as TOML with an error that points at its place."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gradiometer.errors import Place, StudyError

_TOML_PLACE = re.compile(
    r"(?P<what>.*?) \(at (?:line (?P<line>\d+), column (?P<column>\d+)|end.*)\)"
)


def read_file(path: Path, *, most_bytes: int) -> str:
    """The text of a file that a user named.

    Raises:
        StudyError: If it is missing, larger than *most_bytes*, or no UTF-8 text.
    """
    place = Place(str(path))
    try:
        with path.open("rb") as file:
            data = file.read(most_bytes + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "the name cannot be used"
        raise StudyError(f"The file cannot be read: {reason}.", place=place) from None
    if len(data) > most_bytes:
        raise StudyError(f"The file has more than {most_bytes:,} bytes.", place=place)
    try:
        return data.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        place = Place(str(path), line)
        raise StudyError("The file is not UTF-8 text.", place=place) from None


# TOML readers remember every beginning of a dotted key, which takes the square of its length.
_LONG_KEY = re.compile(r"""(?<![\w"'-])(?:[\w"'-]+[ \t]*\.[ \t]*){64}""")


def read_toml(source: str, text: str, *, to_decimal: Callable[[str], Any] = str) -> dict[str, Any]:
    """The TOML table in *text*, its decimals as they were written.

    Args:
        source: The name of the file, for errors.
        text: All of it.
        to_decimal: What becomes of the text of a number with a point or an exponent.

    Raises:
        StudyError: If the text is no TOML; it points at the place.
    """
    if _LONG_KEY.search(text):
        problem = "The file has a key, or a chain of words and points, with more than 64 parts."
        raise StudyError(problem, place=Place(source))
    try:
        return tomllib.loads(text, parse_float=lambda written: to_decimal(written.replace("_", "")))
    except tomllib.TOMLDecodeError as error:
        raise _toml_error(source, text, str(error)) from None
    except RecursionError:
        raise StudyError("The file is nested too deeply.", place=Place(source)) from None
    except ValueError:
        # Python refuses to convert whole numbers of thousands of digits.
        problem = "The file holds a whole number with too many digits."
        raise StudyError(problem, place=Place(source), hint="write it as text") from None


def _toml_error(source: str, text: str, message: str) -> StudyError:
    """The TOML reader's message with its place as a caret."""
    match = _TOML_PLACE.fullmatch(message)
    what = match["what"] if match else message
    line_number = int(match["line"]) if match and match["line"] else text.count("\n") + 1
    lines = text.splitlines() or [""]
    shown = lines[min(line_number, len(lines)) - 1]
    column = int(match["column"]) if match and match["column"] else len(shown) + 1
    return StudyError(
        f"The file is no TOML: {what[:1].lower()}{what[1:]}.",
        text=shown,
        start=column - 1,
        place=Place(source, line_number, column),
        hint='write texts in quotes, such as id = "1.1"' if "value" in what else "",
    )
