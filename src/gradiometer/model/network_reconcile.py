"""The number of another counter, and what it adds to ours or leaves out, line by line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import final

from gradiometer.errors import InternalError
from gradiometer.model.counter import Counter, CounterLine, CounterRule
from gradiometer.model.layer_kind_read import find_layer_kind
from gradiometer.model.layer_rule import LayerCall, bind_settings
from gradiometer.model.network_count import count_network
from gradiometer.model.network_listing import count_listed
from gradiometer.model.network_rows import Row, Shape
from gradiometer.model.size_formula import Size, SizeFormula, read_size

_NO_MODULES = frozenset(("add", "multiply", "concat"))
"""Where branches meet a model calls a function."""


@final
@dataclass(frozen=True)
class Deviation:
    """One line between our count and that of a counter."""

    layer: str
    """The path of the layer; empty for the whole network."""
    what: str
    count: int
    """What the counter has more than we; negative where it leaves something out."""
    because: str


@final
@dataclass(frozen=True)
class Reconciled:
    """One number of a counter: it is ours and all lines together."""

    measure: str
    """`parameters`, `multiply_adds` or `bytes`."""
    ours: int
    lines: tuple[Deviation, ...]

    @property
    def theirs(self) -> int:
        """The number of the counter."""
        return self.ours + sum(line.count for line in self.lines)


@final
@dataclass(frozen=True)
class NotReconciled:
    """Why the number of a counter is not known."""

    measure: str
    because: str


@final
@dataclass(frozen=True)
class _Module:
    """A module of the counter's framework, with every row in which it is called."""

    calls: tuple[Row, ...]
    rule: CounterRule
    places: tuple[str, ...]
    """The paths under which a model lists it."""

    @property
    def row(self) -> Row:
        """Where it is called first."""
        return self.calls[0]

    @cached_property
    def size(self) -> int:
        """Its parameters, those that are counted elsewhere too."""
        return sum(tensor.size for tensor in self.row.tensors)

    def times(self, formula: SizeFormula | None) -> int:
        """How often the counter counts it."""
        values = {"calls": len(self.calls), "places": len(self.places)}
        found = formula.run(values) if formula else 1
        return found if isinstance(found, int) else 1


def reconcile(rows: Sequence[Row], counter: Counter) -> tuple[Reconciled | NotReconciled, ...]:
    """Each number that *counter* gives for a network, with what it has more or less than ours.

    Args:
        rows: The rows of the network.
        counter: The rule of the tool; a kind of layer that it does not speak of leaves its
            numbers unknown.

    Example:
        >>> from gradiometer.model.counter import read_counter
        >>> from gradiometer.model.network_read import read_network_tree
        >>> from gradiometer.model.network_walk import walk_network
        >>> rows = walk_network(read_network_tree("7x10 -> dense(3)"))
        >>> [(found.ours, found.theirs) for found in reconcile(rows, read_counter("torchinfo"))]
        [(33, 33), (210, 33)]
    """
    return tuple(_reconcile(tuple(rows), counter, measure) for measure in counter.counts)


def _reconcile(rows: tuple[Row, ...], counter: Counter, measure: str) -> Reconciled | NotReconciled:
    why = next(_list_refusals(rows, counter, measure), "")
    if why:
        return NotReconciled(measure, why)
    modules = _gather(rows, counter)
    count = count_network(rows)
    if measure == "bytes":
        return Reconciled(measure, 4 * count.parameters, tuple(_list_buffers(rows, counter)))
    if measure == "parameters":
        lines = list(_list_parameters(modules, counter))
        found = Reconciled(measure, count.parameters, tuple(lines))
        return _with_containers(found, rows, counter)
    if count.multiply_adds is None:
        return NotReconciled(measure, f"A size of the input of {count.lacking[0]} is not known.")
    adds: list[Deviation] = []
    for module in modules:
        for line in _list_multiply_adds(module, counter):
            if line is None:
                why = f"A size of the input of {module.row.path} is not known."
                return NotReconciled(measure, why)
            adds.append(line)
    return Reconciled(measure, count.multiply_adds, tuple(adds))


def _list_refusals(rows: Sequence[Row], counter: Counter, measure: str) -> Iterator[str]:
    """Why the counter has no number, or none that its rule tells."""
    name, version = counter.name, counter.version
    for row in rows:
        rule = counter.find_rule(row.kind)
        if rule is None:
            yield f"There is no rule of {name} {version} for a layer `{row.kind}`, as `{row.path}`."
            continue
        for when, because in rule.refusals:
            if when is None or when.run(_name_values(row)) is True:
                yield f"`{row.path}`: {because}."
        if measure == "multiply_adds" and row.active_share != 1:
            yield f"`{row.path}`: how often an expert is called depends on the input."
    if counter.needs_parameters and not any(row.tensors for row in rows):
        yield f"{counter.needs_parameters[0].upper()}{counter.needs_parameters[1:]}."


def _gather(rows: Sequence[Row], counter: Counter) -> list[_Module]:
    calls: dict[str, list[Row]] = {}
    for row in rows:
        calls.setdefault(row.again.first if row.again else row.path, []).append(row)
    return [
        _Module(
            tuple(own),
            counter.find_rule(own[0].kind) or CounterRule(),
            (path, *(row.path for row in own if row.again and row.again.is_named)),
        )
        for path, own in calls.items()
    ]


