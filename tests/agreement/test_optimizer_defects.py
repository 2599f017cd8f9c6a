"""What a library does that its formula does not say; each test shows it live, on a few steps."""

import warnings

import numpy as np
import pytest

from agreement.optimizer_differences import DEFECTS

pytestmark = pytest.mark.oracle


@pytest.fixture
def torch():
    return pytest.importorskip("torch")


@pytest.fixture
def keras(monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", "numpy")
    keras = pytest.importorskip("keras")
    if keras.backend.backend() != "numpy":
        pytest.skip("Keras is loaded with another backend")
    return keras


def torch_positions(torch, name, gradients, *, start=0.0, rates=None, **options):
    place = torch.tensor([start], dtype=torch.float64, requires_grad=True)
    optimizer = getattr(torch.optim, name)([place], **options)
    positions = []
    for step, gradient in enumerate(gradients):
        if rates:
            optimizer.param_groups[0]["lr"] = rates[step]
        place.grad = torch.tensor([gradient], dtype=torch.float64)
        optimizer.step()
        positions.append(place.item())
    return positions


def keras_positions(keras, name, gradients, *, start=0.0, dtype="float32", **options):
    place = keras.Variable(np.array([start]), dtype=dtype)
    optimizer = getattr(keras.optimizers, name)(**options)
    positions = []
    with np.errstate(all="ignore"), warnings.catch_warnings(action="ignore"):
        optimizer.build([place])
        for gradient in gradients:
            optimizer.apply([np.array([gradient], dtype)], [place])
            positions.append(float(place.value[0]))
    return positions


def test_torch_muon_rounds_to_bfloat16(torch):
    from agreement.live_optimizers import run_live

    gradient = np.array([[[[1.0, -2.0, 0.5], [0.25, 1.0, 3.0]]]])
    settings = {"learning_rate": "1", "weight_decay": "0"}
    exact = run_live("muon", settings, gradient, np.zeros((2, 3)))[0, 1]
    place = torch.zeros((2, 3), dtype=torch.float64, requires_grad=True)
    place.grad = torch.tensor(gradient[0, 0])
    torch.optim.Muon([place], lr=1.0, weight_decay=0.0).step()
    apart = np.abs(place.detach().numpy() - exact).max()
    assert 1e-4 < apart < 0.1


@pytest.mark.parametrize("name", ["ASGD", "NAdam"])
def test_torch_keeps_rates_of_asgd_and_nadam_in_float32(torch, name):
    short = torch_positions(torch, name, [1.0] * 10, lr=1 / 64)
    torch.set_default_dtype(torch.float64)
    try:
        full = torch_positions(torch, name, [1.0] * 10, lr=1 / 64)
    finally:
        torch.set_default_dtype(torch.float32)
    assert 1e-11 < abs(short[-1] - full[-1]) < 1e-8


def test_torch_asgd_uses_the_rate_of_the_step_before(torch):
    rates = (1.0, 0.125, 0.125)
    found = torch_positions(torch, "ASGD", [1.0] * 3, rates=rates, lr=1.0, lambd=0.0)
    assert found == [-1.0, -2.0, -2.125]


def test_torch_centred_rmsprop_becomes_nan(torch):
    found = torch_positions(torch, "RMSprop", [0.1] * 60, lr=1 / 64, alpha=0.5, centered=True)
    assert np.isfinite(found[52])
    assert np.isnan(found[59])


def test_torch_adafactor_shares_eps_between_types(torch):
    def end(*others):
        place = torch.tensor([1.0], dtype=torch.float64, requires_grad=True)
        optimizer = torch.optim.Adafactor([*others, place], lr=0.5)
        for _ in range(2):
            place.grad = torch.tensor([1e-9], dtype=torch.float64)
            for other in others:
                other.grad = torch.tensor([1.0])
            optimizer.step()
        return place.item()

    assert end() == pytest.approx(0.25)
    assert end(torch.tensor([1.0], requires_grad=True)) == pytest.approx(0.9916, abs=1e-4)


def test_keras_computes_float64_in_float32_on_numpy(keras):
    found = keras_positions(
        keras, "SGD", [1 / 3], start=1 / 7, dtype="float64", learning_rate=1 / 64
    )
    assert found[0] != pytest.approx(1 / 7 - 1 / 3 / 64, rel=1e-9, abs=0)
    assert found[0] == pytest.approx(1 / 7 - 1 / 3 / 64, rel=1e-6)


def test_keras_adafactor_ignores_relative_step(keras):
    found = [
        keras_positions(
            keras, "Adafactor", [1.0] * 4, start=1.0, learning_rate=0.75, relative_step=relative
        )
        for relative in (True, False)
    ]
    assert found[0] == found[1]
    # With the rate itself, the second step would multiply by 1/4 again.
    assert found[1][1] != pytest.approx(1 / 16)


def test_keras_schedule_free_divides_by_beta_1(keras):
    found = keras_positions(keras, "ScheduleFreeAdamW", [1.0], learning_rate=0.5, beta_1=0.0)
    assert np.isnan(found[0])


def test_every_defect_in_the_list_is_shown():
    assert {f"test_{name}" for name in DEFECTS} <= set(globals())
