"""Sets a schedule beside the form that a library has of it, or beside other schedules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, final

from flint import fmpq

from gradiometer.errors import GradiometerError, UndecidedError, UsageError
from gradiometer.formula import Exact, compare, precision, to_float
from gradiometer.model import (
    RATE,
    BoundSchedule,
    Call,
    Schedule,
    Setting,
    describe_settings,
    read_call,
    read_schedule,
    settle,
)
from gradiometer.question.answer import Fact, Series, computed, proved
from gradiometer.question.schedule_facts import BITS, MOST_BITS, list_rates
from gradiometer.question.schedule_live import LIBRARIES, find_version, is_installed, step_live
from gradiometer.question.schedule_same import is_same_rate


@final
@dataclass(frozen=True)
class Comparison:
    """What the comparison adds to an answer."""

    facts: Mapping[str, Fact]
    arrays: Mapping[str, Series]
    warnings: tuple[str, ...]


def split_settings(
    plan: Schedule, others: Sequence[str], given: Mapping[str, Any] | None
) -> tuple[dict[str, Setting], dict[str, Any]]:
    """The schedule's settings, and those that only another schedule of the comparison takes.

    Raises:
        GradiometerError: If a setting belongs to none of them, or its value cannot be used.
    """
    settings = dict(given or {})
    strange = {key: value for key, value in settings.items() if not plan.owner.find(key)}
    for name in others:
        owner = read_schedule(_name_of(plan, name)).owner
        strange = {key: value for key, value in strange.items() if not owner.find(key)}
    kept = {key: v for key, v in settings.items() if plan.owner.find(key) or key in strange}
    rest = {key: value for key, value in settings.items() if key not in strange}
    return settle([plan.owner], kept)["schedule"], rest


def _name_of(plan: Schedule, other: str) -> str:
    """The schedule that a word of the comparison means: a library's form of this one, or itself."""
    if other not in LIBRARIES:
        return other
    base = plan.name.partition(".")[0]
    try:
        read_schedule(f"{base}.{other}")
    except GradiometerError as error:
        raise UsageError(
            f"`{plan.name}` has no form in {other}.",
            known=error.known,
            hint="compare with one of these, or with another schedule"
            if error.known
            else "compare with another schedule",
        ) from None
    return f"{base}.{other}"


def compare_schedules(
    plan: Schedule,
    values: Mapping[str, Setting],
    rates: Sequence[Exact],
    *,
    others: Sequence[str],
    settings: Mapping[str, Any],
) -> Comparison:
    """The table of the comparison: the first step that differs, and the largest gap.

    Args:
        plan: The schedule that is asked about.
        values: Its settings.
        rates: Its rates.
        others: Libraries, or other schedules.
        settings: The settings as given; each schedule takes those that it knows.
    """
    arrays: dict[str, Series] = {}
    table: list[dict[str, Any]] = []
    used_settings: dict[str, Any] = {}
    live: dict[str, str] = {}
    warnings: list[str] = []
    doubts: list[str] = []
    mine = plan.bind(values)
    for other in others:
        name = _name_of(plan, other)
        there = read_schedule(name)
        own = {key: value for key, value in settings.items() if there.owner.find(key)}
        used = settle([there.owner], own)["schedule"]
        missing = sorted(key for key in settings if not there.owner.find(key))
        if missing:
            warnings.append(f"`{name}` has no {', '.join(f'`{key}`' for key in missing)}.")
        bound = there.bind(used)
        gaps = _Gaps(mine, bound, rates, list_rates(bound, len(rates)))
        table.append({"schedule": name, **gaps.to_row()})
        doubts += [f"{doubt} `{name}`" for doubt in gaps.list_doubts()]
        used_settings[name] = describe_settings(used)
        floats = [bound.float_at(step) for step in range(len(rates))]
        arrays[f"learning_rate {name}"] = Series(("step",), floats, "1", name)
        if other in LIBRARIES:
            live[other] = _ask_live(other, there, used, floats, arrays)
    same = [row["schedule"] for row in table if row["first_difference"] == "none"]
    because = f"The same rates at all {len(rates)} steps: {', '.join(same) or 'none of them'}."
    if doubts:
        because = f"Not decided in balls of {MOST_BITS:,} bits: {'; '.join(doubts)}."
    say = computed if doubts else proved
    facts = {
        "compared": say(table, because),
        "settings": proved(used_settings, "What each of them was given; the rest by default."),
    }
    if live:
        said = "The call that gives these rates, and how far the installed library is from them."
        facts["live"] = computed(live, said)
    return Comparison(facts, arrays, tuple(warnings))


@final
@dataclass(frozen=True)
class _Gaps:
    """Two schedules and their rates at the same steps."""

    here: BoundSchedule
    there: BoundSchedule
    left: Sequence[Exact]
    right: Sequence[Exact]

    @cached_property
    def order(self) -> tuple[bool | None, ...]:
        """Whether both rates of each step are the same; None where that is not decided."""
        return tuple(map(self._is_same, range(len(self.left))))

    def _is_same(self, step: int) -> bool | None:
        try:
            with precision(BITS):
                return compare(self.left[step], self.right[step]) == 0
        except UndecidedError:
            return is_same_rate(self.here, self.there, step)

    @cached_property
    def largest(self) -> tuple[Any, list[int]]:
        """The largest gap, and the steps that may have it."""
        best, steps = fmpq(0), []
        with precision(BITS):
            for step in (step for step, same in enumerate(self.order) if not same):
                size: Any = abs(self.left[step] - self.right[step])
                try:
                    order = compare(size, best)
                except UndecidedError:
                    steps.append(step)
                    continue
                if order > 0:
                    best, steps = size, [step]
        return best, steps

    def to_row(self) -> dict[str, Any]:
        """The first step with another rate, both rates there, and where the gap is largest."""
        if False not in self.order:
            return {"first_difference": "none"}
        first = self.order.index(False)
        return {
            "first_difference": first,
            "here": self.left[first],
            "there": self.right[first],
            "largest_gap": self.largest[0],
            "largest_gap_at": self.largest[1][0],
        }

    def list_doubts(self) -> list[str]:
        """What the row says and balls do not show, in words before the schedule's name."""
        doubts = []
        if None in self.order:
            doubts.append(f"whether step {self.order.index(None)} has the rate of")
        if len(self.largest[1]) > 1:
            pair = " or ".join(map(str, self.largest[1][:2]))
            doubts.append(f"whether step {pair} has the largest gap to")
        return doubts


def _ask_live(
    library: str,
    there: Schedule,
    used: Mapping[str, Setting],
    floats: Sequence[float],
    arrays: dict[str, Series],
) -> str:
    """The call of the library, and how far it is from our rates where it is installed."""
    if library not in there.calls:
        return "it has no call of its own"
    call: Call = read_call(there.calls[library], there.parameters, used)
    if not is_installed(library):
        return f"{call}; not installed"
    rate = used.get(RATE, fmpq(1, 10))
    base = to_float(rate) if isinstance(rate, fmpq) else 0.1
    try:
        live = step_live(library, call, base, len(floats))
    except Exception as error:  # whatever another library raises is its answer
        return f"{call}; it refuses: {error}"
    arrays[f"live {library}"] = Series(("step",), live, "1", f"{library} itself")
    gaps = [abs(a - b) for a, b in zip(live, floats, strict=True)]
    worst = max(range(len(gaps)), key=gaps.__getitem__)
    version = f"{library} {find_version(library)}"
    return f"{call}; {version} differs by at most {gaps[worst]:.3g}, at step {worst}"
