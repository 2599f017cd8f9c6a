"""Largest steps over the rate in closed form, with what papers say of them.

All follow from Cauchy and Schwarz for a mean with `beta1` over the root of one with `beta2`, with
`r = beta1^2/beta2`: Kingma and Ba (2015, section 2.1) bound Adam's step by the rate, or by
`(1 - beta1)/sqrt(1 - beta2)` times it, and (section 7.1) AdaMax's by the rate: both are passed.
Rules: Reddi and others (2018) for AMSGrad, Dozat (2016) for NAdam, Tieleman and Hinton (2012) for
RMSProp, Duchi and others (2011), Chen and others (2023) for Lion, Pagliardini and others (2024).
"""

import random
from math import sqrt

import pytest

from gradiometer.model import read_optimizer, settle
from gradiometer.proof import find_step_bound


def adam(a, c):
    return (1 - a) / sqrt((1 - c) * (1 - a * a / c))


def nadam(a, c):
    r = a * a / c
    late = (1 - a) * sqrt(((1 + a) ** 2 + a * a * r / (1 - r)) / (1 - c))
    return max(late, 1 + a / (1 + a))


def adamax(a, c):
    return (1 - a) / (1 - a / c)


def pair(a, b, c):
    return (1 - a) * (1 - b) / (1 - a * b / c) / (1 - c)


def draw(seed):
    """Two factors with the square of the first below the second, which is larger."""
    choose = random.Random(seed)
    a = choose.randint(10, 90)
    return a / 100, choose.randint(a + 1, 99) / 100


def bound(name, **values):
    optimizer = read_optimizer(name)
    texts = {key: str(value) for key, value in values.items()}
    numbers = dict(settle([optimizer.owner], texts)["optimizer"])
    del numbers["learning_rate"]
    found = find_step_bound(optimizer.bind(numbers))
    return None if found.square is None else sqrt(int(found.square.p) / int(found.square.q))


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize(
    ("name", "form"),
    [("adam", adam), ("adam.keras", adam), ("adamw", adam), ("amsgrad", adam),
     ("sparse_adam", adam), ("adamax", adamax), ("adamax.keras", adamax), ("adamaxw", adamax),
     ("nadamw", nadam),
     ("nadam.optax", nadam)],
)  # fmt: skip
def test_the_closed_forms(name, form, seed):
    a, c = draw(seed)
    assert bound(name, beta1=a, beta2=c) == pytest.approx(form(a, c), rel=1e-12)


def test_adam_and_adamax_pass_the_bounds_of_their_paper():
    assert bound("adam") == pytest.approx(7.2702918)
    assert bound("adam") > 2 * (1 - 0.9) / sqrt(1 - 0.999)
    assert bound("adam", beta2="19/20") == pytest.approx(1.1649647)
    assert bound("adamax") == pytest.approx(111 / 110)


@pytest.mark.parametrize("seed", range(4))
def test_two_means_over_one_root(seed):
    a, c = draw(seed)
    b, alpha = (a + 2 * c) / 3 // 0.001 * 0.001, 3
    if b * b >= c:
        assert bound("ademamix", beta1=a, beta2=c, beta3=b, alpha=alpha) is None
        return
    total = pair(a, a, c) + 2 * alpha * pair(a, b, c) + alpha**2 * pair(b, b, c)
    assert bound("ademamix", beta1=a, beta2=c, beta3=b, alpha=alpha) == pytest.approx(sqrt(total))


@pytest.mark.parametrize(
    ("name", "values", "size"),
    [("rmsprop", {}, 10), ("rmsprop", {"momentum": "9/10"}, 100), ("rmsprop.keras", {}, sqrt(10)),
     ("adagrad", {}, 1), ("sm3", {}, 1), ("novograd", {}, 10 / sqrt(0.75)),
     ("lion", {"weight_decay": "1/10"}, 1), ("signum", {}, 1), ("adabelief", {}, None),
     ("ademamix", {}, None), ("radam", {}, None), ("sgd", {}, None), ("acprop", {}, None)],
)  # fmt: skip
def test_other_rules(name, values, size):
    assert bound(name, **values) == (None if size is None else pytest.approx(size, rel=1e-12))
