"""The text of a kernel that trains networks of one shape, one network in each lane.

One call makes a stretch of steps: it takes the examples that each lane's order names, carries them
forward, the error of the head backward, and lets the update rule act on every parameter. Without
training it only goes forward, for loss and hits on examples that are not learnt from.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal, TypeAlias, final

from gradiometer.formula import Node, differentiate_left, to_steady
from gradiometer.model import ScalarRule
from gradiometer.numeric.dense_code import Code
from gradiometer.numeric.dense_head import write_head, write_row
from gradiometer.numeric.dense_joint import JointRule
from gradiometer.numeric.dense_joint_source import write_joint
from gradiometer.numeric.dense_joint_terms import find_terms
from gradiometer.numeric.dense_products import Product, list_tiles, write_product
from gradiometer.numeric.dense_rule import RulePlan, plan_rule, write_prelude, write_update
from gradiometer.numeric.dense_shape import DenseShape
from gradiometer.numeric.dense_style import DenseStyle
from gradiometer.numeric.layout import PART
from gradiometer.numeric.program_source import NUMBERS

Head: TypeAlias = Literal["softmax", "sigmoid", "squared", "squared_classes"]


@final
@dataclass(frozen=True)
class Dense:
    """Networks of one shape with one rule; what differs from network to network is a number."""

    widths: tuple[int, ...]
    activation: Node
    """The hidden units' function of `x`; its slope follows from it, and at a kink is the one on
    the left."""
    head: Head
    rule: ScalarRule | JointRule
    scheduled: tuple[str, ...] = ()
    """Parameters of the rule with a number for each step."""
    drops: bool = False
    """Whether hidden units are dropped at random."""

    @cached_property
    def slope(self) -> Node:
        """The slope of the hidden units' function."""
        return differentiate_left(self.activation, "x")

    @cached_property
    def plan(self) -> RulePlan | None:
        """How the kernel writes a rule of single numbers; None for one that joins them."""
        return None if isinstance(self.rule, JointRule) else plan_rule(self.rule, self.scheduled)

    @property
    def given(self) -> tuple[str, ...]:
        """What each network has a number of: the rule's parameters, and what draws need."""
        rule, draws = self.rule, self.drops
        if isinstance(rule, JointRule):
            wanted = rule.list_given(self.widths, self.scheduled)
            draws = draws or "noise" in rule.rule.reads
        else:
            wanted = self.plan.given if self.plan else ()
        seeds = ("seed.high", "seed.low") if draws else ()
        return (*wanted, *(("dropout",) if self.drops else ()), *seeds)

    @property
    def states(self) -> tuple[str, ...]:
        """What the rule remembers for each parameter."""
        if isinstance(self.rule, JointRule):
            return self.rule.list_states(self.widths)
        return tuple(name for name, _ in self.rule.states)

    def shape(self, style: DenseStyle, *, peaks: bool = False, shared: bool = False) -> DenseShape:
        """The sizes of what a block of lanes works on."""
        prelude = len(self.plan.prelude) if self.plan else 0
        shape = DenseShape(
            self.widths, style.chunk, len(self.states), prelude, len(self.given),
            len(self.scheduled), style.group, peaks, shared,
        )  # fmt: skip
        return replace(shape, joint=self.join(shape)[1])

    def join(self, shape: DenseShape) -> tuple[list[str], int]:
        """The update of a rule that joins numbers of a tensor, and how many entries it needs."""
        if not isinstance(self.rule, JointRule):
            return [], 0
        terms = find_terms(self.rule, self.widths, shape.weights, self.scheduled)
        return write_joint(terms, shape, self.scheduled, self.given)


def write_dense(
    dense: Dense, style: DenseStyle, *, peaks: bool = False, shared: bool = False
) -> str:
    """The module of the kernel.

    Its function `advance` takes the work of a block; inputs, a row for each example of each set;
    targets; labels and the order of examples, a number for each lane; at which row the set of each
    lane begins; a table of scheduled parameters; given numbers; where to record; then how many
    steps, how many before, how many examples in all and in a batch, whether it trains, and a seed.
    With *peaks* it keeps how large each hidden unit's slope becomes on examples that it does not
    train on. With *shared* all lanes take the examples of the first lane's set in one order, which
    then are one number for all; the bits are the same.
    """
    shape = dense.shape(style, peaks=peaks, shared=shared)
    return "\n".join(
        [
            *_write_head(dense, style, shape),
            *_indent(4, _write_step(dense, style, shape)),
            "",
        ]
    )


