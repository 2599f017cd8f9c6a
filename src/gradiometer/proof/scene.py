"""What all attempts to find a fate look at: the problem, its first steps, its run in float64."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, final

from gradiometer.errors import GradiometerError, UndecidedError
from gradiometer.formula import Apply, free_names, precision, walk
from gradiometer.proof.check_motion import read_motion
from gradiometer.proof.check_prefix import BITS, Prefix
from gradiometer.proof.check_pull import read_pull
from gradiometer.proof.check_region import Field
from gradiometer.proof.check_tangent import read_motion as read_tangent
from gradiometer.proof.check_walk import Replay, read_replay
from gradiometer.proof.contraction_guess import FloatPath
from gradiometer.proof.walk import Course, Run


@final
@dataclass(frozen=True)
class Scene:
    """A course with what several attempts need of it, each computed once and when it is needed."""

    course: Course
    run: Run
    """The run in exact numbers as far as it came."""
    settled_from: int | None
    """The number of steps after which every step is the same map, or None."""

    @cached_property
    def problem(self) -> Mapping[str, Any]:
        """What is run, as certificates say it."""
        return self.course.to_problem()

    @cached_property
    def replay(self) -> Replay:
        """The problem as the checker reads it."""
        return read_replay(self.problem)

    @cached_property
    def prefix(self) -> Prefix:
        """The run as the checker replays it; it grows as far as somebody looks.

        Raises:
            DomainError: If the landscape has a hole.
        """
        with precision(BITS):
            return Prefix(self.replay)

    @cached_property
    def floats(self) -> FloatPath:
        """The run in float64 with all that is ever remembered; it grows likewise."""
        return FloatPath(self.course, read_tangent(self.replay, 0))

    @cached_property
    def straight(self) -> tuple[bool, ...]:
        """Whether each piece of the landscape is straight."""
        return tuple(not free_names(piece.slope) for piece in self.replay.pieces)

    @cached_property
    def strides_are_equal(self) -> bool:
        """Whether each stride is a rate times a sign, so that no two runs come closer by it."""
        replay = self.replay
        trees = [tree for _, tree in replay.step]
        if not any(isinstance(n, Apply) and n.operator == "sign" for t in trees for n in walk(t)):
            return False
        try:
            with precision(BITS):
                pull = read_pull(Field(replay, read_motion(replay, 1)))
        except (UndecidedError, GradiometerError):
            return False
        return not pull.square and not pull.decays

    @cached_property
    def is_neutral(self) -> bool:
        """Whether a run that is moved a little stays moved: nothing on its way reads where it is.

        Only the pieces that it visits do, and these stay the same.
        """
        return all(self.straight) and not read_motion(self.replay, 1).reads_position
