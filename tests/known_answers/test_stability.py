"""Critical learning rates with a closed form, and where each comes from."""

import math

import pytest
from flint import arb, fmpq

from gradiometer.formula import precision
from gradiometer.question import Infinity, ask

EMA = {
    "name": "ema",
    "parameters": {
        "learning_rate": {"default": "1", "domain": "(0, oo)"},
        "beta": {"default": "9/10", "domain": "[0, 1)"},
    },
    "state": {"m": "0"},
    "step": {"m'": "beta*m + (1 - beta)*g", "x'": "x - learning_rate*m'"},
}
QUASI_HYPERBOLIC = {
    **EMA,
    "name": "quasi_hyperbolic",
    "parameters": {**EMA["parameters"], "nu": {"default": "7/10", "domain": "[0, 1]"}},
    "step": {"m'": "beta*m + (1 - beta)*g", "x'": "x - learning_rate*((1 - nu)*g + nu*m')"},
}
ONE_LATE = {
    "name": "one_late",
    "parameters": {"learning_rate": {"default": "1", "domain": "(0, oo)"}},
    "state": {"a": "0"},
    "step": {"a'": "g", "x'": "x - learning_rate*a"},
}
TWO_LATE = {
    **ONE_LATE,
    "name": "two_late",
    "state": {"a": "0", "b": "0"},
    "step": {"a'": "g", "b'": "a", "x'": "x - learning_rate*b"},
}
NO_BIAS = {"beta1": "4/5", "beta2": "9/10", "eps": "1/100"}

PARABOLAS = [
    # Rule, settings, held, curvature, critical rate, condition, source.
    ("sgd", {}, {}, "3", "2/3", "2/lambda", "Cauchy; Polyak 1987, 1.4"),
    ("sgd", {"momentum": "9/10"}, {}, "1", "19/5", "2*(1 + momentum)/lambda",
     "Polyak 1964; Goh 2017; Cohen et al. 2021"),
    ("sgd", {"momentum": "1/3"}, {}, "7", "8/21", "2*(1 + momentum)/lambda", "the same"),
    ("sgd", {"momentum": "9/10", "nesterov": "true"}, {}, "1", "19/14",
     "2*(1 + momentum)/(lambda*(1 + 2*momentum))", "Cohen et al. 2021, appendix B"),
    ("sgd", {"momentum": "9/10", "dampening": "9/10"}, {}, "1", "38",
     "2*(1 + momentum)/(lambda*(1 - dampening))", "Cohen et al. 2022: 38/eta"),
    (EMA, {}, {}, "1/2", "76", "2*(1 + beta)/(lambda*(1 - beta))", "Cohen et al. 2022"),
    ("sgd", {"weight_decay": "1/4"}, {}, "1", "8/5", "2/(weight_decay + lambda)",
     "L2 adds its weight to every curvature"),
    ("sgd", {"momentum": "9/10", "weight_decay": "1/10"}, {}, "1", "38/11",
     "2*(1 + momentum)/(weight_decay + lambda)", "the same"),
    ("sgd.keras", {"weight_decay": "1/4"}, {}, "1", "8/5", "2/(weight_decay + lambda)",
     "x' = (1 - eta*w)*x - eta*g"),
    ("sgd.keras", {"momentum": "9/10"}, {}, "1", "19/5", "2*(1 + momentum)/lambda",
     "a rate inside the buffer is the same rate"),
    (QUASI_HYPERBOLIC, {}, {}, "1", "95/16",
     "2*(1 + beta)/(lambda*(1 + beta - 2*beta*nu))",
     "put x = (-1)^t into the rule of Ma and Yarats 2019"),
    ("optimistic_gradient_descent", {}, {}, "1", "2/3", "2/(lambda*(alpha + 2*beta))",
     "put x = (-1)^t into the rule"),
    ("schedule_free_sgd", {}, {}, "1", "20", "2/(lambda*(1 - beta1))",
     "the fast position takes 1 - beta of the gradient's point"),
    ("schedule_free_adamw", {"eps": "1/100"}, {}, "1", "1/5", "2*eps/(lambda*(1 - beta1))",
     "the same over eps"),
    ("rmsprop", {"eps": "0"}, {"v": "1/100"}, "1", "1/5", "1/(5*lambda)", "2*sqrt(v)/lambda"),
    ("rmsprop", {"eps": "1/100"}, {"v": "1/4"}, "1", "51/50", "(1 + 2*eps)/lambda",
     "implied by Cohen et al. 2022"),
    ("adam", {"eps": "0"}, {"v": "1/100"}, "1", "19/5",
     "(1 + beta1)/(5*lambda*(1 - beta1))", "Cohen et al. 2022: 38/eta"),
    ("rmsprop", {"eps": "1/100"}, {}, "1", "1/50", "2*eps/lambda", "v fades at the optimum"),
    ("adam", {"eps": "1/100"}, {}, "1", "19/50", "2*eps*(1 + beta1)/(lambda*(1 - beta1))",
     "Bock and Weiß 2019: the 2-cycle has shrunk to the point"),
    ("adam", NO_BIAS, {}, "2", "9/100", "2*eps*(1 + beta1)/(lambda*(1 - beta1))", "the same"),
    ("adamw", {"eps": "1/100", "weight_decay": "1/10"}, {}, "1", "380/1019",
     "2*eps*(1 + beta1)/(lambda + eps*weight_decay + beta1*eps*weight_decay - beta1*lambda)",
     "put x = (-1)^t into the rule"),
    ("nadam.optax", {"eps": "1/100"}, {}, "1", "19/140",
     "2*eps*(1 + beta1)/(lambda*(1 - beta1)*(1 + 2*beta1))", "Nesterov's factor 1 + 2*beta"),
    ("adadelta", {}, {}, "1", "2", "2/lambda", "both roots stand at sqrt(eps)"),
    ("adagrad", {"eps": "0"}, {"s": "4"}, "1", "4", "4/lambda", "2*sqrt(s)/lambda"),
    ("adamax", {"eps": "1/100"}, {}, "1", "19/50", "2*eps*(1 + beta1)/(lambda*(1 - beta1))",
     "the largest gradient has faded to eps"),
    ("novograd", {"eps": "1/100"}, {}, "1", "19/500", "2*eps*(1 + beta1)/lambda",
     "heavy ball over eps"),
    (ONE_LATE, {}, {}, "1", "1", "1/lambda", "Levin and May 1976: 2*sin(pi/6)"),
]  # fmt: skip


