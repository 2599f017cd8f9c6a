"""That no settings exist is proved by elimination, and never where some exist."""

from collections.abc import Sequence
from typing import Any

import pytest
from flint import Ordering, fmpq, fmpq_mpoly_ctx

from gradiometer.errors import CertificateError, UndecidedError
from gradiometer.formula import EVERYTHING, Range
from gradiometer.model import Rule, read_optimizer
from gradiometer.proof import check, rule_out
from gradiometer.proof.check_algebra import Region, refute, remainder, signs_of
from gradiometer.proof.eliminate import find_refutation

_CONTEXT = fmpq_mpoly_ctx.get(("g0", "g1", "g2"), Ordering.lex)
_A, _B, _C = _CONTEXT.gens()
_UNIT = Range(fmpq(0), fmpq(1))


def _region(
    equations: Sequence[Any],
    nonzero: Sequence[Any] = (),
    spans: tuple[Range, ...] = (EVERYTHING, EVERYTHING, EVERYTHING),
) -> Region:
    region = Region({f"e{i}": p for i, p in enumerate(equations)}, {}, ("a", "b", "c"), spans)
    for index, value in enumerate(nonzero):
        region = region.with_nonzero(f"n{index}", value)
    return region


def _bind(named: str, **values: fmpq) -> Rule:
    optimizer = read_optimizer(named)
    fixed = {n: p.default for n, p in optimizer.parameters.items() if isinstance(p.default, fmpq)}
    return optimizer.bind(fixed | values)


_EMPTY = [
    _region([_A - 1, _A * _B - 2, _B - 3]),
    _region([_A**2 - 2, _A - 1]),
    _region([_A * _B], [_A, _B]),
    _region([_A**2 - _A, _A * _B - 1, _B - 2]),
    _region([_A**2 - 2, _B**2 - 8, _A * _B - 3]),
    _region([_A + _B + _C, _A + _B + _C - 1]),
    _region([_A**2 + _B**2 + 1]),
    _region([_A + _B, _A - _C**2], [_A], (EVERYTHING, Range(fmpq(0), None), EVERYTHING)),
    _region([4 - 3 * _A], (), (_UNIT, EVERYTHING, EVERYTHING)),
    _region([1 + _B - _A * _B], (), (_UNIT, Range(fmpq(0), None), EVERYTHING)),
    _region([3 * _A**3 - _A - 1, 5 * _A**3 - 2 * _A - 1], (), (_UNIT, EVERYTHING, EVERYTHING)),
]

_INHABITED = [
    _region([]),
    _region([_A - 1, _A * _B - 2, _B - 2]),
    _region([_A**2 - 2, _B**2 - 8, _A * _B - 4], [_A, _B]),
    _region([_A * _B], [_A]),
    _region([_A * _B - 1, _B * _C - 1, _A - _C], [_A - 1]),
    _region([2 * _A - 1], (), (_UNIT, EVERYTHING, EVERYTHING)),
    _region([_A - 1], (), (_UNIT, EVERYTHING, EVERYTHING)),
    _region([_A], (), (_UNIT, EVERYTHING, EVERYTHING)),
]


@pytest.mark.parametrize("region", _EMPTY)
def test_contradictions_are_found_and_accepted(region: Region) -> None:
    proof = find_refutation(region)
    assert proof is not None
    refute(region, proof)


@pytest.mark.parametrize("region", _INHABITED)
def test_equations_with_a_solution_are_left_alone(region: Region) -> None:
    assert find_refutation(region) is None


@pytest.mark.parametrize("proof_of", range(len(_EMPTY)))
def test_a_proof_for_other_equations_is_refused(proof_of: int) -> None:
    proof = find_refutation(_EMPTY[proof_of])
    for region in _INHABITED:
        with pytest.raises((CertificateError, UndecidedError, KeyError)):
            refute(region, proof)


def test_a_remainder_is_a_combination_of_value_and_divisor() -> None:
    value, divisor = _A**3 * _B + _A * _C - 5, _B * _A**2 + _C
    rest = remainder(value, divisor, 0)
    assert rest.degrees()[0] < 2
    # Where the divisor is 0 the square of a is -c/b.
    for b, c in ((2, -8), (3, -12), (1, -9)):
        a = {(2, -8): 2, (3, -12): 2, (1, -9): 3}[b, c]
        point = (fmpq(a), fmpq(b), fmpq(c))
        assert divisor(*point) == 0
        assert (rest(*point) == 0) == (value(*point) == 0)


def test_signs_of_a_polynomial_hold_at_sampled_points() -> None:
    region = _region([], [], (_UNIT, Range(fmpq(0), None), Range(None, fmpq(-1))))
    samples = [(fmpq(i, 4), fmpq(j), fmpq(-k)) for i in range(5) for j in (0, 1, 7) for k in (1, 3)]
    for value in (_A - _C, _B * _C, 1 + _B - _A * _B, _A**2 - 2 * _A + 1, _A - _B, _C**3):
        found = {(v > 0) - (v < 0) for v in (value(*point) for point in samples)}
        assert found <= signs_of(value, region)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("source", "target", "values"),
    [
        ("adam.torch", "adam.optax", {}),
        ("sgd.keras", "sgd.torch", {}),
        ("adagrad.keras", "adagrad.torch", {}),
        ("rmsprop.optax", "rmsprop.keras", {}),
        ("adagrad.optax", "adagrad.optax", {}),
        ("adam.torch", "adam.keras", {"eps": fmpq(0)}),
        ("adam.torch", "adam.keras", {"beta2": fmpq(0)}),
    ],
)
def test_settings_that_exist_are_never_ruled_out(
    source: str, target: str, values: dict[str, fmpq]
) -> None:
    found = rule_out(_bind(source, **values), read_optimizer(target))
    assert found is None or found["claim"]["all"] is False


def test_settings_of_a_small_rule_that_exist_are_not_ruled_out() -> None:
    assert rule_out(_bind("sgd.keras"), read_optimizer("sgd.torch"), patient=False) is None


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("adam.torch", "adam.keras"),
        ("adamax.keras", "adamax.torch"),
        ("adagrad.torch", "adagrad.optax"),
        ("rmsprop.keras", "rmsprop.torch"),
        ("rprop.torch", "rprop.optax"),
    ],
)
def test_what_is_ruled_out_for_all_flags_is_accepted(source: str, target: str) -> None:
    found = rule_out(_bind(source), read_optimizer(target))
    assert found is not None
    assert found["claim"]["all"] is True
    check(found)
