"""An attempt is believed only as far as the checker is."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from gradiometer.proof import fate as fates
from gradiometer.proof import find_fate, find_settled_step, fingerprint, run_exactly, trap
from gradiometer.question.course import read_request


@pytest.fixture
def asked() -> tuple[Any, ...]:
    """A run that stays in an interval for ever, as `find_fate` is asked for it."""
    request = read_request(
        "x^4/4 - x^2/2", optimizer="sgd", schedule=None, settings={"learning_rate": "29/20"},
        start="1/3", steps=20, at_kink=None,
    )  # fmt: skip
    settled = find_settled_step(request.course)
    return request.course, run_exactly(request.course, settled_from=settled), settled


def narrow(true: fates.Fate) -> fates.Fate:
    """The same fate in a hundredth of the interval, with a fingerprint that fits."""
    old = dict(true.certificate)
    claim = {**old["claim"], "interval": ["33/100", "34/100"]}
    seal = fingerprint(old["problem"], claim, old["evidence"])
    return replace(true, certificate={**old, "claim": claim, "fingerprint": seal})


@pytest.mark.parametrize("is_false", [False, True])
def test_only_a_fate_that_the_checker_accepts_is_told(
    asked: tuple[Any, ...], monkeypatch: pytest.MonkeyPatch, *, is_false: bool
) -> None:
    true, _ = find_fate(*asked)
    assert true is not None
    assert true.word == "bounded"
    assert not true.is_checked
    told = narrow(true) if is_false else true
    monkeypatch.setattr(trap, "find_region", lambda _: told)
    monkeypatch.setattr(fates, "_ATTEMPTS", (("trap", "find_region"),))
    found, reasons = find_fate(*asked)
    if is_false:
        assert found is None
        assert "the checker refused a proof" in reasons[0]
    else:
        assert found is true
        assert reasons == ()
