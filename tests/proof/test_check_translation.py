"""Certificates of translations are accepted, and none that says something false is."""

from functools import cache

import pytest
from flint import fmpq

from gradiometer.errors import GradiometerError
from gradiometer.model import read_optimizer
from gradiometer.proof import certify_difference, check, find_difference, prove_alike, rule_out
from proof.mutants import mutants, survivors, with_own_fingerprint
from proof.refusals import is_refused


def _bind(named, **values):
    optimizer = read_optimizer(named)
    fixed = {n: p.default for n, p in optimizer.parameters.items() if isinstance(p.default, fmpq)}
    return optimizer.bind(fixed | values)


@cache
def _certificate(kind):
    if kind == "alike":
        rules = _bind("adam.torch", eps=fmpq(0)), _bind("adam.keras", eps=fmpq(0))
        return prove_alike(*rules).certificate
    if kind == "difference":
        rules = _bind("adam.torch"), _bind("adam.keras")
        named = list(zip(("one", "other"), rules, strict=True))
        return certify_difference(find_difference(*rules), named)
    return rule_out(_bind("adagrad.torch"), read_optimizer("adagrad.optax"))


KINDS = ("alike", "difference", "impossible")


@pytest.mark.parametrize("kind", KINDS)
def test_a_certificate_is_accepted(kind):
    check(_certificate(kind))


@pytest.mark.parametrize("kind", KINDS)
def test_no_edit_of_the_claim_is_accepted(kind):
    found, count = survivors(_certificate(kind), "claim", is_refused)
    assert count > 5
    # Wider ends around a position still hold it and stay apart.
    assert [path for path in found if path[0] != "positions"] == []


@pytest.mark.parametrize("kind", KINDS)
def test_no_edit_without_a_fresh_fingerprint_is_accepted(kind):
    for part in ("problem", "claim", "evidence"):
        for path, mutant in mutants(_certificate(kind), part):
            assert is_refused(mutant), path


def test_an_edited_rule_is_no_longer_alike():
    found, count = survivors(_certificate("alike"), "problem", is_refused)
    assert count > 100
    # Twice 0 and the opposite of 0 are 0.
    assert {path[-1] for path in found} <= {"scaled", "opposite"}, found
    assert all(path[1] == "state" for path in found), found


def test_a_proof_does_not_carry_over_to_settings_that_exist():
    """Every proof of impossibility is refused for rules that certainly step alike."""
    proofs = [
        _certificate("impossible"),
        rule_out(_bind("rprop.torch"), read_optimizer("rprop.optax")),
    ]
    pairs = [("adagrad.keras", "adagrad.optax"), ("adam.torch", "adam.optax"),
             ("sgd.torch", "sgd.keras"), ("rprop.torch", "rprop.torch")]  # fmt: skip
    for certificate in proofs:
        for source, target in pairs:
            problem = _problem(source, target)
            if problem is not None:
                forged = with_own_fingerprint({**certificate, "problem": problem})
                assert is_refused(forged), (source, target)


def _problem(source, target):
    from gradiometer.proof.impossible import _parameters

    optimizer = read_optimizer(target)
    rule = optimizer.bind({})
    return {
        "source": _bind(source).to_problem(),
        "target": rule.to_problem(),
        "parameters": _parameters(optimizer, rule),
    }


def test_edits_of_a_proof_of_impossibility_are_refused_or_prove_the_same():
    edits = list(mutants(_certificate("impossible"), "evidence"))
    tried = edits[:: len(edits) // 150]
    found = [path for path, mutant in tried if not is_refused(with_own_fingerprint(mutant))]
    assert len(tried) >= 100
    # What survives proves the same claim: another number on a tape, or a step that nothing needs.
    assert len(found) < len(tried) / 4, found


def test_two_rules_that_differ_are_never_alike_by_any_links():
    original = _certificate("alike")
    for named in ("adamw.torch", "nadam.keras", "adamax.torch", "rmsprop.optax", "adam.torch"):
        for side in ("leader", "led"):
            try:
                other = _bind(named).to_problem()
            except GradiometerError:
                continue
            forged = {**original, "problem": {**original["problem"], side: other}}
            assert is_refused(with_own_fingerprint(forged)), (named, side)
