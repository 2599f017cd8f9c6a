"""Largest steps and maps that shrink: what is proposed, on numbers whose answers are known."""

from math import log2, sqrt
from types import SimpleNamespace

import numpy as np
import pytest
from flint import arb, fmpq

from gradiometer.errors import CertificateError, DomainError, UndecidedError
from gradiometer.formula import parse, precision, to_ball
from gradiometer.proof import contraction_guess as guess
from gradiometer.proof import step_bound, stride
from gradiometer.proof.check_stride_system import Measure, Memory, System
from gradiometer.proof.scene import Scene
from proof.test_prover_choices import ask

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


# Maps that shrink, and numbers that are written.


def test_coordinates_of_random_maps_shrink_them_and_have_unit_size():
    rng = np.random.default_rng(3)
    for size in (1, 2, 3):
        for _ in range(5):
            matrix = rng.normal(size=(size, size))
            radius = np.abs(np.linalg.eigvals(matrix)).max()
            matrix = matrix * rng.uniform(0.2, 0.95) / radius
            units = rng.uniform(0.01, 100, size)
            frame, norm = guess.find_frame(matrix, units)
            turned = np.linalg.inv(frame) @ matrix @ frame
            assert norm == pytest.approx(np.linalg.norm(turned, 2))
            assert norm < 1
            assert np.abs(frame / units[:, None]).max() == pytest.approx(1)
            matrices = [matrix, matrix.T]
            found = guess.find_frames(matrices)
            metrics = [np.linalg.inv(frame @ frame.T) for frame in found]
            total = sum(m * np.trace(n) / np.trace(m) for m, n in
                        zip(metrics, unscaled(matrices), strict=False))  # fmt: skip
            last = metrics[-1] * np.trace(total) / np.trace(metrics[-1])
            assert np.allclose(last, total, rtol=1e-4)


def unscaled(matrices):
    """The metrics of both kinds of each matrix, as their definitions say."""
    for matrix in matrices:
        values, vectors = np.linalg.eig(matrix)
        if np.linalg.cond(vectors) < 1e3:
            inverse = np.linalg.inv(vectors)
            yield np.real(inverse.conj().T @ inverse)
        step = matrix / ((1 + np.abs(values).max()) / 2)
        power, metric = np.eye(len(matrix)), np.zeros_like(matrix)
        for _ in range(600):
            metric += power.T @ power
            power = power @ step
        yield metric


def test_maps_without_shrinking_coordinates_are_passed_over():
    still, turn = np.eye(2), np.array([[0.0, 1.0], [-1.0, 0.0]])
    half, wild = np.eye(2) / 2, np.array([[np.nan, 0.0], [0.0, 0.5]])
    assert guess.find_frames([still, turn, wild]) == []
    assert len(guess.find_frames([half])) == 2
    assert len(guess.find_frames([half, wild])) == 3
    assert len(guess.find_frames([half, half])) == 5
    # A single direction has no coordinates of its own.
    assert len(guess.find_frames([np.array([[0.5, 1.0], [0.0, 0.5]])])) == 1
    with pytest.raises(UndecidedError, match="does not attract"):
        guess.find_frame(np.array([[1.0, 0.0], [0.0, 0.5]]), [1.0, 1.0])


def test_numbers_are_written_with_a_few_digits():
    assert guess.round_short(1 / 3) == fmpq(333333, 10**6)
    assert guess.round_short(-1234567.0) == -1234570
    assert guess.round_short(2 / 3, 2) == fmpq(67, 100)
    for value in (np.inf, np.nan):
        with pytest.raises(UndecidedError, match="overflows"):
            guess.round_short(value)
    assert guess.to_rationals(np.array([[1.5, -1 / 3]])) == [["3/2", "-333333/1000000"]]
    made = guess.make_evidence(("x", "m"), [[fmpq(1, 2), 3]], np.eye(2), 0.25)
    assert (made["factor"], made["points"], made["names"]) == ("1/4", [["1/2", "3"]], ["x", "m"])
    assert (made["matrix"], made["entry"]) == ([["1", "0"], ["0", "1"]], 0)
    assert guess.make_evidence(("x",), [], np.eye(1), "7/8")["factor"] == "7/8"


def test_reasons_have_no_full_stop():
    assert guess.explain(CertificateError("It is. So.")) == "It is. So"
    assert guess.explain(UndecidedError("no")) == "no"


