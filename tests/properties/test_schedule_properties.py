"""Schedules of the catalogue, with settings drawn from their declared domains."""

from fractions import Fraction

import pytest
from flint import arb, fmpq
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from gradiometer.catalog import list_entries, read_entry
from gradiometer.errors import DomainError
from gradiometer.formula import evaluate, precision, to_float
from gradiometer.model import read_schedule, settle


def _list_names():
    for name in list_entries("schedule"):
        entry = read_entry("schedule", name)
        if "step" not in entry:
            yield name
            yield from (f"{name}.{dialect}" for dialect in entry.get("dialects", {}))


NAMES = sorted(_list_names())
LISTED = {"boundaries": "3, 10", "values": "1, 1/2, 1/4", "factors": "2, 1/2"}


@st.composite
def drawn_settings(draw, name):
    """Settings of a schedule within the domains of its parameters."""
    found = {}
    for key, row in read_schedule(name).parameters.items():
        if isinstance(row.default, tuple):
            found[key] = LISTED.get(key, "2, 5")
        elif row.is_flag:
            found[key] = str(draw(st.integers(0, 1)))
        elif row.is_integer:
            found[key] = str(draw(st.integers(0 if _holds(row, 0) else 2, 60)))
        else:
            value = draw(st.fractions(Fraction(1, 20), Fraction(19, 20), max_denominator=20))
            lower = row.domain.lower
            least = Fraction(0) if lower is None else Fraction(str(evaluate(lower, {})))
            found[key] = str(least + value)
    return found


def _holds(row, value):
    lower = row.domain.lower
    return lower is None or (row.domain.lower_closed and evaluate(lower, {}) == value)


def _bind(name, given_settings):
    plan = read_schedule(name)
    return plan.bind(settle([plan.owner], given_settings)["schedule"])


# A line that goes on past its last step, as PyTorch draws it, may fall below 0 there.
BELOW = {"linear_onecycle.torch"}


@pytest.mark.parametrize("name", [name for name in NAMES if name not in BELOW])
@settings(max_examples=8, deadline=None)
@given(data=st.data())
def test_no_schedule_has_a_negative_rate(name, data):
    bound = _bind(name, data.draw(drawn_settings(name)))
    step = data.draw(st.integers(0, 150))
    with precision(128):
        try:
            value = bound.rate_at(step)
        except DomainError as error:
            # A phase or a decay of no length divides by 0, and says so.
            assume("division by zero" not in error.problem and "negative" not in error.problem)
            raise
    assert not value < 0


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=5, deadline=None)
@given(data=st.data())
def test_the_float64_rate_is_the_nearest_one(name, data):
    bound = _bind(name, data.draw(drawn_settings(name)))
    step = data.draw(st.integers(0, 60))
    try:
        nearest = bound.float_at(step)
    except DomainError:
        assume(False)
    with precision(2000):
        exact = bound.rate_at(step)
        assert to_float(exact) == pytest.approx(nearest, rel=2**-52, abs=0)
        gap = exact - arb(nearest)
        assert abs(gap) <= arb(nearest).abs_upper() * arb(2) ** -53 + arb(2) ** -1074


@pytest.mark.parametrize("name", ["warmup", "warmup_cosine", "warmup_exponential", "warmup_linear"])
@settings(max_examples=15, deadline=None)
@given(steps=st.integers(1, 50), rate=st.fractions(Fraction(1, 100), 2, max_denominator=100))
def test_a_warmup_rises_evenly_and_ends_at_the_learning_rate(name, steps, rate):
    bound = _bind(name, {"warmup_steps": str(steps), "learning_rate": str(rate)})
    rates = [bound.rate_at(step) for step in range(steps + 1)]
    top = fmpq(rate.numerator, rate.denominator)
    assert rates == [top * fmpq(step, steps) for step in range(steps + 1)]


@settings(max_examples=40, deadline=None)
@given(
    lengths=st.lists(st.integers(1, 9), min_size=1, max_size=4),
    on=st.lists(st.booleans(), min_size=4, max_size=4),
)
def test_a_joined_line_takes_each_part_where_it_stands(lengths, on):
    """Parts `100*i + k` joined at drawn places, each counting anew or on."""
    words = [
        f"{100 * i} + k" + (f" for {length}" if length else "")
        for i, length in enumerate([*lengths, 0])
    ]
    line = words[0]
    for word, goes_on in zip(words[1:], on, strict=False):
        line += f", {'continuing with' if goes_on else 'then'} {word}"
    bound = read_schedule(line).bind({})
    start, expected = 0, []
    for i, length in enumerate([*lengths, 5]):
        begin = start if i and on[i - 1] else 0
        expected += [100 * i + begin + k for k in range(length)]
        start += length
    assert [bound.rate_at(step) for step in range(start)] == expected


@settings(max_examples=30, deadline=None)
@given(first=st.integers(1, 12), factor=st.integers(2, 5), step=st.integers(0, 10**6))
def test_restarts_come_exactly_at_their_steps(first, factor, step):
    """A logarithm in floating point misses some of these."""
    bound = _bind("cosine_restarts", {"T_0": str(first), "T_mult": str(factor)})
    begin, length = 0, first
    while begin + length <= step:
        begin, length = begin + length, length * factor
    with precision(128):
        assert bound.rate_at(begin) == fmpq(1, 10)
        assert bound.rate_at(begin + length) == fmpq(1, 10)
        assert bound.rate_at(begin + length - 1) < fmpq(1, 10) or length == 1


@settings(max_examples=30, deadline=None)
@given(top=st.integers(-40, 40), bottom=st.integers(1, 12))
def test_cosines_of_turns_lie_in_their_balls(top, bottom):
    from gradiometer.formula import parse

    half_turns = fmpq(top, bottom)
    for word, check in (("cos", arb.cos_pi), ("sin", arb.sin_pi)):
        value = evaluate(parse(f"{word}(pi*k)").tree, {"k": half_turns})
        assert check(arb(half_turns)).overlaps(arb(value))
        assert isinstance(value, fmpq) or half_turns.q > 2
