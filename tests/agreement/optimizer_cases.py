"""Which optimizers are compared with those of torch and keras, and with which settings."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, final

from agreement.optimizer_tapes import SHAPES


@final
@dataclass(frozen=True)
class Case:
    """One rule with settings, under our names and under those of the library."""

    rule: str
    """Our name, with the dialect."""
    settings: Mapping[str, str]
    """Our parameters, as a user writes them; rates have a float32, as Keras stores them so."""
    options: Mapping[str, Any]
    """What the library's constructor gets; `made_by` names the constructor."""
    shapes: tuple[tuple[int, ...], ...] = SHAPES
    without: Mapping[str, str] = field(default_factory=dict)
    """Tapes that say nothing here, and why: what is compared would be a rounding error."""
    losses: bool = False
    """Whether the rule reads the loss."""
    broken: bool = False
    """Whether tapes with gradients that are no numbers are compared too."""


MATRIX = ((2, 3),)

# What a library calls our parameters; a name that is not here is the same there.
_TORCH_NAMES = {
    "learning_rate": "lr", "decay": "lr_decay", "initial": "initial_accumulator_value",
    "decoupled": "decoupled_weight_decay", "threshold": "d",
}  # fmt: skip
_TORCH_PAIRS = {
    "betas": ("beta1", "beta2"), "etas": ("shrink", "grow"), "step_sizes": ("least", "most"),
    "eps": ("eps1", "eps2"),
}  # fmt: skip
_KERAS_NAMES = {
    "beta1": "beta_1", "beta2": "beta_2", "eps": "epsilon", "alpha": "rho",
    "initial": "initial_accumulator_value", "eps1": "epsilon_1", "eps2": "epsilon_2",
    "beta2_decay": "beta_2_decay", "threshold": "clip_threshold", "power": "learning_rate_power",
    "l1": "l1_regularization_strength", "l2": "l2_regularization_strength",
    "l2_shrinkage": "l2_shrinkage_regularization_strength", "warmup": "warmup_steps",
    "a": "muon_a", "b": "muon_b", "c": "muon_c", "adam_beta1": "adam_beta_1",
    "adam_beta2": "adam_beta_2", "adam_eps": "epsilon",
}  # fmt: skip


def value_of(text):
    """The value of a setting as a library gets it."""
    return text == "true" if text in ("true", "false") else float(Fraction(text))


def options_of(settings, *, names, pairs=None):
    """A library's own words for settings of ours; a pair of parameters may be one option there."""
    values = {name: value_of(text) for name, text in settings.items()}
    options = {}
    for option, (first, second) in (pairs or {}).items():
        if first in values:
            options[option] = (values.pop(first), values.pop(second))
    return options | {names.get(name, name): value for name, value in values.items()}


def torch_case(rule, settings, *, made_by, shapes=SHAPES, without=None):
    options = options_of(settings, names=_TORCH_NAMES, pairs=_TORCH_PAIRS)
    # This flag of ours is a word in torch.
    if options.pop("match_rms", False):
        options["adjust_lr_fn"] = "match_rms_adamw"
    options = {"made_by": made_by, **options}
    return Case(rule, settings, options, shapes, without or {})


def keras_case(rule, settings, *, made_by, shapes=SHAPES, without=None):
    options = {"made_by": made_by, **options_of(settings, names=_KERAS_NAMES)}
    # Keras wants a number of steps, not a float.
    if "warmup_steps" in options:
        options["warmup_steps"] = int(options["warmup_steps"])
    return Case(rule, settings, options, shapes, without or {})


def _all(case, made_by, rule, *rows, **further):
    """The cases of a rule, one for each row of settings."""
    return tuple(
        case(rule, dict(pair.split("=") for pair in row.split()), made_by=made_by, **further)
        for row in rows
    )


_DIRECTION = "What is left of a mean is a rounding error there, and its direction decides the step."

TORCH = (
    *_all(
        torch_case, "SGD", "sgd",
        "learning_rate=1/64",
        "learning_rate=1/64 momentum=9/10",
        "learning_rate=1/64 momentum=9/10 dampening=1/2 weight_decay=1/8",
        "learning_rate=1/64 momentum=4/5 nesterov=true weight_decay=1/16",
    ),
    *_all(
        torch_case, "ASGD", "asgd",
        "",
        "learning_rate=1/8 lambd=1/16 alpha=1/2 t0=200 weight_decay=1/8",
    ),
    *_all(
        torch_case, "Rprop", "rprop",
        "",
        "learning_rate=1/8 shrink=1/4 grow=3/2 least=1/1024 most=2",
    ),
    *_all(
        torch_case, "Adagrad", "adagrad",
        "",
        "learning_rate=1/8 decay=1/16 initial=1/8 eps=1/1024 weight_decay=1/8",
    ),
    *_all(
        torch_case, "Adadelta", "adadelta",
        "",
        "learning_rate=1/2 rho=4/5 eps=1/1024 weight_decay=1/8",
    ),
    *_all(
        torch_case, "RMSprop", "rmsprop",
        "",
        "learning_rate=1/64 alpha=9/10 eps=1/64 momentum=1/2 weight_decay=1/8",
        "learning_rate=1/64 eps=1/8 centered=true momentum=1/2",
    ),
    *_all(
        torch_case, "Adam", "adam",
        "",
        "learning_rate=1/64 beta1=1/2 beta2=9/10 eps=1/1024 weight_decay=1/8",
        "learning_rate=1/64 beta1=9/10 beta2=19/20 amsgrad=true",
    ),
    *_all(
        torch_case, "AdamW", "adamw",
        "",
        "learning_rate=1/64 beta1=1/2 beta2=9/10 eps=1/1024 weight_decay=1/8",
        "learning_rate=1/64 beta1=9/10 beta2=19/20 amsgrad=true",
    ),
    *_all(
        torch_case, "SparseAdam", "sparse_adam",
        "",
        "learning_rate=1/64 beta1=1/2 beta2=9/10 eps=1/1024",
    ),
    *_all(
        torch_case, "Adamax", "adamax",
        "",
        "learning_rate=1/64 beta1=1/2 beta2=9/10 eps=1/1024 weight_decay=1/8",
    ),
    *_all(
        torch_case, "NAdam", "nadam",
        "",
        "learning_rate=1/64 beta1=1/2 beta2=9/10 eps=1/64 momentum_decay=1/8 "
        "weight_decay=1/8",
        "learning_rate=1/64 eps=1/1024 decoupled=true weight_decay=1/8",
    ),
    *_all(
        torch_case, "RAdam", "radam",
        "",
        "learning_rate=1/64 beta1=1/2 beta2=9/10 eps=1/64 weight_decay=1/8",
        "learning_rate=1/64 eps=1/1024 decoupled=true weight_decay=1/8",
    ),
    *_all(
        torch_case, "Adafactor", "adafactor",
        "",
        "learning_rate=1/8 beta2_decay=-1/2 eps1=1/1024 eps2=1/64 threshold=2 "
        "weight_decay=1/8",
    ),
    *_all(
        torch_case, "Muon", "muon",
        "",
        "learning_rate=1/64 momentum=1/2 nesterov=false weight_decay=0",
        "learning_rate=1/64 match_rms=true eps=1/1024",
        shapes=MATRIX,
    ),
)  # fmt: skip

