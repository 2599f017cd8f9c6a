"""Random functions of one variable, plain and hostile, with their values and slopes to 60 digits.

Values and slopes come from dual numbers in mpmath: no rule of the package is used.
"""

import mpmath
from flint import fmpq

from gradiometer.formula import Apply, Constant, Name, Number, apply, number, parse, walk

X = Name("x")
CONTEXT = mpmath.mp.clone()
CONTEXT.dps = 60
MPF = CONTEXT.mpf
HUGE = 10**8
"""Beyond it e^-u is 0 to millions of digits."""
NEAR = MPF(10) ** -15
"""How far beside a kink or a jump its sides are looked at."""
POINTS = [MPF(n) / 8 + MPF(1) / 997 for n in (-240, -97, -49, -31, -20, -13, -9, -5, -3, -1)]
POINTS += [MPF(1) / 997 + MPF(n) / 8 for n in (0, 2, 4, 7, 10, 15, 21, 33, 50, 99, 240)]

ONE_ARGUMENT = ("abs", "exp", "tanh", "sigmoid", "softplus", "^2", "^3", "clip", "atan", "erf",
                "Phi", "root", "sin", "cos")  # fmt: skip
_PLAIN = ONE_ARGUMENT[:10]
"""All but those that swing for ever or hold a root: they are drawn less often."""
TWO_ARGUMENTS = ("+", "+", "-", "*", "*", "/", "max", "min", "where")


def draw(rng, size, share=0.25):
    """A random function, hostile with that probability."""
    if rng.random() < share:
        return hostile(rng)[1]
    return grow(rng, size)


def constant(rng):
    """A number, rational most of the time."""
    if rng.random() < 0.1:
        return rng.choice((Constant("pi"), Constant("e"), apply("sqrt", number(2))))
    return number(fmpq(rng.choice([-6, -3, -2, -1, 1, 2, 3, 5]), rng.choice([1, 2, 4])))


def grow(rng, size, bounded=False):
    """A random formula with about *size* operations; exponents hold no further exponential."""
    if size <= 0:
        return X if rng.random() < 0.7 else constant(rng)
    if rng.random() < 0.45:
        name = rng.choice(ONE_ARGUMENT if rng.random() < 0.3 else _PLAIN)
        if bounded and name in {"exp", "^2", "^3"}:
            name = "tanh"
        inner = grow(rng, size - 1, bounded or name == "exp")
        return _call(rng, name, inner)
    name = rng.choice(TWO_ARGUMENTS)
    left = rng.randrange(size)
    parts = [grow(rng, left, bounded), grow(rng, size - 1 - left, bounded)]
    if name == "where":
        return apply("where", apply("<", X, number(rng.choice([-2, 0, 1]))), *parts)
    if name == "/":
        parts[1] = apply("+", number(1), apply("abs", parts[1]))
    return apply(name, *parts)


def _call(rng, name, inner):
    if name in {"^2", "^3"}:
        return apply("^", inner, number(int(name[1])))
    if name == "clip":
        return apply("clip", inner, number(-1), number(rng.choice([1, 2])))
    if name == "root":
        return apply("sqrt", apply("+", number(1), apply("^", inner, number(2))))
    return apply(name, inner)


