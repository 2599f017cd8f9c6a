"""The worked derivation behind the facts of `activation`, and the arrays for its picture."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

from gradiometer.errors import UndecidedError
from gradiometer.formula import (
    Apply,
    Constant,
    Interval,
    Node,
    apply,
    compile_float,
    differentiate,
    evaluate,
    number,
    precision,
    tidy,
    to_float,
    to_latex,
    to_ratio,
    univariate,
    walk,
)
from gradiometer.model import Activation, to_setting_text
from gradiometer.proof import Section, Shape, shorten
from gradiometer.question.activation_facts import say_where, spell
from gradiometer.question.answer import Fact, Series, Step
from gradiometer.question.value import to_value_text

_SAMPLES = 400
_HALF_WINDOW = 5.0
_BITS = 96


def list_steps(model: Activation, shape: Shape, facts: Mapping[str, Fact]) -> tuple[Step, ...]:
    """The derivation: the formula, its pieces, its slope, the joints, the ends, the verdict."""
    return (
        *_formula_steps(model),
        *_piece_steps(model, shape),
        *_slope_steps(shape),
        *_joint_steps(shape, facts),
        *_far_steps(facts),
    )


def _formula_steps(model: Activation) -> Iterable[Step]:
    named = f"`{model.name}` of the catalogue" if model.name else "The formula as it was given"
    yield Step(f"f(x) = {model.text}", f"{named}.", f"f(x) = {to_latex(model.written)}")
    if model.parameters:
        values = ", ".join(f"{k} = {to_setting_text(v)}" for k, v in model.parameters.items())
        text = f"f(x) = {spell(model.tree)}"
        yield Step(text, f"With {values}.", f"f(x) = {to_latex(model.tree)}")


def _piece_steps(model: Activation, shape: Shape) -> Iterable[Step]:
    pieces = shape.function.pieces
    for piece in pieces:
        whole = len(pieces) == 1 and piece.on == Interval(None, None)
        if not whole or piece.formula != model.tree:
            reason = "Simplified." if whole else _why_branch(model.tree, piece.on)
            yield _line("f(x)", piece.formula, None if whole else piece.on, reason)
        short = shorten(piece.formula)
        if short != piece.formula and spell(short) != spell(piece.formula):
            reason = _why_short(piece.formula, short)
            yield _line("f(x)", short, None if whole else piece.on, reason)


def _why_branch(tree: Node, on: Interval) -> str:
    if any(isinstance(n, Apply) and n.operator in _BRANCHING for n in walk(tree)):
        return f"For {say_where(on)} every branch of the formula is decided."
    return f"The formula has a value for {say_where(on)}."


_BRANCHING = {"max", "min", "abs", "sign", "relu", "clip", "where", "passed"}


def _why_short(before: Node, after: Node) -> str:
    """Why the normal form is the same function."""
    operators = {n.operator for n in walk(before) if isinstance(n, Apply)}
    left = {n.operator for n in walk(after) if isinstance(n, Apply)}
    if "ln" in operators - left:
        return "ln and exp cancel: ln(e^u) = u."
    return "The same, expanded and cancelled."


def _slope_steps(shape: Shape) -> Iterable[Step]:
    for section in shape.sections:
        on = None if section.open == Interval(None, None) else section.open
        raw = differentiate(section.piece.formula, section.variable)
        yield _line("f'(x)", raw, on, _why_slope(section))
        if spell(section.slope) != spell(raw):
            yield _line("f'(x)", section.slope, on, "The same in lowest terms.")
        divided = _divide_by_top(section.slope)
        if divided is not None:
            yield _line("f'(x)", divided, on, "Top and bottom divided by the power of e on top.")


def _divide_by_top(slope: Node) -> Node | None:
    """`c/(a + b*T^(-1) + …)` of `c*T^n/(a*T^n + b*T^(n-1) + …)` with T = e^(r*x), else None."""
    try:
        found = univariate(to_ratio(slope))
    except UndecidedError:
        return None
    if found is None or found[0].kind != "exponential" or not isinstance(found[0].node, Apply):
        return None
    rate, top, bottom = found[0].node.arguments[-1], found[1].coeffs(), found[2].coeffs()
    size = len(top) - 1
    if size < 1 or any(top[:-1]) or len(bottom) != len(top):
        return None
    total: Node = number(0)
    for power in range(size, -1, -1):
        exponent = tidy(apply("*", number(power - size), rate))
        raised = tidy(apply("^", Constant("e"), exponent))
        total = apply("+", total, apply("*", number(bottom[power]), raised))
    return tidy(apply("/", number(top[-1]), total))


_RULES = {
    "ln": "The slope of ln(u) is u'/u.",
    "exp": "The slope of e^u is u'*e^u.",
    "/": "By the quotient rule.",
    "*": "By the product rule.",
    "^": "By the power rule.",
    "tanh": "The slope of tanh(u) is u'*(1 - tanh(u)^2).",
    "sqrt": "The slope of sqrt(u) is u'/(2*sqrt(u)).",
}


def _why_slope(section: Section) -> str:
    formula = section.piece.formula
    if isinstance(formula, Apply):
        return _RULES.get(formula.operator, "Differentiated term by term.")
    return "The slope of x is 1, of a constant 0."


def _joint_steps(shape: Shape, facts: Mapping[str, Fact]) -> Iterable[Step]:
    for row in facts["kinks"].value or ():
        at, left, right = (to_value_text(row[k]) for k in ("at", "left_slope", "right_slope"))
        text = f"f'({at}-) = {left}, f'({at}+) = {right}"
        latex = f"f'({at}^-) = {left}, \\quad f'({at}^+) = {right}"
        yield Step(text, f"A kink at x = {at}: both sides meet there, the slopes differ.", latex)
    for row in facts["jumps"].value or ():
        at, left, right = (to_value_text(row[k]) for k in ("at", "left_value", "right_value"))
        there = "no value" if row["value"] is None else to_value_text(row["value"])
        text = f"f({at}-) = {left}, f({at}+) = {right}"
        latex = f"f({at}^-) = {left}, \\quad f({at}^+) = {right}"
        yield Step(text, f"A jump at x = {at}; at the point itself: {there}.", latex)


def _far_steps(facts: Mapping[str, Fact]) -> Iterable[Step]:
    for name, symbol in (("limit", "f(x)"), ("slope", "f'(x)")):
        for side, far in (("left", "-oo"), ("right", "oo")):
            fact = facts[f"{name}_{side}"]
            if fact.value is not None:
                value = to_value_text(fact.value)
                where = far.replace("oo", "\\infty")
                latex = f"\\lim_{{x \\to {where}}} {symbol} = {_limit_latex(fact, value)}"
                yield Step(f"{symbol} -> {value} as x -> {far}", _why_far(fact, name, side), latex)


def _limit_latex(fact: Fact, value: str) -> str:
    if value in {"oo", "-oo"}:
        return value.replace("oo", "\\infty")
    return to_latex(fact.value) if hasattr(fact.value, "operator") else value


def _why_far(fact: Fact, name: str, side: str) -> str:
    if name == "slope" and fact.value == 0:
        return f"The gradient vanishes on the {side}."
    return f"What happens far to the {side}."


def _line(symbol: str, formula: Node, on: Interval | None, because: str) -> Step:
    text, latex = f"{symbol} = {spell(formula)}", f"{symbol} = {to_latex(formula)}"
    if on is not None:
        text += f" for {say_where(on)}"
        latex += f" \\quad \\text{{for }} {_where_latex(on)}"
    return Step(text, because, latex)


def _where_latex(on: Interval) -> str:
    low = None if on.lower is None else to_latex(on.lower)
    high = None if on.upper is None else to_latex(on.upper)
    if on.is_point:
        return f"x = {low}"
    less = ["\\le" if closed else "<" for closed in (on.lower_closed, on.upper_closed)]
    if low is not None and high is not None:
        return f"{low} {less[0]} x {less[1]} {high}"
    if low is not None:
        return f"x {less[0].replace('<', '>').replace('le', 'ge')} {low}"
    return "x \\in \\mathbb{R}" if high is None else f"x {less[1]} {high}"


def list_arrays(shape: Shape) -> dict[str, Series]:
    """The function and its slope on a grid that shows every joint; NaN where there is no value."""
    xs, values, slopes = list_curve(shape)
    return {
        "x": Series(("x",), xs, about="input"),
        "f": Series(("x",), values, about="value of the function"),
        "slope": Series(("x",), slopes, about="slope of the function"),
    }


def list_curve(
    shape: Shape, grid: Sequence[float] | None = None
) -> tuple[list[float], list[float], list[float]]:
    """Inputs, values and slopes in float64, on the *grid* or on one that shows every joint."""
    ends = [
        (_end(section.open.lower, -math.inf), _end(section.open.upper, math.inf))
        for section in shape.sections
    ]
    joints = [end for pair in ends for end in pair if math.isfinite(end)]
    xs = _grid(joints) if grid is None else list(grid)
    values: list[float] = []
    slopes: list[float] = []
    compiled = [
        (compile_float(section.piece.formula), compile_float(section.slope))
        for section in shape.sections
    ]
    for x in xs:
        index = next((i for i, (low, high) in enumerate(ends) if low <= x <= high), None)
        if index is None:
            values.append(math.nan)
            slopes.append(math.nan)
            continue
        value, slope = compiled[index]
        values.append(value({shape.function.variable: x}))
        slopes.append(slope({shape.function.variable: x}))
    return xs, values, slopes


def _end(end: Node | None, infinite: float) -> float:
    if end is None:
        return infinite
    with precision(_BITS):
        return to_float(evaluate(end, {}))


def _grid(joints: list[float]) -> list[float]:
    """Equal steps over a window with room on both sides of all joints."""
    low, high = min(joints, default=0.0), max(joints, default=0.0)
    room = max(_HALF_WINDOW, 0.4 * (high - low)) if low == high else 0.6 * (high - low) + 1
    low, high = low - room, high + room
    return [low + (high - low) * index / _SAMPLES for index in range(_SAMPLES + 1)]
