"""One peer's verdict on each claim, a line of JSON each; runs in a process that may be killed.

The claims come as JSON on standard input: `{"left": tree, "right": tree, "relation": "==",
"latex": [left, right]}`, a tree being `{"number": text}`, `{"name": text}`, a constant, or a list
of an operator and its arguments. Usage: `claims_peer.py simplify|equals|math-verify SECONDS`.
"""

import json
import logging
import signal
import sys
import time


class TooLongError(Exception):
    """The time for one claim is over."""


def stop(*_):
    raise TooLongError


def to_sympy(tree):
    """The tree as SymPy's objects, with real variables."""
    import sympy as sp

    if isinstance(tree, str):
        return {"e": sp.E, "pi": sp.pi}.get(tree) or sp.Symbol(tree, real=True)
    if isinstance(tree, dict):
        return (
            sp.Rational(tree["number"]) if "number" in tree else sp.Symbol(tree["name"], real=True)
        )
    operator, *parts = tree
    a = [to_sympy(part) for part in parts]
    one, half = sp.Integer(1), sp.Rational(1, 2)
    rules = {
        "+": lambda: a[0] + a[1], "-": lambda: a[0] - a[1], "*": lambda: a[0] * a[1],
        "/": lambda: a[0] / a[1], "^": lambda: a[0] ** a[1], "neg": lambda: -a[0],
        "ln": lambda: sp.log(a[0]), "abs": lambda: sp.Abs(a[0]), "sign": lambda: sp.sign(a[0]),
        "max": lambda: sp.Max(*a), "min": lambda: sp.Min(*a), "relu": lambda: sp.Max(a[0], 0),
        "clip": lambda: sp.Min(sp.Max(a[0], a[1]), a[2]),
        "where": lambda: sp.Piecewise((a[1], a[0]), (a[2], True)),
        "sigmoid": lambda: one / (1 + sp.exp(-a[0])), "softplus": lambda: sp.log(1 + sp.exp(a[0])),
        "Phi": lambda: half * (1 + sp.erf(a[0] / sp.sqrt(2))),
        "<": lambda: a[0] < a[1], "<=": lambda: a[0] <= a[1], ">": lambda: a[0] > a[1],
        ">=": lambda: a[0] >= a[1], "==": lambda: sp.Eq(a[0], a[1]),
        "!=": lambda: sp.Ne(a[0], a[1]), "and": lambda: sp.And(*a), "or": lambda: sp.Or(*a),
    }  # fmt: skip
    if operator in rules:
        return rules[operator]()
    return getattr(sp, operator)(*a)


def by_sympy(row, method):
    """True, False, or None for no verdict."""
    import sympy as sp

    left, right, relation = to_sympy(row["left"]), to_sympy(row["right"]), row["relation"]
    if relation == "==":
        if method == "equals":
            return left.equals(right)
        rest = sp.simplify(left - right)
        # A rest that holds a variable is no proof of a difference.
        return True if rest == 0 else False if rest.is_number and rest.is_nonzero else None
    verdict = sp.simplify(to_sympy([relation, row["left"], row["right"]]))
    return {sp.true: True, sp.false: False}.get(verdict)


def by_math_verify(row):
    """What its comparison of two answers says; it has none for inequalities."""
    from math_verify import parse, verify

    if row["relation"] != "==":
        return None
    # Its own time limit is an alarm too, which would disturb ours.
    left, right = (parse(f"${text}$", parsing_timeout=None) for text in row["latex"])
    return bool(verify(left, right, timeout_seconds=None)) if left and right else None


def main():
    """Judge all rows; what goes wrong is no verdict."""
    method, seconds = sys.argv[1], float(sys.argv[2])
    logging.disable(logging.CRITICAL)
    rows = json.load(sys.stdin)
    signal.signal(signal.SIGALRM, stop)
    judge = by_math_verify if method == "math-verify" else lambda row: by_sympy(row, method)
    judge({"left": "x", "right": "x", "relation": "==", "latex": ["x", "x"]})
    for row in rows:
        start = time.perf_counter()
        signal.setitimer(signal.ITIMER_REAL, seconds)
        try:
            verdict = judge(row)
        except Exception:  # a peer that fails has no verdict
            verdict = None
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
        spent = time.perf_counter() - start
        sys.stdout.write(json.dumps([verdict, spent]) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
