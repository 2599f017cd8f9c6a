"""One layer at one input shape: its settings, its output shape, its tensors and its counts."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, final

from gradiometer.errors import (
    DomainError,
    FormulaError,
    GradiometerError,
    LimitError,
    Place,
    ShapeError,
    UsageError,
    suggest,
)
from gradiometer.model.layer_kind import (
    LayerKind,
    LayerSetting,
    LineRule,
    Part,
    ShapeForm,
    TensorRule,
)
from gradiometer.model.layer_words import spell_tensors
from gradiometer.model.network_rows import CountLine, Shape, to_shape_text
from gradiometer.model.size_formula import Size, to_size_text

MOST_SIZE = 10**30
"""Largest size of an axis, and largest value of a setting."""


_ANY_SHAPE = ShapeForm(("*shape",), (), (), (), None, "")
"""The form of a composite kind that does not look at its input."""


@final
@dataclass(frozen=True)
class LayerTensor:
    """A tensor of a layer with its sizes."""

    name: str
    shape: Shape
    dtype: str
    of: str = ""
    needed_for: str = ""
    once: bool = False


@final
@dataclass(frozen=True)
class LayerResult:
    """What a layer of known settings makes of an input of known shape."""

    settings: tuple[tuple[str, str], ...]
    shape_out: Shape
    tensors: tuple[LayerTensor, ...]
    buffers: tuple[LayerTensor, ...]
    multiply_adds: tuple[CountLine, ...]
    extra: tuple[CountLine, ...]
    saved: tuple[LayerTensor, ...]
    cache: tuple[LayerTensor, ...]
    is_view: bool
    """Whether its output is the input itself."""
    formula: str
    words: str
    spelled: str


@final
@dataclass(frozen=True)
class LayerCall:
    """A layer as it stands in a network, for its rule and for errors about it."""

    kind: LayerKind
    path: str
    given: Mapping[str, Size]
    shape: Shape
    memory: Shape | None = None
    """The shape of the second input; None where `from` is not given."""
    place: Place | None = None

    def wrong_shape(self, problem: str, hint: str) -> ShapeError:
        """An error about the shapes of this layer."""
        return ShapeError(f"`{self.path}`: {problem}", place=self.place, hint=hint)

    def wrong_value(
        self, name: str, value: Size, wanted: str, hint: str, known: tuple[str, ...] = ()
    ) -> DomainError:
        """An error about the value of a setting of this layer."""
        text = to_size_text(value)[:60]
        problem = f"`{self.path}`: `{name}` is {wanted}, not `{text}`."
        return DomainError(problem, place=self.place, hint=hint, known=known)


def apply_kind(call: LayerCall) -> LayerResult:
    """The shapes, tensors and counts of a layer.

    Raises:
        ShapeError: If the input does not fit the layer.
        DomainError: If a setting has a value that it cannot have.
        UsageError: If a setting is missing.

    Example:
        >>> from gradiometer.model.layer_kind_read import find_layer_kind
        >>> apply_kind(LayerCall(find_layer_kind("dense"), "dense", {"out": 3}, (4,))).formula
        '4*3 + 3'
    """
    try:
        values, form = bind_settings(call)
        shape_out = tuple(_sizes(form.output, values, call, "the output"))
        kind = call.kind
        tensors = tuple(_tensors(kind.tensors, values, call))
        return LayerResult(
            tuple((name, to_size_text(values[name])) for name in kind.settings),
            shape_out,
            tensors,
            tuple(_tensors(kind.buffers, values, call)),
            tuple(_lines(kind.multiply_adds, values, call)),
            tuple(_lines(kind.extra, values, call)),
            tuple(_tensors(kind.saved, values, call, unknown=True)),
            tuple(_tensors(kind.cache, values, call, unknown=True)),
            kind.view is not None and kind.view.run(values) is True,
            *spell_tensors([rule for rule in kind.tensors if _holds(rule, values)], values),
        )
    except GradiometerError as error:
        if error.problem.startswith(f"`{call.path}`"):
            raise
        # An operation of a formula failed; say for which layer.
        raise call.wrong_shape(error.problem, error.hint or "check its settings") from None


def bind_settings(call: LayerCall) -> tuple[dict[str, Size], ShapeForm]:
    """The values of all settings and axes, which the requirements allow, and the form of shape.

    Raises:
        ShapeError: If the input has another number of axes.
        DomainError: If a setting has a value that it cannot have.
        UsageError: If a setting is missing.
    """
    kind, values = call.kind, dict(call.given)
    late: list[LayerSetting] = []
    for setting in kind.settings.values():
        if setting.name not in values:
            _set_default(call, setting, values, late)
    form = _choose_form(call, values) if kind.forms else _ANY_SHAPE
    values.update(_bind(call, form.input, call.shape))
    if form.memory:
        values.update(_bind(call, form.memory, call.shape if call.memory is None else call.memory))
    for setting in late:
        assert setting.default is not None
        values[setting.name] = setting.default.run(values)
    star = next((name.lstrip("*") for name in form.input if name.startswith("*")), "")
    starred = values[star] if star else None
    spread = len(starred) if isinstance(starred, tuple) else 1
    words: list[str] = []
    for setting in kind.settings.values():
        value = values[setting.name]
        if isinstance(value, Fraction) and setting.type == "size" and setting in late:
            raise _uneven(call, setting, value)
        if isinstance(value, str) and value in setting.words and setting.words[value] is not None:
            words.append(setting.name)
        else:
            values[setting.name] = _check_setting(call, setting, value, spread)
    for name in words:
        formula = kind.settings[name].words[str(values[name])]
        assert formula is not None
        values[name] = formula.run(values)
    for name, formula in form.axes:
        values[name] = formula.run(values)
    _check_requirements(call, values)
    return values, form


def _uneven(call: LayerCall, setting: LayerSetting, value: Fraction) -> DomainError:
    text = setting.default.text if setting.default else ""
    problem = (
        f"`{call.path}`: `{setting.name}` is `{text}` where nothing else is written, and that is "
        f"{value} for an input of {to_shape_text(call.shape)}."
    )
    hint = f"choose sizes that divide each other, or write `{setting.name}={max(1, int(value))}`"
    return DomainError(problem, place=call.place, hint=hint)


def _set_default(
    call: LayerCall, setting: LayerSetting, values: dict[str, Size], late: list[LayerSetting]
) -> None:
    if setting.default is None:
        raise UsageError(
            f"`{call.path}`: a layer `{call.kind.name}` needs `{setting.name}`: {setting.about}.",
            place=call.place,
            known=tuple(call.kind.settings),
            hint=f"write such as `{call.kind.name}({setting.name}=8)`",
        )
    axes = {name.lstrip("*") for form in call.kind.forms for name in (*form.input, *form.memory)}
    names = setting.default.names
    waits = {other.name for other in late} | {
        name for name in names if name in call.kind.settings and name not in values
    }
    if names & axes or names & waits:
        late.append(setting)
    else:
        values[setting.name] = setting.default.run(values)


def _choose_form(call: LayerCall, values: Mapping[str, Size]) -> ShapeForm:
    fitting = [
        form
        for form in call.kind.forms
        if form.when is None or form.when.run({**values, "rank": len(call.shape)}) is True
    ]
    for form in fitting:
        if _fits(form.input, call.shape):
            return form
    if not fitting:
        raise call.wrong_shape(f"no shape of `{call.kind.name}` has these settings.", "change them")
    form = fitting[0]
    wanted = ", ".join(form.input).replace("*", "any ")
    problem = (
        f"a layer `{call.kind.name}` takes an input of axes ({wanted}), and here comes "
        f"{to_shape_text(call.shape)}."
    )
    raise call.wrong_shape(problem, form.hint or "put a `flatten` or a `reshape` before it")


def _fits(pattern: tuple[str, ...], shape: Shape) -> bool:
    has_star = any(name.startswith("*") for name in pattern)
    return len(shape) >= len(pattern) - 1 if has_star else len(shape) == len(pattern)


def _bind(call: LayerCall, pattern: tuple[str, ...], shape: Shape) -> dict[str, Size]:
    if not _fits(pattern, shape):
        wanted = ", ".join(pattern).replace("*", "any ")
        problem = f"what `from` names has the shape {to_shape_text(shape)}, not ({wanted})."
        raise call.wrong_shape(problem, "name an item whose output has these axes")
    values: dict[str, Size] = {}
    left = list(shape)
    for place, name in enumerate(pattern):
        if name.startswith("*"):
            count = len(left) - (len(pattern) - place - 1)
            values[name[1:]] = tuple(left[:count])
            left = left[count:]
        else:
            values[name] = left.pop(0)
    return values


def _check_setting(call: LayerCall, setting: LayerSetting, value: Size, spread: int) -> Size:
    """The value with one number an axis where the setting has that."""
    name = setting.name
    if setting.type == "truth":
        if not isinstance(value, bool):
            raise call.wrong_value(name, value, "true or false", f"write `{name}=true`")
        return value
    if setting.type in {"layer", "word"} or isinstance(value, str):
        known = tuple(setting.words)
        if isinstance(value, str) and (setting.type == "layer" or value in known):
            return value
        nearest = suggest(value, (*known, *call.given)) if isinstance(value, str) else ""
        wanted = "one of its words" if setting.type == "word" else "a number"
        hint = f"write `{nearest}`" if nearest else "write such a value"
        raise call.wrong_value(name, value, wanted, hint, known)
    if setting.type == "sizes":
        axes = value if isinstance(value, tuple) else (value,)
        return tuple(_check_number(call, setting, axis) for axis in axes)
    if setting.each_axis is not None:
        count = setting.each_axis or spread
        axes = value if isinstance(value, tuple) else (value,) * count
        if len(axes) != count:
            wanted = f"one number, or one for each of {count} axes"
            raise call.wrong_value(name, value, wanted, f"write `{name}=3`")
        return tuple(_check_number(call, setting, axis) for axis in axes)
    if isinstance(value, tuple):
        raise call.wrong_value(name, value, "one number", "write one number")
    return _check_number(call, setting, value)


def _check_number(call: LayerCall, setting: LayerSetting, value: Any) -> Any:
    if value is None:
        return None
    if isinstance(value, bool | str) or (setting.type != "number" and not isinstance(value, int)):
        wanted = "a whole number" if setting.type != "number" else "a number"
        hint = f"write such as `{setting.name}={max(1, setting.least)}`"
        if isinstance(value, Fraction):
            hint = (
                f"write a whole number, such as `{setting.name}={max(setting.least, int(value))}`"
            )
        raise call.wrong_value(setting.name, value, wanted, hint)
    if setting.type != "number" and value < setting.least:
        wanted = f"a whole number from {setting.least} on"
        raise call.wrong_value(
            setting.name, value, wanted, f"write such as `{setting.name}={setting.least}`"
        )
    if abs(value) > MOST_SIZE:
        problem = f"`{call.path}`: `{setting.name}` is larger than 10^30."
        raise LimitError(problem, place=call.place, hint="write a smaller number")
    return value


def _check_requirements(call: LayerCall, values: Mapping[str, Size]) -> None:
    for requirement in call.kind.requirements:
        if requirement.that.run(values) is False:
            because = _fill(requirement.because, values)
            problem = f"{because} (input {to_shape_text(call.shape)})."
            raise call.wrong_shape(problem, _fill(requirement.hint, values))


def _fill(text: str, values: Mapping[str, Size]) -> str:
    return re.sub(r"\{(\w+)\}", lambda match: to_size_text(values[match[1]]), text)


def _sizes(
    parts: tuple[Part, ...], values: Mapping[str, Size], call: LayerCall, what: str
) -> Iterator[int | None]:
    for part in parts:
        found = part.formula.run(values)
        axes = found if part.star and isinstance(found, tuple) else (found,)
        for axis in axes:
            if axis is not None and (not isinstance(axis, int) or isinstance(axis, bool)):
                problem = f"an axis of {what} is `{part.formula.text}` = {to_size_text(axis)}"
                raise call.wrong_shape(
                    f"{problem}, which is no whole number (input {to_shape_text(call.shape)}).",
                    "choose sizes that divide each other",
                )
            if axis is not None and not 0 < axis <= MOST_SIZE:
                problem = f"an axis of {what}, `{part.formula.text}`, is {axis}"
                raise call.wrong_shape(
                    f"{problem} for an input of {to_shape_text(call.shape)}.",
                    "give it a larger input, or a smaller kernel or stride",
                )
            yield axis


def _holds(rule: TensorRule | LineRule, values: Mapping[str, Size]) -> bool:
    return rule.when is None or rule.when.run(values) is True


def _tensors(
    rules: tuple[TensorRule, ...],
    values: Mapping[str, Size],
    call: LayerCall,
    *,
    unknown: bool = False,
) -> Iterator[LayerTensor]:
    for rule in rules:
        if not _holds(rule, values):
            continue
        shape = tuple(_sizes(rule.shape, values, call, f"`{rule.name}`"))
        if None in shape and not unknown:
            lacking = next(part.formula.text for part in rule.shape if _lacks(part, values))
            raise call.wrong_shape(
                f"the size of `{rule.name}` needs `{lacking}`, and the input is "
                f"{to_shape_text(call.shape)}.",
                "write that size in the input",
            )
        yield LayerTensor(rule.name, shape, rule.dtype, rule.of, rule.needed_for, rule.once)


def _lacks(part: Part, values: Mapping[str, Size]) -> bool:
    found = part.formula.run(values)
    return found is None or (isinstance(found, tuple) and None in found)


def _lines(
    rules: tuple[LineRule, ...], values: Mapping[str, Size], call: LayerCall
) -> Iterator[CountLine]:
    for rule in rules:
        if not _holds(rule, values):
            continue
        count = rule.formula.run(values)
        if count is not None and (not isinstance(count, int) or count < 0):
            problem = f"its {rule.name} are `{to_size_text(count)}`, which is no count."
            raise call.wrong_shape(problem, "check its settings")
        yield CountLine(rule.name, count, rule.formula.text)


def as_formula_error(error: GradiometerError, path: str, place: Place | None) -> GradiometerError:
    """The error of a value's text, said of the layer where it stands."""
    problem = f"`{path}`: {error.problem[:1].lower()}{error.problem[1:]}"
    return FormulaError(problem, error.text, error.start, error.end, place, error.known, error.hint)
