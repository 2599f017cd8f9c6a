"""What an update rule remembers before the first step, for every parameter of each network."""

from __future__ import annotations

from gradiometer.errors import UsageError
from gradiometer.formula import evaluate, free_names, to_float
from gradiometer.model import ScalarRule
from gradiometer.numeric.dense_shape import DenseShape
from gradiometer.numeric.lattice import Array


def begin_states(rule: ScalarRule, work: Array, shape: DenseShape) -> None:
    """Fill the states of a block whose parameters stand there already.

    Raises:
        UsageError: If a state begins with something else than a number or the parameter itself.
    """
    first, count = shape.at("parameters"), shape.parameters
    for number, (name, tree) in enumerate(rule.states):
        place = shape.at(f"state {number}")
        names = free_names(tree) - frozenset(rule.values)
        if not names:
            work[place : place + count] = to_float(evaluate(tree, dict(rule.values)))
        elif getattr(tree, "name", "") == "x":
            work[place : place + count] = work[first : first + count]
        else:
            said = ", ".join(sorted(names))
            raise UsageError(
                f"The state `{name}` of the rule `{rule.name}` begins with a formula of {said}, "
                "which the training of networks does not read.",
                hint="choose another optimizer",
            )
