"""What a PyTorch module holds beside its registered tensors: packed weights, and what is loose."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from gradiometer.errors import ModelError
from gradiometer.model.live_model import OwnTensor, join_names, to_shape, to_type

_QUANTIZED = ("torch.ao.nn.quantized", "torch.ao.nn.intrinsic.quantized", "torch.nn.quantized")


def list_packed(torch: Any, module: Any, path: str) -> Iterator[OwnTensor]:
    """The weights that a quantised module keeps packed; they are not trained.

    Raises:
        ModelError: If they cannot be read.
    """
    if not type(module).__module__.startswith(_QUANTIZED):
        return
    if type(module).__name__ in ("LinearPackedParams", "EmbeddingPackedParams"):
        # The module that holds it shows its weights.
        return
    if not hasattr(module, "_packed_params") and not hasattr(module, "_all_weight_values"):
        return
    if not callable(getattr(module, "weight", None)):
        raise ModelError(
            f"`{path}` keeps its weights packed as `{type(module).__name__}` does, which is not "
            "read.",
            hint="return the model as it is before it is quantised",
        )
    # Packed tensors are made anew whenever they are asked for, so the module is what they are.
    for name in ("weight", "bias"):
        tensor = getattr(module, name, None)
        tensor = tensor() if callable(tensor) else tensor
        if isinstance(tensor, torch.Tensor):
            shape, kind = to_shape(tensor.shape), to_type(tensor.dtype)
            yield OwnTensor(name, shape, kind, (id(module), name), frozen=True)


def list_loose(torch: Any, model: Any, paths: Mapping[int, str]) -> Iterator[str]:
    """What is said of tensors and modules that a model holds without having registered them."""
    tensors: list[str] = []
    modules: list[str] = []
    packed: list[str] = []
    for module in model.modules():
        path = paths.get(id(module), "")
        if type(module).__module__.startswith(_QUANTIZED) and hasattr(module, "_packed_params"):
            packed.append(path)
        for name, value in vars(module).items():
            if name.startswith("_") or name == "training":
                continue
            if _is_loose_tensor(torch, module, name, value):
                tensors.append(f"{path}.{name}")
            if any(isinstance(p, torch.nn.Module) for p in _list_items(value)) and any(
                id(p) not in paths for p in _list_items(value) if isinstance(p, torch.nn.Module)
            ):
                modules.append(f"{path}.{name}")
    if packed:
        yield (
            f"Quantised: {join_names(packed)}. Their weights count as frozen; scales and zero "
            "points of the quantisation are not counted."
        )
    if tensors:
        yield (
            f"{join_names(tensors)} is neither a parameter nor a buffer, so it is not counted, "
            "trained or stored."
        )
    if modules:
        yield (
            f"{join_names(modules)} holds modules in a plain list or dict, so PyTorch does not see "
            "their parameters; `ModuleList` or `ModuleDict` would."
        )


def _is_loose_tensor(torch: Any, module: Any, name: str, value: Any) -> bool:
    if not isinstance(value, torch.Tensor) or value.grad_fn is not None:
        return False
    # A weight that is computed before each call, as weight_norm does, stands beside its parts.
    return not any(f"{name}{end}" in module._parameters for end in ("_v", "_g", "_orig"))


def _list_items(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return list(value) if isinstance(value, list | tuple) else []
