"""Largest steps of rules whose factors read the step count, against rules written by hand.

Each rule here is a pair of what stands above and below the line after each gradient, so that the
weights of single gradients can be read off by gradients of 1 before zeros. *before* counts steps
with gradients of 0 that came first.
"""

from __future__ import annotations

import math
import random

import pytest
from flint import fmpq

from gradiometer.model import read_optimizer, settle
from gradiometer.proof import check, find_step_bound


def rule_of(name, **values):
    optimizer = read_optimizer(name)
    numbers = dict(settle([optimizer.owner], values)["optimizer"])
    del numbers["learning_rate"]
    return optimizer.bind(numbers)


def bound_of(found):
    return math.sqrt(int(found.square.p) / int(found.square.q))


def adam_like(above, a, c):
    """Means of gradients and of squares, corrected, with the sum above the line as given."""

    def run(gradients, before=0):
        m = v = 0.0
        rows = []
        for t, g in enumerate(gradients, before + 1):
            m, v = a * m + (1 - a) * g, c * v + (1 - c) * g * g
            rows.append((above(t, m, g), math.sqrt(v / (1 - c**t))))
        return rows

    return run


def nadam(a=0.9, c=0.999, decay=0.004):
    product = [1.0]

    def mu(t):
        return a * (1 - 0.5 * 0.96 ** (t * decay))

    def above(t, m, g):
        while len(product) <= t:
            product.append(product[-1] * mu(len(product)))
        ahead = product[t] * mu(t + 1)
        return (1 - mu(t)) / (1 - product[t]) * g + mu(t + 1) / (1 - ahead) * m

    return adam_like(above, a, c)


def dozat(a=0.9, c=0.999):
    return adam_like(lambda t, m, g: a * m / (1 - a ** (t + 1)) + (1 - a) * g / (1 - a**t), a, c)


def adamax(a=0.9, c=0.999):
    def run(gradients, before=0):
        m = u = 0.0
        rows = []
        for t, g in enumerate(gradients, before + 1):
            m, u = a * m + (1 - a) * g, max(c * u, abs(g))
            rows.append((m / (1 - a**t), u))
        return rows

    return run


def ademamix(a=0.9, c=0.999, b=0.9999, alpha=5.0):
    def run(gradients, before=0):
        m = s = v = 0.0
        rows = []
        for t, g in enumerate(gradients, before + 1):
            m, s, v = a * m + (1 - a) * g, b * s + (1 - b) * g, c * v + (1 - c) * g * g
            rows.append((m / (1 - a**t) + alpha * s, math.sqrt(v / (1 - c**t))))
        return rows

    return run


def adan(a=0.98, b=0.92, c=0.99):
    def run(gradients, before=0):
        m = v = n = last = 0.0
        rows = []
        for t, g in enumerate(gradients, 1):
            d = g - last if t > 1 else 0.0
            last = g
            m, v = a * m + (1 - a) * g, b * v + (1 - b) * d
            n = c * n + (1 - c) * (g + b * d) ** 2
            above = m / (1 - a**t) + b * v / (1 - b**t)
            rows.append((above, math.sqrt(n / (1 - c**t))))
        return rows

    return run


def novograd(a=0.9, c=0.25):
    def run(gradients, before=0):
        m = v = 0.0
        rows = []
        for t, g in enumerate(gradients, 1):
            v = g * g if t == 1 else c * v + (1 - c) * g * g
            m = a * m + (g / math.sqrt(v) if v else 0.0)
            rows.append((m, 1.0))
        return rows

    return run


def rmsprop(mu=0.9, c=0.99):
    def run(gradients, before=0):
        b = v = 0.0
        rows = []
        for g in gradients:
            v = c * v + (1 - c) * g * g
            b = mu * b + (g / math.sqrt(v) if v else 0.0)
            rows.append((b, 1.0))
        return rows

    return run


def step_of(rule, gradients, **before):
    above, below = rule(gradients, **before)[-1]
    return abs(above) / below if below else 0.0


def largest_at(rule, t, *, peak=False, span=400):
    """The largest step t by the weights of single gradients, and the last of the worst ones."""
    total, worst = 0.0, []
    for back in range(min(t, span)):
        above, below = rule([1.0] + [0.0] * back, before=t - 1 - back)[-1]
        total += above / below if peak else (above / below) ** 2
        worst.append(1 / below if peak else above / below**2)
    return (total if peak else math.sqrt(total)), worst[::-1]


SUMS = [
    ("nadam.keras", nadam(decay=1.0), {}),
    ("nadamw", dozat(), {}),
    ("nadam.optax", dozat(0.9, 0.95), {"beta2": "0.95"}),
    ("nadamw", dozat(0.5, 0.3), {"beta1": "0.5", "beta2": "0.3"}),
    ("adam.optax", dozat(0.7, 0.9), {"beta1": "0.7", "beta2": "0.9", "nesterov": "1"}),
    ("ademamix", ademamix(b=0.99), {"beta3": "0.99"}),
    ("ademamix", ademamix(0.5, 0.9, 0.8, 2.0),
     {"beta1": "0.5", "beta2": "0.9", "beta3": "0.8", "alpha": "2"}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "rule", "values"), SUMS)
