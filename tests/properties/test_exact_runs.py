"""Exact runs are what a loop with fractions gives, for every rule, and verdicts hold later on."""

from fractions import Fraction

from flint import fmpq
from hypothesis import example, given, settings
from hypothesis import strategies as st

from agreement.loops import adam_steps, barrier_slope, is_beyond, sgd_steps, straight
from gradiometer.formula import parse_number, to_float
from gradiometer.proof import check
from gradiometer.question.escape import escape
from gradiometer.question.trajectory import trajectory

few = settings(max_examples=40)
parts = st.builds(Fraction, st.integers(1, 30), st.sampled_from([1, 2, 3, 5, 7, 10, 12]))
signed = st.builds(Fraction, st.integers(-30, 30), st.sampled_from([1, 2, 3, 5, 10]))
shares = st.builds(Fraction, st.integers(0, 9), st.just(10))
sides = st.sampled_from(["left", "right"])


def exactly(positions):
    return [str(x) for x in positions]


def iterates(answer):
    """The positions of an answer, as texts of exact numbers."""
    return answer.arrays["x_exact"].values


def kinked(a, b, at):
    """A table with slope -a left of a joint and slope b right of it."""
    return {
        "name": "kinked",
        "pieces": [
            {"on": f"(-oo, {at}]", "f": f"-({a})*(x - ({at}))"},
            {"on": f"({at}, oo)", "f": f"({b})*(x - ({at}))"},
        ],
    }


@few
@given(
    a=parts,
    b=parts,
    at=signed,
    start=signed,
    lr=parts,
    momentum=shares,
    dampening=shares,
    decay=shares,
    nesterov=st.booleans(),
    side=sides,
)
def test_sgd_is_the_loop_of_its_definition(
    *, a, b, at, start, lr, momentum, dampening, decay, nesterov, side
):
    answer = trajectory(
        kinked(a, b, at),
        set={
            "learning_rate": str(lr),
            "momentum": str(momentum),
            "dampening": str(dampening),
            "weight_decay": str(decay),
            "nesterov": nesterov,
        },
        start=str(start),
        steps=8,
        at_kink=side,
    )
    expected = sgd_steps(
        straight([at], [-a, b], side=side),
        start,
        lr=lr,
        momentum=momentum,
        dampening=dampening,
        nesterov=nesterov and momentum != 0,
        weight_decay=decay,
        steps=8,
    )
    if all(len(str(x)) <= 60 for x in expected):
        assert iterates(answer) == exactly(expected)


@few
@given(a=parts, start=signed, lr=parts, beta1=shares, beta2=shares, eps=shares, side=sides)
def test_adam_is_the_loop_of_its_definition_where_all_slopes_have_one_size(
    *, a, start, lr, beta1, beta2, eps, side
):
    answer = trajectory(
        kinked(a, a, 0),
        optimizer="adam",
        set={
            "learning_rate": str(lr),
            "beta1": str(beta1),
            "beta2": str(beta2),
            "eps": str(eps),
        },
        start=str(start),
        steps=8,
        at_kink=side,
    )
    expected = adam_steps(
        straight([0], [-a, a], side=side),
        start,
        lr=lr,
        beta1=beta1,
        beta2=beta2,
        eps=eps,
        steps=8,
    )
    short = [x for x in expected if len(str(x)) <= 60]
    assert iterates(answer)[: len(short)] == exactly(expected)[: len(short)] or any(
        len(str(x)) > 60 for x in expected[: len(short)]
    )
    final = answer.facts["final"].value
    assert (int(final.p), int(final.q)) == expected[-1].as_integer_ratio()


@few
@given(
    a=parts, b=parts, start=signed, lr=parts, momentum=shares, nesterov=st.booleans(), side=sides
)
def test_a_verdict_holds_for_twenty_times_as_many_steps(
    *, a, b, start, lr, momentum, nesterov, side
):
    answer = trajectory(
        kinked(a, b, 0),
        set={"learning_rate": str(lr), "momentum": str(momentum), "nesterov": nesterov},
        start=str(start),
        steps=30,
        at_kink=side,
    )
    positions = sgd_steps(
        straight([0], [-a, b], side=side),
        start,
        lr=lr,
        momentum=momentum,
        nesterov=nesterov and momentum != 0,
        steps=600 if momentum == 0 else 90,
    )
    verdict, cycle = answer.facts["verdict"].value, answer.facts["cycle"].value
    if verdict == "cycle" and "from_step" in cycle:
        first, period = cycle["from_step"], cycle["period"]
        assert positions[first:-period] == positions[first + period :]
    elif verdict == "cycle":
        # A buffer that fades is as good as gone after 90 steps, unless it fades slowly.
        points = [to_float(point) for point in cycle["points"]]
        gap = max(min(abs(float(x) - point) for point in points) for x in positions[-3:])
        assert gap <= float(lr * (a + b)) * (100 * float(momentum) ** 30 + 1e-9)
    elif verdict == "converges":
        assert positions[-1] == positions[-2]
    elif verdict == "bounded":
        bounds = answer.facts["bounds"].value
        low, high = (Fraction(str(end.value)) for end in (bounds.lower, bounds.upper))
        assert low <= min(positions) <= max(positions) <= high
    # This valley lets nothing out.
    assert verdict in ("cycle", "converges", "bounded", "unknown")
    if momentum == 0:
        # Descent at a kink of rational slopes is a rotation, so it always repeats.
        ratio = a / b
        assert verdict == "unknown" or cycle["period"] == ratio.numerator + ratio.denominator


