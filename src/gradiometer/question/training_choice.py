"""Makes one cell of a grid of what was chosen on each axis."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Any, Literal, final

from flint import fmpq

from gradiometer.errors import (
    DomainError,
    FormulaError,
    LimitError,
    Place,
    ShapeError,
    UsageError,
    suggest,
)
from gradiometer.formula import REALS, free_names, parse
from gradiometer.model import (
    RATE,
    BoundSchedule,
    Dataset,
    LossSchedule,
    Optimizer,
    Owner,
    Parameter,
    Schedule,
    Setting,
    find_entry,
    read_activation,
    read_initialization,
    read_loss_schedule,
    read_optimizer,
    read_schedule,
    read_widths,
    settle,
)
from gradiometer.question.course_schedules import bind_schedules, list_owners, read_varied
from gradiometer.question.training_cells import Cell, Head
from gradiometer.question.training_follow import Follower

OWN_AXES = ("batch", "dropout", "label_noise", "epochs")
"""Numbers of a run that are no parameters of its rule."""

_HEADS: Mapping[str, Head] = {
    "cross_entropy": "softmax",
    "sigmoid": "sigmoid",
    "squared": "squared_classes",
}
"""What becomes of a loss on classes."""

LOSSES = tuple(_HEADS)
PRECISIONS = ("float32", "float64")
MOST_EPOCHS, MOST_BATCH = 10_000, 1_000_000
MOST_PARAMETERS = 1_000_000
"""Of one network: weights and states of a block of lanes have to fit in memory."""

_OTHER_WORDS = {"mse": "squared", "mean_squared_error": "squared", "softmax": "cross_entropy",
                "binary_cross_entropy": "sigmoid", "logistic": "sigmoid"}  # fmt: skip


@final
@dataclass(frozen=True, eq=False)
class Chosen:
    """What is the same for all cells."""

    datasets: Mapping[str, Dataset]
    """By the text that names each."""
    settings: Mapping[str, Any]
    is_per_step: bool
    most_units: int
    """How many values of a schedule are read at most."""


def make_cell(chosen: Chosen, axes: Mapping[str, Any]) -> Cell:
    """The cell with these values of the axes; one that it has no use for is None there.

    Raises:
        GradiometerError: If what is chosen cannot be read or does not fit together.
    """
    rule = read_optimizer(axes["optimizer"])
    plan = read_plan(axes["schedule"])
    numbers = {name: value for name, value in axes.items() if name not in WORD_AXES}
    own = {name: numbers.pop(name) for name in OWN_AXES}
    data, epochs = chosen.datasets[axes["data"]], read_epochs(own["epochs"])
    batch = read_batch(own["batch"])
    if own["label_noise"] and data.labels is None:
        raise UsageError(f"`{data.name}` has numbers to learn, and no labels to make wrong.",
                         place=Place("label_noise"), hint="leave label_noise out")  # fmt: skip
    owners = find_owners(axes["optimizer"], axes["schedule"], axes["activation"])
    given = {name: value for name, value in {**chosen.settings, **numbers}.items()
             if value is not None and has_use(owners, name)}  # fmt: skip
    words = {name: value for name, value in given.items() if has_use(owners[-1:], name)}
    for name, value in words.items():
        if has_use(owners[:-1], name):
            # Says which spellings tell them apart.
            settle(owners, {name: value})
    rest = {name: value for name, value in given.items() if name not in words}
    varied, rest = read_varied(rule, rest)
    values = settle(list_owners(rule, plan, varied), rest)
    schedules, follower = bind_plan(rule, plan, varied, values, settings=rest)
    units = count_units(chosen, data, epochs=epochs, batch=batch)
    for row in schedules.values():
        row.check_steps(units)
    bound = rule.bind(values["optimizer"])
    head, widths = read_shape_of(axes["network"], axes["loss"], data)
    used = {n: v if n in own or n in WORD_AXES or has_use(owners, n) else None
            for n, v in axes.items()}  # fmt: skip
    return Cell(
        used, widths, read_activation(axes["activation"], settings=words),
        read_initialization(axes["initialization"]), head, bound, schedules, chosen.is_per_step,
        batch, read_share(own["dropout"], "dropout"),
        read_share(own["label_noise"], "label_noise"), rule.has_output_rows,
        follower, data, epochs, read_precision(axes["precision"]),
    )  # fmt: skip


WORD_AXES = ("data", "network", "activation", "optimizer", "schedule", "initialization", "loss",
             "precision")  # fmt: skip
"""What is chosen by words, from the outer to the inner axis."""


def read_plan(schedule: str | None) -> Schedule | LossSchedule | None:
    """The schedule of a cell, one that follows losses among them."""
    if schedule is None:
        return None
    return read_loss_schedule(schedule) or read_schedule(schedule)


def bind_plan(
    rule: Optimizer,
    plan: Schedule | LossSchedule | None,
    varied: Mapping[str, Schedule],
    values: dict[str, dict[str, Setting]],
    *,
    settings: Mapping[str, Any],
) -> tuple[dict[str, BoundSchedule], Follower | None]:
    """What changes while a network learns: as counted, and as its losses say.

    Raises:
        UsageError: If the rule lacks a parameter that the schedule gives, or it is given twice.
    """
    if not isinstance(plan, LossSchedule):
        return bind_schedules(rule, plan, varied, values, settings=settings), None
    found = bind_schedules(rule, None, varied, values, settings=settings)
    if RATE in found:
        raise UsageError(
            f"`{RATE}` is given twice: by the schedule `{plan.name}` and by itself.",
            place=Place(f"--set {RATE}"), hint="leave one of them out",
        )  # fmt: skip
    values["optimizer"].pop(RATE, None)
    return found, Follower(plan, values["schedule"])


def find_owners(optimizer: str, schedule: str | None, activation: str) -> list[Owner]:
    """What has parameters in a cell: the rule, the schedule, and last the activation."""
    plan = read_plan(schedule)
    return [*list_owners(read_optimizer(optimizer), plan, {}), _activation_owner(activation)]


def has_use(owners: Sequence[Owner], name: str) -> bool:
    """Whether the name is a parameter of one of these."""
    return any(owner.find(name) for owner in owners)


@cache
def _activation_owner(named: str) -> Owner:
    """The names of an activation's parameters; its domains are looked at when it is read."""
    found = find_entry("activation", named)
    if found is not None:
        names = tuple(found[0].get("parameters", {}))
    else:
        try:
            names = tuple(sorted(free_names(parse(named).tree) - {"x"}))
        except FormulaError:
            names = ()
    return Owner("activation", found[0].get("name", "") if found else "",
                 {name: Parameter(name, REALS) for name in names})  # fmt: skip


