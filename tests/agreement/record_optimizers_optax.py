"""Records what optax's optimizers do on the tapes, for `test_optimizer_rules.py`.

Run it with an environment that has optax, for about two minutes:
`PYTHONPATH=src:tests python tests/agreement/record_optimizers_optax.py`.
"""

import platform
import warnings
from contextlib import contextmanager
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import optax

from agreement.optimizer_cases_optax import CONTRIB, OPTAX
from agreement.optimizer_record import write_record
from agreement.optimizer_tapes import loss_of, noise_of

jax.config.update("jax_enable_x64", True)

contrib = optax.contrib


def run_optax(case, gradients, start):
    """The positions that optax's optimizer takes, of shape (tapes, steps + 1, *shape)."""
    losses = jnp.array([loss_of(k + 1) for k in range(gradients.shape[1])])
    x = jnp.asarray(start, jnp.float64)
    walk = partial(_walk, make(case.options), x, case.losses, losses)
    return np.asarray(jax.jit(jax.vmap(walk))(jnp.asarray(gradients, jnp.float64)))


def run_difference(difference):
    """The positions after each step of the tape of one difference."""
    options = dict(difference.options)
    if difference.rates:
        rates = jnp.array(difference.rates)
        options["learning_rate"] = lambda count: rates[count]
    gradients = jnp.array(difference.tape, jnp.float64)[:, None]
    losses = jnp.full(len(gradients), difference.loss)
    has_loss = options["made_by"] == "polyak_sgd"
    return np.asarray(_walk(make(options), jnp.zeros(1), has_loss, losses, gradients))[1:, 0]


def make(options):
    """The optimizer that a case's options ask for."""
    given = dict(options)
    made_by = given.pop("made_by")
    name = made_by.removeprefix("contrib.")
    maker = _MADE.get(made_by) or getattr(optax if name == made_by else contrib, name)
    with warnings.catch_warnings():
        # `optimistic_adam` is deprecated, and still what users of it run.
        warnings.simplefilter("ignore", DeprecationWarning)
        return maker(**given)


def _walk(rule, start, has_loss, losses, gradients):
    def step(carry, given):
        x, state = carry
        gradient, loss, noise = given
        extra = {"value": loss} if has_loss else {}
        with _drawing(noise):
            update, state = rule.update(gradient, state, x, **extra)
        x = optax.apply_updates(x, update)
        return (x, state), x

    noise = jnp.asarray(noise_of(start.shape)[: len(gradients)])
    _, positions = jax.lax.scan(step, (start, rule.init(start)), (gradients, losses, noise))
    return jnp.concatenate([start[None], positions])


@contextmanager
def _drawing(noise):
    """The normal draws of jax are these numbers."""
    kept = jax.random.normal
    jax.random.normal = lambda key, shape, dtype: noise.astype(dtype)
    try:
        yield
    finally:
        jax.random.normal = kept


def _pair(function, *, b1=0.9, b2=0.999, **given):
    return function(betas=(b1, b2), **given)


def _dog(*, first_share=None, first_distance=None, first_rate=None, **given):
    ways = {"heuristic": first_share, "distance": first_distance, "learning_rate": first_rate}
    chosen = [(way, value) for way, value in ways.items() if value]
    return contrib.dog(**given, **({"init_step": chosen[0]} if chosen else {}))


def _sam(*, learning_rate=0.01, rho=0.05, **given):
    """`sam` around gradient descent, as its documentation shows it."""
    adversary = optax.chain(contrib.normalize(), optax.sgd(rho))
    return contrib.sam(optax.sgd(learning_rate), adversary, **given)


def _noisy(**given):
    return optax.noisy_sgd(key=0, **given)


def _polyak(*, positive_part=False, **given):
    return optax.polyak_sgd(variant="sps+" if positive_part else "sps", **given)


def _muon(*, learning_rate, momentum=0.95, a=3.4445, b=-4.775, c=2.0315, **given):
    renamed = {"adam_beta1": "adam_b1", "adam_beta2": "adam_b2"}
    options = {renamed.get(name, name): value for name, value in given.items()}
    return contrib.muon(learning_rate, ns_coeffs=(a, b, c), beta=momentum, **options)


def _madgrad(*, learning_rate, eps=1e-6, **given):
    """`madgrad` with a rate that takes back the rounding of the root of the step to float32."""

    def rate(count):
        step = jnp.asarray(count + 1, jnp.float64)
        return (learning_rate + eps) * jnp.sqrt(step) / jnp.sqrt(count + 1) - eps

    return contrib.madgrad(rate, eps=eps, **given)


def _adafactor(
    *,
    learning_rate=None,
    min_dim_size_to_factor=128,
    beta2_decay=-0.8,
    threshold=1.0,
    multiply_by_parameter_scale=True,
    momentum=None,
    weight_decay=None,
    eps1=1e-30,
):
    """The chain of `adafactor`, whose decay the alias rounds to float32, with float64 in it."""
    chain = [
        optax.scale_by_factored_rms(
            min_dim_size_to_factor=min_dim_size_to_factor,
            epsilon=eps1,
            decay_rate_fn=lambda count, _: 1 - (count + 1.0) ** beta2_decay,
        ),
        optax.clip_by_block_rms(threshold),
    ]
    if learning_rate is not None:
        chain.append(optax.scale_by_learning_rate(learning_rate, flip_sign=False))
    if multiply_by_parameter_scale:
        chain.append(optax.scale_by_param_block_rms())
    if momentum is not None:
        chain.append(optax.ema(momentum, debias=False))
    if weight_decay is not None:
        chain.append(optax.add_decayed_weights(weight_decay))
    return optax.chain(*chain, optax.scale(-1))


_MADE = {
    "adafactor in float64": _adafactor,
    "noisy_sgd": _noisy,
    "polyak_sgd": _polyak,
    "contrib.dadapt_adamw": partial(_pair, contrib.dadapt_adamw),
    "contrib.dog": _dog,
    "contrib.madgrad in float64": _madgrad,
    "contrib.muon": _muon,
    "contrib.prodigy": partial(_pair, contrib.prodigy),
    "contrib.sam": _sam,
}


def record():
    """Writes both records: what `optax` has, and what `optax.contrib` has."""
    versions = {
        "python": platform.python_version(),
        "jax": jax.__version__,
        "optax": optax.__version__,
        "dtype": "float64",
    }
    for library, cases in (("optax", OPTAX), ("optax_contrib", CONTRIB)):
        write_record(library, versions=versions, cases=cases, run=run_optax)


if __name__ == "__main__":
    record()
