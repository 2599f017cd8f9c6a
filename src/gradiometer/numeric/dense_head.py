"""What follows the last layer in a kernel: the loss, the hits, and the error that goes back."""

from __future__ import annotations

from gradiometer.formula import differentiate, parse
from gradiometer.numeric.dense_code import Code
from gradiometer.numeric.dense_shape import DenseShape

LOSSES = {
    "sigmoid": "softplus(z) - y*z",
    "squared": "(z - y)^2",
    "squared_classes": "(z - y)^2",
}
"""The loss of one output z whose target is y; of several outputs the mean is taken."""

BETWEEN = {"sigmoid": "ZERO", "squared_classes": "REAL(0.5)"}
"""For heads of classes: above which output a single one says yes."""


def write_head(head: str, outputs: int, shape: DenseShape) -> list[str]:
    """The lines that fill the errors of a chunk's outputs and add to loss and hits."""
    body = _write_softmax if head == "softmax" else _write_each
    return [
        *(_write_labels(shape) if head != "squared" else ()),
        "for q in range(m):",
        *(f"    {line}" for line in body(head, outputs, shape)),
    ]


def write_member(shape: DenseShape) -> str:
    """The example that lane i takes; the first lane speaks for all where they take the same."""
    return f"chosen[s*size + done + q, {0 if shape.shared else 'i'}]"


def write_row(shape: DenseShape) -> str:
    """The row of inputs and targets that lane i takes: sets of examples follow each other."""
    return f"{write_member(shape)} + begin[{0 if shape.shared else 'i'}]"


def _write_labels(shape: DenseShape) -> list[str]:
    """The classes of a chunk's examples, as numbers.

    They are read here and nowhere else: what each lane looks up on its own is slow, and a loop that
    looks something up is not made of packed instructions.
    """
    return [
        "for q in range(m):",
        "    for i in range(span):",
        f"        w[{shape.at('wanted')} + q, i] = REAL(label[{write_member(shape)}, i])",
    ]


def _write_softmax(head: str, outputs: int, shape: DenseShape) -> list[str]:
    """Cross-entropy of a softmax: ln(sum of e^z) - z of the label, its slope softmax - 1 there."""
    last = len(shape.widths) - 1
    value, error = shape.at(f"value {last}"), shape.at(f"error {last}")
    top, total, picked = (f"w[{shape.at('scratch') + n}, i]" for n in range(3))
    named = f"w[{shape.at('wanted')} + q, i]"
    z, e = f"w[{value} + q*{outputs} + c, i]", f"w[{error} + q*{outputs} + c, i]"
    loss, hits = (f"w[{shape.at('record') + n}, i]" for n in range(2))
    each = [f"for c in range({outputs}):", "    for i in range(span):"]
    return [
        "for i in range(span):",
        f"    {top} = w[{value} + q*{outputs}, i]",
        f"    {total} = ZERO",
        f"    {picked} = ZERO",
        *each,
        f"        z = {z}",
        f"        {picked} = z if {named} == REAL(c) else {picked}",
        f"        most = {top}",
        f"        {top} = z if (z > most) | (z != z) else most",
        *each,
        f"        power = lanes.lane_exp({z} - {top})",
        f"        {e} = power",
        f"        {total} += power",
        "for i in range(span):",
        f"    z = {picked}",
        f"    {loss} += (lanes.lane_ln({total}) - (z - {top}))*scale",
        f"    {hits} += ONE if z == {top} else ZERO",
        f"    {total} = scale/{total}",
        *each,
        f"        {e} = {e}*{total} - (scale if {named} == REAL(c) else ZERO)",
    ]


def _write_each(head: str, outputs: int, shape: DenseShape) -> list[str]:
    """A loss that is a mean over outputs; its slope is derived from its formula."""
    last = len(shape.widths) - 1
    value, error = shape.at(f"value {last}"), shape.at(f"error {last}")
    tree = parse(LOSSES[head]).tree
    code = Code("h")
    code.open("z", "z")
    code.open("y", "y")
    ends = [code.lower(tree), code.lower(differentiate(tree, "z"))]
    body = code.write(ends)
    loss, slope = map(code.text, ends)
    place = f"+ q*{outputs} + c, i"
    return [
        f"for c in range({outputs}):",
        *(f"    {line}" for line in _write_targets(head, shape)),
        "    for i in range(span):",
        f"        z = w[{value} {place}]",
        f"        y = {_write_target(head, outputs, shape)}",
        *(f"        {line}" for line in body),
        f"        w[{shape.at('record')}, i] += ({loss})*scale*REAL({1 / outputs!r})",
        f"        w[{error} {place}] = ({slope})*scale*REAL({1 / outputs!r})",
        *(_write_hits(head, outputs, shape) if head in BETWEEN else ()),
    ]


def _write_targets(head: str, shape: DenseShape) -> list[str]:
    """The lines that read output c of the targets, where they are no classes."""
    if head in BETWEEN:
        return []
    return [
        "for i in range(span):",
        f"    w[{shape.at('wanted')} + q, i] = wanted[{write_row(shape)}, c]",
    ]


def _write_target(head: str, outputs: int, shape: DenseShape) -> str:
    """The target of output c: one of its own, the class of two, or whether c is the class."""
    read = f"w[{shape.at('wanted')} + q, i]"
    return read if head not in BETWEEN or outputs == 1 else f"ONE if {read} == REAL(c) else ZERO"


def _write_hits(head: str, outputs: int, shape: DenseShape) -> list[str]:
    """The lines that count an example whose class is said by the outputs."""
    value = shape.at(f"value {len(shape.widths) - 1}")
    hits, named = f"w[{shape.at('record') + 1}, i]", f"w[{shape.at('wanted')} + q, i]"
    if outputs == 1:
        said = f"(w[{value} + q, i] > {BETWEEN[head]}) == ({named} == ONE)"
        return ["for i in range(span):", f"    {hits} += ONE if {said} else ZERO"]
    top, picked = (f"w[{shape.at('scratch') + n}, i]" for n in range(2))
    return [
        "for i in range(span):",
        f"    {top} = w[{value} + q*{outputs}, i]",
        f"for c in range({outputs}):",
        "    for i in range(span):",
        f"        z = w[{value} + q*{outputs} + c, i]",
        f"        {top} = max({top}, z)",
        f"        {picked} = z if {named} == REAL(c) else {picked}",
        "for i in range(span):",
        f"    {hits} += ONE if {picked} == {top} else ZERO",
    ]
