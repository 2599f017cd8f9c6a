"""The lines of a kernel for a rule that joins numbers of a tensor: passes, then the step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

from gradiometer.model import NUMBER, TENSOR, Kind
from gradiometer.numeric.dense_joint_loop import Job, Reader, Scratch, write_body, write_loop
from gradiometer.numeric.dense_joint_terms import PARTWISE, Call, JointTerms, TensorTerms
from gradiometer.numeric.dense_shape import DenseShape

_WAYS = {"norm": "square", "largest": "max", "row_max": "max", "column_max": "max"}


def write_joint(
    terms: JointTerms, shape: DenseShape, scheduled: tuple[str, ...], given: tuple[str, ...]
) -> tuple[list[str], int]:
    """The lines that move every parameter, and how many entries behind all others they need.

    Args:
        terms: Of the rule, on the tensors of this network.
        shape: Where sections lie.
        scheduled: The parameters with a number for each step.
        given: The numbers that each network has, in order.
    """
    writer = _Writer(terms, shape, scheduled, given, Scratch(shape.at("joint")))
    return ["now = REAL(first + s + 1)", *writer.write()], writer.scratch.most


@final
@dataclass(frozen=True, eq=False)
class _Writer:
    terms: JointTerms
    shape: DenseShape
    scheduled: tuple[str, ...]
    given: tuple[str, ...]
    scratch: Scratch

    def write(self) -> list[str]:
        totals = {call.name: self.scratch.take(1) for call, _ in self.terms.wholes}
        lines: list[str] = []
        if not totals:
            for tensor in self.terms.tensors:
                kept = self.scratch.used
                reader = self._read(tensor, totals)
                for stage in range(self.terms.stages):
                    lines += self._write_stage(reader, stage, totals)
                lines += self._write_last(reader)
                # No other tensor reads what this one has found.
                self.scratch.used = kept
            return lines
        readers = [self._read(tensor, totals) for tensor in self.terms.tensors]
        for stage in range(self.terms.stages):
            now = [call for call, when in self.terms.wholes if when == stage]
            for call in now:
                lines += _fill(totals[call.name], "REAL(-np.inf)" if call.operator == "largest"
                               else "ZERO")  # fmt: skip
            for reader in readers:
                lines += self._write_stage(reader, stage, totals)
            for call in now:
                lines += _finish(call.operator, str(totals[call.name]), self.terms.size)
        for reader in readers:
            lines += self._write_last(reader)
        return lines

    def _read(self, tensor: TensorTerms, totals: dict[str, int]) -> Reader:
        """The reader of a tensor, with entries for the results of its calls."""
        slots: dict[int, tuple[int, Call | None]] = {
            tensor.code.known[name]: (place, None) for name, place in totals.items()
        }
        for call in tensor.calls:
            # What is transposed is written out once and read the other way round.
            slots[call.place] = (self.scratch.take(_count(tensor, call.kind)), call)
        return Reader(self.terms, tensor, self.shape, self.scheduled, self.given, slots)

    def _write_stage(self, reader: Reader, stage: int, totals: dict[str, int]) -> list[str]:
        """All calls of a pass over one tensor."""
        tensor, kept = reader.tensor, self.scratch.used
        jobs: dict[Kind, list[Job]] = {}
        after: list[str] = []
        for call, when in self.terms.wholes:
            if when == stage:
                way, place = _WAYS.get(call.operator, "sum"), totals[call.name]
                jobs.setdefault(TENSOR, []).append(Job(tensor.parts[call.name], way, place, NUMBER))
        lines: list[str] = []
        for call in tensor.calls:
            if call.stage != stage:
                continue
            place = reader.slots[call.place][0]
            if call.operator in PARTWISE:
                after += self._write_parts(reader, call, jobs, place)
                continue
            way = _WAYS.get(call.operator, "sum")
            lines += _fill(place, "REAL(-np.inf)" if way == "max" else "ZERO") * (
                call.kind == NUMBER
            )
            jobs.setdefault(call.loops[0], []).append(Job(call.arguments[0], way, place, call.kind))
            after += _finish_call(tensor, call, place)
        for loop, row in jobs.items():
            lines += write_loop(reader, loop, row, self.scratch)
        self.scratch.used = kept
        return lines + after

    def _write_parts(
        self, reader: Reader, call: Call, jobs: dict[Kind, list[Job]], place: int
    ) -> list[str]:
        """Jobs that write out the arguments of a product, and the lines of it."""
        tensor = reader.tensor
        places = [place] if call.operator == "transpose" else [
            self.scratch.take(_count(tensor, loop)) for loop in call.loops
        ]  # fmt: skip
        for at, loop, where in zip(call.arguments, call.loops, places, strict=True):
            jobs.setdefault(loop, []).append(Job(at, "store", where, loop))
        if call.operator == "transpose":
            return []
        left, right = call.loops
        rows, inner, columns = (tensor.lengths[n] for n in (left.rows, left.columns, right.columns))
        return [
            f"for n in range({rows * columns}):", "    for i in range(span):",
            f"        w[{place} + n, i] = ZERO",
            f"for r in range({rows}):", f"    for k in range({inner}):",
            f"        for c in range({columns}):", "            for i in range(span):",
            f"                w[{place} + r*{columns} + c, i] += "
            f"w[{places[0]} + r*{inner} + k, i]*w[{places[1]} + k*{columns} + c, i]",
        ]  # fmt: skip

    def _write_last(self, reader: Reader) -> list[str]:
        """The new positions and memory of a tensor, and the size of its gradient."""
        tensor, shape = reader.tensor, self.shape
        rows = [("x'", "parameters")]
        rows += [(f"{name}'", f"state {self.terms.states.index(name)}")
                 for name in self.terms.states if name in tensor.rule.state]  # fmt: skip
        known = tensor.code.known
        targets = [f"w[{reader.entry(section, TENSOR, TENSOR)}, i]" for _, section in rows]
        return _write_new(
            reader, [known[name] for name, _ in rows], targets, self.scratch,
            pull=f"w[{reader.entry('gradient', TENSOR, TENSOR)}, i]",
            record=shape.at("record") + 2 + tensor.layer,
        )  # fmt: skip


def _write_new(
    reader: Reader,
    ends: Sequence[int],
    targets: Sequence[str],
    scratch: Scratch,
    *,
    pull: str,
    record: int,
) -> list[str]:
    """The lines of the last pass over a tensor."""
    kept = scratch.used
    part = scratch.take(1)
    body, before, texts = write_body(reader, TENSOR, ends, scratch=scratch)
    scratch.used = kept
    # All are computed before one is written, since they read each other's old values.
    names = [f"{reader.tensor.prefix}new{n}" for n in range(len(texts))]
    rows, columns = (reader.tensor.lengths[length] for length in "RC")
    return [
        *before,
        f"for r in range({rows}):",
        "    for i in range(span):",
        f"        w[{part}, i] = ZERO",
        f"    for c in range({columns}):",
        "        for i in range(span):",
        *(f"            {line}" for line in body),
        *(f"            {name} = {text}" for name, text in zip(names, texts, strict=True)),
        f"            pull = {pull}",
        f"            w[{part}, i] += pull*pull",
        *(f"            {target} = {name}" for target, name in zip(targets, names, strict=True)),
        f"            {pull} = ZERO",
        "    for i in range(span):",
        f"        w[{record}, i] += w[{part}, i]",
    ]


def _count(tensor: TensorTerms, kind: Kind) -> int:
    return tensor.lengths[kind.rows] * tensor.lengths[kind.columns]


def _fill(place: int, value: str) -> list[str]:
    return ["for i in range(span):", f"    w[{place}, i] = {value}"]


def _finish_call(tensor: TensorTerms, call: Call, place: int) -> list[str]:
    """The lines that make a norm or a mean of a sum."""
    if call.kind == NUMBER:
        return _finish(call.operator, str(place), _count(tensor, call.loops[0]))
    if not call.operator.endswith("_mean"):
        return []
    other = call.loops[0].columns if call.kind.columns == "1" else call.loops[0].rows
    lines = _finish("mean", f"{place} + n", tensor.lengths[other])
    return [f"for n in range({_count(tensor, call.kind)}):", *(f"    {line}" for line in lines)]


def _finish(operator: str, place: str, count: int) -> list[str]:
    entry = f"w[{place}, i]"
    if operator == "norm":
        return ["for i in range(span):", f"    {entry} = math.sqrt({entry})"]
    return ["for i in range(span):", f"    {entry} = {entry}/REAL({count})"] * (operator == "mean")
