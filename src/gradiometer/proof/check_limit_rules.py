"""The limit of an operation from the limits of its arguments, by the rules every textbook has.

Each operation is continuous where it has a value; what is left are infinite arguments, and
logarithms and powers whose argument falls to 0 from above. Where the rules leave the limit open
(`oo - oo`, `0*oo`, `0/0`, `1^oo`) the certificate is refused.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gradiometer.errors import CertificateError
from gradiometer.formula import (
    ONE,
    ZERO,
    Constant,
    Node,
    Number,
    apply,
    compare_nodes,
    is_constant,
    number,
    sign_of,
)
from gradiometer.proof.check_course import Limit, exact_value

_HALF_TURN = apply("/", Constant("pi"), number(2))

_FAR: Mapping[str, tuple[Limit | None, Limit | None]] = {
    "exp": (ZERO, 1),
    "ln": (None, 1),
    "sqrt": (None, 1),
    "atan": (apply("neg", _HALF_TURN), _HALF_TURN),
    "sinh": (-1, 1),
    "cosh": (1, 1),
    "tanh": (number(-1), ONE),
    "sigmoid": (ZERO, ONE),
    "softplus": (ZERO, 1),
    "erf": (number(-1), ONE),
    "erfc": (number(2), ZERO),
    "Phi": (ZERO, ONE),
}
"""Limits of functions at minus and plus infinity; None where there is none."""


def limit_of(operator: str, arguments: Sequence[Limit], exponent: Node | None) -> Limit:
    """The limit of the operation.

    Args:
        operator: A smooth operation that has a value all along the way.
        arguments: The limits of its arguments.
        exponent: The exponent itself, for a power.

    Raises:
        CertificateError: If the rules leave it open.
        UndecidedError: If a sign is not certain.
        DomainError: If the operation has no value at the limits.
    """
    if operator == "^" and len(arguments) == 2 and exponent is not None:
        return _power(arguments[0], arguments[1], exponent)
    if operator in _INFINITE and any(isinstance(part, int) for part in arguments):
        return _INFINITE[operator](*arguments)
    if len(arguments) == 1 and isinstance(arguments[0], int):
        found = _FAR.get(operator, (None, None))[arguments[0] > 0]
        if found is None:
            raise _open()
        return found
    nodes = [part for part in arguments if not isinstance(part, int)]
    if operator == "ln" and sign_of(nodes[0]) == 0:
        return -1
    if len(nodes) != len(arguments):
        raise _open()
    return exact_value(apply(operator, *nodes))


def _sum(left: Limit, right: Limit) -> Limit:
    ways = {part for part in (left, right) if isinstance(part, int)}
    if len(ways) != 1:
        raise _open()
    return ways.pop()


def _difference(left: Limit, right: Limit) -> Limit:
    return _sum(left, -right if isinstance(right, int) else right)


def _product(left: Limit, right: Limit) -> Limit:
    sign = sign_of_limit(left) * sign_of_limit(right)
    if sign == 0:
        raise _open()
    return sign


def _quotient(top: Limit, bottom: Limit) -> Limit:
    if isinstance(bottom, int):
        if isinstance(top, int):
            raise _open()
        return ZERO
    return _product(top, bottom)


def _opposite(part: Limit) -> Limit:
    assert isinstance(part, int)
    return -part


_INFINITE = {"+": _sum, "-": _difference, "*": _product, "/": _quotient, "neg": _opposite}
"""Arithmetic of which at least one argument is infinite."""


def sign_of_limit(part: Limit) -> int:
    """The sign of a limit, which may be infinite."""
    return part if isinstance(part, int) else sign_of(part)


def _power(base: Limit, over: Limit, exponent: Node) -> Limit:
    if is_constant(exponent):
        return _constant_power(base, exponent)
    # The base of a power with a moving exponent is positive all along the way.
    if isinstance(base, int):
        if base < 0 or sign_of_limit(over) == 0:
            raise _open()
        return 1 if sign_of_limit(over) > 0 else ZERO
    if isinstance(over, int):
        order = compare_nodes(base, ONE)
        if order == 0:
            raise _open()
        return 1 if order * over > 0 else ZERO
    if sign_of(base) > 0:
        return exact_value(apply("^", base, over))
    if sign_of(over) == 0:
        raise _open()
    return ZERO if sign_of(over) > 0 else 1


def _constant_power(base: Limit, exponent: Node) -> Limit:
    sign = sign_of(exponent)
    whole = (
        int(exponent.value.p) if isinstance(exponent, Number) and exponent.value.q == 1 else None
    )
    if isinstance(base, int):
        if sign == 0 or (base < 0 and whole is None):
            raise _open()
        if sign < 0:
            return ZERO
        return base if whole is not None and whole % 2 else 1
    if sign < 0 and sign_of(base) == 0:
        # An even or broken power is positive all along the way.
        if whole is not None and whole % 2:
            raise _open()
        return 1
    return exact_value(apply("^", base, exponent))


def _open() -> CertificateError:
    return CertificateError("The limits of the arguments leave that of the operation open.")
