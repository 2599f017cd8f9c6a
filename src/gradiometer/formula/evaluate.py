"""The exact value of a tree at a point: rationals, and balls from the first root on.

Values that do not exist raise `DomainError` with the place of the operation in the source text; the
caller who knows the text adds it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from flint import arb, fmpq

from gradiometer.errors import DomainError, LimitError, UndecidedError, UsageError
from gradiometer.formula.exact import Exact, ball_power, compare, exact_sqrt, size_in_bits, to_ball
from gradiometer.formula.half_turns import OF_TURNS, tangent, without_pi
from gradiometer.formula.tree import Apply, Constant, Name, Node, Number, Span

Evaluator: TypeAlias = Callable[[Mapping[str, Exact]], Exact]
"""A compiled tree: the values of its names in, its value out."""

MOST_BITS = 1_000_000
"""Largest size of an exact value, in bits of numerator and denominator together."""


def evaluate(node: Node, values: Mapping[str, Exact]) -> Exact:
    """The exact value of *node* where each name has the value that *values* gives it.

    Returns:
        A rational whenever every operation on the way is rational, else a ball at the current
        precision that certainly contains the value.

    Raises:
        DomainError: If the value does not exist (division by zero, root of a negative number, …).
        UndecidedError: If a ball is too wide to choose a branch.
        LimitError: If the value is larger than `MOST_BITS`.
        UsageError: If a name has no value.

    Example:
        >>> from gradiometer.formula import parse
        >>> evaluate(parse("max(x, 0) + x/3").tree, {"x": fmpq(2)})
        8/3
    """
    return compile_exact(node)(values)


def compile_exact(node: Node) -> Evaluator:
    """A function of the names' values that evaluates *node* as `evaluate` does.

    Worth its while where one tree is evaluated many times: it no longer looks at the tree.
    """
    if isinstance(node, Number):
        constant = node.value
        return lambda values: constant
    if isinstance(node, Name):
        return _read_name(node.name)
    if isinstance(node, Constant):
        return (lambda values: arb.pi()) if node.name == "pi" else (lambda values: arb(1).exp())
    if node.operator == "where":
        truth = _compile_condition(node.arguments[0])
        if_true, if_false = (compile_exact(part) for part in node.arguments[1:])
        return lambda values: if_true(values) if truth(values) else if_false(values)
    turns = without_pi(node.arguments[0]) if node.operator in OF_TURNS else None
    if turns is not None:
        run_turns, of_turns = compile_exact(turns), OF_TURNS[node.operator]
        return lambda values: of_turns(run_turns(values))
    parts = [compile_exact(argument) for argument in node.arguments]
    if node.operator in INFIX:
        return INFIX[node.operator](*parts)
    operator, span = node.operator, node.span
    run = EXACT[operator]

    def call(values: Mapping[str, Exact]) -> Exact:
        try:
            return run(*[part(values) for part in parts])
        except (ZeroDivisionError, ValueError) as error:
            raise no_value(str(error), span) from None
        except (TypeError, AttributeError) as error:
            # Arithmetic is all that a number with a free parameter can do.
            if all(isinstance(part(values), fmpq | arb) for part in parts):
                raise
            reason = f"`{operator}` is taken of a number with a free parameter"
            raise UndecidedError(reason) from error

    return call


def _read_name(name: str) -> Evaluator:
    def read(values: Mapping[str, Exact]) -> Exact:
        try:
            return values[name]
        except KeyError:
            raise UsageError(f"The name `{name}` has no value.", known=tuple(values)) from None

    return read


def holds(condition: Node, values: Mapping[str, Exact]) -> bool:
    """Whether a relation or a logical formula is true at the point.

    Raises:
        UndecidedError: If two balls overlap.
        UsageError: If *condition* is not a relation.
    """
    return _compile_condition(condition)(values)


def _compile_condition(condition: Node) -> Callable[[Mapping[str, Exact]], bool]:
    if isinstance(condition, Apply):
        operator = condition.operator
        if operator in ("and", "or", "not"):
            parts = [_compile_condition(part) for part in condition.arguments]
            if operator == "not":
                return lambda values: not parts[0](values)
            decide = all if operator == "and" else any
            return lambda values: decide(part(values) for part in parts)
        if operator in RELATIONS:
            left, right = (compile_exact(part) for part in condition.arguments)
            test = RELATIONS[operator]
            return lambda values: test(compare(left(values), right(values)))
    raise UsageError("A condition must be a relation such as `x <= 1`.")


RELATIONS: Mapping[str, Callable[[int], bool]] = {
    "<": lambda order: order < 0,
    "<=": lambda order: order <= 0,
    ">": lambda order: order > 0,
    ">=": lambda order: order >= 0,
    "==": lambda order: order == 0,
    "!=": lambda order: order != 0,
}
"""What each relation says of the order (-1, 0, 1) of its two sides."""


def no_value(reason: str, span: Span | None) -> DomainError:
    """The error of an operation that has no value where it is asked for."""
    start, end = span if span is not None else (None, None)
    return DomainError(f"There is no value here: {reason}.", start=start, end=end)


def _divide(left: Exact, right: Exact) -> Exact:
    if isinstance(right, fmpq):
        if right == 0:
            raise ZeroDivisionError("division by zero")
    elif right.contains(0):
        raise UndecidedError("a divisor that may be zero")
    return left / right


def _power(base: Exact, exponent: Exact) -> Exact:
    if isinstance(exponent, fmpq) and exponent.q == 1:
        return _integer_power(base, int(exponent.p))
    if isinstance(exponent, fmpq) and exponent.q == 2:
        return _integer_power(exact_sqrt(base), int(exponent.p))
    if isinstance(base, fmpq) and base == 0:
        if not to_ball(exponent) > 0:
            raise ZeroDivisionError("zero to a power that is not positive")
        return fmpq(0)
    order = compare(base, fmpq(0))
    if order < 0:
        raise ValueError("a negative number to a power that is no integer")
    return (to_ball(base).log() * exponent).exp()


def _integer_power(base: Exact, exponent: int) -> Exact:
    if isinstance(base, fmpq):
        if base == 0 and exponent < 0:
            raise ZeroDivisionError("zero to a negative power")
        if base in (0, 1, -1):
            return base if exponent % 2 else abs(base) if exponent else fmpq(1)
        if size_in_bits(base) * abs(exponent) > MOST_BITS:
            raise LimitError(f"A power has more than {MOST_BITS:,} bits.")
        return base**exponent
    if exponent < 0 and base.contains(0):
        raise UndecidedError("a divisor that may be zero")
    return ball_power(base, exponent)


def _logarithm(value: Exact) -> Exact:
    if isinstance(value, fmpq):
        if value == 1:
            return fmpq(0)
        if value <= 0:
            raise ValueError("logarithm of a number that is not positive")
    elif value <= 0:
        raise ValueError("logarithm of a number that is not positive")
    elif not value > 0:
        raise UndecidedError("the sign under a logarithm is not certain")
    return to_ball(value).log()


def _smooth(at_zero: int | fmpq, compute: Callable[[arb], arb]) -> Callable[[Exact], Exact]:
    """The function, with its rational value at 0 kept exact."""

    def run(value: Exact) -> Exact:
        if isinstance(value, fmpq) and value == 0:
            return fmpq(at_zero)
        return compute(to_ball(value))

    return run


def _sign(value: Exact) -> Exact:
    return fmpq(compare(value, fmpq(0)))


def _largest(*values: Exact) -> Exact:
    best = values[0]
    for value in values[1:]:
        best = _ball_max(best, value)
    return best


def _ball_max(left: Exact, right: Exact) -> Exact:
    try:
        return left if compare(left, right) >= 0 else right
    except UndecidedError:
        return to_ball(left).max(to_ball(right))


def _smallest(*values: Exact) -> Exact:
    return -_largest(*(-value for value in values))


def _floor(value: Exact) -> Exact:
    if isinstance(value, fmpq):
        return fmpq(value.p // value.q)
    whole = value.floor().unique_fmpz()
    if whole is None:
        raise UndecidedError("which integer is the next one below is not certain")
    return fmpq(whole)


def _half_erfc(value: arb) -> arb:
    return (-value / arb(2).sqrt()).erfc() / 2


INFIX: Mapping[str, Callable[..., Evaluator]] = {
    "+": lambda a, b: lambda values: a(values) + b(values),
    "-": lambda a, b: lambda values: a(values) - b(values),
    "*": lambda a, b: lambda values: a(values) * b(values),
    "neg": lambda a: lambda values: -a(values),
}
"""Operations that always have a value need no look at what went wrong."""

# Each operation on rationals and balls.
EXACT: Mapping[str, Callable[..., Exact]] = {
    "/": _divide,
    "^": _power,
    "exp": _smooth(1, arb.exp),
    "ln": _logarithm,
    "sqrt": exact_sqrt,
    "sin": _smooth(0, arb.sin),
    "cos": _smooth(1, arb.cos),
    "tan": _smooth(0, tangent),
    "atan": _smooth(0, arb.atan),
    "sinh": _smooth(0, arb.sinh),
    "cosh": _smooth(1, arb.cosh),
    "tanh": _smooth(0, arb.tanh),
    # The two forms of each function below avoid the cancellation of 1 + tanh and ln(1 + e^x).
    "sigmoid": _smooth(fmpq(1, 2), lambda a: 1 / (1 + (-a).exp())),
    "softplus": lambda a: to_ball(a).exp().log1p(),
    "erf": _smooth(0, arb.erf),
    "erfc": _smooth(1, arb.erfc),
    "Phi": _smooth(fmpq(1, 2), _half_erfc),
    "abs": lambda a: _largest(a, -a),
    "sign": _sign,
    "relu": lambda a: _largest(a, fmpq(0)),
    "max": _largest,
    "min": _smallest,
    "clip": lambda a, low, high: _smallest(_largest(a, low), high),
    "floor": _floor,
    "passed": lambda k, *marks: fmpq(sum(compare(mark, k) <= 0 for mark in marks)),
}
