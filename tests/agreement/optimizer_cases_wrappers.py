"""Which wrappers are compared with those of torch, Keras and optax, around which rules."""

from agreement.optimizer_cases import Case, options_of
from agreement.optimizer_cases_optax import FLUSHED

SGD = {"learning_rate": "1/64", "momentum": "1/2"}
ADAM = {"learning_rate": "1/64"}
RMSPROP = {"learning_rate": "1/64"}
BOTH = {"sgd": SGD, "adam": ADAM}
THREE = {**BOTH, "rmsprop": RMSPROP}

_NAMES = {
    "torch": {"learning_rate": "lr"},
    "keras": {},
    "optax": {},
}
_CLASSES = {
    "torch": {"sgd": "SGD", "adam": "Adam", "rmsprop": "RMSprop"},
    "keras": {"sgd": "SGD", "adam": "Adam", "rmsprop": "RMSprop"},
    "optax": {"sgd": "sgd", "adam": "adam", "rmsprop": "rmsprop"},
}
# What a wrapper cannot be compared on, by library.
_WITHOUT = {"optax": {"denormal": FLUSHED}}


def _cases(library, wrapper, settings, rules, *, names=None, broken=False, without=None):
    """The cases of one wrapper around several rules.

    Args:
        library: Its name.
        wrapper: Our name of the wrapper, without dialect.
        settings: The wrapper's parameters, as a user writes them.
        rules: The settings of each rule.
        names: What the library calls the wrapper's parameters, where it is another name.
        broken: Whether gradients that are no numbers are compared too.
        without: Tapes that say nothing here, and why.
    """
    plain = {key.rpartition(".")[2]: text for key, text in settings.items()}
    for rule, own in rules.items():
        yield Case(
            f"{wrapper}.{library}({rule}.{library})",
            {**settings, **own},
            {
                "wrapper": wrapper,
                "wrapper_options": options_of(plain, names=names or {}),
                "made_by": _CLASSES[library][rule],
                **options_of(own, names=_NAMES[library]),
            },
            without={**_WITHOUT.get(library, {}), **(without or {})},
            broken=broken,
        )


TORCH = (
    *_cases("torch", "clip", {"max_delta": "1/8"}, THREE),
    *_cases("torch", "clip_by_global_norm", {"max_norm": "1/2"}, THREE),
)

KERAS = (
    *_cases("keras", "clip", {"max_delta": "1/8"}, THREE, names={"max_delta": "clipvalue"}),
    *_cases("keras", "clip_by_norm", {"max_norm": "1/2"}, THREE, names={"max_norm": "clipnorm"}),
    *_cases(
        "keras", "clip_by_global_norm", {"max_norm": "1/2"}, BOTH,
        names={"max_norm": "global_clipnorm"},
    ),
    *_cases("keras", "decay_weights", {"decay_weights.weight_decay": "1/8"}, BOTH),
    *_cases(
        "keras", "average_weights", {"ema_momentum": "3/4", "overwrite_frequency": "7"},
        BOTH, names={"overwrite_frequency": "ema_overwrite_frequency"},
    ),
    *_cases(
        "keras", "multi_steps", {"every_k": "4"}, THREE,
        names={"every_k": "gradient_accumulation_steps"},
    ),
)  # fmt: skip

OPTAX = (
    *_cases("optax", "clip", {"max_delta": "1/8"}, THREE),
    *_cases("optax", "clip_by_global_norm", {"max_norm": "1/2"}, THREE),
    *_cases("optax", "clip_by_block_rms", {"threshold": "1/2"}, BOTH),
    *_cases("optax", "adaptive_grad_clip", {"clipping": "1/16"}, BOTH),
    *_cases("optax", "centralize", {}, BOTH),
    *_cases("optax", "normalize", {}, BOTH),
    *_cases("optax", "add_decayed_weights", {"weight_decay": "1/8"}, BOTH),
    *_cases("optax", "ema", {"ema.decay": "3/4"}, BOTH),
    *_cases("optax", "ema", {"decay": "3/4", "debias": "false"}, {"sgd": SGD}),
    *_cases("optax", "lookahead", {"sync_period": "6", "slow_step_size": "1/4"}, THREE),
    *_cases("optax", "lookahead", {"sync_period": "5", "reset_state": "true"}, BOTH),
    *_cases("optax", "multi_steps", {"every_k": "4"}, THREE),
    *_cases("optax", "apply_if_finite", {"max_consecutive_errors": "2"}, BOTH, broken=True),
    *_cases("optax", "skip_not_finite", {}, BOTH, broken=True),
    *_cases("optax", "skip_large_updates", {"max_squared_norm": "1"}, BOTH, broken=True),
    *_cases("optax", "zero_nans", {}, BOTH, broken=True),
    *_cases("optax", "keep_params_nonnegative", {}, BOTH),
    *_cases("optax", "project", {"low": "-1/2", "high": "1/4"}, BOTH),
)
