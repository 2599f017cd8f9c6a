"""Odd rules whose longest step must not be said wrongly, and edits of true certificates."""

from __future__ import annotations

import copy
import json
import random

import pytest
from flint import fmpq

from gradiometer.errors import CertificateError, UndecidedError
from gradiometer.proof import check, find_step_bound, fingerprint
from gradiometer.proof.stride import find_stride
from proof.test_stride import MEANS, ZEROS, own, rule_of


@pytest.mark.parametrize(
    ("state", "step"),
    [
        # Two gradients stand above the line and both below it: forgetting at once is no growth.
        ({"last": "0", "v": "0"}, {"last'": "g", "v'": "g^2",
                                   "x'": "x - learning_rate*(g - last)/sqrt(v + g^2)"}),
        # What measures may be negative.
        (ZEROS, {"m'": "m/2 + g", "v'": "g^2 - v/2", "x'": "x - learning_rate*m'/sqrt(v')"}),
        # At one step there is no value.
        (ZEROS, {**MEANS, "r": "1/(t - 5)",
                 "x'": "x - learning_rate*m'/(1 - (9/10)^(t + 1))/sqrt(v')"}),
        (ZEROS, {**MEANS, "x'": "x - learning_rate*(m' + 0*g/(t - 700))/(1 + (1/2)^t)/sqrt(v')"}),
        # The first step, which would be the largest, is none.
        (ZEROS, {**MEANS, "s": "(m'/(1 - (9/10)^(t + 1)) + g)/sqrt(v')",
                 "x'": "x - learning_rate*where(v > 0, s, 0)"}),
        # The rate falls or grows with the step count, without an end.
        (ZEROS, {**MEANS, "x'": "x - learning_rate*t*m'/sqrt(v')"}),
        # What multiplies may be negative, so that squares are taken off.
        (ZEROS, {**MEANS, "x'": "x - learning_rate*m'/sqrt(v' - (1/2)^t*g^2/100)"}),
        # A kept number does not fade.
        ({**ZEROS, "p": "1"}, {**MEANS, "p'": "p*(1 + (1/2)^t)",
                              "x'": "x - learning_rate*p*m'/sqrt(v')"}),
        # A pause stops what is kept, but not the count.
        ({"c": "1", "v": "0"}, {"c'": "where(g == 0, c, c/2)", "v'": "where(g == 0, v, v/2 + g^2)",
          "x'": "x - where(g == 0, 0, learning_rate*c'*(1 - (9/10)^t)*g/sqrt(v'))"}),
        # The position is read besides.
        (ZEROS, {**MEANS, "x'": "x - learning_rate*(m'/(1 - (1/2)^t)/sqrt(v') + x^2)"}),
        # A line that nothing reads never has a value.
        (ZEROS, {**MEANS, "q": "g/sqrt((g - g)^2)",
                 "x'": "x - learning_rate*m'/(1 + (1/2)^t)/sqrt(v')"}),
        # No run makes a first step.
        ({}, {"r": "1/(t - 1)", "x'": "x - learning_rate*(1 + (1/2)^t)*g"}),
    ],
)  # fmt: skip
def test_odd_rules_are_left_open(state, step):
    with pytest.raises(UndecidedError):
        find_step_bound(own(state, step))


def seal(certificate):
    parts = (certificate[key] for key in ("problem", "claim", "evidence"))
    return certificate | {"fingerprint": fingerprint(*parts)}


EDITED = [("nadamw", {}), ("nadamw", {"beta2": "0.95"}), ("adamax", {}), ("ademamix", {}),
          ("ademamix", {"beta3": "0.99"}), ("adabelief", {}), ("adan", {}), ("novograd", {}),
          ("sm3", {}), ("radam", {}), ("nadam.keras", {})]  # fmt: skip


def edit(certificate, draw):
    """One random change of a certificate."""
    claim, evidence = certificate["claim"], certificate["evidence"]
    rule = certificate["problem"]["rule"]
    kind = draw.randrange(9)
    if kind == 0:
        number = fmpq(draw.randint(1, 300), draw.randint(1, 30))
        claim["square"] = draw.choice([None, [str(number)] * 2, [str(number), str(number + 1)]])
    elif kind == 1:
        claim["step"] = draw.choice([None, 1, 2, 60, 1891])
    elif kind == 2:
        claim["reached"] = str(fmpq(draw.randint(1, 10**4), draw.randint(1, 10)))
    elif kind == 3:
        claim["attained"] = draw.choice([True, False, None])
    elif kind == 4:
        claim["growth"] = draw.choice([None, "999/1000", "1", "2"])
    elif kind == 5:
        evidence["from"] = draw.choice([0, 1, 2, 3, 7, 10**6, "64", True])
    elif kind == 6:
        name = draw.choice(sorted(evidence["kinds"]))
        evidence["kinds"][name] = draw.choice(["linear", "square", "peak", "echo", "clock", "x"])
    elif kind == 7:
        name = draw.choice(sorted(rule["values"]))
        rule["values"][name] = draw.choice(["0", "1/2", "9/10", "99/100", "1", "3/2"])
    else:
        row = draw.choice(rule["step"])
        old, new = draw.choice([("^t", "^(t + 1)"), ("g", "2*g"), ("sqrt(", "("), ("^2", "^4"),
                                ("m'", "m"), ("+ ", "- "), ("max(", "min("), ("g", "abs(g)"),
                                ("t", "(t - 3)"), ("x - ", "x/2 - ")])  # fmt: skip
        row[1] = row[1].replace(old, new, 1)


@pytest.mark.parametrize(("name", "values"), EDITED)
def test_edited_certificates_are_refused_or_still_true(name, values):
    true = json.loads(json.dumps(find_step_bound(rule_of(name, **values)).certificate))
    draw, refused = random.Random(name), 0
    for _ in range(16 if name == "adan" else 40):
        edited = copy.deepcopy(true)
        edit(edited, draw)
        if edited == true:
            continue
        try:
            check(seal(edited))
        except CertificateError:
            refused += 1
            continue
        # What is accepted must be what the rule, as it stands there, is found to do.
        again = find_stride(edited["problem"]).certificate["claim"]
        assert edited["claim"]["square"] == again["square"]
        assert edited["claim"]["step"] == again["step"]
        assert edited["claim"]["attained"] is again["attained"]
    assert refused >= 8