def read_shape_of(network: str, loss: str | None, data: Dataset) -> tuple[Head, tuple[int, ...]]:
    """The head and the widths of a network for these data.

    Args:
        network: Widths such as `64-100-10`; the first may be `d` and the last `k`, as the data say.
        loss: One of `LOSSES`; None for what suits the data.
        data: What it learns from.

    Raises:
        FormulaError: If the widths cannot be read.
        ShapeError: If they do not fit the data.
        UsageError: If the loss is not known or does not fit the data.
        LimitError: If the network is too large.
    """
    head = _read_head(loss, data)
    classes = len(data.classes)
    if data.targets is not None:
        outputs = (data.targets.shape[1],)
    elif head == "softmax":
        outputs = (classes, 1) if classes == 2 else (classes,)
    else:
        outputs = (1, 2) if classes == 2 else (classes,)
    parts = [part.strip() for part in network.split("-")]
    if parts[0] == "d":
        parts[0] = str(data.inputs.shape[1])
    if parts[-1] == "k":
        parts[-1] = str(outputs[0])
    place = Place("network")
    widths = read_widths("-".join(parts), place=place)
    problem = ""
    if widths[0] != data.inputs.shape[1]:
        problem = f"`{data.name}` has {data.inputs.shape[1]} inputs, and this network takes "
        problem += f"{widths[0]}."
    elif widths[-1] not in outputs:
        wanted = " or ".join(map(str, outputs))
        problem = f"`{data.name}` needs {wanted} outputs, and this network has {widths[-1]}."
    if problem:
        hint = "-".join(["d", *map(str, widths[1:-1]), "k"])
        raise ShapeError(problem, text=network, place=place, hint=f"write `{hint}`")
    size = sum((a + 1) * b for a, b in pairwise(widths))
    if size > MOST_PARAMETERS:
        raise LimitError(f"A network has at most {MOST_PARAMETERS:,} parameters here, not "
                         f"{size:,}.", text=network, place=place)  # fmt: skip
    return ("sigmoid" if head == "softmax" and widths[-1] == 1 else head), widths


