"""The question `trajectory`: where does the optimizer go from here?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from flint import fmpq

from gradiometer.errors import UsageError, suggest
from gradiometer.question.answer import Answer
from gradiometer.question.course import MOST_STEPS, Request, read_request
from gradiometer.question.noise import read_noise
from gradiometer.question.trajectory_change import answer_changes, check_curve, read_span
from gradiometer.question.trajectory_curve import answer_on_curve
from gradiometer.question.trajectory_exact import answer_exactly
from gradiometer.question.trajectory_float import answer_in_floats

ENGINES = ("exact", "ball", "float64", "float32")
"""The kinds of numbers that a run can be made of."""

MOST_FLOAT_STEPS = 10_000_000


def trajectory(
    objective: str | Mapping[str, Any],
    *,
    optimizer: str | Mapping[str, Any] = "sgd",
    schedule: str | Mapping[str, Any] | None = None,
    set: Mapping[str, Any] | None = None,
    start: Any = None,
    steps: int = 1000,
    at_kink: str | None = None,
    engine: str | None = None,
    noise: str | None = None,
    seed: int = 0,
    between: str | None = None,
) -> Answer:
    """Where the optimizer goes from *start*, and what finally becomes of it.

    Args:
        objective: A catalogue name, a formula, a TOML file or a table. A formula may read `t`, the
            step counted from 1: then each step has a loss of its own.
        optimizer: A catalogue name, a TOML file or a table with an update rule.
        schedule: A catalogue name, a formula in `k` (steps done), a file or a table.
        set: Values of parameters of any of the three; texts are exact.
        start: The first position, exact: a number, `x=1, y=2` (which makes these names the
            variables of a formula), or a list of numbers for a vector `x`. None for the usual
            start of the objective, or 0.
        steps: How many steps to run, from 0.
        at_kink: Which slope to take exactly at a joint, in one variable: `left`, `right`, or None
            for the piece that contains the point.
        engine: `exact` (rationals), `ball` (enclosures), `float64` or `float32`. None for rationals
            as long as they last and balls after them; where these are hopeless, float64.
        noise: `gaussian:0.1` adds normal draws of that deviation to the gradient; `minibatch:2`
            takes two drawn terms of an objective that is a sum or mean over data, `cyclic:1` one
            term after the other. None for the whole gradient.
        seed: Decides all draws: the same seed gives the same numbers.
        between: A parameter and a range such as `learning_rate=1/10:3`, or with a number of values
            behind it `learning_rate=1/10:3:33`: where in it does the verdict change?

    Returns:
        Facts `verdict lowest lowest_at lowest_step final cycle growth_factor limit engine
        nearest_critical not_finite continuous`, as far as the engine gives them, and beside an
        exact run what becomes of it in floats: `float64`, `float32`, and where these first take
        another branch, `rounding`, `rounding_float32`; the iterates in `data`. With `between` the
        one fact `changes`: pairs of values, 1e-12 of their size apart where that can be, whose
        verdicts differ and are both proved.

    Raises:
        GradiometerError: If an input cannot be used.

    Example:
        >>> answer = trajectory("barrier", set={"h": "1/2", "learning_rate": "3/10"})
        >>> answer.facts["verdict"].value
        'cycle'
        >>> answer = trajectory("x^2 + 10*y^2", start="x=1, y=2", steps=1,
        ...     set={"learning_rate": "1/100"})
        >>> answer.facts["final"].value
        {'x': 49/50, 'y': 8/5}
    """
    if between is not None:
        span = read_span(between, set)

        def read(value: fmpq) -> Request:
            return read_run(
                objective, optimizer=optimizer, schedule=schedule, start=start, steps=steps,
                set={**(set or {}), span.name: str(value)}, at_kink=at_kink, engine=engine,
                noise=noise, seed=seed, proved=True,
            )  # fmt: skip

        return answer_changes(read, span)
    request = read_run(
        objective, optimizer=optimizer, schedule=schedule, set=set, start=start, steps=steps,
        at_kink=at_kink, engine=engine, noise=noise, seed=seed,
    )  # fmt: skip
    drawn = read_noise(noise, seed)
    why = _why_floats(request, engine, noise)
    if why:
        kind = "float32" if engine == "float32" else "float64"
        return answer_in_floats(request, kind, why, drawn, seed)
    if len(request.start) == 1 and not request.is_online:
        return answer_on_curve(request, engine)
    return answer_exactly(request, engine)


def _check_alone(engine: str | None, noise: str | None) -> None:
    """Refuse floats and draws where both ends of a bracket shall be proved."""
    for name, given in (("engine", engine), ("noise", noise)):
        if given is not None:
            raise UsageError(
                f"With `between` all verdicts are proved, and `{name}` has no meaning.",
                hint=f"leave `{name}` out",
            )


def read_run(
    objective: str | Mapping[str, Any],
    *,
    optimizer: str | Mapping[str, Any],
    schedule: str | Mapping[str, Any] | None,
    set: Mapping[str, Any] | None,
    start: Any,
    steps: int,
    at_kink: str | None,
    engine: str | None,
    noise: str | None,
    seed: int,
    between: str | None = None,
    proved: bool = False,
) -> Request:
    """What `trajectory` is asked, read; the arguments are those of `trajectory`.

    With `between`, it is the run at the lower end of the range. *proved* is for a run that has a
    meaning only with a proof.

    Raises:
        GradiometerError: If an input cannot be used; it says which one.
    """
    check_engine(engine)
    if between is not None:
        span = read_span(between, set)
        set, proved = {**(set or {}), span.name: str(span.low)}, True
    if proved:
        _check_alone(engine, noise)
    exact = engine in ("exact", "ball")
    request = read_request(
        objective, optimizer=optimizer, schedule=schedule, settings=set, start=start,
        steps=steps, at_kink=at_kink, most=MOST_STEPS if exact or proved else MOST_FLOAT_STEPS,
    )  # fmt: skip
    draws = read_noise(noise, seed) is not None or "noise" in request.rule.reads
    if draws and exact:
        raise UsageError(
            f"Random draws are floats, and `{engine}` has none.",
            known=("float64", "float32"),
            hint="write `--engine float64`",
        )
    if proved:
        check_curve(request)
    # What binds late is refused here, before anything runs.
    needs_all = engine or request.is_online or len(request.start) > 1
    _ = request.journey if needs_all else request.curve
    if not draws:
        return request
    return replace(request, inputs={**request.inputs, "noise": noise, "seed": seed})


def check_engine(engine: str | None) -> None:
    """Refuse an engine that there is not.

    Raises:
        UsageError: With the nearest one.
    """
    if engine is None or engine in ENGINES:
        return
    nearest = suggest(str(engine), ENGINES)
    raise UsageError(
        f"There is no engine `{engine}`.",
        known=ENGINES,
        hint=f"write `{nearest}`" if nearest else "leave it out",
    )


def _why_floats(request: Request, engine: str | None, noise: str | None) -> str:
    """Why the run is made in floats; empty when it is not."""
    if engine is not None:
        return f"`engine` is {engine}." if engine.startswith("float") else ""
    if request.steps > MOST_STEPS:
        return f"Exact numbers are given up beyond {MOST_STEPS:,} steps."
    if noise is not None or "noise" in request.rule.reads:
        return "Random draws are floats."
    return ""
