"""Single runs past a kink, as floats propose them and an exact run confirms them, by hand."""

from types import SimpleNamespace

import pytest
from flint import arb, fmpq

from gradiometer.errors import UndecidedError
from gradiometer.proof import reach
from gradiometer.proof.check_wedge import read_wedge
from gradiometer.proof.phases import to_phases_problem
from gradiometer.question.course import read_request
from gradiometer.question.escape import read_barrier

KINK = fmpq(1)


def asked(step, *, rate="1", **memory):
    """The course and the wedge of a rule on slopes of -1 and 1 that meet at 1."""
    rule = {
        "name": "own",
        "parameters": {"learning_rate": {"default": rate}},
        "state": dict.fromkeys(memory, "x"),
        "step": {**{f"{name}'": row for name, row in memory.items()}, "x'": step},
    }
    request = read_request(
        "barrier", optimizer=rule, schedule=None, settings={}, start="any", steps=10,
        at_kink=None, free=True,
    )  # fmt: skip
    parameter, domain = read_barrier(request, {})
    problem = to_phases_problem(request.course, parameter=parameter, domain=domain)
    return request.course, read_wedge(problem)


DESCENT = asked("x - learning_rate*g")


def test_starts_are_ever_farther_from_the_kink():
    shifts = list(reach._list_shifts())
    assert shifts[:3] == [0.0, 1e-5, 1.7e-5]
    assert shifts[-1] == 55_000
    assert shifts == sorted(set(shifts))
    assert len(shifts) == 41


@pytest.mark.parametrize(
    ("start", "over", "step", "before"),
    [(-0.25, 0.75, 2, 0.75), (0.5, 0.5, 1, 0.5), (1.0, 1.0, 1, 1.0), (-7.875, 0.125, 9, 0.125)],
)
def test_a_float_run_comes_farthest_where_it_passes_the_kink(
    monkeypatch, start, over, step, before
):
    monkeypatch.setattr(reach, "_AFTER", 5)
    guess, steps = reach._try(*DESCENT, start)
    assert (guess.start, guess.over, guess.step, guess.before) == (start, over, step, before)
    assert steps == step + 6


def test_a_farther_place_after_the_first_one_past_the_kink_counts(monkeypatch):
    # Each step adds half of the last one to a step of 1/2, so that a run climbs on.
    monkeypatch.setattr(reach, "_AFTER", 40)
    course, wedge = asked("x - learning_rate*g + (x - y)/2", rate="1/2", y="x")
    course = SimpleNamespace(rule=course.rule)
    rule = course.rule
    known = {**rule.float_values, "x": -2.0, "y": -2.0}
    places, state = [], {"x": -2.0, "y": -2.0}
    for _ in range(60):
        known |= {**state, "g": -1.0 if state["x"] <= 1 else 1.0, "t": 1.0, "loss": 0.0}
        for target, run in rule.float_step:
            known[target] = run(known)
        state = {name: known[f"{name}'"] for name in state}
        places.append(state["x"])
    first = next(step for step, place in enumerate(places) if place > 1)
    guess, steps = reach._try(course, wedge, -2.0)
    assert steps == first + 1 + 41
    assert guess.over == max(places[:steps]) - 1
    assert guess.step == places.index(max(places[:steps])) + 1
    assert guess.before == places[first - 1] if first else -2.0


def test_runs_that_do_not_arrive_or_leave_all_floats_are_no_guesses(monkeypatch):
    monkeypatch.setattr(reach, "_MOST_STEPS", 10)
    assert reach._try(*DESCENT, -9.0) == (None, 10)
    assert reach._try(*DESCENT, -8.5)[0].step == 10
    far = asked("x - learning_rate*g*10^308")
    guess, steps = reach._try(*far, -1.0)
    assert (guess, steps <= 10) == (None, True) or guess.step == 1
    assert reach._try(*asked("x*x*g"), -1e200) == (None, 1)


def test_the_loss_is_that_of_the_piece_where_the_run_is():
    # Twice the loss is twice the way to the kink: a run lands as far behind it, and comes back.
    course, wedge = asked("x - 2*loss*g")
    guess, _ = reach._try(course, wedge, -2.0)
    assert (guess.over, guess.step, guess.before) == (3.0, 1, -2.0)


def guesses(monkeypatch, runs, shifts):
    """What is proposed where runs from these starts do this, and which starts were tried."""
    tried = []

    def attempt(course, wedge, start):
        tried.append(start)
        return runs.get(start), 10

    monkeypatch.setattr(reach, "_list_shifts", lambda: iter(shifts))
    monkeypatch.setattr(reach, "_try", attempt)
    return reach._list_guesses(None, SimpleNamespace(kink=KINK)), tried


