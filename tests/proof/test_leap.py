"""Many steps at once by one look at the slopes: every state of a cloud is in the cloud after it."""

from itertools import product

import numpy as np
import pytest
from flint import arb, arb_mat, fmpq

from gradiometer.errors import DomainError, UndecidedError
from gradiometer.formula import precision, to_ball
from gradiometer.proof import check_entry
from gradiometer.proof.check_entry import Cloud, enclose_run
from gradiometer.proof.check_modes import find_modes, stretch
from gradiometer.proof.check_tangent import read_motion
from gradiometer.proof.check_walk import read_replay
from gradiometer.question.trajectory import read_run

ADAMW = {"learning_rate": "1/10", "eps": "1/10"}
RUNS = {
    "adamw": ("adamw", "double_well", ADAMW, None),
    "adam": ("adam", "cosh(x)", {"learning_rate": "1/10", "eps": "1/10"}, None),
    "rmsprop": ("rmsprop", "x^4/4 + x^2/2", {"eps": "1/5", "alpha": "999/1000"}, None),
    "momentum": ("sgd", "double_well", {"momentum": "9/10", "learning_rate": "1/100"}, None),
    "a rate that fades": ("adamw", "double_well", ADAMW, "inverse_time"),
}


def read(name, **more):
    rule, surface, values, schedule = RUNS[name]
    values = {n: v for n, v in values.items() if schedule is None or n != "learning_rate"}
    request = read_run(
        surface, optimizer=rule, schedule=schedule, set={**values, **more}, start="3/10", steps=3,
        at_kink=None, engine=None, noise=None, seed=0,
    )  # fmt: skip
    return read_replay(request.course.to_problem())


def march(replay):
    return check_entry._March(replay, read_motion(replay, 0, frees_powers=True), replay.ends({}))


def follow(replay, state, done, steps):
    """The states after each of these steps, from one exact state."""
    motion = read_motion(replay, 0, frees_powers=True)
    pieces, found = motion.compile_pieces(), [state]
    for step in range(done, done + steps):
        known = {**motion.at_step(step + 1, {}), **replay.rates.at(step)}
        known |= dict(zip(motion.names, found[-1], strict=True))
        piece = replay.locate(found[-1][0], replay.ends({}))
        found.append([to_ball(value) for value in pieces[piece](known)])
    return found


def begin(replay, done, width):
    """A cloud of that width around the run."""
    with precision(800):
        centre = [value.mid() for value in enclose_run(replay, done, bits=800).centre]
    size = len(centre)
    frame = arb_mat(size, size, [int(i == j) + (i < j) for i in range(size) for j in range(size)])
    error = arb_mat(size, 1, [arb(0, arb(width) * abs(value)) for value in centre])
    return Cloud(centre, frame, error, read_motion(replay, 0, frees_powers=True).names)


def holds(cloud, state):
    """Whether a state, known almost exactly, is in the cloud."""
    away = arb_mat(len(state), 1, [v - c for v, c in zip(state, cloud.centre, strict=True)])
    error = (cloud.frame.inv() * away).entries()
    inside = all(abs(e) <= most.rad() for e, most in zip(error, cloud.error.entries(), strict=True))
    total = sum((e**2 for e in error), arb(0)).sqrt()
    return inside and (cloud.reach is None or bool(total <= cloud.reach))


@pytest.mark.parametrize("width", ["1e-30", "1e-5"])
@pytest.mark.parametrize("name", RUNS)
def test_all_states_of_a_cloud_are_in_it_after_a_leap(name, width):
    replay, done, count = read(name), 400, check_entry._LEAP
    cloud = begin(replay, done, width)
    with precision(400):
        going = march(replay)
        leap = going.leap(cloud, done, count)
    if width == "1e-30":
        assert leap is not None
    if leap is None:
        return
    after, places = leap
    assert len(places) == count
    with precision(1200):
        for signs in product((-1, 0, 1), repeat=len(cloud.centre)):
            ends = [s * e.rad() for s, e in zip(signs, cloud.error.entries(), strict=True)]
            away = (cloud.frame * arb_mat(len(ends), 1, ends)).entries()
            state = [c + a for c, a in zip(cloud.centre, away, strict=True)]
            states = follow(replay, state, done, count)
            assert holds(after, states[-1])
            assert all(p.contains(s[0]) for p, s in zip(places, states[1:], strict=True))


def leap_on(going, cloud, done, times):
    """The cloud after some leaps one after the other."""
    for turn in range(times):
        found = going.leap(cloud, done + turn * check_entry._LEAP, check_entry._LEAP)
        assert found is not None
        cloud = found[0]
    return cloud


def hill(rate):
    """Uphill on a parabola: each step moves two states apart by a factor that is known exactly."""
    piece = {"lower": None, "upper": None, "lower_closed": False, "upper_closed": False,
             "loss": "-x^2/2"}  # fmt: skip
    return read_replay({
        "rule": {"state": {}, "step": [["x'", "x - learning_rate*g"]], "values": {}},
        "pieces": [piece], "schedules": {"learning_rate": {"rate": rate, "values": {}}},
        "start": "1/3", "steps": 5, "side": None,
    })  # fmt: skip


