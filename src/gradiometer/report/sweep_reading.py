"""What the pictures of a sweep read from an answer: axes, kinds of runs, and proved cells."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any, TypeAlias, final

import numpy as np
from numpy.typing import NDArray

from gradiometer.report.palette import light
from gradiometer.report.reading import read_rows
from gradiometer.report.spelling import to_line, to_plain

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from gradiometer.question import Answer

Look: TypeAlias = tuple[str, float, str]
"""Colour, opacity of the ground, and hatch, so that colour is never alone."""

_PLACES: Sequence[Look] = (("blue", 0.3, ""), ("green", 0.3, ".."), ("purple", 0.3, "++"),
                           ("muted", 0.3, "oo"))  # fmt: skip
_LOOKS: Mapping[str, Look] = {
    "repeated": ("orange", 0.35, "///"),
    "moving": ("muted", 0.12, "--"),
    "escaped": ("purple", 0.3, "xx"),
    "diverged": ("red", 0.3, "\\\\\\"),
    "not_finite": ("red", 0.12, "xxx"),
}
_LEGEND_ROW, _LETTERS = 0.24, 34


@final
@dataclass(frozen=True, eq=False)
class Ruler:
    """One axis of a picture, or those of its values that are drawn."""

    name: str
    values: NDArray[np.float64]
    is_log: bool
    picked: NDArray[np.int64]
    """The places of the values among all of the axis."""

    @property
    def edges(self) -> NDArray[np.float64]:
        """Where cells begin and end: halfway between values, on a logarithmic axis by ratio."""
        at = np.log(self.values) if self.is_log else self.values
        if len(at) == 1:
            at = np.array([at[0] - 0.5, at[0] + 0.5])
        else:
            middle = (at[:-1] + at[1:]) / 2
            at = np.concatenate([[2 * at[0] - middle[0]], middle, [2 * at[-1] - middle[-1]]])
        return np.exp(at) if self.is_log else at


@final
@dataclass(frozen=True)
class Kind:
    """Runs of which the same is said."""

    words: str
    runs: int
    look: Look


@final
@dataclass(frozen=True)
class Proved:
    """A cell with a proof: its row of the fact `proofs`, its place, and whether floats err."""

    row: int
    cell: tuple[int, ...]
    about: str
    is_contradicted: bool


def list_dims(answer: Answer) -> tuple[str, ...]:
    """The axes with several values; none where the answer has no kinds of runs."""
    series = answer.arrays.get("kind")
    dims = () if series is None else series.dims
    return tuple(name for name in dims if len(answer.arrays[name].values) > 1)


def read_ruler(answer: Answer, name: str, most: int) -> Ruler:
    """That axis, with at most so many of its values, evenly spread."""
    series = answer.arrays[name]
    values = np.asarray(series.values, np.float64)
    picked = np.unique(np.linspace(0, len(values) - 1, min(most, len(values))).round().astype(int))
    is_log = series.about.endswith("equal ratios") and len(values) > 2
    return Ruler(name.replace("_", " "), values[picked], is_log, picked)


def read_kinds(answer: Answer) -> list[Kind]:
    """The kinds in the order of their numbers."""
    places, found = iter(_PLACES), []
    for row in read_rows(answer, "kinds"):
        label = str(row.get("label"))
        look = next(places, _PLACES[-1]) if label == "settled" else _LOOKS.get(label, _PLACES[-1])
        found.append(Kind(str(row.get("kind")), int(row.get("runs", 0)), look))
    return found


def read_proved(answer: Answer) -> list[Proved]:
    """The cells with a proof, in the order of their rows."""
    wrong = {str(row.get("cell")) for row in read_rows(answer, "contradicted")}
    found = []
    for number, row in enumerate(read_rows(answer, "proofs")):
        name = str(row["cell"])
        said = [f"cell {name}: {row['verdict']}"]
        said += [f"{key} {to_plain(to_line(row[key]))}" for key in ("limit", "period")
                 if row.get(key, "") != ""]  # fmt: skip
        cell = tuple(int(part) for part in name.split(","))
        found.append(Proved(number, cell, ", ".join(said), name in wrong))
    return found


def find_boxes(mask: NDArray[np.bool_]) -> Iterator[tuple[int, int, int, int]]:
    """Rectangles that cover a mask, each cell once: first and last row, first and last column."""
    open_: dict[tuple[int, int], int] = {}
    for row in range(len(mask) + 1):
        runs = set(_find_runs(mask[row])) if row < len(mask) else set[tuple[int, int]]()
        for run in [run for run in open_ if run not in runs]:
            yield open_.pop(run), row, *run
        for run in runs:
            open_.setdefault(run, row)


def _find_runs(line: NDArray[np.bool_]) -> list[tuple[int, int]]:
    changes = np.flatnonzero(np.diff(np.concatenate([[False], line, [False]]).astype(np.int8)))
    return [(int(a), int(b)) for a, b in zip(changes[::2], changes[1::2], strict=True)]


def draw_kinds(
    plot: Axes, table: NDArray[Any], kinds: Sequence[Kind], *, x: NDArray[Any], y: NDArray[Any]
) -> None:
    """Fill the cells of a table, its rows upwards, between these edges: one path for each kind."""
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    for number, kind in enumerate(kinds):
        boxes = sorted(find_boxes(table == number))
        if not boxes:
            continue
        corners = [[(x[c], y[a]), (x[d], y[a]), (x[d], y[b]), (x[c], y[b]), (x[c], y[a])]
                   for a, b, c, d in boxes]  # fmt: skip
        codes = [Path.MOVETO, *[Path.LINETO] * 3, Path.CLOSEPOLY] * len(boxes)
        path = Path([place for row in corners for place in row], codes)
        # Hatched apart, since one patch has one opacity for its ground and its hatch.
        for style in list_styles(kind.look):
            plot.add_patch(PathPatch(path, linewidth=0, **style))


def list_styles(look: Look) -> list[dict[str, Any]]:
    """The ground, and where there is one the hatch on it."""
    colour, alpha, hatch = look
    ground: dict[str, Any] = {"facecolor": light(colour), "alpha": alpha}
    lines: dict[str, Any] = {"facecolor": "none", "edgecolor": light(colour), "hatch": hatch}
    return [ground, lines] if hatch else [ground]


def outline(plot: Axes, box: tuple[float, float, float, float], proved: Proved) -> None:
    """A frame round a proved cell, which leads to its row: left, right, lower and upper end."""
    from matplotlib.patches import Rectangle

    left, right, low, high = box
    colour = "red" if proved.is_contradicted else "ink"
    frame = Rectangle((left, low), right - left, high - low, facecolor="none", clip_on=False,
                      edgecolor=light(colour), linewidth=1.6, zorder=4)  # fmt: skip
    frame.set_url(f"#proofs-{proved.row}")
    plot.add_patch(frame)
    if proved.is_contradicted:
        for ends in ((low, high), (high, low)):
            plot.plot([left, right], ends, color=light(colour), linewidth=1.6, zorder=4)


def name_links(svg: str, found: Sequence[Proved]) -> str:
    """The picture with words for each of its links, which stay on the page."""
    for proved in found:
        mark = f'<a href="#proofs-{proved.row}"'
        words = f'{mark} aria-label="{escape(proved.about)}">'
        svg = re.sub(rf"{mark}[^>]*>", lambda _, words=words: words, svg)
    return svg


def write_kinds(plot: Axes, kinds: Sequence[Kind], found: Sequence[Proved]) -> None:
    """The legend, above the cells: every kind, and what a frame means."""
    from matplotlib.legend_handler import HandlerTuple
    from matplotlib.patches import Patch

    plot.axis("off")
    handles: list[Any] = [
        tuple(Patch(linewidth=0, **style) for style in list_styles(kind.look)) for kind in kinds
    ]
    labels = [_shorten(f"{kind.words}: {kind.runs:,}") for kind in kinds]
    for words, colour, is_there in _list_frames(found):
        if is_there:
            handles.append(Patch(facecolor="none", edgecolor=light(colour), linewidth=1.6))
            labels.append(words)
    plot.legend(
        handles, labels, frameon=False, loc="upper left", fontsize=9.5, ncols=2,
        handler_map={tuple: HandlerTuple(ndivide=1)}, handlelength=2.0, handleheight=1.1,
        borderaxespad=0.0, borderpad=0.0, labelspacing=0.35, columnspacing=1.2,
        bbox_to_anchor=(0.0, 1.0), bbox_transform=plot.transAxes,
    )  # fmt: skip


def _list_frames(found: Sequence[Proved]) -> list[tuple[str, str, bool]]:
    wrong = [proved.is_contradicted for proved in found]
    return [("proved", "ink", not all(wrong)),
            ("proved, not as floats say", "red", any(wrong))]  # fmt: skip


def legend_height(kinds: Sequence[Kind], found: Sequence[Proved], *, spare: float = 0.0) -> float:
    """Inches that the legend takes, without what the gap below it can *spare*."""
    count = len(kinds) + sum(is_there for *_, is_there in _list_frames(found))
    return max(_LEGEND_ROW * -(-count // 2) - spare, 0.02)


def _shorten(words: str) -> str:
    return words if len(words) <= _LETTERS else f"{words[: _LETTERS - 1]}…"


def describe_kinds(kinds: Sequence[Kind], found: Sequence[Proved]) -> str:
    """How many runs are of which kind, and how many cells are proved, in a sentence each."""
    about = "; ".join(f"{kind.words}: {kind.runs:,} runs" for kind in kinds)
    about = f"{about[:1].upper()}{about[1:]}."
    if found:
        about += " 1 cell is proved" if len(found) == 1 else f" {len(found)} cells are proved"
        wrong = sum(proved.is_contradicted for proved in found)
        about += f", {wrong} of them not as floats say." if wrong else "."
    return about
