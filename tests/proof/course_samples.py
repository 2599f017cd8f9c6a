"""Certificates about known functions, written by hand: limits, steps and turns are given here."""

from functools import cache

from proof.courses import (
    V,
    far,
    fixed_point,
    form,
    identity,
    joint,
    joints,
    limit,
    parts,
    periodic,
    pole,
    profile,
    rewrite,
    sections,
    signs_of,
    symmetry,
    tree,
    witness,
)

BELLS = ("Phi(x)", "e^(-x^2/2)", "pi", "sqrt(2)", "sqrt(pi)")
RELU = "max(x, 0)"
RELU6 = "min(max(x, 0), 6)"
ELU = "where(x > 0, x, e^x - 1)"
SHRINK = "where(abs(x) > 1/2, x, 0)"
HOLE = "(x^2 - 1)/(x - 1)"
LONE = "where(x < 0, x, where(x > 0, x + 1, 5))"
EDGE = "where(x > 1, x, where(x >= 1, 7, ln(-1)))"
SPLIT = "where(x > 0, x + 1, where(x < 0, x - 1, 0))"
GAPS = "ln(x^2 - 1)"
CUBES = "where(x > 0, x^3, -x^3)"
ROOT = {
    "evidence": {
        "by": "factor",
        "factor": "1/sqrt(x)",
        "rest": "1/2",
        "generators": ["sqrt(x)"],
        "signs": {"by": "sign", "points": [], "parts": [{"sign": "positive", "evidence": {}}]},
    },
    "signs": [1],
    "places": [],
}


def ends(lower, upper, *, attained=(False, False), **more):
    """The arguments of one section: a limit with its step at each end."""
    return {"ends": (lower, upper), "attained": attained, **more}


def pole_at(text, index):
    """The step to a pole of 1/x."""
    return pole(signs_of(tree(text), sections(text)[index].on, ())[0], V, V)


def _bent_profiles():
    left = {"start": "-1"}
    yield (
        "relu",
        profile(
            RELU,
            0,
            ends(("0", V), ("0", V)),
            ends(("0", V), ("oo", far("oo")), attained=(True, False)),
        ),
    )
    yield (
        "relu6",
        profile(
            RELU6,
            0,
            ends(("0", V), ("0", V)),
            ends(("0", V), ("6", V), attained=(True, False)),
            ends(("6", V), ("6", V), attained=(True, False)),
        ),
    )
    yield "elu", profile(
        ELU, 0,
        ends(("-1", far("-1", "e^x", **left)), ("0", V), attained=(False, True)),
        ends(("0", V), ("oo", far("oo"))),
    )  # fmt: skip
    yield "hardshrink", profile(
        SHRINK, 0,
        ends(("-oo", far("-oo", **left)), ("-1/2", V)),
        ends(("0", V), ("0", V), attained=(True, True)),
        ends(("1/2", V), ("oo", far("oo"))),
    )  # fmt: skip
    yield "softsign", profile(
        "x/(1 + abs(x))", 0,
        ends(("-1", far("-1", **left)), ("0", V)),
        ends(("0", V), ("1", far("1")), attained=(True, False)),
    )  # fmt: skip
    yield "lone point", profile(
        LONE, 0,
        ends(("-oo", far("-oo", **left)), ("0", V)), ends(("1", V), ("oo", far("oo"))),
        points=[{"at": "0", "value": "5"}],
    )  # fmt: skip


