"""The vocabulary of the LaTeX front end: what commands mean, and why others are refused."""

from __future__ import annotations

from collections.abc import Mapping

from gradiometer.formula.tokens import GREEK
from gradiometer.formula.tree import ALIASES, FUNCTIONS

LETTERS: Mapping[str, str] = {
    **{"\\" + word: letter for letter, word in GREEK.items() if word != "omicron"},
    **{"\\var" + word: letter for letter, word in GREEK.items() if word in {"theta", "phi"}},
    "\\varepsilon": "ε",
    "\\varrho": "ρ",
    "\\varsigma": "σ",
    "\\varpi": "π",
    "\\ell": "l",
}
"""Commands for single letters, and the letter."""

_ELSEWHERE = frozenset({"sqrt", "Phi", "σ", "Φ"})
CALLED: Mapping[str, str] = {
    **{"\\" + name: name for name in (*FUNCTIONS, *ALIASES) if name not in _ELSEWHERE},
    "\\sgn": "sign",
}
"""Commands for functions, and the function."""

OPERATORS: Mapping[str, str] = {
    **{sign: sign for sign in (*"+-*/,<>=", "<=", ">=", "==", "!=")},
    **dict.fromkeys(("\\cdot", "\\times", "\\ast", "×", "·", "⋅", "∗"), "*"),
    **dict.fromkeys(("\\div", "\\slash", "÷", "∕"), "/"),
    **dict.fromkeys(("\\le", "\\leq", "\\leqslant", "\\leqq", "≤"), "<="),
    **dict.fromkeys(("\\ge", "\\geq", "\\geqslant", "\\geqq", "≥"), ">="),
    **dict.fromkeys(("\\ne", "\\neq", "≠"), "!="),
    **dict.fromkeys((":=", "\\coloneqq", "\\eq"), "="),
    **dict.fromkeys(("\\lt",), "<"),
    **dict.fromkeys(("\\gt",), ">"),
    **dict.fromkeys(("\\land", "\\wedge"), "and"),
    **dict.fromkeys(("\\lor", "\\vee"), "or"),
    **dict.fromkeys(("\\lnot", "\\neg"), "not"),
    "−": "-",
}
"""What stands between operands, and its plain spelling."""

SPACES = frozenset(
    {f"\\{sign}" for sign in (",", ";", ":", "!", " ", ">", "\n", "\t", "/")}
    | {"~", "\\quad", "\\qquad", "\\enspace", "\\thinspace", "\\medspace", "\\thickspace"}
    | {"\\negthinspace", "\\displaystyle", "\\textstyle", "\\scriptstyle", "\\limits"}
    | {"\\nolimits", "\\nonumber", "\\notag", "\\mathstrut", "\\strut"}
)
"""What only moves things on the page."""

FENCES: Mapping[str, tuple[str, str]] = {
    "(": (")", ""),
    "[": ("]", ""),
    "\\{": ("\\}", ""),
    "\\lvert": ("\\rvert", "abs"),
    "\\lfloor": ("\\rfloor", "floor"),
    "\\left(": ("\\right)", ""),
    "\\left[": ("\\right]", ""),
    "\\left\\{": ("\\right\\}", ""),
    "\\left|": ("\\right|", "abs"),
    "\\left\\lfloor": ("\\right\\rfloor", "floor"),
}
"""Opening brackets: what closes them, and the function they mean."""

SAME_FENCE: Mapping[str, str] = {
    "\\lbrace": "\\{",
    "\\rbrace": "\\}",
    "\\lbrack": "[",
    "\\rbrack": "]",
    "\\lparen": "(",
    "\\rparen": ")",
    "\\vert": "|",
}
"""Other spellings of brackets."""

OUTER = frozenset({"$", "$$", "\\[", "\\]", "\\(", "\\)"})
"""What stands round a formula in a text."""

CLOSERS = OUTER | {")", "]", "}", "\\}", "\\rvert", "\\rfloor", "\\end", "&", "\\\\"}
"""What ends an expression, besides everything that begins with `\\right`."""

UPRIGHT = frozenset(
    {"\\mathrm", "\\operatorname", "\\operatorname*", "\\mathit", "\\mathsf", "\\mathtt"}
    | {"\\mathop", "\\mathbf", "\\boldsymbol", "\\mathnormal"}
)
"""Commands whose argument is one name."""

TEXTS = frozenset(
    {"\\text", "\\textrm", "\\mbox", "\\textnormal", "\\textit", "\\hbox", "\\intertext"}
)
"""Commands whose argument is words."""

FRACTIONS = frozenset({"\\frac", "\\dfrac", "\\tfrac", "\\cfrac"})

WRAPPERS = frozenset(
    name + star
    for name in (
        "equation",
        "align",
        "aligned",
        "gather",
        "gathered",
        "split",
        "displaymath",
        "math",
    )
    for star in ("", "*")
)
"""Environments that only place their contents on the page."""

