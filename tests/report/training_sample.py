"""A small grid of training runs made by hand: three schedules, five rates, three seeds."""

import numpy as np

from gradiometer.question import Answer, Fact, Series

RATES = [1e-3, 1e-2, 1e-1, 1.0, 10.0]
SCHEDULES = ["constant", "step(step_size=15, gamma=1/2)", "cosine(T_max=40)"]
EPOCHS, SEEDS, LAYERS = 40, 3, 4
_CELLS = [(name, rate) for name in SCHEDULES for rate in RATES]
_RUNS, _CURVE = ("cell", "seed"), ("cell", "seed", "epoch")


def _losses():
    """Losses that fall faster at higher rates, and the steps at which runs diverge."""
    draw = np.random.default_rng(0)
    epochs = np.arange(1, EPOCHS + 1)
    losses = np.empty((len(_CELLS), SEEDS, EPOCHS))
    stopped = np.full((len(_CELLS), SEEDS), -1)
    for cell, (name, rate) in enumerate(_CELLS):
        for seed in range(SEEDS):
            run = 2.3 * np.exp(-0.8 * epochs * min(rate, 0.3)) + 0.02 + 0.01 * draw.random(EPOCHS)
            if rate == RATES[-1] or (rate, seed, name) == (1.0, 0, "constant"):
                at = 3 + seed
                run[:at], run[at:] = 10.0 ** np.arange(at), np.nan
                stopped[cell, seed] = 20 * at
            losses[cell, seed] = run
    return losses, stopped


def _rate(name, start, epoch):
    if name.startswith("step"):
        return start / 2 ** (epoch // 15)
    return start * (1 + np.cos(np.pi * epoch / 40)) / 2 if name.startswith("cos") else start


def make_answer(**changed):
    """The answer, with arrays changed or, where they are None, left out."""
    losses, stopped = _losses()
    norms = losses[..., None] * 10.0 ** -np.arange(LAYERS)
    rates = [[_rate(name, start, epoch) for epoch in range(EPOCHS)] for name, start in _CELLS]
    sharp = np.full(losses.shape, np.nan)
    grown = 1 - np.exp(-np.arange(1, EPOCHS + 1, 4) / 8)
    sharp[:, :, ::4] = 2 / np.array([rate for _, rate in _CELLS])[:, None, None] * grown
    arrays = {
        "cell": Series(("cell",), [f"{name}, {rate}" for name, rate in _CELLS]),
        "seed": Series(("seed",), list(range(SEEDS))),
        "epoch": Series(("epoch",), list(range(1, EPOCHS + 1))),
        "layer": Series(("layer",), list(range(1, LAYERS + 1))),
        "train_loss": Series(_CURVE, losses),
        "validation_loss": Series(_CURVE, 1.3 * losses),
        "train_accuracy": Series(_CURVE, 1 - losses / 4),
        "validation_accuracy": Series(_CURVE, 1 - losses / 3),
        "gradient_norm": Series((*_CURVE, "layer"), norms),
        "weight_norm": Series((*_CURVE, "layer"), 5 + norms),
        "stopped": Series(_RUNS, stopped),
        "rate": Series(("cell", "epoch"), rates),
        "schedule": Series(("cell",), [name for name, _ in _CELLS]),
        "learning_rate": Series(("cell",), [rate for _, rate in _CELLS]),
        "sharpness": Series(_CURVE, sharp),
        "sharpness_threshold": Series(("cell", "epoch"), 2 / np.array(rates)),
    }
    grown = np.geomspace(1e-3, 10, 50)
    fall = 2.3 / (1 + 20 * grown) + np.where(grown > 3, grown**3, 0)
    arrays |= {
        "range_rate": Series(("range_step",), grown),
        "range_cell": Series(("range_cell",), ["all"]),
        "range_loss": Series(("range_cell", "seed", "range_step"), [[fall, fall, fall * 1.1]]),
    }
    read = [("valley", 0.1, True), ("steepest", 0.5, False), ("minimum/10", 0.2, None),
            ("cycle_low", "no good suggestion", None)]  # fmt: skip
    rules = [dict(zip(("rule", "rate", "is_good"), row, strict=True)) for row in read]
    best = [{"schedule": name, "learning_rate": 0.1, "mean": 0.9} for name in SCHEDULES]
    facts = {
        "best_rate": Fact(best, "measured", "By the validation accuracy."),
        "range_test": Fact([*rules, {**rules[0], "rate": 9.0}], "measured", "By losses."),
    }
    kept = {n: changed.get(n, series) for n, series in arrays.items() if n not in changed
            or changed[n] is not None}  # fmt: skip
    return Answer("training", {"networks": ["64-32-10"], "data": "digits"}, facts, (), kept)
