"""The question `parameters`: what a network costs, layer by layer, alone or beside others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from gradiometer.question.answer import Answer, Fact, Series, Step, computed, proved, unknown
from gradiometer.question.parameters_difference import (
    list_difference_facts,
    list_difference_steps,
)
from gradiometer.question.parameters_facts import (
    Counted,
    join_terms,
    list_arrays,
    list_facts,
    rest_on_rule,
)
from gradiometer.question.parameters_model import describe_model
from gradiometer.question.parameters_read import Described
from gradiometer.question.parameters_reconciled import list_reconciled
from gradiometer.question.parameters_request import NetworksRequest, read_networks
from gradiometer.question.parameters_scaling import solve_setting, vary_setting

MOST_STEPS = 40
"""Layers whose count is written as a step of its own."""
_DOT = r" \cdot "
_MAY_BE_VOID = ("biases", "frozen", "shared", "buffers", "embedding", "operations", "kv_cache")
"""Facts that tables for people leave out where they are nothing for every network."""
_MAY_BE_WHOLE = ("non_embedding", "active")
"""Facts that they leave out where they are all parameters."""


def parameters(
    networks: Sequence[str] | str = (),
    *,
    file: Sequence[str] | str = (),
    bias: bool = True,
    activation: str = "",
    set: Mapping[str, Any] | None = None,
    input: str = "",
    batch: int = 1,
    length: int | None = None,
    optimizer: str | Mapping[str, Any] = "",
    precision: str = "fp32",
    as_: str = "",
    vary: str = "",
    solve: str = "",
    budget: Any = None,
    model: Any = None,
) -> Answer:
    """How many numbers each network learns, with the sums that give it, and what that costs.

    Args:
        networks: Each a text in the notation of networks, widths such as `100-100-20-1`, or a
            name of the catalogue such as `gpt2(layers=24)`; several are set side by side.
        file: Paths of files that hold a network; they come behind *networks*.
        bias: Whether layers have biases where the network does not say.
        activation: An activation that is put between dense layers.
        set: Values of settings of the networks and of the optimizer.
        input: The shape that enters, in place of the network's own.
        batch: Examples that are worked on at once, for memory.
        length: The length of a sequence of tokens.
        optimizer: What trains it; plain gradient descent without a state when left out.
        precision: A recipe of the catalogue.
        as_: A counter of the catalogue, such as `torchinfo`: its numbers for the same network, and
            line by line what it has more or less than ours.
        vary: A setting and its values, such as `width=64:1024:64`.
        solve: A setting whose largest value within *budget* is asked for.
        budget: The most parameters.
        model: A model of PyTorch, Keras or Flax, or a text `package.module:factory` that names
            what makes it; with an example of its input behind it, as `(model, example)`, its
            multiply-adds are counted too. It comes behind the others.

    Returns:
        Facts in reading order. With several networks each fact is keyed by the network's name
        (`3-2 (2)` where it comes again), and `difference` lists layer by layer what every further
        network has more than the first; its rows add up to `total_difference`.

    Raises:
        FormulaError: If a text is no network.
        ShapeError: If a layer does not fit the one before it.
        UsageError: If there is no network, or an option does not fit.

    Example:
        >>> parameters("100-100-20-1").facts["weights"].value
        12020
    """
    asked = {
        "activation": activation, "set": dict(set or {}), "input": input, "batch": batch,
        "length": length, "optimizer": optimizer, "precision": precision, "as_": as_,
        "vary": vary, "solve": solve, "budget": budget,
    }  # fmt: skip
    request = read_networks(networks, file=file, bias=bias, model=model, **asked)
    described = list(request.networks)
    described += [] if model is None else [describe_model(model, input=input)]
    live = described[-1].live
    given = dict(zip(_unlike([one.name for one in described]), described, strict=True))
    facts: dict[str, Fact] = {}
    arrays: dict[str, Series] = {}
    if request.varied:
        facts, arrays = vary_setting(given, request.varied)
    if request.solved:
        facts["solution"] = solve_setting(given, *request.solved)
    facts = rest_on_rule(facts, next((one.rule for one in described if one.rule), ""))
    steps: tuple[Step, ...] = ()
    if all(_is_whole(one, request) for one in given.values()):
        counted = [Counted(one, name, one.walk()) for name, one in given.items()]
        facts = {**_list_facts(counted, request), **facts}
        arrays = arrays or list_arrays(counted)
        steps = tuple(_list_steps(counted))
    inputs = {"networks": [one.name for one in request.networks], "bias": bias}
    inputs |= _said(asked, request)
    if live is not None:
        inputs |= {"model": described[-1].name, "framework": live.framework}
        inputs |= {"version": live.version}
    notes = tuple(note for one in described for note in (one.notes or _notes_of(one)))
    return Answer("parameters", inputs, _mark_void(facts), steps, arrays, warnings=notes)


def _mark_void(facts: Mapping[str, Fact]) -> dict[str, Fact]:
    """The facts, those marked that say of every network that there is nothing of a kind."""
    whole = facts["parameters"].value if "parameters" in facts else None
    void = {name for name in _MAY_BE_VOID if name in facts and _is_nothing(facts[name].value)}
    void |= {name for name in _MAY_BE_WHOLE if name in facts and facts[name].value == whole}
    return {
        name: replace(fact, is_void=True) if name in void and fact.status != "unknown" else fact
        for name, fact in facts.items()
    }


def _is_nothing(value: Any) -> bool:
    """Whether a count is 0, or an empty table, for every network."""
    if isinstance(value, Mapping):
        return all(map(_is_nothing, value.values()))
    return value == 0 and value is not False


def _said(asked: Mapping[str, Any], request: NetworksRequest) -> dict[str, Any]:
    """The options that were given, and an update rule of the user's own by its name."""
    plain = {"batch": 1, "precision": "fp32"}
    said = {k: v for k, v in asked.items() if v not in (None, "", {}) and v != plain.get(k)}
    if isinstance(asked["optimizer"], Mapping):
        said["optimizer"] = request.memory.remembered.name
    return said


