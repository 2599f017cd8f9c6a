"""How large a smooth formula can be from a point on to plus infinity, where it settles.

Each part such as `tanh(u)` or `Phi(u)` with a polynomial u is its limit and a rest that lies
between 0 and e^(-p) for a polynomial p. Far out the formula is then a quotient of polynomials in x
and these rests, and a term x^k*e^(-P) only falls where x*P' >= k.
"""

from __future__ import annotations

from functools import reduce
from operator import mul
from typing import Any, final

from flint import arb, arb_poly, fmpq

from gradiometer.errors import CertificateError, GradiometerError, UndecidedError
from gradiometer.formula import (
    ONE,
    Apply,
    Constant,
    Name,
    Node,
    apply,
    cancel,
    evaluate,
    free_names,
    is_zero,
    number,
    to_ball,
    to_ratio,
    to_text,
)


def bound_from(node: Node, variable: str, start: fmpq) -> arb:
    """A number that the formula's size never exceeds for inputs from *start* on.

    Args:
        node: A smooth formula in *variable*.
        variable: Its variable.
        start: A positive number.

    Raises:
        CertificateError: If the formula is none that settles in this way, or not so early.

    Example:
        >>> from gradiometer.formula import parse
        >>> bool(bound_from(parse("x*(1 - tanh(x))").tree, "x", fmpq(4)) < 0.003)
        True
    """
    try:
        settling = _Settling(variable, start)
        ratio = to_ratio(settling.read(node))
        return settling.bound(ratio)
    except (UndecidedError, GradiometerError, ArithmeticError, ValueError) as error:
        raise CertificateError(f"The formula does not settle here: {error}") from None


