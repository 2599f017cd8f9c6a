"""Where optimizers of the same name step differently, each with the shortest tape that shows it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, final

import numpy as np


@final
@dataclass(frozen=True)
class Difference:
    """One rule in several libraries, on one tape of gradients."""

    what: str
    rules: Mapping[str, Mapping[str, str]]
    """The settings of each rule, by our name with the dialect."""
    tape: tuple[Any, ...]
    """The gradient of each step, a number or a matrix."""
    start: Any = 0.0

    @property
    def gradients(self):
        """The tape as an array of shape (1, steps, *shape)."""
        return np.array([[np.atleast_1d(gradient) for gradient in self.tape]], dtype=float)

    @property
    def first(self):
        """The start as an array."""
        return np.broadcast_to(np.array(self.start, dtype=float), self.gradients.shape[2:]).copy()


_ONE = {"learning_rate": "1"}
_MATRIX = ((1.0, -2.0, 0.5), (0.25, 1.0, 3.0))

DIFFERENCES = (
    Difference(
        "Adam: Keras adds eps before it corrects the bias, so that at the first step eps is 31.6 "
        "times as large.",
        {
            "adam": {**_ONE, "eps": "1e-6"},
            "adam.keras": {**_ONE, "eps": "1e-6"},
            "adam.optax": {**_ONE, "eps": "1e-6"},
        },
        (1e-6,),
    ),
    Difference(
        "AMSGrad: torch and Keras take the largest second mean before its correction, optax after.",
        {
            "adam": {**_ONE, "amsgrad": "true"},
            "adam.keras": {**_ONE, "amsgrad": "true", "eps": "1e-8"},
            "amsgrad.optax": _ONE,
        },
        (10.0, 0.1),
    ),
    Difference(
        "NAdam: the momentum rises to beta1 slowly in torch, in about a hundred steps in Keras, "
        "and is constant in optax.",
        {"nadam": _ONE, "nadam.keras": _ONE, "nadam.optax": _ONE},
        (1.0,),
    ),
    Difference(
        "RMSProp: eps stands outside the root in torch, under it in Keras and optax.",
        {
            "rmsprop": {**_ONE, "alpha": "9/10", "eps": "1e-6"},
            "rmsprop.keras": {**_ONE, "eps": "1e-6"},
            "rmsprop.optax": {**_ONE, "eps": "1e-6"},
        },
        (1e-3,),
    ),
    Difference(
        "AdaGrad: the sum of squares starts at 0 in torch, at 0.1 in Keras and optax.",
        {"adagrad": _ONE, "adagrad.keras": _ONE, "adagrad.optax": _ONE},
        (1.0,),
    ),
    Difference(
        "Rprop: optax takes at each step the move of the step before, and none at first.",
        {"rprop": {"learning_rate": "1/10"}, "rprop.optax": {"learning_rate": "1/10"}},
        (1.0, 1.0, -1.0, -1.0),
    ),
    Difference(
        "Weight decay with momentum: in torch the decay enters the buffer, in Keras it does not.",
        {
            "sgd": {"learning_rate": "1/8", "momentum": "9/10", "weight_decay": "1/2"},
            "sgd.keras": {"learning_rate": "1/8", "momentum": "9/10", "weight_decay": "1/2"},
        },
        (0.0, 0.0, 0.0),
        1.0,
    ),
    Difference(
        "Weight decay with Adam: in torch it is divided by its own root mean square, so that its "
        "size does not matter; in Keras it shrinks the weights.",
        {
            "adam": {"learning_rate": "1/8", "weight_decay": "1/8"},
            "adam.keras": {"learning_rate": "1/8", "weight_decay": "1/8"},
        },
        (0.0,),
        1.0,
    ),
    Difference(
        "Adamax: torch adds eps to the gradient before the largest is taken, Keras where it "
        "divides.",
        {
            "adamax": {**_ONE, "beta1": "9/10", "beta2": "1/2", "eps": "1/10"},
            "adamax.keras": {**_ONE, "beta1": "9/10", "beta2": "1/2", "eps": "1/10"},
        },
        (1.0, 0.0, 0.0),
    ),
    Difference(
        "LAMB: in optax the decay is scaled with the step to the length of the weights, in Keras "
        "it stands beside.",
        {
            "lamb.optax": {"learning_rate": "1/8", "weight_decay": "1/2"},
            "lamb.keras": {"learning_rate": "1/8", "weight_decay": "1/2"},
        },
        (1.0,),
        1.0,
    ),
    Difference(
        "Adafactor: the decay comes after the length of the weights is taken in torch, before in "
        "Keras.",
        {
            "adafactor": {"learning_rate": "1/8", "weight_decay": "1/2"},
            "adafactor.keras": {"learning_rate": "1/8", "weight_decay": "1/2"},
        },
        (1.0,),
        1.0,
    ),
    Difference(
        "Muon: the step is scaled by the square root of rows over columns in torch, to the size of "
        "a step of Adam in Keras.",
        {
            "muon": {"learning_rate": "1/8", "weight_decay": "0"},
            "muon.keras": {"learning_rate": "1/8", "weight_decay": "0"},
        },
        (_MATRIX,),
    ),
    Difference(
        "Schedule-free AdamW: during warm-up optax's steps use the rate of the step before, so "
        "that the first one is nothing.",
        {
            "schedule_free_adamw.keras": {"learning_rate": "1/8", "warmup": "4"},
            "schedule_free_adamw.optax": {"learning_rate": "1/8", "warmup": "4"},
        },
        (1.0,),
    ),
)

# What a library does that no rule says, or that it does not do as it says; each is shown by a live
# test of the same name in `test_optimizer_defects.py`.
DEFECTS = {
    "torch_muon_rounds_to_bfloat16": (
        "torch 2.13.0",
        "Muon makes its five steps of Newton and Schulz in bfloat16 whatever the weights are, so "
        "that its steps are right to about 1 %. The record is of the same code without the "
        "rounding.",
    ),
    "torch_keeps_rates_of_asgd_and_nadam_in_float32": (
        "torch 2.13.0",
        "ASGD's rate and NAdam's product of momenta are float32 for float64 weights, unless the "
        "default type is float64, as it is for the record: the tenth position on a constant "
        "gradient of 1 is wrong by 8e-10 and 2e-10.",
    ),
    "torch_asgd_uses_the_rate_of_the_step_before": (
        "torch 2.13.0",
        "ASGD makes the rate of a step at the end of the step before: a new learning rate (or one "
        "of a schedule) acts one step late. Gradients 1, 1, 1 with rates 1, 1/8, 1/8 and lambd 0 "
        "lead to -1, -2, -2.125.",
    ),
    "torch_centred_rmsprop_becomes_nan": (
        "torch 2.13.0",
        "Centred RMSprop takes the root of v - a^2, which a constant gradient makes negative by "
        "rounding: with alpha 0.5 and gradient 0.1 the position is NaN after 54 steps.",
    ),
    "torch_adafactor_shares_eps_between_types": (
        "torch 2.13.0",
        "Without eps1, Adafactor takes the one of the first tensor's type for all: a float64 "
        "tensor that stands after a float32 tensor gets 1.2e-7 for 2.2e-16. Gradients 1e-9, 1e-9 "
        "from 1 with rate 1/2 lead to 0.9916 instead of 0.25.",
    ),
    "keras_computes_float64_in_float32_on_numpy": (
        "keras 3.15.1",
        "Keras's table of types makes float32 of two float64 on every backend but TensorFlow; on "
        "the NumPy backend the optimizers compute with it, and float64 weights step in float32. "
        "The record is made with the table of TensorFlow.",
    ),
    "keras_adafactor_ignores_relative_step": (
        "keras 3.15.1",
        "relative_step=False changes nothing: the rate is cut to 1/sqrt(t) a second time, "
        "unasked. Gradients of 1 with rate 3/4 give the same positions either way.",
    ),
    "keras_schedule_free_divides_by_beta_1": (
        "keras 3.15.1",
        "ScheduleFreeAdamW with beta_1 = 0 divides 0 by 0: the first position is NaN.",
    ),
}
