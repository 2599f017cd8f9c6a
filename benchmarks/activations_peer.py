"""One SymPy question about one function, printed as a word or a set; run in a child process."""

from __future__ import annotations

import sys

import sympy
from sympy.calculus.util import function_range

X = sympy.Symbol("x", real=True)


def read(text: str) -> sympy.Expr:
    """The function of a formula in SymPy's own notation."""
    from sympy.parsing.sympy_parser import parse_expr

    return parse_expr(text, local_dict={"x": X})


def answer(question: str, text: str) -> str:
    """SymPy's answer; anything that is no answer is an empty text."""
    f = read(text)
    if question == "range":
        found = function_range(f, X, sympy.S.Reals)
        if isinstance(found, sympy.FiniteSet) and len(found) == 1:
            return f"{sympy.N(found.args[0], 12)} {sympy.N(found.args[0], 12)}"
        if not isinstance(found, sympy.Interval):
            return "" if not isinstance(found, sympy.Union) else "several"
        return f"{sympy.N(found.start, 12)} {sympy.N(found.end, 12)}"
    ask = sympy.is_monotonic if question == "monotone" else sympy.is_convex
    found = ask(f, sympy.S.Reals) if question == "monotone" else ask(f, X, domain=sympy.S.Reals)
    return "" if found is None else str(bool(found))


if __name__ == "__main__":
    for line in sys.stdin:
        which, _, formula = line.rstrip("\n").partition(" ")
        try:
            print_line = answer(which, formula)
        except Exception:
            # Whatever SymPy raises, it has not answered.
            print_line = ""
        sys.stdout.write(print_line + "\n")
        sys.stdout.flush()
