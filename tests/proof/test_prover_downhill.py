"""Slopes that fall for ever: what is proposed of runs on them, on parts known by hand."""

from types import SimpleNamespace

import pytest
from flint import fmpq

from gradiometer.errors import CertificateError, UndecidedError
from gradiometer.formula import Range, parse
from gradiometer.proof import descent
from gradiometer.proof.scene import Scene
from proof.test_prover_choices import ask


def span(low, high):
    return Range(*(None if end is None else fmpq(end) for end in (low, high)))


def tree(text):
    return parse(text, names={"x"}).tree


# Downhill for ever.


@pytest.mark.parametrize(
    ("slopes", "falls"),
    [
        (("1", "-1"), [True, True]),
        (("-1", "1"), [False, False]),
        (("2", "1", "1"), [True, False]),
        (("-1", "-3"), [False, True]),
        (("1/2", "-7", "1/3"), [True, False]),
        (("0", "0"), [False, False]),
        (("x", "-x"), [False, False]),
        (("-1",), [False, True]),
    ],
)
def test_the_outer_pieces_fall_outward_where_they_are_straight_and_slope_so(slopes, falls):
    trees = [tree(text) for text in slopes]
    replay = SimpleNamespace(pieces=[SimpleNamespace(slope=part) for part in trees])
    scene = SimpleNamespace(replay=replay, straight=["x" not in text for text in slopes])
    assert list(descent._falls_outward(scene)) == falls


@pytest.mark.parametrize(("direction", "side"), [(1, "to the right"), (-1, "to the left")])
def test_a_fate_downhill_tells_its_side_and_its_memory(direction, side):
    box = {"m": span("1/2", None)}
    fate = descent._to_fate({}, 7, box, direction, passed=True)
    assert (fate.word, fate.certificate["claim"]["verdict"]) == ("escapes", "escapes")
    assert fate.certificate["evidence"] == {"from": 7, "memory": {"m": ["1/2", None]}}
    assert "passes the top" in fate.because
    assert side in fate.because
    fate = descent._to_fate({}, 7, box, direction, passed=False)
    assert (fate.word, fate.certificate["claim"]["verdict"]) == ("diverges", "diverges")
    assert "never meets a rising slope" in fate.because


def stride(monkeypatch, end, direction):
    """Whether a memory is held whose stride ends there on the side where it is least."""
    ends = (end, None) if direction > 0 else (None, end)
    monkeypatch.setattr(descent, "descend", lambda _, __, box: (box, span(*ends)))
    motion = SimpleNamespace(memory=("m",), convert=lambda state: state)
    prefix = SimpleNamespace(states=[{"m": fmpq(5)}], pieces=[0])
    try:
        return descent._find_box(SimpleNamespace(motion=motion), prefix, 0, direction)
    except CertificateError:
        return None


@pytest.mark.parametrize("direction", [1, -1])
def test_a_stride_goes_on_where_its_least_is_beyond_zero(monkeypatch, direction):
    for size in ("1/3", "3"):
        assert stride(monkeypatch, direction * fmpq(size), direction) == {"m": span(5, 5)}
        assert stride(monkeypatch, -direction * fmpq(size), direction) is None
    assert stride(monkeypatch, 0, direction) is None
    assert stride(monkeypatch, None, direction) is None


def test_a_run_downhill_is_looked_at_later_where_it_has_not_come_to_its_end():
    late = Scene(*ask("abs(x + 10) - 2*max(x + 3, 0)", start="-16", steps=3, learning_rate="1"))
    with pytest.raises(UndecidedError):
        descent.find_descent(late)
    far = Scene(*ask("-abs(x - 70)", start="0", steps=3, learning_rate="1"))
    fate = descent.find_descent(far)
    assert (fate.word, fate.certificate["evidence"]["from"]) == ("diverges", 50)
    assert "to the left" in fate.because
    top = Scene(*ask("max(x, -70)", start="0", steps=3, learning_rate="1"))
    with pytest.raises(UndecidedError, match="downhill"):
        descent.find_descent(top)
