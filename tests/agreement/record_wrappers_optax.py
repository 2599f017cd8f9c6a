"""Records what the wrappers of optax do on the tapes, for `test_optimizer_rules.py`.

Run it with an environment that has optax, for about a minute:
`PYTHONPATH=src:tests python tests/agreement/record_wrappers_optax.py`.
"""

import platform
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import optax

from agreement.optimizer_cases_wrappers import OPTAX
from agreement.optimizer_record import write_record

jax.config.update("jax_enable_x64", True)


def run_optax(case, gradients, start):
    """The positions that the wrapped optimizer takes, of shape (tapes, steps + 1, *shape)."""
    options = dict(case.options)
    wrapper, given = options.pop("wrapper"), options.pop("wrapper_options")
    inner = getattr(optax, options.pop("made_by"))(**options)
    whole = ("sync_period", "every_k", "max_consecutive_errors")
    given = {name: int(value) if name in whole else value for name, value in given.items()}
    after = partial(_project, **given) if wrapper == "project" else _leave
    rule = inner if wrapper == "project" else _MADE[wrapper](inner, **given)
    x = jnp.asarray(start, jnp.float64)
    first = optax.LookaheadParams.init_synced(x) if wrapper == "lookahead" else x
    walk = partial(_walk, rule, first, after)
    return np.asarray(jax.jit(jax.vmap(walk))(jnp.asarray(gradients, jnp.float64)))


def _walk(rule, start, after, gradients):
    def step(carry, gradient):
        x, state = carry
        update, state = rule.update(gradient, state, x)
        x = after(optax.apply_updates(x, update))
        return (x, state), _place(x)

    _, positions = jax.lax.scan(step, (start, rule.init(start)), gradients)
    return jnp.concatenate([_place(start)[None], positions])


def _place(x):
    """Where the gradient is taken."""
    return x.fast if isinstance(x, optax.LookaheadParams) else x


def _leave(x):
    return x


def _project(x, *, low, high):
    return optax.projections.projection_box(x, low, high)


def _before(make):
    """The wrapper that changes gradients before the rule sees them."""
    return lambda inner, **given: optax.chain(make(**given), inner)


def _behind(make):
    """The wrapper that changes the rule's steps."""
    return lambda inner, **given: optax.chain(inner, make(**given))


def _multi_steps(inner, *, every_k=1, skip=None):
    # Gradients are added up in float32 unless it is said otherwise.
    return optax.MultiSteps(
        inner, every_k, should_skip_update_fn=skip, accumulator_dtype=jnp.float64
    ).gradient_transformation()


def _skip_large(inner, *, max_squared_norm):
    skip = partial(optax.skip_large_updates, max_squared_norm=max_squared_norm)
    return _multi_steps(inner, skip=skip)


def _lookahead(inner, *, slow_step_size=0.5, **given):
    return optax.lookahead(inner, slow_step_size=slow_step_size, **given)


_MADE = {
    "clip": _before(optax.clip),
    "clip_by_global_norm": _before(optax.clip_by_global_norm),
    "clip_by_block_rms": _before(optax.clip_by_block_rms),
    "adaptive_grad_clip": _before(optax.adaptive_grad_clip),
    "centralize": _before(optax.centralize),
    "normalize": _before(optax.contrib.normalize),
    "add_decayed_weights": _before(optax.add_decayed_weights),
    "zero_nans": _before(optax.zero_nans),
    "ema": _behind(optax.ema),
    "keep_params_nonnegative": _behind(optax.keep_params_nonnegative),
    "lookahead": _lookahead,
    "multi_steps": _multi_steps,
    "apply_if_finite": optax.apply_if_finite,
    "skip_not_finite": partial(_multi_steps, skip=optax.skip_not_finite),
    "skip_large_updates": _skip_large,
}


def record():
    """Writes the record."""
    versions = {
        "python": platform.python_version(),
        "jax": jax.__version__,
        "optax": optax.__version__,
        "dtype": "float64",
    }
    write_record("optax_wrapped", versions=versions, cases=OPTAX, run=run_optax)


if __name__ == "__main__":
    record()