KERAS = (
    *_all(
        keras_case, "SGD", "sgd.keras",
        "learning_rate=1/64",
        "learning_rate=1/64 momentum=9/10 weight_decay=1/8",
        "learning_rate=1/64 momentum=4/5 nesterov=true",
    ),
    *_all(
        keras_case, "RMSprop", "rmsprop.keras",
        "learning_rate=1/1024",
        "learning_rate=1/64 alpha=9/10 momentum=1/2 weight_decay=1/8",
        "learning_rate=1/64 alpha=99/100 eps=1/8 centered=true momentum=1/2",
    ),
    *_all(
        keras_case, "Adam", "adam.keras",
        "learning_rate=1/1024",
        "learning_rate=1/64 beta1=1/2 beta2=9/10 eps=1/1024 weight_decay=1/8",
        "learning_rate=1/64 beta1=9/10 beta2=19/20 amsgrad=true",
    ),
    *_all(
        keras_case, "AdamW", "adamw.keras",
        "learning_rate=1/1024",
        "learning_rate=1/64 beta1=1/2 beta2=9/10 eps=1/1024 weight_decay=1/8",
        "learning_rate=1/64 beta1=9/10 beta2=19/20 amsgrad=true",
    ),
    *_all(
        keras_case, "Adadelta", "adadelta.keras",
        "learning_rate=1/1024",
        "learning_rate=1/2 rho=4/5 eps=1/1024 weight_decay=1/8",
    ),
    *_all(
        keras_case, "Adagrad", "adagrad.keras",
        "learning_rate=1/1024",
        "learning_rate=1/8 initial=1/2 eps=1/1024 weight_decay=1/8",
    ),
    *_all(
        keras_case, "Adamax", "adamax.keras",
        "learning_rate=1/1024",
        "learning_rate=1/64 beta1=1/2 beta2=9/10 eps=1/1024 weight_decay=1/8",
    ),
    *_all(
        keras_case, "Adafactor", "adafactor.keras",
        "learning_rate=1/1024",
        "learning_rate=1/8 beta2_decay=-1/2 eps1=1/1024 eps2=1/64 threshold=2 "
        "weight_decay=1/8",
    ),
    *_all(
        keras_case, "Nadam", "nadam.keras",
        "learning_rate=1/1024",
        "learning_rate=1/64 beta1=1/2 beta2=9/10 eps=1/1024 weight_decay=1/8",
    ),
    *_all(
        keras_case, "Ftrl", "ftrl",
        "learning_rate=1/1024",
        "learning_rate=1/8 power=-3/4 initial=1/2 l1=1/4 l2=1/16 l2_shrinkage=1/32 beta=1/2 "
        "weight_decay=1/8",
    ),
    *_all(
        keras_case, "Lion", "lion.keras",
        "learning_rate=1/1024",
        "learning_rate=1/64 beta1=1/2 beta2=9/10 weight_decay=1/8",
    ),
    *_all(
        keras_case, "Lamb", "lamb.keras",
        "learning_rate=1/1024",
        without={"slow drift": _DIRECTION},
    ),
    *_all(
        keras_case, "Lamb", "lamb.keras",
        "learning_rate=1/64 beta1=1/2 beta2=9/10 eps=1/1024 weight_decay=1/8",
    ),
    *_all(
        keras_case, "Muon", "muon.keras",
        "learning_rate=1/1024",
        "learning_rate=1/64 momentum=1/2 nesterov=false rms_rate=1/2 weight_decay=1/8 "
        "adam_beta1=1/2 adam_beta2=9/10 adam_eps=1/1024 adam_lr_ratio=1/4 "
        "adam_weight_decay=1/16",
    ),
    *_all(
        keras_case, "ScheduleFreeAdamW", "schedule_free_adamw.keras",
        "learning_rate=1/512",
        "learning_rate=1/64 beta1=1/2 beta2=9/10 eps=1/1024 warmup=20 weight_decay=1/8",
    ),
)  # fmt: skip
