"""What the facts of an answer must say, by name, read off the claims of its certificate."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from flint import arb, fmpq

from gradiometer.formula import exact_sqrt, from_decimal, precision, to_ball, to_rational_text
from gradiometer.proof import spell

_BITS = 256
"""Working precision for the digits that two ends of a claim share."""


def list_expected(parts: Sequence[Any]) -> dict[str, Any]:
    """What the facts must say, by name; the first part of a kind speaks for the answer."""
    expected: dict[str, Any] = {}
    for kind, read in READERS.items():
        rows = [part for part in parts if isinstance(part, Mapping) and part.get("kind") == kind]
        if rows:
            expected |= read(rows)
    return expected


def _of_run(parts: Sequence[Any]) -> dict[str, Any]:
    claim = parts[0]["claim"]
    expected = {name: claim[name] for name in ("verdict", "lowest", "lowest_at", "lowest_step")}
    expected |= {"final": claim["final"], "limit": claim["limit"]}
    endless = claim["verdict"] in ("converges", "diverges", "escapes")
    cycle = "none" if claim["cycle"] is None and endless else claim["cycle"]
    return expected | {"growth_factor": claim["growth"], "cycle": cycle}


def _of_regimes(parts: Sequence[Any]) -> dict[str, Any]:
    claim = parts[0]["claim"]
    rows = [
        {**row, "from": row["from"] or "-inf", "to": row["to"] or "inf"} for row in claim["regimes"]
    ]
    expected = {name: claim[name] for name in ("attained", "peak", "peak_step")}
    expected |= {"barrier": _barrier(claim), "regimes": rows}
    if len(parts) > 1:
        side = parts[1]["problem"]["run"]["side"]
        other = "left" if side == "right" else "right"
        expected["at_kink"] = {side: _barrier(parts[1]["claim"]), other: expected["barrier"]}
    return expected


def _barrier(claim: Mapping[str, Any]) -> str:
    if claim["barrier"] is not None:
        return claim["barrier"]
    return "inf" if any(row["outcome"] == "escapes" for row in claim["regimes"]) else "none"


def _of_graph(parts: Sequence[Any]) -> dict[str, Any]:
    claim = parts[0]["claim"]
    expected = {name: claim[name] for name in ("value", "derivatives", "contributions")}
    return expected | ({"one_sided": claim["one_sided"]} if claim["one_sided"] else {})


def _of_stability(parts: Sequence[Any]) -> dict[str, Any]:
    """What the facts of the first critical point must say; its claims are pairs of ends."""
    claim, variables = parts[0]["claim"], parts[0]["problem"]["landscape"]["variables"]
    places = [_between(*row) for row in claim["at"]]
    bends = [_between(*row) for row in claim["curvatures"]]
    asked = claim["rates"][0]
    spans = claim["stable"]
    expected: dict[str, Any] = {
        "at": places[0] if len(places) == 1 else dict(zip(variables, places, strict=True)),
        "curvature": bends[0] if len(bends) == 1 else bends,
        "critical": "none" if not spans else _end_of(spans[0]),
        "stable": {"stable": True, "unstable": False}.get(asked["is"], asked["is"]),
        "growth": _between(*asked["growth"]),
        "safe": [
            {
                "lower": _between(*span["from"]),
                "upper": "inf" if span["to"] is None else _between(*span["to"]),
            }
            for span in spans
        ],
    }
    return expected


def _of_step_bound(parts: Sequence[Any]) -> dict[str, Any]:
    claim = parts[0]["claim"]
    if claim["square"] is None:
        return {"step_bound": "inf", "worst_gradients": "none"}
    with precision(_BITS):
        bound = spell(exact_sqrt(from_decimal(claim["square"])))
    return {"step_bound": bound, "worst_gradients": _worst(claim)}


def _of_stride(parts: Sequence[Any]) -> dict[str, Any]:
    claim = parts[0]["claim"]
    bound = "inf"
    if claim["square"] is not None:
        with precision(_BITS):
            low, high = (exact_sqrt(from_decimal(end)) for end in claim["square"])
            bound = spell(low if low == high else to_ball(low).union(to_ball(high)))
    return {"step_bound": bound, "worst_gradients": _worst(claim)}


def _worst(claim: Mapping[str, Any]) -> dict[str, Any]:
    """The fact about the worst gradients."""
    return {
        "growth": claim["growth"] or "none",
        "steps": str(len(claim["gradients"])),
        "reached": claim["reached"],
        "attained": "unknown" if claim["attained"] is None else claim["attained"],
    }


def _end_of(span: Mapping[str, Any]) -> str:
    """The critical value: the upper end of a span, or its lower one where that is the domain's."""
    if span["to_loss"] != "domain":
        return _between(*span["to"])
    return "inf" if span["from_loss"] == "domain" else _between(*span["from"])


