"""Proves that a rule of bounded steps stays near where slopes point home."""

from __future__ import annotations

from flint import fmpq

from gradiometer.errors import CertificateError, DomainError, UndecidedError
from gradiometer.formula import precision, to_float
from gradiometer.proof.certificate import make_certificate
from gradiometer.proof.check_motion import read_motion
from gradiometer.proof.check_prefix import BITS
from gradiometer.proof.check_pull import Pull, read_pull
from gradiometer.proof.check_region import Field
from gradiometer.proof.check_tether import bound_slopes, count_turns, require_home
from gradiometer.proof.check_walk import Replay
from gradiometer.proof.contraction_guess import round_short
from gradiometer.proof.fate import Fate
from gradiometer.proof.scene import Scene

_CALM = 60
"""Steps after which the corrections of means matter little."""
_WIDENINGS = 14


def find_curved_tether(scene: Scene) -> Fate:
    """The same on curved landscapes alone, where boxes of states are slow and often too wide.

    Raises:
        UndecidedError: If the landscape is straight, or nothing is found.
    """
    if all(scene.straight):
        raise UndecidedError("every slope is constant")
    return find_tether(scene)


def find_tether(scene: Scene) -> Fate:
    """The verdict `bounded` for a rule whose steps are short and point home.

    Raises:
        UndecidedError: If the rule is of another kind, or no interval is found.
    """
    replay, problem = scene.replay, scene.problem
    places = [to_float(state.position) for state in scene.run.states]
    done = min(_CALM, len(places) - 1)
    if done < 1:
        raise UndecidedError("the run is too short to be bounded")
    prefix = scene.prefix
    with precision(BITS):
        prefix.reach(done)
        pull = read_pull(Field(replay, read_motion(replay, done)))
        ends = _choose_ends(replay, done, pull, (min(places), max(places)))
    low, left, right, high = ends
    certificate = make_certificate(
        "tether",
        problem=problem,
        claim={"verdict": "bounded", "limit": None, "cycle": None,
               "interval": [str(low), str(high)]},
        evidence={"from": done, "inner": [str(left), str(right)]},
    )  # fmt: skip
    follows = (
        "each step points back with its slope"
        if pull.keeps == 0
        else "the mean of slopes that it follows turns before it is further out"
    )
    because = (
        f"from step {done} on no step is longer than {to_float(pull.reach):.3g}, every slope "
        f"outside of [{left}, {right}] points back to it, and {follows}"
    )
    return Fate("bounded", because, certificate, interval=(low, high))


class _AwayError(UndecidedError):
    """A slope between an inner and an outer end that may not point home."""

    def __init__(self, *sides: bool) -> None:
        """Whether it is so on the left, and on the right."""
        super().__init__("a slope between inner and outer end may not point home")
        self.sides = sides


def _choose_ends(
    replay: Replay, done: int, pull: Pull, span: tuple[float, float]
) -> tuple[fmpq, fmpq, fmpq, fmpq]:
    """The narrowest of some pairs of inner and outer ends that the checker accepts.

    Raises:
        UndecidedError: If it accepts none.
    """
    field = Field(replay, read_motion(replay, done))
    reach = to_float(pull.reach)
    low, high = span
    if pull.decays:
        low, high = min(low, 0.0), max(high, 0.0)
    best: tuple[fmpq, fmpq, fmpq, fmpq] | None = None
    reason = "slopes do not point home beyond any end"
    margins = [max(reach / 8, 1e-9 * (high - low))] * 2
    for _ in range(2 * _WIDENINGS):
        inner = round_short(low - margins[0]), round_short(high + margins[1])
        if best is not None and inner[1] - inner[0] >= best[3] - best[0]:
            break
        widens = (True, True)
        try:
            ends = _find_outer(field, pull, inner, reach)
            require_home(replay, done, ends)
        except _AwayError as error:
            reason, widens = str(error), error.sides
        except (UndecidedError, DomainError, CertificateError) as error:
            reason = getattr(error, "problem", str(error)).rstrip(".")
        else:
            if best is None or ends[3] - ends[0] < best[3] - best[0]:
                best = ends
        margins = [2 * m if widen else m for m, widen in zip(margins, widens, strict=True)]
    if best is None:
        raise UndecidedError(f"no interval holds it by the length of its steps: {reason}")
    return best


def _find_outer(
    field: Field, pull: Pull, inner: tuple[fmpq, fmpq], reach: float
) -> tuple[fmpq, fmpq, fmpq, fmpq]:
    """Outer ends that are far enough out, found by moving them until they are."""
    left, right = inner
    room = [1, 1]
    for _ in range(12):
        # A little more than needed, since ends are rounded.
        low = round_short(to_float(left) - 1.01 * room[0] * reach)
        high = round_short(to_float(right) + 1.01 * room[1] * reach)
        least, most = bound_slopes(field, low, high)
        nearest = bound_slopes(field, right, high)[0], -bound_slopes(field, low, left)[1]
        if not (nearest[0] > 0 and nearest[1] > 0):
            raise _AwayError(not nearest[1] > 0, not nearest[0] > 0)
        wanted = [
            1 + count_turns(pull.keeps, nearest[1], most),
            1 + count_turns(pull.keeps, nearest[0], -least),
        ]
        if wanted[0] <= room[0] and wanted[1] <= room[1]:
            return low, left, right, high
        room = [max(a, b) for a, b in zip(room, wanted, strict=True)]
    raise UndecidedError("the outer ends move ever further out")
