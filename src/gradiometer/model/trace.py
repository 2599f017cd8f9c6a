"""A Python function as a computation: it is called with numbers that write down what is done.

Branches are followed where the point leads, so the assignments are those of that point.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn, final

from gradiometer.errors import (
    DomainError,
    GradiometerError,
    Place,
    UndecidedError,
    UsageError,
)
from gradiometer.formula import (
    Apply,
    Exact,
    Name,
    Node,
    Number,
    compare,
    evaluate,
    precision,
    size_in_bits,
    to_ball,
    to_rational_text,
    to_text,
)
from gradiometer.model.trace_number import read_number

_BITS = 256
"""Longer values go on as balls of that precision; a branch they cannot decide is refused."""

_SYMBOLS = ("+", "-", "*", "/", "^")

_UFUNCS: Mapping[str, str] = {
    "absolute": "abs",
    "add": "+",
    "arctan": "atan",
    "cos": "cos",
    "cosh": "cosh",
    "divide": "/",
    "exp": "exp",
    "fabs": "abs",
    "fmax": "max",
    "fmin": "min",
    "log": "ln",
    "maximum": "max",
    "minimum": "min",
    "multiply": "*",
    "negative": "neg",
    "power": "^",
    "sign": "sign",
    "sin": "sin",
    "sinh": "sinh",
    "sqrt": "sqrt",
    "subtract": "-",
    "tan": "tan",
    "tanh": "tanh",
    "true_divide": "/",
}
"""Functions of NumPy that a traced number takes, and what they are called here."""


@final
@dataclass(frozen=True)
class TracedRun:
    """What a function did at a point."""

    lines: tuple[str, ...]
    """Its assignments."""
    outputs: tuple[str, ...]
    """The names of its outputs."""
    ties: tuple[str, ...] = ()
    """What to say of comparisons of equal numbers, where a branch of the function may end."""
    unused: tuple[str, ...] = ()
    """Inputs that no assignment uses."""


def trace_function(function: Callable[..., Any], at: Mapping[str, Exact]) -> TracedRun:
    """The assignments that the function carries out, and what to note.

    Args:
        function: Takes the inputs by name and returns a number or a sequence of numbers.
        at: The value of each input.

    Raises:
        UsageError: If the function returns something else, or uses a number in a way that leaves
            no trace, even where it goes on after the error.
        DomainError: If an operation has no value, even where the function goes on after the error.
        UndecidedError: If a branch depends on values that cannot be told apart.

    Example:
        >>> from flint import fmpq
        >>> run = trace_function(lambda a, b: a**2 * (a + b), {"a": fmpq(-1), "b": fmpq(4)})
        >>> run.lines
        ('t1 = a^2', 't2 = a + b', 'output = t1*t2')
    """
    trace = _Trace(taken=set(at))
    numbers = {name: Traced(trace, Name(name), value) for name, value in at.items()}
    result = _call(function, numbers)
    if trace.refused is not None:
        # What the function does after an error that it caught is not what it does with numbers.
        raise trace.refused
    several = isinstance(result, Sequence) and not isinstance(result, str)
    outputs = list(result) if several else [result]
    if not outputs:
        raise UsageError(
            "The function returns no number.", hint="return a number or a sequence of numbers"
        )
    names = [f"output{k}" for k in range(1, len(outputs) + 1)] if several else ["output"]
    for name, output in zip(names, outputs, strict=True):
        trace.give_name(name, trace.read(output))
    unused = tuple(name for name in at if name not in trace.used)
    return TracedRun(tuple(trace.lines), tuple(names), tuple(trace.ties), unused)


def _call(function: Callable[..., Any], numbers: Mapping[str, Traced]) -> Any:
    try:
        return function(**numbers)
    except TypeError as error:
        place = error.__traceback__
        if place is not None and place.tb_next is not None:
            raise UsageError(
                f"The function fails with traced numbers: {error}.",
                hint="compute with + - * / **, abs, comparisons and functions of NumPy",
            ) from error
        raise UsageError(
            f"The function cannot be called with the inputs {', '.join(numbers)}: {error}.",
            hint="name the arguments of the function as the inputs are named",
        ) from error


@final
class _Trace:
    """The assignments written so far."""

    def __init__(self, taken: set[str]) -> None:
        self.lines: list[str] = []
        self.ties: dict[str, None] = {}
        self.used: set[str] = set()
        """Texts of all operands."""
        self.refused: GradiometerError | UndecidedError | None = None
        """The first error, which the function may have caught."""
        self._taken = taken
        self._count = 0

    def read(self, value: Any) -> Traced:
        """The number as a traced one; a plain number is a constant."""
        if isinstance(value, Traced):
            if not value.is_of(self):
                self.refuse(
                    UsageError(
                        f"`{value.text}` was traced in another call of the function.",
                        hint="keep no number from one call to the next",
                    )
                )
            return value
        try:
            exact = read_number(value)
        except UsageError as error:
            self.refuse(error)
        return Traced(self, Number(exact), exact, text=to_rational_text(exact))

    def refuse(self, error: GradiometerError | UndecidedError) -> NoReturn:
        """Raise the error, and again at the end should the function catch it."""
        self.refused = self.refused or error
        raise error from None

    def write(self, operator: str, operands: Sequence[Traced]) -> Traced:
        """The number that the operation gives, under a name of its own."""
        names = tuple(Name(f"u{k}") for k in range(len(operands)))
        values = {f"u{k}": operand.value for k, operand in enumerate(operands)}
        with precision(_BITS):
            try:
                value = evaluate(Apply(operator, names), values)
            except DomainError as error:
                self.refuse(
                    DomainError(
                        error.problem,
                        text=_spell(operator, operands),
                        place=Place("computation"),
                        hint="choose another point",
                    )
                )
            except (GradiometerError, UndecidedError) as error:
                self.refuse(error)
            if size_in_bits(value) > _BITS:
                value = to_ball(value)
        while True:
            self._count += 1
            if f"t{self._count}" not in self._taken:
                break
        name = f"t{self._count}"
        self.used.update(operand.text for operand in operands)
        self.lines.append(f"{name} = {_spell(operator, operands)}")
        return Traced(self, Name(name), value)

    def give_name(self, name: str, number: Traced) -> Traced:
        """The number under another name; the last operation is renamed, all others are repeated."""
        if name in self._taken:
            self.refuse(UsageError(f"The name `{name}` is taken.", hint="choose another name"))
        self._taken.add(name)
        old = f"{number.text} = "
        if self.lines and self.lines[-1].startswith(old):
            self.lines[-1] = f"{name} = {self.lines[-1][len(old) :]}"
            number.rename(name)
        else:
            self.used.add(number.text)
            self.lines.append(f"{name} = {number.text}")
        return Traced(self, Name(name), number.value)


def _spell(operator: str, operands: Sequence[Traced]) -> str:
    texts = [f"({o.text})" if o.text.startswith("-") or "/" in o.text else o.text for o in operands]
    if operator in _SYMBOLS:
        space = " " if operator in "+-" else ""
        return f"{texts[0]}{space}{operator}{space}{texts[1]}"
    return f"-{texts[0]}" if operator == "neg" else f"{operator}({', '.join(texts)})"


@final
class Traced:
    """A number that writes down what is done with it.

    It takes `+ - * / **`, `abs`, comparisons, and the functions of NumPy in `_UFUNCS`; `named`
    gives an intermediate result a name of the user's.
    """

    __slots__ = ("_trace", "text", "value")
    __array_priority__ = 1000

    def __init__(self, trace: _Trace, node: Node, value: Exact, *, text: str = "") -> None:
        self._trace = trace
        self.value = value
        self.text = text or to_text(node)

    def is_of(self, trace: _Trace) -> bool:
        """Whether the number was written down there."""
        return self._trace is trace

    def rename(self, name: str) -> None:
        """Take another name."""
        self.text = name

    def named(self, name: str) -> Traced:
        """The same number under a name of the user's."""
        return self._trace.give_name(name, self)

    def apply(self, operator: str, *others: Any) -> Traced:
        """The result of an operation of the formula vocabulary with this number as its first part.

        Raises:
            GradiometerError: If the operation has no value there.
        """
        return self._trace.write(operator, [self, *(self._trace.read(o) for o in others)])

    def _swapped(self, operator: str, other: Any) -> Traced:
        return self._trace.write(operator, [self._trace.read(other), self])

    def __add__(self, other: Any) -> Traced:
        return self.apply("+", other)

    def __radd__(self, other: Any) -> Traced:
        return self._swapped("+", other)

    def __sub__(self, other: Any) -> Traced:
        return self.apply("-", other)

    def __rsub__(self, other: Any) -> Traced:
        return self._swapped("-", other)

    def __mul__(self, other: Any) -> Traced:
        return self.apply("*", other)

    def __rmul__(self, other: Any) -> Traced:
        return self._swapped("*", other)

    def __truediv__(self, other: Any) -> Traced:
        return self.apply("/", other)

    def __rtruediv__(self, other: Any) -> Traced:
        return self._swapped("/", other)

    def __pow__(self, other: Any) -> Traced:
        return self.apply("^", other)

    def __rpow__(self, other: Any) -> Traced:
        return self._swapped("^", other)

    def __neg__(self) -> Traced:
        return self.apply("neg")

    def __pos__(self) -> Traced:
        return self

    def __abs__(self) -> Traced:
        return self.apply("abs")

    def _order(self, other: Any) -> int:
        with precision(_BITS):
            try:
                order = compare(self.value, self._trace.read(other).value)
            except UndecidedError:
                self._trace.refuse(
                    UndecidedError(
                        f"whether {self.text} is larger than {self._trace.read(other).text}"
                    )
                )
        if order == 0:
            self._trace.ties[
                f"The function compares `{self.text}` with `{self._trace.read(other).text}`, which "
                "are equal at the point; beside it the function may take another branch."
            ] = None
        return order

    def __lt__(self, other: Any) -> bool:
        return self._order(other) < 0

    def __le__(self, other: Any) -> bool:
        return self._order(other) <= 0

    def __gt__(self, other: Any) -> bool:
        return self._order(other) > 0

    def __ge__(self, other: Any) -> bool:
        return self._order(other) >= 0

    def __eq__(self, other: object) -> bool:
        return self._order(other) == 0

    def __ne__(self, other: object) -> bool:
        return self._order(other) != 0

    __hash__ = None  # type: ignore[assignment]  # equality asks for the value, so there is no key

    def __bool__(self) -> bool:
        return self._order(0) != 0

    def __float__(self) -> float:
        self._trace.refuse(
            UsageError(
                f"`{self.text}` would lose its trace as a plain number.",
                hint="use numpy.exp and the like in place of those of math",
            )
        )

    __int__ = __index__ = __float__

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        operator = _UFUNCS.get(ufunc.__name__)
        if operator is None or method != "__call__" or options:
            self._trace.refuse(
                UsageError(
                    f"`numpy.{ufunc.__name__}` leaves no trace here.", known=tuple(sorted(_UFUNCS))
                )
            )
        return self._trace.write(operator, [self._trace.read(value) for value in inputs])
