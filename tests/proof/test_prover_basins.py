"""Basins of runs in several variables, on maps whose answers are known by hand."""

from contextlib import nullcontext
from fractions import Fraction
from types import SimpleNamespace

import numpy as np
import pytest
from flint import arb, arb_mat, fmpq

from gradiometer.errors import CertificateError, DomainError, UndecidedError
from gradiometer.formula import precision, to_ball
from gradiometer.proof import basin, contraction_guess


def refuse(*_, **__):
    raise UndecidedError("It is made up.")


# Runs with many digits.


def path_of(move, start=(5,), first=0, **memory):
    """The path of a made-up run, and the steps at which it was asked to move on."""
    asked = []

    def advance(point, memory, loss, done):
        asked.append(done)
        assert loss == (point, done)
        return move(point, memory, done)

    replay = SimpleNamespace(
        begin=lambda: {name: fmpq(value) for name, value in memory.items()},
        start=tuple(map(fmpq, start)),
        place=lambda point, done: (point, done),
        loss=lambda place: place,
        advance=advance,
    )
    return basin._Path(replay, None, first), asked


def test_a_path_holds_position_and_memory_after_each_step():
    def move(point, memory, done):
        return [point[0] / 2 + done, point[1]], {"m": point[0] + memory["m"]}

    path, asked = path_of(move, start=(8, 3), m=1)
    rows = path.until(2)
    assert rows == [[8, 3, 1], [4, 3, 9], [3, 3, 13]]
    assert asked == [0, 1]
    assert len(path.until(1)) == 3
    assert path.until(3)[3] == [fmpq(7, 2), 3, 16]
    assert asked == [0, 1, 2]


@pytest.mark.parametrize("name", ["x", "m"])
def test_a_run_that_goes_far_out_has_no_path(name):
    def move(point, memory, done):
        far = fmpq(10) ** (9 * done)
        return [far if name == "x" else point[0]], {"m": far if name == "m" else memory["m"]}

    path, asked = path_of(move, m=1)
    assert len(path.until(4)) == 5
    with pytest.raises(UndecidedError, match="far out"):
        path.until(9)
    assert asked[-1] == 4


# Points of rest.


def step_of(image, slopes, size):
    return SimpleNamespace(
        names=tuple("abcd"[:size]),
        image=image,
        slopes=lambda place: arb_mat([[to_ball(v) for v in row] for row in slopes(place)]),
    )


def test_newton_finds_the_point_of_rest_and_the_slopes_there():
    # At rest a = b^2/4 and b = a/2 + 2*b/3 + c, so that b^2/8 - b/3 + c = 0; here b is 2.
    c = fmpq(2, 3) - fmpq(1, 2)
    curved = step_of(lambda p: [p[1] * p[1] / 4, p[0] / 2 + 2 * p[1] / 3 + c],
                     lambda p: [[fmpq(0), p[1] / 2], [fmpq(1, 2), fmpq(2, 3)]], 2)  # fmt: skip
    with precision(256):
        place, slopes = basin._refine(curved, [arb(1.2), arb(2.3)])
    assert place == [1, 2]
    assert contraction_guess.to_floats(slopes) == pytest.approx(np.array([[0, 1], [0.5, 2 / 3]]))
    root = step_of(lambda p: [p[0] / 2 + 1 / p[0]], lambda p: [[fmpq(1, 2) - 1 / p[0] ** 2]], 1)
    with precision(256):
        ((place,), slopes) = basin._refine(root, [arb(1.5)])
    assert abs(place**2 - 2) < fmpq(1, 10**39)
    assert abs(slopes[0, 0]) < 1e-20


def test_no_point_of_rest_is_found_where_there_is_none():
    still = step_of(lambda p: p, lambda p: [[fmpq(1), fmpq(0)], [fmpq(0), fmpq(1)]], 2)
    with precision(256), pytest.raises(UndecidedError, match="not isolated"):
        basin._refine(still, [arb(1), arb(2)])
    drift = step_of(lambda p: [p[0] + 1], lambda p: [[fmpq(2)]], 1)
    with precision(256), pytest.raises(UndecidedError, match="no point of rest"):
        basin._refine(drift, [arb(1)])


def test_a_point_is_rounded_to_the_nearest_decimal():
    for value in (fmpq(2, 3), fmpq(1, 3), fmpq(-2, 3), fmpq(-1, 3), fmpq(5), fmpq(0)):
        with precision(300):
            near = basin._to_rational(arb(value))
            other = contraction_guess._to_fraction(arb(value))
        assert 2 * abs(near - value) <= fmpq(1, 10**40)
        assert other == Fraction(int(near.p), int(near.q))
        assert basin._simplify(near) == value
    with precision(60), pytest.raises(UndecidedError, match="too far out"):
        basin._to_rational(arb("nan"))
    assert basin._simplify(fmpq(1, 10**6)) == fmpq(1, 10**6)
    assert basin._simplify(fmpq(1, 10**7)) == 0


