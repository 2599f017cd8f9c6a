"""A loss surface as text: pieces in one variable or a formula in several, and parameters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import final

from flint import fmpq

from gradiometer.errors import Place, ShapeError, UsageError
from gradiometer.formula import (
    Formula,
    Interval,
    Name,
    Node,
    Number,
    Piece,
    Piecewise,
    differentiate,
    free_names,
    substitute,
    tidy,
    to_piecewise,
)
from gradiometer.model.landscape import CriticalPoint, Landscape, Surface, bind_interval
from gradiometer.model.parameter import Owner, Parameter, Setting
from gradiometer.model.vector_formula import (
    INDEX,
    Parts,
    count_places,
    name_coordinates,
    unroll_formula,
    unroll_terms,
)

VARIABLE = "x"

STEP = "t"
"""The step that an objective may change with, counted from 1 as in update rules."""


@final
@dataclass(frozen=True)
class CriticalRow:
    """What an entry says of a critical point, before its parameters have values."""

    at: tuple[Formula, ...]
    """One formula for each variable, or one for all coordinates of a vector."""
    value: Formula | None
    kind: str
    within: fmpq | None
    coordinates: int | None
    """The only number of coordinates for which it is one; None for all of them."""
    is_default: bool = False
    """Whether it is known for the parameters' defaults alone."""


