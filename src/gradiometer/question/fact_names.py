"""The facts that each question may give, and the words of those that are one of a few words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from gradiometer.errors import UsageError, suggest

FACT_NAMES: Mapping[str, tuple[str, ...]] = {
    "activation": (
        "formula", "derivative", "pieces", "affine", "polynomial", "continuous", "kinks", "jumps",
        "range", "monotone", "convex", "lipschitz", "slope_range", "limit_left", "limit_right",
        "slope_left", "slope_right", "vanishes_left", "vanishes_right", "dead", "smoothness",
        "minimum", "maximum", "odd", "even", "periodic", "suitable", "reasons", "dead_fraction",
        "mean", "second_moment", "variance", "slope_second_moment", "gain", "gain_torch",
        "published_gains", "chi", "critical_weight_variance", "fixed_point",
        "chi_at_fixed_point", "phase", "comparison", "distance", "distance_at", "solution",
        "unique", "box",
    ),
    "gradient": (
        "value", "derivatives", "nodes", "edges", "contributions", "paths", "path_count",
        "one_sided", "mass", "positive_mass", "negative_mass", "cancellation", "effective_paths",
        "by_length", "edge_contributions", "tangents", "top_paths", "most_positive",
        "most_negative", "coverage", "branches", "grouped", "norm", "matches", "tensors", "uses",
        "residuals",
    ),
    "parameters": (
        "parameters", "weights", "biases", "trainable", "frozen", "shared", "buffers",
        "embedding", "non_embedding", "active", "layers", "tensors", "macs", "macs_by_line",
        "flops", "operations", "memory_inference", "inference_bytes", "memory_training",
        "training_bytes", "kv_cache", "difference", "total_difference", "scaling", "solution",
    ),
    "schedule": (
        "values", "changes", "first", "last", "peak", "warmup_end", "constant_from",
        "rises_again", "total", "others", "compared", "settings", "live", "reductions", "best",
    ),
    "trajectory": (
        "verdict", "lowest", "lowest_at", "lowest_step", "final", "cycle", "growth_factor",
        "limit", "engine", "nearest_critical", "not_finite", "rounding", "rounding_float32",
        "float64", "float32", "continuous", "bounds", "limit_bounds", "changes",
    ),
    "stability": (
        "critical", "condition", "safe", "loss", "stable", "multipliers", "growth", "below",
        "above", "best", "at", "curvature", "points", "assumed", "swing",
        "doublings", "step_bound", "worst_gradients",
    ),
    "escape": (
        "barrier", "attained", "peak", "peak_step", "regimes", "at_kink", "float64_barrier",
        "float32_barrier", "floats_differ", "rounding", "rounding_float32", "continuous",
        "overshoot", "reached", "run_up", "climb", "between", "settled",
        "scaling",
    ),
    "training": (
        "best", "best_rate", "claims", "sensitivity", "range_test", "sharpness", "runs", "diverged",
        "test_accuracy", "validation_accuracy", "train_accuracy", "test_loss", "validation_loss",
        "train_loss", "epochs_to_target", "loss_gap", "accuracy_gap", "vanishing_ratio", "layers",
        "plan", "examples", "parameters", "kernels", "steps", "multiply_adds", "memory_bytes",
    ),
    "sweep": (
        "runs", "labels", "kinds", "periods", "cell", "verdict", "limit", "cycle", "final",
        "proofs", "compared", "contradicted", "undecided", "boundary", "sample",
    ),
    "claim": (
        "holds", "counterexample", "statement", "links", "first_wrong", "slip", "charged", "lines",
    ),
}  # fmt: skip
"""Each fact that some answer to the question has; not every answer has all of them."""

WORDS: Mapping[str, tuple[str, ...]] = {
    "monotone": (
        "increasing", "nondecreasing", "constant", "nonincreasing", "decreasing", "none",
    ),
    "convex": ("convex", "concave", "affine", "none"),
    "smoothness": ("discontinuous", "C^0", "C^1", "C^2", "C^oo"),
    "phase": ("ordered", "edge", "chaotic", "none"),
    "verdict": ("converges", "cycle", "escapes", "diverges", "bounded", "unknown"),
    "engine": ("exact", "ball", "float64", "float32"),
    "outcome": ("stays", "trapped", "escapes", "outside"),
}  # fmt: skip
"""Facts, and parts of facts, whose value is one of a few words."""

_TRUTHS = ("claims.verdict",)
"""Parts that are called like a fact of another question, and are true or false."""

_ORDER = re.compile(r"C\^\d+")


def check_fact(question: str, path: str, equals: Any, present: Iterable[str] = ()) -> None:
    """Refuse a claim about a fact that the question never gives, or with a word it never says.

    Args:
        question: The question's noun.
        path: Dotted path of the fact.
        equals: What it is said to be.
        present: Facts that are known besides those in `FACT_NAMES`.

    Raises:
        UsageError: If the name or the word is not known; it says which are.

    Example:
        >>> check_fact("activation", "convex", "concave")
    """
    name = path.partition(".")[0].strip()
    names = tuple(dict.fromkeys((*present, *FACT_NAMES.get(question, ()))))
    if name not in names:
        raise _unknown(f"The question `{question}` has no fact `{name}`.", name, names)
    check_word(path, equals)


def check_word(path: str, equals: Any) -> None:
    """Refuse a value that is none of the words of the fact, or of the part, at the path.

    Raises:
        UsageError: If the word is not known; it says which are.
    """
    name = path.rpartition(".")[2].strip()
    is_truth = f"{path.partition('.')[0].strip()}.{name}" in _TRUTHS
    words = ("yes", "no", "true", "false") if is_truth else WORDS.get(name)
    if words is None or equals is None:
        return
    word = {True: "yes", False: "no"}[equals] if isinstance(equals, bool) else str(equals).strip()
    if word in words or (name == "smoothness" and _ORDER.fullmatch(word)):
        return
    raise _unknown(f"`{name}` is never `{word}`.", word, words)


def _unknown(problem: str, name: str, known: tuple[str, ...]) -> UsageError:
    nearest = suggest(name, known)
    return UsageError(problem, known=known, hint=f"write `{nearest}`" if nearest else "")