_LARGE = ("Sums, products, integrals and limits are no formulas here", "write out the terms")
_ONE = (
    "One sign with two values makes two formulas",
    "write one formula with `+` and one with `-`",
)
_TEX = ("Commands that define or load something are not carried out", "write the formula only")
_FAR = ("A limit or a mapping is no formula", "write a formula without arrows")
_SETS = ("Sets and quantifiers have no meaning here", "give the condition as an assumption")
_NORM = ("A norm has no meaning here", "write `|x|` for the absolute value of a number")
_NEAR = ("Only exact relations can be read", "write `=`, `<`, `\\le`, `>`, `\\ge` or `\\ne`")
_ROOM = ("Vectors and matrices have no meaning here", "write the entries as variables")

REFUSED: Mapping[str, tuple[str, str]] = {
    **{f"\\{name}": _LARGE for name in ("sum", "prod", "int", "iint", "oint", "lim", "limsup")},
    **{f"\\{name}": _LARGE for name in ("liminf", "sup", "inf", "bigcup", "bigcap", "coprod")},
    **{f"\\{name}": _ONE for name in ("pm", "mp")},
    **{f"\\{name}": _TEX for name in ("input", "include", "def", "gdef", "edef", "xdef", "let")},
    **{f"\\{name}": _TEX for name in ("newcommand", "renewcommand", "providecommand", "write")},
    **{
        f"\\{name}": _TEX
        for name in ("openin", "openout", "read", "csname", "catcode", "usepackage")
    },
    **{f"\\{name}": _TEX for name in ("expandafter", "immediate", "special", "loop", "require")},
    **{f"\\{name}": _TEX for name in ("DeclareMathOperator", "includegraphics", "href", "url")},
    **{f"\\{name}": _FAR for name in ("to", "rightarrow", "longrightarrow", "mapsto", "gets")},
    **{f"\\{name}": _FAR for name in ("Rightarrow", "implies", "iff", "Leftrightarrow")},
    **{
        f"\\{name}": _SETS
        for name in ("in", "notin", "forall", "exists", "mathbb", "subset", "cup")
    },
    **{f"\\{name}": _SETS for name in ("cap", "setminus", "emptyset", "mathcal", "colon")},
    **{f"\\{name}": _NORM for name in ("|", "Vert", "lVert", "rVert", "left\\|", "right\\|")},
    **{f"\\{name}": _NEAR for name in ("approx", "sim", "simeq", "cong", "propto", "equiv", "ll")},
    **{f"\\{name}": _NEAR for name in ("gg", "doteq", "triangleq", "not")},
    **{f"\\{name}": _ROOM for name in ("vec", "hat", "bar", "tilde", "overline", "nabla", "odot")},
    **{f"\\{name}": _ROOM for name in ("otimes", "oplus", "top", "dot", "ddot", "underline")},
    "**": ("Two stars have no meaning in LaTeX", "write `x^{2}` for a power"),
    "\\circ": ("Composition is not read", "write `f(g(x))`"),
    "\\over": ("`\\over` is not read", "write `\\frac{a}{b}`"),
    "\\atop": ("`\\atop` is not read", "write `\\frac{a}{b}`"),
    "\\binom": ("There are no binomials here", "write the quotient of products"),
    "\\lceil": ("There is no ceiling here", "write `-\\lfloor -x \\rfloor`"),
    "\\rceil": ("There is no ceiling here", "write `-\\lfloor -x \\rfloor`"),
    "\\lg": ("The base of `\\lg` is not clear", "write `\\log_{10} x` or `\\log_{2} x`"),
    "\\lb": ("The base of `\\lb` is not clear", "write `\\log_{10} x` or `\\log_{2} x`"),
    "\\arcsin": ("There is no inverse sine here", "write the statement with `\\sin`"),
    "\\arccos": ("There is no inverse cosine here", "write the statement with `\\cos`"),
    "\\coth": ("There is no `\\coth` here", "write `\\frac{\\cosh(x)}{\\sinh(x)}`"),
    "\\cot": ("There is no `\\cot` here", "write `\\frac{\\cos(x)}{\\sin(x)}`"),
    "\\sec": ("There is no `\\sec` here", "write `\\frac{1}{\\cos(x)}`"),
    "\\csc": ("There is no `\\csc` here", "write `\\frac{1}{\\sin(x)}`"),
    "\\%": ("There are no percents here", "write `\\frac{x}{100}`"),
    "\\mid": ("This bar has no meaning here", "write `|x|` for an absolute value"),
    "\\middle|": ("A bar in the middle has no meaning here", "write `|x|` for an absolute value"),
    "\\left.": (
        "A value at a point is not read in this form",
        "write the point as an argument, such as `f'(1)`",
    ),
    "\\partial": (
        "This is no quotient of differentials",
        "write `\\frac{\\partial c}{\\partial a}` or `f'(x)`",
    ),
}
"""Commands without a reading: why, and what to write."""

STRUCTURE = frozenset({"\\sqrt", "\\begin", "\\end", "\\left", "\\right", "\\infty", "\\prime"})
KNOWN_COMMANDS: tuple[str, ...] = tuple(
    command
    for command in dict.fromkeys(
        (*CALLED, *LETTERS, *FRACTIONS, *STRUCTURE, *UPRIGHT, *TEXTS, *OPERATORS, *SPACES, *FENCES)
    )
    if command[0] == "\\" and command[1:].isalpha()
)
"""Commands that are read, for suggestions."""
