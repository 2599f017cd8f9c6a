"""An update rule in the kernel of a network: the same lines for every parameter of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

from gradiometer.errors import UsageError
from gradiometer.model import ScalarRule
from gradiometer.numeric.dense_code import Code, name_inputs
from gradiometer.numeric.dense_shape import DenseShape


@final
@dataclass(frozen=True)
class RulePlan:
    """The lines of a step, and what is computed once for all parameters."""

    given: tuple[str, ...]
    """The parameters that each network has its own number of."""
    scheduled: tuple[str, ...]
    states: tuple[str, ...]
    prelude: tuple[int, ...]
    """Terms that are the same for all parameters of a network."""
    before: tuple[str, ...]
    """The lines that compute them."""
    texts: tuple[str, ...]
    """Their texts there."""
    lines: tuple[str, ...]
    """The lines for one parameter."""
    results: tuple[str, ...]
    """The new position, and the new states."""


def plan_rule(rule: ScalarRule, scheduled: tuple[str, ...] = ()) -> RulePlan:
    """The plan of a rule of scalars.

    Raises:
        UsageError: If the rule needs what only runs on a landscape have.
    """
    states = tuple(name for name, _ in rule.states)
    targets = {target for target, _ in rule.step}
    known = {"x", "g", "t", *states, *targets, *scheduled}
    given = tuple(name_inputs([tree for _, tree in rule.step], dict.fromkeys(known)))
    for name in ("loss", *rule.noises):
        if name in given:
            raise UsageError(
                f"The rule `{rule.name}` reads `{name}`, which the training of networks does not "
                "give it.",
                hint="choose another optimizer",
            )
    code = _open(rule, given, scheduled, states)
    for target, tree in rule.step:
        code.let(target, tree)
    ends = [code.known["x'"], *(code.known[f"{name}'"] for name in states)]
    prelude = _find_prelude(code, ends)
    before = code.write(prelude)
    texts = tuple(code.text(at) for at in prelude)
    for number, at in enumerate(prelude):
        code.atoms[at] = f"p{number}"
    lines = code.write(ends)
    results = tuple(code.text(at) for at in ends)
    return RulePlan(
        given, scheduled, states, tuple(prelude), tuple(before), texts, tuple(lines), results
    )


def _open(
    rule: ScalarRule, given: tuple[str, ...], scheduled: tuple[str, ...], states: tuple[str, ...]
) -> Code:
    code = Code("u")
    code.open("x", "place")
    code.open("g", "pull")
    code.open("t", "now")
    for number, name in enumerate(states):
        code.open(name, f"old{number}")
    for number, name in enumerate(given):
        code.open(name, f"own{number}")
    for number, name in enumerate(scheduled):
        code.open(name, f"rate{number}")
    return code


def _find_prelude(code: Code, ends: list[int]) -> list[int]:
    """The largest terms that depend on no parameter of the network, where they cost something."""
    terms = code.build.terms
    inner = {code.known[name] for name in ("x", "g")}
    inner |= {at for at, text in code.atoms.items() if text.startswith("old")}
    for at, term in enumerate(terms):
        if inner.intersection(term.arguments):
            inner.add(at)
    used, found = set(ends), set[int]()
    for at in range(len(terms) - 1, -1, -1):
        if at not in used:
            continue
        if at in inner:
            # The third argument of a division is the inverse, which is not used here.
            used.update(terms[at].arguments[:2] if terms[at].operator == "/"
                        else terms[at].arguments)  # fmt: skip
        elif terms[at].operator != "number":
            found.add(at)
    return sorted(found)


def write_prelude(plan: RulePlan, shape: DenseShape, lanes: int) -> list[str]:
    """The lines that come before the examples of a step.

    What they compute is written down once for each parameter of a group.
    """
    names = [(f"own{n}", shape.at("given") + n) for n in range(len(plan.given))]
    names += [(f"rate{n}", shape.at("rates") + n) for n in range(len(plan.scheduled))]
    first = shape.at("prelude") * lanes
    size = shape.group * lanes
    lines = [
        *(f"{name} = w[{place}, i]" for name, place in names),
        *plan.before,
        *(f"before{number} = {text}" for number, text in enumerate(plan.texts)),
        f"for n in range({shape.group}):",
        *(f"    flat[{first + number * size} + n*LANES + i] = before{number}"
          for number in range(len(plan.texts))),
    ]  # fmt: skip
    if not plan.texts:
        return []
    return ["now = REAL(first + s + 1)", "for i in range(span):", *(f"    {t}" for t in lines)]


def write_update(plan: RulePlan, shape: DenseShape, lanes: int) -> list[str]:
    """The lines that move every parameter, layer by layer, and record the gradient's size."""
    size, norm = shape.group * lanes, shape.at("norm") * lanes
    lines = []
    for layer in shape.layers:
        first, last = shape.weights[layer] * lanes, shape.weights[layer + 1] * lanes
        record = shape.at("record") + 2 + layer
        lines += [
            f"for i in range({size}):",
            f"    flat[{norm} + i] = ZERO",
            f"for p in range({first}, {last}, {size}):",
            f"    for i in range({size}):",
            *(f"        {line}" for line in _write_parameter(plan, shape, lanes)),
            f"        flat[{norm} + i] += pull*pull",
            # The next step adds to it from 0; a pass of its own would read all of it again.
            f"        flat[{shape.at('gradient') * lanes} + p + i] = ZERO",
            f"for n in range({shape.group}):",
            "    for i in range(span):",
            f"        w[{record}, i] += flat[{norm} + n*LANES + i]",
        ]
    return lines


def _write_parameter(plan: RulePlan, shape: DenseShape, lanes: int) -> list[str]:
    sections = ["parameters", *(f"state {n}" for n in range(len(plan.states)))]
    entries = [f"flat[{shape.at(section) * lanes} + p + i]" for section in sections]
    prelude, size = shape.at("prelude") * lanes, shape.group * lanes
    return [
        f"place = {entries[0]}",
        f"pull = flat[{shape.at('gradient') * lanes} + p + i]",
        *(f"old{n} = {entry}" for n, entry in enumerate(entries[1:])),
        *(f"p{n} = flat[{prelude + n * size} + i]" for n in range(len(plan.prelude))),
        *plan.lines,
        *(f"{entry} = {text}" for entry, text in zip(entries, plan.results, strict=True)),
    ]
