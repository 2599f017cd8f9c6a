"""Parts, scales and wrong labels: exact counts, no look at what is not trained on, no chance."""

from dataclasses import replace

import numpy as np
import pytest

from gradiometer.errors import DomainError, UsageError
from gradiometer.model import (
    Dataset,
    flip_labels,
    read_dataset,
    scale_inputs,
    scale_targets,
    split_dataset,
)


def _data(labels=None, *, inputs=None, targets=None):
    count = len(labels if labels is not None else targets)
    inputs = np.arange(count, dtype=float)[:, None] if inputs is None else inputs
    classes = () if labels is None else tuple(map(str, range(max(labels) + 1)))
    labels = None if labels is None else np.array(labels)
    return Dataset("made", inputs, labels, targets, classes, ("a",), "a test")


@pytest.mark.parametrize("name", ["digits", "wine", "diabetes", "spirals(count=97, arms=7)"])
@pytest.mark.parametrize("shares", [("1/5", "1/5"), (0, "0.3"), ("1/7", 0), (0, 0)])
def test_parts_hold_every_example_once_and_exactly_their_share(name, shares):
    data = read_dataset(name)
    parts = split_dataset(data, validation=shares[0], test=shares[1], seed=3)
    everyone = np.concatenate([parts.train, parts.validation, parts.test])
    assert np.array_equal(np.sort(everyone), np.arange(data.count))
    sizes = [int(data.count * float(eval_share(share)) + 0.5) for share in shares]
    assert [len(parts.validation), len(parts.test)] == sizes
    for part in (parts.train, parts.validation, parts.test):
        assert (np.diff(part) > 0).all()
        if data.labels is not None:
            wanted = np.bincount(data.labels) * len(part) / data.count
            assert abs(np.bincount(data.labels[part], minlength=data.outputs) - wanted).max() <= 1


def eval_share(share):
    above, _, below = str(share).partition("/")
    return float(above) / float(below or 1)


def test_the_seed_alone_decides_the_parts():
    data = read_dataset("digits")
    one, same, other = (
        split_dataset(data, validation="1/5", test="1/5", seed=seed) for seed in (1, 1, 2)
    )
    assert np.array_equal(one.train, same.train)
    assert np.array_equal(one.test, same.test)
    assert not np.array_equal(one.train, other.train)


def test_every_example_is_tested_about_as_often():
    data = read_dataset("iris")
    times = np.zeros(150)
    for seed in range(400):
        times[split_dataset(data, validation=0, test="1/5", seed=seed).test] += 1
    # A count of 400 draws with chance 1/5 has deviation 8; five of them on either side.
    assert abs(times - 80).max() < 40


@pytest.mark.parametrize(
    ("labels", "shares", "said"),
    [
        ([0, 1] * 5, ("1/2", "1/2"), "leave nothing"),
        ([0, 1] * 5, (0, "1/100"), "less than one"),
        ([0] * 9 + [1], ("1/2", "2/5"), "The class `1` has no example"),
    ],
)
def test_parts_that_cannot_be_are_refused(labels, shares, said):
    with pytest.raises(UsageError, match=said):
        split_dataset(_data(labels), validation=shares[0], test=shares[1], seed=0)


@pytest.mark.parametrize("share", ["1", "-1/5", 2])
def test_a_share_outside_zero_to_one_is_refused(share):
    with pytest.raises(DomainError):
        split_dataset(_data([0, 1]), validation=share, test=0, seed=0)


@pytest.mark.parametrize("seed", [-1, 2**64])
def test_a_seed_without_64_bits_is_refused(seed):
    with pytest.raises(DomainError, match="seed"):
        split_dataset(_data([0, 1]), validation=0, test=0, seed=seed)


def test_scales_are_those_of_the_training_part_alone():
    data = read_dataset("wine")
    parts = split_dataset(data, validation="1/5", test="1/5", seed=1)
    seen = scale_inputs(data, parts, "standard").inputs[parts.train]
    assert abs(seen.mean(axis=0)).max() < 1e-12
    assert abs(seen.std(axis=0) - 1).max() < 1e-12
    unit = scale_inputs(data, parts, "unit").inputs[parts.train]
    assert np.array_equal(unit.min(axis=0), np.zeros(13))
    assert abs(unit.max(axis=0) - 1).max() < 1e-15
    others = np.concatenate([parts.validation, parts.test])
    moved = data.inputs.copy()
    moved[others] += 1000
    again = scale_inputs(replace(data, inputs=moved), parts, "standard").inputs
    assert np.array_equal(again[parts.train], seen)
    assert scale_inputs(data, parts, "none").inputs is data.inputs


