"""Reads the table of an update rule, and of a wrapper around another rule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gradiometer.errors import FormulaError, Place, StudyError
from gradiometer.formula import Apply, Node, walk
from gradiometer.model.entry import check_keys
from gradiometer.model.optimizer import Optimizer
from gradiometer.model.optimizer_join import join_rules
from gradiometer.model.optimizer_wrap import RuleLine, is_rule_line, read_rule_line
from gradiometer.model.parameter import Parameter, read_parameters
from gradiometer.model.rule_words import (
    FUNCTIONS,
    GIVEN,
    REDUCTIONS,
    RULE,
    check_name,
    parse_rule,
)

_KEYS = (
    "name",
    "about",
    "reference",
    "parameters",
    "state",
    "step",
    "libraries",
    "dialects",
    "counter_bytes",
    "beside",
    "scope",
    "rule",
)


def has_rule_line(table: Mapping[str, Any]) -> bool:
    """Whether the table is that of a wrapper: its step asks another rule for a step.

    Example:
        >>> has_rule_line({"step": {"x'": "rule(x, g/2)"}})
        True
    """
    step = table.get("step", {})
    return isinstance(step, Mapping) and any(is_rule_line(str(text)) for text in step.values())


def read_optimizer_table(
    table: Mapping[str, Any], place: Place, *, inner: Optimizer | None = None
) -> Optimizer:
    """The optimizer that a table describes; for a wrapper around *inner*.

    Raises:
        StudyError: If the table lacks a part or has one too many.
        FormulaError: If a formula cannot be read or names something unknown.
    """
    check_keys(table, _KEYS, place=place)
    own, shared = _read_parameters(table, inner, place)
    counter = table.get("counter_bytes", 0)
    if not isinstance(counter, int) or counter < 0:
        raise StudyError("`counter_bytes` is no whole number.", place=place, hint="write 4")
    texts, first = _texts(table, "step", place), _texts(table, "state", place)
    names = (*own, *shared)
    step, line = _read_step(texts, names, tuple(first), place)
    if inner is not None and line is None:
        raise StudyError(
            f"`{RULE}` is given, and no line of the step asks it for a step.",
            place=place, hint=f'write such as "x\'" = "{RULE}(x, g)"',
        )  # fmt: skip
    state = {key: parse_rule(text, (*names, "x"), place=place).tree for key, text in first.items()}
    _check_complete([*texts], tuple(first), place)
    optimizer = Optimizer(
        str(table.get("name", "rule")),
        str(table.get("about", "")),
        str(table.get("reference", "")),
        own,
        state,
        step,
        counter,
        {**first, **texts},
        _read_beside(table, tuple(first), place),
        whole=_read_scope(table, [tree for _, tree in step], line, place),
        joint_states=frozenset(name for name, tree in state.items()
                               if _read_scope(table, [tree], None, place)),
        has_output_rows=_has_output_rows(table),
    )  # fmt: skip
    if inner is not None and line is not None:
        optimizer = join_rules(optimizer, inner, line, shared=shared, place=place)
    try:
        optimizer.check_kinds()
    except FormulaError as error:
        raise error.located(place) from None
    return optimizer


def _read_beside(
    table: Mapping[str, Any], states: tuple[str, ...], place: Place
) -> tuple[str, ...]:
    names = table.get("beside", ())
    if not isinstance(names, list | tuple):
        raise StudyError("`beside` is no list of names.", place=place, hint='write ["average"]')
    for name in names:
        if name not in states:
            raise StudyError(
                f"`{name}` stands in `beside` and is not remembered.",
                place=place,
                known=states,
                hint=f"add `{name}` to the state",
            )
    return tuple(map(str, names))


def _read_scope(
    table: Mapping[str, Any], trees: Sequence[Node], line: RuleLine | None, place: Place
) -> frozenset[Node]:
    """The calls that join all tensors of a model: all of the table, or none."""
    scope = table.get("scope", "tensor")
    if scope not in ("tensor", "model"):
        raise StudyError(f"`scope` is never `{scope}`.", place=place,
                         known=("tensor", "model"), hint='write "model"')  # fmt: skip
    if scope == "tensor":
        return frozenset()
    given = () if line is None else (line.position, line.gradient, line.count, line.condition,
                                     line.anew)  # fmt: skip
    calls = [node for tree in (*trees, *given) if tree is not None for node in walk(tree)
             if isinstance(node, Apply) and node.operator in FUNCTIONS]  # fmt: skip
    for call in calls:
        if call.operator not in (*REDUCTIONS, "size"):
            raise StudyError(
                f"`{call.operator}` is taken of one tensor, and the scope of this table is the "
                "model.",
                place=place, hint='leave `scope = "model"` out',
            )  # fmt: skip
    return frozenset(calls)


def _has_output_rows(table: Mapping[str, Any]) -> bool:
    """Whether the library whose rule it is holds the weights of a dense layer as PyTorch does."""
    dialect = str(table.get("name", "")).partition(".")[2]
    named = table.get("libraries", ())
    libraries = (dialect,) if dialect else named if isinstance(named, list | tuple) else ()
    return not libraries or "torch" in libraries


def _texts(table: Mapping[str, Any], key: str, place: Place) -> dict[str, str]:
    """The formulas of a part of the table, by name."""
    part = table.get(key, {})
    if not isinstance(part, Mapping):
        raise StudyError(f"`{key}` is no table of formulas.", place=place, hint=f"write [{key}]")
    return {str(name): str(text) for name, text in part.items()}


def _read_parameters(
    table: Mapping[str, Any], inner: Optimizer | None, place: Place
) -> tuple[dict[str, Parameter], dict[str, str]]:
    """The parameters, and which name is whose where one of the wrapped rule is meant."""
    rows = table.get("parameters", {})
    if not isinstance(rows, Mapping):
        return read_parameters(rows, place=place), {}
    borrowed = [k for k, row in rows.items() if isinstance(row, Mapping) and "of" in row]
    shared: dict[str, str] = {}
    for name in borrowed:
        if rows[name] != {"of": RULE}:
            hint = f'write {name} = {{ of = "{RULE}" }}'
            raise StudyError(f"`of` of the parameter `{name}` is no rule.", place=place, hint=hint)
        found = [] if inner is None else inner.owner.find(name)
        if len(found) != 1:
            named = "the rule" if inner is None else f"`{inner.name}`"
            raise StudyError(
                f"`{table.get('name', 'This wrapper')}` needs a parameter `{name}` of the rule "
                f"it wraps, and {named} has none.",
                place=place,
                known=() if inner is None else tuple(inner.parameters),
                hint="wrap another rule",
            )
        shared[name] = found[0].name
    kept = {name: row for name, row in rows.items() if name not in shared}
    return read_parameters(kept, place=place), shared


def _read_step(
    texts: Mapping[str, str], parameters: tuple[str, ...], states: tuple[str, ...], place: Place
) -> tuple[tuple[tuple[str, Node], ...], RuleLine | None]:
    """The assignments, and among them the line that asks the wrapped rule."""
    known = [*GIVEN, *states, *parameters]
    for name in (*states, *parameters):
        check_name(name, place=place)
        if known.count(name) > 1:
            raise StudyError(f"The name `{name}` is used for two things.", place=place)
    step: list[tuple[str, Node]] = []
    line: RuleLine | None = None
    for target, text in texts.items():
        check_name(target, place=place)
        if target in known:
            raise StudyError(
                f"`{target}` cannot be assigned.",
                place=place,
                hint=f"write `{target}'` for the new value",
            )
        if is_rule_line(text):
            line = _read_only_line(line, target, text, tuple(known), place)
            # It stands for the new position of the wrapped rule until that is put in its place.
            step.append((target, line.position))
        else:
            step.append((target, parse_rule(text, tuple(known), place=place).tree))
        known.append(target)
    return tuple(step), line


def _read_only_line(
    before: RuleLine | None, target: str, text: str, known: tuple[str, ...], place: Place
) -> RuleLine:
    line = read_rule_line(target, text, known, place=place)
    if before is not None:
        start = text.index(RULE)
        raise FormulaError(
            f"`{RULE}(…)` stands in two lines, `{before.target}` and `{target}`, and a wrapper "
            "asks its rule for one step.",
            text, start, start + len(RULE), place, hint="leave one of them out",
        )  # fmt: skip
    return line


def _check_complete(targets: list[str], states: tuple[str, ...], place: Place) -> None:
    for name in ("x", *states):
        if f"{name}'" not in targets:
            raise StudyError(
                f"The rule never gives `{name}` a new value.",
                place=place,
                known=tuple(targets),
                hint=f"add a line for `{name}'`",
            )
    for target in targets:
        if target.endswith("'") and target[:-1] not in ("x", *states):
            raise StudyError(
                f"`{target}` is the new value of something that is not remembered.",
                place=place,
                known=("x", *states),
                hint=f"add `{target[:-1]}` to the state",
            )