def _smooth_profiles():
    left = {"start": "-1"}
    right = {"start": "1"}
    yield "gelu", profile(
        "x*Phi(x)",
        0,
        ends(("0", far("0", "Phi(x)", start="-2")),
             ("oo", parts(far("oo"), far("1", "Phi(x)"))), points="boxes"),
    )  # fmt: skip
    yield "tanh", profile(
        "tanh(x)", 0,
        ends(("-1", far("-1", "e^(2*x)", **left)), ("1", far("1", "e^(2*x)"))),
    )  # fmt: skip
    yield "sigmoid", profile(
        "1/(1 + e^(-x))", 0,
        ends(("0", far("0", "e^(-x)", **left)), ("1", far("1", "e^(-x)"))),
    )  # fmt: skip
    yield "softplus", profile(
        "ln(1 + e^x)", 0,
        ends(("0", parts(far("1", "e^x", **left))), ("oo", parts(far("oo", "e^x")))),
    )  # fmt: skip
    yield "silu", profile(
        "x/(1 + e^(-x))", 0,
        ends(("0", far("0", "e^(-x)", **left)), ("oo", far("oo", "e^(-x)")), points="boxes"),
    )  # fmt: skip
    yield "cube", profile("x^3", 0, ends(("-oo", far("-oo", **left)), ("oo", far("oo"))))
    yield "bell", profile(
        "e^(-x^2)", 0,
        ends(("0", far("0", "e^(-x^2)", **left)), ("0", far("0", "e^(-x^2)", **right)),
             points="boxes"),
    )  # fmt: skip
    yield "arctangent", profile(
        "atan(x)", 0,
        ends(("-(pi/2)", far("-(pi/2)", "atan(x)", "pi", **left)),
             ("pi/2", far("pi/2", "atan(x)", "pi"))),
    )  # fmt: skip
    yield "inverse root", profile(
        "x/sqrt(x^2 + 1)", 0,
        ends(("-1", far("-1", "sqrt(x^2 + 1)", **left)), ("1", far("1", "sqrt(x^2 + 1)")),
             points="boxes", roots=[("x^2 + 1", ())]),
    )  # fmt: skip


def _edged_profiles():
    left = {"start": "-1"}
    hole = rewrite("x + 1", [], V)
    yield "sine", profile("sin(x)", 0, ends(None, None, points=None))
    yield "root", profile(
        "sqrt(x)", 0,
        ends(("0", V), ("oo", parts(far("oo"))), attained=(True, False), points=ROOT,
             roots=[("x", ())]),
    )  # fmt: skip
    yield "logarithm", profile(
        "ln(x)", 0, ends(("-oo", parts(V)), ("oo", parts(far("oo"))))
    )  # fmt: skip
    yield "reciprocal", profile(
        "1/x", 0,
        ends(("0", far("0", **left)), ("-oo", pole_at("1/x", 0))),
        ends(("oo", pole_at("1/x", 1)), ("0", far("0"))),
    )  # fmt: skip
    yield "hole", profile(
        HOLE, 0,
        ends(("-oo", far("-oo", start="-2")), ("2", hole)),
        ends(("2", hole), ("oo", far("oo", start="2"))),
    )  # fmt: skip
    yield "gaps", profile(
        GAPS, 0,
        ends(("oo", parts(far("oo", start="-2"))), ("-oo", parts(V))),
        ends(("-oo", parts(V)), ("oo", parts(far("oo", start="2")))),
    )  # fmt: skip


def _profiles():
    yield from _bent_profiles()
    yield from _smooth_profiles()
    yield from _edged_profiles()


def _slopes():
    left = {"start": "-1"}
    yield "relu", profile(
        RELU, 1, ends(("0", V), ("0", V), attained=(False, True)),
        ends(("1", V), ("1", V), attained=(True, False)),
    )  # fmt: skip
    yield "gelu", profile(
        "x*Phi(x)", 1,
        ends(("0", far("0", *BELLS, start="-2")), ("1", far("1", *BELLS)), points="boxes"),
    )  # fmt: skip
    yield "tanh", profile(
        "tanh(x)", 1,
        ends(("0", far("0", "e^(2*x)", **left)), ("0", far("0", "e^(2*x)")), points=["0"]),
    )  # fmt: skip
    yield "elu", profile(
        ELU, 1,
        ends(("0", far("0", "e^x", **left)), ("1", V), attained=(False, True)),
        ends(("1", V), ("1", V), attained=(True, False)),
    )  # fmt: skip
    yield "hardshrink", profile(
        SHRINK, 1, ends(("1", V), ("1", V)), ends(("0", V), ("0", V), attained=(True, True)),
        ends(("1", V), ("1", V)),
    )  # fmt: skip
    yield "hole", profile(
        HOLE, 1,
        ends(("1", rewrite("1", [], V)), ("1", rewrite("1", [], V))),
        ends(("1", rewrite("1", [], V)), ("1", rewrite("1", [], V))),
    )  # fmt: skip


