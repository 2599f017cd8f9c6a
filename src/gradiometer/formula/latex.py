"""A tree as LaTeX, and LaTeX as MathML: for readers, so brackets follow the printed page."""

from __future__ import annotations

import re

from gradiometer.formula.spelling import LEVELS, to_text
from gradiometer.formula.tokens import GREEK
from gradiometer.formula.tree import Apply, Constant, Name, Node, Number

_SUM = LEVELS["+"]
_PRODUCT = LEVELS["*"]
_POWER = LEVELS["^"]
_ATOM = _POWER + 1

_COMMANDS: dict[str, str] = {
    **{name: f"\\{name}" for name in ("exp", "ln", "sin", "cos", "tan", "sinh", "cosh", "tanh")},
    **{name: f"\\{name}" for name in ("max", "min")},
    "atan": "\\arctan",
    "sigmoid": "\\sigma",
    "Phi": "\\Phi",
}
_FENCES = {
    "abs": ("\\left|", "\\right|"),
    "floor": ("\\left\\lfloor ", "\\right\\rfloor"),
}
_RELATIONS = {"<": "<", "<=": "\\le", ">": ">", ">=": "\\ge", "==": "=", "!=": "\\ne"}
_WORDS = frozenset(GREEK.values()) - {"omicron"}
_NAME = re.compile(r"(?P<stem>[A-Za-z]+?)(?P<digits>[0-9]*)(?P<rest>_\w+)?(?P<primes>'*)")
_WORD_LAST = re.compile(r"\\mathrm\{[^{}]*\}'*$")
_FUNCTION_FIRST = re.compile(r"\\(?:operatorname|exp|ln|arctan|tanh?|sinh?|cosh?|max|min)\b")
_SPELLED = re.compile(
    r'<mi mathvariant="normal">[^<]*</mi>(?:<mi mathvariant="normal">[^<]*</mi>|<mn>[0-9]*</mn>)+'
)
_SCIENTIFIC = re.compile(r"(?P<mantissa>[0-9.]+)[eE](?P<exponent>[+-]?[0-9]+)")


def to_latex(node: Node) -> str:
    r"""The tree as LaTeX.

    Example:
        >>> from gradiometer.formula import parse
        >>> print(to_latex(parse("3e^x/(v1 + 1)").tree))
        \frac{3 e^{x}}{v_{1} + 1}
    """
    return _spell(node)[0]


def to_mathml(formula: Node | str) -> str:
    """A tree or a LaTeX text as a MathML element that needs no script to be shown.

    Example:
        >>> to_mathml("x").endswith("<mi>x</mi></mrow></math>")
        True
    """
    from latex2mathml.converter import convert

    element = convert(formula if isinstance(formula, str) else to_latex(formula))
    return _SPELLED.sub(_join, element)


def _join(found: re.Match[str]) -> str:
    """The letters of one upright word as one element, so that no space comes between them."""
    return f"<mi>{re.sub('<[^>]*>', '', found.group())}</mi>"


def _spell(node: Node) -> tuple[str, int]:
    """The LaTeX and how tightly it binds."""
    if isinstance(node, Number):
        return _number(node)
    if isinstance(node, Constant):
        return ("\\pi" if node.name == "pi" else "e"), _ATOM
    if isinstance(node, Name):
        return _name(node.name), _ATOM
    operator = node.operator
    if operator in {"+", "-", "*", "neg"}:
        return _arithmetic(operator, node.arguments)
    if operator == "/":
        top, bottom = node.arguments
        # A fraction stands like a product beside others, and is bracketed under a power.
        return f"\\frac{{{to_latex(top)}}}{{{to_latex(bottom)}}}", _PRODUCT
    if operator == "^":
        base, exponent = node.arguments
        return f"{_inside(base, _ATOM)}^{{{to_latex(exponent)}}}", _POWER
    if operator == "sqrt":
        return f"\\sqrt{{{to_latex(node.arguments[0])}}}", _ATOM
    if operator == "where":
        return _cases(node), LEVELS["or"]
    if operator in _FENCES:
        left, right = _FENCES[operator]
        return f"{left}{to_latex(node.arguments[0])}{right}", _ATOM
    if operator in LEVELS:
        return _condition(operator, node.arguments)
    # ln(x)^2 could be ln(x^2) on the page, so the base of a power gets brackets.
    return _call(operator, node.arguments), _POWER


