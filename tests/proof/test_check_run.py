"""Certificates of runs are accepted, and no false edit of one is."""

import pytest

from gradiometer.errors import CertificateError
from gradiometer.proof import check
from gradiometer.question.trajectory import trajectory
from proof.mutants import mutants, with_own_fingerprint

SHORT = {"steps": 12}
RUNS = {
    "a cycle": ("barrier", {"set": {"h": "1/2", "learning_rate": "3/10"}, "steps": 40}),
    "one multiplier inside": (
        "x^2/2 - x",
        {"set": {"learning_rate": "1/2"}, "start": "3", **SHORT},
    ),
    "two multipliers inside": (
        "x^2/2 - x",
        {"set": {"learning_rate": "1/2", "momentum": "1/4"}, "start": "3", **SHORT},
    ),
    "a fixed state": ("max(|x| - 1, 0)", {"set": {"learning_rate": "1/2"}, "start": "3", **SHORT}),
    "a rate that shrinks": ("x^2/2 - x", {"schedule": "1/(k + 2)", "start": "3", **SHORT}),
    "one multiplier outside": ("x^2/2 - x", {"set": {"learning_rate": "3"}, "start": "3", **SHORT}),
    "two multipliers outside": (
        "x^2/2 - x",
        {"set": {"learning_rate": "4", "momentum": "1/4"}, "start": "3", **SHORT},
    ),
    "a slope without end": (
        "-x",
        {"set": {"learning_rate": "1/2", "momentum": "1/4"}, "start": "3", **SHORT},
    ),
    "a barrier passed": (
        "barrier",
        {"set": {"h": "1/10", "learning_rate": "3/10", "momentum": "1/4"}, **SHORT},
    ),
    "an open end": (
        "barrier",
        {"set": {"h": "1/2", "learning_rate": "3/10", "momentum": "1/3"}, **SHORT},
    ),
    "balls": ("double_well", {"set": {"learning_rate": "9/10"}, "start": "3/10", **SHORT}),
}

VERDICTS = {
    "a cycle": "cycle",
    "one multiplier inside": "converges",
    "two multipliers inside": "converges",
    "a fixed state": "converges",
    "a rate that shrinks": "converges",
    "one multiplier outside": "diverges",
    "two multipliers outside": "diverges",
    "a slope without end": "diverges",
    "a barrier passed": "escapes",
    "an open end": None,
    "balls": None,
}

TRUE_EVIDENCE = {
    # A later step shows the same, and a wider region is still never left.
    ("linear_from", "more"),
    ("fixed_from", "more"),
    ("shrinks_from", "more"),
    ("shrinks_from", "less"),
    ("trap", "x", 0, "a little more"),
    ("trap", "x", 0, "opposite"),
    ("trap", "m", 1, "a little more"),
}

NEVER_READ = {
    # The first step of `sgd` overwrites its buffer.
    ("rule", "state", "m"),
    # No joint is met exactly, or there is none.
    ("side",),
}


@pytest.fixture(scope="module")
def answers():
    return {name: trajectory(surface, **options) for name, (surface, options) in RUNS.items()}


@pytest.mark.parametrize("name", RUNS)
def test_the_certificate_of_a_run_is_accepted(answers, name):
    check(answers[name].certificate)
    assert answers[name].facts["verdict"].value == VERDICTS[name] or VERDICTS[name] is None
    assert answers[name].facts["final"].status == "proved"


def of_the_run(certificate):
    """The part that speaks of the run itself; another one may speak of all steps to come."""
    (part,) = (p for p in certificate.get("parts", [certificate]) if p["kind"] == "run")
    return part


def accepted(certificate, part):
    """The paths of the edits that the checker accepts once the fingerprint fits again."""
    survivors, count = set(), 0
    for path, mutant in mutants(certificate, part):
        count += 1
        with pytest.raises(CertificateError):
            check(mutant)
        try:
            check(with_own_fingerprint(mutant))
        except CertificateError:
            continue
        survivors.add(path)
    return survivors, count


@pytest.mark.parametrize("name", RUNS)
def test_no_edit_of_what_is_claimed_is_accepted(answers, name):
    survivors, count = accepted(of_the_run(answers[name].certificate), "claim")
    assert not survivors
    assert count >= 20


@pytest.mark.parametrize("name", RUNS)
def test_only_evidence_that_shows_the_same_is_accepted(answers, name):
    survivors, _ = accepted(of_the_run(answers[name].certificate), "evidence")
    assert survivors <= TRUE_EVIDENCE