def _list_parameters(modules: Sequence[_Module], counter: Counter) -> Iterator[Deviation]:
    for module in modules:
        row, rule = module.row, module.rule
        where = rule.left_out_when
        if rule.leaves_out and (where is None or where.run(_name_values(row)) is True):
            if row.parameters:
                yield Deviation(row.path, "parameters", -row.parameters, rule.leaves_out)
            continue
        for tensor in row.tensors:
            if counter.tied and tensor.shared_with:
                what = f"{tensor.name}, which is {tensor.shared_with}"
                yield Deviation(row.path, what, tensor.size, counter.tied)
            if counter.frozen and tensor.frozen and tensor.count:
                yield Deviation(row.path, f"frozen {tensor.name}", -tensor.count, counter.frozen)
        more = module.times(counter.again_parameters) - 1
        if more and module.size:
            yield Deviation(row.path, "called or listed again", more * module.size, counter.again)
        for line in rule.parameters:
            found = _run_line(line, row)
            # Formulas of parameters name no size of the input that may be unknown.
            if found is not None and found.count:
                yield found


def _with_containers(found: Reconciled, rows: Sequence[Row], counter: Counter) -> Reconciled:
    """The count with what containers of layers have more by the rule of the counter."""
    shared = any(row.again or any(t.shared_with for t in row.tensors) for row in rows)
    if not counter.containers or not shared:
        return found
    named = [row for row in rows if row.kind not in _NO_MODULES]
    bare = {row.path for row in named if (counter.find_rule(row.kind) or CounterRule()).bare}
    more = count_listed(named, bare=bare) - found.theirs
    if not more:
        return found
    line = Deviation("", "containers", more, counter.containers)
    return Reconciled(found.measure, found.ours, (*found.lines, line))


def _list_multiply_adds(module: _Module, counter: Counter) -> Iterator[Deviation | None]:
    """The lines of a module; None in place of one whose size is not known."""
    times = module.times(counter.again_multiply_adds)
    for row in module.calls:
        theirs = _own(row)
        for line in module.rule.multiply_adds:
            found = _run_line(line, row)
            if found is None:
                yield None
            elif found.count:
                yield found
                theirs += 0 if line.is_function else found.count
        if times > 1 and theirs:
            yield Deviation(row.path, "listed again", (times - 1) * theirs, counter.again)


def _list_buffers(rows: Sequence[Row], counter: Counter) -> Iterator[Deviation]:
    if not counter.buffers:
        return
    for row in rows:
        size = sum(8 * t.count if t.dtype == "int64" else 4 * t.count for t in row.buffers)
        if size:
            yield Deviation(row.path, "buffers", size, counter.buffers)


def _run_line(line: CounterLine, row: Row) -> Deviation | None:
    """The line for a layer; of count 0 where it does not apply, None where it is not known."""
    values = _name_values(row)
    applies = line.when is None or line.when.run(values)
    if applies is None:
        return None
    count = line.count.run(values) if applies is True else 0
    if count is None:
        return None
    if not isinstance(count, int) or isinstance(count, bool):
        raise InternalError(f"The line `{line.what}` of `{row.kind}` is {count}.")
    return Deviation(row.path, line.what, count, line.because)


def _own(row: Row) -> int:
    return sum(line.count or 0 for line in row.multiply_adds)


def _name_values(row: Row) -> Mapping[str, Size]:
    """What a formula of a rule may name: settings and axes of the kind, and sums of the row."""
    kind = find_layer_kind(row.kind) if row.kind not in _NO_MODULES else None
    values: dict[str, Size] = {}
    if kind is not None:
        words = dict(row.worded)
        given = {n: words.get(n) or read_size(text).run({}) for n, text in row.settings}
        values, _ = bind_settings(LayerCall(kind, row.path, given, row.shape_in, row.memory))
        worded = [name for name, setting in kind.settings.items() if any(setting.words.values())]
        values |= {f"{name}_is_word": name in words for name in worded}
    counts = [line.count for line in row.multiply_adds]
    return {
        **values,
        "numbers_in": _product(row.shape_in),
        "numbers_out": _product(row.shape_out),
        "last": row.shape_in[-1] if row.shape_in else 1,
        "own": None if None in counts else _own(row),
        "parameters": sum(tensor.size for tensor in row.tensors),
    }


def _product(shape: Shape) -> int | None:
    result: int | None = 1
    for axis in shape:
        result = None if result is None or axis is None else result * axis
    return result


def estimate_memory(
    counter: Counter, size: int
) -> tuple[tuple[str, Fraction, Fraction | None], ...]:
    """The rows of a counter's estimate: a type, and the bytes of weights and of training.

    Example:
        >>> from gradiometer.model.counter import read_counter
        >>> [float(row[1]) for row in estimate_memory(read_counter("accelerate"), 484)]
        [484.0, 242.0, 121.0, 60.5]
    """
    return tuple(
        (name, _as_fraction(weights, size), training and _as_fraction(training, size))
        for name, weights, training in counter.memory
    )


def _as_fraction(formula: SizeFormula, size: int) -> Fraction:
    found = formula.run({"bytes": size})
    if not isinstance(found, int | Fraction):
        raise InternalError(f"`{formula.text}` is no number.")
    return Fraction(found)