def first_escape(positions, top, side):
    """The first step beyond the top, or None."""
    return next((i for i, x in enumerate(positions) if is_beyond(x, top, side=side)), None)


def agrees(outcome, left_at, steps):
    """Whether what a run of three times *steps* did is what the outcome says."""
    if outcome == "escapes":
        return left_at is not None and left_at <= 2 * steps
    if outcome == "stays":
        return left_at is None or left_at > steps
    return outcome == "trapped" and left_at is None


def outcome_at(regimes, h):
    """The outcome that the regimes give one value of the parameter."""
    value = fmpq(h.numerator, h.denominator)
    found = []
    for row in regimes:
        low = value > row["from"] or (row["from_closed"] and value == row["from"])
        high = (
            not isinstance(row["to"], fmpq)
            or value < row["to"]
            or (row["to_closed"] and value == row["to"])
        )
        if low and high:
            found.append(row["outcome"])
    assert len(found) == 1, "each value lies in exactly one regime"
    return found[0]


@settings(max_examples=25)
@given(
    lr=parts,
    back=parts,
    momentum=shares,
    nesterov=st.booleans(),
    side=sides,
    samples=st.lists(parts, min_size=6, max_size=6),
)
@example(
    lr=Fraction(3, 10),
    back=Fraction(1),
    momentum=Fraction(0),
    nesterov=False,
    side="left",
    samples=[Fraction(1, 5)],
)
@example(
    lr=Fraction(3, 10),
    back=Fraction(1),
    momentum=Fraction(0),
    nesterov=False,
    side="right",
    samples=[Fraction(1, 5)],
)
def test_regimes_are_what_every_single_value_does(*, lr, back, momentum, nesterov, side, samples):
    steps, start = 15, 1 - back
    answer = escape(
        "barrier",
        set={"learning_rate": str(lr), "momentum": str(momentum), "nesterov": nesterov},
        start=str(start),
        steps=steps,
        at_kink=side,
    )
    regimes = answer.facts["regimes"].value
    if regimes is None:
        return
    check(answer.certificate)
    ends = [row["to"] for row in regimes if isinstance(row["to"], fmpq)]
    edges = [Fraction(int(e.p), int(e.q)) for e in ends]
    near = [e + d for e in edges for d in (Fraction(-1, 10**9), 0, Fraction(1, 10**9))]
    for h in [*samples, *near]:
        positions = sgd_steps(
            barrier_slope(h, side=side),
            start,
            lr=lr,
            momentum=momentum,
            nesterov=nesterov and momentum != 0,
            steps=3 * steps,
        )
        said = outcome_at(regimes, h)
        assert agrees(said, first_escape(positions, 1 + h, side), steps), (h, said)


@settings(max_examples=15)
@given(parts, st.sampled_from(["1/5", "1", "3/2", "3", "7"]), sides)
def test_regimes_hold_where_the_slope_itself_is_the_parameter(lr, back, side):
    """A tent of height h and width 1: the rising slope is h."""
    tent = {
        "name": "tent",
        "parameters": {"h": {"domain": "(0, oo)", "barrier": True}},
        "pieces": [
            {"on": "(-oo, 0]", "f": "-x"},
            {"on": "(0, 1]", "f": "h*x"},
            {"on": "(1, oo)", "f": "h + 1 - x"},
        ],
    }
    steps, start = 4, -parse_number(back)
    answer = escape(
        tent, set={"learning_rate": str(lr)}, start=str(start), steps=steps, at_kink=side
    )
    regimes = answer.facts["regimes"].value
    if regimes is None:
        return
    ends = [Fraction(str(row["to"])) for row in regimes if isinstance(row["to"], fmpq)]
    for h in [Fraction(1, 7), Fraction(1), Fraction(22, 7), *ends, *(e + 1 for e in ends)]:
        slope = straight([0, 1], [-1, h, -1], side=side)
        begin = Fraction(str(start))
        positions = sgd_steps(slope, begin, lr=lr, steps=3 * steps)
        said = outcome_at(regimes, h)
        assert agrees(said, first_escape(positions, 1, side), steps), (h, said)


@settings(max_examples=10)
@given(parts, parts, shares)
def test_an_answer_is_the_same_to_the_byte_when_asked_again(lr, h, momentum):
    asked = {"learning_rate": str(lr), "h": str(h), "momentum": str(momentum)}
    first = trajectory("barrier", set=asked, steps=20).to_json()
    assert trajectory("barrier", set=asked, steps=20).to_json() == first


def test_an_undecided_run_is_an_answer_and_no_error():
    answer = trajectory("double_well", set={"learning_rate": "2"}, start="1/10", steps=300)
    assert answer.facts["verdict"].status == "unknown"
    assert answer.facts["final"].value is not None
