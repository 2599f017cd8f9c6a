"""What the kernel goes back by, against differences of its own loss, and against exact numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import gradiometer
from gradiometer.catalog import list_entries
from gradiometer.errors import UsageError
from gradiometer.model import read_activation
from gradiometer.numeric import DenseStyle, Examples, Networks, Training, run_dense
from numeric.dense_setup import build_dense, count_parameters, draw_examples, own_numbers

WIDTHS = (2, 3, 2)
HEADS = ("softmax", "sigmoid", "squared")
QUICK = {("mish", "softmax"), ("softsign", "sigmoid"), ("relu6", "squared")}


def find_gradient(dense: Any, start: Any, examples: Examples) -> tuple[Any, Any]:
    """The gradient of one network by one step of rate 1, and by central differences."""
    step, size = 1e-5, len(start)
    rows = np.concatenate([[start], start + step * np.eye(size), start - step * np.eye(size)])
    rates = np.array([1.0, *[0.0] * (2 * size)])
    training = Training(
        dense, len(examples.inputs), 1, style=DenseStyle(8, "float64"),
        rates=lambda a, b: np.broadcast_to(rates, (b - a, 1, len(rates))),
    )  # fmt: skip
    networks = Networks(rows, own_numbers(dense), np.zeros(len(rows)))
    (epoch,) = [(e.losses[0], e.parameters()) for e in run_dense(training, networks, examples)]
    losses, after = epoch
    return start - after[0], (losses[1 : size + 1] - losses[size + 1 :]) / (2 * step)


def list_cases() -> list[Any]:
    """Every activation of one number with every head."""
    cases = []
    for name in list_entries("activation"):
        try:
            read_activation(name)
        except UsageError:
            continue
        for head in HEADS:
            marks = () if (name, head) in QUICK else pytest.mark.slow
            cases.append(pytest.param(name, head, marks=marks))
    return cases


@pytest.mark.parametrize(("name", "head"), list_cases())
def test_gradient_is_the_difference_quotient_of_the_loss(name: str, head: str) -> None:
    tree = read_activation(name).tree
    widths = (2, 3, 1) if head == "sigmoid" else WIDTHS
    dense = build_dense(widths, tree, head=head)
    random = np.random.default_rng(4)
    start = random.normal(size=count_parameters(widths))
    examples = draw_examples(head, widths, count=5)
    if name == "log1mexp":
        # It has values above 0 only: all sums must lie there.
        start = np.abs(start) + 0.5
        examples = Examples(np.abs(examples.inputs), examples.labels, examples.targets)
    found, wanted = find_gradient(dense, start, examples)
    assert np.abs(wanted).max() > 1e-3
    assert found == pytest.approx(wanted, abs=1e-8 * max(1.0, np.abs(wanted).max()))


def write_computation(activation: str, examples: int) -> str:
    """The loss of a network 2-2-1 over some examples as a computation."""
    lines, losses = [], []
    for n in range(examples):
        for unit in range(2):
            lines.append(f"z{n}{unit} = p{unit}*{'x'}{n}0 + p{2 + unit}*x{n}1 + p{4 + unit}")
            lines.append(f"h{n}{unit} = {activation.replace('x', f'z{n}{unit}')}")
        lines.append(f"o{n} = p6*h{n}0 + p7*h{n}1 + p8")
        losses.append(f"(o{n} - y{n})^2")
    return "; ".join([*lines, f"loss = ({' + '.join(losses)})/{examples}"])


@pytest.mark.parametrize("activation", ["(|x| + x)/2", "x/(1 + |x|)", "x^3/4 - x"])
def test_gradient_is_the_exact_one_of_the_computation(activation: str) -> None:
    random = np.random.default_rng(5)
    # Eighths are exact in floats.
    start, x, y = (random.integers(-12, 13, size=shape) / 8 for shape in ((9,), (3, 2), (3, 1)))
    found, _ = find_gradient(
        build_dense((2, 2, 1), activation, head="squared"), start, Examples(x, targets=y)
    )
    values = {f"p{n}": v for n, v in enumerate(start)}
    values |= {f"x{n}{k}": x[n, k] for n in range(3) for k in range(2)}
    values |= {f"y{n}": y[n, 0] for n in range(3)}
    exact = gradiometer.gradient(
        write_computation(activation, 3), at={n: f"{int(v * 8)}/8" for n, v in values.items()}
    ).facts["derivatives"]
    assert exact.status == "proved"
    wanted = [float(exact.value[f"p{n}"]) for n in range(9)]
    assert found == pytest.approx(wanted, rel=1e-13, abs=1e-14)