HOSTILE = {
    "kinks 1e-9 apart": (
        "abs(x - {c}) - abs(x - {c} - 1e-9)", "max(x, {c}) + {k}*min(x, {c} + 1e-9)",
        "max(x, 0)*{u} + max(x - 1e-9, 0)",
    ),
    "far kink": (
        "{u} + max(x - 1000, 0)", "{k}*{u} + min(x + 1000, 0)", "max(x - 1000000, 0)*tanh({k}*x)",
    ),
    "double root": (
        "({u} - {c})^2", "(x - {c})^2*sigmoid({u})", "x^2*(x - 1)^2 + {k}*x", "x - tanh(x) + {k}*x",
    ),
    "cancellation": (
        "(1 + tanh({u}))*{v}", "(1 - tanh({k}*x))*e^x", "1 + erf({u}) - {k}",
        "{k}*x*(1 + tanh(x)) - x",
    ),
    "oscillation": (
        "sin({k}*x) + {c}*x", "x*sin({c}*x) + {k}*x", "{k}*x + sin(x)^2", "{k}*x - cos(x)",
        "cos({k}*x)*tanh(x)", "sin({k}*x)*e^(-x^2)", "sin(x) + cos({k}*x)",
        "sin(x)*cos({k}*x) + {c}",
        "{k}*x^2*cos(x) - {c}*sin(2x)", "(sin({k}*x) - {c})^2", "{u} + sin({k}*x)",
    ),
    "jump": (
        "where(x < {c}, {u}, {v})", "sign(x - {c})*{u}", "where(x < 0, {u}, {k}*x) + {v}",
    ),
    "nested": (
        "max({u}, min({v}, abs({w})))", "min({u}, {v}, {w})", "abs(abs({u}) - 1)",
        "where(x < {c}, max({u}, 0), min({v}, {w}))",
    ),
    "composition": (
        "erf({u})*atan({v})", "softplus({u}) - softplus({v})", "sqrt(1 + ({u})^2)*{v}",
        "x*Phi({k}*x)", "ln(1 + ({u})^2)", "atan({u})/(1 + x^2)", "x*tanh(softplus({u}))",
    ),
    "pole": ("{u}/(x - {c})", "{u}/(x^2 - 1)", "1/(1 + x^2) + {k}/x", "x/(1 + {u}^2)"),
    "steep": (
        "{k}*e^(x^2) + {u}", "{k}*e^(-x^2) + {c}*x", "tanh(e^(x^2))*{u}", "e^(-x^2)*({u})",
        "erf(50x) + {k}*x",
    ),
    "constants": (
        "{k}*x + sqrt(2)", "{k}*e^x - pi", "pi*tanh(x) - sqrt(2)*{k}*x", "max(x - pi, {k}*x)",
        "max(e^x - 2, {c})",
    ),
}  # fmt: skip
"""Kinds of functions that tools get wrong; u, v, w are small formulas, c and k numbers."""


def hostile(rng):
    """The kind and a function of it."""
    kind = rng.choice(list(HOSTILE))
    text = rng.choice(HOSTILE[kind])
    for name in "ckuvw":
        text = text.replace(f"{{{name}}}", name)
    values = {name: grow(rng, rng.choice((0, 1))) for name in "uvw"}
    values |= {name: constant(rng) for name in "ck"}
    return kind, _filled(parse(text).tree, values)


def _filled(node, values):
    if isinstance(node, Name):
        return values.get(node.name, node)
    if isinstance(node, Apply):
        return apply(node.operator, *(_filled(part, values) for part in node.arguments))
    return node


def list_points(node):
    """Points everywhere, and close to each number that stands in the formula."""
    marks = {abs(part.value) for part in walk(node) if isinstance(part, Number)}
    marks = [MPF(int(m.p)) / int(m.q) for m in marks if m < 10**7]
    beside = [s * m + t for m in marks for s in (1, -1) for t in (-2 * NEAR, MPF(5) ** -13, NEAR)]
    # Between the mark and a second one 1e-9 behind it.
    return sorted({*POINTS, *beside, *(m + MPF("4e-10") for m in marks)})


def sample(node, points):
    """Rows of x, value and slope, where there are any."""
    found = []
    for x in points:
        try:
            value, slope = slope_of(node, x)
        except (OverflowError, ZeroDivisionError, ValueError):
            continue
        found.append((x, value, slope))
    return found


