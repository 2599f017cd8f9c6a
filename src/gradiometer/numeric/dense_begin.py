"""What an update rule remembers before the first step, for every parameter of each network."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from gradiometer.errors import UsageError
from gradiometer.formula import compile_float, evaluate, free_names, to_float
from gradiometer.model import ScalarRule
from gradiometer.numeric.dense_joint import JointRule
from gradiometer.numeric.dense_joint_terms import TensorTerms, find_terms
from gradiometer.numeric.dense_shape import DenseShape
from gradiometer.numeric.dense_source import Dense
from gradiometer.numeric.lattice import Array
from gradiometer.numeric.reference import begin_reference


def begin_states(
    dense: Dense, work: Array, shape: DenseShape, *, numbers: Mapping[str, Array]
) -> None:
    """Fill the states of a block whose parameters stand there already.

    Args:
        dense: The networks and their rule.
        work: The block.
        shape: Where its sections lie.
        numbers: What parameters of the rule are at the first step in each lane, by name.

    Raises:
        UsageError: If a state of a rule of single numbers begins with a formula of its position.
    """
    if isinstance(dense.rule, JointRule):
        _begin_joint(dense, dense.rule, work, shape, numbers=numbers)
    else:
        _begin_scalar(dense.rule, work, shape, numbers=numbers)


def _begin_scalar(
    rule: ScalarRule, work: Array, shape: DenseShape, *, numbers: Mapping[str, Array]
) -> None:
    first, count = shape.at("parameters"), shape.parameters
    for number, (name, tree) in enumerate(rule.states):
        place = shape.at(f"state {number}")
        names = free_names(tree) - frozenset(rule.values)
        if not names:
            work[place : place + count] = to_float(evaluate(tree, dict(rule.values)))
        elif getattr(tree, "name", "") == "x":
            work[place : place + count] = work[first : first + count]
        elif names <= numbers.keys():
            run = compile_float(tree)
            rows = [{n: float(numbers[n][lane]) for n in names} for lane in range(work.shape[1])]
            work[place : place + count] = [run({**rule.float_values, **row}) for row in rows]
        else:
            said = ", ".join(sorted(names))
            raise UsageError(
                f"The state `{name}` of the rule `{rule.name}` begins with a formula of {said}, "
                "which the training of networks does not read.",
                hint="choose another optimizer",
            )


def _begin_joint(
    dense: Dense, joint: JointRule, work: Array, shape: DenseShape, *, numbers: Mapping[str, Array]
) -> None:
    """Each lane on its own, so that its bits do not depend on its neighbours."""
    terms = find_terms(joint, dense.widths, shape.weights, dense.scheduled)
    places = [_list_entries(tensor) for tensor in terms.tensors]
    own = {name: row for name, row in numbers.items() if name in joint.rule.text.parameters}
    parameters = shape.at("parameters")
    whole = sorted(joint.rule.text.joint_states)
    for lane in range(work.shape[1]):
        rates = {name: float(row[lane]) for name, row in own.items()}
        starts = [np.asarray(work[parameters + where, lane], float) for where in places]
        flat = np.concatenate([start.ravel() for start in starts])
        begun = begin_reference(joint.rule, flat[None], rates=rates).memory if whole else {}
        for tensor, where, start in zip(terms.tensors, places, starts, strict=True):
            memory = begin_reference(tensor.rule, start[None], rates=rates).memory
            memory = {**memory, **{name: begun[name] for name in whole if name in begun}}
            for number, name in enumerate(terms.states):
                if name in memory:
                    values = np.broadcast_to(memory[name][0], np.atleast_2d(where).shape)
                    work[shape.at(f"state {number}") + np.atleast_2d(where), lane] = values


def _list_entries(tensor: TensorTerms) -> Array:
    """The entry of each number of a tensor among the parameters, in the tensor's shape."""
    rows, columns = tensor.strides
    row = np.arange(tensor.lengths["R"])[:, None] * rows
    column = np.arange(tensor.lengths["C"])[None, :] * columns
    return (tensor.begin + row + column).reshape(tensor.rule.shape)
