"""Largest steps: worst gradients and bounds that are proposed, on numbers that are known."""

from math import sqrt
from types import SimpleNamespace

import pytest
from flint import arb, fmpq

from gradiometer.errors import CertificateError, DomainError, UndecidedError
from gradiometer.formula import parse, precision, to_ball
from gradiometer.proof import step_bound, stride
from gradiometer.proof.check_stride_system import Measure, Memory, System

# Worst entries of steps whose factors read the step count.


def name(text):
    return parse(text, names={"a", "b", "c"}).tree


def system(
    *, keeps="1/2", takes="1/4", peak=False, old="a", new="b", direct="c", out="2", begin=None
):
    """A step `(c*e + 2*m) / root(a*V + b*e^2)` with `m' = 2/3*m + 1/3*e`, made up."""
    memory = Memory(("m",), [[fmpq(2, 3)]], [fmpq(1, 3)], ([fmpq(0)], fmpq(1)))
    measure = Measure(fmpq(keeps), fmpq(takes), peak)
    steps = [{"a": fmpq(k, 5), "b": fmpq(k, 7), "c": fmpq(-k, 3)} for k in range(1, 9)]
    trees = {"m": name(out)}
    return System(SimpleNamespace(steps=steps), memory, measure, trees, name(direct), name(old),
                  name(new), False, begin, fmpq(1))  # fmt: skip


def entries(made, count):
    with precision(128):
        return [float(to_ball(value)) for value in stride._list_entries(made, count)]


@pytest.mark.parametrize("begin", [None, ([fmpq(3)], fmpq(5))])
@pytest.mark.parametrize("count", [2, 3, 6])
def test_the_worst_entries_come_as_far_as_any_can(begin, count):
    made = system(begin=begin)
    found = entries(made, count)
    assert len(found) == count
    a, b, c = ((count - 1) * part for part in (1 / 5, 1 / 7, -1 / 3))
    *before, last = found
    # Each entry before the last is owed `2*(2/3)^(k-1)/3` and measured `(1/2)^(k-1)/4`.
    total, size, best = c * last, b * last**2, c**2 / b
    for back, entry in enumerate(reversed(before), start=1):
        is_first = begin is not None and back == count - 1
        owed = 2 * (2 / 3) ** (back - 1) * (3 if is_first else 1 / 3)
        measured = (1 / 2) ** (back - 1) * (5 if is_first else 1 / 4)
        total += owed * entry
        size += a * measured * entry**2
        best += owed**2 / (a * measured)
    # By the inequality of Cauchy and Schwarz.
    assert total / sqrt(size) == pytest.approx(sqrt(best))


def test_what_is_not_measured_is_as_large_as_one_likes():
    large = float(to_ball(stride._LARGE))
    for made in (system(keeps="0"), system(old="0")):
        found = entries(made, 4)
        assert found[:2] == [0, 0]
        assert found[2] == pytest.approx(large * 2 / 3)
        assert found[3] == pytest.approx(-3 / 3 / (3 / 7))


def test_gradients_are_shared_by_what_they_make_up_for():
    memory = Memory(("m", "n"), [[fmpq(1, 2), fmpq(1)], [fmpq(0), fmpq(1, 3)]],
                    [fmpq(1), fmpq(2)], ([fmpq(-1), fmpq(1, 2)], fmpq(3)))  # fmt: skip
    made = SimpleNamespace(memory=memory, begin=None)
    unit = stride._LARGE / 4
    # The means are 0, then 1 and 2, then 1/2 + 2 + 4 and 2/3 + 8 times the unit.
    found = stride._to_gradients(made, [fmpq(1), fmpq(4), fmpq(-2)])
    known = [3, 12 - 1 + 1, -6 - fmpq(13, 2) + fmpq(13, 3)]
    assert [value / unit for value in found] == known


def test_entries_against_a_peak_are_as_large_as_the_peak_was_then():
    assert entries(system(peak=True), 4) == [8, 4, 2, 1]
    assert entries(system(peak=True, keeps="1/3"), 2) == [3, 1]
    assert entries(system(), 1) == [1]


