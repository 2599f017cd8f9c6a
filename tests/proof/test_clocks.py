"""Stability is proved only of rules that have a value at each step on the way to rest."""

import pytest

from gradiometer.question.stability import stability

GAINS = {
    # What the gradient is multiplied by; each tends to 1 and has no value at some step before.
    "the count of the step": ("1 + 1/(t - 500)", {}),
    "a divisor below": ("1/(1 + 1/(t - 500))", {}),
    "a count that depends on the rate": ("1 + 1/(t - 500*learning_rate)", {}),
    "a count that is remembered": ("1 + 1/(c - 500)", {"c": ("0", "c + 1")}),
    "what halves": ("10 + 1/(c - 1/4)", {"c": ("1", "c/2")}),
    "a logarithm": ("1 + 0*ln(t - 5)/t", {}),
    "a branch of late steps that loses it": ("where(t > 5, 1 + 1/(t - 500), 1)", {}),
    "a branch of some steps": ("where(t < 5, 1/(t - 3), 1)", {}),
}
FINE = {
    "a mean's correction": ("1/(1 - (1/2)^t)", {}),
    "a count of its own": ("1 + 1/(c + 1)", {"c": ("0", "c + 1")}),
    "a sum of what is positive": ("1 + learning_rate/c'", {"c": ("0", "c + learning_rate")}),
    "a branch of late steps": ("where(t > 5, 1, 1/(t - 6))", {}),
}


def critical(gain, states):
    rule = {
        "name": "own", "about": "A rule of my own.",
        "parameters": {"learning_rate": {"default": "1/10", "domain": "(0, oo)"}},
        "state": {name: first for name, (first, _) in states.items()},
        "step": {
            **{f"{name}'": tree for name, (_, tree) in states.items()},
            "x'": f"x - learning_rate*g*({gain})",
        },
    }  # fmt: skip
    return stability("x^2/2", optimizer=rule).facts["critical"]


@pytest.mark.parametrize("name", GAINS)
def test_a_rule_that_loses_its_value_on_the_way_leaves_stability_open(name):
    assert critical(*GAINS[name]).value is None


@pytest.mark.parametrize("text", ["tan(pi*t/2)", "tan(t)", "1/(t - 500)"])
def test_a_line_that_nothing_reads_must_have_a_value_too(text):
    rule = {
        "name": "own",
        "parameters": {"learning_rate": {"default": "1/10", "domain": "(0, oo)"}},
        "step": {"unread": text, "x'": "x - learning_rate*g"},
    }
    assert stability("x^2/2", optimizer=rule).facts["critical"].value is None


@pytest.mark.parametrize("name", FINE)
def test_a_rule_that_has_a_value_at_each_step_has_its_critical_rate(name):
    assert critical(*FINE[name]).value == 2


@pytest.mark.parametrize("name", ["adam", "adam.keras", "adam.optax", "schedule_free_sgd"])
@pytest.mark.parametrize("vary", ["beta1", "learning_rate"])
def test_corrected_means_have_a_value_whatever_is_varied(name, vary):
    fact = stability("x^2/2", optimizer=name, vary=vary).facts["critical"]
    assert fact.status == "proved"