def _arithmetic(operator: str, arguments: tuple[Node, ...]) -> tuple[str, int]:
    if operator == "neg":
        # On the page -ab and (-a)b look alike, so only sums and signs need brackets.
        text = _inside(arguments[0], _PRODUCT)
        return "-" + (f"\\left({text}\\right)" if text.startswith("-") else text), _SUM
    left, right = arguments
    if operator == "*":
        first, second = _inside(left, _PRODUCT), _inside(right, _PRODUCT)
        is_number = isinstance(right, Number) and "\\cdot" in second
        if is_number or (isinstance(right, Apply) and right.operator == "*"):
            # a(bc) is not (ab)c where numbers are rounded, so the form is kept, as in plain text.
            second = f"\\left({second}\\right)"
        return f"{first}{_times(first, second)}{second}", _PRODUCT
    second = _inside(right, _SUM + 1)
    if second.startswith("-"):
        second = f"\\left({second}\\right)"
    return f"{_inside(left, _SUM)} {operator} {second}", _SUM


def _times(left: str, right: str) -> str:
    """What stands between two factors: a dot where digits or words would run together."""
    if (
        right[0] in "0123456789."
        or right.startswith(("\\frac", "\\mathrm"))
        or _WORD_LAST.search(left)
    ):
        return " \\cdot "
    # TeX sets a space before the name of a function; MathML needs to be told.
    return " \\, " if _FUNCTION_FIRST.match(right) else " "


def _inside(node: Node, loosest: int) -> str:
    text, level = _spell(node)
    return text if level >= loosest else f"\\left({text}\\right)"


def _call(operator: str, arguments: tuple[Node, ...]) -> str:
    if operator in _COMMANDS:
        name = _COMMANDS[operator]
    elif len(operator.rstrip("'")) == 1:
        name = operator
    else:
        stem = operator.rstrip("'")
        name = f"\\operatorname{{{_escaped(stem)}}}{operator[len(stem) :]}"
    return f"{name}\\left({', '.join(map(to_latex, arguments))}\\right)"


def _condition(operator: str, arguments: tuple[Node, ...]) -> tuple[str, int]:
    level = LEVELS[operator]
    if operator == "not":
        return f"\\text{{not }}{_inside(arguments[0], _ATOM)}", level
    left, right = (_inside(part, level + 1) for part in arguments)
    if operator in _RELATIONS:
        return f"{left} {_RELATIONS[operator]} {right}", level
    return f"{_inside(arguments[0], level)} \\text{{ {operator} }} {right}", level


def _cases(node: Apply) -> str:
    """The rows of a `where`; a `where` in its last value continues them."""
    rows: list[str] = []
    current: Node = node
    while isinstance(current, Apply) and current.operator == "where":
        condition, value, current = current.arguments
        rows.append(f"{to_latex(value)} & \\text{{if }} {to_latex(condition)}")
    rows.append(f"{to_latex(current)} & \\text{{otherwise}}")
    return "\\begin{cases} " + " \\\\ ".join(rows) + " \\end{cases}"


def _number(node: Number) -> tuple[str, int]:
    text = to_text(node)
    sign = "-" if text.startswith("-") else ""
    digits = text.removeprefix("-")
    top, slash, bottom = digits.partition("/")
    if slash:
        return f"{sign}\\frac{{{top}}}{{{bottom}}}", _SUM if sign else _PRODUCT
    found = _SCIENTIFIC.fullmatch(digits)
    if found is not None:
        power = f"10^{{{int(found['exponent'])}}}"
        mantissa = found["mantissa"]
        digits = power if mantissa == "1" else f"{mantissa} \\cdot {power}"
        return sign + digits, _SUM if sign else _PRODUCT
    return sign + digits, _SUM if sign else _ATOM


def _name(name: str) -> str:
    r"""A name: Greek words as letters, digits and what follows `_` below the line."""
    found = _NAME.fullmatch(name)
    if found is None:
        return _upright(name)
    stem, digits, rest = found["stem"], found["digits"], found["rest"] or ""
    primes = found["primes"]
    if stem in _WORDS or stem == "eps":
        letter = "\\varepsilon" if stem in {"eps", "epsilon"} else f"\\{stem}"
    elif len(stem) == 1:
        letter = stem
    else:
        return _upright(name.rstrip("'")) + primes
    below = rest[1:] if not digits else digits + (f",{rest[1:]}" if rest else "")
    if not below:
        return letter + primes
    short = len(below) == 1 or below.replace(",", "").isdigit()
    return f"{letter}{primes}_{{{below if short else _upright(below)}}}"


def _upright(text: str) -> str:
    return f"\\mathrm{{{_escaped(text)}}}"


def _escaped(text: str) -> str:
    return text.replace("_", "\\_")