@pytest.mark.parametrize("width", ["0", "1e-10"])
@pytest.mark.parametrize("rate", ["1/1000", "k/1000000"])
def test_an_error_that_grows_is_as_large_as_it_comes(rate, width):
    replay, count, done = hill(rate), check_entry._LEAP, 400
    with precision(400):
        error = arb_mat(1, 1, [arb(0, arb(width))])
        cloud = Cloud([arb(3).sqrt().mid()], arb_mat(1, 1, [1]), error, ("x",))
        here = leap_on(march(replay), cloud, done, 3)
    with precision(2000):
        last = follow(replay, [cloud.centre[0] + cloud.error[0, 0].rad()], done, 3 * count)[-1]
        assert holds(here, last)
        assert here.error[0, 0].rad() < arb("1e-9")


def test_a_second_leap_goes_on_from_the_first():
    replay, count = read("adamw"), check_entry._LEAP
    cloud = begin(replay, 400, "1e-30")
    with precision(1200):
        ends = zip(cloud.centre, cloud.error.entries(), strict=True)
        corner = [c + arb(e.rad()) for c, e in ends]
    cloud = Cloud(cloud.centre, check_entry._identity(3), cloud.error, cloud.names)
    with precision(400):
        here = leap_on(march(replay), cloud, 400, 5)
    with precision(1200):
        last = follow(replay, corner, 400, 5 * count)[-1]
        assert holds(here, last)
    # Errors shrink or stay, and do not grow from leap to leap.
    assert here.reach is not None
    assert here.reach < arb("1e-28")


def test_a_late_state_is_enclosed_with_few_bits(monkeypatch):
    taken, leap = [], check_entry._March.leap
    monkeypatch.setattr(check_entry._March, "leap", lambda *given: (
        taken.append(leap(*given)) or taken[-1]))  # fmt: skip
    replay = read("adamw")
    with precision(160):
        box = enclose_run(replay, 3000, bits=160).box()
    assert sum(found is not None for found in taken) > 40
    with precision(6000):
        sharp = enclose_run(replay, 3000, bits=6000).box()
        for here, there in zip(box, sharp, strict=True):
            assert there.rad() < arb("1e-300")
            assert here.contains(there)
            assert here.rad() < arb("1e-25")


def test_a_run_that_errors_grow_in_is_walked_step_by_step():
    # A cycle of the double well that repels: errors grow at each step.
    replay, done = read("momentum", learning_rate="3/2", momentum="1/5"), 300
    cloud = begin(replay, 40, "1e-20")
    with precision(400):
        going = march(replay)
        found = going.leap(cloud, done, check_entry._LEAP)
        assert found is None
        # What failed is not tried again at once, and each time later.
        waits = [going.rest]
        for _ in range(waits[0]):
            assert going.leap(cloud, done, check_entry._LEAP) is None
        assert going.rest == 0
        assert going.leap(cloud, done, check_entry._LEAP) is None
        assert going.rest == 2 * waits[0]


def test_a_step_that_has_no_value_between_whole_numbers_is_no_leap(monkeypatch):
    replay = read("adamw")
    cloud = begin(replay, 400, "1e-30")

    def fail(*_):
        raise DomainError("There is no value here.")

    with precision(400):
        going = march(replay)
        monkeypatch.setattr(going, "slopes", [fail])
        assert going.leap(cloud, 400, check_entry._LEAP) is None


@pytest.mark.parametrize("seed", range(20))
def test_no_vector_is_lengthened_by_more_than_is_said(seed):
    random = np.random.default_rng(seed)
    size = int(random.integers(1, 6))
    matrix = random.normal(size=(size, size))
    bound = stretch(arb_mat(size, size, [arb(v) for v in matrix.ravel()]))
    norm = float(np.linalg.norm(matrix, 2))
    assert norm * (1 - 1e-12) <= float(bound) <= norm * size**0.5 * (1 + 1e-12)


def test_a_wide_matrix_is_bounded_for_all_that_it_holds():
    wide = arb_mat(2, 2, [arb(1, 0.25), arb(0, 0.5), arb(0, 0.5), arb(1, 0.25)])
    # The worst one: 5/4 on the diagonal, 1/2 beside it.
    assert float(stretch(wide)) >= 1.75 - 1e-9
    with pytest.raises(UndecidedError, match="not finite"):
        stretch(arb_mat(1, 1, [arb("inf")]))


@pytest.mark.parametrize("seed", range(10))
def test_modes_shrink_what_the_eigenvalues_shrink(seed):
    random = np.random.default_rng(seed)
    size = int(random.integers(2, 5))
    matrix = random.normal(size=(size, size))
    radius = float(np.abs(np.linalg.eigvals(matrix)).max())
    slopes = arb_mat(size, size, [arb(v) for v in matrix.ravel()])
    frame = find_modes(slopes)
    with precision(128):
        assert float(stretch(frame.inv() * slopes * frame)) == pytest.approx(radius, rel=1e-6)


def test_directions_are_balanced_between_what_they_give_and_take():
    # The last coordinate moves the first one by up to 1/20, and nothing moves it.
    slopes = arb_mat(2, 2, [fmpq(1, 2), arb(0, 0.05), arb(0, 1e-9), fmpq(999, 1000)])
    frame = find_modes(slopes)
    assert stretch(slopes) > 1
    assert stretch(frame.inv() * slopes * frame) < 1