def test_the_bound_is_the_largest_of_all_weights(name, rule, values):
    found = find_step_bound(rule_of(name, **values))
    bound = bound_of(found)
    sizes = [largest_at(rule, t)[0] for t in (1, 2, 3, 5, 9, 20, 60, 150)]
    assert max(sizes) <= bound * (1 + 1e-9)
    if found.step is not None:
        size, worst = largest_at(rule, found.step)
        before = found.step - len(worst)
    else:
        # Older gradients than these weigh nothing, but their number counts.
        span = 1300 if values.get("beta3") == "0.99" else 200
        size, worst = largest_at(rule, 24_000, span=span)
        before = 24_000 - span
    assert size == pytest.approx(bound, rel=1e-9)
    assert step_of(rule, worst, before=before) == pytest.approx(bound, rel=1e-9)


def test_the_rising_momentum_of_nadam_is_worst_at_step_1890():
    found = find_step_bound(rule_of("nadam"))
    rule = nadam()
    assert found.step == 1890
    sizes = [largest_at(rule, t, span=160)[0] for t in (1880, 1889, 1890, 1891, 1900)]
    assert max(sizes) == sizes[2] == pytest.approx(bound_of(found), rel=1e-12)
    low, high = found.square, found.ceiling
    assert 0 < high - low < fmpq(1, 10**25)


@pytest.mark.parametrize("c", ["0.999", "0.95"])
def test_adamax_is_worst_for_gradients_that_shrink(c):
    found = find_step_bound(rule_of("adamax", beta2=c))
    assert found.square == ((1 - fmpq(9, 10)) / (1 - fmpq(9, 10) / fmpq(c.replace("0.", "")) *
                            fmpq(10 ** len(c[2:])))) ** 2  # fmt: skip
    assert found.growth == fmpq(c[2:]) / 10 ** len(c[2:])
    rule = adamax(0.9, float(c))
    worst = [float(c) ** k for k in range(600)]
    assert step_of(rule, worst, before=600) == pytest.approx(bound_of(found), rel=1e-9)
    assert largest_at(rule, 900, peak=True, span=500)[0] == pytest.approx(bound_of(found), rel=1e-9)


@pytest.mark.parametrize("values", [(0.5, 0.25, 0.75), (0.9, 0.5, 0.95)])
def test_adan_is_bounded_by_what_it_measures(values):
    a, b, c = values
    found = find_step_bound(rule_of("adan", beta1=str(a), beta2=str(b), beta3=str(c)))
    rule, count = adan(*values), 500

    def gradients(entries):
        rows = []
        for e in entries:
            rows.append((e + b * rows[-1]) / (1 + b) if rows else e)
        return rows

    weights = []
    for back in range(count):
        entries = [0.0] * (count - 1 - back) + [1.0] + [0.0] * back
        above, below = rule(gradients(entries))[-1]
        weights.append((above, below))
        if back > 30 and abs(above) < 1e-9 * below:
            break
    total = math.sqrt(sum((above / below) ** 2 for above, below in weights))
    assert total == pytest.approx(bound_of(found), rel=1e-9)
    worst = [0.0] * count
    for back, (above, below) in enumerate(weights):
        worst[count - 1 - back] = above / below**2
    assert step_of(rule, gradients(worst)) == pytest.approx(bound_of(found), rel=1e-9)


ECHOES = [
    ("novograd", novograd(), {}, (1 / math.sqrt(0.75)) / 0.1),
    ("rmsprop", rmsprop(), {"momentum": "0.9"}, 100.0),
    ("rmsprop.keras", rmsprop(0.5, 0.9), {"momentum": "0.5"}, 2 * math.sqrt(10)),
]


@pytest.mark.parametrize(("name", "rule", "values", "bound"), ECHOES)
def test_quotients_that_are_remembered_add_up(name, rule, values, bound):
    found = find_step_bound(rule_of(name, **values))
    assert bound_of(found) == pytest.approx(bound, rel=1e-12)
    # Each gradient is 10^12 times the one before, from as low as floats go.
    sizes = [10.0 ** (12 * k - 140) for k in range(24)]
    share = 1 - (0.9 if bound != ECHOES[2][3] else 0.5) ** len(sizes)
    first = 1 if name != "novograd" else None
    step = step_of(rule, sizes)
    assert step <= bound
    if first:
        assert step == pytest.approx(bound * share, rel=1e-9)


