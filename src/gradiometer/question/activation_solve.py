"""Inverse questions: the parameters of an activation for which facts have wanted values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, final

from flint import arb, fmpq

from gradiometer.errors import (
    DomainError,
    GradiometerError,
    InternalError,
    Place,
    UndecidedError,
    UsageError,
    suggest,
)
from gradiometer.formula import (
    Interval,
    Node,
    Number,
    evaluate,
    from_decimal,
    number,
    parse,
    parse_number,
    precision,
    to_ball,
    to_decimal,
    to_rational_text,
    to_text,
)
from gradiometer.model import ActivationFamily, is_inside, read_family, to_setting_text
from gradiometer.proof import EQUATIONS, find_roots, read_digits, solve_exactly, to_digits
from gradiometer.question.answer import Fact, Step, proved, unknown

_REACH = fmpq(16)
_EDGE = fmpq(1, 16)
"""An unknown is looked for from -16 to 16, and this far inside an open end of its domain."""
_BITS = 256
_LONGEST = 60
"""Characters of a constant formula that is still shown as one."""


@final
@dataclass(frozen=True)
class Wish:
    """What is wanted of which parameters."""

    family: ActivationFamily
    wanted: Mapping[str, Node]
    box: Mapping[str, tuple[fmpq, fmpq]]
    settings: Mapping[str, Any]
    """The values of the other parameters, as they were given."""

    @property
    def inputs(self) -> dict[str, Any]:
        """The inputs as an answer repeats them."""
        fixed = {name: to_setting_text(v) for name, v in self.family.parameters.items()}
        ranges = {
            name: f"{to_rational_text(low)}:{to_rational_text(high)}"
            for name, (low, high) in self.box.items()
        }
        wanted = {fact: to_text(value) for fact, value in self.wanted.items()}
        return {"set": {**fixed, **ranges}, "want": wanted, "solve": list(self.box)}


@final
@dataclass(frozen=True)
class Solved:
    """What was found out."""

    facts: dict[str, Fact]
    steps: tuple[Step, ...]
    certificate: Mapping[str, Any] | None
    settings: Mapping[str, str] | None
    """The parameters as settings when there is exactly one solution."""
    is_exact: bool = False
    """Whether the settings are the solution and not a rounding of it."""


def read_wish(
    formula: str | Mapping[str, Any],
    settings: Mapping[str, Any] | None,
    want: Mapping[str, Any] | None,
    solve: str | Sequence[str],
) -> Wish | None:
    """The wish, or None when nothing is wanted.

    Raises:
        UsageError: If facts and unknowns do not go together, or a name is not known.
        DomainError: If a range is not inside the domain of its parameter.
    """
    listed = [solve] if isinstance(solve, str) else list(solve)
    unknowns = [name.strip() for text in listed for name in text.split(",") if name.strip()]
    if not want and not unknowns:
        return None
    wanted = {fact: _read_wanted(fact, value) for fact, value in (want or {}).items()}
    if len(wanted) != len(unknowns) or not wanted:
        raise UsageError(
            f"{len(wanted)} wanted facts do not settle {len(unknowns)} unknowns.",
            hint="write as many of each, such as --want gain=1.3 --solve negative_slope",
        )
    twice = next((name for name in unknowns if unknowns.count(name) > 1), None)
    if twice is not None:
        raise UsageError(f"`{twice}` is named twice.", place=Place("--solve"))
    given = dict(settings or {})
    ranges = {name: given.pop(name) for name in unknowns if name in given}
    family = read_family(formula, free=unknowns, settings=given)
    box = {
        name: _read_range(name, ranges[name], family.domains[name])
        if name in ranges
        else _choose_range(family.domains[name])
        for name in unknowns
    }
    return Wish(family, wanted, box, given)


def _read_wanted(fact: str, value: Any) -> Node:
    place = Place(f"--want {fact}")
    if fact not in EQUATIONS:
        nearest = suggest(fact, EQUATIONS)
        raise UsageError(
            f"`{fact}` is no fact that can be wanted.",
            known=tuple(EQUATIONS),
            hint=f"write `{nearest}`" if nearest else "",
        )
    tree = parse(str(value).strip(), names=(), place=place).tree
    with precision(_BITS):
        size = evaluate(tree, {})
        if fact == "gain" and not size > 0:
            raise DomainError(f"The gain {value} is not positive.", place=place)
    # The value as a number: `1.30` and `13/10` are the same wish.
    return number(size) if isinstance(size, fmpq) else tree


def _read_range(name: str, text: Any, domain: Interval) -> tuple[fmpq, fmpq]:
    place = Place(f"--set {name}")
    ends = str(text).split(":")
    if len(ends) != 2:
        raise UsageError(
            f"`{name}` is solved for and cannot have the value {text}.",
            place=place,
            hint=f"write where it is looked for, such as --set {name}=1:2, or leave it out",
        )
    low, high = (parse_number(end.strip(), place=place) for end in ends)
    if not low < high:
        raise UsageError(f"The range {text} of `{name}` is empty.", place=place)
    if not (is_inside(low, domain) and is_inside(high, domain)):
        raise DomainError(f"The range {text} of `{name}` leaves its domain.", place=place)
    return low, high


def _choose_range(domain: Interval) -> tuple[fmpq, fmpq]:
    """The part of the domain from -16 to 16, a little inside its open ends."""
    lower, upper = (None if e is None else evaluate(e, {}) for e in (domain.lower, domain.upper))
    if isinstance(lower, arb) or isinstance(upper, arb):
        raise UndecidedError("an end of the domain of an unknown is no rational")
    low = min(-_REACH, upper - _REACH if upper is not None else fmpq(0)) if lower is None else lower
    high = max(_REACH, low + _REACH) if upper is None else upper
    edge = min(_EDGE, (high - low) / 16)
    is_open = [
        end is not None and not is_closed
        for end, is_closed in ((lower, domain.lower_closed), (upper, domain.upper_closed))
    ]
    return low + edge * is_open[0], high - edge * is_open[1]


def solve_wish(wish: Wish, variance: fmpq) -> Solved:
    """All solutions in the box, or why they are not known."""
    searched = {
        name: Interval(number(low), number(high), True, True)
        for name, (low, high) in wish.box.items()
    }
    box = proved(searched, "Where each unknown is looked for; elsewhere nothing is claimed.")
    exact = None
    if len(wish.box) == 1:
        (name, on), (pair,) = next(iter(wish.box.items())), wish.wanted.items()
        exact = solve_exactly(wish.family.tree, name, on, pair, variance=variance)
    certificate = None
    try:
        found = find_roots(wish.family.tree, wish.box, wish.wanted, variance=variance)
        rows = _merge(found.digits, exact)
        certificate = found.certificate
        near = (
            "exactly one near each and none elsewhere"
            if len(rows) > 1
            else (
                "one near there and none elsewhere" if rows else "that no part of the box holds one"
            )
        )
        how = f"interval Newton in balls proves {near}"
    except (UndecidedError, GradiometerError) as error:
        if exact is None:
            reason = unknown(f"Not decided: {error}.")
            return Solved({"solution": reason, "unique": reason, "box": box}, (), None, None)
        rows = [[root] for root in exact]
        how = "the equation is linear or quadratic in the unknown, solved by algebra"
    values = [dict(zip(wish.box, row, strict=True)) for row in rows]
    return _describe(wish, values, box, how, certificate)


def _merge(digits: Sequence[Sequence[str]], exact: list[Node] | None) -> list[list[Node | arb]]:
    """The solutions as formulas where they are known, else as balls of 30 digits."""
    balls = [[_to_ball(text) for text in row] for row in digits]
    balls.sort(key=lambda row: [float(ball) for ball in row])
    if exact is None:
        return [list(row) for row in balls]
    with precision(_BITS):
        values = [to_ball(evaluate(root, {})) for root in exact]
    if len(values) != len(balls) or not all(
        row[0].overlaps(value) for row, value in zip(balls, values, strict=True)
    ):
        raise InternalError("algebra and interval Newton find other solutions")
    return [
        [root if len(to_text(root)) <= _LONGEST else row[0]]
        for root, row in zip(exact, balls, strict=True)
    ]


def _to_ball(digits: str) -> arb:
    value, allowed = read_digits(digits)
    with precision(_BITS):
        return arb(value) + arb(0, arb(allowed).abs_upper())


def _describe(
    wish: Wish,
    values: list[dict[str, Any]],
    box: Fact,
    how: str,
    certificate: Mapping[str, Any] | None,
) -> Solved:
    said = ", ".join(f"{fact} = {to_text(v)}" for fact, v in wish.wanted.items())
    rows = [{k: v.value if isinstance(v, Number) else v for k, v in row.items()} for row in values]
    count = {0: "None", 1: "The only one"}.get(len(rows), f"All {len(rows)}")
    lines = [", ".join(f"{k} {_spell(v)}" for k, v in row.items()) for row in rows]
    digits = f" To 30 digits: {'; '.join(lines)}." if lines else ""
    facts = {
        "solution": proved(rows, f"{count} in the box with {said}: {how}.{digits}"),
        "unique": proved(len(rows) == 1, f"{count} in the box; outside it nothing is claimed."),
        "box": box,
    }
    steps = [Step(said, "The wanted facts, equations for the unknowns.")]
    steps += [Step(line, f"A solution: {how}.") for line in lines]
    if len(rows) != 1:
        return Solved(facts, tuple(steps), certificate, None)
    settings = {name: _to_setting(v) for name, v in rows[0].items()}
    is_exact = all(isinstance(v, fmpq) for v in rows[0].values())
    return Solved(facts, tuple(steps), certificate, settings, is_exact)


def _spell(value: Any) -> str:
    """The number exactly where it is known so, and to 30 digits."""
    if isinstance(value, fmpq):
        return f"= {to_rational_text(value)}"
    with precision(_BITS):
        ball = value if isinstance(value, arb) else to_ball(evaluate(value, {}))
        digits = to_decimal(from_decimal(to_digits(ball)), digits=30)
    return f"≈ {digits}" if isinstance(value, arb) else f"= {to_text(value)} ≈ {digits}"


def _to_setting(value: Any) -> str:
    """The number, rounded to 30 digits unless it is rational."""
    if isinstance(value, fmpq):
        return to_rational_text(value)
    with precision(_BITS):
        ball = value if isinstance(value, arb) else to_ball(evaluate(value, {}))
        return to_rational_text(from_decimal(to_digits(ball)))