def find_stride(monkeypatch, *, step, square=("2", "3"), last=16, growth=None):
    asked = []
    ends = square and tuple(fmpq(end) if isinstance(end, str) else end for end in square)
    found = SimpleNamespace(step=step, square=ends, attained=None, growth=growth)
    monkeypatch.setattr(stride, "read_lines", lambda _: ("begun", "lines", fmpq(1, 7)))
    monkeypatch.setattr(stride, "guess_kinds", lambda *_: {"m": "linear"})
    monkeypatch.setattr(stride, "_look_ahead", lambda *_: (last, found))
    monkeypatch.setattr(stride, "read_system", lambda *given: asked.append(given[3]) or "system")
    monkeypatch.setattr(stride, "_list_gradients", lambda *_: [fmpq(1), fmpq(5)])
    monkeypatch.setattr(stride, "make_step", lambda *_: fmpq(-3, 4))
    monkeypatch.setattr(stride, "check", lambda certificate: asked.append(certificate["claim"]))
    return stride.find_stride({}), asked


def test_as_many_steps_are_read_as_are_looked_at_or_shown(monkeypatch):
    for step, last, read in ((None, 16, 60), (7, 16, 16), (90, 16, 90), (4000, 16, 60),
                             (90, 1024, 1024), (None, 64, 64)):  # fmt: skip
        found, asked = find_stride(monkeypatch, step=step, last=last)
        assert asked[0] == (1, read)
        assert found.certificate["evidence"] == {"kinds": {"m": "linear"}, "from": last}


def test_a_stride_is_claimed_with_what_its_gradients_reach(monkeypatch):
    found, asked = find_stride(monkeypatch, step=7, growth=fmpq(9, 8))
    assert asked[1] == {"square": ["2", "3"], "step": 7, "gradients": ["1", "5"], "decay": "1/7",
                        "reached": "3/4", "attained": None, "growth": "9/8"}  # fmt: skip
    assert found.ends == (2, 3)
    assert (found.reached, found.decay, found.gradients) == (fmpq(3, 4), fmpq(1, 7), (1, 5))
    found, asked = find_stride(monkeypatch, step=None, square=None)
    assert found.ends is None
    assert (asked[1]["square"], asked[1]["growth"], asked[1]["step"]) == (None, None, None)
    with precision(300):
        root = arb(2).sqrt()
        found, _ = find_stride(monkeypatch, step=1, square=(root, root))
    low, high = found.ends
    assert low**2 < 2 < high**2
    assert high - low < fmpq(1, 10**29)


def test_as_many_gradients_are_listed_as_steps_lead_to_the_largest_one(monkeypatch):
    long = fmpq(10**30 + 1, 3 * 10**30)
    monkeypatch.setattr(stride, "_list_entries", lambda made, count: [fmpq(1), long])
    monkeypatch.setattr(stride, "_to_gradients", lambda made, rows: rows)
    assert stride._list_gradients(system(), 2) == [1, stride._shorten(long)]
    for step, count in ((None, 60), (1, 1), (7, 7), (300, 300), (301, 60)):
        assert stride._count_shown(SimpleNamespace(step=step)) == count


def test_reasons_why_there_is_no_stride_are_told(monkeypatch):
    def refuse(_):
        raise CertificateError("It is wrong.")

    find_stride(monkeypatch, step=7)
    monkeypatch.setattr(stride, "check", refuse)
    with pytest.raises(UndecidedError, match="the checker refused: It is wrong"):
        stride.find_stride({})

    def fail(_):
        raise DomainError("There is no value.")

    monkeypatch.setattr(stride, "read_lines", fail)
    with pytest.raises(UndecidedError, match="There is no value"):
        stride.find_stride({})


def test_a_number_is_shortened_only_where_it_is_long():
    long = fmpq(10**20 - 1, 10**20 + 1)
    assert stride._shorten(fmpq(1, 10**20 - 1)) == fmpq(1, 10**20 - 1)
    assert stride._shorten(long) != long
    assert abs(stride._shorten(long) - long) < fmpq(1, 10**15)
    with precision(300):
        for value in (arb(fmpq(1, 3)), arb(fmpq(-(10**9), 7))):
            low, middle, high = (
                stride._shorten(value, side * stride._MARGIN) for side in (-1, 0, 1)
            )
            assert low < value
            assert value < high
            assert abs(value) / 2 < abs(high - value) * 10**31 < abs(value) * 2
            assert abs(low - value) * 10**31 < abs(value) * 2
            assert abs(middle - value) < abs(value) / 10**18


@pytest.mark.parametrize("module", [stride, step_bound])
@pytest.mark.parametrize("step", ["1/4", "-3/8", "0", "1024"])
def test_a_short_step_is_told_as_it_is(module, step):
    assert module._round_down(fmpq(step)) == abs(fmpq(step))


