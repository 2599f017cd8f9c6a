"""What becomes of runs in several variables: proofs against eigenvalues, long runs and mutants."""

from __future__ import annotations

import copy
import random
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

import gradiometer
from gradiometer.errors import CertificateError
from gradiometer.proof import check, fingerprint


def ask(objective: str, start: str, **more: Any) -> gradiometer.Answer:
    """A run of a few steps, so that what is proved of all steps is proved of all steps."""
    given = {"optimizer": "sgd", "steps": 30, **more}
    return gradiometer.trajectory(objective, start=start, **given)


def part(answer: gradiometer.Answer, *kinds: str) -> dict[str, Any]:
    """The certificate of that kind in an answer."""
    assert answer.certificate is not None
    rows = answer.certificate.get("parts", [answer.certificate])
    return next(copy.deepcopy(dict(row)) for row in rows if row["kind"] in kinds)


def word(answer: gradiometer.Answer) -> Any:
    """The verdict, which is proved where it is any."""
    fact = answer.facts["verdict"]
    assert fact.status == ("unknown" if fact.value == "unknown" else "proved")
    return fact.value


@pytest.mark.parametrize(
    ("momentum", "rate", "expected"),
    [
        # x^2 + 5*y^2 has curvatures 2 and 10; heavy ball is safe below 2(1 + beta)/10.
        ("0", "19/100", "converges"),
        ("0", "21/100", "diverges"),
        ("1/2", "29/100", "converges"),
        ("1/2", "31/100", "diverges"),
        ("9/10", "37/100", "converges"),
        ("9/10", "39/100", "diverges"),
    ],
)
def test_thresholds_of_a_bowl_are_those_of_its_steepest_direction(
    momentum: str, rate: str, expected: str
) -> None:
    answer = ask("x^2 + 5*y^2", "x=1,y=1/3", set={"learning_rate": rate, "momentum": momentum})
    assert word(answer) == expected


def test_a_minimum_of_a_curved_landscape_is_the_limit() -> None:
    answer = ask("himmelblau", "1,2", set={"learning_rate": "1/100"}, steps=40)
    assert word(answer) == "converges"
    assert answer.facts["limit"].value == {"x": 3, "y": 2}


def test_an_irrational_limit_is_enclosed() -> None:
    answer = ask("e^x - 2*x + (y - x)^2", "x=1,y=0", set={"learning_rate": "1/5"})
    assert word(answer) == "converges"
    limit = answer.facts["limit"].value
    for name in ("x", "y"):
        assert float(limit[name].mid()) == pytest.approx(np.log(2), abs=1e-15)
        assert limit[name].contains(limit[name].mid())
        assert float(limit[name].rad()) < 1e-18


def test_a_saddle_is_left() -> None:
    assert word(ask("x^2 - y^2", "x=1,y=1/100", set={"learning_rate": "1/10"})) == "diverges"


@pytest.mark.parametrize("kind", ["abs(x)*abs(y) + y^2", "max(x, y) + x^2 + y^2"])
def test_kinks_stay_open(kind: str) -> None:
    assert word(ask(kind, "x=1,y=1/3", set={"learning_rate": "1/10"})) == "unknown"


def test_a_saddle_that_is_met_exactly_stays_open() -> None:
    # On y = x the run comes to rest at the saddle; nearby runs do not.
    assert word(ask("x^2 + 4*x*y + y^2", "x=1,y=1", set={"learning_rate": "1/10"})) == "unknown"


def matrix_of(a: int, b: int, c: int, rate: Fraction, beta: Fraction) -> Any:
    """The step of heavy ball on a*x^2 + b*x*y + c*y^2, in (x, y, buffers)."""
    hessian, one = np.array([[2 * a, b], [b, 2 * c]], float), np.eye(2)
    eta, keep = float(rate), float(beta)
    return np.block([[one - eta * hessian, -eta * keep * one], [hessian, keep * one]])


