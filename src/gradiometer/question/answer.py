"""What every question returns: facts with their status, worked steps, arrays and a certificate."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, final

from gradiometer.errors import InternalError, UsageError
from gradiometer.question.value import Value, to_json_value, to_value_text

if TYPE_CHECKING:
    from xarray import Dataset

SCHEMA = "gradiometer/answer-1"

Status: TypeAlias = Literal["proved", "computed", "measured", "unknown"]
STATUSES: tuple[str, ...] = ("proved", "computed", "measured", "unknown")


@final
@dataclass(frozen=True)
class Fact:
    """One thing that is said about the inputs, and how it is known."""

    value: Value
    """What is true; None where it is undecided."""
    status: Status
    """`proved`, `computed` (float64), `measured` (statistics) or `unknown`."""
    because: str
    """One sentence that a student can read."""
    is_void: bool = False
    """Whether it says that there is nothing of a kind, so that tables for people leave it out."""

    def __post_init__(self) -> None:
        if self.status not in STATUSES:
            raise InternalError(f"{self.status!r} is no status")
        if self.status == "unknown" and self.value not in (None, "unknown"):
            raise InternalError("an unknown fact has no value")


def proved(value: Value, because: str) -> Fact:
    """A fact that exact algebra or an accepted certificate establishes."""
    return Fact(value, "proved", because)


def computed(value: Value, because: str) -> Fact:
    """A fact that float64 arithmetic gave, without a proof."""
    return Fact(value, "computed", because)


def unknown(because: str) -> Fact:
    """A fact that is not decided, and why."""
    return Fact(None, "unknown", because)


@final
@dataclass(frozen=True)
class Step:
    """One line of the worked derivation."""

    formula: str
    """The line in plain notation."""
    because: str
    """Why it follows from the line before."""
    latex: str = ""
    """The same line in LaTeX; empty when there is none."""


@final
@dataclass(frozen=True)
class Series:
    """One array of an answer, with the name of each of its dimensions."""

    dims: tuple[str, ...]
    values: Sequence[Any]
    """Numbers or words, or an array of them; nested sequences for several dimensions."""
    units: str = "1"
    about: str = ""

    def to_array(self) -> Any:
        """The values with the type of an array, where they are one; else as a list."""
        return self.values if hasattr(self.values, "dtype") else list(self.values)

    def to_list(self) -> list[Any]:
        """The values as plain Python objects."""
        to_list = getattr(self.values, "tolist", None)
        return list(self.values) if to_list is None else to_list()


class AbstractRenderer(ABC):
    """Shows an answer; the report stage supplies the one that is used."""

    @abstractmethod
    def to_mimebundle(self, answer: Answer) -> Mapping[str, Any]:
        """The answer by media type, for a notebook."""

    @abstractmethod
    def to_figure(self, answer: Answer, kind: str = "") -> Any:
        """A picture of the answer (an object that a notebook shows), or that of this kind."""

    @abstractmethod
    def to_format(self, answer: Answer, name: str) -> str:
        """The answer as text in the format *name* (`html`, `markdown`, `latex`, `text`, …)."""


_RENDERERS: list[Callable[[], AbstractRenderer]] = []
"""What loads the renderer in use; the report stage lies below, so it is handed in."""


@final
@dataclass(frozen=True)
class Answer:
    """The answer to one question.

    Example:
        >>> import gradiometer
        >>> answer = gradiometer.parameters("100-20-1")
        >>> answer.facts["parameters"].status
        'proved'
    """

    question: str
    """The question's noun, such as `escape`."""
    inputs: Mapping[str, Any]
    """What was asked, as plain JSON values."""
    facts: Mapping[str, Fact]
    """What is true, in reading order."""
    steps: tuple[Step, ...] = ()
    """The worked derivation."""
    arrays: Mapping[str, Series] = field(default_factory=dict)
    """Arrays by name; `data` shows them as a labelled dataset."""
    certificate: Mapping[str, Any] | None = None
    """Plain JSON that `proof/check.py` accepts; None where exact algebra alone decides."""
    warnings: tuple[str, ...] = ()
    """What the reader should know besides: ambiguous readings, limits reached."""

    @cached_property
    def data(self) -> Dataset:
        """The arrays as an xarray Dataset (empty when the answer has none)."""
        import xarray

        variables = {
            name: (series.dims, series.to_array(), _attributes(series))
            for name, series in self.arrays.items()
        }
        dims = {dim for series in self.arrays.values() for dim in series.dims}
        dataset = xarray.Dataset(
            {name: variable for name, variable in variables.items() if name not in dims},
            coords={name: variable for name, variable in variables.items() if name in dims},
        )
        return dataset.assign_attrs(question=self.question)

    def to_dict(self) -> dict[str, Any]:
        """The answer as plain JSON values, the same for files, web and command line."""
        from gradiometer.question.version import read_version

        return {
            "schema": SCHEMA,
            "version": read_version(),
            "question": self.question,
            "inputs": _to_plain(self.inputs),
            "facts": {
                name: {
                    "value": to_json_value(fact.value),
                    "status": fact.status,
                    "because": fact.because,
                }
                for name, fact in self.facts.items()
            },
            "steps": [
                {"formula": s.formula, "latex": s.latex, "because": s.because} for s in self.steps
            ],
            "certificate": self.certificate,
            "warnings": list(self.warnings),
        }

    def to_json(self) -> str:
        """The answer as strict JSON text, byte for byte the same for the same inputs."""
        return json.dumps(self.to_dict(), ensure_ascii=False, allow_nan=False, indent=2)

    def __repr__(self) -> str:
        shown = [
            f"{name} = {to_value_text(fact.value)} ({fact.status})"
            for name, fact in self.facts.items()
            if fact.status != "unknown"
        ]
        short = [text if len(text) <= 70 else text[:69] + "…" for text in shown]
        rows = ("; ".join(part) for part in (short[:3], short[3:6]) if part)
        return "\n  ".join([f"Answer({self.question})", *rows])

    @staticmethod
    def show_with(load: Callable[[], AbstractRenderer]) -> None:
        """Use the renderer that *load* returns; it is called when the first answer is shown."""
        _RENDERERS[:] = [load]

    def _renderer_or_fail(self) -> AbstractRenderer:
        if not _RENDERERS:
            raise UsageError(
                "No renderer is loaded.", hint="import `gradiometer` and ask through it"
            )
        return _RENDERERS[-1]()

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Mapping[str, Any]:
        if not _RENDERERS:
            return {"text/plain": repr(self)}
        return self._renderer_or_fail().to_mimebundle(self)

    def plot(self, kind: str = "") -> Any:
        """A picture of the answer.

        Args:
            kind: Which one where there are several, such as `whole` for all nodes of a large
                computation; the one that says most when it is left out.

        Raises:
            UsageError: If this question has no such picture.
        """
        return self._renderer_or_fail().to_figure(self, kind)

    def save(self, path: str | Path) -> Path:
        """Write the answer to *path*, in the format that its suffix names.

        Returns:
            The path. `.json`, `.html`, `.md`, `.tex`, `.txt` and `.csv` are known; for a graph
            `.dot`, `.gv` and `.mmd` (Mermaid) too.

        Raises:
            UsageError: If the suffix is not known, or the answer has nothing to write in it.
        """
        target = Path(path)
        formats = {
            ".html": "html",
            ".md": "markdown",
            ".tex": "latex",
            ".txt": "text",
            ".csv": "csv",
            ".dot": "dot",
            ".gv": "dot",
            ".mmd": "mermaid",
        }
        if target.suffix == ".json":
            text = self.to_json() + "\n"
        elif target.suffix in formats:
            text = self._renderer_or_fail().to_format(self, formats[target.suffix])
        else:
            raise UsageError(
                f"The suffix `{target.suffix}` names no format.",
                known=(".json", *formats),
            )
        write_whole(target, text)
        return target


def write_whole(path: Path, text: str) -> None:
    """Write *text* to *path* so that either the whole file appears or the old one stays."""
    import os
    import tempfile

    folder = path.parent if str(path.parent) else Path()
    if not folder.is_dir():
        raise UsageError(f"There is no folder `{folder}`.", hint="create the folder first")
    handle, temporary = tempfile.mkstemp(dir=folder, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        mask = os.umask(0)
        os.umask(mask)
        Path(temporary).chmod(0o666 & ~mask)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink()
        raise


def _to_plain(value: Any) -> Any:
    """What was asked, as JSON a user would write: exact numbers as text, counts as numbers."""
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, Mapping):
        return {str(key): _to_plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_to_plain(item) for item in value]
    return str(value)


def _attributes(series: Series) -> dict[str, str]:
    return {"units": series.units, "long_name": series.about}
