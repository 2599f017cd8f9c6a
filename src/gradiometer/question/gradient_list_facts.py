"""Facts about the paths of a long list of assignments, from sweeps over arrays."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from flint import arb, fmpq

from gradiometer.errors import LimitError
from gradiometer.formula import precision
from gradiometer.question.answer import Fact, computed, unknown
from gradiometer.question.value import Value

if TYPE_CHECKING:
    from gradiometer.numeric import (
        BestPaths,
        Order,
        PathTree,
        Wide,
    )

from gradiometer.question.gradient_sweep import MOST_INPUTS, Swept

_LONGEST = 64
"""Paths up to this length are told apart by length."""

_SHOWN = 24
"""Names of a path that are written; of a longer one both ends."""

_MOST_KINKS = 1_000
_BITS = 96


def rank_inputs(swept: Swept, top: int) -> dict[str, BestPaths]:
    """The *top* largest paths of each input that is listed."""
    from gradiometer.numeric import grow_path_tree

    return _best(swept, grow_path_tree(swept.small.graph), "size", top)


def list_facts(swept: Swept, largest: Mapping[str, Fact], top: int) -> dict[str, Fact]:
    """The facts about a list that was swept, with its *top* largest paths, which are there."""
    how = _say_how(swept)
    facts = {
        "value": _value(swept, how),
        "derivatives": _derivatives(swept, how),
        "contributions": _contributions(swept),
        "path_count": _path_count(swept),
        **_mass_facts(swept),
        "by_length": _by_length(swept),
        "top_paths": largest["top_paths"],
        **_by_sign(swept, top),
        "coverage": largest["coverage"],
    }
    if swept.branching:
        facts["branches"] = _branches(swept)
    return facts


def _value(swept: Swept, how: str) -> Fact:
    if swept.value.is_finite():
        return computed(swept.value, f"{swept.output_name}, {how}")
    return unknown(f"{swept.output_name} has no bound on its error in float64.")


def _derivatives(swept: Swept, how: str) -> Fact:
    rows = _by_input(swept, lambda node: _gradient(swept, node))
    missing = [name for name, value in rows.items() if value is None]
    if missing and len(missing) == len(rows):
        return unknown("Every input meets a kink, or has no bound on its error in float64.")
    left = f" None stands for {', '.join(missing)}: a kink, or no bound." if missing else ""
    return computed(rows, f"The backward sweep, {how}{left}")


def _say_how(swept: Swept) -> str:
    said = "in float64; the true number lies within the error that running error analysis bounds."
    if swept.rests_on_library:
        said += " The bound takes functions of the C library to be as accurate as is documented."
    return said


def _by_input(swept: Swept, read: Callable[[int], Value]) -> dict[str, Value]:
    """One value for each input, read at its node of the large graph."""
    return {name: None if name in swept.unsettled else read(node) for name, node in swept.shown}


def _by_place(swept: Swept, read: Callable[[int], Value]) -> dict[str, Value]:
    """One value for each input, read at its node of the small graph."""
    return _by_input(swept, lambda node: read(int(swept.small.place[node])))


def _gradient(swept: Swept, node: int) -> Value:
    with precision(_BITS):
        middle = _to_ball(swept.bound.adjoint, node)
        error = _to_ball(swept.bound.error, node)
        return middle + arb(0, error.abs_upper()) if error.is_finite() else None


def _to_ball(numbers: Wide, index: int) -> arb:
    """The number as it stands, without a radius; not finite where it is not."""
    if not math.isfinite(float(numbers.mantissa[index])):
        return arb("nan")
    exact = numbers.fraction(index)
    return arb(fmpq(exact.numerator, exact.denominator))


def to_number(numbers: Wide, index: int = 0) -> Value:
    """The number as float64, or as a ball beyond the range of float64."""
    return to_numbers(numbers[index])[0]


def to_numbers(numbers: Wide) -> list[Value]:
    """The numbers as float64, or as balls beyond the range of float64."""
    values: list[Value] = [*numbers.to_float().tolist()]
    with precision(_BITS):
        for index, mantissa in enumerate(numbers.mantissa.tolist()):
            if mantissa != 0 and values[index] in (0.0, math.inf, -math.inf):
                values[index] = _to_ball(numbers, index)
    return values


def _mass_facts(swept: Swept) -> dict[str, Fact]:
    from gradiometer.numeric import measure_spread, sweep_signs

    signs, spread = sweep_signs(swept.small.graph), measure_spread(swept.back)
    cancellation, effective = swept.back.cancellation(), spread.effective_count()
    rows: dict[str, tuple[Callable[[int], Value], str]] = {
        "mass": (
            lambda node: to_number(swept.back.mass, node),
            "The sum of the sizes of all paths from the input; the gradient is their sum with "
            "signs.",
        ),
        "positive_mass": (
            lambda node: to_number(signs.positive, node),
            "The sum of the paths that push upward.",
        ),
        "negative_mass": (
            lambda node: to_number(signs.negative, node),
            "The size of the sum of the paths that push downward.",
        ),
        "cancellation": (
            lambda node: to_share(cancellation[node]),
            "Mass over the size of the gradient: large where the gradient is a small rest of large "
            "opposite parts.",
        ),
        "effective_paths": (
            lambda node: to_share(effective[node]),
            "e to the entropy of the shares of mass: as many equal paths would be as spread out.",
        ),
    }
    return {
        name: computed(_by_place(swept, read), because) for name, (read, because) in rows.items()
    }


def to_share(value: float) -> Value:
    """The number as a value; the word `none` where there is no path."""
    from gradiometer.question.value import INFINITY

    number = float(value)
    if math.isnan(number):
        return "none"
    return INFINITY if number == float("inf") else number


def _path_count(swept: Swept) -> Fact:
    from gradiometer.numeric import count_paths

    try:
        counts = count_paths(swept.small.graph)
    except LimitError:
        log2 = swept.back.count.log2()
        return computed(
            _by_place(swept, lambda node: {"log2": to_share(log2[node])}),
            "The logarithm to base 2 of how many paths there are; parallel edges are different "
            "paths.",
        )
    return computed(
        _by_place(swept, lambda node: counts[node]),
        "Counted along the edges that float64 arithmetic took; parallel edges are different paths.",
    )


def _contributions(swept: Swept) -> Fact:
    from gradiometer.numeric import split_by_use

    graph, split = swept.small.graph, split_by_use(swept.back)
    wanted = {int(swept.small.place[node]): name for name, node in swept.shown}
    rows: dict[str, list[dict[str, Value]]] = {name: [] for name in wanted.values()}
    ends = graph.end_of(split.edge)
    for place, node in enumerate(split.source.tolist()):
        if node in wanted and len(rows[wanted[node]]) < MOST_INPUTS:
            via = swept.legend.spell(int(swept.small.node[ends[place]]))
            rows[wanted[node]].append({"via": via, "value": to_number(split.signed, place)})
    return computed(
        rows,
        f"What reaches the input through each operation that uses it, at most {MOST_INPUTS} of an "
        "input.",
    )


def _by_length(swept: Swept) -> Fact:
    from gradiometer.numeric import split_by_length

    try:
        shares = split_by_length(swept.back, longest=_LONGEST)
    except LimitError as error:
        return unknown(f"Not told apart by length: {error.problem}")
    order = {name: row for row, name in enumerate(swept.legend.inputs)}
    rows = {
        name: [
            {"length": length, "of_mass": float(size), "signed": float(signed)}
            for length, (signed, size) in enumerate(
                zip(shares.signed[order[name]], shares.size[order[name]], strict=True)
            )
            if size
        ]
        for name, _ in swept.shown
    }
    return computed(
        rows, f"Paths of at most {_LONGEST} edges by their length, as shares of the mass."
    )


def list_largest(swept: Swept, found: Mapping[str, BestPaths]) -> dict[str, Fact]:
    """The largest paths, and what they cover."""
    from gradiometer.numeric import cover

    rows = {name: _path_rows(swept, paths) for name, paths in found.items()}
    coverage = {name: cover(paths, swept.back) for name, paths in found.items()}
    shares: dict[str, Value] = {
        name: {
            "listed": len(found[name]),
            "of_mass": to_share(row.mass_share),
            "rest": to_number(row.rest),
        }
        for name, row in coverage.items()
    }
    return {
        "top_paths": computed(rows, _RANKED.format("largest by size")),
        "coverage": computed(
            shares,
            "What the largest paths that are listed cover of the mass, and what all others sum to.",
        ),
    }


def _by_sign(swept: Swept, top: int) -> dict[str, Fact]:
    from gradiometer.numeric import grow_path_tree

    orders: tuple[tuple[str, Order, str], ...] = (
        ("most_positive", "positive", "most positive"),
        ("most_negative", "negative", "most negative"),
    )
    tree = grow_path_tree(swept.small.graph, by_sign=True)
    facts: dict[str, Fact] = {}
    for fact, order, word in orders:
        best = _best(swept, tree, order, top)
        rows = {name: _path_rows(swept, paths) for name, paths in best.items()}
        facts[fact] = computed(rows, _RANKED.format(word))
    return facts


def _best(swept: Swept, tree: PathTree, order: Order, top: int) -> dict[str, BestPaths]:
    from gradiometer.numeric import rank_all

    places = [int(swept.small.place[node]) for _, node in swept.shown]
    names = [name for name, _ in swept.shown]
    return dict(
        zip(names, rank_all(tree, [(place, order) for place in places], most=top), strict=True)
    )


_RANKED = "The {} first, those of value 0 left out; only names that the list assigns are written."


def _path_rows(swept: Swept, paths: BestPaths) -> list[dict[str, Value]]:
    mass = swept.back.mass[paths.source]
    shares = abs(paths.value.over(mass)) if len(paths) else []
    return [
        {
            "path": _spell(swept, paths, rank),
            "edges": int(paths.length[rank]),
            "value": to_number(paths.value, rank),
            "of_mass": to_share(shares[rank]),
        }
        for rank in range(len(paths))
    ]


def _spell(swept: Swept, paths: BestPaths, rank: int) -> str:
    """The names along a path; of a long one both ends."""
    graph, length = swept.small.graph, int(paths.length[rank])
    half = _SHOWN // 2
    if length < _SHOWN:
        return " -> ".join(_names(swept, [paths.source, *graph.end_of(paths.edges(rank))]))
    first = [paths.source, *graph.end_of(paths.edges(rank, most=half - 1))]
    last = _names(swept, graph.end_of(paths.edges(rank, skip=length - half)))
    return " -> ".join([*_names(swept, first), f"… {length + 1 - 2 * half:,} more …", *last])


def _names(swept: Swept, nodes: Iterable[int]) -> list[str]:
    names = (swept.legend.name_of(int(swept.small.node[node])) for node in nodes)
    return [name for name in names if name]


def _branches(swept: Swept) -> Fact:
    kinks = [swept.legend.spell(int(node)) for node in swept.kinks[:_MOST_KINKS]]
    value = {"branching": swept.branching, "at_kink": kinks}
    return computed(
        value,
        "How many operations chose a branch, and those that stand exactly at a kink in float64.",
    )