def _read_head(loss: str | None, data: Dataset) -> Head:
    if loss is None:
        return "squared" if data.targets is not None else "softmax"
    if loss not in LOSSES:
        nearest = _OTHER_WORDS.get(loss) or suggest(loss, LOSSES)
        raise UsageError(f"There is no loss `{loss}`.", known=LOSSES,
                         hint=f"write `{nearest}`" if nearest else "")  # fmt: skip
    if data.targets is not None:
        if loss != "squared":
            raise UsageError(f"`{data.name}` has numbers to learn, and `{loss}` is a loss of "
                             "classes.", hint="write `squared`")  # fmt: skip
        return "squared"
    return _HEADS[loss]


def count_units(chosen: Chosen, data: Dataset, *, epochs: int, batch: int) -> int:
    """How many values of a schedule a run reads: one for each epoch, or for each step.

    Raises:
        LimitError: If there are too many.
    """
    units = epochs * (-(-data.count // batch) if chosen.is_per_step else 1)
    if units > chosen.most_units:
        raise LimitError(f"A schedule is read at {chosen.most_units:,} steps at most, not "
                         f"{units:,}.", hint="count the schedule in epochs")  # fmt: skip
    return units


def read_epochs(value: fmpq) -> int:
    """How often each example is met.

    Raises:
        UsageError: If it is no whole number from 1.
        LimitError: If it is more than `MOST_EPOCHS`.
    """
    if value.q != 1 or value < 1:
        raise UsageError(f"`epochs` = {value} is no whole number from 1.", place=Place("epochs"),
                         hint="write 1, 2, 3, …")  # fmt: skip
    if value > MOST_EPOCHS:
        problem = f"`epochs` is at most {MOST_EPOCHS:,}, not {value}."
        hint = f"write epochs={MOST_EPOCHS} or less"
        raise LimitError(problem, place=Place("epochs"), hint=hint)
    return int(value.p)


def read_precision(word: str) -> Literal["float32", "float64"]:
    """The numbers of the runs.

    Raises:
        UsageError: If there are none of that name.
    """
    if word not in PRECISIONS:
        nearest = suggest(word, PRECISIONS) or PRECISIONS[0]
        raise UsageError(f"`precision` is never `{word}`.", known=PRECISIONS,
                         hint=f"write `{nearest}`")  # fmt: skip
    return "float64" if word == "float64" else "float32"


def read_batch(value: fmpq) -> int:
    """The size of a batch.

    Raises:
        DomainError: If it is no whole number from 1.
    """
    if value > MOST_BATCH:
        raise LimitError(f"`batch` is at most {MOST_BATCH:,}, not {value}.", place=Place("batch"),
                         hint=f"write batch={MOST_BATCH} or less")  # fmt: skip
    if value.q != 1 or value < 1:
        raise DomainError(f"`batch` = {value} is no number of examples.", place=Place("batch"),
                          hint="write 1, 2, 3, …")  # fmt: skip
    return int(value.p)


def read_share(value: fmpq, name: str) -> fmpq:
    """A share of units or labels.

    Raises:
        DomainError: If it is outside [0, 1).
    """
    if not 0 <= value < 1:
        raise DomainError(f"`{name}` = {value} is no share.", place=Place(name),
                          known=("[0, 1)",), hint="write such as 1/10")  # fmt: skip
    return value
