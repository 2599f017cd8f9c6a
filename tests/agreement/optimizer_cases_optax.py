"""Which optimizers are compared with those of optax, and with which settings."""

from agreement.optimizer_cases import Case, value_of

FLUSHED = "On a CPU, XLA takes numbers below 2.2e-308 for zero."
_BETAS = {"beta1": 0.5, "beta2": 0.9}
_PAIR = {"beta1": "b1", "beta2": "b2", "beta3": "b3"}

# Our rule, optax's function, settings under our names, names in optax where they differ.
_ROWS = [
    ("adabelief.optax", "adabelief", [
        {"learning_rate": 1 / 64},
        {"learning_rate": 0.1, **_BETAS, "eps": 1e-4, "eps_root": 1e-6, "nesterov": True},
    ], {}),
    ("adadelta.optax", "adadelta", [
        {"learning_rate": 1.0},
        {"learning_rate": 0.5, "rho": 0.8, "eps": 1e-3, "weight_decay": 0.1},
    ], {}),
    ("adafactor.optax", "adafactor in float64", [
        {"learning_rate": 1 / 64},
        {"learning_rate": 1 / 64, "min_dim_size_to_factor": 1, "beta2_decay": -0.5,
         "momentum": 0.5},
        {"learning_rate": 0.1, "min_dim_size_to_factor": 2, "threshold": 0.5,
         "multiply_by_parameter_scale": False, "weight_decay": 0.01, "eps1": 1e-6},
    ], {}),
    ("adagrad.optax", "adagrad", [
        {"learning_rate": 0.1},
        {"learning_rate": 0.5, "initial": 0.0, "eps": 1e-3},
    ], {"initial": "initial_accumulator_value"}),
    ("adam.optax", "adam", [
        {"learning_rate": 1 / 1024},
        {"learning_rate": 0.1, **_BETAS, "eps": 1e-3},
        {"learning_rate": 0.1, **_BETAS, "eps": 0.0, "eps_root": 1e-6, "nesterov": True},
    ], {}),
    ("adamax.optax", "adamax", [
        {"learning_rate": 1 / 64},
        {"learning_rate": 0.1, **_BETAS, "eps": 1e-3},
    ], {}),
    ("adamaxw.optax", "adamaxw", [
        {"learning_rate": 1 / 64},
        {"learning_rate": 0.1, **_BETAS, "eps": 1e-3, "weight_decay": 0.1},
    ], {}),
    ("adamw.optax", "adamw", [
        {"learning_rate": 1 / 1024},
        {"learning_rate": 0.1, **_BETAS, "weight_decay": 0.1, "eps_root": 1e-6},
        {"learning_rate": 0.01, "weight_decay": 0.1, "nesterov": True},
    ], {}),
    ("adan.optax", "adan", [
        {"learning_rate": 1 / 1024},
        {"learning_rate": 0.1, **_BETAS, "beta3": 0.8, "eps": 1e-3, "weight_decay": 0.1},
    ], {}),
    ("amsgrad.optax", "amsgrad", [
        {"learning_rate": 1 / 1024},
        {"learning_rate": 0.1, **_BETAS, "bias_correction_mu": False, "bias_correction_nu": False},
        {"learning_rate": 0.1, **_BETAS, "eps_root": 1e-6},
    ], {}),
    ("fromage.optax", "fromage", [
        {"learning_rate": 1 / 64},
        {"learning_rate": 1 / 16, "min_norm": 0.5},
    ], {}),
    ("lamb.optax", "lamb", [
        {"learning_rate": 1 / 1024},
        {"learning_rate": 1 / 256, **_BETAS, "eps_root": 1e-6, "weight_decay": 0.1},
    ], {}),
    ("lars.optax", "lars", [
        {"learning_rate": 0.1},
        {"learning_rate": 0.5, "weight_decay": 0.1, "trust_coefficient": 0.01, "eps": 0.1,
         "momentum": 0.5, "nesterov": True},
    ], {}),
    ("lion.optax", "lion", [
        {"learning_rate": 1 / 1024},
        {"learning_rate": 0.1, **_BETAS, "weight_decay": 0.1},
    ], {}),
    ("nadam.optax", "nadam", [
        {"learning_rate": 1 / 1024},
        {"learning_rate": 0.1, **_BETAS, "eps_root": 1e-6},
    ], {}),
    ("nadamw.optax", "nadamw", [
        {"learning_rate": 1 / 1024},
        {"learning_rate": 0.1, **_BETAS, "eps_root": 1e-6, "weight_decay": 0.1},
    ], {}),
    ("noisy_sgd.optax", "noisy_sgd", [
        {"learning_rate": 0.1},
        {"learning_rate": 1 / 64, "eta": 1.0, "gamma": 1.0},
    ], {}),
    ("novograd.optax", "novograd", [
        {"learning_rate": 1 / 64},
        {"learning_rate": 0.1, **_BETAS, "eps": 1e-3, "eps_root": 1e-6, "weight_decay": 0.1},
    ], {}),
    ("optimistic_adam.optax", "optimistic_adam", [
        {"learning_rate": 0.001},
        {"learning_rate": 0.1, "optimism": 0.3, **_BETAS, "eps_root": 1e-6, "nesterov": False},
    ], {}),
    ("optimistic_adam_v2.optax", "optimistic_adam_v2", [
        {"learning_rate": 1 / 1024},
        {"learning_rate": 0.1, "alpha": 0.5, "beta": 2.0, **_BETAS, "nesterov": False},
    ], {}),
    ("optimistic_gradient_descent.optax", "optimistic_gradient_descent", [
        {"learning_rate": 0.1},
        {"learning_rate": 0.3, "alpha": 0.5, "beta": 2.0},
    ], {}),
    ("polyak_sgd.optax", "polyak_sgd", [
        {},
        {"max_learning_rate": 0.1, "scaling": 0.5, "f_min": 1.0, "eps": 0.1},
        {"max_learning_rate": 10.0, "scaling": 0.5, "f_min": 1.25, "positive_part": True},
    ], {}),
    ("radam.optax", "radam", [
        {"learning_rate": 1 / 1024, "beta2": 0.99},
        {"learning_rate": 0.1, **_BETAS, "eps": 1e-3, "eps_root": 1e-6},
        {"learning_rate": 0.1, "beta2": 0.95, "threshold": 8.0, "nesterov": True},
    ], {}),
    ("rmsprop.optax", "rmsprop", [
        {"learning_rate": 1 / 64},
        {"learning_rate": 0.1, "alpha": 0.5, "eps": 1e-3, "initial": 1.0, "eps_in_sqrt": False,
         "momentum": 0.5, "nesterov": True},
        {"learning_rate": 0.1, "eps": 1e-2, "centered": True, "momentum": 0.9},
        {"learning_rate": 0.1, "bias_correction": True},
        {"learning_rate": 0.1, "eps": 1.0, "centered": True, "bias_correction": True},
    ], {"alpha": "decay", "initial": "initial_scale"}),
    ("rprop.optax", "rprop", [
        {"learning_rate": 0.1},
        {"learning_rate": 0.1, "shrink": 0.25, "grow": 1.5, "least": 0.05, "most": 0.5},
    ], {"shrink": "eta_minus", "grow": "eta_plus", "least": "min_step_size",
        "most": "max_step_size"}),
    ("sgd.optax", "sgd", [
        {"learning_rate": 0.1},
        {"learning_rate": 0.1, "momentum": 0.9},
        {"learning_rate": 0.1, "momentum": 0.9, "nesterov": True},
    ], {}),
    ("sign_sgd.optax", "sign_sgd", [{"learning_rate": 0.1}, {"learning_rate": 0.001}], {}),
    ("signum.optax", "signum", [
        {"learning_rate": 0.1},
        {"learning_rate": 0.01, "beta": 0.5},
    ], {}),
    ("sm3.optax", "sm3", [{"learning_rate": 0.1}, {"learning_rate": 0.5, "momentum": 0.5}], {}),
    ("yogi.optax", "yogi", [
        {"learning_rate": 1 / 64},
        {"learning_rate": 0.1, **_BETAS, "eps": 1e-6},
    ], {}),
    ("acprop.optax", "contrib.acprop", [
        {"learning_rate": 1 / 1024},
        {"learning_rate": 0.01, **_BETAS, "eps": 1e-3, "eps_root": 1e-6, "weight_decay": 0.1},
    ], {}),
    ("ademamix.optax", "contrib.ademamix", [
        {"learning_rate": 1 / 1024},
        {"learning_rate": 0.1, **_BETAS, "beta3": 0.99, "alpha": 2.0, "eps_root": 1e-6,
         "weight_decay": 0.1},
    ], {}),
    ("simplified_ademamix.optax", "contrib.simplified_ademamix", [
        {"learning_rate": 1e-4},
        {"learning_rate": 0.01, **_BETAS, "alpha": 3.0, "eps": 1e-3, "eps_root": 1e-6,
         "weight_decay": 0.1},
    ], {}),
    ("adopt.optax", "contrib.adopt", [
        {"learning_rate": 1 / 1024},
        {"learning_rate": 0.01, **_BETAS, "eps": 1e-3, "nesterov": True},
        {"learning_rate": 0.01, **_BETAS, "eps": 1e-2, "use_clipping": False},
    ], {}),
    ("cocob.optax", "contrib.cocob", [
        {},
        {"learning_rate": 0.5, "alpha": 10.0, "eps": 1e-3, "weight_decay": 0.1},
    ], {}),
    ("dadapt_adamw.optax", "contrib.dadapt_adamw", [
        {},
        {"learning_rate": 1 / 64, "beta2": 0.99, "estim_lr0": 1e-3, "weight_decay": 0.01},
    ], {}),
    ("dog.optax", "contrib.dog", [
        {},
        {"learning_rate": 0.5, "first_share": 0.0, "first_distance": 0.1, "weight_decay": 0.01},
        {"first_share": 0.0, "first_rate": 0.01, "eps": 1e-3},
    ], {}),
    ("dowg.optax", "contrib.dowg", [
        {},
        {"learning_rate": 0.5, "init_estim_sq_dist": 0.01, "eps": 1e-2, "weight_decay": 0.01},
    ], {}),
    ("madgrad.optax", "contrib.madgrad in float64", [
        {"learning_rate": 0.01},
        {"learning_rate": 1 / 64, "momentum": 0.5, "weight_decay": 0.01, "eps": 1e-3},
    ], {}),
    ("momo.optax", "contrib.momo", [
        {},
        {"learning_rate": 0.1, "beta": 0.5, "lower_bound": 0.5, "weight_decay": 0.1},
        {"learning_rate": 0.1, "lower_bound": 1.0, "weight_decay": 0.01, "adapt_lower_bound": True},
    ], {}),
    ("momo_adam.optax", "contrib.momo_adam", [
        {},
        {"learning_rate": 0.1, **_BETAS, "lower_bound": 0.5, "weight_decay": 0.1},
        {"learning_rate": 0.1, "lower_bound": 1.0, "weight_decay": 0.01, "adapt_lower_bound": True},
    ], {}),
    ("muon.optax", "contrib.muon", [
        {"learning_rate": 1 / 64},
        {"learning_rate": 0.1, "momentum": 0.5, "weight_decay": 0.1, "nesterov": False},
        {"learning_rate": 0.1, "consistent_rms": 0.2, "adaptive": True, "a": 2.0, "b": -1.5,
         "c": 0.5, "adam_weight_decay": 0.1, "adam_beta1": 0.5, "adam_eps_root": 1e-6},
    ], {}),
    ("prodigy.optax", "contrib.prodigy", [
        {"learning_rate": 1 / 64},
        {"learning_rate": 1 / 4, "beta1": 0.5, "beta2": 0.99, "estim_lr0": 1e-3,
         "estim_lr_coef": 0.5, "weight_decay": 0.01, "safeguard_warmup": True},
    ], {}),
    ("sam.optax", "contrib.sam", [{}, {"learning_rate": 0.1, "rho": 0.5, "sync_period": 3}], {}),
    # A warm-up of 4 steps to 1/8 is exact in the float32 that optax counts schedules in.
    ("schedule_free_sgd.optax", "contrib.schedule_free_sgd", [
        {"learning_rate": 0.1},
        {"learning_rate": 0.125, "warmup": 4, "beta1": 0.5, "weight_decay": 0.1,
         "weight_lr_power": 1.0},
    ], {"warmup": "warmup_steps"}),
    ("schedule_free_adamw.optax", "contrib.schedule_free_adamw", [
        {},
        {"learning_rate": 0.125, "warmup": 4, **_BETAS, "eps": 1e-3, "weight_decay": 0.1},
    ], {"warmup": "warmup_steps"}),
]  # fmt: skip