@final
@dataclass(frozen=True)
class Objective:
    """A family of loss surfaces, one for each choice of its parameters."""

    name: str
    about: str
    parameters: Mapping[str, Parameter]
    rows: tuple[tuple[Interval, Formula], ...]
    """Where each formula holds, from left to right; a single formula holds everywhere."""
    place: Place
    variables: tuple[str, ...] = (VARIABLE,)
    is_vector: bool = False
    """Whether the formula is one over the vector `x` of all variables."""
    follows: str | None = None
    """The list with one number for each coordinate of `x`, if there is one."""
    least: int = 1
    """The smallest number of coordinates that the formula has a meaning for."""
    start: tuple[Formula, ...] = ()
    """Where its entry starts a run, when nobody says; empty when the entry does not say."""
    critical: tuple[CriticalRow, ...] = ()

    @property
    def owner(self) -> Owner:
        """The objective as something that has parameters."""
        return Owner("objective", self.name, self.parameters)

    @property
    def depends_on_step(self) -> bool:
        """Whether the formula reads the step `t`: each step has a loss of its own."""
        if STEP in self.variables or STEP in self.parameters:
            return False
        return any(STEP in free_names(formula.tree) for _, formula in self.rows)

    @property
    def barrier(self) -> str | None:
        """The name of the parameter whose threshold `escape` looks for, if there is one."""
        marked = [p.name for p in self.parameters.values() if p.is_barrier]
        return marked[0] if len(marked) == 1 else None

    def bind(self, values: Mapping[str, Setting]) -> Landscape:
        """The curve with these parameter values; parameters without one stay symbols.

        Raises:
            UsageError: If there are several variables, or the formula changes with the step.
            UndecidedError: If a piece has a kink whose place cannot be solved for.
        """
        if self.depends_on_step:
            raise UsageError(
                f"The objective `{self.name}` changes with the step `{STEP}`, and this question "
                "is about one that stays the same.",
                place=self.place,
                hint="ask `trajectory`",
            )
        if len(self.variables) > 1:
            raise UsageError(
                f"The objective `{self.name}` has {len(self.variables)} variables, and this "
                "question is about one.",
                known=self.variables,
                hint="ask `trajectory`",
            )
        known = self._read_values(values)
        numbers = {name: value for name, value in known.items() if not isinstance(value, tuple)}
        pieces: list[Piece] = []
        for on, formula in self.rows:
            bound = tidy(substitute(unroll_formula(formula, known), numbers))
            domain = bind_interval(on, numbers)
            pieces.extend(to_piecewise(bound, VARIABLE, domain=domain).pieces)
        slopes = tuple(differentiate(piece.formula, VARIABLE) for piece in pieces)
        return Landscape(Piecewise(VARIABLE, tuple(pieces)), slopes)

    def bind_surface(self, values: Mapping[str, Setting]) -> Surface:
        """The surface with these parameter values, as one tree in all variables.

        Raises:
            ShapeError: If a list has not as many numbers as the formula needs.
            UndecidedError: If a piece has a kink whose place cannot be solved for.

        Example:
            >>> from gradiometer.model import read_objective
            >>> surface = read_objective("x^2 + 10y^2", variables=("x", "y")).bind_surface({})
            >>> from gradiometer.formula import to_text
            >>> [to_text(slope) for slope in surface.gradient]
            ['2*x', '20*y']
        """
        (_, formula), *more = self.rows
        if more:
            return Surface(self.variables, self.bind(values).value)
        fitted = self.fit(values)
        known = fitted._read_values(values)
        value = tidy(fitted._unroll(formula, known))
        return Surface(fitted.variables, value, tuple(map(tidy, unroll_terms(formula, known))))

    def list_critical(self, values: Mapping[str, Setting]) -> tuple[CriticalPoint, ...]:
        """The critical points that the entry knows, for these parameter values."""
        fitted = self.fit(values)
        known = fitted._read_values(values)
        found: list[CriticalPoint] = []
        usual = all(values.get(k, p.default) == p.default for k, p in self.parameters.items())
        for row in self.critical:
            if row.coordinates in (None, len(fitted.variables)) and (usual or not row.is_default):
                at = fitted._spread(row.at, known)
                value = None if row.value is None else tidy(fitted._unroll(row.value, known))
                found.append(CriticalPoint(at, value, row.kind, row.within))
        return tuple(found)

    def list_start(self, values: Mapping[str, Setting]) -> tuple[Node, ...]:
        """Where a run starts when nobody says; empty when the entry does not say either."""
        fitted = self.fit(values)
        if not self.start:
            return ()
        return fitted._spread(self.start, fitted._read_values(values))

    def fit(self, values: Mapping[str, Setting]) -> Objective:
        """The objective with as many coordinates as the list that it follows has numbers."""
        given = None if self.follows is None else values.get(self.follows)
        if given is None:
            return self
        count = len(given) if isinstance(given, tuple) else 1
        return self if count == len(self.variables) else self.resize(count)

    def resize(self, count: int) -> Objective:
        """The objective over a vector of that many coordinates."""
        return replace(self, variables=name_coordinates(count))

    def _unroll(self, formula: Formula, known: Mapping[str, Node | Parts]) -> Node:
        try:
            return unroll_formula(formula, known)
        except ShapeError as error:
            raise error.located(self.place) from None

    def _spread(
        self, formulas: tuple[Formula, ...], known: Mapping[str, Node | Parts]
    ) -> tuple[Node, ...]:
        """One tree for each variable; a single formula stands for all coordinates."""
        count = len(self.variables)
        if len(formulas) == count:
            return tuple(tidy(self._unroll(formula, known)) for formula in formulas)
        places = [{**known, INDEX: place} for place in count_places(count)]
        return tuple(tidy(self._unroll(formulas[0], at)) for at in places)

    def _read_values(self, values: Mapping[str, Setting]) -> dict[str, Node | Parts]:
        """What each name of the formula stands for; the vector is that of the variables."""
        known: dict[str, Node | Parts] = {}
        for name, value in values.items():
            if isinstance(value, tuple):
                known[name] = tuple(map(Number, value))
            else:
                is_list = isinstance(self.parameters[name].default, tuple)
                known[name] = (Number(value),) if is_list else Number(value)
        if self.is_vector:
            known[VARIABLE] = tuple(map(Name, self.variables))
            known[INDEX] = count_places(len(self.variables))
        return known
