"""Optimizers of two libraries: settings that step alike, or the first step that differs."""

from itertools import permutations
from pathlib import Path

import pytest
from flint import fmpq

from gradiometer import translate
from gradiometer.catalog import list_entries, read_entry
from gradiometer.errors import DomainError, UnknownNameError, UsageError
from gradiometer.formula import compare, to_ball
from gradiometer.model import list_dialects, read_optimizer
from gradiometer.numeric import run_rule_tape
from gradiometer.proof import check


def _changed(*names: str, **settings: str) -> dict[str, str]:
    name, source, target = names
    answer = translate(name, source=source, target=target, set=settings)
    check(answer.certificate)
    facts = answer.facts
    assert facts["alike"].value is True
    assert {fact.status for fact in facts.values()} == {"proved"}
    return {key: str(value) for key, value in facts["changed"].value.items()}


def test_adamw_of_torch_needs_only_its_weight_decay_in_optax() -> None:
    assert _changed("adamw", "torch", "optax") == {"weight_decay": "1/100"}


def test_rmsprop_of_torch_needs_eps_outside_the_root_in_optax() -> None:
    assert _changed("rmsprop", "torch", "optax") == {"alpha": "99/100", "eps_in_sqrt": "0"}


def test_eps_under_the_root_of_adagrad_becomes_a_larger_first_sum() -> None:
    found = _changed("adagrad", "keras", "torch")
    assert found == {"learning_rate": "1/1000", "initial": "1000001/10000000", "eps": "0"}


def test_nadam_of_keras_is_that_of_torch_with_a_faster_schedule() -> None:
    found = _changed("nadam", "keras", "torch")
    assert found["momentum_decay"] == found["decoupled"] == "1"


def test_the_velocity_of_keras_is_the_buffer_of_torch_times_the_rate() -> None:
    answer = translate("sgd", source="torch", target="keras", set={"momentum": "9/10"})
    assert answer.facts["links"].value == {"m": "-1/1000*m"}


def test_adam_with_eps_has_no_settings_in_keras_and_a_first_difference() -> None:
    answer = translate("adam", source="torch", target="keras")
    check(answer.certificate)
    facts = answer.facts
    assert (facts["alike"].value, facts["alike"].status) == (False, "proved")
    first = facts["first_difference"]
    assert first.status == "proved"
    assert first.value["step"] == 1
    # With a constant gradient g the first step of the first form is learning_rate*g/(g + eps).
    assert first.value["adam.torch"] == 1 - fmpq(1, 1000) / (1 + fmpq(1, 10**8))


@pytest.mark.parametrize(
    ("name", "settings"),
    [("adagrad", {"eps": "1/100"}), ("sgd", {"momentum": "9/10", "dampening": "1/2"})],
)
def test_no_settings_exist_where_that_is_proved(name: str, settings: dict[str, str]) -> None:
    alike = translate(name, source="torch", target="keras", set=settings).facts["alike"]
    assert (alike.value, alike.status) == (False, "proved")


@pytest.mark.parametrize("settings", [{"eps": "0"}, {"beta2": "0"}])
def test_adam_agrees_where_eps_plays_no_part_in_the_correction(settings: dict[str, str]) -> None:
    assert "learning_rate" not in _changed("adam", "torch", "keras", **settings)


def test_settings_are_solved_for_where_names_do_not_carry_them(running_mean: str) -> None:
    # A running mean of gradients is heavy ball with a smaller rate.
    answer = translate("sgd", source=running_mean, target="sgd.optax")
    assert answer.facts["alike"].value is True
    assert answer.facts["settings"].value["learning_rate"] == fmpq(1, 40)


@pytest.fixture
def running_mean(tmp_path: Path) -> str:
    """The file of a rule that steps along a running mean of the gradients."""
    path = tmp_path / "mean.toml"
    path.write_text(
        'name = "mean"\n[parameters]\nrate = { default = "1/10" }\n[state]\nm = "0"\n[step]\n'
        '"m\'" = "3/4*m + 1/4*g"\n"x\'" = "x - rate*m\'"\n'
    )
    return str(path)


def _all_pairs() -> list[tuple[str, str, str]]:
    return [
        (name, *pair)
        for name in list_entries("optimizer")
        for pair in permutations(list_dialects(read_entry("optimizer", name)), 2)
    ]


@pytest.mark.slow
@pytest.mark.parametrize(("name", "source", "target"), _all_pairs())
def test_float_runs_of_every_pair_agree_with_the_answer(
    name: str, source: str, target: str
) -> None:
    facts = translate(name, source=source, target=target).facts
    first = read_optimizer(f"{name}.{source}")
    second = read_optimizer(f"{name}.{target}")
    own = {n: p.default for n, p in first.parameters.items() if isinstance(p.default, fmpq)}
    if facts["alike"].value:
        rules = (first.bind(own), second.bind(facts["settings"].value))
        tape = [0.3, -1.7, 0.2, 1e-3, 5.0, -0.4]
        left, right = (run_rule_tape(rule, tape, 0.5) for rule in rules)
        assert left == pytest.approx(right, rel=1e-9)
    elif facts["first_difference"].status == "proved":
        shown = facts["first_difference"].value
        left, right = (shown[f"{name}.{library}"] for library in (source, target))
        assert compare(to_ball(left), to_ball(right)) != 0


def test_an_unknown_library_is_refused_with_those_that_are_known() -> None:
    with pytest.raises(UsageError) as caught:
        translate("adam", source="torch", target="kras")
    assert caught.value.known == ("torch", "keras", "optax")
    assert "`keras`" in caught.value.hint


def test_an_unknown_optimizer_is_refused_with_the_nearest() -> None:
    with pytest.raises(UsageError, match="no optimizer") as caught:
        translate("adm", source="torch", target="keras")
    assert "`adam`" in caught.value.hint


def test_a_setting_of_another_name_or_outside_its_domain_is_refused() -> None:
    with pytest.raises(UnknownNameError):
        translate("adam", source="torch", target="keras", set={"beta": "1/2"})
    with pytest.raises(DomainError):
        translate("adam", source="torch", target="keras", set={"beta2": "2"})