def slope_of(node, x):
    """Value and slope at x by dual numbers."""
    if isinstance(node, Number):
        return MPF(int(node.value.p)) / int(node.value.q), MPF(0)
    if isinstance(node, Name):
        return x, MPF(1)
    if isinstance(node, Constant):
        return +(CONTEXT.pi if node.name == "pi" else CONTEXT.e), MPF(0)
    if node.operator == "where":
        condition, yes, no = node.arguments
        left, right = (slope_of(side, x)[0] for side in condition.arguments)
        return slope_of(yes if left < right else no, x)
    if node.operator == "^" and node.arguments[0] == Constant("e"):
        return _RULES["exp"](slope_of(node.arguments[1], x))
    return _RULES[node.operator](*(slope_of(part, x) for part in node.arguments))


def _sigmoid(u):
    return 1 / (1 + _exp(-u)) if u > 0 else _exp(u) / (1 + _exp(u))


def _exp(u):
    if u > HUGE:
        raise OverflowError
    return CONTEXT.exp(u) if u > -HUGE else MPF(0)


def _wave(function):
    """The function, refused where mpmath would need millions of digits of pi."""

    def at(u):
        if abs(u) > HUGE:
            raise OverflowError
        return function(u)

    return at


def _erf(u):
    return CONTEXT.sign(u) if abs(u) > HUGE else CONTEXT.erf(u)


def _tanh(u):
    if abs(u) > HUGE:
        return CONTEXT.sign(u)
    return CONTEXT.sign(u) * (-CONTEXT.expm1(-2 * abs(u))) / (1 + _exp(-2 * abs(u)))


def _along(value, slope):
    return lambda u: (value(u[0]), slope(u[0]) * u[1])


def _power(u, n):
    power = int(n[0])
    return u[0] ** power, power * u[0] ** (power - 1) * u[1]


def _bell(u):
    return _exp(-u * u)


def _half_erfc(u):
    if abs(u) > HUGE:
        return MPF(u > 0)
    return CONTEXT.erfc(-u / CONTEXT.sqrt(2)) / 2


_RULES = {
    "+": lambda u, v: (u[0] + v[0], u[1] + v[1]),
    "-": lambda u, v: (u[0] - v[0], u[1] - v[1]),
    "neg": lambda u: (-u[0], -u[1]),
    "*": lambda u, v: (u[0] * v[0], u[1] * v[0] + u[0] * v[1]),
    "/": lambda u, v: (u[0] / v[0], (u[1] * v[0] - u[0] * v[1]) / v[0] ** 2),
    "^": _power,
    "max": lambda *parts: max(parts),
    "min": lambda *parts: min(parts),
    "abs": lambda u: u if u[0] >= 0 else (-u[0], -u[1]),
    "sign": lambda u: (CONTEXT.sign(u[0]), MPF(0)),
    "clip": lambda u, a, b: max(a, min(u, b)),
    "exp": _along(_exp, _exp),
    "ln": _along(CONTEXT.ln, lambda u: 1 / u),
    "sqrt": _along(CONTEXT.sqrt, lambda u: 1 / (2 * CONTEXT.sqrt(u))),
    "sin": _along(_wave(CONTEXT.sin), _wave(CONTEXT.cos)),
    "cos": _along(_wave(CONTEXT.cos), _wave(lambda u: -CONTEXT.sin(u))),
    "atan": _along(CONTEXT.atan, lambda u: 1 / (1 + u * u)),
    "erf": _along(_erf, lambda u: 2 * _bell(u) / CONTEXT.sqrt(CONTEXT.pi)),
    "Phi": _along(_half_erfc, lambda u: _exp(-u * u / 2) / CONTEXT.sqrt(2 * CONTEXT.pi)),
    "tanh": _along(_tanh, lambda u: 4 * _sigmoid(2 * u) * _sigmoid(-2 * u)),
    "sigmoid": _along(_sigmoid, lambda u: _sigmoid(u) * _sigmoid(-u)),
    "softplus": _along(lambda u: max(u, MPF(0)) + CONTEXT.log1p(_exp(-abs(u))), _sigmoid),
}
