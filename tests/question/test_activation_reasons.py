"""Reasons for and against a function come from the catalogue and from proved facts alone."""

import pytest

from gradiometer.catalog import list_reasons, read_reference
from gradiometer.question.activation import activation
from gradiometer.question.fact_names import FACT_NAMES


def reasons(formula):
    answer = activation(formula)
    return {(row["speaks"], row["fact"]) for row in answer.facts["reasons"].value}


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("3x+1", {("against", "affine"), ("against", "polynomial"), ("caution", "mean")}),
        ("x^2", {("against", "polynomial"), ("caution", "lipschitz"), ("caution", "chi"),
                 ("caution", "mean")}),
        ("relu", {("for", "polynomial"), ("caution", "vanishes_left"), ("caution", "dead"),
                  ("caution", "mean")}),
        ("tanh", {("for", "polynomial"), ("caution", "vanishes_left"),
                  ("caution", "vanishes_right"), ("caution", "chi")}),
        ("where(x > 0, x, 0) + where(x > 1, 1, 0)",
         {("for", "polynomial"), ("caution", "vanishes_left"), ("caution", "dead"),
          ("caution", "jumps"), ("caution", "lipschitz"), ("caution", "mean")}),
        ("selu", {("for", "polynomial"), ("caution", "vanishes_left"), ("caution", "chi")}),
    ],
)  # fmt: skip
def test_reasons_are_those_that_hold(formula, expected):
    found = reasons(formula)
    # The literal constants of SELU have a mean that is tiny and not 0.
    assert found - {("caution", "mean")} == expected - {("caution", "mean")}
    assert (("caution", "mean") in found) >= (("caution", "mean") in expected)


def test_every_reason_names_a_fact_and_a_source():
    for reason in list_reasons():
        assert reason["fact"] in FACT_NAMES["activation"]
        assert reason["speaks"] in {"for", "against", "caution"}
        assert read_reference(reason["reference"])["title"]
        assert len(reason["when"]) == 1


def test_a_reason_against_goes_with_the_verdict_and_has_the_status_of_its_fact():
    for formula in ("3x+1", "x^3-x", "gelu", "softsign", "sin(x)", "x^2/x"):
        answer = activation(formula)
        rows = answer.facts["reasons"].value
        if any(row["speaks"] == "against" for row in rows):
            assert answer.facts["suitable"].value is False
        for row in rows:
            assert row["status"] == answer.facts[row["fact"]].status
