"""One pass over a tape: values, slopes, kinks and branches, or the first operation that failed."""

from __future__ import annotations

import math

from gradiometer.numeric import operations as op
from gradiometer.numeric.kernel import compiled, inlined
from gradiometer.numeric.kernel_operation import arithmetic, relation, unary


@inlined
def largest(sign, low, high, operand, value, slope):
    """Position of the largest value (of the smallest for *sign* -1), and whether it is alone."""
    best = low
    for k in range(low + 1, high):
        if sign * value[operand[k]] > sign * value[operand[best]]:
            best = k
    state = op.SMOOTH
    for k in range(low, high):
        slope[k] = 0.0
        if k != best and value[operand[k]] == value[operand[best]]:
            state = op.KINK
    slope[best] = 1.0
    return value[operand[best]], state, best - low


@inlined
def clipped(low, operand, value, slope):
    """`min(max(x, low), high)`, its state and which of the three it is."""
    x, floor, ceiling = value[operand[low]], value[operand[low + 1]], value[operand[low + 2]]
    inner = max(x, floor)
    state = op.KINK if (inner == ceiling or (x == floor and inner < ceiling)) else op.SMOOTH
    chosen = 2 if ceiling < inner else (0 if x >= floor else 1)
    for k in range(3):
        slope[low + k] = 1.0 if k == chosen else 0.0
    return min(inner, ceiling), state, chosen


@inlined
def selected(code, low, high, operand, value, slope, kink):
    """Value, state and branch of an operation that chooses or counts."""
    if code == op.MAX:
        return largest(1.0, low, high, operand, value, slope)
    if code == op.MIN:
        return largest(-1.0, low, high, operand, value, slope)
    if code == op.CLIP:
        return clipped(low, operand, value, slope)
    if code == op.WHERE:
        chosen = 1 if value[operand[low]] != 0.0 else 2
        slope[low] = 0.0
        slope[low + 1] = 1.0 if chosen == 1 else 0.0
        slope[low + 2] = 1.0 if chosen == 2 else 0.0
        return value[operand[low + chosen]], kink[operand[low]], chosen - 1
    count, state = 0.0, op.SMOOTH
    for k in range(low, high):
        slope[k] = 0.0
        if k > low and value[operand[k]] <= value[operand[low]]:
            count += 1.0
            if value[operand[k]] == value[operand[low]]:
                state = op.KINK
    return count, state, 0


@inlined
def decided(code, low, operand, value, slope, kink):
    """Truth and state of a relation or of a logical operation."""
    x, state = value[operand[low]], kink[operand[low]]
    slope[low] = 0.0
    if code == op.NOT:
        return (1.0 if x == 0.0 else 0.0), state
    y = value[operand[low + 1]]
    slope[low + 1] = 0.0
    if code < op.AND:
        return relation(code, x, y)
    state = max(state, kink[operand[low + 1]])
    if code == op.AND:
        return (1.0 if x != 0.0 and y != 0.0 else 0.0), state
    return (1.0 if x != 0.0 or y != 0.0 else 0.0), state


@compiled
def run_tape(opcode, first, operand, given, value, slope, active, kink, branch):
    """The first failed node and why, or -1; fills the arrays from *value* on.

    *given* holds the values of inputs and constants in the order of their nodes; *active* says
    which nodes depend on an input; *branch* has a place for each branching operation.
    """
    leaf = chosen = 0
    for v in range(len(opcode)):
        code, low, high = opcode[v], first[v], first[v + 1]
        if code <= op.CONSTANT:
            value[v], active[v] = given[leaf], code == op.INPUT
            leaf += 1
            continue
        is_active = 0
        for k in range(low, high):
            is_active |= active[operand[k]]
        active[v] = is_active
        way = 0
        if code < op.MAX and high - low == 1:
            x = value[operand[low]]
            y, slope[low], state = unary(code, x)
            way = 0 if x <= 0.0 else 1
        elif code < op.MAX:
            x, z, is_variable = (
                value[operand[low]],
                value[operand[low + 1]],
                active[operand[low + 1]],
            )
            y, slope[low], slope[low + 1], state = arithmetic(code, x, z, is_variable != 0)
        elif code < op.LESS:
            y, state, way = selected(code, low, high, operand, value, slope, kink)
        else:
            y, state = decided(code, low, operand, value, slope, kink)
        if state > op.KINK:
            return v, state
        if not math.isfinite(y):
            return v, op.NOT_FINITE
        if op.DIVIDE <= code <= op.PHI:
            for k in range(low, high):
                if active[operand[k]] and not math.isfinite(slope[k]):
                    return v, op.NOT_FINITE
        value[v], kink[v] = y, state if is_active else 0
        if code in (op.ABS, op.SIGN) or (op.RELU <= code <= op.WHERE and code != op.FLOOR):
            branch[chosen] = way
            chosen += 1
    return -1, 0


@compiled
def keep_edges(opcode, first, operand, slope, active, edge, start, local, new_first):
    """How many operands carry a gradient; fills their edges when the arrays are long enough.

    Operands that no input reaches are constants; operands of conditions carry no gradient.
    """
    count = 0
    for v in range(len(opcode)):
        new_first[v] = count
        if opcode[v] >= op.LESS:
            continue
        gate = first[v] + (1 if opcode[v] == op.WHERE else 0)
        for k in range(gate, first[v + 1]):
            if active[operand[k]]:
                edge[count], start[count], local[count] = k, operand[k], slope[k]
                count += 1
    new_first[len(opcode)] = count
    return count


@compiled
def mark_unsettled(first, start, local, kink, selects, output, live, unsettled):
    """Marks the nodes that lead to the output, and those that meet a kink on the way.

    A slope of 0 ends the way only where an operation chose another operand.
    """
    live[output] = 1
    for v in range(output, -1, -1):
        if not live[v]:
            continue
        for k in range(first[v], first[v + 1]):
            if local[k] == 0.0 and selects[v] and not kink[v]:
                continue
            live[start[k]] = 1
            if kink[v] or unsettled[v]:
                unsettled[start[k]] = 1
