"""The checker of gradients accepts what is true and refuses every edit of it."""

import copy
import json

import pytest

from gradiometer.errors import CertificateError, GradiometerError, UndecidedError
from gradiometer.proof.check_graph import check_graph
from gradiometer.question.gradient import gradient

ASKED = {
    "sheet": ("v1=a^2; v2=a+b; c=v1*v2", {"a": -1, "b": 4}),
    "parallel": ("b = a + a; c = b + b", {"a": 3}),
    "balls": ("n = x*w + b; o = tanh(n)/sqrt(n + 3)", {"x": 2, "w": "-1/3", "b": "0.9"}),
    "every function": (
        "p = sin(a) + cos(a) + tan(a) + atan(a) + sinh(a) + cosh(a) + tanh(a);"
        "q = sigmoid(b) + softplus(b) + erf(b) + erfc(b) + Phi(b) + ln(b) + sqrt(b) + exp(b);"
        "r = a/b - b^a + a^(1/2) + b^(3/2) - pi*a + e^b",
        {"a": "1/3", "b": "5/7"},
    ),
    "kinks": ("u = relu(a); v = max(a, b); c = u*d + v + abs(d)", {"a": 0, "b": 0, "d": 2}),
    "joined": ("c = relu(a) - relu(-a) + b", {"a": 0, "b": 1}),
    "choices": (
        "k = 2; c = where(a <= b and not b == k, ln(a)*b, clip(a, 0, b)) + min(a, k)",
        {"a": "3/2", "b": 2},
    ),
    "limit of a choice": ("c = where(a < 1 or b > 5, a^2, 2a - 1)*b", {"a": 1, "b": 2}),
    "names": (
        "e = (a+b)*(a+b); long = exp(e*0)*cos(e*0 + 12345678901234567890)*e",
        {"a": 1, "b": 2},
    ),
    "steps": ("c = floor(a)*sign(b) + passed(a, 1, b)", {"a": "5/2", "b": 3}),
    "of an input": ("v = a*b", {"a": 2, "b": 3}),
    "tiny": ("c = exp(-a)*b", {"a": 1000, "b": 1}),
    "long rationals": ("v = a^400; c = v*v + b", {"a": "12345678901/98765432107", "b": 1}),
}

MOST_EDITS = 120


def _parts(name):
    computation, at = ASKED[name]
    of = "a" if name == "of an input" else None
    certificate = json.loads(json.dumps(gradient(computation, at=at, of=of).certificate))
    return certificate["problem"], certificate["claim"], certificate["evidence"]


@pytest.mark.parametrize("name", ASKED)
def test_what_is_true_is_accepted(name):
    check_graph(*_parts(name))


def test_the_order_of_keys_is_no_edit():
    text = json.dumps(_parts("kinks"), sort_keys=True)
    check_graph(*json.loads(text))


def _edits_of(value):
    """Other values for one place of the certificate."""
    if value is None:
        return ["0", "1", "~0", 0, False]
    if value == "~0":
        return ["0", "~1e-199", None]
    if isinstance(value, str):
        sign = value[1:] if value.startswith("-") else "-" + value
        return [
            sign,
            value + "1",
            value + " ",
            "0" + value,
            "~" + value,
            None,
            1,
            ["0"],
            _next(value),
        ]
    if isinstance(value, list):
        rows = [[*value, copy.deepcopy(value[0])], value[1:], value[::-1], {}] if value else [[{}]]
        return [row for row in rows if row != value]
    kept = dict(list(value.items())[1:])
    return [value | {"more": "0"}, *([kept] if kept != value else []), []]


def _next(text):
    """The number with its last digit moved by one."""
    for position in range(len(text) - 1, -1, -1):
        if text[position].isdigit() and "e" not in text[:position]:
            digit = str((int(text[position]) + 1) % 10)
            return text[:position] + digit + text[position + 1 :]
    return text + "?"


def _edited(part, path=()):
    """Every way to change one place below *part*, with the place."""
    for edit in _edits_of(part):
        yield path, edit
    children = part.items() if isinstance(part, dict) else enumerate(part) if isinstance(
        part, list) else ()  # fmt: skip
    for key, child in children:
        yield from _edited(child, (*path, key))


def _with(part, path, edit):
    if not path:
        return edit
    changed = copy.deepcopy(part)
    place = changed
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = edit
    return changed


def _refused(problem, claim, evidence):
    try:
        check_graph(problem, claim, evidence)
    except (CertificateError, UndecidedError):
        return True
    return False


@pytest.mark.parametrize("name", ASKED)
def test_every_edit_of_claim_or_evidence_is_refused(name):
    problem, claim, evidence = _parts(name)
    both = {"claim": claim, "evidence": evidence}
    edits = [(path, edit) for path, edit in _edited(both) if path and path[0] in both]
    # Large certificates are edited at evenly spread places, so that the test stays quick.
    chosen = edits[:: max(1, len(edits) // MOST_EDITS)]
    accepted = [
        (path, edit)
        for path, edit in chosen
        if not _refused(problem, *_with(both, path, edit).values())
    ]
    assert accepted == []
    assert len(chosen) >= 40


@pytest.mark.parametrize(
    "change",
    [
        {"computation": "v1=a^2; v2=a-b; c=v1*v2"},
        {"computation": "v1=a^2; v2=a+b; c=v1*v2*1"},
        {"computation": "w1=a^2; v2=a+b; c=w1*v2"},
        {"computation": "c=v1*v2; v1=a^2; v2=a+b"},
        {"computation": "v1=a^2; v2=a+b; c=v1*v2; c=v1*v2"},
        {"computation": "v1=a^2; v2=a+b; c=v1*v2 +"},
        {"computation": 3},
        {"at": {"a": "-1", "b": "5"}},
        {"at": {"a": "-1"}},
        {"at": {"a": "-1", "b": "4", "d": "1"}},
        {"at": {"a": "-1", "b": 4}},
        {"at": {"a": "-1", "b": "x"}},
        {"at": {"a": "-1", "b": "1/0"}},
        {"at": ["-1", "4"]},
        {"of": "v1"},
        {"of": "d"},
        {"of": None},
        {"more": ""},
    ],
)
def test_another_problem_is_not_proved_by_the_same_claim(change):
    problem, claim, evidence = _parts("sheet")
    with pytest.raises(GradiometerError):
        check_graph(problem | change, claim, evidence)


def test_a_hostile_computation_is_refused_and_not_run():
    problem, claim, evidence = _parts("sheet")
    squares = "v0=a+b; " + "; ".join(f"v{k}=v{k - 1}^2" for k in range(1, 100)) + "; c=v99"
    with pytest.raises(GradiometerError):
        check_graph(problem | {"computation": squares}, claim, evidence)