def _indent(count: int, lines: Iterable[str]) -> list[str]:
    return [" " * count + line for line in lines]


def _write_head(dense: Dense, style: DenseStyle, shape: DenseShape) -> list[str]:
    kind, lanes = style.precision, style.lanes
    # Numbers without a sign need no look at whether they count from the end.
    pointers = ", ".join([f"CPointer({kind})"] * 3 + ["CPointer(int32)"] + ["CPointer(uint32)"] * 2
                         + [f"CPointer({kind})"] * 3)  # fmt: skip
    tiles = list_tiles(_products(dense, style, shape), style.rows)
    return [
        f'"""Steps of networks {"-".join(map(str, dense.widths))} by `{dense.rule.name}`, '
        f'{lanes} at a time; written by gradiometer."""',
        "",
        "import math",
        "",
        "import numpy as np",
        "from numba import carray",
        "",
        "from gradiometer.numeric import lanes",
        "from gradiometer.numeric.kernel_compile import entry",
        "from gradiometer.numeric.kernel_fused import prefer_wide",
        "from gradiometer.numeric.kernel_tile import tile",
        "",
        f"REAL = np.{kind}",
        f"LANES = {lanes}",
        *(f"{name} = REAL({number})" for number, name in NUMBERS.items()),
        *(
            f'{"spread" if spread else "tile"}_{r}_{c} = tile({r}, {c}, LANES, "{kind}", {spread})'
            for r, c, spread in tiles
        ),
        "",
        "",
        f'@entry("void({pointers}, int64, int64, int64, int64, int64, int64)")',
        "def advance(work, inputs, targets, labels, order, begins, table, given, record, steps, "
        "first, total, size, trains, seed):",
        "    prefer_wide()",
        f"    w = carray(work, ({shape.length}, LANES))",
        f"    flat = carray(work, ({shape.length * lanes},))",
        # A count that is not known keeps the compiler from writing out each lane on its own.
        "    span = LANES if seed >= 0 else 0",
        f"    x = carray(inputs, (total, {dense.widths[0]}))",
        f"    wanted = carray(targets, (total, {dense.widths[-1]}))",
        "    label = carray(labels, (total, LANES))",
        f"    chosen = carray(order, (total, {1 if shape.shared else lanes}))",
        "    begin = carray(begins, (LANES,))",
        f"    rates = carray(table, (steps, {max(len(dense.scheduled), 1)}, LANES))",
        f"    own = carray(given, ({max(len(dense.given), 1)}, LANES))",
        f"    said = carray(record, (steps, {shape.records}, LANES))",
    ]


def _write_step(dense: Dense, style: DenseStyle, shape: DenseShape) -> list[str]:
    before, update = _write_rule(dense, style, shape)
    record = shape.at("record")
    watched = shape.layers[1:] if shape.peaks else ()
    return [
        "for i in range(span):",
        f"    w[{shape.at('zero')}, i] = ZERO",
        # What lies in one block needs no look at whether two tables overlap.
        *_copy(len(dense.given), f"w[{shape.at('given')} + n, i]", "own[n, i]"),
        "for s in range(steps):",
        "    rows = min(size, total - s*size)",
        "    scale = ONE / REAL(rows)",
        *_indent(4, _copy(shape.records, f"w[{record} + n, i]", "ZERO")),
        *_indent(
            4, _copy(len(dense.scheduled), f"w[{shape.at('rates')} + n, i]", "rates[s, n, i]")
        ),
        "    if trains:",
        "        pass",
        *_indent(8, before),
        *_indent(
            4,
            [
                line
                for n in watched
                for line in _copy(shape.widths[n], f"w[{shape.at(f'peak {n}')} + n, i]", "ZERO")
            ],
        ),
        "    done = 0",
        "    while done < rows:",
        f"        m = min({style.chunk}, rows - done)",
        *_indent(8, _write_gather(dense, style, shape)),
        *_indent(8, _write_forward(dense, style, shape)),
        *_indent(8, write_head(dense.head, dense.widths[-1], shape)),
        "        if trains:",
        *_indent(12, _write_backward(style, shape)),
        "        done += m",
        "    if trains:",
        *_indent(8, update),
        *_indent(4, _copy(shape.records, "said[s, n, i]", f"w[{record} + n, i]")),
    ]


