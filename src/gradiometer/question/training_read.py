"""Reads what `training` is asked: data, a grid of cells, and how often each is run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, final

from flint import fmpq

from gradiometer.errors import LimitError, Place, UsageError, suggest
from gradiometer.formula import parse_number
from gradiometer.model import Dataset, read_dataset, read_optimizer, settle
from gradiometer.question.course_schedules import list_owners
from gradiometer.question.training_axes import list_texts, read_varied
from gradiometer.question.training_cells import Cell
from gradiometer.question.training_choice import (
    OWN_AXES,
    WORD_AXES,
    Chosen,
    make_cell,
    read_plan,
)

MOST_CELLS, MOST_RUNS, MOST_SEEDS = 4_096, 20_000, 1_000
MOST_SEED = 2**44
"""Seeds lie below, since draws of float32 networks count by two numbers of 24 bits."""

MOST_UNITS = 200_000
"""Values of one schedule that are read exactly."""

SPLITS = ("each", "one")


@final
@dataclass(frozen=True, eq=False)
class Request:
    """What is asked, read."""

    cells: tuple[Cell, ...]
    axes: Mapping[str, tuple[Any, ...]]
    """The values of what varies, from the outer to the inner axis."""
    seeds: tuple[int, ...]
    epochs: int
    """Those of the cell that has most."""
    validation: fmpq
    test: fmpq
    scale: str
    splits_each: bool
    """Whether each seed has a split of its own."""
    compare: str | None
    target_accuracy: float | None
    target_loss: float | None
    within: fmpq
    compares_best: bool
    """Whether values are compared at the best rate of each, not at all rates."""
    sharpness: int
    """After how many epochs each the sharpness is measured; 0 for never."""
    inputs: Mapping[str, Any]

    @property
    def has_classes(self) -> bool:
        """Whether there is an accuracy."""
        return self.cells[0].data.targets is None

    @property
    def datasets(self) -> tuple[Dataset, ...]:
        """The data sets of all cells, each once."""
        return tuple({id(cell.data): cell.data for cell in self.cells}.values())


@final
@dataclass(frozen=True)
class Wanted:
    """The inputs as they were given; the names are those of `training`."""

    networks: Any
    data: Any
    target: str | None
    activation: Any
    optimizer: Any
    set: Mapping[str, Any]
    schedule: Any
    per: str
    initialization: Any
    loss: Any
    vary: Any
    epochs: Any
    batch: Any
    dropout: Any
    label_noise: Any
    seeds: int
    seed: int
    precision: Any
    validation: Any
    test: Any
    split: str
    scale: str
    compare: str | None
    target_accuracy: Any
    target_loss: Any
    within: Any
    compare_at: str
    sharpness: int


def read_request(wanted: Wanted) -> Request:
    """What the inputs describe.

    Raises:
        GradiometerError: If an input cannot be used; it says which one.
    """
    seeds = _read_count(wanted.seeds, "seeds", MOST_SEEDS)
    _check_seed(wanted.seed)
    _check_word(wanted.per, ("epoch", "step"), "per")
    _check_word(wanted.split, SPLITS, "split")
    _check_word(wanted.scale, ("standard", "unit", "none"), "scale")
    _check_word(wanted.compare_at, ("best", "all"), "compare_at")
    numbers = {name: read_exact(getattr(wanted, name), name)
               for name in ("validation", "test", "within")}  # fmt: skip
    _refuse_ranges(wanted.set)
    axes = _list_axes(wanted)
    datasets = _read_datasets(axes["data"], wanted)
    chosen = Chosen(datasets, dict(wanted.set), wanted.per == "step", MOST_UNITS)
    cells = _make_cells(chosen, axes, seeds)
    varied = {name: values for name, values in axes.items() if len(values) > 1}
    _check_compare(wanted.compare, varied)
    return Request(
        cells, varied, tuple(range(wanted.seed, wanted.seed + seeds)),
        max(cell.epochs for cell in cells), numbers["validation"], numbers["test"],
        wanted.scale, wanted.split == "each",
        wanted.compare or _choose_axis(varied), _read_target(wanted.target_accuracy, "accuracy"),
        _read_target(wanted.target_loss, "loss"), numbers["within"],
        wanted.compare_at == "best", read_interval(wanted.sharpness), _describe(wanted, axes),
    )  # fmt: skip


def _read_datasets(named: Sequence[str], wanted: Wanted) -> dict[str, Dataset]:
    """The data by the texts that name them; all have classes, or all have numbers to learn."""
    found = {text: read_dataset(text, target=wanted.target) for text in named}
    first = next(iter(found.values()))
    for data in found.values():
        if (data.labels is None) != (first.labels is None):
            raise UsageError(
                f"`{first.name}` and `{data.name}` side by side: one has classes, the other "
                "numbers to learn, and no measure fits both.", place=Place("data"),
                hint="ask about each on its own",
            )  # fmt: skip
    if wanted.target_accuracy is not None and first.labels is None:
        raise UsageError(f"`{first.name}` has numbers to learn, which have no accuracy.",
                         place=Place("target_accuracy"), hint="ask for target_loss")  # fmt: skip
    return found


def read_exact(value: Any, name: str) -> fmpq:
    """The exact number that was given for that input.

    Raises:
        FormulaError: If it is none.
    """
    return value if isinstance(value, fmpq) else parse_number(str(value), place=Place(name))


def _refuse_ranges(settings: Mapping[str, Any]) -> None:
    """Refuse values that `vary` has a use for."""
    for name, value in settings.items():
        if isinstance(value, str) and ":" in value:
            raise UsageError(f"`{name}` is set to one value, not to a range.",
                             place=Place(f"--set {name}"),
                             hint=f"write `--vary {name}={value}`")  # fmt: skip


def _read_count(value: Any, name: str, most: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise UsageError(f"`{name}` = {value} is no whole number from 1.", place=Place(name),
                         hint="write 1, 2, 3, …")  # fmt: skip
    if value > most:
        raise LimitError(f"`{name}` is at most {most:,}, not {value:,}.", place=Place(name),
                         hint=f"write {name}={most} or less")  # fmt: skip
    return value


def _check_seed(value: Any) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < MOST_SEED:
        raise UsageError(f"`seed` = {value} is no seed.", place=Place("seed"),
                         hint=f"write a whole number from 0 to {MOST_SEED - 1}")  # fmt: skip


def read_interval(value: Any) -> int:
    """After how many epochs each something is measured; 0 for never.

    Raises:
        UsageError: If it is no whole number from 0.
    """
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise UsageError(f"`sharpness` = {value} is no number of epochs.", hint="write 1, 2, 3, …")
    return value


def _check_word(word: str, known: Sequence[str], name: str) -> None:
    if word not in known:
        nearest = suggest(str(word), known) or known[0]
        raise UsageError(f"`{name}` is never `{word}`.", known=tuple(known),
                         hint=f"write `{nearest}`")  # fmt: skip


def _read_target(value: Any, what: str) -> float | None:
    if value is None:
        return None
    number = read_exact(value, f"target_{what}")
    if number <= 0 or (what == "accuracy" and number > 1):
        raise UsageError(f"`target_{what}` = {value} is no {what} to reach.",
                         hint="write such as 9/10")  # fmt: skip
    return float(number.p) / float(number.q)


def _list_axes(wanted: Wanted) -> dict[str, tuple[Any, ...]]:
    """The values of every axis, those with one value too."""
    words: dict[str, list[Any]] = {
        name: list_texts(getattr(wanted, "networks" if name == "network" else name)) or [None]
        for name in WORD_AXES
    }
    if words["network"] == [None]:
        raise UsageError("No network is given.", hint="write its widths, such as `d-16-k`")
    if words["data"] == [None]:
        raise UsageError("No data are given.", hint="write a name such as `digits`")
    numbers = read_varied(wanted.vary or ())
    for name in numbers:
        if name in WORD_AXES:
            raise UsageError(f"`{name}` is varied by giving it more than once.",
                             hint=f"write `--{name} A --{name} B`")  # fmt: skip
        if name in (wanted.set or {}):
            raise UsageError(f"`{name}` is set and varied.", hint="leave one of them out")
    _check_counts(wanted)
    own = {name: numbers.pop(name, None) or (read_exact(getattr(wanted, name), name),)
           for name in OWN_AXES}  # fmt: skip
    return {**{name: tuple(rows) for name, rows in words.items()}, **numbers, **own}


def _check_counts(wanted: Wanted) -> None:
    """Refuse what is no whole number where one is counted."""
    for name in ("batch", "epochs"):
        given = getattr(wanted, name)
        if type(given) is not int:
            several = f'write a number such as 32; several: `vary="{name}=16,32"`'
            raise UsageError(f"`{name}` is no whole number: {given!r}.", place=Place(name),
                             hint=several)  # fmt: skip


def _make_cells(
    chosen: Chosen, axes: Mapping[str, tuple[Any, ...]], seeds: int
) -> tuple[Cell, ...]:
    """The product of the axes; what differs only in a number that it has no use for is one cell."""
    count = 1
    for values in axes.values():
        count *= len(values)
    if count > MOST_CELLS or count * seeds > MOST_RUNS:
        raise LimitError(
            f"A grid has at most {MOST_CELLS:,} cells and {MOST_RUNS:,} runs, not {count:,} and "
            f"{count * seeds:,}.", hint="vary fewer values, or ask for fewer seeds",
        )  # fmt: skip
    cells: dict[tuple[Any, ...], Cell] = {}
    for row in product(*axes.values()):
        cell = make_cell(chosen, dict(zip(axes, row, strict=True)))
        cells.setdefault(tuple(cell.axes.values()), cell)
    varied = [name for name in axes if name not in WORD_AXES]
    unused = {*chosen.settings, *varied} - {n for n in varied for c in cells.values()
                                            if c.axes[n] is not None}  # fmt: skip
    for name in unused:
        _check_use(name, chosen.settings.get(name, 1), axes)
    return tuple(cells.values())


def _check_use(name: str, value: Any, axes: Mapping[str, tuple[Any, ...]]) -> None:
    """Refuse a name that no cell has a use for, as the first cell would refuse it."""
    from gradiometer.question.training_choice import find_owners, has_use

    if any(
        has_use(find_owners(optimizer, schedule, activation), name)
        for optimizer, schedule, activation in product(
            axes["optimizer"], axes["schedule"], axes["activation"]
        )
    ):
        return
    rule = read_optimizer(axes["optimizer"][0])
    schedule = axes["schedule"][0]
    plan = read_plan(schedule)
    settle(list_owners(rule, plan, {}), {name: value})


def _check_compare(compare: str | None, axes: Mapping[str, Any]) -> None:
    if compare is not None and compare not in axes:
        nearest = suggest(compare, axes)
        raise UsageError(f"`{compare}` does not vary here, so that nothing can be compared.",
                         known=tuple(axes), hint=f"write `{nearest}`" if nearest else
                         "give it more than once, or leave `compare` out")  # fmt: skip


def _choose_axis(axes: Mapping[str, Any]) -> str | None:
    """What is compared where nothing is said: the schedules, or else the first words that vary."""
    words = [name for name in axes if name in WORD_AXES and name not in ("data", "network", "loss")]
    return "schedule" if "schedule" in words else next(iter(words), None)


def _describe(wanted: Wanted, axes: Mapping[str, tuple[Any, ...]]) -> dict[str, Any]:
    """The inputs as plain values; an axis is a list."""
    texts = list(axes["data"])
    rows: dict[str, Any] = {"networks": list(axes["network"]),
                            "data": texts[0] if len(texts) == 1 else texts}  # fmt: skip
    rows |= {"target": wanted.target} if wanted.target else {}
    for name, values in axes.items():
        shown = [v if v is None or isinstance(v, str) else str(v) for v in values]
        if name not in ("network", "data", "epochs", "precision"):
            rows[name] = shown[0] if len(shown) == 1 else shown
    names = ("set", "per", "epochs", "seeds", "seed", "precision", "validation", "test", "split",
             "scale", "compare", "target_accuracy", "target_loss", "within",
             "compare_at", "sharpness")  # fmt: skip
    found = {name: getattr(wanted, name) for name in names}
    found["precision"] = _join_one(axes["precision"])
    found["epochs"] = _join_one([int(value.p) for value in axes["epochs"]])
    rows |= {name: value if isinstance(value, int | str | list | Mapping) else str(value)
             for name, value in found.items() if value is not None}  # fmt: skip
    rows["set"] = {name: str(value) for name, value in wanted.set.items()}
    return rows


def _join_one(values: Sequence[Any]) -> Any:
    """A value alone, several as a list."""
    return values[0] if len(values) == 1 else list(values)
