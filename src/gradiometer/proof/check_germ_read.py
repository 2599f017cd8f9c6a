"""Formulas of a rule read as germs: what they are near the point of rest, after very many steps."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import final

from flint import arb, fmpq

from gradiometer.errors import GradiometerError, UndecidedError
from gradiometer.formula import (
    RELATIONS,
    Apply,
    Constant,
    Exact,
    Name,
    Node,
    Number,
    apply,
    compare,
    evaluate,
)
from gradiometer.proof.check_germ import (
    Germ,
    add,
    blur,
    invert,
    join_fades,
    multiply,
    scale,
    through,
)
from gradiometer.proof.check_no_root import has_no_root, value_at
from gradiometer.proof.check_quotient import Quotient, Symbols
from gradiometer.proof.check_total import is_total

_ZERO, _ONE = fmpq(0), fmpq(1)
_MOST_POWER = 64

FADING = "1 over t"
"""The name of what fades as one over the step count: its sum has no bound."""


@final
class GermReader:
    """Reads the trees of one rule; the step count is taken as infinite."""

    def __init__(self, symbols: Symbols, parameter: str, domain: tuple[fmpq, fmpq | None]) -> None:
        self.symbols = symbols
        self.parameter = parameter
        self.domain = domain
        """Between which numbers the parameter lies; None is infinity."""
        self.divisors: list[Quotient] = []
        """What the rule divides by."""
        self.is_local = False
        """Whether a branch was chosen for states near rest alone."""
        self.has_slow = False
        """Whether something fades that is no power of a number below 1, and was left out."""
        self.failed: dict[str, UndecidedError] = {}
        """Assignments that have no germ; some are never read."""
        self.zero, self.one = symbols.rational(0), symbols.rational(1)

    def read(self, node: Node, known: Mapping[str, Germ]) -> Germ:
        """The germ of a tree.

        Raises:
            UndecidedError: If the tree has a jump or no value at rest, or cannot be read.
        """
        if isinstance(node, Number):
            return Germ(self.symbols.rational(node.value))
        if isinstance(node, Constant):
            return Germ(self.symbols.add(node.name, tree=node, value=lambda: evaluate(node, {})))
        if isinstance(node, Name):
            if node.name == "t":
                return Germ(self.zero, infinite=1, pace=self.one)
            if node.name in self.failed:
                raise self.failed[node.name]
            if node.name not in known:
                raise UndecidedError(f"the rule reads `{node.name}`")
            return known[node.name]
        if node.operator == "where":
            return self._choose(node, known)
        parts = [self.read(part, known) for part in node.arguments]
        if node.operator not in _RULES:
            raise UndecidedError(f"`{node.operator}` is not read near a point of rest")
        return _RULES[node.operator](self, *parts)

    def assign(self, step: Sequence[tuple[str, Node]], germs: dict[str, Germ]) -> None:
        """Add the germs of the assignments of a step, in order."""
        self.failed.clear()
        for target, tree in step:
            try:
                germs[target] = self.read(tree, germs)
            except UndecidedError as error:
                # Read or not, a run ends where an assignment has no value.
                if target.endswith("'") or not is_total(tree):
                    raise
                self.failed[target] = error

    def sign(self, value: Quotient) -> int:
        """The sign of a constant for every value of the parameter inside its domain.

        Raises:
            UndecidedError: If it has no single one.
        """
        if value.is_zero():
            return 0
        bottom = self._sign_of(value.bottom)
        if bottom == 0:
            raise UndecidedError("the rule divides by zero at these values")
        return self._sign_of(value.top) * bottom

    def _sign_of(self, polynomial: object) -> int:
        powers = self.symbols.in_powers(polynomial, self.parameter)
        if len(powers) == 1:
            return compare(powers[0], _ZERO)
        lower, upper = self.domain
        if not has_no_root(powers, lower, upper):
            raise UndecidedError(f"a choice of the rule depends on `{self.parameter}`")
        return compare(value_at(powers, lower + 1 if upper is None else (lower + upper) / 2), _ZERO)

    def order(self, left: Germ, right: Germ) -> int:
        """-1, 0 or 1 as one germ is below, equal to or above another one at rest."""
        self.is_local |= not (left.is_fixed and right.is_fixed)
        if left.infinite or right.infinite:
            if left.infinite == right.infinite:
                raise UndecidedError("two parts of the rule grow without bound")
            return left.infinite or -right.infinite
        return self.sign(_continuous(left).value - _continuous(right).value)

    def _choose(self, node: Apply, known: Mapping[str, Germ]) -> Germ:
        condition, if_true, if_false = node.arguments
        truth = self._truth(condition, known)
        if truth is not None:
            return self.read(if_true if truth else if_false, known)
        left, right = self.read(if_true, known), self.read(if_false, known)
        if not self._agree(left, right):
            raise UndecidedError("two branches of the rule that differ meet at rest")
        return Germ(left.value, left.slopes, min(left.order, right.order),
                    left.reads | right.reads, fade=join_fades(left, right))  # fmt: skip

    def _agree(self, left: Germ, right: Germ) -> bool:
        if left.infinite or right.infinite or not left.value.equals(right.value):
            return False
        return set(left.slopes) == set(right.slopes) and all(
            left.slopes[name].equals(right.slopes[name]) for name in left.slopes
        )

    def _truth(self, condition: Node, known: Mapping[str, Germ]) -> bool | None:
        """Whether a condition holds near rest, or None when that differs from place to place."""
        if not isinstance(condition, Apply):
            return None
        operator, parts = condition.operator, condition.arguments
        if operator in ("and", "or", "not"):
            truths = [self._truth(part, known) for part in parts]
            if operator == "not":
                return None if truths[0] is None else not truths[0]
            decisive = operator == "or"
            if decisive in truths:
                return decisive
            return None if None in truths else not decisive
        if operator not in RELATIONS:
            return None
        left, right = (self.read(part, known) for part in parts)
        order = self.order(left, right)
        exact = all(part.is_constant and not part.fade for part in (left, right))
        if order == 0 and not exact:
            # What fades comes close to its limit, and need not ever be there.
            return None
        return RELATIONS[operator](order)

    def fade_slowly(self, germ: Germ) -> Germ:
        """A constant over what grows at no steady pace."""
        if germ.value.is_zero() and not germ.fade:
            return germ
        self.has_slow = True
        return Germ(self.zero, fade="slow")

    def atom(self, operator: str, *parts: Quotient) -> Quotient:
        """A function of constants, as a number where it is rational, else as a symbol."""
        trees = [self.symbols.to_tree(part) for part in parts]
        if any(self._varies(part) for part in parts):
            raise UndecidedError(f"`{operator}` of `{self.parameter}` stands in the rule")
        names = [f"a{index}" for index in range(len(parts))]
        outer = apply(operator, *map(Name, names))

        def value() -> Exact:
            numbers = [self.symbols.number(part) for part in parts]
            try:
                return evaluate(outer, dict(zip(names, numbers, strict=True)))
            except GradiometerError as error:
                raise UndecidedError(error.problem) from None

        found = value()
        plain = all(part.constant() is not None for part in parts)
        if plain and isinstance(found, arb) and found.is_exact():
            top, power = found.man_exp()
            found = fmpq(top) * fmpq(2) ** int(power)
        if isinstance(found, fmpq) and plain:
            return self.symbols.rational(found)
        tree = apply(operator, *trees)
        return self.symbols.add(f"{operator} {trees}", tree=tree, value=value)

    def _varies(self, part: Quotient) -> bool:
        return any(self.symbols.holds(p, self.parameter) for p in (part.top, part.bottom))


def _continuous(germ: Germ) -> Germ:
    """The germ, if it tends to its value.

    Raises:
        UndecidedError: If it jumps.
    """
    if germ.order <= 0:
        raise UndecidedError("the rule jumps at rest")
    return germ


def _add(reader: GermReader, left: Germ, right: Germ) -> Germ:
    return add(left, right, reader.zero)


def _negate(reader: GermReader, part: Germ) -> Germ:
    if part.infinite:
        pace = None if part.pace is None else -part.pace
        return Germ(reader.zero, infinite=-part.infinite, pace=pace)
    return scale(part, -reader.one)


def _multiply(reader: GermReader, left: Germ, right: Germ) -> Germ:
    if not (left.infinite or right.infinite):
        return multiply(left, right, reader.zero)
    other = right if left.infinite else left
    if not (other.is_constant or other.infinite):
        raise UndecidedError("a part of the rule grows without bound")
    if other.infinite:
        return Germ(reader.zero, infinite=left.infinite * right.infinite)
    endless = left if left.infinite else right
    if other.value.is_zero():
        return _vanish(reader, endless, other)
    pace = None if endless.pace is None else endless.pace * other.value
    return Germ(reader.zero, infinite=reader.sign(other.value) * endless.infinite, pace=pace)


def _vanish(reader: GermReader, endless: Germ, other: Germ) -> Germ:
    """What grows without bound times zero, or times what fades."""
    if other.fade == "slow" or (other.fade and endless.pace is None):
        raise UndecidedError("what grows meets what fades")
    return Germ(reader.zero, fade=other.fade)


def _divide(reader: GermReader, left: Germ, right: Germ) -> Germ:
    if right.infinite:
        if left.infinite or not left.is_constant:
            raise UndecidedError("a part of the rule fades with the step count")
        if right.pace is None:
            return reader.fade_slowly(left)
        return Germ(reader.symbols.add(FADING) * left.value / right.pace, fade=left.fade)
    reader.divisors.append(right.value)
    return _multiply(reader, left, invert(_continuous(right), reader.one))


def _power(reader: GermReader, base: Germ, exponent: Germ) -> Germ:
    if not (exponent.is_constant or exponent.infinite):
        raise UndecidedError("an exponent of the rule moves")
    if exponent.infinite:
        return _endless_power(reader, base, exponent.infinite)
    if base.is_constant and base.value.equals(reader.one):
        return base
    symbols = reader.symbols
    if reader._varies(exponent.value):
        raise UndecidedError(f"`{reader.parameter}` stands in an exponent of the rule")
    number_ = symbols.number(exponent.value)
    if not isinstance(number_, fmpq):
        raise UndecidedError("an exponent of the rule is not rational")
    if base.infinite:
        if number_ == 1:
            return base
        if base.infinite < 0 or number_ == 0:
            raise UndecidedError("a power of what grows without bound")
        one = Germ(reader.one)
        return Germ(reader.zero, infinite=1) if number_ > 0 else reader.fade_slowly(one)
    if number_.q != 1 or abs(number_) > _MOST_POWER:
        return _root(reader, base, number_, exponent.value)
    total = Germ(reader.one)
    for _ in range(abs(int(number_.p))):
        total = multiply(total, base, reader.zero)
    return total if number_ >= 0 else _divide(reader, Germ(reader.one), total)


def _endless_power(reader: GermReader, base: Germ, direction: int) -> Germ:
    """A constant to a power that grows without bound."""
    # One plus something that fades, to an endless power, may have any limit.
    if direction < 0 or not base.is_constant or base.fade or reader.sign(base.value) < 0:
        raise UndecidedError("a power with an endless exponent stands in the rule")
    order = reader.sign(base.value - reader.one)
    if order > 0:
        return Germ(reader.zero, infinite=1)
    return Germ(reader.zero, fade="fast") if order < 0 else Germ(reader.one)


def _root(reader: GermReader, base: Germ, exponent: fmpq, spelled: Quotient) -> Germ:
    """A broken power, which need not be smooth where its base is zero."""
    if base.infinite:
        raise UndecidedError("a root of what grows without bound")
    if _continuous(base).value.is_zero():
        if exponent <= 0:
            raise UndecidedError("the rule divides by what vanishes at rest")
        if base.is_constant:
            return Germ(reader.zero, fade=base.fade)
        return blur(base, base.smallness * exponent)
    if reader.sign(base.value) < 0:
        raise UndecidedError("a root of a negative number stands in the rule")
    value = reader.atom("^", base.value, spelled)
    return through(base, value, reader.symbols.rational(exponent) * value / base.value)


def _sqrt(reader: GermReader, part: Germ) -> Germ:
    if part.infinite:
        return _power(reader, part, Germ(reader.symbols.rational(fmpq(1, 2))))
    if _continuous(part).value.is_zero():
        return _root(reader, part, fmpq(1, 2), reader.one)
    if reader.sign(part.value) < 0:
        raise UndecidedError("a root of a negative number stands in the rule")
    value = reader.atom("sqrt", part.value)
    return through(part, value, reader.one / (value + value))


def _abs(reader: GermReader, part: Germ) -> Germ:
    if part.infinite:
        return Germ(reader.zero, infinite=1)
    sign = reader.sign(_continuous(part).value)
    reader.is_local |= not part.is_fixed
    if sign:
        return part if sign > 0 else _negate(reader, part)
    return blur(part, part.smallness) if not part.is_constant else part


def _jump(reader: GermReader, part: Germ) -> Germ:
    sign = part.infinite or reader.sign(_continuous(part).value)
    reader.is_local |= not part.is_fixed
    if sign == 0 and part.fade:
        raise UndecidedError("the rule jumps where a part of it fades")
    if sign == 0 and not part.is_constant:
        # It jumps, but stays between -1 and 1.
        return blur(Germ(reader.zero), _ZERO, part)
    return Germ(reader.symbols.rational(sign))


def _largest(reader: GermReader, *parts: Germ, sign: int = 1) -> Germ:
    best = parts[0]
    for part in parts[1:]:
        order = sign * reader.order(best, part)
        if order < 0:
            best = part
        elif order == 0:
            same = reader._agree(best, part)
            kept = best if same else blur(best, _ONE, part)
            orders = (best.order, part.order, *(() if same else (_ONE,)))
            fade = join_fades(best, part)
            best = Germ(kept.value, kept.slopes, min(orders), best.reads | part.reads, fade=fade)
    return best


def _clip(reader: GermReader, part: Germ, low: Germ, high: Germ) -> Germ:
    return _largest(reader, _largest(reader, part, low), high, sign=-1)


def _constant_function(operator: str) -> Callable[..., Germ]:
    def run(reader: GermReader, *parts: Germ) -> Germ:
        if not all(part.is_constant for part in parts):
            raise UndecidedError(f"`{operator}` is not read near a point of rest")
        fade = join_fades(*parts)
        if operator == "floor" and fade:
            raise UndecidedError("the rule jumps where a part of it fades")
        return Germ(reader.atom(operator, *(part.value for part in parts)), fade=fade)

    return run


_RULES: Mapping[str, Callable[..., Germ]] = {
    "+": _add,
    "-": lambda reader, a, b: _add(reader, a, _negate(reader, b)),
    "neg": _negate,
    "*": _multiply,
    "/": _divide,
    "^": _power,
    "sqrt": _sqrt,
    "abs": _abs,
    "sign": _jump,
    "max": _largest,
    "min": lambda reader, *parts: _largest(reader, *parts, sign=-1),
    "clip": _clip,
    "relu": lambda reader, part: _largest(reader, part, Germ(reader.zero)),
    **{name: _constant_function(name) for name in ("exp", "ln", "tanh", "floor")},
}
