"""How a function of one lane becomes part of a kernel: straight-line code without a branch.

The formulas of `kernel_lane_*.py` are plain Python. They run once, on values that stand for what
the kernel will hold, and each operation writes the instruction of LLVM it means. So a loop over
lanes contains neither calls nor branches, and LLVM turns it into packed instructions.

A multiply-add is one instruction with one rounding where `fma` says so, and nowhere else: results
have the same bits on every machine. A kernel that allows `fastmath` would change them; it is
refused.
"""

from __future__ import annotations

import inspect
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, final

from llvmlite import ir
from numba import types
from numba.core.targetconfig import ConfigStack
from numba.extending import intrinsic

from gradiometer.errors import InternalError

FLOAT, WORD, BIT = ir.DoubleType(), ir.IntType(64), ir.IntType(1)
SINGLE = ir.FloatType()

ROUNDER = 6755399441055744.0
"""1.5*2^52: a float64 of size up to 2^51 plus this is rounded to an integer, in its last bits."""


@final
@dataclass(frozen=True, eq=False)
class Lane:
    """A float64, a word of 64 bits or a truth value that a kernel will hold."""

    builder: Any
    held: Any

    def __add__(self, other: Operand) -> Lane:
        return _combine(self, other, "fadd", "add")

    def __radd__(self, other: Operand) -> Lane:
        return _combine(other, self, "fadd", "add")

    def __sub__(self, other: Operand) -> Lane:
        return _combine(self, other, "fsub", "sub")

    def __rsub__(self, other: Operand) -> Lane:
        return _combine(other, self, "fsub", "sub")

    def __mul__(self, other: Operand) -> Lane:
        return _combine(self, other, "fmul", "mul")

    def __rmul__(self, other: Operand) -> Lane:
        return _combine(other, self, "fmul", "mul")

    def __truediv__(self, other: Operand) -> Lane:
        return _combine(self, other, "fdiv", "")

    def __rtruediv__(self, other: Operand) -> Lane:
        return _combine(other, self, "fdiv", "")

    def __neg__(self) -> Lane:
        return Lane(self.builder, self.builder.fneg(self.held))

    def __and__(self, other: Operand) -> Lane:
        return _combine(self, other, "", "and_")

    def __or__(self, other: Operand) -> Lane:
        return _combine(self, other, "", "or_")

    def __xor__(self, other: Operand) -> Lane:
        return _combine(self, other, "", "xor")

    def __lshift__(self, other: Operand) -> Lane:
        return _combine(self, other, "", "shl")

    def __rshift__(self, other: Operand) -> Lane:
        """Shifted with zeros coming in, as for a word without sign."""
        return _combine(self, other, "", "lshr")

    def __lt__(self, other: Operand) -> Lane:
        return _compare(self, other, "<")

    def __le__(self, other: Operand) -> Lane:
        return _compare(self, other, "<=")

    def __gt__(self, other: Operand) -> Lane:
        return _compare(self, other, ">")

    def __ge__(self, other: Operand) -> Lane:
        return _compare(self, other, ">=")


Operand: TypeAlias = Lane | float | int


def _held(operand: Operand, like: Lane) -> Any:
    """The value of an operand; a Python number takes the type of the other operand."""
    if isinstance(operand, Lane):
        return operand.held
    return ir.Constant(like.held.type, operand)


def _combine(a: Operand, b: Operand, of_floats: str, of_words: str) -> Lane:
    """The two operands combined by the instruction for their type."""
    like = a if isinstance(a, Lane) else b
    assert isinstance(like, Lane)
    name = of_floats if like.held.type == FLOAT else of_words
    made = getattr(like.builder, name)(_held(a, like), _held(b, like))
    return Lane(like.builder, made)


def _compare(a: Lane, b: Operand, sign: str) -> Lane:
    """Whether the relation holds; with NaN none does. Words have no sign."""
    builder = a.builder
    make = builder.fcmp_ordered if a.held.type == FLOAT else builder.icmp_unsigned
    return Lane(builder, make(sign, a.held, _held(b, a)))


def equal(a: Lane, b: Operand) -> Lane:
    """Whether two floats or words are equal; NaN is equal to nothing."""
    return _compare(a, b, "==")


def select(condition: Lane, yes: Operand, no: Operand) -> Lane:
    """One of two values; both are computed."""
    kind = next((v.held.type for v in (yes, no) if isinstance(v, Lane)), FLOAT)
    held = [v.held if isinstance(v, Lane) else ir.Constant(kind, v) for v in (yes, no)]
    return Lane(condition.builder, condition.builder.select(condition.held, *held))


def fma(a: Operand, b: Operand, c: Operand) -> Lane:
    """`a*b + c` rounded once."""
    like = next(v for v in (a, b, c) if isinstance(v, Lane))
    return Lane(like.builder, like.builder.fma(*(_held(v, like) for v in (a, b, c))))


def _call(name: str, *operands: Lane) -> Lane:
    """The intrinsic of LLVM that every machine has an instruction for."""
    builder = operands[0].builder
    function = builder.module.declare_intrinsic(name, [FLOAT])
    return Lane(builder, builder.call(function, [operand.held for operand in operands]))


