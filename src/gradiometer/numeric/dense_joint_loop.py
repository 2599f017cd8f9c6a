"""The lines of one pass over a tensor: what is read, computed and kept for each of its numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import final

from gradiometer.model import NUMBER, TENSOR, Kind
from gradiometer.numeric.dense_code import Code
from gradiometer.numeric.dense_joint_terms import Call, JointTerms, TensorTerms
from gradiometer.numeric.dense_shape import DenseShape
from gradiometer.numeric.layout import PART
from gradiometer.numeric.program_source import TRUTHS


@final
@dataclass
class Scratch:
    """Entries of a block in which a step keeps what it needs for a while."""

    begin: int
    used: int = 0
    """How many are taken now."""
    most: int = 0
    """How many were taken at a time."""

    def take(self, count: int) -> int:
        """The first of so many entries."""
        place = self.begin + self.used
        self.used += count
        self.most = max(self.most, self.used)
        return place


@final
@dataclass(frozen=True, eq=False)
class Job:
    """What a pass does with one term at each coordinate."""

    term: int
    way: str
    """`sum`, `square` or `max` into entries, or `store`."""
    place: int
    """The first of these entries."""
    kind: Kind
    """How many there are: one, one for each row or column, or all."""
    part: int = -1
    """For one entry: where a row's part is kept, so that long sums round less."""


@final
@dataclass(frozen=True, eq=False)
class Reader:
    """Where the inputs of a tensor's terms are read."""

    terms: JointTerms
    tensor: TensorTerms
    shape: DenseShape
    scheduled: tuple[str, ...]
    given: tuple[str, ...]
    """All numbers of a network in the kernel's order."""
    slots: dict[int, tuple[int, Call | None]]
    """Where the results of calls are, by their terms."""

    def load(self, name: str, at: int, loop: Kind) -> str:
        """The text that reads an input inside a loop over coordinates of that kind."""
        shape = self.shape
        if at in self.slots:
            return self._load_result(at)
        if name == "t":
            return "now"
        if name == "loss":
            return f"w[{shape.at('record')}, i]"
        if name in self.scheduled:
            return f"w[{shape.at('rates') + self.scheduled.index(name)}, i]"
        if name in self.terms.given:
            return f"w[{shape.at('given') + self.given.index(name)}, i]"
        if name == "noise":
            return self._draw()
        number = self.terms.states.index(name) if name in self.terms.states else 0
        section = {"x": "parameters", "g": "gradient"}.get(name, f"state {number}")
        return f"w[{self.entry(section, self.tensor.kinds[at], loop)}, i]"

    def entry(self, section: str, kind: Kind, loop: Kind) -> str:
        """The entry of a section for a coordinate.

        What has one value for a row or the whole tensor is there for every coordinate, and the
        last pass, which writes it anew, reads it at its own one.
        """
        begin = self.shape.at(section) + self.tensor.begin
        parts = [
            f"{letter}*{stride}"
            for letter, length, own, name, stride in zip(
                "rc", (loop.rows, loop.columns), (kind.rows, kind.columns), "RC",
                self.tensor.strides, strict=True,
            )
            if length == name and (own != "1" or loop == TENSOR) and stride
        ]  # fmt: skip
        return " + ".join([str(begin), *parts])

    def _load_result(self, at: int) -> str:
        place, call = self.slots[at]
        kind = self.tensor.kinds[at]
        row, column = "r", "c"
        if call is not None and call.operator == "transpose":
            row, column, kind = column, row, kind.flipped
        width = self.tensor.lengths[kind.columns]
        parts = [f"{row}*{width}"] * (kind.rows != "1") + [column] * (kind.columns != "1")
        return f"w[{' + '.join([str(place), *parts])}, i]"

    def _draw(self) -> str:
        high, low = (f"w[{self.shape.at('given') + self.given.index(name)}, i]"
                     for name in ("seed.high", "seed.low"))  # fmt: skip
        who = f"np.uint64({high})*np.uint64({PART}) + np.uint64({low})"
        rows, columns = self.tensor.strides
        unit = f"np.uint64({self.tensor.first} + r*{rows} + c*{columns})"
        return (f"REAL(lanes.lane_draw_normal(np.uint64(seed), {who}, np.uint64(first + s), "
                f"{unit}))")  # fmt: skip


