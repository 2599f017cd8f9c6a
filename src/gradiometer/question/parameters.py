"""The question `parameters`: what a network costs, layer by layer, alone or beside others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gradiometer.errors import Place, UsageError
from gradiometer.model import Network, read_network
from gradiometer.question.answer import Answer, Fact, Step, proved

_DOT = r" \cdot "
_MOST_TERMS = 20
"""Longer sums are written with their middle left out."""


def parameters(networks: Sequence[str] | str, *, bias: bool = True) -> Answer:
    """How many numbers each network learns, with the sum that gives it.

    Args:
        networks: Widths such as `100-100-20-1`, inputs first; several are set side by side.
        bias: Whether each unit has a bias.

    Returns:
        Facts `parameters`, `weights` (never with biases), `biases` and `layers`. With several
        networks each fact is keyed by the network's text (`3-2 (2)` where it comes again), and
        `difference` lists layer by layer what every further network has more than the first; its
        rows add up to `total_difference`.

    Raises:
        FormulaError: If a text is no network.
        UsageError: If there is no network, or *bias* is neither true nor false.

    Example:
        >>> parameters("100-100-20-1").facts["weights"].value
        12020
    """
    texts = [networks] if isinstance(networks, str) else list(networks)
    if not texts:
        raise UsageError("There is no network.", hint="write widths such as `100-20-1`")
    if not isinstance(bias, bool):
        raise UsageError(f"`bias` is true or false, not `{bias}`.", known=("true", "false"))
    for text in texts:
        if not isinstance(text, str):
            raise UsageError(
                f"A network is a text such as `100-20-1`, not {text!r}.",
                hint="write the widths in quotes",
            )
    place = Place("networks")
    models = [read_network(text, bias=bias, place=place) for text in texts]
    inputs = {"networks": [model.text for model in models], "bias": bias}
    if len(models) == 1:
        return Answer("parameters", inputs, _facts(models[0]), _count_steps(models[0]))
    steps = tuple(step for model in dict.fromkeys(models) for step in _count_steps(model))
    return Answer(
        "parameters", inputs, _facts_side_by_side(models), steps + _difference_steps(models)
    )


def _names(models: Sequence[Network]) -> list[str]:
    """The text of each network, with a number where it stood before, such as `3-2 (2)`."""
    counts: dict[str, int] = {}
    names: list[str] = []
    for text in (model.text for model in models):
        counts[text] = counts.get(text, 0) + 1
        names.append(text if counts[text] == 1 else f"{text} ({counts[text]})")
    return names


def _facts(network: Network) -> dict[str, Fact]:
    weights, biases = _total_weights(network), _total_biases(network)
    counted = "weights and biases" if network.has_bias else "weights; there are no biases"
    total = _count(weights, "weight")
    total += f" and {_count(biases, 'bias')}." if network.has_bias else "; there are no biases."
    return {
        "parameters": proved(weights + biases, total),
        "weights": proved(weights, f"{_weights_sum(network)}: every unit meets every input."),
        "biases": proved(
            biases,
            f"{_biases_sum(network)}: one for each unit." if biases else "The layers have none.",
        ),
        "layers": proved(_layer_rows(network), f"Each row counts {counted}; the rows add up."),
    }


def _count(number: int, what: str) -> str:
    many = f"{what}{'es' if what.endswith('s') else 's'}"
    return f"{number:,} {what if number == 1 else many}"


def _facts_side_by_side(models: Sequence[Network]) -> dict[str, Fact]:
    names = _names(models)
    each = {name: _facts(model) for name, model in zip(names, models, strict=True)}
    facts = {
        name: proved(
            {text: facts[name].value for text, facts in each.items()},
            _reasons({text: facts[name].because for text, facts in each.items()}),
        )
        for name in ("parameters", "weights", "biases", "layers")
    }
    first, others = models[0], models[1:]
    rows = [_difference_rows(first, *other) for other in zip(others, names[1:], strict=True)]
    totals = [_total(other) - _total(first) for other in others]
    why = f"Parameters of each layer minus those of {first.text}; the rows add up."
    if len(others) == 1:
        facts["difference"] = proved(rows[0], why)
        facts["total_difference"] = proved(
            totals[0], f"{_total(others[0]):,} - {_total(first):,} = {totals[0]:,}."
        )
    else:
        facts["difference"] = proved(dict(zip(names[1:], rows, strict=True)), why)
        facts["total_difference"] = proved(
            dict(zip(names[1:], totals, strict=True)), f"Each total minus that of {first.text}."
        )
    return facts


def _reasons(each: Mapping[str, str]) -> str:
    """The reason of every network, said once when it is the same for all."""
    if len(set(each.values())) == 1:
        return next(iter(each.values()))
    return " ".join(f"{text}: {because}" for text, because in each.items())


def _layer_rows(network: Network) -> list[dict[str, Any]]:
    return [
        {
            "layer": layer.number,
            "from": layer.inputs,
            "to": layer.outputs,
            "weights": layer.weights,
            "biases": layer.biases,
            "parameters": layer.parameters,
            "formula": layer.formula,
        }
        for layer in network.layers
    ]


def _difference_rows(first: Network, other: Network, name: str) -> list[dict[str, Any]]:
    """Rows aligned by the number of the layer; a layer that is not there counts 0."""
    count = max(len(first.layers), len(other.layers))
    left, right = (
        [layer.parameters for layer in network.layers] + [0] * (count - len(network.layers))
        for network in (first, other)
    )
    return [
        {"layer": number, first.text: here, name: there, "difference": there - here}
        for number, (here, there) in enumerate(zip(left, right, strict=True), start=1)
    ]


def _count_steps(network: Network) -> tuple[Step, ...]:
    steps = [
        Step(
            f"{_weights_sum(network)} = {_total_weights(network):,}",
            f"{network.text}: a layer has one weight for each pair of an input and a unit.",
            f"{_weights_sum(network, times=_DOT)} = {_total_weights(network)}",
        )
    ]
    if network.has_bias:
        steps += [
            Step(
                f"{_biases_sum(network)} = {_total_biases(network):,}",
                f"{network.text}: each unit has one bias; inputs have none.",
                f"{_biases_sum(network)} = {_total_biases(network)}",
            ),
            Step(
                f"{_total_weights(network):,} + {_total_biases(network):,} = {_total(network):,}",
                f"{network.text}: weights and biases are learned alike.",
                f"{_total_weights(network)} + {_total_biases(network)} = {_total(network)}",
            ),
        ]
    return tuple(steps)


def _difference_steps(models: Sequence[Network]) -> tuple[Step, ...]:
    first = models[0]
    steps: list[Step] = []
    for other in dict.fromkeys(models[1:]):
        rows = _difference_rows(first, other, _names([first, other])[1])
        terms = [row["difference"] for row in rows]
        total = _total(other) - _total(first)
        summed = _join([str(term) for term in terms]).replace("+ -", "- ")
        steps.append(
            Step(f"{summed} = {total}", _why_different(first, other, rows), f"{summed} = {total}")
        )
    return tuple(steps)


def _why_different(first: Network, other: Network, rows: Sequence[dict[str, Any]]) -> str:
    """One sentence that names the layer in which the two networks differ most."""
    row = max(rows, key=lambda row: abs(row["difference"]))
    if row["difference"] == 0:
        return f"{other.text} and {first.text} count the same in every layer."
    here, there = (_layer_sum(network, row["layer"]) for network in (first, other))
    return (
        f"{other.text} minus {first.text}, layer by layer; most of it is layer {row['layer']}, "
        f"{there} against {here}."
    )


def _layer_sum(network: Network, number: int) -> str:
    if number > len(network.layers):
        return "no such layer"
    layer = network.layers[number - 1]
    return f"{layer.formula} = {layer.parameters:,}"


def _weights_sum(network: Network, *, times: str = "*") -> str:
    return _join([f"{layer.inputs}{times}{layer.outputs}" for layer in network.layers])


def _biases_sum(network: Network) -> str:
    return _join([str(layer.biases) for layer in network.layers])


def _join(terms: Sequence[str]) -> str:
    if len(terms) > _MOST_TERMS:
        terms = [*terms[: _MOST_TERMS - 1], "…", terms[-1]]
    return " + ".join(terms)


def _total_weights(network: Network) -> int:
    return sum(layer.weights for layer in network.layers)


def _total_biases(network: Network) -> int:
    return sum(layer.biases for layer in network.layers)


def _total(network: Network) -> int:
    return sum(layer.parameters for layer in network.layers)