def size(x: Lane) -> Lane:
    """The float without its sign."""
    return _call("llvm.fabs", x)


def root(x: Lane) -> Lane:
    """The square root, rounded once."""
    return _call("llvm.sqrt", x)


def bits(x: Lane) -> Lane:
    """The 64 bits of a float."""
    return Lane(x.builder, x.builder.bitcast(x.held, WORD))


def from_bits(word: Lane) -> Lane:
    """The float that has these bits."""
    return Lane(word.builder, word.builder.bitcast(word.held, FLOAT))


def to_float(word: Lane) -> Lane:
    """The float64 of a word below 2^52."""
    return from_bits(word | bits_of(2.0**52)) - 2.0**52


def bits_of(value: float) -> int:
    """The 64 bits of a constant."""
    return int.from_bytes(struct.pack(">d", value), "big")


def with_sign(x: Lane, of: Lane) -> Lane:
    """The size of one float with the sign of another."""
    sign = bits_of(-0.0)
    return from_bits((bits(x) & (sign - 1)) | (bits(of) & sign))


def polynomial(x: Lane, coefficients: Sequence[float]) -> Lane:
    """The polynomial with these coefficients, the constant term first."""
    *rest, last = coefficients
    value = fma(x, last, rest.pop())
    for coefficient in reversed(rest):
        value = fma(value, x, coefficient)
    return value


def power_of_two(rounded: Lane) -> Lane:
    """2^k for a sum `k + ROUNDER` with an integer k from -1022 to 1023."""
    return from_bits((bits(rounded) << 52) + bits_of(1.0))


def scale(x: Lane, k: Lane) -> Lane:
    """`x*2^k` for an integer k with |k| < 2000; only the last of two products can be rounded."""
    half = k * 0.5 + ROUNDER
    rest = (k - (half - ROUNDER)) + ROUNDER
    return x * power_of_two(half) * power_of_two(rest)


def divide_parts(a: Lane, a_rest: Operand, b: Lane, b_rest: Operand) -> tuple[Lane, Lane]:
    """The quotient of two numbers with their rests, and its own rest."""
    inverse = 1.0 / b
    q = a * inverse
    return q, (fma(-q, b, a) + fma(-q, b_rest, a_rest)) * inverse


def divide(a: Lane, a_rest: Operand, b: Lane, b_rest: Operand) -> Lane:
    """The quotient of two numbers with their rests, with little more than one rounding."""
    q, rest = divide_parts(a, a_rest, b, b_rest)
    return q + rest


Formula: TypeAlias = Callable[..., Lane]


def lane(formula: Formula) -> Any:
    """The formula as a function for kernels: float32 if all arguments are, else float64.

    A float32 is computed as float64 and rounded once more.
    """
    arity = len(inspect.signature(formula).parameters)

    def write(_context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        refuse_fastmath(formula)
        prefer_wide(builder)
        single = signature.return_type == types.float32
        if single:
            arguments = [builder.fpext(argument, FLOAT) for argument in arguments]
        made = formula(*(Lane(builder, argument) for argument in arguments)).held
        return builder.fptrunc(made, SINGLE) if single else made

    def of_type(given: Any) -> Any:
        single = all(kind == types.float32 for kind in given)
        kind = types.float32 if single else types.float64
        return kind(*[kind] * len(given)), write

    def of_one(_typing, x):
        return of_type((x,))

    def of_two(_typing, x, y):
        return of_type((x, y))

    return named(of_one if arity == 1 else of_two, formula)


def lane_of_words(formula: Formula, returned: type) -> Any:
    """The formula of four whole numbers as a function for kernels, which gives a float or int."""

    def write(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        refuse_fastmath(formula)
        prefer_wide(builder)
        return formula(*(Lane(builder, argument) for argument in arguments)).held

    def of_four(_typing, a, b, c, d):
        kind = types.float64 if returned is float else types.int64
        return kind(*[types.uint64] * 4), write

    return named(of_four, formula)


def refuse_fastmath(formula: Formula) -> None:
    """Raise where the kernel that is being written may reorder sums.

    Raises:
        InternalError: The kernel is compiled with `fastmath`.
    """
    flags = ConfigStack.top_or_none()
    if flags is not None and flags.fastmath:
        raise InternalError(f"a kernel with fastmath cannot hold {formula.__name__}")


def prefer_wide(builder: Any) -> None:
    """Let the kernel use registers of 512 bits where the processor has them.

    LLVM prefers 256 bits on most of them, for fear of a lower clock rate; polynomials in many
    lanes gain a third all the same.
    """
    # `add` of llvmlite's own set refuses attributes that it does not know.
    set.add(builder.function.attributes, '"prefer-vector-width"="512"')


@intrinsic
def use_wide_registers(_typing):
    """Nothing, but the kernel that calls this may use registers of 512 bits."""

    def write(context: Any, builder: Any, _signature: Any, _arguments: Any) -> Any:
        prefer_wide(builder)
        return context.get_dummy_value()

    return types.none(), write


def named(typed: Any, formula: Formula) -> Any:
    """The function for kernels with the name of its formula."""
    typed.__name__ = typed.__qualname__ = f"lane_{formula.__name__}"
    typed.__doc__ = formula.__doc__
    return intrinsic(typed)
