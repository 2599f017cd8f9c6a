"""What generated kernels call: exact division by a known number, and a wish for wide registers."""

from __future__ import annotations

from typing import Any

from numba import types
from numba.extending import intrinsic

from gradiometer.numeric.kernel import inlined


def _fused(typing: Any, x: Any, y: Any, z: Any) -> Any:
    """`x*y + z` with one rounding."""

    def write(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.fma(*arguments)

    return x(x, x, x), write


def _prefer_wide(typing: Any) -> Any:
    """Lets the compiler use registers of 512 bits in the function that calls this."""

    def write(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        # LLVM reads this as an attribute of the function; on other processors it means nothing.
        set.add(builder.function.attributes, '"prefer-vector-width"="512"')
        return context.get_dummy_value()

    return types.void(), write


fused: Any = intrinsic(_fused)
prefer_wide: Any = intrinsic(_prefer_wide)


@inlined
def divide(x, y, inverse, low, high):
    """The rounded quotient `x/y`, where *inverse* is the rounded `1/y`.

    The product is off by 1.5 units in the last place at most, one correction leaves it off by less
    than one unit, and the second one then rounds correctly (Markstein 1990). Below *low* and above
    *high*, where a remainder could leave the range, the product stands as it is.
    """
    rough = x * inverse
    near = fused(fused(-y, rough, x), inverse, rough)
    exact = fused(fused(-y, near, x), inverse, near)
    size = abs(rough)
    return exact if (size > low) & (size < high) else rough
