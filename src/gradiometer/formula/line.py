"""Numbers `constant + slope*h` in a free parameter `h` that runs through one part of its axis."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, final

from flint import fmpq

from gradiometer.errors import UndecidedError
from gradiometer.formula.exact import Exact, compare

_ZERO = fmpq(0)


class Split(Exception):  # noqa: N818 - a request to split the axis, not an error
    """Raised when a sign changes at a value of the parameter inside the current part.

    At the value itself the sign is 0. A closed end of the part counts as inside.
    """

    def __init__(self, at: Exact, direction: int, axis: Axis) -> None:
        super().__init__("the sign changes inside the part")
        self.at = at
        self.direction = direction
        """The sign above the value; below it is the opposite one."""
        self.axis = axis
        self.joint: int | None = None
        """The joint of a landscape that was compared; whoever knows it says so."""

    def inner_sign(self) -> int | None:
        """The sign on the rest of the part, when the value is one of its closed ends."""
        if self.axis.lower is not None and compare(self.at, self.axis.lower) == 0:
            return self.direction
        if self.axis.upper is not None and compare(self.at, self.axis.upper) == 0:
            return -self.direction
        return None

    def parts(self) -> tuple[Axis, Axis]:
        """The open-ended parts below and above the value."""
        below = Axis(self.axis.lower, self.at, self.axis.lower_closed)
        above = Axis(self.at, self.axis.upper, upper_closed=self.axis.upper_closed)
        return below, above


@final
@dataclass(frozen=True)
class Axis:
    """The part from *lower* to *upper* of a parameter's axis; None is an infinite end."""

    lower: Exact | None
    upper: Exact | None
    lower_closed: bool = False
    upper_closed: bool = False


@final
@dataclass(frozen=True, eq=False)
class Line:
    """`constant + slope*h` for h in *axis*; combines with exact numbers and other lines."""

    constant: Exact
    slope: Exact
    axis: Axis

    def on(self, axis: Axis) -> Line:
        """The same form on another part of the axis."""
        return Line(self.constant, self.slope, axis)

    def at(self, parameter: Exact) -> Exact:
        """The value for one value of the parameter."""
        return self.constant + self.slope * parameter

    def sign(self) -> int:
        """The sign that the form has on the whole part.

        Raises:
            Split: If it changes inside the part.
            UndecidedError: If a ball is too wide to tell.
        """
        direction = compare(self.slope, _ZERO)
        if direction == 0:
            return compare(self.constant, _ZERO)
        root = -self.constant / self.slope
        if self.axis.lower is not None:
            order = compare(root, self.axis.lower)
            if order < 0 or (order == 0 and not self.axis.lower_closed):
                return direction
        if self.axis.upper is not None:
            order = compare(root, self.axis.upper)
            if order > 0 or (order == 0 and not self.axis.upper_closed):
                return -direction
        raise Split(root, direction, self.axis)

    def __neg__(self) -> Line:
        return Line(-self.constant, -self.slope, self.axis)

    def __add__(self, other: Any) -> Line:
        if isinstance(other, Line):
            return Line(self.constant + other.constant, self.slope + other.slope, self.axis)
        return Line(self.constant + other, self.slope, self.axis)

    __radd__ = __add__

    def __sub__(self, other: Any) -> Line:
        return self + (-other)

    def __rsub__(self, other: Any) -> Line:
        return (-self) + other

    def __mul__(self, other: Any) -> Line:
        if isinstance(other, Line):
            if _is_zero(other.slope):
                return self * other.constant
            if _is_zero(self.slope):
                return other * self.constant
            raise UndecidedError("the run depends on a power of the parameter")
        return Line(self.constant * other, self.slope * other, self.axis)

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> Line:
        if isinstance(other, Line):
            raise UndecidedError("the run divides by the parameter")
        return Line(self.constant / other, self.slope / other, self.axis)

    def __rtruediv__(self, other: Any) -> Line:
        raise UndecidedError("the run divides by the parameter")

    def __pow__(self, other: Any) -> Line:
        raise UndecidedError("the run depends on a power of the parameter")

    def contains(self, value: Any) -> bool:
        """Always true: whether a divisor with a free parameter is zero is not decided."""
        return True


def collapse(value: Any) -> Any:
    """A line that does not depend on the parameter as a plain number; others unchanged."""
    if isinstance(value, Line) and _is_zero(value.slope):
        return value.constant
    return value


def on_axis(value: Any, axis: Axis) -> Any:
    """The value moved to another part of the axis."""
    return value.on(axis) if isinstance(value, Line) else value


def at_parameter(value: Any, parameter: Exact) -> Exact:
    """The value for one value of the parameter."""
    return value.at(parameter) if isinstance(value, Line) else value


def _is_zero(value: Exact) -> bool:
    return value == 0