def _joints():
    one = rewrite("1", [], V)
    two = rewrite("x + 1", [], V)
    yield "relu6", joints(
        RELU6,
        [joint("0", ("0", "0"), "0", ("0", "1"), kink=True),
         joint("6", ("6", "6"), "6", ("1", "0"), kink=True)],
        (None, (V, V)), ((V, V), (V, V)), ((V, V), None),
    )  # fmt: skip
    yield "elu", joints(
        ELU, [joint("0", ("0", "0"), "0", ("1", "1"), order=1)], (None, (V, V)), ((V, V), None),
        count=2,
    )  # fmt: skip
    yield "cubes", joints(
        CUBES, [joint("0", ("0", "0"), "0", ("0", "0"), order=2)], (None, (V, V)),
        ((V, V), None), count=3,
    )  # fmt: skip
    yield "hardshrink", joints(
        SHRINK,
        [joint("-1/2", ("-1/2", "0"), "0", ("1", "0"), jump=True),
         joint("1/2", ("0", "1/2"), "0", ("0", "1"), jump=True)],
        (None, (V, V)), ((V, V), (V, V)), ((V, V), None),
    )  # fmt: skip
    yield "hole", joints(
        HOLE, [joint("1", ("2", "2"), None, ("1", "1"), jump=True)],
        (None, (two, one)), ((two, one), None), everywhere=False,
    )  # fmt: skip
    yield "lone point", joints(
        LONE, [joint("0", ("0", "1"), "5", ("1", None), jump=True)],
        (None, (V, V)), ((V, None), None),
    )  # fmt: skip
    yield "edge", joints(EDGE, [], (None, None), everywhere=False, lone=True)
    yield "gaps", joints(GAPS, None, (None, None), (None, None), everywhere=False)
    yield "reciprocal", joints(
        "1/x", [joint("0", ("-oo", "oo"), None, (None, None), jump=True)],
        (None, (pole_at("1/x", 0), None)), ((pole_at("1/x", 1), None), None), everywhere=False,
    )  # fmt: skip
    yield "root", joints(
        "sqrt(x)", [], (None, None), everywhere=False, roots={0: [("x", ())]}
    )  # fmt: skip


def _limits():
    phi = ("sqrt(2)", "Phi(sqrt(2)*x)", "Phi(x)")
    yield (
        "mish",
        limit("x*tanh(ln(1 + e^x))", "0", far("0", "e^x", "ln(e^x + 1)", start="-1"), end="lower"),
    )
    yield "two bells", limit("2*erf(x) + Phi(x)", "3", far("3", *phi))
    yield "quotient of bells", limit("(erf(x) + Phi(x))/(1 + Phi(x))", "1", far("1", *phi))
    yield (
        "bell and arctangent",
        limit("2*erf(x) + atan(x)*2/pi", "3", far("3", "pi", "erf(x)", "atan(x)")),
    )
    yield "root less line", limit(
        "sqrt(x^2 + x + 1) - x", "1/2", far("1/2", "sqrt(x^2 + x + 1)")
    )  # fmt: skip
    yield "broken power", limit("x/sqrt(x^4 + x^2 + 1)", "0", far("0", "sqrt(x^4 + x^2 + 1)"))
    yield "squeezed", limit(
        "sin(x)*e^(-x)", "0",
        {"by": "squeeze", "factor": "e^(-x)", "other": "sin(x)", "bound": "1",
         "generators": ["sin(x)", "e^(-x)"], "how": far("0", "e^(-x)")},
    )  # fmt: skip
    yield "nearly one", limit(
        "tanh(x) + 1/10^40",
        "10000000000000000000000000000000000000001/10000000000000000000000000000000000000000",
        far("10000000000000000000000000000000000000001/10000000000000000000000000000000000000000",
            "e^(2*x)"),
    )  # fmt: skip
    yield "slope of gelu", limit("x*Phi(x)", "1", far("1", *BELLS), order=1)