def _ask(objective, optimizer="sgd", settings=None, **more):
    return ask("stability", objective=objective, optimizer=optimizer, set=settings or {}, **more)


def _value(text):
    top, _, bottom = text.partition("/")
    return fmpq(int(top), int(bottom or 1))


def _name(index):
    rule = PARABOLAS[index][0]
    return f"{index} {rule if isinstance(rule, str) else rule['name']}"


@pytest.mark.parametrize("index", range(len(PARABOLAS)), ids=_name)
def test_critical_rate_on_a_parabola(index):
    rule, settings, held, curvature, critical, condition, source = PARABOLAS[index]
    facts = _ask(f"({curvature})*x^2/2", rule, settings, hold=held).facts
    assert facts["critical"].value == _value(critical), source
    assert facts["critical"].status == "proved"
    assert facts["condition"].value == f"learning_rate < {condition}", source
    assert facts["loss"].value == ("oscillation" if rule is ONE_LATE else "flip")
    assert facts["below"].value["is"] == "stable"
    assert facts["above"].value["is"] == "unstable"


@pytest.mark.parametrize(
    ("rule", "condition", "critical"),
    [
        ("adam", "lambda*learning_rate*(1 - beta1)/(2*(1 + beta1)) < eps", "1/3800"),
        ("rmsprop", "lambda*learning_rate/2 < eps", "1/200"),
    ],
)
def test_eps_that_lets_an_adaptive_rule_rest(rule, condition, critical):
    answer = _ask("x^2/2", rule, {"learning_rate": "1/100"}, vary="eps")
    assert answer.facts["condition"].value == condition
    assert answer.facts["critical"].value == _value(critical)


def _is_narrow(value, width=1e-12):
    return isinstance(value, fmpq) or 2 * float(value.rad()) <= width


CURVED = [
    # Objective, what is asked besides, the critical rate to 400 bits, source.
    ("double_well", {}, lambda: arb(1), "f'' = 3*x^2 - 1 = 2"),
    ("double_well", {"at": "-1"}, lambda: arb(1), "the same"),
    ("x^4/4 - x", {}, lambda: arb(2) / 3, "f'' = 3 at 1"),
    ("cosh(x) - x", {"at": "1"}, lambda: 2 / arb(2).sqrt(), "cosh(asinh(1)) = sqrt(2)"),
    ("washboard", {"settings": {"tilt": "3/5"}}, lambda: arb(5) / 2, "f'' = sqrt(1 - tilt^2)"),
    ("washboard", {}, lambda: 2 / (arb(99) / 100).sqrt(), "the same"),
    ("exp(x) - 2*x", {}, lambda: arb(1), "f'' = 2 at ln(2)"),
    ("softplus(-x) + softplus(2*x)", {}, None, "logistic regression: a flip at 2/lambda"),
    ("lessard", {"settings": {"momentum": "4/9"}}, lambda: arb(26) / 225,
     "Lessard et al. 2016: alpha = 1/9 is safe at the point, though a 3-cycle attracts"),
    ("rosenbrock", {}, lambda: 2 / (501 + arb(250601).sqrt()), "trace 1002, determinant 400"),
    ("x^2 + 3*x*y + 5*y^2", {"at": "x=0, y=0"}, lambda: arb(2) / 11, "eigenvalues 1 and 11"),
    ("quadratic_form", {}, lambda: arb(1) / 5, "the largest curvature decides"),
    ("x^2/2", {"optimizer": TWO_LATE}, lambda: (5**arb("0.5") - 1) / 2,
     "Levin and May 1976: 2*sin(pi/10)"),
]  # fmt: skip


