"""Published rules that read a learning rate off a range test, each with what it takes for granted.

A range test lets the rate grow by the same factor at every step and looks at the loss. The rules
are those of the library fastai (steepest, valley, minimum) and of Smith (2017).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias, final

SMOOTHING = 0.98
"""How much of the running mean of the losses is kept at each step."""

WORSE = 4.0
"""The test ends where the smoothed loss is this many times its least value so far."""

LEAST_FALL = 0.1
"""The least fall of the smoothed loss, as a share of the first one, that a rule can read."""

Reader: TypeAlias = Callable[[Any, Any], "int | None"]
"""Takes the logarithms of the rates and the smoothed losses; gives a place among them."""


@final
@dataclass(frozen=True)
class RangeRule:
    """One way to read a rate."""

    read: Reader
    factor: float
    """What the rate at that place is multiplied by."""
    assumes: str
    source: str


def smooth_losses(losses: Any) -> Any:
    """The running mean of the losses, without the pull of its start.

    Example:
        >>> [round(float(x), 3) for x in smooth_losses([1.0, 0.0])]
        [1.0, 0.495]
    """
    import numpy as np

    found, mean = np.empty(len(losses)), 0.0
    for step, loss in enumerate(losses):
        mean = SMOOTHING * mean + (1 - SMOOTHING) * float(loss)
        found[step] = mean / (1 - SMOOTHING ** (step + 1))
    return found


def find_end(smooth: Any) -> int:
    """How many steps count: up to the first that is no number or far above the least so far."""
    import numpy as np

    with np.errstate(invalid="ignore"):
        fine = smooth <= WORSE * np.minimum.accumulate(smooth)
    return int(len(smooth) if fine.all() else np.argmin(fine))


def can_be_read(smooth: Any) -> bool:
    """Whether the loss falls enough that there is something to read."""
    return len(smooth) > 2 and float(smooth.min()) <= (1 - LEAST_FALL) * float(smooth[0])


def _read_steepest(logs: Any, smooth: Any) -> int | None:
    import numpy as np

    return int(np.argmin(np.diff(smooth) / np.diff(logs)))


def _read_minimum(logs: Any, smooth: Any) -> int | None:
    at = int(smooth.argmin())
    # A loss that still falls at the last rate has no minimum.
    return None if at == len(smooth) - 1 else at


def _read_valley(logs: Any, smooth: Any) -> int | None:
    """Half of the second third of the longest falling subsequence."""
    lengths, ends = [1] * len(smooth), 0
    for i in range(1, len(smooth)):
        lower = [lengths[j] for j in range(i) if smooth[i] < smooth[j]]
        lengths[i] = 1 + max(lower, default=0)
        ends = i if lengths[i] > lengths[ends] else ends
    begin = ends - lengths[ends]
    third = int((ends - begin) / 3)
    place = begin + third + third // 2
    return max(place, 0)


def _read_rise(logs: Any, smooth: Any) -> int | None:
    """The first step whose loss is lower than the first one by a tenth of the whole fall."""
    fall = float(smooth[0] - smooth.min())
    return int((smooth <= smooth[0] - fall / 10).argmax())


RULES: Mapping[str, RangeRule] = {
    "steepest": RangeRule(
        _read_steepest, 1.0, "the rate at which the loss falls fastest serves a whole training",
        "fastai, suggestion `steep`",
    ),
    "valley": RangeRule(
        _read_valley, 1.0, "the middle of the longest fall is far from both slow and unstable",
        "fastai, suggestion `valley`",
    ),
    "minimum/10": RangeRule(
        _read_minimum, 0.1, "the least loss lies ten times above what a whole training bears",
        "fastai, suggestion `minimum`",
    ),
    "cycle_low": RangeRule(
        _read_rise, 1.0, "a cycle of rates may begin where learning begins", "smith2017",
    ),
    "cycle_high": RangeRule(
        _read_minimum, 1.0, "a cycle of rates may go up to where the loss stops falling",
        "smith2017",
    ),
}  # fmt: skip
"""The rules by name."""


def read_rates(rates: Any, losses: Any) -> dict[str, float]:
    """The rate that each rule suggests; NaN for no good suggestion.

    Args:
        rates: Rising by the same factor at each step, shape (steps,).
        losses: The loss before each step; NaN once the run has diverged.
    """
    import numpy as np

    smooth = smooth_losses(losses)
    # As fastai does: a running mean of few losses is noise, and the last ones are the end itself.
    first, last = len(smooth) // 10, min(find_end(smooth), len(smooth) - 5)
    smooth, rates = smooth[first:last], rates[first:last]
    if not can_be_read(smooth):
        return dict.fromkeys(RULES, math.nan)
    logs, found = np.log(rates[: len(smooth)]), {}
    for name, rule in RULES.items():
        at = rule.read(logs, smooth)
        found[name] = math.nan if at is None else rule.factor * float(rates[at])
    return found