def _notes_of(network: Described) -> tuple[str, ...]:
    return network.live.notes if network.live else ()


def _is_whole(network: Described, request: NetworksRequest) -> bool:
    """Whether the network can be counted without what is varied or solved for."""
    names = [item.name for item in (request.varied, (request.solved or [None])[0]) if item]
    return not network.lacking and all(map(network.has_value, names))


def _unlike(names: Sequence[str]) -> list[str]:
    """The name of each network, with a number where it stood before, such as `3-2 (2)`."""
    counts: dict[str, int] = {}
    found: list[str] = []
    for name in names:
        counts[name] = counts.get(name, 0) + 1
        found.append(name if counts[name] == 1 else f"{name} ({counts[name]})")
    return found


def _list_facts(networks: Sequence[Counted], request: NetworksRequest) -> dict[str, Fact]:
    each = {network.name: list_facts(network, request.memory) for network in networks}
    if request.counter is not None:
        for network in networks:
            each[network.name] |= list_reconciled(network.rows, request.counter)
    if len(networks) == 1:
        return each[networks[0].name]
    names = dict.fromkeys(name for facts in each.values() for name in facts)
    facts = {
        name: _join_facts({text: own[name] for text, own in each.items() if name in own})
        for name in names
    }
    rule = next((one.described.rule for one in networks if one.described.rule), "")
    return facts | rest_on_rule(list_difference_facts(networks), rule)


def _join_facts(each: Mapping[str, Fact]) -> Fact:
    """One fact of several networks, each under its name."""
    reasons = {text: fact.because for text, fact in each.items()}
    if len(dict.fromkeys(reasons.values())) == 1:
        why = next(iter(reasons.values()))
    else:
        why = " ".join(f"{text}: {because}" for text, because in reasons.items())
    if all(fact.status == "unknown" for fact in each.values()):
        return unknown(why)
    # One that is not known stands as null beside the others, with its reason.
    values = {text: fact.value for text, fact in each.items()}
    is_seen = any(fact.status == "computed" for fact in each.values())
    return computed(values, why) if is_seen else proved(values, why)


def _list_steps(networks: Sequence[Counted]) -> Iterator[Step]:
    seen: list[str] = []
    for network in networks:
        if network.described.name not in seen:
            seen.append(network.described.name)
            yield from _list_count_steps(network)
    yield from list_difference_steps(networks)


def _list_count_steps(network: Counted) -> Iterator[Step]:
    name, total = network.described.name, network.count.parameters
    if not network.is_dense:
        groups = [group for group in network.groups if group.parameters]
        for group in groups[:MOST_STEPS]:
            why = f"{group.label}: {group.spelled}{group.note}."
            yield Step(f"{group.formula} = {group.parameters:,}", why)
        terms = join_terms([str(group.parameters) for group in groups])
        yield Step(f"{terms or '0'} = {total:,}", f"{name}: the sum over all layers.")
        return
    weights, biases = network.weights, network.biases
    yield Step(
        f"{network.sum_of('weight')} = {weights:,}",
        f"{name}: a layer has one weight for each pair of an input and a unit.",
        f"{network.sum_of('weight', times=_DOT)} = {weights}",
    )
    if not biases:
        return
    yield Step(
        f"{network.sum_of('bias')} = {biases:,}",
        f"{name}: each unit has one bias; inputs have none.",
        f"{network.sum_of('bias')} = {biases}",
    )
    yield Step(
        f"{weights:,} + {biases:,} = {total:,}",
        f"{name}: weights and biases are learned alike.",
        f"{weights} + {biases} = {total}",
    )