@pytest.mark.parametrize("how", ["standard", "unit"])
@pytest.mark.parametrize("size", [1e-300, 1e-160, 1.0, 1e100])
def test_scales_do_not_depend_on_the_unit(how, size):
    values = np.array([[1.0, 7.0], [2.0, 7.0], [4.0, 7.0], [5.0, 7.5]]) * size
    data = _data([0, 1, 0, 1], inputs=values)
    parts = replace(
        split_dataset(data, validation=0, test=0, seed=0),
        train=np.array([0, 1, 2]), test=np.array([3]),
    )  # fmt: skip
    scaled = scale_inputs(data, parts, how).inputs
    seen = np.array([1.0, 2.0, 4.0])
    wanted = (seen - seen.mean()) / seen.std() if how == "standard" else (seen - 1) / 3
    assert np.allclose(scaled[:3, 0], wanted, rtol=1e-12)
    # An input that does not vary is shifted, not blown up.
    assert scaled[:3, 1].tolist() == [0, 0, 0]
    assert scaled[3, 1] == pytest.approx(0.5 * size, rel=1e-12)


def test_an_example_too_far_out_is_refused():
    data = _data([0, 1, 0, 1], inputs=np.array([[1e-300], [2e-300], [3e-300], [1e100]]))
    parts = split_dataset(data, validation=0, test=0, seed=0)
    parts = replace(parts, train=np.array([0, 1, 2]), test=np.array([3]))
    with pytest.raises(UsageError, match="too large"):
        scale_inputs(data, parts, "standard")


def test_an_unknown_scale_is_refused():
    data = read_dataset("iris")
    parts = split_dataset(data, validation=0, test=0, seed=0)
    with pytest.raises(UsageError) as caught:
        scale_inputs(data, parts, "standart")
    assert caught.value.hint == "write `standard`"


def test_targets_are_scaled_like_inputs_and_classes_stay():
    data = read_dataset("diabetes")
    parts = split_dataset(data, validation=0, test="1/5", seed=0)
    scaled = scale_targets(data, parts)
    assert abs(scaled.targets[parts.train].mean()) < 1e-12
    assert np.array_equal(scaled.inputs, data.inputs)
    iris = read_dataset("iris")
    assert scale_targets(iris, split_dataset(iris, validation=0, test=0, seed=0)) is iris


@pytest.mark.parametrize(("share", "wrong"), [(0, 0), ("1/10", 15), ("1/3", 50), (1, 150)])
def test_exactly_that_share_of_labels_becomes_wrong(share, wrong):
    labels = read_dataset("iris").labels
    before = labels.copy()
    changed = flip_labels(labels, classes=3, share=share, seed=4)
    assert int((changed != labels).sum()) == wrong
    assert set(changed) <= {0, 1, 2}
    assert np.array_equal(labels, before)


def test_wrong_labels_go_to_every_other_class():
    labels = np.zeros(3000, dtype=np.int64)
    counts = np.bincount(flip_labels(labels, classes=4, share=1, seed=0), minlength=4)
    assert counts[0] == 0
    # 3,000 draws of a third: deviation 26.
    assert abs(counts[1:] - 1000).max() < 130


def test_more_noise_keeps_the_labels_that_were_wrong():
    labels = read_dataset("digits").labels
    few, many = (flip_labels(labels, classes=10, share=s, seed=1) for s in ("1/10", "1/5"))
    assert np.array_equal(few[few != labels], many[few != labels])


def test_noise_that_cannot_be_is_refused():
    labels = np.zeros(4, dtype=np.int64)
    with pytest.raises(UsageError, match="no label can be wrong"):
        flip_labels(labels, classes=1, share="1/2", seed=0)
    with pytest.raises(DomainError):
        flip_labels(labels, classes=2, share="11/10", seed=0)
