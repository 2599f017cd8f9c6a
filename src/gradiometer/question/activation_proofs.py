"""The certificates behind the facts of `activation`, each replayed before anybody sees it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Literal, TypeAlias, final

from gradiometer.errors import CertificateError, GradiometerError, UndecidedError
from gradiometer.formula import is_smooth, to_text
from gradiometer.model import Activation
from gradiometer.proof import (
    End,
    Ground,
    Shape,
    check,
    lay_ground,
    prove_equal,
    prove_form,
    prove_joints,
    prove_limit,
    prove_parity,
    prove_period,
    prove_profile,
    prove_swing,
    prove_witness,
    shorten,
)

Part: TypeAlias = Mapping[str, Any]
_Prove: TypeAlias = "Callable[[], dict[str, Any]]"


@final
@dataclass
class Proofs:
    """The parts that the checker accepts, by what they are about, and why others are missing."""

    parts: dict[str, Part] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)

    def add(self, name: str, prove: _Prove) -> bool:
        """Whether the part was found and accepted."""
        try:
            part = prove()
            check(part)
        except (UndecidedError, CertificateError, GradiometerError, ArithmeticError) as error:
            self.missing[name] = str(error)
            return False
        self.parts[name] = part
        return True

    def claim(self, name: str) -> Any:
        """What an accepted part claims; None where there is none."""
        part = self.parts.get(name)
        return None if part is None else part["claim"]


def certify(model: Activation, shape: Shape) -> list[Part]:
    """All parts about the function that a checker can replay, each once."""
    return list(list_proofs(model, shape).parts.values())


def list_proofs(model: Activation, shape: Shape) -> Proofs:
    """The parts by name, with the reason for each that is missing.

    Example:
        >>> from gradiometer.formula import to_piecewise
        >>> from gradiometer.model import read_activation
        >>> model = read_activation("tanh")
        >>> found = list_proofs(model, Shape(to_piecewise(model.tree, "x")))
        >>> found.parts["odd"]["claim"]
        {'symmetry': 'odd'}
    """
    proofs = Proofs()
    if is_smooth(model.tree):
        short = shorten(shape.sections[0].piece.formula)
        if to_text(short) != to_text(model.tree):
            proofs.add("short form", lambda: prove_equal(model.tree, short))
    try:
        ground = lay_ground(model.tree, shape)
    except UndecidedError as error:
        proofs.missing["all"] = str(error)
        return proofs
    proofs.add("joints", lambda: prove_joints(ground))
    proofs.add("course", lambda: prove_profile(ground, 0))
    proofs.add("slope", lambda: prove_profile(ground, 1))
    proofs.add("form", lambda: prove_form(ground))
    _add_symmetries(proofs, ground)
    if len(ground.plots) == 1 and ground.plots[0].section.waves is not None:
        proofs.add("swing", lambda: prove_swing(ground))
    for name, prove in _list_stopgaps(proofs, ground):
        proofs.add(name, prove)
    _add_limits(proofs, ground, "course", 0)
    _add_limits(proofs, ground, "slope", 1)
    return proofs


def _add_symmetries(proofs: Proofs, ground: Ground) -> None:
    if not proofs.add("not odd", lambda: prove_witness(ground, "odd")):
        proofs.add("odd", lambda: prove_parity(ground, "odd"))
    if not proofs.add("not even", lambda: prove_witness(ground, "even")):
        proofs.add("even", lambda: prove_parity(ground, "even"))
    if len(ground.plots) == 1 and _is_open(proofs, "lower") and _is_open(proofs, "upper"):
        proofs.add("periodic", lambda: prove_period(ground))


def _is_open(proofs: Proofs, side: str) -> bool:
    """Whether no limit at that end is shown that would rule a period out."""
    claim = proofs.claim("course")
    return claim is None or claim["sections"][0][side] is None


def _list_stopgaps(proofs: Proofs, ground: Ground) -> Iterator[tuple[str, _Prove]]:
    """Smaller proofs where the course of the function or of its slope is not all known."""
    course, slope = _list_signs(proofs, "course"), _list_signs(proofs, "slope")
    apart = proofs.claim("joints") is None or ground.shape.has_lone_point()
    if not {-1, 1} <= course and (None in course or apart):
        yield "not monotone", lambda: prove_witness(ground, "monotone")
    if not {-1, 1} <= slope and (None in slope or apart):
        yield "not convex", lambda: prove_witness(ground, "convex")
    if "form" not in proofs.parts:
        yield "not affine", lambda: prove_witness(ground, "affine")
    if len(ground.plots) == 1 and None in course:
        yield "not constant", lambda: prove_witness(ground, "constant")


def _add_limits(proofs: Proofs, ground: Ground, name: str, order: Literal[0, 1]) -> None:
    """The limits far out by themselves, where the course that would hold them is missing."""
    if name in proofs.parts:
        return
    sides: tuple[tuple[int, End], ...] = ((0, "lower"), (len(ground.plots) - 1, "upper"))
    for index, side in sides:
        if ground.plots[index].end(side) is None:
            prove = partial(prove_limit, ground, index, side, order=order)
            proofs.add(f"{name} {side}", prove)


def _list_signs(proofs: Proofs, name: str) -> set[int | None]:
    """All signs that are shown; None for a piece where they are not."""
    claim = proofs.claim(name)
    if claim is None:
        return {None}
    lists = (section["signs"] or [None] for section in claim["sections"])
    return {sign for signs in lists for sign in signs}