def test_random_quadratics_agree_with_eigenvalues() -> None:
    random.seed(5)
    decided = 0
    for _ in range(60):
        a, c, b = random.randint(-2, 6), random.randint(1, 9), random.randint(-4, 4)
        rate = Fraction(random.randint(1, 60), 100)
        beta = random.choice([Fraction(0), Fraction(1, 2), Fraction(9, 10)])
        answer = ask(f"{a}*x^2 + {b}*x*y + {c}*y^2", "x=1,y=3/7",
                     set={"learning_rate": str(rate), "momentum": str(beta)}, steps=5)  # fmt: skip
        said = word(answer)
        radius = np.abs(np.linalg.eigvals(matrix_of(a, b, c, rate, beta))).max()
        if said != "unknown":
            decided += 1
            assert (said == "converges") == (radius < 1), (a, b, c, rate, beta)
        else:
            assert abs(radius - 1) < 1e-2 or radius > 1, (a, b, c, rate, beta)
    assert decided >= 54


def spoil(text: str) -> str:
    """A number nearby."""
    number = Fraction(text)
    return str(number + random.choice([1, -1, Fraction(1, 3)]) * (abs(number) or 1))


def test_edited_certificates_are_refused_or_still_true() -> None:
    random.seed(7)
    good = [
        part(ask("x^2 + 5*y^2", "x=1,y=1/3", set={"learning_rate": "1/10"}), "basin"),
        part(ask("x^2 + 5*y^2", "x=1,y=1/3", set={"learning_rate": "1/3"}), "cone"),
    ]
    refused = 0
    for _ in range(120):
        certificate = copy.deepcopy(random.choice(good))
        problem, claim, evidence = (certificate[k] for k in ("problem", "claim", "evidence"))
        converges = claim["verdict"] == "converges"
        edit = random.randrange(4)
        if edit == 0:
            claim["verdict"] = "diverges" if converges else "converges"
        elif edit == 1 and converges:
            claim["limit"]["y"] = "1/7"
        elif edit == 2:
            # Rates at which the other verdict is true.
            problem["rule"]["values"]["learning_rate"] = "1/3" if converges else "1/10"
        else:
            rows = evidence["matrix"]
            row = random.choice(rows)
            row[random.randrange(len(row))] = str(10**9)
            evidence[random.choice(["factor", "centre"] if converges else ["kept", "centre"])] = (
                ["5"] * len(rows) if random.random() < 0.5 else "3/2"
            )
        certificate["fingerprint"] = fingerprint(problem, claim, evidence)
        with pytest.raises(CertificateError):
            check(certificate)
        refused += 1
    assert refused == 120


def test_a_growing_memory_that_moves_nothing_is_no_divergence() -> None:
    certificate = part(ask("x^2 + 5*y^2", "x=1,y=1/3", set={"learning_rate": "1/10"}), "basin")
    rule = certificate["problem"]["rule"]
    rule["state"].append(["n", "1"])
    rule["step"].append(["n'", "2*n"])
    certificate["kind"] = "cone"
    certificate["claim"] = {"verdict": "diverges", "limit": None, "cycle": None, "interval": None}
    # Around n alone, which doubles: all that is missing is that the position follows it.
    certificate["evidence"] = {
        "entry": 10, "bits": 160, "centre": ["0", "0", "0"], "growing": 1,
        "matrix": [["0", "1", "0"], ["0", "0", "1"], ["1", "0", "0"]],
        "stretch": "19/10", "kept": "11/10", "share": "1/1000000",
    }  # fmt: skip
    certificate["fingerprint"] = fingerprint(
        certificate["problem"], certificate["claim"], certificate["evidence"]
    )
    with pytest.raises(CertificateError, match="longer by the factor"):
        check(certificate)


@pytest.mark.parametrize("hole", ["0*ln(10 - x)", "0*sqrt(100 - y)", "0/(x - 7)"])
def test_a_loss_without_a_value_far_out_ends_the_run(hole: str) -> None:
    # Its slopes are those of the bowl, but a run that grows comes to where the loss has no value.
    rates = {"learning_rate": "1/3"}
    assert word(ask("x^2 + 5*y^2", "x=1,y=1/3", set=rates, steps=3)) == "diverges"
    assert word(ask(f"x^2 + 5*y^2 + {hole}", "x=1,y=1/3", set=rates, steps=3)) == "unknown"
