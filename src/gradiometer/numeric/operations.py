"""The code of each operation on a tape, and what may go wrong at one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

INPUT: Final = 0
CONSTANT: Final = 1
ADD: Final = 2
SUBTRACT: Final = 3
MULTIPLY: Final = 4
DIVIDE: Final = 5
POWER: Final = 6
NEGATE: Final = 7
EXP: Final = 8
LN: Final = 9
SQRT: Final = 10
SIN: Final = 11
COS: Final = 12
TAN: Final = 13
ATAN: Final = 14
SINH: Final = 15
COSH: Final = 16
TANH: Final = 17
SIGMOID: Final = 18
SOFTPLUS: Final = 19
ERF: Final = 20
ERFC: Final = 21
PHI: Final = 22
ABS: Final = 23
SIGN: Final = 24
RELU: Final = 25
FLOOR: Final = 26
MAX: Final = 27
MIN: Final = 28
CLIP: Final = 29
WHERE: Final = 30
PASSED: Final = 31
LESS: Final = 32
AT_MOST: Final = 33
GREATER: Final = 34
AT_LEAST: Final = 35
EQUAL: Final = 36
DIFFERENT: Final = 37
AND: Final = 38
OR: Final = 39
NOT: Final = 40

CODES: Mapping[str, int] = {
    "+": ADD, "-": SUBTRACT, "*": MULTIPLY, "/": DIVIDE, "^": POWER, "neg": NEGATE,
    "exp": EXP, "ln": LN, "sqrt": SQRT, "sin": SIN, "cos": COS, "tan": TAN, "atan": ATAN,
    "sinh": SINH, "cosh": COSH, "tanh": TANH, "sigmoid": SIGMOID, "softplus": SOFTPLUS,
    "erf": ERF, "erfc": ERFC, "Phi": PHI,
    "abs": ABS, "sign": SIGN, "relu": RELU, "floor": FLOOR, "max": MAX, "min": MIN,
    "clip": CLIP, "where": WHERE, "passed": PASSED,
    "<": LESS, "<=": AT_MOST, ">": GREATER, ">=": AT_LEAST, "==": EQUAL, "!=": DIFFERENT,
    "and": AND, "or": OR, "not": NOT,
}  # fmt: skip
"""The code of each operator of the formula vocabulary."""

NAMES: Mapping[int, str] = {code: name for name, code in CODES.items()}
"""The operator of each code."""

SELECTING: frozenset[int] = frozenset({RELU, MAX, MIN, CLIP, WHERE})
"""Operations that pass one of their operands on; a slope of 0 says that it was not that one."""

BRANCHING: frozenset[int] = SELECTING | {ABS, SIGN}
"""Operations whose branch is reported."""

LIBRARY: frozenset[int] = frozenset(range(EXP, ABS)) - {SQRT} | {POWER}
"""Operations that the C library rounds; all others are rounded correctly."""

SMOOTH, KINK = 0, 1
NO_QUOTIENT, NO_LOGARITHM, NO_ROOT, NO_POWER, NOT_FINITE = 2, 3, 4, 5, 6

REASONS: Mapping[int, str] = {
    NO_QUOTIENT: "division by zero",
    NO_LOGARITHM: "logarithm of a number that is not positive",
    NO_ROOT: "square root of a negative number",
    NO_POWER: "a power that has no value",
    NOT_FINITE: "a result beyond the range of float64",
}
"""What each code of a failed operation means."""