ALL = [
    *SUMS,
    *((name, rule, values) for name, rule, values, _ in ECHOES),
    ("nadam", nadam(), {}),
    ("adamax", adamax(), {}),
    ("adamaxw", adamax(0.5, 0.6), {"beta1": "0.5", "beta2": "0.6"}),
    ("adan", adan(), {}),
]


@pytest.mark.parametrize(("name", "rule", "values"), ALL)
def test_no_gradients_lead_farther(name, rule, values):
    bound = bound_of(find_step_bound(rule_of(name, **values)))
    draw = random.Random(11)
    for _ in range(400):
        count, spread = draw.randint(1, 40), draw.choice([0, 1, 3, 8])
        kind = draw.randrange(3)
        gradients = [draw.gauss(0, 1) * 10 ** draw.uniform(-spread, spread) for _ in range(count)]
        if kind == 1:
            gradients = [abs(g) for g in gradients]
        if kind == 2:
            ratio = draw.uniform(0.8, 1.4)
            gradients = [ratio**k * draw.choice([1, 1, 1, -1]) for k in range(count)]
        assert step_of(rule, gradients) <= bound * (1 + 1e-9)


@pytest.mark.parametrize(
    ("name", "values"),
    [("adabelief", {}), ("ademamix", {}), ("simplified_ademamix", {}),
     ("adamax", {"beta1": "0.9995"}), ("adam", {"beta1": "0.9", "beta2": "0.8"}),
     ("adan", {"beta1": "0.999"}), ("nadamw", {"beta2": "0.5"}), ("rmsprop", {"momentum": "1"})],
)  # fmt: skip
def test_steps_without_a_bound_come_with_gradients(name, values):
    found = find_step_bound(rule_of(name, **values))
    assert found.square is None
    assert found.step is None
    assert len(found.gradients) == 60
    assert found.reached > 1
    check(found.certificate)


def test_the_steps_of_adabelief_grow_beyond_every_bound():
    def size(count):
        m = v = 0.0
        for _ in range(count):
            m = 0.9 * m + 0.1
            v = 0.999 * v + 0.001 * (1 - m) ** 2
        return m / (1 - 0.9**count) / math.sqrt(v / (1 - 0.999**count))

    # Equal gradients are enough: their distance from their mean fades.
    assert size(1000) < 25 < size(3000) < 100 < size(10_000)


@pytest.mark.parametrize("name", ["radam", "radam.optax", "acprop", "sgd"])
def test_a_first_step_that_nothing_measures_is_as_large_as_its_gradient(name):
    found = find_step_bound(rule_of(name))
    assert found.square is None
    assert found.step == 1
    assert found.gradients == (fmpq(10) ** 12,)
    assert found.reached > 10**11


@pytest.mark.parametrize("name", ["adamw", "nadamw", "adamaxw", "adamw.keras"])
def test_decay_of_the_position_is_split_off(name):
    found = find_step_bound(rule_of(name, weight_decay="1/50"))
    plain = find_step_bound(rule_of(name, weight_decay="0"))
    assert found.square == plain.square
    assert (found.decay, plain.decay) == (fmpq(1, 50), 0)


@pytest.mark.parametrize("name", ["adam", "adamax", "nadam.keras", "rmsprop"])
def test_decay_that_is_added_to_the_gradient_changes_nothing(name):
    found = find_step_bound(rule_of(name, weight_decay="1/50"))
    plain = find_step_bound(rule_of(name, weight_decay="0"))
    assert found.square == plain.square


def test_a_pause_at_gradients_of_zero_changes_nothing():
    assert find_step_bound(rule_of("sparse_adam")).square == fmpq(370, 7)


def own(state, step):
    table = {"name": "own", "parameters": {"learning_rate": {"default": "1"}}, "state": state,
             "step": step}  # fmt: skip
    return rule_of(table)


MEANS = {"m'": "9/10*m + g/10", "v'": "19/20*v + g^2/20"}
ZEROS = {"m": "0", "v": "0"}


def test_a_falling_rate_and_a_rule_that_climbs_have_bounds():
    down = own(ZEROS, {**MEANS, "x'": "x - learning_rate*(1 + 3*(9/10)^t)*m'/sqrt(v')"})
    up = own(ZEROS, {**MEANS, "x'": "x + learning_rate*(1 + 3*(9/10)^t)*m'/sqrt(v')"})
    found = find_step_bound(down)
    assert found.square == find_step_bound(up).square

    def rule(gradients, before):
        rows = []
        m = v = 0.0
        for t, g in enumerate(gradients, before + 1):
            m, v = 0.9 * m + g / 10, 0.95 * v + g * g / 20
            rows.append(((1 + 3 * 0.9**t) * m, math.sqrt(v)))
        return rows

    sizes = [largest_at(rule, t)[0] for t in range(1, 120)]
    assert max(sizes) == pytest.approx(bound_of(found), rel=1e-9)
    assert found.step == 1 + sizes.index(max(sizes))
