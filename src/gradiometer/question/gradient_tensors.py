"""The gradient of a model of tensors: which use of each tensor brings how much of it."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from gradiometer import model as models
from gradiometer.errors import ModelError, Place, UsageError
from gradiometer.model import SplitTensor, TensorGradient, TensorUse
from gradiometer.question.answer import Answer, Fact, Series, computed
from gradiometer.question.gradient_model import load_model
from gradiometer.question.model_loading import SEED

_ADAPTERS: Mapping[str, str] = {"jax": "split_jax", "torch": "split_torch"}
"""What splits a gradient, by framework."""

_FRAMEWORKS: Mapping[str, str] = {
    "equinox": "jax",
    "flax": "jax",
    "jax": "jax",
    "jaxlib": "jax",
    "torch": "torch",
}
"""The framework behind the types of a package."""


def answer_model(
    loss: Any, model: Any, *, watch: str | Sequence[str], others: Mapping[str, Any]
) -> Answer:
    """The answer about a model.

    Args:
        loss: A function that takes the model and returns a scalar; None where a text names both.
        model: A module, its parameters, or a text such as `package.module:factory`.
        watch: Paths of inner tensors to split besides the leaves.
        others: What else was given to the question; a model takes none of it.

    Raises:
        UsageError: If something is given that does not fit a model.
        ModelError: If the model or its loss cannot be asked.
    """
    for name, value in others.items():
        if value is not None and value != ():
            raise UsageError(
                f"`model` takes no `{name}`: a model is asked where it stands.",
                place=Place(name),
                hint=f"leave `{name}` out",
            )
    paths = (watch,) if isinstance(watch, str) else tuple(watch)
    if isinstance(model, str):
        if loss is not None:
            raise UsageError(
                "`model` names its loss itself, so there is no computation beside it.",
                place=Place("model"),
                hint="leave the computation out",
            )
        with load_model(model) as (named, built):
            found = _split(named, built, paths)
        note = f"Random numbers start from seed {SEED} before `{model.strip()}` is called."
        return to_answer(found, name=model.strip(), watch=paths, notes=(note,))
    if not callable(loss):
        raise UsageError(
            "With `model` the computation is a function of it that returns a scalar.",
            place=Place("model"),
            hint="write such as `gradient(loss, model=model)`",
        )
    return to_answer(_split(loss, model, paths), name=type(model).__name__, watch=paths)


def _split(loss: Callable[[Any], Any], model: Any, watch: Sequence[str]) -> TensorGradient:
    framework = find_framework(model)
    if framework not in _ADAPTERS:
        raise ModelError(
            f"The model, `{type(model).__name__}`, holds no tensors of a framework that is known.",
            known=tuple(_ADAPTERS),
            hint="give a module, or a list or dict of tensors",
        )
    return getattr(models, _ADAPTERS[framework])(loss, model, watch=watch)


def find_framework(model: Any) -> str:
    """The framework whose tensors the model holds, without loading it; empty where none is known.

    Example:
        >>> find_framework({"w": 1.0})
        ''
    """
    waiting = [model]
    while waiting:
        part = waiting.pop()
        packages = {kind.__module__.partition(".")[0] for kind in type(part).__mro__}
        found = {_FRAMEWORKS[package] for package in packages if package in _FRAMEWORKS}
        if found:
            return min(found)
        if isinstance(part, Mapping):
            waiting.extend(part.values())
        elif isinstance(part, list | tuple):
            waiting.extend(part)
        elif dataclasses.is_dataclass(part) and not isinstance(part, type):
            waiting.extend(vars(part).values())
    return ""


def to_answer(
    found: TensorGradient, *, name: str, watch: Sequence[str] = (), notes: Sequence[str] = ()
) -> Answer:
    """The answer that holds what a framework's own backward pass brought.

    Args:
        found: The split gradient.
        name: What the model is called.
        watch: Paths of the tensors that were watched.
        notes: What a reader should know besides.
    """
    inputs: dict[str, Any] = {
        "model": name,
        "framework": found.framework,
        "version": found.version,
        "dtype": sorted({tensor.dtype for tensor in found.tensors}),
    }
    if watch:
        inputs["watch"] = list(watch)
    return Answer(
        "gradient",
        inputs,
        _list_facts(found),
        arrays=_list_arrays(found),
        warnings=(*notes, *found.notes),
    )


def _list_facts(found: TensorGradient) -> dict[str, Fact]:
    leaves = [t for t in found.tensors if t.kind in ("parameter", "input")]
    facts = {
        "value": computed(found.value, f"The loss, as {found.framework} computes it."),
        "norm": computed(
            math.hypot(*(tensor.norm for tensor in leaves)),
            "The length of the gradient of all leaves together: the root of the sum of squares.",
        ),
        "matches": _match_fact(found),
        "tensors": computed(
            [_tensor_row(tensor) for tensor in found.tensors],
            "Each tensor with the norm of its gradient and the number of its uses.",
        ),
        "uses": computed(
            # What is used in several places is what a reader looks for.
            [
                _use_row(tensor.name, use)
                for tensor in sorted(found.tensors, key=lambda tensor: len(tensor.uses) < 2)
                for use in tensor.uses
            ],
            "A use is one edge into the tensor in the graph of the gradient. What the uses bring "
            "adds up to the gradient; a share is the part of a use along the gradient, over the "
            "gradient itself, so the shares of a tensor add up to 1 but for rounding. What one "
            "operation adds up inside, as over a batch, is one use.",
        ),
    }
    if found.residuals:
        facts["residuals"] = computed(
            [
                {
                    "addition": row.addition,
                    "tensor": row.tensor,
                    "kind": row.kind,
                    "place": row.use.place,
                    "use": row.use.operation,
                    "norm": row.use.norm,
                    "cosine": row.use.cosine,
                    "share": row.use.share,
                }
                for row in found.residuals
            ],
            "Where a tensor is added again to what is made of it: the gradient that reaches the "
            "tensor by the skip, by the branch, and past both.",
        )
    return facts


def _match_fact(found: TensorGradient) -> Fact:
    wrong = [f"`{tensor.name}`" for tensor in found.tensors if not tensor.matches]
    count = len(found.tensors)
    if not wrong:
        because = (
            f"Checked in this run: for all {count} tensors the uses, added in the order of "
            f"{found.framework}, equal its own gradient bit for bit; for a leaf that is what a "
            "plain backward pass leaves behind."
        )
    else:
        because = (
            f"For {len(wrong)} of {count} tensors the uses do not add up to the gradient bit for "
            f"bit: {', '.join(wrong[:8])}{', …' if len(wrong) > 8 else ''}."
        )
    return computed(not wrong, because)


def _tensor_row(tensor: SplitTensor) -> dict[str, Any]:
    return {
        "name": tensor.name,
        "also": ", ".join(tensor.also),
        "kind": tensor.kind,
        "shape": " × ".join(map(str, tensor.shape)) or "scalar",
        "norm": tensor.norm,
        "uses": len(tensor.uses),
        "matches": tensor.matches,
        "note": tensor.note,
    }


def _use_row(tensor: str, use: TensorUse) -> dict[str, Any]:
    return {
        "tensor": tensor,
        "place": use.place,
        "use": use.operation,
        "line": use.line,
        "norm": use.norm,
        "cosine": use.cosine,
        "share": use.share,
    }


def _list_arrays(found: TensorGradient) -> dict[str, Series]:
    rows = [(t.name, use) for t in found.tensors for use in t.uses]

    def column(values: list[Any], about: str) -> Series:
        return Series(("use",), [math.nan if v is None else v for v in values], about=about)

    return {
        "tensor": column([name for name, _ in rows], "the tensor"),
        "place": column([use.place for _, use in rows], "where it is used"),
        "operation": column([use.operation for _, use in rows], "what is done with it"),
        "norm": column([use.norm for _, use in rows], "norm of what the use brings"),
        "cosine": column([use.cosine for _, use in rows], "cosine with the gradient"),
        "share": column([use.share for _, use in rows], "share of the gradient"),
    }
