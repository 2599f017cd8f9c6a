"""Signs by balls and tails, against mpmath and known numbers; and no false edit is accepted."""

import copy
import json

import mpmath
import pytest
from flint import fmpq

from gradiometer.errors import CertificateError, UndecidedError
from gradiometer.formula import (
    REALS,
    Constant,
    Interval,
    Name,
    Number,
    differentiate,
    number,
    parse,
    precision,
)
from gradiometer.proof import check, fingerprint
from gradiometer.proof.boxes import find_boxes
from gradiometer.proof.check_far import Tail
from gradiometer.proof.check_terms import Terms

DIGITS = 60
ROOTS = {
    "x*Phi(x)": ["-0.751791524693564457457904946780"],
    "x/(1+e^(-x))": ["-1.27846454276107379510935873902298"],
    "x*atan(x)": ["0"],
    "x*erf(x)": ["0"],
    "x-tanh(x)": ["0"],
    "e^x+x^2": ["-0.351733711249195826024909300929951065"],
    "x*softplus(x)": ["-1.14455444091190547020510641115941794"],
    "(x+sqrt(x^2+4))/2": [],
    "x^5-x+sin(x)": ["-0.314922623112724517541310892534", "0", "0.314922623112724517541310892534"],
}
BENT = [
    "x/(1+e^(-x))", "x*tanh(ln(1+e^x))", "x*Phi(x)", "x*sigmoid(1.702*x)", "x*e^(-x^2)",
    "x-tanh(x)+x*e^(-x^2/2)", "atan(x)+e^(-x^2)", "x^2/(1+e^x)", "tanh(50*x)+x",
    "x*sigmoid(200*x-1)",
]  # fmt: skip


def slope(text, order=1):
    node = parse(text).tree
    for _ in range(order):
        node = differentiate(node, "x")
    return node


MPMATH = {
    "+": lambda a, b: a + b, "-": lambda a, b: a - b, "*": lambda a, b: a * b,
    "/": lambda a, b: a / b, "^": lambda a, b: a**b, "neg": lambda a: -a, "Phi": mpmath.ncdf,
    "tanh": mpmath.tanh, "atan": mpmath.atan, "sqrt": mpmath.sqrt, "ln": mpmath.log,
    "erf": mpmath.erf, "sin": mpmath.sin, "sigmoid": lambda u: 1 / (1 + mpmath.exp(-u)),
}  # fmt: skip


def run(node, x):
    """The value by mpmath alone."""
    if isinstance(node, Number):
        return mpmath.mpf(int(node.value.p)) / int(node.value.q)
    if isinstance(node, Constant):
        return mpmath.e if node.name == "e" else mpmath.pi
    return x if isinstance(node, Name) else MPMATH[node.operator](
        *(run(part, x) for part in node.arguments)
    )  # fmt: skip


def values(text, order, points):
    """The derivative at the points, as a limit of differences with 60 digits."""
    tree = parse(text).tree
    return [mpmath.diff(lambda x: run(tree, x), mpmath.mpf(x), order) for x in points]


@pytest.mark.parametrize("text", ROOTS)
def test_zeros_of_slopes_are_those_that_are_known(text):
    found = find_boxes(slope(text), "x", REALS)
    with precision(200), mpmath.workdps(DIGITS):
        assert len(found.zeros) == len(ROOTS[text])
        for zero, known in zip(found.zeros, ROOTS[text], strict=True):
            gap = mpmath.mpf(zero.ball().mid().str(50, radius=False)) - mpmath.mpf(known)
            assert abs(gap) < mpmath.mpf(10) ** -29
    check(json.loads(json.dumps(found.certificate)))


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("text", BENT)
def test_signs_agree_with_dense_samples_of_60_digits(text, order):
    found = find_boxes(slope(text, order), "x", REALS)
    points = [fmpq(k, 16) + fmpq(1, 977) for k in range(-160, 160, 3)]
    with precision(200), mpmath.workdps(DIGITS):
        zeros = [mpmath.mpf(zero.ball().mid().str(50, radius=False)) for zero in found.zeros]
        at = [mpmath.mpf(int(p.p)) / int(p.q) for p in points]
        for x, value in zip(at, values(text, order, at), strict=True):
            part = sum(zero < x for zero in zeros)
            assert value * found.signs[part] > -(mpmath.mpf(10) ** -30)


@pytest.mark.parametrize("text", ["e^x+2x", "x*Phi(x) + x", "x-tanh(x)", "x^3 - e^(-x)"])
def test_half_lines_and_finite_intervals_are_cut_like_the_whole_line(text):
    node = slope(text)
    whole = find_boxes(node, "x", REALS)
    right = find_boxes(node, "x", Interval(number(fmpq(1, 3)), None))
    assert right.signs == whole.signs[-1:]
    check(find_boxes(node, "x", Interval(number(-3), number(3))).certificate)


