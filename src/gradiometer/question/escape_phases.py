"""The question `escape` over all starts: how far the rule overshoots, whatever its phase."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flint import arb, fmpq

from gradiometer.errors import UndecidedError
from gradiometer.formula import Axis, precision, to_ball, to_float
from gradiometer.proof import Course, Phases, Reach, find_phases, find_reach
from gradiometer.question.answer import Answer, Fact, Series, Step, proved, unknown
from gradiometer.question.course import ANY, Request, continuity_fact
from gradiometer.question.value import INFINITY, Bounds, to_value_text

_BITS = 256
_ENDLESS = "endless"
_FACTS = ("barrier", "attained", "overshoot", "reached", "run_up", "climb", "between", "settled",
          "scaling")  # fmt: skip
_RUN_UPS, _PHASES = 40, 12
"""Lengths of run-ups in the picture, and positions drawn of each."""


def answer_any(request: Request, parameter: str, domain: Axis) -> Answer:
    """The supremum over all starts on the run-up, and the threshold that follows.

    Args:
        request: What was asked; its start is not used.
        parameter: The parameter that moves the top of the barrier.
        domain: The values that it may have.

    Raises:
        GradiometerError: If the landscape is no curve of pieces.
    """
    course, found = request.course, None
    facts: dict[str, Fact]
    certificate: Mapping[str, Any] | None
    try:
        found = find_phases(course, parameter=parameter, domain=domain)
        facts, certificate = _list_facts(found, parameter), found.certificate
    except UndecidedError as error:
        facts, certificate = _answer_least(course, parameter, domain, str(error))
    facts["continuous"] = continuity_fact(course.landscape)
    return Answer(
        "escape",
        {**request.inputs, "start": ANY, "parameter": parameter},
        facts,
        () if found is None else _list_steps(found, parameter, facts),
        {} if found is None else _draw_phases(course, found),
        certificate,
    )


def _answer_least(
    course: Course, parameter: str, domain: Axis, reason: str
) -> tuple[dict[str, Fact], Mapping[str, Any] | None]:
    """What one run shows where nothing bounds them all."""
    try:
        found = find_reach(course, parameter=parameter, domain=domain)
    except UndecidedError:
        said = f"Nothing is proved for all starts: {reason}."
        return {name: unknown(said) for name in _FACTS}, None
    said = f"Some run comes {_text(found.least)} past the kink; no bound is proved: {reason}."
    facts = {name: unknown(said) for name in _FACTS}
    facts["between"] = _between_fact(found, parameter)
    return facts, found.certificate


def _between_fact(found: Reach, parameter: str) -> Fact:
    crossed = "" if found.barrier is None else (
        f", and so crosses the barrier for every `{parameter}` below {_text(found.barrier)}"
    )  # fmt: skip
    return proved(
        Bounds(found.least, INFINITY, lower_closed=True, upper_closed=False),
        f"The supremum is at least this: the run that begins at x = {_text(found.start)} comes so "
        f"far with step {found.step}{crossed}.",
    )


def _list_facts(found: Phases, parameter: str) -> dict[str, Fact]:
    low, high = found.overshoot
    starts = f"over all starts at or before x = {found.wedge.kink}, the memory as the rule begins"
    facts: dict[str, Fact] = {}
    if not found.is_sharp:
        between = f"{_text(low)} and {_text(high)}"
        reason = f"The supremum is only known to lie between {between}."
        facts = {name: unknown(reason) for name in _FACTS}
        facts["between"] = proved(
            Bounds(low, high, lower_closed=True, upper_closed=True),
            "A run comes as far as the lower end, and a box that holds the memory of every run "
            f"lets none pass the upper one, {starts}.",
        )
        if found.barrier is not None:
            return facts | _common_facts(found)
    else:
        because = f"The supremum of how far a run passes the kink, {starts}: {_approach(found)}."
        facts["overshoot"] = proved(_number(low, high), because)
        facts["reached"] = _reached_fact(found)
        facts["run_up"] = _run_up_fact(found)
        said = "Steps from the first one past the kink to the farthest position of such a run."
        is_open = facts["run_up"].value is None
        facts["climb"] = facts["run_up"] if is_open else proved(found.climbing, said)
    facts["barrier"] = _barrier_fact(found, parameter)
    facts["attained"] = _attained_fact(found, parameter)
    return {n: facts[n] for n in _FACTS if n in facts} | _common_facts(found)


def _barrier_fact(found: Phases, parameter: str) -> Fact:
    if found.barrier is None:
        return proved("none", f"No start crosses the barrier for any `{parameter}`.")
    most = found.wedge.axis.upper
    if most is not None and found.barrier[0] == most:
        return proved(
            most, f"Some start crosses it for every `{parameter}` below the domain's end."
        )
    return proved(
        _number(*found.barrier),
        f"Some start crosses the barrier for every `{parameter}` below this, and none for any "
        f"above: the top stands {_text(found.overshoot[0])} past the kink there.",
    )


def _attained_fact(found: Phases, parameter: str) -> Fact:
    if found.barrier is None:
        return proved(False, "There is nothing to reach.")
    if found.attained is None:
        return unknown(f"Whether some start crosses it at that `{parameter}` itself is open.")
    if found.attained:
        return proved(True, "There a run lands exactly on the top and goes on downhill.")
    return proved(False, "There no run comes farther than the top itself, and turns back.")


def _reached_fact(found: Phases) -> Fact:
    if found.reached is None:
        return unknown(f"Whether a run comes as far as the supremum itself is open: "
                       f"{_approach(found)}.")  # fmt: skip
    if found.reached and found.after is not None:
        return proved(True, f"The run that stands on the kink after {found.after - 1} steps does.")
    return proved(False, "Every run leaves from before the kink, where it falls a little short.")


def _run_up_fact(found: Phases) -> Fact:
    if found.after is None:
        said = "Runs that begin ever farther away come as close to the supremum as it is known"
        return proved(_ENDLESS, f"{said}, each of them by a last step from the kink itself.")
    if found.reached is None:
        return unknown(
            f"A run-up of {found.after} steps comes within 1e-22 of the supremum, as a part of "
            "it; which one comes farthest is open."
        )
    return proved(
        found.after,
        "Steps up to the first one past the kink, for the runs that come farthest; the closer "
        "they stand to the kink one step before, the farther they come.",
    )


def _approach(found: Phases) -> str:
    if found.after is None:
        return "it is the limit of ever longer run-ups that take their last step from the kink"
    if found.reached is None:
        return f"run-ups of {found.after} steps come within 1e-22 of it, as a part of it"
    return f"of the runs that take step {found.after} from as close to the kink as they can"


def _common_facts(found: Phases) -> dict[str, Fact]:
    if found.settled is None:
        settled = unknown("The rule comes to no fixed memory on the run-up that is seen here.")
    else:
        settled = proved(
            _number(*found.settled),
            "How far the first climb goes after ever longer run-ups, whose memory settles.",
        )
    return {"settled": settled, "scaling": _scaling_fact(found)}


def _scaling_fact(found: Phases) -> Fact:
    if found.degree is None:
        return unknown(
            "The rule has a scale of its own beside the slopes, such as `eps` or a decay of "
            "weights, so that no power of them is exact."
        )
    power, height = found.degree, found.degree + 1
    return proved(
        {"overshoot": power, "height": height},
        f"All slopes times s multiply every step of the rule by s^{power}, and with it the "
        f"overshoot; the height of the highest barrier that is crossed is slope times overshoot, "
        f"so that s^{height} multiplies it.",
    )


def _number(low: fmpq, high: fmpq) -> fmpq | arb:
    if low == high:
        return low
    with precision(_BITS):
        return to_ball((low + high) / 2) + arb(0, arb((high - low) / 2).abs_upper())


def _text(value: fmpq) -> str:
    return to_value_text(value)


def _list_steps(found: Phases, parameter: str, facts: Mapping[str, Fact]) -> tuple[Step, ...]:
    wedge = found.wedge
    lines = [
        Step(f"slope {wedge.fall} up to x = {wedge.kink}, then {wedge.rise}",
             "The run-up and the climb; the top lies at the end of the climb."),
        Step("x' = x + push(memory, slope, t)" if facts["scaling"].value is not None
             else "x' = factor*x + push(memory, slope, t)",
             "The memory never reads the position, so that runs of all phases share it."),
    ]  # fmt: skip
    if facts["overshoot"].value is not None:
        lines.append(Step(f"sup overshoot = {to_value_text(facts['overshoot'].value)}",
                          facts["overshoot"].because))  # fmt: skip
        lines.append(Step(f"sup {parameter} = {to_value_text(facts['barrier'].value)}",
                          facts["barrier"].because))  # fmt: skip
    return tuple(lines)


def _draw_phases(course: Course, found: Phases) -> dict[str, Series]:
    """How far the first climb goes, by where the run begins, in float64."""
    wedge, rule = found.wedge, course.rule
    kink, fall, rise = map(to_float, (wedge.kink, wedge.fall, wedge.rise))

    def step(state: Mapping[str, float], slope: float, done: int) -> dict[str, float]:
        known = {**rule.float_values, **state, "g": slope, "t": float(done + 1)}
        for target, run in rule.float_step:
            known[target] = run(known)
        return {name: known[f"{name}'"] for name in ("x", *rule.state)}

    state = {name: to_float(value) for name, value in wedge.replay.begin().items()} | {"x": kink}
    shifts, starts, tops = [0.0], [], []
    for steps in range(1, _RUN_UPS + 1):
        after = step({**state, "x": kink}, fall, steps - 1)
        stride = after["x"] - kink
        if stride <= 0:
            break
        climb = _float_climb(step, after, rise, steps, kink)
        for index in range(_PHASES):
            first = stride * (_PHASES - index) / _PHASES
            starts.append(kink - shifts[-1] - (stride - first))
            tops.append(_first_climb(first, climb))
        shifts.append(shifts[-1] + stride)
        state = after
    order = sorted(range(len(starts)), key=lambda index: starts[index])
    return {
        "start": Series(("start",), [starts[i] for i in order], "1", "where the run begins"),
        "climbed": Series(("start",), [tops[i] for i in order], "1",
                          "how far its first climb passes the kink, in float64"),
    }  # fmt: skip


def _float_climb(step: Any, state: Any, rise: float, done: int, kink: float) -> list[float]:
    """How far each step of the climb moves the run that leaves the kink itself."""
    pushes, here = [], state
    while here["x"] > kink and len(pushes) < 5000:
        after = step(here, rise, done + len(pushes))
        pushes.append(after["x"] - here["x"])
        here = after
    return pushes


def _first_climb(first: float, pushes: list[float]) -> float:
    here = best = first
    for push in pushes:
        here += push
        if here <= 0:
            break
        best = max(best, here)
    return best
