"""Hessian times vector against differences of gradients, and its top eigenvalue against NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gradiometer.errors import ShapeError
from gradiometer.numeric import find_sharpness, hessian_product
from gradiometer.numeric.dense_curvature import Curvature
from numeric.dense_reference import gradient
from numeric.dense_setup import build_dense, count_parameters, draw_examples

WIDTHS = (3, 5, 4, 2)
SIZE = count_parameters(WIDTHS)
TANH = (np.tanh, lambda z: 1 - np.tanh(z) ** 2)


def start(count: int = 4) -> Any:
    """Random parameters."""
    return np.random.default_rng(1).normal(size=(count, SIZE))


def whole(dense: Any, parameters: Any, examples: Any) -> Any:
    """All of one network's Hessian."""
    rows = np.repeat(parameters[None], SIZE, axis=0)
    return hessian_product(dense, rows, examples, vectors=np.eye(SIZE))


@pytest.mark.parametrize("head", ["softmax", "squared"])
def test_gradient_is_that_of_numpy(head: str) -> None:
    examples = draw_examples(head, WIDTHS, count=9)
    wanted = examples.labels if examples.targets is None else examples.targets
    found = Curvature(build_dense(WIDTHS, head=head), start(), examples).gradient()
    for row, parameters in zip(found, start(), strict=True):
        _, slope = gradient(parameters, WIDTHS, examples.inputs, wanted, head=head, activation=TANH)
        assert row == pytest.approx(slope, rel=1e-10, abs=1e-13)


@pytest.mark.parametrize("head", ["softmax", "sigmoid", "squared"])
@pytest.mark.parametrize("activation", ["tanh(x)", "x/(1 + e^(-x))", "max(x, 0)*x"])
def test_product_is_the_change_of_the_gradient(head: str, activation: str) -> None:
    dense, examples = (
        build_dense(WIDTHS, activation, head=head),
        draw_examples(head, WIDTHS, count=9),
    )
    vectors = np.random.default_rng(2).normal(size=(4, SIZE))
    found = hessian_product(dense, start(), examples, vectors=vectors)
    step = 1e-5
    after, before = (
        Curvature(dense, start() + sign * step * vectors, examples).gradient() for sign in (1, -1)
    )
    wanted = (after - before) / (2 * step)
    assert found == pytest.approx(wanted, abs=1e-6 * np.abs(wanted).max())


def test_hessian_is_its_own_mirror_image() -> None:
    dense, examples = build_dense(WIDTHS), draw_examples("softmax", WIDTHS, count=9)
    hessian = whole(dense, start()[0], examples)
    assert hessian == pytest.approx(hessian.T, abs=1e-13)


@pytest.mark.parametrize("scaled", [False, True])
def test_sharpness_is_the_top_eigenvalue_within_its_error(scaled: bool) -> None:
    dense, examples = build_dense(WIDTHS), draw_examples("softmax", WIDTHS, count=9)
    scale = np.random.default_rng(3).uniform(0.1, 2, size=(4, SIZE)) if scaled else None
    for tolerance in (1e-2, 1e-9):
        found = find_sharpness(dense, start(), examples, preconditioner=scale, tolerance=tolerance)
        for number, parameters in enumerate(start()):
            hessian = whole(dense, parameters, examples)
            if scale is not None:
                hessian /= np.sqrt(scale[number][:, None] * scale[number])
            top = np.linalg.eigvalsh(hessian)[-1]
            assert abs(found.value[number] - top) <= found.residual[number] + 1e-12
            assert found.residual[number] <= tolerance * found.value[number]
    assert found.steps.max() <= SIZE


def test_sharpness_does_not_depend_on_neighbours_and_says_what_it_cannot() -> None:
    dense, examples = build_dense(WIDTHS), draw_examples("softmax", WIDTHS, count=9)
    parameters = start()
    parameters[2, 3] = np.nan
    found = find_sharpness(dense, parameters, examples, tolerance=1e-6)
    alone = find_sharpness(dense, parameters[:1], examples, tolerance=1e-6)
    assert found.value[0] == pytest.approx(alone.value[0], rel=1e-12)
    assert np.isnan(found.value).tolist() == [False, False, True, False]
    assert np.isnan(found.residual).tolist() == [False, False, True, False]
    with pytest.raises(ShapeError, match="have 54 parameters"):
        find_sharpness(dense, parameters[:, :-1], examples)