def write_loop(reader: Reader, loop: Kind, jobs: Sequence[Job], scratch: Scratch) -> list[str]:
    """The lines of a pass over coordinates of that kind.

    What is the same for all of them is computed before.
    """
    kept = scratch.used
    jobs = [replace(job, part=scratch.take(1)) if job.kind == NUMBER else job for job in jobs]
    body, before, texts = write_body(reader, loop, [job.term for job in jobs], scratch=scratch)
    for number, (job, text) in enumerate(zip(jobs, texts, strict=True)):
        body += _write_job(reader, job, text, f"{reader.tensor.prefix}v{number}", loop)
    rows, columns = (reader.tensor.lengths[length] for length in (loop.rows, loop.columns))
    by_column = [job for job in jobs if job.kind.rows == "1" and job.kind != NUMBER]
    by_row = [job for job in jobs if job.kind.columns == "1" and job.kind != NUMBER]
    lines = list(before)
    for job in by_column:
        lines += [f"for c in range({columns}):", "    for i in range(span):",
                  f"        w[{job.place} + c, i] = {_begin(job)}"]  # fmt: skip
    lines.append(f"for r in range({rows}):")
    for job in jobs:
        if job.kind == NUMBER or job in by_row:
            place = f"{job.part}" if job.kind == NUMBER else f"{job.place} + r"
            lines += ["    for i in range(span):", f"        w[{place}, i] = {_begin(job)}"]
    lines += [f"    for c in range({columns}):", "        for i in range(span):",
              *(f"            {line}" for line in body)]  # fmt: skip
    for job in jobs:
        if job.kind == NUMBER:
            lines += ["    for i in range(span):",
                      *(f"        {line}" for line in _join(job, f"w[{job.part}, i]"))]  # fmt: skip
    scratch.used = kept
    return lines


def write_body(
    reader: Reader, loop: Kind, ends: Sequence[int], *, scratch: Scratch
) -> tuple[list[str], list[str], list[str]]:
    """The lines that compute these terms at one coordinate, those before the loop, and texts."""
    tensor = reader.tensor
    reached = _reach(tensor, ends, stops_at_numbers=True)
    all_terms = tensor.code.build.terms
    uniform = [at for at in reached if tensor.kind_of(at) == NUMBER and all_terms[at].arguments]
    names = {at: f"{tensor.prefix}in{at}" for at in tensor.code.atoms}
    outer = Code(tensor.prefix, tensor.code.build, dict(names), tensor.code.known)
    lines = outer.write(uniform)
    places = {at: scratch.take(1) for at in uniform}
    before = [*_load(reader, uniform, names, loop=NUMBER), *lines,
              *(f"w[{places[at]}, i] = {outer.text(at)}" for at in uniform)]  # fmt: skip
    inner = Code(tensor.prefix, tensor.code.build, dict(names), tensor.code.known)
    for at, place in places.items():
        is_truth = all_terms[at].operator in {*TRUTHS, "not"}
        inner.atoms[at] = f"(w[{place}, i] != ZERO)" if is_truth else f"w[{place}, i]"
    loads = _load(reader, ends, names, loop=loop, done=places)
    body = [*loads, *inner.write(ends)]
    opening = ["for i in range(span):", *(f"    {line}" for line in before)] if before else []
    return body, opening, [inner.text(at) for at in ends]


def _reach(
    tensor: TensorTerms, ends: Sequence[int], *, stops_at_numbers: bool = False,
    done: Sequence[int] | dict[int, int] = (),
) -> list[int]:  # fmt: skip
    """The terms that these need, in order; nothing of what is inside a term where it stops."""
    found, waiting = set[int](), [*ends]
    while waiting:
        at = waiting.pop()
        if at in found:
            continue
        found.add(at)
        stops = at in done or (stops_at_numbers and tensor.kind_of(at) == NUMBER)
        term = tensor.code.build.terms[at]
        if not stops:
            # The third argument of a division is the inverse, which is not used here.
            waiting += term.arguments[:2] if term.operator == "/" else term.arguments
    return sorted(found)


def _load(
    reader: Reader, ends: Sequence[int], names: dict[int, str], *, loop: Kind,
    done: Sequence[int] | dict[int, int] = (),
) -> list[str]:  # fmt: skip
    """The lines that read what these terms need."""
    terms = reader.tensor.code.build.terms
    return [f"{names[at]} = {reader.load(terms[at].name, at, loop)}"
            for at in _reach(reader.tensor, ends, done=done) if at in names]  # fmt: skip


def _begin(job: Job) -> str:
    return "REAL(-np.inf)" if job.way == "max" else "ZERO"


def _write_job(reader: Reader, job: Job, text: str, name: str, loop: Kind) -> list[str]:
    """The lines that add the value at one coordinate to what is kept."""
    if job.way == "store":
        width = reader.tensor.lengths[loop.columns]
        return [f"w[{job.place} + r*{width} + c, i] = {text}"]
    target = str(job.part)
    if job.kind != NUMBER:
        target = f"{job.place} + {'r' if job.kind.columns == '1' else 'c'}"
    value = [f"{name} = {text}"]
    if job.way == "square":
        return [*value, f"w[{target}, i] += {name}*{name}"]
    return [*value, *_join(replace(job, place=-1), name, target=target)]


def _join(job: Job, value: str, *, target: str = "") -> list[str]:
    """The lines that join a value with an entry."""
    entry = f"w[{target or job.place}, i]"
    if job.way != "max":
        return [f"{entry} += {value}"]
    # What is no number counts as larger than all.
    return [f"{entry} = {entry} if ({entry} >= {value}) | ({entry} != {entry}) else {value}"]