@pytest.mark.parametrize(("objective", "more", "expected", "source"), CURVED)
def test_critical_rate_where_curvature_is_not_given(objective, more, expected, source):
    answer = _ask(objective, **more)
    value = answer.facts["critical"].value
    assert answer.facts["critical"].status == "proved"
    assert _is_narrow(value)
    with precision(400):
        if expected is None:
            # The point and the curvature by bisection, apart from the prover.
            low, high = arb(-3), arb(3)
            for _ in range(300):
                x = arb(((low + high) / 2).mid())
                slope = -1 / (1 + x.exp()) + 2 / (1 + (-2 * x).exp())
                low, high = (x, high) if slope < 0 else (low, x)
            x = low.union(high)
            one, two = 1 / (1 + x.exp()), 1 / (1 + (-2 * x).exp())
            number = 2 / (one * (1 - one) + 4 * two * (1 - two))
        else:
            number = expected()
        near = value - number
        assert abs(near) < 1e-12, source


def test_momentum_has_a_window_of_safe_values():
    answer = _ask("x^2/2", settings={"learning_rate": "3"}, vary="momentum")
    assert [(s.lower, s.upper) for s in answer.facts["safe"].value] == [(fmpq(1, 2), fmpq(1))]
    assert answer.facts["condition"].value == "(learning_rate*lambda - 2)/2 < momentum < 1"
    assert answer.facts["loss"].value == "oscillation"


def test_a_rate_that_fades_as_one_over_the_step_count_is_safe_in_the_end():
    answer = _ask("x^2/2", "adagrad", {"decay": "1"}, hold={"s": "1"})
    assert answer.facts["critical"].value == Infinity(1)


@pytest.mark.parametrize("at", ["x=0, y=0", None])
def test_no_rate_is_safe_at_a_saddle(at):
    answer = _ask("x^2 - y^2" if at else "saddle", at=at)
    assert answer.facts["critical"].value == "none"
    assert answer.facts["stable"].value is False
    assert answer.facts["points"].value[0]["kind"] == "saddle"


def test_no_rate_is_safe_at_a_top():
    answer = _ask("double_well", at="0")
    assert (answer.facts["critical"].value, answer.facts["growth"].value) == (
        "none",
        fmpq(1001, 1000),
    )


def test_best_rate_of_descent_is_two_over_the_sum_of_both_ends():
    best = _ask("quadratic_form").facts["best"].value
    assert math.isclose(best["rate"], 2 / 11, rel_tol=1e-8)
    assert math.isclose(best["growth"], 9 / 11, rel_tol=1e-8)


def test_best_momentum_of_heavy_ball_is_that_of_polyak():
    # Curvatures 1 and 25: rate (2/6)^2, momentum (4/6)^2, growth 4/6.
    settings = {"eigenvalues": "1, 25", "learning_rate": "1/9"}
    best = _ask("quadratic_form", settings=settings, vary="momentum").facts["best"].value
    assert math.isclose(best["rate"], 4 / 9, rel_tol=1e-6)
    assert math.isclose(best["growth"], 2 / 3, rel_tol=1e-6)


def test_at_exact_equality_the_linear_part_does_not_decide():
    answer = _ask("x^2/2", settings={"learning_rate": "2"})
    assert (answer.facts["stable"].value, answer.facts["growth"].value) == ("edge", 1)
    assert answer.facts["multipliers"].value == [-1]


DOUBLINGS = [
    # Landscape, the rates at which cycles of period 2, 4, 8 double, source.
    ("double_well", [5**0.5 - 1, 1.288031754482784, 1.299227939650145],
     "x' = (1 + r)*x - r*x^3; the first in Rogers and Whitley 1983: sqrt(5)"),
    ("x^3/3 - x^2/2", [6**0.5, 2.544090359551923, 2.564407266095432],
     "the logistic map of parameter 1 + r: 1 + sqrt(6), 3.544090, 3.564407 (May 1976)"),
]  # fmt: skip


@pytest.mark.parametrize(("objective", "rates", "source"), DOUBLINGS)
def test_periods_double_where_they_are_known_to(objective, rates, source):
    answer = _ask(objective, doublings=3)
    fact = answer.facts["doublings"]
    assert (fact.status, [row["period"] for row in fact.value]) == ("proved", [2, 4, 8])
    for row, rate in zip(fact.value, rates, strict=True):
        assert _is_narrow(row["rate"])
        assert math.isclose(float(row["rate"]), rate, rel_tol=1e-12), source
    kinds = [part["kind"] for part in answer.certificate["parts"]]
    assert kinds.count("doubling") == 3
