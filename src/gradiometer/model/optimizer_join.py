"""A wrapper and the rule that it wraps, as one optimizer."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from gradiometer.errors import Place, StudyError
from gradiometer.formula import Node, free_names, to_text
from gradiometer.model.optimizer import Optimizer
from gradiometer.model.optimizer_wrap import RuleLine, Spliced, list_calls, rename, splice
from gradiometer.model.rule_words import FUNCTIONS, GIVEN, REDUCTIONS


def join_rules(
    wrapper: Optimizer,
    inner: Optimizer,
    line: RuleLine,
    *,
    shared: Mapping[str, str],
    place: Place,
) -> Optimizer:
    """The wrapper with the step of the inner rule in place of its line.

    Args:
        wrapper: Its step has the line's target as a line that is replaced.
        inner: The rule that is wrapped; it may be a wrapper around another one.
        line: What the inner rule is given, and when.
        shared: The wrapper's names for parameters of the inner rule.
        place: Where the wrapper stands, for errors.

    Raises:
        StudyError: If both draw noise.
    """
    outside, inside, parts = _name_parameters(wrapper, inner)
    outside |= {name: inside[whose] for name, whose in shared.items()}
    label = _label(wrapper)
    parts |= {f"{label}.{name}": outside[name] for name in shared}
    rows = {outside[n]: replace(p, name=outside[n]) for n, p in wrapper.parameters.items()}
    rows |= {inside[n]: replace(p, name=inside[n]) for n, p in inner.parameters.items()}
    state = {name: rename(tree, outside) for name, tree in wrapper.state.items()}
    _check_noise(wrapper, inner, line, place)
    spliced = splice(
        _rename_line(line, outside), inner.state, inner.step, sources=inner.sources, names=inside,
        prefix=_label(inner), taken={*state, *dict(wrapper.step), *rows, *GIVEN, *FUNCTIONS},
        whole=inner.whole,
    )  # fmt: skip
    _check_scopes(wrapper, inner, spliced, names=outside, place=place)
    step: list[tuple[str, Node]] = []
    for target, tree in wrapper.step:
        is_line = target == line.target
        step += spliced.step if is_line else [(target, rename(tree, outside))]
    return Optimizer(
        f"{wrapper.name}({inner.name})",
        f"{wrapper.about} Around {inner.name}: {inner.about}",
        wrapper.reference,
        rows,
        {**state, **spliced.state},
        tuple(step),
        inner.counter_bytes,
        {**wrapper.sources, **spliced.sources},
        (*wrapper.beside, *(spliced.names[name] for name in inner.beside)),
        parts,
        spliced.whole | {rename(call, outside) for call in wrapper.whole},
        wrapper.joint_states | {spliced.names[name] for name in inner.joint_states},
        inner.has_output_rows if _tells_rows(inner) else wrapper.has_output_rows,
    )


def _check_scopes(
    wrapper: Optimizer,
    inner: Optimizer,
    spliced: Spliced,
    *,
    names: Mapping[str, str],
    place: Place,
) -> None:
    """Refuse a call that is that of one tensor in one of them and that of a model in the other."""
    calls = {rename(call, names) for _, tree in wrapper.step for call in list_calls(tree)}
    whole = {rename(call, names) for call in wrapper.whole}
    both = (whole & (spliced.calls - spliced.whole)) | (spliced.whole & (calls - whole))
    if both:
        raise StudyError(
            f"`{to_text(min(both, key=to_text))}` is that of one tensor in one of `{wrapper.name}` "
            f"and `{inner.name}`, and that of the whole model in the other.",
            place=place, hint="write it in another way in one of them",
        )  # fmt: skip


def _tells_rows(rule: Optimizer) -> bool:
    """Whether rows and columns are not the same to a rule."""
    words = {*FUNCTIONS} - {*REDUCTIONS, "size", "axes"}
    return any(call.operator in words for _, tree in rule.step for call in list_calls(tree))


def _rename_line(line: RuleLine, names: Mapping[str, str]) -> RuleLine:
    def optional(tree: Node | None) -> Node | None:
        return None if tree is None else rename(tree, names)

    return replace(
        line,
        position=rename(line.position, names),
        gradient=rename(line.gradient, names),
        count=optional(line.count),
        condition=optional(line.condition),
        anew=optional(line.anew),
    )


def _name_parameters(
    wrapper: Optimizer, inner: Optimizer
) -> tuple[dict[str, str], dict[str, str], dict[str, str]]:
    """What the parameters of both are called in the whole, and the spellings by rule.

    A name that one of them has alone is kept. Where rules share a name it has the rule's name
    before it, as in `adam_eps`, which a user writes `adam.eps`.
    """
    label = _label(wrapper)
    rows = [(label, name, name) for name in wrapper.parameters]
    rows += [(_shift(part, label), name, current) for part, name, current in _list_parts(inner)]
    plain = [name for _, name, _ in rows]
    spelled = [
        (f"{part}.{name}", current, name if plain.count(name) == 1 else f"{part}_{name}")
        for part, name, current in rows
    ]
    count = len(wrapper.parameters)
    outside = {current: final for _, current, final in spelled[:count]}
    inside = {current: final for _, current, final in spelled[count:]}
    return outside, inside, {part: final for part, _, final in spelled}


def _list_parts(rule: Optimizer) -> Iterator[tuple[str, str, str]]:
    """Each parameter of a rule: the rule whose it is, its name there, and its name here."""
    for part, current in rule.parts.items():
        label, _, name = part.partition(".")
        yield label, name, current
    if not rule.parts:
        yield from ((_label(rule), name, name) for name in rule.parameters)


def _shift(part: str, label: str) -> str:
    """The label of an inner rule; the same wrapper further inside is `clip2`."""
    found = re.fullmatch(rf"{re.escape(label)}(\d*)", part)
    return f"{label}{int(found.group(1) or 1) + 1}" if found else part


def _label(rule: Optimizer) -> str:
    """The name that stands before a rule's own names, without dialect and brackets."""
    word = re.sub(r"\W", "_", re.split(r"[.(]", rule.name)[0])
    return word if word[:1].isalpha() else f"rule{word}"


def _check_noise(wrapper: Optimizer, inner: Optimizer, line: RuleLine, place: Place) -> None:
    """Refuse a wrapper and a rule that would read one draw as two."""
    given = (line.position, line.gradient, line.count, line.condition, line.anew)
    own = [*(tree for _, tree in wrapper.step), *(tree for tree in given if tree is not None)]
    outer, within = (
        any("noise" in free_names(tree) for tree in trees)
        for trees in (own, [tree for _, tree in inner.step])
    )
    if outer and within:
        raise StudyError(
            f"`{wrapper.name}` and `{inner.name}` both draw noise, and there is one draw for "
            "each coordinate and step.",
            place=place,
            hint="wrap a rule that draws no noise",
        )
