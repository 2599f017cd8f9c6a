"""Small builders of certificates about one function, for the tests of their checkers."""

from itertools import pairwise

from flint import arb, fmpq

from gradiometer.formula import (
    Interval,
    differentiate,
    evaluate,
    parse,
    precision,
    substitute,
    tidy,
    to_ball,
    to_piecewise,
    to_text,
    to_value,
)
from gradiometer.proof import make_certificate, prove_equal, sign_on
from gradiometer.proof.boxes import find_boxes

V = {"by": "value"}


def far(limit, *generators, start="1"):
    """The step to infinity."""
    return {"by": "far", "generators": list(generators), "start": start, "limit": limit}


def parts(*hows):
    """The step to the arguments of an operation."""
    return {"by": "parts", "of": list(hows)}


def pole(signs, *hows):
    """The step to a pole."""
    return {"by": "pole", "signs": signs, "of": list(hows)}


def rewrite(form, generators, how):
    """The step to another spelling."""
    return {"by": "rewrite", "form": form, "generators": generators, "how": how}


def tree(text):
    """The formula as the product spells it."""
    return parse(text).tree


def sections(text):
    """The pieces that are no points."""
    return [p for p in to_piecewise(tree(text), "x").pieces if not p.on.is_point]


def forms_of(formula, count):
    """The derivatives in the spelling of the rules."""
    found = []
    for _ in range(count):
        formula = differentiate(formula, "x")
        found.append({"formula": to_text(formula), "identity": None})
    return found


def identity(left, right):
    """The evidence of an identity of two texts."""
    return prove_equal(tree(left), tree(right))["evidence"]


def signs_between(formula, on, points):
    """The evidence of signs on the parts between points."""
    ends = [on.lower, *(tidy(tree(p)) for p in points), on.upper]
    shown = [sign_on(formula, "x", Interval(a, b)).certificate for a, b in pairwise(ends)]
    return {
        "by": "sign",
        "points": list(points),
        "parts": [{**part["claim"], "evidence": part["evidence"]} for part in shown],
    }


def signs_by_boxes(formula, on):
    """The evidence of signs by balls."""
    found = find_boxes(formula, "x", on).certificate
    return {"by": "boxes", "evidence": found["evidence"]}, found["claim"]


def one_cell(factor, generators, *, left=None, right=None, ends=None):
    """Signs of a formula that is a positive factor, times 1."""
    cells = {"form": "1", "factor": factor, "generators": generators, "bits": 256, "left": left,
             "right": right, "ends": ends, "cells": ["+"]}  # fmt: skip
    return {"evidence": {"by": "boxes", "evidence": cells}, "signs": [1], "places": []}


WORDS = {"positive": 1, "nonnegative": 1, "negative": -1, "nonpositive": -1, "zero": 0}


def signs_of(formula, on, points):
    """The evidence, the signs and the places; by boxes where *points* is the word."""
    if isinstance(points, dict):
        return points["evidence"], points["signs"], points["places"]
    if points == "boxes":
        evidence, claim = signs_by_boxes(formula, on)
        places = [zero[0] if len(zero) == 1 else zero for zero in claim["zeros"]]
        return evidence, claim["signs"], places
    evidence = signs_between(formula, on, points)
    return evidence, [WORDS[part["sign"]] for part in evidence["parts"]], list(points)


def turn_at(course, place):
    """A turn with its value."""
    if isinstance(place, str):
        value = to_value(tidy(substitute(course, {"x": tidy(tree(place))})))
        return {"at": place, "value": to_text(value)}
    with precision(256):
        low, high = (arb(fmpq(*map(int, (end + "/1").split("/")[:2]))) for end in place)
        ball = to_ball(evaluate(course, {"x": low.union(high)}))
        middle = fmpq(int((ball.mid() * 10**40).floor().unique_fmpz()), 10**40)
        ends = [str(middle - fmpq(1, 10**38)), str(middle + fmpq(1, 10**38))]
    return {"at": place, "value": ends}


def spell(on):
    """The interval as certificates spell it."""
    ends = ["-oo" if on.lower is None else to_text(on.lower),
            "oo" if on.upper is None else to_text(on.upper)]  # fmt: skip
    return f"{'[' if on.lower_closed else '('}{', '.join(ends)}{']' if on.upper_closed else ')'}"