def _of_trail(parts: Sequence[Any]) -> dict[str, Any]:
    """What the facts of a run in several variables must say; its claims are pairs of ends."""
    claim, variables = parts[0]["claim"], parts[0]["problem"]["variables"]

    def place(rows: Sequence[Sequence[str]]) -> Any:
        if len(rows) == 1:
            return _between(*rows[0])
        return {name: _between(*row) for name, row in zip(variables, rows, strict=True)}

    expected: dict[str, Any] = {
        "lowest": _between(*claim["lowest"]),
        "lowest_at": place(claim["lowest_at"]),
        "lowest_step": str(claim["lowest_step"]),
        "final": place(claim["final"]),
        "verdict": "unknown",
        "cycle": None,
    }
    returns = claim["returns"]
    if returns is not None and returns["period"] == 1:
        expected |= {"verdict": "converges", "cycle": "none"}
    elif returns is not None:
        numbers = {name: str(returns[name]) for name in ("period", "from_step")}
        points = [place(rows) for rows in returns["points"]]
        expected |= {"verdict": "cycle", "cycle": {**numbers, "points": points}}
    return expected


def _between(low: str, high: str) -> str:
    """The number as other certificates write it: exactly, or the digits that both ends share."""
    if low == high:
        return low
    lower, upper = map(from_decimal, (low, high))
    with precision(_BITS):
        return spell(to_ball((lower + upper) / 2) + arb(0, arb((upper - lower) / 2).abs_upper()))


def _of_fate(parts: Sequence[Any]) -> dict[str, Any]:
    """What the facts about all steps to come must say."""
    claim = parts[0]["claim"]
    word, interval = claim["verdict"], claim["interval"]
    endless = word in ("converges", "diverges", "escapes")
    expected = {"verdict": word, "limit": claim["limit"], "cycle": "none" if endless else None}
    if claim["cycle"] is not None:
        # What is not known of an orbit has no key in the fact.
        expected["cycle"] = {k: v for k, v in claim["cycle"].items() if v is not None}
    if parts[0]["kind"] == "fading" and isinstance(claim["limit"], list):
        # Two ends around a limit that is not known more closely.
        expected |= {"limit": None, "limit_bounds": _closed(*claim["limit"])}
    if interval is not None:
        expected["bounds"] = _closed(*interval)
    return expected


def _closed(lower: str, upper: str) -> dict[str, Any]:
    """The interval between two ends, which belong to it."""
    ends = {"lower": lower, "upper": upper, "text": f"[{lower}, {upper}]"}
    return {**ends, "lower_closed": True, "upper_closed": True}


_FATES: tuple[str, ...] = (
    "approach", "basin", "cone", "contraction", "descent", "excursion", "fading",
    "itinerary", "outer", "rotation", "separate", "tether", "trap",
)  # fmt: skip
"""Kinds of certificates about what becomes of a run for ever."""


_SHARP = fmpq(1, 10**22)
"""How far apart two ends of one number may be, as a part of it."""


