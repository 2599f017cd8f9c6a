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
    return ["for q in range(m):", *(f"    {line}" for line in body(head, outputs, shape))]


def _write_softmax(head: str, outputs: int, shape: DenseShape) -> list[str]:
    """Cross-entropy of a softmax: ln(sum of e^z) - z of the label, its slope softmax - 1 there."""
    last = len(shape.widths) - 1
    value, error = shape.at(f"value {last}"), shape.at(f"error {last}")
    top, total, named, picked = (f"w[{shape.at('scratch') + n}, i]" for n in range(4))
    z, e = f"w[{value} + q*{outputs} + c, i]", f"w[{error} + q*{outputs} + c, i]"
    loss, hits = (f"w[{shape.at('record') + n}, i]" for n in range(2))
    each = [f"for c in range({outputs}):", "    for i in range(span):"]
    return [
        "for i in range(span):",
        f"    {top} = w[{value} + q*{outputs}, i]",
        f"    {total} = ZERO",
        # Read once: what each lane looks up on its own is slow.
        f"    {named} = REAL(label[chosen[s*size + done + q, i], i])",
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
        "    for i in range(span):",
        "        member = chosen[s*size + done + q, i]",
        f"        z = w[{value} {place}]",
        f"        y = {_write_target(head, outputs)}",
        *(f"        {line}" for line in body),
        f"        w[{shape.at('record')}, i] += ({loss})*scale*REAL({1 / outputs!r})",
        f"        w[{error} {place}] = ({slope})*scale*REAL({1 / outputs!r})",
        *(_write_hits(head, outputs, shape) if head in BETWEEN else ()),
    ]


def _write_target(head: str, outputs: int) -> str:
    """The target of output c: one of its own, the class of two, or whether c is the class."""
    if head not in BETWEEN:
        return "wanted[member, c]"
    return "REAL(label[member, i])" if outputs == 1 else "ONE if label[member, i] == c else ZERO"


def _write_hits(head: str, outputs: int, shape: DenseShape) -> list[str]:
    """The lines that count an example whose class is said by the outputs."""
    value = shape.at(f"value {len(shape.widths) - 1}")
    hits = f"w[{shape.at('record') + 1}, i]"
    named = "label[chosen[s*size + done + q, i], i]"
    if outputs == 1:
        said = f"(w[{value} + q, i] > {BETWEEN[head]}) == ({named} == 1)"
        return ["for i in range(span):", f"    {hits} += ONE if {said} else ZERO"]
    top = f"w[{shape.at('scratch')}, i]"
    return [
        "for i in range(span):",
        f"    {top} = w[{value} + q*{outputs}, i]",
        f"for c in range({outputs}):",
        "    for i in range(span):",
        f"        {top} = max({top}, w[{value} + q*{outputs} + c, i])",
        "for i in range(span):",
        f"    {hits} += ONE if w[{value} + q*{outputs} + {named}, i] == {top} else ZERO",
    ]
