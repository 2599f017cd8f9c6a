"""Rules that step alike are proved to; a changed rule never is."""

import random
import tomllib
from collections.abc import Mapping
from typing import Any

import pytest
from flint import fmpq

from gradiometer.catalog import list_entries, read_entry
from gradiometer.errors import GradiometerError
from gradiometer.model import Rule, find_entry, is_inside, list_dialects, read_optimizer
from gradiometer.proof import (
    Difference,
    Tape,
    find_difference,
    is_elementwise,
    prove_alike,
)

_HEAVY_BALL = """
name = "heavy ball"
[parameters]
learning_rate = "1/10"
[state]
m = "0"
[step]
"m'" = "9/10*m + g"
"x'" = "x - learning_rate*m'"
"""


def _table(text: str) -> Mapping[str, Any]:
    return tomllib.loads(text)


def _bind(named: str | Mapping[str, Any], **values: str) -> Rule:
    optimizer = read_optimizer(named)
    fixed = {n: p.default for n, p in optimizer.parameters.items() if isinstance(p.default, fmpq)}
    return optimizer.bind(fixed | {n: _rational(v) for n, v in values.items()})


def _rational(text: str) -> fmpq:
    top, _, bottom = text.partition("/")
    return fmpq(int(top), int(bottom or 1))


def _random_tapes(seed: int, count: int = 3) -> list[Tape]:
    draw = random.Random(seed)

    def value() -> fmpq:
        return fmpq(draw.randint(-40, 40) * 2 + 1, draw.randint(1, 30))

    return [Tape(f"random {i}", value(), tuple(value() for _ in range(5))) for i in range(count)]


@pytest.mark.parametrize(
    ("one", "other", "settings", "link"),
    [
        ("adam.torch", "adam.optax", {}, ("v", "1", "v", "0")),
        ("adam.torch", "adam.keras", {"eps": "0"}, ("v", "1", "v", "0")),
        ("sgd.torch", "sgd.keras", {"momentum": "9/10", "learning_rate": "1/10"},
         ("m", "-1/10", "m", "0")),
        ("sgd.torch", "sgd.keras",
         {"momentum": "9/10", "learning_rate": "1/10", "nesterov": "1"}, ("m", "-1/10", "m", "0")),
        ("rmsprop.torch", "rmsprop.keras",
         {"eps": "0", "momentum": "1/2", "learning_rate": "1/10", "alpha": "4/5"},
         ("b", "1/10", "b", "0")),
    ],
)  # fmt: skip
def test_states_of_two_libraries_are_linked(
    one: str, other: str, settings: dict[str, str], link: tuple[str, str, str, str]
) -> None:
    alike = prove_alike(_bind(one, **settings), _bind(other, **settings))
    assert alike is not None
    found = {(k.state, str(k.factor), k.source, str(k.shift)) for k in alike.links}
    assert link in found


def test_eps_outside_the_root_is_not_eps_inside_it() -> None:
    settings = {"eps": "1/100", "initial": "1/10", "learning_rate": "1/10"}
    one, other = _bind("adagrad.torch", **settings), _bind("adagrad.keras", **settings)
    assert prove_alike(one, other) is None
    difference = find_difference(one, other)
    assert difference is not None
    assert difference.step == 1


def test_a_state_may_be_another_one_and_a_constant() -> None:
    one = _bind("adagrad.keras", initial="1/10", eps="1/100", learning_rate="1/10")
    other = _bind("adagrad.torch", initial="11/100", eps="0", learning_rate="1/10")
    alike = prove_alike(one, other)
    assert alike is not None
    assert {str(abs(link.shift)) for link in alike.links} == {"1/100"}


def test_a_rule_for_a_tensor_is_not_proved_from_one_number() -> None:
    text = _HEAVY_BALL.replace("+ g", "+ g/{}(g)")
    one, other = (_bind(_table(text.format(name))) for name in ("norm", "abs"))
    assert find_difference(one, other) is None
    assert is_elementwise(other)
    assert not is_elementwise(one)
    assert prove_alike(one, other) is None


def test_a_difference_after_the_first_step_alone_is_seen() -> None:
    late = _HEAVY_BALL.replace("m + g", "m + where(t == 4, 2*g, g)")
    one, other = _bind(_table(_HEAVY_BALL)), _bind(_table(late))
    assert prove_alike(one, other) is None
    difference = find_difference(one, other)
    assert isinstance(difference, Difference)
    assert difference.step == 4


def test_a_difference_where_a_condition_is_rare_is_not_called_alike() -> None:
    rare = _HEAVY_BALL.replace("m + g", "m + where(g > 1000000, 2*g, g)")
    one, other = _bind(_table(_HEAVY_BALL)), _bind(_table(rare))
    assert find_difference(one, other) is None
    assert prove_alike(one, other) is None


def test_a_different_first_value_is_seen() -> None:
    begun = _HEAVY_BALL.replace('m = "0"', 'm = "1/1000000000"')
    assert prove_alike(_bind(_table(_HEAVY_BALL)), _bind(_table(begun))) is None


def _dialects() -> list[str]:
    return [
        f"{name}.{library}"
        for name in list_entries("optimizer")
        for library in list_dialects(read_entry("optimizer", name))
    ]


@pytest.mark.parametrize("name", _dialects())
def test_a_changed_rule_is_never_called_alike(name: str) -> None:
    """Each change of a text is judged by exact runs on gradients that no prover sees."""
    found = find_entry("optimizer", name)
    assert found is not None
    settings = _lively(name)
    original = _bind(name, **settings)
    draw = random.Random(name)
    for turn in range(4):
        changed = _changed(found[0], draw)
        try:
            rule = _bind(changed, **settings)
            alike = prove_alike(original, rule)
        except GradiometerError:
            continue
        if alike is not None:
            difference = find_difference(original, rule, _random_tapes(turn))
            assert difference is None, (changed["step"], difference)


def _lively(name: str) -> dict[str, str]:
    """Settings under which parts of the rule that are off by default take part."""
    parameters = read_optimizer(name).parameters.values()
    return {
        p.name: "1/10"
        for p in parameters
        if p.default == 0
        and not p.is_flag
        and not p.is_integer
        and is_inside(fmpq(1, 10), p.domain)
    }


def _changed(table: Mapping[str, Any], draw: random.Random) -> dict[str, Any]:
    """The entry with one small thing changed in one of its formulas."""
    step = dict(table["step"])
    swaps = [(" + ", " - "), (" - ", " + "), ("*", "/"), ("g", "(2*g)"), ("1", "2"), ("max", "min"),
             ("m'", "m"), ("v'", "v"), ("^2", "^4"), ("==", "!="), ("sqrt(", "("), ("t", "(t + 1)"),
             ("beta1", "beta2"), ("eps", "(2*eps)"), (" - ", " - 1/1000000*")]  # fmt: skip
    possible = [
        (target, old, new) for target, text in step.items() for old, new in swaps if old in text
    ]
    if possible:
        target, old, new = draw.choice(possible)
        text = step[target]
        places = [i for i in range(len(text)) if text.startswith(old, i)]
        place = draw.choice(places)
        step[target] = text[:place] + new + text[place + len(old) :]
    return {**table, "step": step}