# Runs.


@pytest.mark.parametrize("start", ["0", "-1", "1", "2"])
def test_a_place_at_a_joint_belongs_to_the_piece_before_it(start):
    scene = Scene(*ask("max(-x, 2*x) + 3*max(x - 1, 0)", start=start, learning_rate="1"))
    place, known = float(start), []
    for _ in range(6):
        known.append(place)
        place -= -1 if place <= 0 else 2 if place <= 1 else 5
    assert scene.floats.until(5)[:, 0].tolist() == known


def test_the_step_count_of_a_run_in_floats_begins_at_one():
    rate = {"learning_rate": {"default": "1"}}
    rule = {"name": "mine", "parameters": rate, "step": {"x'": "x - learning_rate*g/t"}}
    scene = Scene(*ask("3*x", rule=rule, start="0", learning_rate="1"))
    known = np.array([0, -3, -4.5, -5.5, -6.25])
    assert scene.floats.until(4)[:, 0] == pytest.approx(known)
    assert guess.SharpPath(scene.replay).until(4)[:, 0] == pytest.approx(known)
    rising = Scene(*ask("3*x", start="0", schedule="(k + 1)/3"))
    known = np.array([0, -1, -3, -6])
    assert rising.floats.until(3)[:, 0] == pytest.approx(known)
    assert guess.SharpPath(rising.replay).until(3)[:, 0] == pytest.approx(known)


@pytest.mark.parametrize(("start", "last"), [("1", 100), ("-1", 100)])
def test_a_run_overflows_at_a_size_on_either_side(start, last):
    scene = Scene(*ask("-9*x^2/2", start=start, steps=3, learning_rate="1"))
    for path in (scene.floats, guess.SharpPath(scene.replay)):
        assert abs(path.until(99)[99, 0]) == pytest.approx(1e99, rel=1e-6)
        with pytest.raises(UndecidedError, match="overflows"):
            path.until(101)
        assert len(path.rows) in (100, 101)


def test_periods_are_not_looked_for_among_numbers_that_overflowed():
    rows = np.ones((9, 2))
    assert guess.find_periods(rows) == [1, 2]
    for row, value in ((8, np.inf), (0, np.inf), (8, np.nan), (0, np.nan), (4, -np.inf)):
        spoiled = rows.copy()
        spoiled[row, 1] = value
        assert guess.find_periods(spoiled) == []
    # Long before the last states an overflow still tells no size.
    early = np.ones((300, 1))
    early[0] = np.inf
    assert guess.find_periods(early) == []
    zeros = np.zeros((5, 1))
    assert guess.find_periods(zeros) == [1, 2]


def lose(objective, point, *, entry=1, names=("x",), free=(), **settings):
    scene = Scene(*ask(objective, steps=3, **settings))
    evidence = {"entry": entry, "names": list(names), "points": [list(point)],
                "free": dict.fromkeys(free)}  # fmt: skip
    return guess.measure_loss(scene.replay, evidence)


def test_what_balls_lose_is_that_of_the_point_and_its_piece():
    # 1 - 3*9/4 has the size 23/4, but balls add both parts: 1 + 27/4.
    assert lose("x^4/4", ["3"], learning_rate="1/4") == pytest.approx(log2(1 + 27 / 4))
    assert lose("x^4/4", ["0"], learning_rate="1/4") == 0
    kinked = "max(x^2, 3*x^2 - 2)"
    assert lose(kinked, ["1/2"], learning_rate="1/4") == pytest.approx(log2(1.5))
    assert lose(kinked, ["2"], learning_rate="1/4") == pytest.approx(log2(2.5))
    # x' = x - v'/4 and v' = v/2 + x: the matrix of sizes has x: [5/4, 1/8], v: [1, 1/2].
    matrix = [[1.25, 0.125], [1, 0.5]]
    known = log2(np.abs(np.linalg.eigvals(matrix)).max())
    names = Scene(*ask("x^2/2", learning_rate="1/4", momentum="1/2")).floats.names
    found = lose("x^2/2", ["0", "0"], names=names, learning_rate="1/4", momentum="1/2")
    assert found == pytest.approx(known)
    frozen = lose("x^2/2", ["0"], free=names[1:], learning_rate="1/4", momentum="1/2")
    assert frozen == 0
    # A root has no slope at 0.
    names = ("x", "m", "v")
    found = lose("x^2/2", ["0"] * 3, names=names, rule="adam", learning_rate="1/4")
    assert found == guess._GUESSED_LOSS
    fading = lose("8*x^2", ["0"], entry=3, schedule="1/(k + 1)")
    assert fading == pytest.approx(log2(1 + 16 / 4))