def test_the_farthest_guess_is_the_first_and_nearer_starts_are_tried(monkeypatch):
    first = reach._Guess(-7.0, 0.25, 9, 0.75)
    nearer = reach._Guess(-6.75, 0.5, 9, 1.0)
    last = reach._Guess(-15.0, 0.375, 17, 1.0)
    close = -7.0 + (1.0 - 0.75) - reach._NEAR * 8.0
    runs = {-7.0: first, close: nearer, -15.0: last}
    found, tried = guesses(monkeypatch, runs, [0.0, 8.0, 16.0])
    # Floats of far starts are coarser, so that the nearer start keeps a wider distance.
    assert tried == [1.0, -7.0, close, -15.0, -15.0 - reach._NEAR * 16.0]
    assert found == [nearer, last, first]


def test_no_nearer_start_lies_past_the_kink_and_the_work_has_an_end(monkeypatch):
    here = reach._Guess(1.0, 0.5, 1, -3.0)
    found, tried = guesses(monkeypatch, {1.0: here}, [0.0])
    assert (found, tried) == ([here, here], [1.0, 1.0])
    monkeypatch.setattr(reach, "_MOST_WORK", 30)
    _, tried = guesses(monkeypatch, {}, [float(k) for k in range(10)])
    assert tried == [1.0, 0.0, -1.0, -2.0]
    _, tried = guesses(monkeypatch, {1.0 - k: here for k in range(10)}, [0.0, 1.0, 2.0, 3.0])
    assert len(tried) == 4


def prove(monkeypatch, overs, proposed):
    """Which guess is proved where exact runs come so far past the kink."""
    followed = []

    def follow(wedge, rule, start, step):
        followed.append((start, step))
        over = overs[len(followed) - 1]
        if over is None:
            raise UndecidedError("a side is not certain")
        return KINK + over

    monkeypatch.setattr(reach, "follow", follow)
    monkeypatch.setattr(reach, "read_rule", lambda problem: None)
    monkeypatch.setattr(reach, "check", lambda certificate: None)
    wedge = SimpleNamespace(kink=KINK)
    monkeypatch.setattr(reach, "barrier_of", lambda wedge, low: "1/3" if low < 1 else None)
    return reach._prove({}, wedge, proposed), followed


def guess_of(over, start=-0.5, step=3):
    return reach._Guess(start, over, step, 0.0)


def test_the_first_guess_that_an_exact_run_confirms_is_proved(monkeypatch):
    proposed = [guess_of(4.0, step=k) for k in (1, 2, 3, 4, 5)]
    overs = [None, fmpq(-1, 2), fmpq(2), fmpq(21, 10)]
    found, followed = prove(monkeypatch, overs, proposed)
    assert [step for _, step in followed] == [1, 2, 3, 4]
    assert (found.least, found.step, found.barrier) == (fmpq(21, 10), 4, None)
    assert found.certificate["claim"] == {"least": "21/10", "step": 4, "barrier": None}
    assert found.certificate["evidence"] == {"start": "-1/2"}
    found, _ = prove(monkeypatch, [fmpq(1, 2)], [guess_of(0.75)])
    assert (found.least, found.barrier) == (fmpq(1, 2), fmpq(1, 3))


def test_no_more_guesses_than_a_few_are_followed(monkeypatch):
    followed = []
    proposed = [guess_of(4.0, step=k) for k in range(1, 9)]
    with pytest.raises(UndecidedError, match="no run that was tried"):
        prove(monkeypatch, [None] * 8, proposed)
    monkeypatch.setattr(reach, "_TRIES", 2)
    with pytest.raises(UndecidedError, match="no run that was tried"):
        followed += prove(monkeypatch, [None, None, fmpq(3)], proposed)[1]


@pytest.mark.parametrize(
    ("over", "proposed", "is_proved"),
    [("2", 3.9, True), ("2", 4.0, False), ("0", -1.0, False), ("-1", -4.0, False),
     ("1/10", 0.1, True)],
)  # fmt: skip
def test_a_run_that_comes_much_less_far_than_the_floats_said_is_another_one(
    monkeypatch, over, proposed, is_proved
):
    if is_proved:
        assert prove(monkeypatch, [fmpq(over)], [guess_of(proposed)])[0].least == fmpq(over)
    else:
        with pytest.raises(UndecidedError):
            prove(monkeypatch, [fmpq(over)], [guess_of(proposed)])


def test_long_numbers_are_claimed_a_little_smaller_and_starts_are_rounded_to_the_left(monkeypatch):
    long = fmpq(2**200 + 1, 2**200)
    for over in (long, arb(long), arb("1.5 +/- 1e-20")):
        least = prove(monkeypatch, [over], [guess_of(1.5)])[0].least
        low, high = (arb(over) * (1 - k) for k in (arb("0.0000011"), arb("0.0000009")))
        assert low < least
        assert least < high
    exact = fmpq(2**40 + 1, 2**40)
    assert prove(monkeypatch, [exact], [guess_of(1.5)])[0].least == exact
    _, followed = prove(monkeypatch, [fmpq(1)], [guess_of(1.0, start=-1 / 3)])
    assert followed[0][0] == fmpq(-3333333333334, 10**13)
    _, followed = prove(monkeypatch, [fmpq(1)], [guess_of(1.0, start=1.5)])
    assert followed[0][0] == KINK