def test_an_end_that_is_a_zero_belongs_to_no_part():
    found = find_boxes(parse("x - sin(x)").tree, "x", Interval(number(0), None))
    assert (found.signs, found.zeros) == ((1,), ())
    check(found.certificate)


@pytest.mark.parametrize(
    "text", ["sin(x)", "1 + cos(x)", "x*e^(-x^2)*sin(x)", "2 + sin(x)*e^x", "1/10^30 + (e^x-2)^2"]
)
def test_what_balls_cannot_decide_is_undecided_or_right(text):
    try:
        found = find_boxes(parse(text).tree, "x", REALS)
    except UndecidedError:
        return
    assert text.startswith("1/10^30")
    assert found.signs == (1,)


def test_tail_refuses_exponents_that_are_no_polynomials():
    inside = parse("e^(e^x/(e^x + 1))").tree
    terms = Terms(["x"], [parse("e^x").tree, inside])
    with precision(128), pytest.raises(CertificateError, match="tail lemma"):
        Tail(terms, fmpq(4), to_right=True).sign(terms.read(parse("x*e^(e^x/(e^x+1)) - e^x").tree))


@pytest.mark.parametrize("bounded", ["sin(x)", "cos(x)", "sin(x)*cos(x)", "cos(x)^2"])
def test_bounded_oscillation_is_not_taken_for_nothing(bounded):
    """A ball around 0 is not 0: x + 2*sin(x) turns for ever."""
    node = parse(f"1 - 2*{bounded}").tree
    with pytest.raises(UndecidedError):
        find_boxes(node, "x", REALS)


def edits(certificate):
    """False or broken certificates, each by one edit."""
    changes = [
        ("claim", "signs", lambda s: [-sign for sign in s]),
        ("claim", "signs", lambda s: s[:-1]),
        ("claim", "signs", lambda s: [*s, 1]),
        ("claim", "signs", lambda s: [float(sign) for sign in s]),
        ("claim", "zeros", lambda z: z[1:]),
        ("claim", "zeros", lambda z: [*z, ["1", "2"]]),
        ("claim", "zeros", lambda z: [["-1/2", "1/2"] for _ in z]),
        ("problem", "formula", lambda f: f"-({f})"),
        ("problem", "formula", lambda f: f"({f}) + 1"),
        ("problem", "variable", lambda _: "y"),
        ("problem", "on", lambda _: "[-1, 1]"),
        ("problem", "on", lambda _: "(-7, oo)"),
        ("evidence", "form", lambda f: f"{f} - 1"),
        ("evidence", "form", lambda _: "1"),
        ("evidence", "factor", lambda f: f"-{f}"),
        ("evidence", "factor", lambda _: "x"),
        ("evidence", "generators", lambda g: g[:-1]),
        ("evidence", "generators", lambda g: [*g, "ln(3)"]),
        ("evidence", "bits", lambda _: 10**6),
        ("evidence", "bits", lambda _: True),
        ("evidence", "left", lambda _: None),
        ("evidence", "left", lambda _: "-1/1000"),
        ("evidence", "left", lambda _: "5"),
        ("evidence", "right", lambda _: "-5"),
        ("evidence", "right", lambda _: None),
        ("evidence", "ends", lambda e: e[:-1]),
        ("evidence", "ends", lambda e: e[::-1]),
        ("evidence", "ends", lambda e: [e[0], e[-1]]),
        ("evidence", "cells", lambda c: ["+" for _ in c]),
        ("evidence", "cells", lambda c: ["-" for _ in c]),
        ("evidence", "cells", lambda c: [{"at": "0", "order": 1} for _ in c]),
        ("evidence", "cells", lambda c: [{"at": "0", "order": 0} for _ in c]),
        ("evidence", "cells", lambda c: [["-1/8", "1/8"] for _ in c]),
        ("evidence", "cells", lambda c: c[1:]),
        ("evidence", "cells", lambda _: "+"),
    ]
    for part, field, change in changes:
        edited = copy.deepcopy(certificate)
        edited[part][field] = change(edited[part][field])
        if edited != certificate:
            body = (edited["problem"], edited["claim"], edited["evidence"])
            edited["fingerprint"] = fingerprint(*body)
            yield part, field, edited


@pytest.mark.parametrize("text", ["x*Phi(x)", "x*tanh(ln(1+e^x))", "x*atan(x)+x*erf(x)"])
def test_every_false_edit_is_refused(text):
    certificate = json.loads(json.dumps(find_boxes(slope(text, 2), "x", REALS).certificate))
    check(certificate)
    refused = 0
    for part, field, edited in edits(certificate):
        try:
            check(edited)
        except CertificateError:
            refused += 1
            continue
        pytest.fail(f"{part}.{field} was edited and accepted: {edited[part][field]}")
    assert refused >= 20
