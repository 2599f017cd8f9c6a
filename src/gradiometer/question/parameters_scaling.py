"""How the count of a network grows with a setting, and which value meets a budget."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, final

from gradiometer.errors import GradiometerError, Place, UsageError, suggest
from gradiometer.formula import parse_number
from gradiometer.model import count_network
from gradiometer.question.answer import Fact, Series, computed, proved, unknown
from gradiometer.question.parameters_growth import grows_with
from gradiometer.question.parameters_read import Described

MOST_VALUES = 2_000
"""Values of a setting that are tried."""
_MOST_VALUE = 10**12
_MOST_ABOVE = 200
"""Listed values above an answer that are all tried, so that it is proved."""
_RANGE = re.compile(r"\s*([\w\[\].]+)\s*(?:=\s*(.+?)\s*)?")


@final
@dataclass(frozen=True)
class Varied:
    """A setting and the values that it takes."""

    name: str
    values: tuple[int, ...]
    """Empty where any whole number from 1 on is meant."""


def read_varied(text: str, *, key: str) -> Varied:
    """The setting and its values that *text* names, such as `width=64:1024:64`.

    Args:
        text: A name, and behind `=` a range `first:last:step`, `first:last:count:log`, or a list
            `64,128,256`; without `=` all whole numbers from 1 on, which only `solve` tries.
        key: The input it was given as, for errors.

    Raises:
        UsageError: If the text is none of these, or has no values to vary.

    Example:
        >>> read_varied("width=64:256:64", key="vary").values
        (64, 128, 192, 256)
    """
    place = Place(key)
    match = _RANGE.fullmatch(text)
    if match is None:
        hint = "write such as `width=64:1024:64`"
        raise UsageError(f"`{text[:60]}` names no setting.", place=place, hint=hint)
    name, written = match[1], match[2]
    if written is None and key == "vary":
        hint = f"write such as `--vary {name}=64:1024:64`"
        raise UsageError("`vary` needs the values of the setting.", place=place, hint=hint)
    if written is None:
        return Varied(name, ())
    values = _read_values(written, place)
    if not values:
        raise UsageError(f"`{written[:60]}` has no values.", place=place, hint="write `64:1024:64`")
    if len(values) > MOST_VALUES:
        problem = f"`{written[:60]}` has more than {MOST_VALUES:,} values."
        raise UsageError(problem, place=place, hint="write a larger step")
    return Varied(name, values)


def _read_values(written: str, place: Place) -> tuple[int, ...]:
    if ":" not in written:
        return tuple(sorted({_read_whole(part, place) for part in written.split(",")}))
    parts = written.split(":")
    is_log = parts[-1].strip() == "log"
    numbers = [_read_whole(part, place) for part in (parts[:-1] if is_log else parts)]
    if not 2 <= len(numbers) <= 3 or numbers[0] > numbers[1] or (is_log and len(numbers) < 3):
        problem = f"`{written[:60]}` is no range."
        hint = "write `first:last:step` or `first:last:count:log`"
        raise UsageError(problem, place=place, hint=hint)
    first, last, step = (*numbers, 1)[:3]
    if not is_log:
        if (last - first) // step >= MOST_VALUES:
            return tuple(range(MOST_VALUES + 1))
        return tuple(range(first, last + 1, step))
    if step > MOST_VALUES:
        return tuple(range(MOST_VALUES + 1))
    ratio = last / first
    return tuple(sorted({round(first * ratio ** (k / max(step - 1, 1))) for k in range(step)}))


def _read_whole(text: str, place: Place) -> int:
    value = parse_number(text.strip(), place=place)
    if value.q != 1 or not 1 <= value.p <= _MOST_VALUE:
        problem = f"`{text.strip()[:40]}` is no whole number from 1 to {_MOST_VALUE:,}."
        raise UsageError(problem, place=place, hint="write such as `64`")
    return int(value.p)


def check_setting(name: str, networks: Sequence[Described], *, key: str) -> None:
    """Refuse a setting that a network does not have.

    Raises:
        UsageError: With what may be set.
    """
    for network in networks:
        known = network.known_settings
        if name not in known:
            nearest = suggest(name, known)
            raise UsageError(
                f"`{network.name[:60]}` has no setting `{name[:60]}`.",
                place=Place(key),
                known=known,
                hint=f"write `{nearest}`"
                if nearest
                else "use the name in the network, such as `100-w-1`",
            )


def vary_setting(
    networks: Mapping[str, Described], varied: Varied
) -> tuple[dict[str, Fact], dict[str, Series]]:
    """The table of counts by value of the setting, and its columns as arrays."""
    rows: list[dict[str, Any]] = []
    columns: dict[str, list[Any]] = {name: [] for name in networks}
    for value in varied.values:
        row: dict[str, Any] = {varied.name: value}
        for name, network in networks.items():
            count = count_network(network.walk({varied.name: value}))
            own = "" if len(networks) == 1 else f"{name}: "
            row[f"{own}parameters"] = count.parameters
            row[f"{own}macs"] = count.multiply_adds
            columns[name].append(count.parameters)
        rows.append(row)
    dims = (varied.name,)
    arrays = {varied.name: Series(dims, varied.values, about=f"the setting {varied.name}")}
    for name, column in columns.items():
        key = "parameters" if len(networks) == 1 else f"parameters of {name}"
        arrays[key] = Series(dims, column, about=key)
    why = f"The network is counted anew for each {varied.name}; all counts are exact."
    return {"scaling": proved(rows, why)}, arrays


def read_solved(text: str, budget: Any) -> tuple[Varied, int] | None:
    """The setting that is asked for and the most parameters, or None where nothing is asked.

    Raises:
        UsageError: If one of them is missing, or the budget is no number of parameters.
    """
    if not text and budget is None:
        return None
    if not text or budget is None:
        here, missing = ("budget", "solve") if not text else ("solve", "budget")
        hint = "write both, such as `--solve width --budget 1e6`"
        raise UsageError(f"`{here}` needs `{missing}`.", place=Place(here), hint=hint)
    most = parse_number(str(budget), place=Place("budget"))
    if not 0 < most < 10**30:
        problem = f"A budget is a number of parameters, not `{str(budget)[:40]}`."
        raise UsageError(problem, place=Place("budget"), hint="write such as `--budget 1e6`")
    return read_varied(text, key="solve"), int(most.p // most.q)


def solve_setting(networks: Mapping[str, Described], varied: Varied, budget: int) -> Fact:
    """The largest value of the setting within the budget, for each network."""
    each = {name: _solve_one(network, varied, budget) for name, network in networks.items()}
    if len(each) == 1:
        return next(iter(each.values()))
    why = " ".join(f"{name}: {fact.because}" for name, fact in each.items())
    if all(fact.value is None for fact in each.values()):
        return unknown(why)
    values = {name: fact.value for name, fact in each.items()}
    is_seen = any(fact.status == "computed" for fact in each.values())
    return computed(values, why) if is_seen else proved(values, why)


def _solve_one(network: Described, varied: Varied, budget: int) -> Fact:
    """The largest value of a setting whose count meets the budget.

    That no larger one meets it is shown by the form of the network, or by all that are listed.
    """
    tried: dict[int, int] = {}

    def count(value: int) -> int:
        if value not in tried:
            tried[value] = count_network(network.walk({varied.name: value})).parameters
        return tried[value]

    values = varied.values
    try:
        at = _find_last(count, values, budget)
    except GradiometerError as error:
        if values:
            raise
        hint = f"write the values that fit, such as `--solve {varied.name}=64:4096:64`"
        raise replace(error, hint=hint) from None
    if at is not None and values and len(above := [v for v in values if v > at[0]]) <= _MOST_ABOVE:
        return _check_above(count, at[0], above, budget=budget, name=varied.name)
    ordered = [tried[value] for value in sorted(tried)]
    if any(a > b for a, b in pairwise(ordered)):
        return unknown(f"The count does not grow with {varied.name} over the values tried.")
    if at is None:
        least = min(tried)
        return unknown(
            f"Even {varied.name} = {least:,} gives {tried[least]:,} parameters, more than "
            f"{budget:,}."
        )
    value, following = at
    if following is None:
        return unknown(
            f"{varied.name} = {value:,} gives {tried[value]:,} parameters, still within "
            f"{budget:,}, and no larger value was tried."
        )
    why = (
        f"{varied.name} = {value:,} gives {tried[value]:,} parameters, within {budget:,}, and "
        f"{following:,} gives {tried[following]:,}, above it"
    )
    if grows_with(network, varied.name):
        return proved(value, f"{why}; {varied.name} stands in widths only, so the count grows.")
    return computed(
        value,
        f"{why}; the count grew at each of the {len(tried)} values tried, which does not show that "
        f"none above is within: `{varied.name}=1:{2 * value}` tries them all up to its end.",
    )


def _check_above(
    count: Callable[[int], int], found: int, above: Sequence[int], *, budget: int, name: str
) -> Fact:
    """The largest of the listed values within the budget, all above which are tried."""
    value = next((v for v in reversed(above) if count(v) <= budget), found)
    start = f"{name} = {value:,} gives {count(value):,} parameters"
    if value == max([found, *above]):
        return unknown(f"{start}, still within {budget:,}, and no larger value was tried.")
    tried = sum(v > value for v in above)
    return proved(
        value,
        f"{start}, within {budget:,}, and each of the {tried:,} larger values gives more; the next "
        f"gives {count(min(v for v in above if v > value)):,}.",
    )


def _find_last(
    count: Callable[[int], int], values: Sequence[int], budget: int
) -> tuple[int, int | None] | None:
    """The last value within the budget and the one behind it, by halving."""
    low, high = (0, len(values) - 1) if values else (1, 1)

    def fits(place: int) -> bool:
        return count(values[place] if values else place) <= budget

    while not values and fits(high) and high < _MOST_VALUE:
        high *= 2
    if not fits(low):
        return None
    if fits(high):
        return (values[high] if values else high), None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if fits(middle) else (low, middle)
    return (values[low], values[high]) if values else (low, high)