def _write_rule(dense: Dense, style: DenseStyle, shape: DenseShape) -> tuple[list[str], list[str]]:
    """The lines of the rule before the examples of a step, and behind them."""
    if dense.plan is None:
        return [], dense.join(shape)[0]
    update = write_update(dense.plan, shape, style.lanes)
    return write_prelude(dense.plan, shape, style.lanes), update


def _copy(count: int, target: str, source: str) -> list[str]:
    """The loops that fill so many entries."""
    loop = [
        f"for n in range({count}):",
        "    for i in range(span):",
        f"        {target} = {source}",
    ]
    return loop if count else []


def _write_gather(dense: Dense, style: DenseStyle, shape: DenseShape) -> list[str]:
    """The examples of this chunk, each lane its own."""
    width = dense.widths[0]
    if shape.shared:
        place = shape.at("value 0") * style.lanes
        return [
            "for q in range(m):",
            f"    row = {write_row(shape)}",
            f"    for c in range({width}):",
            f"        flat[{place} + q*{width} + c] = x[row, c]",
        ]
    return [
        "for q in range(m):",
        "    for i in range(span):",
        f"        row = {write_row(shape)}",
        f"        for c in range({width}):",
        f"            w[{shape.at('value 0')} + q*{width} + c, i] = x[row, c]",
    ]


def _products(dense: Dense, style: DenseStyle, shape: DenseShape) -> list[Product]:
    return [
        product
        for layer in shape.layers
        for product in (
            _forward_product(shape, layer, style),
            _gradient_product(shape, layer, style),
            *([_error_product(shape, layer, style)] if layer else []),
        )
    ]


def _forward_product(shape: DenseShape, layer: int, style: DenseStyle) -> Product:
    fan_in, fan_out = shape.widths[layer : layer + 2]
    weights = shape.at("parameters") + shape.weights[layer]
    return Product(
        "m", fan_out, str(fan_in), style.columns,
        left=(shape.at(f"value {layer}"), fan_in, 1), right=(weights, fan_out, 1),
        begin=(shape.at("parameters") + shape.bias(layer), 0, 1),
        result=(shape.at(f"value {layer + 1}"), fan_out, 1),
        spread=shape.shared and layer == 0,
    )  # fmt: skip


def _gradient_product(shape: DenseShape, layer: int, style: DenseStyle) -> Product:
    """Weights' gradients are a sum over examples, chunk after chunk."""
    fan_in, fan_out = shape.widths[layer : layer + 2]
    place = shape.at("gradient") + shape.weights[layer]
    return Product(
        str(fan_in), fan_out, "m", style.columns,
        left=(shape.at(f"value {layer}"), 1, fan_in),
        right=(shape.at(f"error {layer + 1}"), fan_out, 1),
        begin=(place, fan_out, 1), result=(place, fan_out, 1),
        spread=shape.shared and layer == 0,
    )  # fmt: skip


def _error_product(shape: DenseShape, layer: int, style: DenseStyle) -> Product:
    fan_in, fan_out = shape.widths[layer : layer + 2]
    weights = shape.at("parameters") + shape.weights[layer]
    return Product(
        "m", fan_in, str(fan_out), style.columns,
        left=(shape.at(f"error {layer + 1}"), fan_out, 1), right=(weights, 1, fan_out),
        begin=(shape.at("zero"), 0, 0),
        result=(shape.at(f"error {layer}"), fan_in, 1),
    )  # fmt: skip


