"""The answer about a schedule that follows losses: each reduction of the rate, and its reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from flint import fmpq

from gradiometer.errors import GradiometerError, LimitError, Place, UsageError
from gradiometer.formula import Exact, compare, parse_number, to_float
from gradiometer.model import LossSchedule, describe_settings, settle
from gradiometer.question.answer import Answer, Fact, Series, Step, proved
from gradiometer.question.value import to_value_text

_MOST_LOSSES = 100_000


def read_losses(given: str | Sequence[Any]) -> list[fmpq]:
    """The losses that are written, or that stand in a file.

    Raises:
        UsageError: If there are none.
        FormulaError: If one of them is no number; it says which.
    """
    rows = [given] if isinstance(given, str) else list(given)
    texts: list[str] = []
    for row in rows:
        texts += _read_file(row) if _is_file(row) else str(row).replace(",", " ").split()
    if not texts:
        raise UsageError(
            "The schedule follows losses, and there are none.",
            place=Place("--losses"),
            hint="write such as `--losses 1,0.9,0.9`",
        )
    if len(texts) > _MOST_LOSSES:
        raise LimitError(f"There are more than {_MOST_LOSSES:,} losses.", place=Place("--losses"))
    return [parse_number(text, place=Place(f"loss {index}")) for index, text in enumerate(texts, 1)]


def _is_file(row: Any) -> bool:
    return isinstance(row, str) and ("/" in row or "\\" in row or row.endswith((".txt", ".csv")))


def _read_file(name: str) -> list[str]:
    path = Path(name)
    if not path.is_file():
        try:
            parse_number(name)
        except GradiometerError:
            problem = f"There is no file `{name}`."
            raise UsageError(problem, place=Place("--losses"), hint="give its path") from None
        return [name]
    return path.read_text(encoding="utf-8").replace(",", " ").split()


def answer_losses(
    plan: LossSchedule, losses: Sequence[fmpq], given: Mapping[str, Any] | None
) -> Answer:
    """The rates under these losses, exactly."""
    values = settle([plan.owner], given)["schedule"]
    rows = plan.follow(losses, values)
    rates = [rows[0]["rate"], *(row["rate'"] for row in rows)]
    reductions = [_reduction(i, row) for i, row in enumerate(rows) if _is_change(row)]
    facts = {
        "values": proved(
            {str(step): rate for step, rate in enumerate(rates)},
            "The rate of each step, before its loss is known; steps count from 0.",
        ),
        "reductions": proved(
            reductions, f"The rate changes after {len(reductions)} of {len(losses)} losses."
        ),
        "best": _best(rows),
        "first": proved(rates[0], "The rate of step 0."),
        "last": proved(rates[-1], f"The rate after {len(losses)} losses."),
    }
    arrays = {
        "step": Series(("step",), list(range(len(rates))), "step", "losses seen"),
        "learning_rate": Series(("step",), [to_float(r) for r in rates], "1", "learning rate"),
        "loss": Series(("loss",), [to_float(loss) for loss in losses], "1", "loss"),
    }
    inputs = {"schedule": plan.name, "set": describe_settings(values), "losses": len(losses)}
    return Answer("schedule", inputs, facts, _steps(rates, reductions), arrays)


def _is_change(row: Mapping[str, Exact]) -> bool:
    return compare(row["rate"], row["rate'"]) != 0


def _reduction(index: int, row: Mapping[str, Exact]) -> dict[str, Any]:
    """Where the rate changes, from what to what, and why."""
    reason = "The rule of the schedule lowers the rate here."
    if "count" in row and "best'" in row:
        count, best = to_value_text(row["count"]), to_value_text(row["best"])
        reason = f"{count} losses in a row were not better than {best} by the threshold."
    return {"step": index + 1, "from": row["rate"], "to": row["rate'"], "reason": reason}


def _best(rows: Sequence[Mapping[str, Exact]]) -> Fact:
    last = rows[-1].get("best'")
    if last is None:
        return Fact(None, "unknown", "The schedule does not remember a best loss.")
    at = next(i for i, row in enumerate(rows) if compare(row["best'"], last) == 0)
    return proved({"loss": last, "step": at}, "The loss that later ones are measured against.")


def _steps(rates: Sequence[Exact], reductions: Sequence[Mapping[str, Any]]) -> tuple[Step, ...]:
    lines = [Step(f"rate(0) = {to_value_text(rates[0])}", "The first step.")]
    lines += [
        Step(f"rate({row['step']}) = {to_value_text(row['to'])}", row["reason"])
        for row in reductions[:8]
    ]
    return tuple(lines)
