"""Whether one operation of a list needs another, however many stand between."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def needs_node(operand: NDArray[np.int32], first: NDArray[np.int64], node: int, used: int) -> bool:
    """Whether the operation *used* needs the value of *node*, directly or through others.

    Args:
        operand: Operands of all operations by number of the operation; leaves are negative.
        first: Where the operands of each operation begin; its last entry is their number.
        node: The number of an operation.
        used: The number of another one.

    Example:
        >>> operand, first = np.array([1, -1, 0, -1], np.int32), np.array([0, 2, 4])
        >>> needs_node(operand, first, 0, 1), needs_node(operand, first, 1, 0)
        (True, True)
    """
    count = len(first) - 1
    is_seen = np.zeros(count, bool)
    waiting = [used]
    while waiting:
        here = waiting.pop()
        if here == node:
            return True
        for earlier in operand[first[here] : first[here + 1]].tolist():
            if earlier >= 0 and not is_seen[earlier]:
                is_seen[earlier] = True
                waiting.append(earlier)
    return False