@pytest.mark.parametrize("module", [stride, step_bound])
def test_a_long_step_is_rounded_down_by_little_more_than_its_digits(module):
    for step in (fmpq(2, 3), fmpq(-1, 3), fmpq(123456789123456789, 1000)):
        found = module._round_down(step)
        assert 0 < abs(step) - found < abs(step) * fmpq(12, 10**12)


# The largest step of a rule.


def bound(*weights, attained=True):
    return SimpleNamespace(weights=tuple(map(fmpq, weights)) or None, attained=attained)


def test_worst_gradients_that_end_have_the_size_of_the_last_one():
    rows = step_bound._list_gradients(bound(-3, 6, 0))
    large = step_bound._LARGE
    assert rows[:-2] == [0] * (step_bound._STEPS - 2)
    assert rows[-2:] == [2 * large, -large]
    rows = step_bound._list_gradients(bound(2, "-1/2", "-1/3"))
    assert rows[-1] / rows[-2] == -4
    assert rows[-2] / rows[-3] == -3
    assert abs(rows[0]) == large


def find_bound(monkeypatch, fixed, found, reads=()):
    def call(outcome):
        def answer(_):
            if isinstance(outcome, str):
                raise UndecidedError(outcome)
            return outcome

        return answer

    monkeypatch.setattr(step_bound, "_find_fixed", call(fixed))
    monkeypatch.setattr(step_bound, "find_stride", call(found))
    return step_bound.find_step_bound(SimpleNamespace(reads=reads, to_problem=dict))


def test_a_bound_of_fixed_factors_counts_before_one_that_looks_at_steps(monkeypatch):
    fixed = SimpleNamespace(square=fmpq(1))
    assert find_bound(monkeypatch, fixed, "no") is fixed
    endless = SimpleNamespace(square=None)
    assert find_bound(monkeypatch, endless, "no") is endless
    with pytest.raises(UndecidedError, match="later"):
        find_bound(monkeypatch, "first", "later")
    for reads in (("loss",), ("noise", "g"), ("noise", "loss")):
        with pytest.raises(UndecidedError, match="loss or draws noise"):
            find_bound(monkeypatch, fixed, "no", reads)
    assert find_bound(monkeypatch, fixed, "no", ("g", "t")) is fixed


@pytest.mark.parametrize("fixed", ["no", SimpleNamespace(square=None)])
def test_the_bound_of_many_steps_has_a_ceiling_where_it_is_no_rational(monkeypatch, fixed):
    largest = SimpleNamespace(attained=True, growth=fmpq(2), step=9)
    for ends, square, ceiling in (((2, 3), 2, 3), ((2, 2), 2, None), (None, None, None)):
        found = SimpleNamespace(stride=largest, ends=ends, gradients=(1,), reached=fmpq(1),
                                certificate={}, decay=fmpq(1, 2))  # fmt: skip
        made = find_bound(monkeypatch, fixed, found)
        assert (made.square, made.ceiling, made.step) == (square, ceiling, 9)
        assert (made.attained, made.growth, made.decay) == (True, 2, fmpq(1, 2))


def test_the_attempt_that_came_farthest_tells_why_there_is_no_bound(monkeypatch):
    def read(problem, evidence):
        kinds = evidence["kinds"]
        return kinds, list(range({"linear": 1, "square": 3, "largest": 2}[kinds["m"]])), None

    def refuse(states, lines, alive):
        if states["m"] != "none" and states["m"] in refused:
            raise UndecidedError(f"not {states['m']}")
        return f"bound of {states['m']}"

    monkeypatch.setattr(step_bound, "read_rule", read)
    monkeypatch.setattr(step_bound, "find_bound", refuse)
    monkeypatch.setattr(step_bound, "_count_followed", lambda states, lines, alive: len(lines))
    refused = {"linear", "square", "largest"}
    with pytest.raises(UndecidedError, match="not square"):
        step_bound._classify({}, ["m"])
    refused = {"linear", "square"}
    assert step_bound._classify({}, ["m"]) == ({"m": "largest"}, "bound of largest")


def test_assignments_are_followed_until_one_has_no_value(monkeypatch):
    def follow(target, tree, known, kinds):
        if tree is None:
            raise UndecidedError("no value")
        return tree

    monkeypatch.setattr(step_bound, "open_rule", lambda states, kinds: dict(states))
    monkeypatch.setattr(step_bound, "follow_line", follow)
    lines = [("a", 1), ("b", 2), ("c", None), ("d", 3)]
    assert step_bound._count_followed({}, lines, {}) == 2
    assert step_bound._count_followed({}, lines[:2], {}) == 2
    assert step_bound._count_followed({}, [], {}) == 0