@final
class _Settling:
    """The rests met in one formula, each between 0 and e^(-p)."""

    def __init__(self, variable: str, start: fmpq) -> None:
        self.variable, self.start = variable, start
        self.powers: dict[str, arb_poly] = {}
        self._names: dict[str, Name] = {}
        self._sizes: dict[str, Node] = {}

    def read(self, node: Node) -> Node:
        """The formula in the variable and the rests."""
        if self.variable not in free_names(node) or not isinstance(node, Apply):
            return node
        operator, inside = node.operator, node.arguments
        if operator == "^" and inside[0] == Constant("e"):
            operator, inside = "exp", inside[1:]
        if operator in {"+", "-", "*", "/", "neg", "^"}:
            return apply(operator, *[self.read(part) for part in inside])
        if operator == "ln":
            return self._read_logarithm(self.read(inside[0]))
        if operator == "softplus":
            return self._read_logarithm(apply("+", ONE, self.read(apply("exp", inside[0]))))
        if operator == "tanh" and isinstance(inside[0], Apply) and inside[0].operator == "ln":
            square = apply("^", self.read(inside[0].arguments[0]), number(2))
            return apply("/", apply("-", square, ONE), apply("+", square, ONE))
        if operator in {"exp", "tanh", "sigmoid"}:
            return self._read_exponential(operator, inside[0])
        if operator in {"Phi", "erf", "erfc"}:
            return self._read_normal(operator, inside[0])
        raise UndecidedError(f"`{operator}` is not among the parts that settle")

    def _read_exponential(self, operator: str, inside: Node) -> Node:
        power, rises = self._oriented(inside)
        size = inside if rises else apply("neg", inside)
        if operator == "tanh":
            power, size = power * 2, apply("*", number(2), size)
        size = cancel(size)
        rest = self._rest(f"exp {to_text(size)}", power)
        self._sizes[rest.name] = size
        if operator == "exp":
            return apply("/", ONE, rest) if rises else rest
        if operator == "sigmoid":
            return apply("/", ONE if rises else rest, apply("+", ONE, rest))
        value = apply("/", apply("-", ONE, rest), apply("+", ONE, rest))
        return value if rises else apply("neg", value)

    def _read_normal(self, operator: str, inside: Node) -> Node:
        """The far side of the normal law is at most e^(-u^2/2), and erfc(u) at most e^(-u^2)."""
        power, rises = self._oriented(inside)
        square = power * power * (arb(0.5) if operator == "Phi" else arb(1))
        sort = "Phi" if operator == "Phi" else "erfc"
        rest = self._rest(f"{sort} {to_text(inside)}", square)
        if operator == "Phi":
            return apply("-", ONE, rest) if rises else rest
        if operator == "erf":
            return apply("-", ONE, rest) if rises else apply("-", rest, ONE)
        return rest if rises else apply("-", number(2), rest)

    def _read_logarithm(self, inside: Node) -> Node:
        """`ln(1 + r)` is between 0 and r; `ln(1 + 1/r)` is that and `-ln(r)`."""
        for name, power in list(self.powers.items()):
            rest = Name(name)
            small = self._rest(f"ln {name}", power)
            if is_zero(apply("-", inside, apply("+", ONE, rest))):
                return small
            large = apply("+", ONE, apply("/", ONE, rest))
            if name in self._sizes and is_zero(apply("-", inside, large)):
                return apply("+", self._sizes[name], small)
        raise UndecidedError("a logarithm is not of 1 and a part that settles")

    def _oriented(self, node: Node) -> tuple[arb_poly, bool]:
        """The size of a polynomial that only rises from there on, and whether it is positive."""
        power = self._polynomial(node)
        rises = bool(power[power.degree()] > 0)
        power = power if rises else -power
        if power.degree() < 1 or not _never_negative(power, self.start):
            raise UndecidedError("a part settles later")
        return power, rises

    def _rest(self, key: str, power: arb_poly) -> Name:
        if key not in self._names:
            self._names[key] = Name(f"rest{len(self._names)}")
            self.powers[self._names[key].name] = power
        return self._names[key]

    def _polynomial(self, node: Node) -> arb_poly:
        if self.variable not in free_names(node):
            return arb_poly([to_ball(evaluate(node, {}))])
        if isinstance(node, Name):
            return arb_poly([0, 1])
        if isinstance(node, Apply) and node.operator in {"+", "-", "*", "neg"}:
            parts = [self._polynomial(part) for part in node.arguments]
            if node.operator == "neg":
                return -parts[0]
            left, right = parts
            return {"+": left + right, "-": left - right, "*": left * right}[node.operator]
        if isinstance(node, Apply) and node.operator in {"/", "^"}:
            base, other = node.arguments
            if self.variable not in free_names(other):
                value = evaluate(other, {})
                if node.operator == "/":
                    return self._polynomial(base) * (1 / to_ball(value))
                if isinstance(value, fmpq) and value.q == 1 and 0 < value.p <= 20:
                    return reduce(mul, [self._polynomial(base)] * int(value.p))
        raise UndecidedError(f"`{to_text(node)}` is no polynomial")

    def bound(self, ratio: Any) -> arb:
        """The largest size of the quotient."""
        below = self._terms(ratio, ratio.denominator)
        degree = max(power for _, power, rests in below if not rests.degree() > 0)
        lead, others = arb(0), arb(0)
        for coefficient, power, rests in below:
            if power == degree and not rests.degree() > 0:
                lead += coefficient
            else:
                others += abs(coefficient) * self._size(power - degree, rests)
        least = abs(lead) - others
        if not least > 0:
            raise UndecidedError("the denominator may vanish")
        above = self._terms(ratio, ratio.numerator)
        sizes = [abs(c) * self._size(power - degree, rests) for c, power, rests in above]
        return sum(sizes, arb(0)) / least

    def _terms(self, ratio: Any, polynomial: Any) -> list[tuple[arb, int, arb_poly]]:
        """Each term as its coefficient, the power of x, and the p of its rests together."""
        rows = []
        for powers, factor in polynomial.to_dict().items():
            coefficient, exponent, rests = to_ball(factor), 0, arb_poly([0])
            for times, generator in zip(powers, ratio.generators, strict=False):
                name = getattr(generator.node, "name", "")
                if not times:
                    continue
                if generator.node == Name(self.variable):
                    exponent = int(times)
                elif name in self.powers:
                    rests += self.powers[name] * int(times)
                elif free_names(generator.node):
                    raise UndecidedError("a part does not settle")
                else:
                    coefficient *= to_ball(evaluate(generator.node, {})) ** int(times)
            rows.append((coefficient, exponent, rests))
        return rows

    def _size(self, power: int, rests: arb_poly) -> arb:
        """The largest value of x^power*e^(-rests) from the start on: the one at the start."""
        falls = arb_poly([-power]) + arb_poly([0, 1]) * rests.derivative()
        if not _never_negative(falls, self.start):
            raise UndecidedError("a term still grows")
        at = to_ball(self.start)
        return at**power * (-rests(at)).exp()


def _never_negative(polynomial: arb_poly, start: fmpq) -> bool:
    """Whether all coefficients around *start* are positive or 0, which suffices from there on."""
    moved = polynomial(arb_poly([to_ball(start), 1]))
    return all(moved[index] >= 0 for index in range(moved.degree() + 1))
