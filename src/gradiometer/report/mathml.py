"""Formulas of a page as MathML, spaced as on a printed page; plain text where none can be set."""

from __future__ import annotations

import re
from functools import lru_cache

_INFINITY = "<mo>&#x0221E;</mo>"

_SIGN = re.compile(
    r"(<(?:math|mrow|mtd|mfrac)\b[^>]*>"
    r"|<mo(?![^>]*postfix)[^>]*>(?!&#x00029;|&#x0005D;|\]|\))[^<]*</mo>)<mo>&#x02212;</mo>"
)
"""A minus that starts a formula or follows an operator: a sign, close to its number."""


@lru_cache(maxsize=4096)
def to_page_mathml(latex: str, *, is_block: bool) -> str:
    """The LaTeX as a MathML element, or an empty text when it cannot be converted."""
    from gradiometer.formula import to_mathml

    try:
        element = to_mathml(latex)
    except Exception:
        # The converter raises errors of its own kinds; the plain notation is shown instead.
        return ""
    element = _SIGN.sub(r'\1<mo form="prefix">&#x02212;</mo>', element)
    element = element.replace(_INFINITY, "<mi>&#x0221E;</mi>")
    return element.replace('display="inline"', 'display="block"', 1) if is_block else element


_FUNCTIONS = ("f", "f'", "g", "g'", "L", "L'", "rate")

_SIGNS = {"==": " = ", "!=": r" \ne ", "<": " < ", "<=": r" \le ", ">": " > ", ">=": r" \ge "}

_MATHEMATICAL = re.compile(r"[-+*/^()<>=]|\d")

_MOST_LETTERS = 400
"""Longer formulas are clearer, and quicker, as the text they were written as."""


@lru_cache(maxsize=4096)
def read_latex(text: str) -> str:
    """LaTeX of plain notation: a formula, a chain of relations, or cases; empty for words."""
    if not _MATHEMATICAL.search(text) or len(text) > _MOST_LETTERS:
        return ""
    if " for " not in text:
        return _read_chain(text)
    cases = [tuple(map(_read_chain, case.split(" for "))) for case in text.split("; ")]
    if not all(len(case) == 2 and all(case) for case in cases):
        return ""
    if len(cases) == 1:
        return r" \quad \text{for } ".join(cases[0])
    lines = r" \\ ".join(f"{value} & {condition}" for value, condition in cases)
    return rf"\begin{{cases}} {lines} \end{{cases}}"


def _read_chain(text: str) -> str:
    from gradiometer.errors import GradiometerError
    from gradiometer.formula import parse, parse_relation, to_latex

    try:
        if not re.search("[<>=]", text):
            return to_latex(parse(text, functions=_FUNCTIONS).tree)
        chain = parse_relation(text, functions=_FUNCTIONS)
    except (GradiometerError, ValueError):
        return ""
    signs = ["", *(_SIGNS[relation] for relation in chain.relations)]
    sides = (to_latex(side.tree) for side in chain.sides)
    return "".join(sign + side for sign, side in zip(signs, sides, strict=True))