def is_harmless(name, path):
    """Whether the claims stay true after this edit of the problem."""
    if path[:3] in NEVER_READ or path[:1] in NEVER_READ:
        return True
    if path[0] == "steps":
        return name == "a fixed state"  # whose last position does not depend on the last step
    if path[0] != "pieces" or path[2] != "loss":
        return False
    index, edit = path[1], path[3]
    # An edit of a number that leaves the slope alone moves losses, none of which is the lowest.
    same_slope = edit in ("shifted", "a little more", "opposite")
    if name == "a cycle":
        return index >= 2 or (index == 1 and same_slope)
    if name == "an open end":
        return index >= 2 or (index == 0 and same_slope)
    if name == "a barrier passed":
        return index <= 2 and same_slope
    return name == "a fixed state" and index != 2


@pytest.mark.parametrize("name", RUNS)
def test_only_edits_that_leave_the_run_alone_are_accepted(answers, name):
    survivors, count = accepted(of_the_run(answers[name].certificate), "problem")
    assert {path for path in survivors if not is_harmless(name, path)} == set()
    assert count >= 20


def forged(certificate, *, problem=(), claim=(), evidence=None):
    """The certificate with some of its parts replaced and a fingerprint that fits."""
    return with_own_fingerprint(
        {
            **certificate,
            "problem": {**certificate["problem"], **dict(problem)},
            "claim": {**certificate["claim"], **dict(claim)},
            "evidence": certificate["evidence"] if evidence is None else evidence,
        }
    )


def test_a_value_named_like_the_step_count_is_refused(answers):
    """Else conditions on `t` would be settled with that value."""
    certificate = answers["a cycle"].certificate
    rule = certificate["problem"]["rule"]
    for name in ("t", "x", "g"):
        values = {**rule["values"], name: "5"}
        with pytest.raises(CertificateError, match="two things"):
            check(forged(certificate, problem={"rule": {**rule, "values": values}}))


def test_a_name_that_is_assigned_twice_is_refused(answers):
    certificate = answers["a cycle"].certificate
    rule = certificate["problem"]["rule"]
    for row in (["t", "1"], ["x", "1"], ["g", "0"], ["learning_rate", "0"], rule["step"][-1]):
        with pytest.raises(CertificateError, match="assigned twice"):
            check(forged(certificate, problem={"rule": {**rule, "step": [*rule["step"], row]}}))


def test_a_cycle_of_a_rule_that_changes_for_ever_is_refused(answers):
    certificate = answers["a cycle"].certificate
    plan = {"rate": "where(k < 1000, 3/10, 1/10)", "values": {}}
    rule = certificate["problem"]["rule"]
    rule = {**rule, "values": {n: v for n, v in rule["values"].items() if n != "learning_rate"}}
    with pytest.raises(CertificateError, match="still changes"):
        check(forged(certificate, problem={"schedules": {"learning_rate": plan}, "rule": rule}))


def of_steps(answer):
    """The certificate of the steps, which stands before one of what comes after them."""
    return answer.certificate.get("parts", [answer.certificate])[0]


def test_a_line_under_fading_rates_is_not_called_convergent(answers):
    """Under 1/(k + 2) the run on -x goes to infinity; every step has the factor 1."""
    certificate = of_steps(answers["a rate that shrinks"])
    (piece,) = certificate["problem"]["pieces"]
    mutant = forged(certificate, problem={"pieces": [{**piece, "loss": "-x"}]})
    with pytest.raises(CertificateError):
        check(mutant)


def test_a_run_whose_strides_fade_is_not_called_divergent(answers):
    certificate = answers["a slope without end"].certificate
    halving = of_steps(
        trajectory("-x", schedule="(1/2)^k", set={"momentum": "1/4"}, start="3", steps=12)
    )
    claim = {**halving["claim"], "verdict": "diverges"}
    for evidence in (certificate["evidence"], {"trap_from": 12, "trap": {"x": ["0", None]}}):
        with pytest.raises(CertificateError):
            check(forged(halving, claim=claim, evidence=evidence))
    region = {"x": ["3", None], "m": [None, "-1"]}
    evidence = {"trap_from": 12, "trap": region}
    with pytest.raises(CertificateError, match="may fade"):
        check(forged(halving, claim=claim, evidence=evidence))


def test_a_run_that_breaks_off_has_no_last_position(answers):
    certificate = answers["one multiplier inside"].certificate
    (piece,) = certificate["problem"]["pieces"]
    for loss in ("x^2/2 - x + 0/(x - 2)", "x^2/2 - x + 0*ln(x - 2)"):
        with pytest.raises(CertificateError):
            check(forged(certificate, problem={"pieces": [{**piece, "loss": loss}]}))


def test_pieces_that_run_backwards_are_refused(answers):
    certificate = answers["a cycle"].certificate
    pieces = [dict(piece) for piece in certificate["problem"]["pieces"]]
    pieces[1]["upper"] = pieces[2]["lower"] = "3"
    pieces[2]["upper"] = pieces[3]["lower"] = "2"
    with pytest.raises(CertificateError, match="before it begins"):
        check(forged(certificate, problem={"pieces": pieces}))