def test_a_point_is_not_short_where_its_image_has_no_value():
    def fail(_):
        raise DomainError("There is none.")

    with precision(200):
        found = basin._shorten(SimpleNamespace(image=fail), [arb(fmpq(1, 3))])
    assert found == [fmpq(10**40 // 3, 10**40)]


def affine(rows, shift):
    """An affine map with these slopes, which takes 0 to the shift."""
    rows = [[fmpq(v) for v in row] for row in rows]

    def image(place):
        return [sum((a * b for a, b in zip(row, place, strict=True)), fmpq(c))
                for row, c in zip(rows, shift, strict=True)]  # fmt: skip

    return step_of(image, lambda _: rows, len(rows))


def test_the_point_of_rest_of_an_affine_map_is_exact():
    step = affine([["1/2", 3], ["-1/4", "1/5"]], [1, "1/3"])
    place = basin._solve(step)
    assert step.image(place) == place
    step = affine([[0, 2, 0], [0, 0, 1], ["1/7", 0, 0]], [1, 2, 3])
    place = basin._solve(step)
    assert step.image(place) == place
    with pytest.raises(UndecidedError, match="not isolated"):
        basin._solve(affine([[1, 0], [0, "1/2"]], [0, 0]))
    step = affine([["1/2"]], [1])
    rounded = SimpleNamespace(names=step.names, image=lambda place: [arb(2)])
    with pytest.raises(UndecidedError, match="no rational"):
        basin._solve(rounded)


# What is proposed.


def propose_affine(monkeypatch, rows, first=3):
    """Which way an affine map is taken, and what the way is asked of."""
    asked = []
    for name in ("_fit_basin", "_fit_cone"):
        monkeypatch.setattr(basin, name, lambda *given, name=name: (name, given[3:]))
    path = SimpleNamespace(first=first, until=asked.append)
    step = affine(rows, [1] * len(rows))
    name, (centre, slopes) = basin._propose_affine(None, None, step, path)
    assert centre == basin._solve(step)
    assert slopes == pytest.approx(np.array([[float(arb(fmpq(v))) for v in row] for row in rows]))
    return name, asked


@pytest.mark.parametrize(
    ("rows", "name"),
    [
        ([["1/2", 9], [0, "1/3"]], "_fit_basin"),
        ([["-3/4", 0], [0, "1/3"]], "_fit_basin"),
        ([["1/2", 0], [0, "3/2"]], "_fit_cone"),
        ([["-5/4", 0], [0, "1/3"]], "_fit_cone"),
        ([[0, -1], [1, 0]], "_fit_cone"),
    ],
)
def test_an_affine_map_shrinks_or_grows_by_its_largest_eigenvalue(monkeypatch, rows, name):
    assert propose_affine(monkeypatch, rows) == (name, [4])


def search(monkeypatch, *, is_affine, accepted=()):
    asked = []

    def until(steps):
        asked.append(steps)

    def propose(*_):
        if asked[-1] not in accepted:
            raise UndecidedError(f"Not after {asked[-1]}.")
        return "basin"

    monkeypatch.setattr(basin, "_Path", lambda *_: SimpleNamespace(until=until))
    monkeypatch.setattr(basin, "_propose_basin", propose)
    monkeypatch.setattr(basin, "_propose_affine", lambda *_: "affine")
    try:
        return basin._search(None, None, SimpleNamespace(is_affine=is_affine), 0), asked
    except UndecidedError as error:
        return str(error), asked


def test_a_point_of_rest_is_looked_for_after_ever_more_steps(monkeypatch):
    assert search(monkeypatch, is_affine=True) == ("affine", [])
    assert search(monkeypatch, is_affine=False, accepted=[4000]) == ("basin", [500, 4000])
    said, asked = search(monkeypatch, is_affine=False)
    assert (said, asked) == ("Not after 20000", [500, 4000, 20_000])


def fit(monkeypatch, rows, centre, *, accepts, first=0, frame=None):
    """The evidence of the largest region that is accepted, and the sizes that were asked for."""
    asked = []
    frame = np.eye(len(centre)) if frame is None else np.array(frame)

    def look(replay, read):
        size = float(arb(fmpq(read["matrix"][0][0])))
        asked.append(size)
        if not accepts(size):
            raise UndecidedError("Too large.")

    def find_frame(slopes, units):
        assert units == [1.0] * len(centre)
        return frame, 0.5

    monkeypatch.setattr(basin, "find_frame", find_frame)
    monkeypatch.setattr(basin, "find_limit", look)
    monkeypatch.setattr(basin, "read_basin", lambda evidence: evidence)
    monkeypatch.setattr(basin, "_conclude_basin", lambda journey, replay, evidence: evidence)
    path = SimpleNamespace(rows=[[arb(v) for v in row] for row in rows], first=first)
    try:
        return basin._fit_basin(None, None, path, centre, np.eye(len(centre))), asked
    except UndecidedError as error:
        return str(error), asked


ROWS = [[9, 0], [1, 6], [1, 3], [1.5, 2], [1, 2]]
CENTRE = [fmpq(1), fmpq(2)]
"""Distances are sqrt(68), 4, 1, 1/2 and 0."""


def test_the_largest_region_that_is_accepted_is_proposed_with_its_entry(monkeypatch):
    found, asked = fit(monkeypatch, ROWS, CENTRE, accepts=lambda size: size < 2)
    sizes = [2 * 68**0.5 / 4**k for k in range(3)]
    assert asked == pytest.approx(sizes, rel=1e-4)
    assert found["entry"] == 3
    assert (found["centre"], found["factor"], found["bits"]) == (["1", "2"], "5/8", 160)
    assert found["matrix"][0][1] == "0"
    found, asked = fit(monkeypatch, ROWS, CENTRE, accepts=lambda size: True)
    assert found["entry"] == 0
    found, asked = fit(monkeypatch, ROWS, CENTRE, accepts=lambda size: True, first=1)
    assert (found["entry"], asked) == (1, [8])
    said, asked = fit(monkeypatch, ROWS, CENTRE, accepts=lambda size: False)
    assert (said, len(asked)) == ("Too large", len(basin._SIZES))
    said, asked = fit(monkeypatch, ROWS[:3], CENTRE, accepts=lambda size: False)
    assert len(asked) == 2


def test_distances_are_measured_in_the_coordinates_of_the_region(monkeypatch):
    frame = [[2, 0], [0, 1]]
    found, asked = fit(monkeypatch, [[5, 2], [4, 2], [1, 2.5]], CENTRE, frame=frame,
                       accepts=lambda size: size < 7)  # fmt: skip
    assert asked == [8, 2]
    assert found["entry"] == 2
    assert found["matrix"] == [["2", "0"], ["0", "1"]]


def test_an_entry_is_enclosed_with_the_least_precision_that_is_enough():
    asked = []

    def enter(tried):
        asked.append(tried)
        if tried["bits"] < 640:
            refuse()

    assert basin._sharpen({"entry": 3, "bits": 1}, enter) == {"entry": 3, "bits": 640}
    assert asked == [{"entry": 3, "bits": 160}, {"entry": 3, "bits": 640}]
    with pytest.raises(UndecidedError, match="not enclosed"):
        basin._sharpen({}, refuse)


def test_a_basin_tells_its_limit_by_variables(monkeypatch):
    monkeypatch.setattr(basin, "_sharpen", lambda evidence, enter: {**evidence, "bits": 160})
    monkeypatch.setattr(basin, "find_limit", lambda *_: [fmpq(1, 3), fmpq(-2)])
    monkeypatch.setattr(basin, "read_basin", lambda evidence: evidence)
    monkeypatch.setattr(basin, "to_trail_problem", lambda _: {})
    replay = SimpleNamespace(variables=("x", "y"))
    found = basin._conclude_basin(None, replay, {"entry": 7})
    assert (found.word, found.limit) == ("converges", (fmpq(1, 3), fmpq(-2)))
    claim = found.certificate["claim"]
    assert claim["verdict"] == "converges"
    assert claim["limit"] == {"x": basin.spell(fmpq(1, 3)), "y": basin.spell(fmpq(-2))}
    assert found.certificate["evidence"] == {"entry": 7, "bits": 160}
    assert "after step 7" in found.because


# What is told.


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (CertificateError("It is Not so."), "the checker refused a proof: It is Not so"),
        (UndecidedError("nothing"), "nothing"),
        (DomainError("No value."), "No value"),
        (ZeroDivisionError("by zero"), "by zero"),
        (None, ""),
    ],
)
def test_what_becomes_of_a_run_is_told_with_the_reason_why_not(monkeypatch, error, told):
    def search(*_):
        if error is not None:
            raise error
        return SimpleNamespace(certificate="certificate")

    asked = []
    monkeypatch.setattr(basin, "_search", search)
    monkeypatch.setattr(basin, "check", asked.append)
    for name in ("read_journey", "to_trail_problem"):
        monkeypatch.setattr(basin, name, lambda _: None)
    monkeypatch.setattr(basin, "read_smooth_step", lambda *_: None)
    monkeypatch.setattr(basin, "precision", lambda _: nullcontext())
    found, reason = basin.find_outcome(None, 0)
    assert reason == told
    assert (found is not None) is (error is None)
    assert asked == ([] if error else ["certificate"])
    none, reason = basin.find_outcome(None, None)
    assert none is None
    assert reason.startswith("the rule or the loss changes")
