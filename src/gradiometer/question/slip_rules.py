"""The mistakes that people make, as data: wrong rules of algebra, and wrong rules of slopes.

Each row is written in the users' own notation. In the rules of algebra `a`, `b`, `c` are any
formulas, `n` any number, `F` any function of one argument and `>` any relation. In the rules of
slopes `u`, `v` are the arguments, `p`, `q` their slopes, `n` an exponent without the variable, and
`x` the variable.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Mistake(NamedTuple):
    """One wrong rule."""

    family: str
    pattern: str
    """What it is used on; empty for a rule of slopes, which stands under its operator."""
    result: str
    words: str
    """What was done, as the end of a sentence that begins with `likely`."""


ALGEBRA: tuple[Mistake, ...] = (
    Mistake("root of a square", "sqrt(a^2)", "a", "the root of a square lost its absolute value"),
    Mistake("lost kink", "abs(a)", "a", "the absolute value was left out"),
    Mistake("lost kink", "abs(a)", "-a", "the absolute value was read as the opposite number"),
    Mistake("lost kink", "max(a, b)", "a", "only one branch of the maximum was kept"),
    Mistake("lost kink", "max(a, b)", "b", "only one branch of the maximum was kept"),
    Mistake("lost kink", "max(a, b)", "min(a, b)", "the maximum was read as the minimum"),
    Mistake("lost kink", "min(a, b)", "a", "only one branch of the minimum was kept"),
    Mistake("lost kink", "min(a, b)", "b", "only one branch of the minimum was kept"),
    Mistake("lost kink", "min(a, b)", "max(a, b)", "the minimum was read as the maximum"),
    Mistake("lost kink", "relu(a)", "a", "the branch of `relu` at which it is 0 was lost"),
    Mistake("lost kink", "clip(a, b, c)", "max(a, b)", "the upper edge of `clip` was lost"),
    Mistake("lost kink", "clip(a, b, c)", "min(a, c)", "the lower edge of `clip` was lost"),
    Mistake("lost kink", "where(a > d, b, c)", "b", "only one branch was kept"),
    Mistake("lost kink", "where(a > d, b, c)", "c", "only one branch was kept"),
    Mistake("lost kink", "where(a > d, b, c)", "where(a > d, c, b)", "the branches were swapped"),
    Mistake("lost kink", "sign(a)", "1", "the sign was left out"),
    Mistake("logarithm", "ln(a + b)", "ln(a) + ln(b)", "the logarithm of a sum was split"),
    Mistake("logarithm", "ln(a - b)", "ln(a) - ln(b)", "the logarithm of a difference was split"),
    Mistake("logarithm", "ln(a - b)", "ln(a)/ln(b)", "the logarithm of a difference was split"),
    Mistake("logarithm", "ln(a * b)", "ln(a)*ln(b)", "the logarithm of a product was multiplied"),
    Mistake("logarithm", "ln(a / b)", "ln(a)/ln(b)", "the logarithm of a quotient was divided"),
    Mistake("logarithm", "ln(a / b)", "ln(b) - ln(a)", "the order in a logarithm was turned round"),
    Mistake("logarithm", "ln(a) + ln(b)", "ln(a + b)", "logarithms were joined to one of a sum"),
    Mistake("logarithm", "ln(a) - ln(b)", "ln(a - b)", "logarithms were joined as a difference"),
    Mistake("logarithm", "ln(a^b)", "ln(a)^b", "the exponent was left outside the logarithm"),
    Mistake("logarithm", "ln(a)^b", "b*ln(a)", "a power of a logarithm was read as one inside"),
    Mistake("logarithm", "ln(1)", "1", "the logarithm of 1 was taken for 1"),
    Mistake("power of a sum", "(a + b)^n", "a^n + b^n", "a power of a sum was taken term by term"),
    Mistake("power of a sum", "(a - b)^n", "a^n - b^n", "the power was taken term by term"),
    Mistake("power of a sum", "(a - b)^n", "a^n + b^n", "the power was taken term by term"),
    Mistake("power of a sum", "(a + b)^2", "a^2 + a*b + b^2", "the middle term lacks its factor 2"),
    Mistake("power of a sum", "(a - b)^2", "a^2 - a*b + b^2", "the middle term lacks its factor 2"),
    Mistake("power of a sum", "(a - b)^2", "a^2 - 2*a*b - b^2", "the last square got a minus"),
    Mistake("power of a sum", "sqrt(a + b)", "sqrt(a) + sqrt(b)", "a root was taken term by term"),
    Mistake("power of a sum", "sqrt(a - b)", "sqrt(a) - sqrt(b)", "a root was taken term by term"),
    Mistake("reciprocal", "a/(b + c)", "a/b + a/c", "a quotient was split at the sum below it"),
    Mistake("reciprocal", "a/(b - c)", "a/b - a/c", "a quotient was split at its denominator"),
    Mistake("reciprocal", "a/b + c/d", "(a + c)/(b + d)", "fractions were added part by part"),
    Mistake("reciprocal", "(a + b)/c", "a/c + b", "only one term was divided"),
    Mistake("reciprocal", "(a + b)/a", "b", "a term of a sum was cancelled"),
    Mistake("reciprocal", "(a + b)/a", "1 + b", "a term of a sum was cancelled"),
    Mistake("bracket", "a*(b + c)", "a*b + c", "a bracket was lost, the factor reached one term"),
    Mistake("bracket", "a*(b - c)", "a*b - c", "a bracket was lost, the factor reached one term"),
    Mistake("bracket", "a - (b + c + d)", "a - b + c + d", "the minus reached the first term only"),
    Mistake("bracket", "a - (b - c + d)", "a - b - c + d", "the minus reached the first term only"),
    Mistake("bracket", "a - (b + c - d)", "a - b + c - d", "the minus reached the first term only"),
    Mistake("bracket", "a - (b - c - d)", "a - b - c - d", "the minus reached the first term only"),
    Mistake("bracket", "a - (b + c)", "a - b + c", "the minus did not reach the whole bracket"),
    Mistake("bracket", "a - (b - c)", "a - b - c", "the minus did not reach the whole bracket"),
    Mistake("bracket", "-(a + b)", "-a + b", "the minus did not reach the whole bracket"),
    Mistake("bracket", "-(a - b)", "-a - b", "the minus did not reach the whole bracket"),
    Mistake("bracket", "(a*b)^n", "a*b^n", "a bracket was lost, the exponent reached one factor"),
    Mistake("bracket", "(-a)^n", "-(a^n)", "the bracket of a negative number was lost in a power"),
    Mistake("product and sum", "a*b", "a + b", "a product was read as a sum"),
    Mistake("product and sum", "a + b", "a*b", "a sum was read as a product"),
    Mistake("sign", "a + b", "a - b", "a sign was turned"),
    Mistake("sign", "a + b", "b - a", "a sign was turned"),
    Mistake("sign", "a - b", "a + b", "a sign was turned"),
    Mistake("sign", "a - b", "-a - b", "a sign was turned"),
    Mistake("sign", "a - b", "b - a", "the order of a difference was turned round"),
    Mistake("sign", "-a", "a", "a minus was lost"),
    Mistake("exponent", "a^b*a^c", "a^(b*c)", "exponents were multiplied that are added"),
    Mistake("exponent", "(a^b)^c", "a^(b + c)", "exponents were added that are multiplied"),
    Mistake("exponent", "a^(b + c)", "a^b + a^c", "a power of a sum was split into a sum"),
    Mistake("exponent", "a^(b*c)", "a^b", "a factor of the exponent was lost"),
    Mistake("exponent", "a^(b*c)", "a^c", "a factor of the exponent was lost"),
    Mistake("exponent", "a^(b*c)", "b*a^c", "a factor of the exponent was put before the power"),
    Mistake("exponent", "a^(-b)", "a^b", "the minus of an exponent was lost"),
    Mistake("exponent", "a^(-b)", "-(a^b)", "a negative exponent was read as a minus before it"),
    Mistake("exponent", "a^n", "a", "an exponent was lost"),
    Mistake("exponent", "a^n", "n*a", "a power was read as a product"),
    Mistake("exponent", "a^n", "a^(n - 1)", "an exponent is off by one"),
    Mistake("exponent", "a^n", "a^(n + 1)", "an exponent is off by one"),
    Mistake("exponent", "a^n", "a^(-n)", "the sign of an exponent was turned"),
    Mistake("exponent", "e^a", "e^(-a)", "the sign of an exponent was turned"),
    Mistake("exponent", "sqrt(a)", "a", "a root was lost"),
    Mistake("linear function", "F(a + b)", "F(a) + F(b)", "the function was taken as linear"),
    Mistake("linear function", "F(a - b)", "F(a) - F(b)", "the function was taken as linear"),
    Mistake("linear function", "F(n*a)", "n*F(a)", "a factor was pulled out of the function"),
    Mistake("linear function", "F(-a)", "-F(a)", "a minus was pulled out of the function"),
    Mistake("linear function", "F(-a)", "F(a)", "a minus was lost inside the function"),
    Mistake("linear function", "F(n*a)", "F(a)", "a factor was lost inside the function"),
    Mistake("term dropped", "a + b", "a", "a term was dropped"),
    Mistake("term dropped", "a + b", "b", "a term was dropped"),
    Mistake("term dropped", "a - b", "a", "a term was dropped"),
    Mistake("term dropped", "a - b", "-b", "a term was dropped"),
    Mistake("factor", "a*b", "a", "a factor was dropped"),
    Mistake("factor", "a*b", "b", "a factor was dropped"),
    Mistake("factor", "a/b", "a", "a denominator was dropped"),
    Mistake("factor", "a/b", "a*b", "a quotient was read as a product"),
    Mistake("reciprocal", "a/b", "b/a", "a quotient was turned upside down"),
    Mistake("reciprocal", "a*b", "a/b", "a product was read as a quotient"),
    Mistake("coefficient", "n", "n + 1", "a number is off by one"),
    Mistake("coefficient", "n", "n - 1", "a number is off by one"),
    Mistake("coefficient", "n", "-n", "a number has the wrong sign"),
    Mistake("coefficient", "n", "2*n", "a number was doubled"),
    Mistake("coefficient", "n", "n/2", "a number was halved"),
    Mistake("coefficient", "n", "1/n", "a number was turned upside down"),
    Mistake("coefficient", "n", "n^2", "a number was squared"),
    Mistake("coefficient", "n", "10*n", "a decimal point was moved"),
    Mistake("coefficient", "n", "n/10", "a decimal point was moved"),
)  # fmt: skip


class SlopeRule(NamedTuple):
    """The slope of one operation, and what people write instead."""

    right: str
    wrong: tuple[Mistake, ...]


def _wrong(family: str, *rows: tuple[str, str]) -> tuple[Mistake, ...]:
    return tuple(Mistake(family, "", result, words) for result, words in rows)


def _chain(outer: str, bare: str, function: str) -> SlopeRule:
    """A function of one argument: its own slope times that of the argument."""
    inner = _wrong(
        "inner derivative",
        (outer, f"the slope of what stands inside `{function}` was left out"),
        (f"({outer}) + p", f"the slope of what stands inside `{function}` was added"),
        (f"({outer})*u", f"`{function}` was multiplied by what stands inside it, not by its slope"),
        (f"{function}(p)", f"the slope was taken inside `{function}`"),
    )
    outside = _wrong(
        "derivative",
        (f"{function}(u)*p", f"`{function}` was kept instead of differentiated"),
        (f"({outer})*p^2", "the slope of the inside came in twice"),
    )
    lost = _wrong("exponent", (f"({bare})*p", f"`{function}` lost what stands inside it"))
    turned = _wrong("sign", (f"-({outer})*p", f"the slope of `{function}` got the wrong sign"))
    return SlopeRule(f"({outer})*p", (*inner, *lost, *outside, *turned))


_BRANCHES = "where(u > v, {0}, where(u < v, {1}, none))"

SLOPES: Mapping[str, SlopeRule] = {
    "neg": SlopeRule("-p", _wrong("sign", ("p", "a minus was lost"))),
    "+": SlopeRule("p + q", (
        *_wrong("sign", ("p - q", "a sign was turned"), ("q - p", "a sign was turned")),
        *_wrong("term dropped", ("p", "the slope of one term was dropped"),
                ("q", "the slope of one term was dropped")),
        *_wrong("constant kept", ("p + v", "a term was kept as it is"),
                ("u + q", "a term was kept as it is")),
    )),
    "-": SlopeRule("p - q", (
        *_wrong("sign", ("p + q", "a sign was turned"), ("q - p", "a sign was turned")),
        *_wrong("term dropped", ("p", "the slope of one term was dropped"),
                ("-q", "the slope of one term was dropped")),
        *_wrong("constant kept", ("p - v", "a term was kept as it is")),
    )),
    "*": SlopeRule("p*v + u*q", (
        *_wrong("product rule", ("p*q", "the slope of a product was taken as product of slopes"),
                ("p*v", "one term of the product rule was dropped"),
                ("u*q", "one term of the product rule was dropped"),
                ("p + q", "the slope of a product was taken as sum of slopes"),
                ("p*u + v*q", "the factors of the product rule were paired the wrong way"),
                ("p + u*q", "a factor of the product rule was lost"),
                ("p*v + q", "a factor of the product rule was lost"),
                ("p*v + u", "a factor of the product rule was lost"),
                ("v + u*q", "a factor of the product rule was lost")),
        *_wrong("sign", ("p*v - u*q", "the product rule got a minus"),
                ("u*q - p*v", "the product rule got a minus")),
        *_wrong("product and sum", ("(p*v)*(u*q)", "the terms of the product rule were multiplied"),
                ("p + v + u*q", "a product was read as a sum"),
                ("p*v + u + q", "a product was read as a sum")),
    )),
    "/": SlopeRule("(p*v - u*q)/v^2", (
        *_wrong("quotient rule",
                ("(u*q - p*v)/v^2", "the order in the quotient rule was turned round"),
                ("(p*v + u*q)/v^2", "the quotient rule got a plus"),
                ("(p*v - u*q)/v", "the square in the quotient rule was forgotten"),
                ("p*v - u*q", "the denominator of the quotient rule was forgotten"),
                ("p/q", "the slope of a quotient was taken as quotient of slopes"),
                ("(p*v - u*q)/u^2", "the quotient rule was divided by the wrong square"),
                ("(p*v - u*q)/v^4", "the quotient rule was divided by the wrong power"),
                ("p/v", "the denominator was taken as constant"),
                ("p/v^2", "one term of the quotient rule was dropped"),
                ("(p*v - u)/v^2", "a factor of the quotient rule was lost"),
                ("(v - u*q)/v^2", "a factor of the quotient rule was lost"),
                ("-(u*q)/v^2", "one term of the quotient rule was dropped")),
    )),
    "power": SlopeRule("n*u^(n - 1)*p", (
        *_wrong("power rule",
                ("n*u^n*p", "the exponent was not lowered"),
                ("u^(n - 1)*p", "the exponent was not put before the power"),
                ("n*u*p", "the exponent was lost"),
                ("(n - 1)*u^(n - 1)*p", "the lowered exponent was put before the power"),
                ("(n - 1)*u^n*p", "the exponent was not lowered"),
                ("n*u^(n + 1)*p", "the exponent was raised instead of lowered"),
                ("n*u^(n - 2)*p", "the exponent was lowered twice"),
                ("u^(n + 1)/(n + 1)", "it was integrated instead of differentiated"),
                ("u^n*p", "the power was kept instead of differentiated")),
        *_wrong("inner derivative",
                ("n*u^(n - 1)", "the slope of what stands inside the power was left out"),
                ("n*p^(n - 1)", "the slope was taken inside the power"),
                ("n*u^(n - 1)*u", "the slope of what stands inside the power was left out"),
                ("n*u^(n - 1) + p", "the slope of what stands inside the power was added")),
        *_wrong("sign", ("-n*u^(n - 1)*p", "the slope of a power got the wrong sign")),
    )),
    "exponential": SlopeRule("n^u*ln(n)*p", (
        *_wrong("inner derivative",
                ("n^u*ln(n)", "the slope of the exponent was left out"),
                ("n^u*ln(n)*u", "the exponent came in place of its slope"),
                ("n^p", "the slope was taken inside the exponent"),
                ("n^u*ln(n) + p", "the slope of the exponent was added")),
        *_wrong("exponent", ("n^x*ln(n)*p", "the exponent lost its factor"),
                ("n^x*ln(n)", "the exponent lost its factor, and its slope was left out")),
        *_wrong("power rule", ("u*n^(u - 1)*p", "the power rule was used on an exponential"),
                ("u*n^(u - 1)", "the power rule was used on an exponential"),
                ("p*n^(u - 1)", "the power rule was used on an exponential")),
        *_wrong("derivative", ("n^u*p", "the logarithm of the base was left out")),
        *_wrong("sign", ("-(n^u)*ln(n)*p", "the slope of an exponential got the wrong sign")),
    )),
    "exp": _chain("exp(u)", "exp(x)", "exp"),
    "ln": _chain("1/u", "1/x", "ln"),
    "sqrt": SlopeRule("p/(2*sqrt(u))", (
        *_wrong("inner derivative",
                ("1/(2*sqrt(u))", "the slope of what stands inside the root was left out"),
                ("1/(2*sqrt(p))", "the slope was taken inside the root")),
        *_wrong("power rule", ("p/sqrt(u)", "the factor 1/2 of a root's slope was left out"),
                ("2*p/sqrt(u)", "the factor 1/2 of a root's slope was turned upside down"),
                ("p*sqrt(u)/2", "the exponent 1/2 was not lowered"),
                ("1/sqrt(u)", "the factor 1/2 and the slope of the inside were left out")),
        *_wrong("sign", ("-p/(2*sqrt(u))", "the slope of a root got the wrong sign")),
    )),
    "sin": _chain("cos(u)", "cos(x)", "sin"),
    "cos": _chain("-sin(u)", "-sin(x)", "cos"),
    "tan": _chain("1/cos(u)^2", "1/cos(x)^2", "tan"),
    "atan": _chain("1/(1 + u^2)", "1/(1 + x^2)", "atan"),
    "sinh": _chain("cosh(u)", "cosh(x)", "sinh"),
    "cosh": _chain("sinh(u)", "sinh(x)", "cosh"),
    "tanh": _chain("1 - tanh(u)^2", "1 - tanh(x)^2", "tanh"),
    "sigmoid": _chain("sigmoid(u)*(1 - sigmoid(u))", "sigmoid(x)*(1 - sigmoid(x))", "sigmoid"),
    "softplus": _chain("sigmoid(u)", "sigmoid(x)", "softplus"),
    "erf": _chain("2*e^(-u^2)/sqrt(pi)", "2*e^(-x^2)/sqrt(pi)", "erf"),
    "Phi": _chain("e^(-u^2/2)/sqrt(2*pi)", "e^(-x^2/2)/sqrt(2*pi)", "Phi"),
    "abs": SlopeRule("u/abs(u)*p", (
        *_wrong("lost kink", ("p", "the branch below 0 of the absolute value was lost"),
                ("-u/abs(u)*p", "the sides of the kink were swapped"),
                ("abs(p)", "the slope was taken inside the absolute value")),
        *_wrong("inner derivative", ("u/abs(u)", "the slope of the inside was left out")),
    )),
    "relu": SlopeRule("where(u > 0, p, where(u < 0, 0, none))", (
        *_wrong("lost kink", ("p", "the branch at which it is 0 was lost"),
                ("0", "the branch at which it is not 0 was lost"),
                ("where(u < 0, p, where(u > 0, 0, none))", "the sides of the kink were swapped")),
        *_wrong("inner derivative",
                ("where(u > 0, 1, where(u < 0, 0, none))", "the slope of the inside was left out")),
    )),
    "max": SlopeRule(_BRANCHES.format("p", "q"), (
        *_wrong("lost kink", ("p", "only one branch was kept"), ("q", "only one branch was kept"),
                (_BRANCHES.format("q", "p"), "the sides of the kink were swapped"),
                ("p + q", "both branches were kept at once")),
    )),
    "min": SlopeRule(_BRANCHES.format("q", "p"), (
        *_wrong("lost kink", ("p", "only one branch was kept"), ("q", "only one branch was kept"),
                (_BRANCHES.format("p", "q"), "the sides of the kink were swapped"),
                ("p + q", "both branches were kept at once")),
    )),
}  # fmt: skip
"""By operator; `power` has a constant exponent, `exponential` a constant base."""