def _of_phases(parts: Sequence[Any]) -> dict[str, Any]:
    """What the facts about all starts must say; a supremum between far ends is none."""
    claim = parts[0]["claim"]
    low, high = map(from_decimal, claim["overshoot"])
    sharp = high - low <= _SHARP * high
    settled, degree, barrier = claim["settled"], claim["degree"], claim["barrier"]
    # Of a run-up that is only close to the supremum nothing more is known.
    known = sharp and (claim["after"] is None or claim["reached"] is not None)
    expected: dict[str, Any] = {
        "overshoot": _between(*claim["overshoot"]) if sharp else None,
        "reached": claim["reached"] if sharp else None,
        "run_up": (claim["after"] or "endless") if known else None,
        "climb": claim["climbing"] if known else None,
        "barrier": "none" if barrier is None else _between(*barrier) if sharp else None,
        "attained": claim["attained"] if sharp or barrier is None else None,
        "between": None,
        "settled": None if settled is None else _between(*settled),
        "scaling": None,
    }
    if degree is not None:
        height = to_rational_text(from_decimal(degree) + 1)
        expected["scaling"] = {"overshoot": degree, "height": height}
    if not sharp:
        ends = dict(zip(("lower", "upper"), claim["overshoot"], strict=True))
        expected["between"] = {**ends, "lower_closed": True, "upper_closed": True,
                               "text": "[{lower}, {upper}]".format(**ends)}  # fmt: skip
    return expected


def _of_reach(parts: Sequence[Any]) -> dict[str, Any]:
    """Of one run only a lower end is known."""
    least = parts[0]["claim"]["least"]
    interval = {"lower": least, "upper": "inf", "lower_closed": True, "upper_closed": False,
                "text": f"[{least}, oo)"}  # fmt: skip
    names = ("overshoot", "reached", "run_up", "climb", "barrier", "attained", "settled", "scaling")
    return {"between": interval, **dict.fromkeys(names)}


def _of_alike(parts: Sequence[Any]) -> dict[str, Any]:
    problem, claim = parts[0]["problem"], parts[0]["claim"]
    settings = problem[problem["target"]]["values"]
    return {"alike": True, "links": claim["links"], "settings": settings}


def _of_difference(parts: Sequence[Any]) -> dict[str, Any]:
    problem, claim = parts[0]["problem"], parts[0]["claim"]
    tape = problem["tape"]
    ends = [tuple(map(from_decimal, row)) for row in claim["positions"]]
    (low, high), (least, most) = ends
    apart = (to_rational_text(least - high), to_rational_text(most - low))
    names = [row["name"] for row in problem["rules"]]
    shown = {name: _between(*row) for name, row in zip(names, claim["positions"], strict=True)}
    return {
        "first_difference": {
            "tape": tape["name"],
            "start": tape["start"],
            "gradients": [row["g"] for row in tape["rows"]],
            "step": str(claim["step"]),
            **shown,
            "apart": _between(*apart),
        }
    }


def _of_impossible(parts: Sequence[Any]) -> dict[str, Any]:
    claim = parts[0]["claim"]
    return {"alike": False} if claim["all"] else {"ruled_out": claim["ruled_out"]}


def _of_changes(parts: Sequence[Any]) -> dict[str, Any]:
    return {"changes": [part["claim"] for part in parts]}


def _of_doublings(parts: Sequence[Any]) -> dict[str, Any]:
    rows = [part["claim"] for part in parts]
    doublings = [{"period": str(row["period"]), "rate": _between(*row["rate"])} for row in rows]
    return {"doublings": doublings}


READERS: Mapping[str, Callable[[Sequence[Any]], dict[str, Any]]] = {
    "alike": _of_alike,
    "change": _of_changes,
    "difference": _of_difference,
    "doubling": _of_doublings,
    "graph": _of_graph,
    "impossible": _of_impossible,
    "phases": _of_phases,
    "reach": _of_reach,
    "regimes": _of_regimes,
    "run": _of_run,
    "stability": _of_stability,
    "step_bound": _of_step_bound,
    "stride": _of_stride,
    "trail": _of_trail,
    **dict.fromkeys(_FATES, _of_fate),
}
"""What reads the claims of each kind of certificate that speaks of facts by name."""