def test_frozen_numbers_are_taken_for_zero_where_loss_is_measured():
    numbers = {"learning_rate": {"default": "1/4"}, "a": {"default": "1/2"}}
    step = {"v'": "a*v + g^2", "x'": "x - learning_rate*g/(1 + v')"}
    rule = {"name": "mine", "parameters": numbers, "state": {"v": "0"}, "step": step}
    found = lose("x^2/2", ["0"], free=("v",), rule=rule, learning_rate="1/4")
    assert found == pytest.approx(log2(1.25))


POWERS = {
    "name": "mine",
    "parameters": {"learning_rate": {"default": "1/8"}, "b": {"default": "1/2"}},
    "step": {"x'": "x - learning_rate*g/(1 - b^t)"},
}


def test_powers_have_faded_at_an_orbit_and_have_not_at_a_step():
    scene = Scene(*ask("x^2/2 - x/3", rule=POWERS, steps=3, learning_rate="1/8"))
    motion = guess.read_motion(scene.replay, 0, frees_powers=True)
    with precision(256):
        points, slopes = guess.refine_orbit(motion, [0.4], 1, lambda _: 0)
    assert points == [[fmpq(1, 3)]]
    assert slopes.tolist() == [[0.875]]
    found = lose("x^2/2", ["0"], entry=1, rule=POWERS, learning_rate="1/8")
    assert found == pytest.approx(log2(1 + 1 / 8 / (3 / 4)))
    known = [1, 0.75, 0.75 * (1 - 1 / 6), 0.75 * (1 - 1 / 6) * (1 - 1 / 7)]
    scene = Scene(*ask("x^2/2", rule=POWERS, steps=3, learning_rate="1/8"))
    assert scene.floats.until(3)[:, 0] == pytest.approx(known)
    assert guess.SharpPath(scene.replay).until(3)[:, 0] == pytest.approx(known)


def test_a_cycle_is_short_only_where_each_point_leads_to_the_next():
    cycle = {fmpq(1, 3): fmpq(1, 2), fmpq(1, 2): fmpq(-5), fmpq(-5): fmpq(1, 3)}

    def shorten(*points):
        motion = SimpleNamespace(names=("x",), values={}, powers=(),
                                 images=lambda piece, known: [cycle[known["x"]]])  # fmt: skip
        with precision(256):
            rows = [[arb(fmpq(point))] for point in points]
            return [row[0] for row in guess._shorten(rows, motion, {}, lambda _: 0)]

    assert shorten("1/3", "1/2", "-5") == [fmpq(1, 3), fmpq(1, 2), -5]
    third = fmpq(10**40 // 3, 10**40)
    assert shorten("1/2", "1/3", "-5") == [fmpq(1, 2), third, -5]
    assert shorten("1/3", "-5", "1/2") == [third, -5, fmpq(1, 2)]


def test_a_first_step_that_differs_is_taken_as_it_is():
    # The momentum begins with the whole slope, of which later steps add a half.
    scene = Scene(*ask("3*x", start="0", learning_rate="1", momentum="1/2", dampening="1/2"))
    known = np.array([0, -3, -6, -9])
    assert scene.floats.until(3)[:, 0].tolist() == known.tolist()
    assert guess.SharpPath(scene.replay).until(3)[:, 0].tolist() == known.tolist()


def test_a_memory_that_begins_with_the_rate_begins_with_the_first_one():
    rate = {"learning_rate": {"default": "1"}}
    step = {"s'": "s/2", "x'": "x - learning_rate*s*g"}
    rule = {"name": "mine", "parameters": rate, "state": {"s": "learning_rate"}, "step": step}
    scene = Scene(*ask("x^2/2", rule=rule, schedule="1/(k + 2)"))
    assert scene.floats.until(1).tolist() == [[1, 0.5], [0.75, 0.25]]
    assert guess.SharpPath(scene.replay).until(1).tolist() == [[1, 0.5], [0.75, 0.25]]