def section_row(piece, order, *, points=(), ends=(None, None), attained=(False, False), roots=()):
    """Claim and evidence of one section of a profile.

    Args:
        piece: The section.
        order: 0 for the function, 1 for its slope.
        points: Places of the turns, or `boxes`; None claims no signs.
        ends: Pairs of a limit and how it is found.
        attained: Whether each end is.
        roots: Points of the signs under each root.
    """
    forms = forms_of(piece.formula, order + 1)
    course = piece.formula if order == 0 else tidy(tree(forms[0]["formula"]))
    shown, signs, places = (None, None, [])
    if points is not None:
        shown, signs, places = signs_of(tree(forms[-1]["formula"]), piece.on, points)
    lower, upper = ends
    claim = {
        "on": spell(piece.on),
        "signs": signs,
        "turns": [turn_at(course, place) for place in places],
        "lower": lower and lower[0],
        "upper": upper and upper[0],
        "lower_attained": attained[0],
        "upper_attained": attained[1],
    }
    evidence = {
        "forms": forms,
        "roots": [signs_of(tree(u), piece.on, p)[0] for u, p in roots],
        "signs": shown,
        "lower": lower and {"limit": lower[0], "how": lower[1]},
        "upper": upper and {"limit": upper[0], "how": upper[1]},
    }
    return claim, evidence


def profile(text, order, *rows, points=()):
    """The certificate of a profile; each row holds the arguments of `section_row`."""
    found = [
        section_row(piece, order, **row) for piece, row in zip(sections(text), rows, strict=True)
    ]
    return make_certificate(
        "profile",
        problem={"formula": text, "variable": "x", "order": order},
        claim={"sections": [claim for claim, _ in found], "points": list(points)},
        evidence={"sections": [evidence for _, evidence in found]},
    )


def joint(at, values, value, slopes, *, jump=False, kink=False, order=None):
    """The claim about one joint."""
    return {
        "at": at, "left_value": values[0], "right_value": values[1], "value": value,
        "left_slope": slopes[0], "right_slope": slopes[1], "jump": jump, "kink": kink,
        "order": order,
    }  # fmt: skip


def joints(text, rows, *hows, everywhere=True, lone=False, count=1, roots=None):
    """The certificate of all joints; *hows* are pairs of the lower and the upper end."""
    shown = [
        {
            "forms": forms_of(piece.formula, count),
            "roots": [signs_of(tree(u), piece.on, p)[0] for u, p in (roots or {}).get(k, ())],
            "lower": lower and {"value": lower[0], "slope": lower[1]},
            "upper": upper and {"value": upper[0], "slope": upper[1]},
        }
        for k, (piece, (lower, upper)) in enumerate(zip(sections(text), hows, strict=True))
    ]
    return make_certificate(
        "joints",
        problem={"formula": text, "variable": "x"},
        claim={"everywhere": everywhere, "lone": lone, "joints": rows},
        evidence={"sections": shown},
    )


def limit(text, claimed, how, *, section=0, end="upper", order=0):
    """The certificate of one limit."""
    forms = forms_of(sections(text)[section].formula, order)
    return make_certificate(
        "limit",
        problem={"formula": text, "variable": "x", "section": section, "end": end, "order": order},
        claim={"limit": claimed},
        evidence={"forms": forms, "how": how},
    )


def witness(text, name, *points):
    """The certificate that a property fails."""
    return make_certificate(
        "witness",
        problem={"formula": text, "variable": "x"},
        claim={"fails": name},
        evidence={"points": list(points)},
    )


def symmetry(text, word, *rows):
    """The certificate that a function is odd or even."""
    return make_certificate(
        "symmetry",
        problem={"formula": text, "variable": "x"},
        claim={"symmetry": word},
        evidence={"rows": [{"ends": ends, "identity": shown} for ends, shown in rows]},
    )


def periodic(text, period, *shares):
    """The certificate of a least period."""
    return make_certificate(
        "symmetry",
        problem={"formula": text, "variable": "x"},
        claim={"symmetry": "periodic", "period": period},
        evidence={"identity": None, "shares": [{"k": k, "at": at} for k, at in shares]},
    )


def form(text, claims, **evidence):
    """The certificate of a form."""
    names = ("polynomial", "affine", "almost")
    return make_certificate(
        "form",
        problem={"formula": text, "variable": "x"},
        claim=dict(zip(names, claims, strict=True)),
        evidence=evidence,
    )


def fixed_point(text, weight, bias, claims, **evidence):
    """The certificate of a fixed point."""
    return make_certificate(
        "fixed_point",
        problem={"formula": text, "variable": "x", "weight_variance": weight,
                 "bias_variance": bias},
        claim=dict(zip(("point", "chi", "unique"), claims, strict=True)),
        evidence=evidence,
    )  # fmt: skip
