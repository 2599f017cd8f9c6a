"""The question `training`: what do learning rate and schedule do to a real small network?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from gradiometer.question.answer import Answer
from gradiometer.question.training_arrays import Results, list_series
from gradiometer.question.training_best import list_best
from gradiometer.question.training_claims import list_claims
from gradiometer.question.training_facts import list_facts
from gradiometer.question.training_make import find_kept, list_missing, make_all
from gradiometer.question.training_plan import list_plan
from gradiometer.question.training_quick import shorten
from gradiometer.question.training_range import Sweep, read_sweep, try_range
from gradiometer.question.training_read import Request, Wanted, read_request
from gradiometer.question.training_sensitivity import list_sensitivity
from gradiometer.question.training_sharpness import tell_sharpness


def training(
    networks: str | Sequence[str],
    *,
    data: str | Sequence[str],
    target: str | None = None,
    activation: str | Sequence[str] = "relu",
    optimizer: str | Sequence[str] = "sgd",
    set: Mapping[str, Any] | None = None,
    schedule: str | Sequence[str] | None = None,
    per: str = "epoch",
    initialization: str | Sequence[str] = "he",
    loss: str | Sequence[str] | None = None,
    vary: str | Sequence[str] | None = None,
    epochs: int = 20,
    batch: int = 32,
    dropout: Any = 0,
    label_noise: Any = 0,
    seeds: int = 3,
    seed: int = 0,
    precision: str | Sequence[str] = "float32",
    validation: Any = "1/5",
    test: Any = "1/5",
    split: str = "each",
    scale: str = "standard",
    compare: str | None = None,
    target_accuracy: Any = None,
    target_loss: Any = None,
    within: Any = "1/20",
    compare_at: str = "best",
    sharpness: int = 0,
    range_test: str | None = None,
    keep: str | None = None,
    quick: bool = False,
    dry_run: bool = False,
) -> Answer:
    """What training does to small networks, measured on every cell of a grid.

    A list for `networks`, `data`, `activation`, `optimizer`, `schedule`, `initialization`, `loss`
    or `precision`, and each name in `vary`, is an axis; the grid is their product, and every cell
    is run once for each seed. All cells with the same data and seed have the same split, order of
    examples and draws of weights.

    Args:
        networks: Widths such as `64-100-10`; `d` and `k` stand for what the data need.
        data: A name such as `digits` or `moons(noise=1/5)`, or a CSV, NPZ or Parquet file.
        target: The column of a file that is learnt.
        activation: Catalogue names or formulas in `x`, for the hidden layers.
        optimizer: Catalogue names.
        set: Values of parameters of the rules, schedules and activations.
        schedule: Catalogue names or formulas in `k`; the rule's own rate where there is none.
        per: Whether `k` counts epochs or steps: `epoch` or `step`.
        initialization: Catalogue names, or the variance of normal weights as a formula of `fan_in`,
            `fan_out` and `gain`.
        loss: `cross_entropy` (softmax, or a sigmoid for one output), `sigmoid` or `squared`.
        vary: Texts such as `learning_rate=1e-3:1:7:log` or `batch=16,64`; `epochs`, `dropout` and
            `label_noise` are varied so too.
        epochs: How often each example is met.
        batch: How many examples a step takes.
        dropout: The share of hidden units left out at each step.
        label_noise: The share of training labels that are made wrong.
        seeds: How many runs of each cell.
        seed: The first seed.
        precision: `float32` or `float64`.
        validation: The share of examples that choose, for instance, the best rate.
        test: The share of examples that judge.
        split: Whether each seed has a split of its own (`each`) or all have that of the first.
        scale: How inputs are scaled: `standard`, `unit` or `none`.
        compare: The axis whose values are compared with its first one.
        target_accuracy: The accuracy whose first epoch is wanted.
        target_loss: The same for a loss.
        within: How much worse than the best a learning rate may be to count as good.
        compare_at: Whether values are compared each at its `best` learning rate, or at `all`.
        sharpness: After how many epochs each the largest eigenvalue of the Hessian is measured, to
            see it beside the largest at which the rule is stable; 0 for never.
        range_test: Rates `low:high:steps` such as `1e-5:10:100` of a test beside the grid, in
            which the rate grows at every step, to see what published rules suggest.
        keep: A file of runs. What it has is not run again, and each run is written to it as soon
            as it is done, so that the same call goes on after an interrupt.
        quick: Whether to take a first look: at most 5 epochs, 2 seeds, and 3 values of each number
            that varies. The warnings of the answer say what was changed.
        dry_run: Whether only to say what it would cost.

    Returns:
        Facts, all `measured`, most of them a row for each cell with `mean`, `interval` and `n`:
        `best`, `best_rate`, `claims`, `sensitivity`, `range_test`, `sharpness`, `runs`,
        `diverged`, `test_accuracy`, `validation_accuracy`, `train_accuracy`, the same for `loss`,
        `epochs_to_target`, `loss_gap`, `accuracy_gap`, `vanishing_ratio`, `layers`. The arrays
        hold all curves. With `dry_run` the facts `plan`, `examples`, `parameters`, `kernels`,
        `steps`, `multiply_adds` and `memory_bytes`.

    Raises:
        GradiometerError: If an input cannot be used. A run that diverges is no error.

    Example:
        >>> answer = training("2-8-1", data="moons", set={"learning_rate": "1/2"}, epochs=3)
        >>> answer.facts["test_accuracy"].status
        'measured'
    """
    wanted = Wanted(
        networks, data, target, activation, optimizer, set or {}, schedule, per, initialization,
        loss, vary, epochs, batch, dropout, label_noise, seeds, seed, precision, validation, test,
        split, scale, compare, target_accuracy, target_loss, within, compare_at, sharpness,
    )  # fmt: skip
    wanted, said = shorten(wanted) if quick else (wanted, ())
    answer = _answer(read_request(wanted), read_sweep(range_test), keep=keep, is_dry=dry_run)
    return replace(answer, warnings=(*said, *answer.warnings))


def _answer(request: Request, sweep: Sweep | None, *, keep: str | None, is_dry: bool) -> Answer:
    """What the runs say; what they would cost where they are not made."""
    kept = find_kept(request, keep)
    if is_dry:
        return Answer("training", request.inputs, list_plan(request, list_missing(request, kept)))
    results = Results(request, make_all(request, kept))
    facts = list_best(results) | list_claims(results) | list_sensitivity(results)
    tested, arrays = try_range(results, sweep, facts.get("sensitivity"))
    sharp, more = tell_sharpness(results)
    facts |= tested | sharp | list_facts(results)
    warnings = []
    if len(request.seeds) == 1:
        warnings.append("One seed gives no interval: ask for `seeds` of 2 or more.")
    return Answer("training", request.inputs, facts, (), list_series(results) | arrays | more,
                  warnings=tuple(warnings))  # fmt: skip