def _write_forward(dense: Dense, style: DenseStyle, shape: DenseShape) -> list[str]:
    lines = []
    for layer in shape.layers:
        lines += write_product(_forward_product(shape, layer, style), style.rows, style.lanes)
        if layer + 1 in shape.layers:
            lines += _write_activation(dense, style, shape, layer + 1)
    return lines


def _write_activation(dense: Dense, style: DenseStyle, shape: DenseShape, layer: int) -> list[str]:
    """The hidden units' values and slopes."""
    code = Code("a")
    code.open("x", "z")
    ends = [code.lower(to_steady(dense.activation)), code.lower(dense.slope)]
    body = code.write(ends)
    texts = [code.text(end) for end in ends]
    value, slope = (
        f"flat[{shape.at(f'{name} {layer}') * style.lanes} + n]" for name in ("value", "slope")
    )
    lines = [
        f"for n in range(m*{dense.widths[layer] * style.lanes}):",
        f"    z = {value}",
        *_indent(4, body),
        *(f"    {place} = {text}" for place, text in zip((value, slope), texts, strict=True)),
    ]
    lines += _write_peak(style, shape, layer) if shape.peaks else []
    return [*lines, *_write_drop(dense, shape, layer)] if dense.drops else lines


def _write_peak(style: DenseStyle, shape: DenseShape, layer: int) -> list[str]:
    """The largest slope of each unit so far; no number counts as larger than all."""
    width = shape.widths[layer] * style.lanes
    slope, peak = (shape.at(f"{name} {layer}") * style.lanes for name in ("slope", "peak"))
    return [
        "if trains == 0:",
        "    for q in range(m):",
        f"        for n in range({width}):",
        f"            tall = abs(flat[{slope} + q*{width} + n])",
        f"            most = flat[{peak} + n]",
        f"            flat[{peak} + n] = tall if (tall > most) | (tall != tall) else most",
    ]


def _write_drop(dense: Dense, shape: DenseShape, layer: int) -> list[str]:
    """Whether a unit stays: drawn for each network's seed, each step, example and unit."""
    width, first, all_units = (
        dense.widths[layer],
        sum(dense.widths[1:layer]),
        sum(dense.widths[1:-1]),
    )
    # These three are the last ones that a network is given.
    chance, high, low = (f"w[{shape.at('given') + len(dense.given) - n}, i]" for n in (3, 2, 1))
    places = [shape.at(f"{name} {layer}") for name in ("value", "slope")]
    return [
        "if trains:",
        f"    for p in range(m*{width}):",
        f"        unit = np.uint64({first} + p % {width} + {all_units}*(done + p // {width}))",
        "        for i in range(span):",
        f"            who = np.uint64({high})*np.uint64({PART}) + np.uint64({low})",
        "            u = lanes.lane_draw_uniform(np.uint64(seed), who, np.uint64(first + s), unit)",
        f"            kept = ONE/(ONE - {chance}) if u >= {chance} else ZERO",
        *(f"            w[{place} + p, i] *= kept" for place in places),
    ]


def _write_backward(style: DenseStyle, shape: DenseShape) -> list[str]:
    lines = []
    for layer in reversed(shape.layers):
        lines += write_product(_gradient_product(shape, layer, style), style.rows, style.lanes)
        lines += _write_bias(style, shape, layer)
        if layer:
            lines += write_product(_error_product(shape, layer, style), style.rows, style.lanes)
            error, slope = (shape.at(f"{n} {layer}") * style.lanes for n in ("error", "slope"))
            lines += [
                f"for n in range(m*{shape.widths[layer] * style.lanes}):",
                f"    flat[{error} + n] *= flat[{slope} + n]",
            ]
    return lines


def _write_bias(style: DenseStyle, shape: DenseShape, layer: int) -> list[str]:
    """Biases' gradients are the sums of the errors."""
    width = shape.widths[layer + 1] * style.lanes
    place = (shape.at("gradient") + shape.bias(layer)) * style.lanes
    error = shape.at(f"error {layer + 1}") * style.lanes
    return [
        "for q in range(m):",
        f"    for n in range({width}):",
        f"        flat[{place} + n] += flat[{error} + q*{width} + n]",
    ]
