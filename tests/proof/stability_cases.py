"""Random rules of the catalogue with a free learning rate, and their multipliers by differences."""

import numpy as np
from flint import fmpq

from gradiometer.formula import evaluate_float
from gradiometer.model import read_optimizer
from gradiometer.proof import Subject

RULES = {
    # Name: parameters that are drawn, and what is held fixed.
    "sgd": (("momentum", "dampening", "weight_decay", "nesterov"), ()),
    "adagrad": (("weight_decay", "eps"), ("s",)),
    "adam": (("beta1", "beta2", "eps", "weight_decay"), ()),
    "adamw": (("beta1", "beta2", "eps", "weight_decay"), ()),
    "adamax": (("beta1", "beta2", "eps"), ()),
    "adamaxw": (("beta1", "beta2", "eps", "weight_decay"), ()),
    "adabelief": (("beta1", "beta2", "eps", "eps_root", "nesterov"), ()),
    "acprop": (("beta1", "beta2", "eps", "eps_root", "weight_decay"), ()),
    "adadelta": (("rho", "eps", "weight_decay"), ()),
    "adan": (("beta1", "beta2", "beta3", "eps", "weight_decay"), ()),
    "ademamix": (("beta1", "beta2", "beta3", "alpha", "eps", "weight_decay"), ()),
    "adopt": (("beta1", "beta2", "eps", "nesterov"), ()),
    "amsgrad": (("beta1", "eps", "eps_root"), ("u",)),
    "nadam": (("beta1", "beta2", "eps", "weight_decay"), ()),
    "nadamw": (("beta1", "beta2", "eps", "eps_root", "weight_decay"), ()),
    "novograd": (("beta1", "eps", "eps_root", "weight_decay"), ()),
    "optimistic_gradient_descent": (("alpha", "beta"), ()),
    "optimistic_adam": (("optimism", "beta1", "eps", "nesterov"), ()),
    "optimistic_adam_v2": (("alpha", "beta", "beta1", "eps", "nesterov"), ()),
    "radam": (("beta1", "beta2", "eps"), ()),
    "rmsprop": (("alpha", "eps", "weight_decay", "momentum"), ()),
    "simplified_ademamix": (("beta1", "beta2", "alpha", "eps", "weight_decay"), ()),
    "yogi": (("beta1", "eps"), ("v",)),
    "dog": (("weight_decay", "eps"), ("distance", "squares")),
}

OWN = {
    "quasi_hyperbolic": {
        "parameters": {
            "learning_rate": {"default": "1", "domain": "(0, oo)"},
            "beta": {"default": "9/10", "domain": "[0, 1)"},
            "nu": {"default": "7/10", "domain": "[0, 1]"},
        },
        "state": {"m": "0"},
        "step": {
            "m'": "beta*m + (1 - beta)*g",
            "x'": "x - learning_rate*((1 - nu)*g + nu*m')",
        },
    },
    "two_buffers": {
        "parameters": {
            "learning_rate": {"default": "1", "domain": "(0, oo)"},
            "a": {"default": "1/2", "domain": "[0, 1)"},
            "b": {"default": "1/3", "domain": "[0, 1)"},
            "c": {"default": "1/5", "domain": "[0, 1)"},
        },
        "state": {"m": "0", "n": "0", "k": "0"},
        "step": {
            "m'": "a*m + g",
            "n'": "b*n + m'",
            "k'": "c*k + (1 - c)*n",
            "x'": "x - learning_rate*(m' + n'/3 - k'/4)",
        },
    },
}
"""Rules that no catalogue holds."""


def draw(rng, name):
    """A rule with drawn parameters, a curvature, and what is held."""
    drawn, held = RULES.get(name, ((), ()))
    optimizer = read_optimizer({"name": name, **OWN[name]} if name in OWN else name)
    values = {n: p.default for n, p in optimizer.parameters.items() if n != "learning_rate"}
    for key in drawn or (n for n in values):
        parameter = optimizer.parameters[key]
        if parameter.is_flag:
            values[key] = fmpq(rng.randint(0, 1))
        elif parameter.domain.upper is not None or key == "momentum":
            values[key] = fmpq(rng.randint(0, 19), 20)
        else:
            values[key] = fmpq(rng.randint(1, 40), rng.choice([1, 7, 20, 100]))
    values.pop("weight_decay", None) if rng.random() < 0.3 else None
    if "weight_decay" in optimizer.parameters:
        values.setdefault("weight_decay", fmpq(0))
    curvature = fmpq(rng.randint(1, 60), rng.choice([1, 3, 10]))
    fixed = {key: fmpq(rng.randint(1, 30), 7) for key in held}
    return optimizer.bind(values), curvature, fixed


def to_subject(rule, curvature, held):
    """The rule on a parabola of that curvature."""
    landscape = {
        "variables": ["x"],
        "pieces": [{"lower": None, "upper": None, "lower_closed": False, "upper_closed": False,
                    "loss": f"({curvature})*x^2/2"}],
    }  # fmt: skip
    kept = {name: value for name, value in held.items() if name in rule.state}
    return Subject(rule, "learning_rate", (fmpq(0), None), kept, landscape)


def largest_multiplier(rule, curvature, held, rate):
    """The size of the largest multiplier of a late step, by differences of a float step."""
    # A kept start has a multiplier of its own, which nothing reads where distances are held.
    names = [name for name in ("x", *rule.state) if name not in (*held, *("start",) * bool(held))]
    known = {**rule.float_values, **{n: float(int(v.p) / int(v.q)) for n, v in held.items()}}
    known["learning_rate"] = rate
    known["x"] = 0.0
    first = {n: evaluate_float(rule.state[n], known) for n in rule.state if n not in held}
    slope = float(int(curvature.p) / int(curvature.q))

    def step(state):
        here = {**known, **first, **state, "t": 1e7, "g": slope * state["x"], "loss": 0.0}
        for target, run in rule.float_step:
            if target.removesuffix("'") in held and target.endswith("'"):
                here[target] = here[target[:-1]]
            else:
                here[target] = run(here)
        return {name: here[f"{name}'"] for name in names}

    rest = {"x": 0.0, **first}
    for _ in range(700):
        rest = step(rest)
    tiny = 1e-11
    base = step(rest)
    matrix = np.zeros((len(names), len(names)))
    for column, name in enumerate(names):
        up = step({**rest, name: rest[name] + tiny})
        down = step({**rest, name: rest[name] - tiny}) if name == "x" or rest[name] else base
        width = 2 * tiny if down is not base else tiny
        matrix[:, column] = [(up[n] - down[n]) / width for n in names]
    return float(np.abs(np.linalg.eigvals(matrix)).max())


def all_names():
    """Every rule that has a linear part."""
    return [*RULES, *OWN]