_SIGN = "What is left of a mean is a rounding error there, and its sign decides the step."
_GROWS = "The rule itself makes a rounding error larger from step to step."
_CANCELS = "The model of the loss is a small difference of large products."
_VARIANCE = "The variance of one gradient is zero, and its rounding error is as large as eps."

# Settings of a rule are counted from 0.
_WITHOUT = {
    ("adagrad", 1): {"squares denormal": FLUSHED},
    ("cocob", 1): {"growing": _GROWS},
    ("dadapt_adamw", 1): {"slow drift": _GROWS},
    ("dog", 1): {"growing": _GROWS},
    ("dowg", 1): {"growing": _GROWS},
    ("fromage", 1): {"slow drift": _GROWS},
    ("lamb", 0): {"squares denormal": FLUSHED, "slow drift": _SIGN},
    ("lars", 0): {"squares denormal": FLUSHED},
    ("momo", 0): dict.fromkeys(("huge", "mixed sizes", "shrinking"), _CANCELS),
    ("momo", 2): dict.fromkeys(("one over t", "shrinking", "zeros then spike"), _CANCELS),
    ("momo_adam", 0): dict.fromkeys(("huge", "mixed sizes", "shrinking"), _CANCELS),
    ("momo_adam", 2): dict.fromkeys(("one over t", "shrinking", "zeros then spike"), _CANCELS),
    ("prodigy", 1): {"slow drift": _GROWS},
    ("rmsprop", 4): dict.fromkeys(("101-periodic", "huge", "mixed sizes", "shrinking"), _VARIANCE),
    ("signum", 0): {"slow drift": _SIGN},
    ("sm3", 0): {"squares denormal": FLUSHED},
    ("sm3", 1): {"squares denormal": FLUSHED},
    ("yogi", 1): {"shrinking": _SIGN},
}
_LOSSES = ("polyak_sgd", "momo", "momo_adam")


def _text(value):
    """A setting as a user writes it."""
    return str(value).lower() if isinstance(value, bool) else repr(value)


def _case(rule, made_by, settings, renamed, *, index):
    name = rule.removesuffix(".optax")
    return Case(
        rule,
        {key: _text(value) for key, value in settings.items()},
        {"made_by": made_by, **{renamed.get(key, key): v for key, v in settings.items()}},
        without={"denormal": FLUSHED, **_WITHOUT.get((name, index), {})},
        losses=name in _LOSSES,
    )


def case_of(rule, settings):
    """The case of a rule with settings as a user writes them."""
    row = next(row for row in _ROWS if row[0] == rule)
    values = {name: value_of(text) for name, text in settings.items()}
    return _case(rule, row[1], values, {**_PAIR, **row[3]}, index=-1)


_CASES = [
    _case(rule, made_by, settings, {**_PAIR, **renamed}, index=index)
    for rule, made_by, rows, renamed in _ROWS
    for index, settings in enumerate(rows)
]
CONTRIB = [case for case in _CASES if str(case.options["made_by"]).startswith("contrib.")]
OPTAX = [case for case in _CASES if case not in CONTRIB]