def _symmetries():
    odd = identity("tanh(x)", "-tanh(-x)")
    yield "tanh", symmetry("tanh(x)", "odd", [[None, None], odd])
    yield "modulus", symmetry("abs(x)", "even", [[None, None], identity("-x", "-x")])
    yield "hardshrink", symmetry(
        SHRINK, "odd", [[None, None], identity("x", "x")], [[None, None], identity("0", "0")],
        [[None, None], identity("x", "x")],
    )  # fmt: skip
    yield "reciprocal", symmetry(
        "1/x", "odd", [[None, None], identity("1/x", "1/x")],
        [[None, None], identity("1/x", "1/x")],
    )  # fmt: skip
    yield "sine", periodic("sin(x)", "2*pi", (3, "1"))
    yield "two waves", periodic("sin(x) + cos(3*x/2)", "4*pi", (2, "1"), (3, "1"))


def _forms():
    line = identity("x + 1", "x + 1")
    yield "cube", form(
        "x^3", (True, False, True), by="coefficients", coefficients=["0", "0", "0", "1"],
        identities=[identity("x^3", "x^3")],
    )  # fmt: skip
    yield "hole", form(
        HOLE, (False, False, True), by="coefficients", coefficients=["1", "1"],
        identities=[line, line],
    )  # fmt: skip
    yield "tanh", form("tanh(x)", (False,) * 3, by="normal", section=0, generators=["e^(2*x)"])
    yield "reciprocal", form("1/x", (False,) * 3, by="normal", section=0, generators=[])
    yield "gaps", form(GAPS, (False,) * 3, by="domain")
    yield "gelu", form(
        "x*Phi(x)", (False,) * 3, by="settles", section=0, end="lower", order=0, forms=[],
        how=far("0", "Phi(x)", start="-2"), points=["1", "2"],
    )  # fmt: skip
    yield "relu", form(
        RELU, (False,) * 3, by="differ", sections=[0, 1], coefficients=[["0"], ["0", "1"]],
        identities=[identity("0", "0"), identity("x", "x")],
    )  # fmt: skip


def _witnesses():
    yield "gelu turns", witness("x*Phi(x)", "monotone", "0", "1", "-2", "-1")
    yield "gelu bends both ways", witness("x*Phi(x)", "convex", "2", "3", "4", "-1", "0", "1")
    yield "relu is no line", witness(RELU, "affine", "-1", "0", "1")
    yield "gelu is not odd", witness("x*Phi(x)", "odd", "1")
    yield "tanh is not even", witness("tanh(x)", "even", "1")
    yield "half a domain", witness("sqrt(x)", "odd", "1")
    yield "sine is not flat", witness("sin(x)", "constant", "0", "1")


def _fixed_points():
    tanh = dict(_slopes())["tanh"]
    shown = {"claim": tanh["claim"], "evidence": tanh["evidence"]}
    inside = joints("tanh(x)", [], (None, None))["evidence"]
    yield "relu keeps all", fixed_point(RELU, "2", "0", ("every", "1", False), by="line")
    yield "relu falls", fixed_point(RELU, "1", "0", ("0", "1/2", True), by="line")
    yield "relu rests", fixed_point(RELU, "1", "1", ("2", "1/2", True), by="line")
    yield "relu grows", fixed_point(RELU, "3", "1", ("none", "none", False), by="line")
    yield "tanh", fixed_point(
        "tanh(x)", "2", "0", ("0", "2", False), by="zero", joints=inside
    )  # fmt: skip
    yield "tanh falls", fixed_point(
        "tanh(x)", "1/2", "0", ("0", "1/2", True), by="zero", joints=inside, profile=shown
    )  # fmt: skip
    yield "kink at 0", fixed_point(
        "max(x, 0)", "1", "0", ("0", None, False), by="zero",
        joints=joints(RELU, [], (None, (V, V)), ((V, V), None))["evidence"],
    )  # fmt: skip


_MADE = {
    "profile": _profiles,
    "slope": _slopes,
    "joints": _joints,
    "limit": _limits,
    "symmetry": _symmetries,
    "form": _forms,
    "witness": _witnesses,
    "fixed_point": _fixed_points,
}


@cache
def samples(kind):
    """Certificates by name."""
    return dict(_MADE[kind]())
