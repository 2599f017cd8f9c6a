"""That no settings exist is proved by elimination, and never where some exist."""

import pytest
from flint import Ordering, fmpq, fmpq_mpoly_ctx

from gradiometer.model import Rule, read_optimizer
from gradiometer.proof import rule_out
from gradiometer.proof.eliminate import have_no_solution

_CONTEXT = fmpq_mpoly_ctx.get(("a", "b", "c"), Ordering.lex)
_A, _B, _C = _CONTEXT.gens()


def _bind(named: str, **values: fmpq) -> Rule:
    optimizer = read_optimizer(named)
    fixed = {n: p.default for n, p in optimizer.parameters.items() if isinstance(p.default, fmpq)}
    return optimizer.bind(fixed | values)


@pytest.mark.parametrize(
    ("equations", "nonzero"),
    [
        ([_A - 1, _A * _B - 2, _B - 3], []),
        ([_A**2 - 2, _A - 1], []),
        ([_A * _B], [_A, _B]),
        ([_A**2 - _A, _A * _B - 1, _B - 2], []),
        ([_A**2 - 2, _B**2 - 8, _A * _B - 3], []),
        ([_A + _B + _C, _A + _B + _C - 1], []),
    ],
)
def test_contradictions_are_found(equations: list[object], nonzero: list[object]) -> None:
    assert have_no_solution(equations, nonzero)


@pytest.mark.parametrize(
    ("equations", "nonzero"),
    [
        ([], []),
        ([_A - 1, _A * _B - 2, _B - 2], []),
        ([_A**2 - 2, _B**2 - 8, _A * _B - 4], [_A, _B]),
        ([_A * _B], [_A]),
        # Complex numbers count as solutions.
        ([_A**2 + 1], [_A]),
        ([_A * _B - 1, _B * _C - 1, _A - _C], [_A - 1]),
    ],
)
def test_equations_with_a_solution_are_left_alone(
    equations: list[object], nonzero: list[object]
) -> None:
    assert not have_no_solution(equations, nonzero)


@pytest.mark.parametrize(
    ("source", "target", "flags"),
    [
        ("adam.torch", "adam.optax", {"nesterov": fmpq(0)}),
        ("sgd.keras", "sgd.torch", {"nesterov": fmpq(0)}),
        ("adagrad.keras", "adagrad.torch", {}),
        ("rmsprop.optax", "rmsprop.keras", {"centered": fmpq(0)}),
        ("adagrad.optax", "adagrad.optax", {}),
    ],
)
def test_settings_that_exist_are_never_ruled_out(
    source: str, target: str, flags: dict[str, fmpq]
) -> None:
    assert rule_out(_bind(source), read_optimizer(target), flags) == ([], False)


def test_eps_of_adam_in_torch_is_ruled_out_for_keras_unless_it_is_zero() -> None:
    target, flags = read_optimizer("adam.keras"), {"amsgrad": fmpq(0)}
    assert rule_out(_bind("adam.torch"), target, flags)[0] == [flags]
    assert rule_out(_bind("adam.torch", eps=fmpq(0)), target, flags)[0] == []
    assert rule_out(_bind("adam.torch", beta2=fmpq(0)), target, flags)[0] == []
