"""What `parameters` is asked about: texts, catalogue names and files become trees of networks."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeAlias, final

from gradiometer.catalog import find_name, list_aliases, list_entries, read_entry
from gradiometer.errors import (
    FormulaError,
    GradiometerError,
    Place,
    UnknownNameError,
    UsageError,
    suggest,
)
from gradiometer.model import (
    Chain,
    Input,
    Layer,
    LiveModel,
    Row,
    StoredModel,
    Template,
    find_layer_kind,
    find_uses,
    list_layers,
    note_keras,
    read_config,
    read_file,
    read_keras_config,
    read_network_toml,
    read_network_tree,
    read_shape,
    read_template,
    read_template_file,
    read_toml,
    read_weights,
    to_network_text,
    walk_network,
    with_activation,
    without_bias,
)
from gradiometer.question.parameters_stored import describe_stored

Tree: TypeAlias = Chain | Template

_WIDTHS = re.compile(r"\s*\w+\s*(?:-\s*\w+\s*)+")
_ONLY_WIDTHS = re.compile(r"\d+(?:-\d+)+")
_WIDTH_NAME = re.compile(r"widths\[(\d+)\]")
_MOST_BYTES = 1_000_000


@final
@dataclass(frozen=True)
class Described:
    """One network that is asked about."""

    name: str
    """As it is called in the answer."""
    tree: Tree
    settings: Mapping[str, str]
    """Values that were written with it, or asked for."""
    place: Place | None = None
    widths_given: bool = False
    """Whether it was nothing but widths, so that its layers have numbers for names."""
    live: LiveModel | None = None
    """A model of another library, which has its rows already."""
    stored: StoredModel | None = None
    """What a file of weights holds, where it is one."""
    notes: tuple[str, ...] = ()
    """What is to be said of it beside its facts."""
    further_names: int | None = 0
    """Numbers that the library counts at names which are no place of the network."""
    rule: str = ""
    """The rule by which a file was read that does not say everything itself; empty for none."""

    def walk(self, more: Mapping[str, Any] | None = None) -> tuple[Row, ...]:
        """The rows of the network, with further values of its settings.

        Raises:
            GradiometerError: If a setting is not known, or shapes do not fit.
        """
        if self.live is not None:
            return self.live.rows
        settings = {**self.settings, **(more or {})}
        tree = self.tree
        if isinstance(tree, Chain):
            tree = _set_widths(tree, settings, self.name)
            settings = {n: v for n, v in settings.items() if not _WIDTH_NAME.fullmatch(n)}
        try:
            return walk_network(tree, settings=settings)
        except UnknownNameError as error:
            if error.text not in self.known_settings:
                raise
            raise replace(
                error, known=(), hint=f"give it a value: `--set {error.text}=8`"
            ) from None
        except GradiometerError as error:
            raise error if self.place is None else error.located(self.place) from None

    def has_value(self, name: str) -> bool:
        """Whether a setting has a value already, given or by default."""
        if _WIDTH_NAME.fullmatch(name) or name in self.settings:
            return True
        return isinstance(self.tree, Template) and self.tree.defaults.get(name) is not None

    @property
    def lacking(self) -> tuple[str, ...]:
        """The settings that have no value yet."""
        if isinstance(self.tree, Template):
            needed = [name for name, text in self.tree.defaults.items() if text is None]
        else:
            needed = [use.name for use in find_uses(self.tree) if not use.may_be_word]
            needed += self.open_widths
        return tuple(name for name in dict.fromkeys(needed) if name not in self.settings)

    @property
    def open_widths(self) -> tuple[str, ...]:
        """The names that stand for a width in a text such as `100-w-1`."""
        if not isinstance(self.tree, Chain) or not self.widths_given:
            return ()
        layers = [item for item in self.tree.items if isinstance(item, Layer)]
        texts = [text for item in layers for text in item.arguments[:1]]
        return tuple(text for text in texts if text.isidentifier())

    @property
    def known_settings(self) -> tuple[str, ...]:
        """The names that may be set."""
        if isinstance(self.tree, Template):
            return tuple(self.tree.defaults)
        kinds = {layer.kind for layer in list_layers(self.tree)}
        names = (use.name for use in find_uses(self.tree))
        found = dict.fromkeys(name for name in names if name not in kinds)
        return (*found, *self.width_names)

    @property
    def width_names(self) -> tuple[str, ...]:
        """`widths[0]`, `widths[1]` and so on, for a network of widths."""
        if not isinstance(self.tree, Chain) or not self.widths_given:
            return ()
        return tuple(f"widths[{k}]" for k in range(len(_width_places(self.tree))))


def read_text(text: str, *, names: Collection[str] = (), place: Place | None = None) -> Described:
    """The network that a text means: the notation, widths, or a name of the catalogue.

    Args:
        text: Such as `100-20-1`, `784 -> dense(10)`, `resnet50` or `gpt2(layers=24)`.
        names: Settings that may stand for a width, as `w` in `100-w-1`.
        place: Where it stands, for errors.

    Raises:
        FormulaError: If the text is no network.
        UnknownNameError: If there is no network of that name.

    Example:
        >>> read_text("gpt2(layers=24)").settings
        {'layers': '24'}
    """
    open_widths = _read_open_widths(text, names)
    if open_widths is not None:
        return Described(re.sub(r"\s", "", text), open_widths, {}, place, widths_given=True)
    _refuse_file(text, place)
    tree = _read_tree(text, place)
    item = tree.items[0]
    if len(tree.items) == 1 and isinstance(item, Layer) and not item.name:
        name = find_name("network", item.kind)
        if name is not None:
            return _read_catalogue(name, item, place)
        _refuse_unknown(item.kind, text, place)
    name = to_network_text(tree, one_line=True)
    return Described(name, tree, {}, place, widths_given=_ONLY_WIDTHS.fullmatch(name) is not None)


def read_described(path: str) -> Described:
    """The network in a file: a description as TOML or config.json, or a file of weights.

    Raises:
        StudyError: If the file cannot be read, or is of a kind that is not read.
    """
    if Path(path).suffix.lower() == ".toml":
        return Described(path, _read_toml_network(path), {})
    stored = read_weights(path)
    if stored.format == "huggingface_config":
        config = read_config(path)
        rule = f"By the rule of the family {config.family}, class {config.architecture}."
        counts = [line.count for line in config.names]
        further = None if None in counts else sum(count for count in counts if count is not None)
        return Described(
            path,
            config.tree,
            config.settings,
            Place(path),
            notes=config.notes,
            further_names=further,
            rule=rule,
        )
    if stored.format in ("keras", "keras_config"):
        return _read_keras(path, stored)
    live = describe_stored(stored, path=path)
    rule = "What is a parameter in a file of weights is told by names and uses."
    return Described(path, Chain(()), {}, live=live, stored=stored, notes=stored.notes, rule=rule)


def _read_keras(path: str, stored: StoredModel) -> Described:
    rows = read_keras_config(stored.metadata["config"], place=Place(path))
    notes = (*stored.notes, *note_keras(rows))
    work = "A Keras configuration is counted by its shapes; its products are not."
    live = LiveModel("Keras", "", path, rows, is_counted=False, work=work, notes=notes)
    return Described(
        path, Chain(()), {}, live=live, notes=notes, rule="By the rules of Keras' layers."
    )


def _read_toml_network(path: str) -> Tree:
    text = read_file(Path(path), most_bytes=_MOST_BYTES)
    if "body" in read_toml(path, text):
        return read_template_file(path)
    return read_network_toml(text, source=path)


_SUFFIXES = (".toml", ".json", ".safetensors", ".onnx", ".gguf", ".keras")
"""Ends of the names of files that are read."""


def _read_catalogue(name: str, item: Layer, place: Place | None) -> Described:
    template = read_template(read_entry("network", name), place=Place(f"network `{name}`"))
    given = [*zip(template.defaults, item.arguments, strict=False), *item.settings]
    if len(item.arguments) > len(template.defaults):
        problem = f"`{name}` has {len(template.defaults)} settings, not {len(item.arguments)}."
        raise UsageError(problem, place=place, known=tuple(template.defaults))
    text = ", ".join(f"{key}={value}" for key, value in given)
    return Described(f"{name}({text})" if text else name, template, dict(given), place)


def _refuse_file(text: str, place: Place | None) -> None:
    if Path(text.strip()).suffix.lower() in _SUFFIXES and "\n" not in text:
        problem = f"`{text.strip()[:60]}` is a file, not the text of a network."
        raise UsageError(problem, place=place, hint=f"write `--file {text.strip()}`")


def _refuse_unknown(kind: str, text: str, place: Place | None) -> None:
    """Refuse one word that names neither a network nor a layer."""
    if find_layer_kind(kind) is not None:
        return
    known = list_entries("network")
    nearest = suggest(kind, (*known, *list_aliases("network")))
    raise FormulaError(
        f"There is no network `{kind[:60]}`.",
        text,
        0,
        len(text),
        place,
        known,
        f"write `{nearest}`" if nearest else "write widths such as `100-20-1`",
    )


def _read_tree(text: str, place: Place | None) -> Chain:
    try:
        return read_network_tree(text, place=place)
    except FormulaError as error:
        name = next((part.strip() for part in text.split("-") if part.strip().isidentifier()), "")
        if name and _WIDTHS.fullmatch(text):
            raise replace(error, hint=f"give it a value with `--set {name}=8`") from None
        raise


def _read_open_widths(text: str, names: Collection[str]) -> Chain | None:
    """The network of widths some of which are settings, such as `100-w-20-1`; else None."""
    if not _WIDTHS.fullmatch(text):
        return None
    parts = [part.strip() for part in text.split("-")]
    if not any(part in names for part in parts):
        return None
    if not all(part in names or part.isdecimal() for part in parts):
        return None
    return Chain((Input((parts[0],)), *(Layer("dense", (p,)) for p in parts[1:])))


def _width_places(tree: Chain) -> list[int]:
    """Where the items stand that have a width: the input and the dense layers."""
    return [
        place
        for place, item in enumerate(tree.items)
        if isinstance(item, Input) or (isinstance(item, Layer) and item.arguments)
    ]


def _set_widths(tree: Chain, settings: Mapping[str, Any], name: str) -> Chain:
    """The network with other widths, where `widths[1]` and the like are set."""
    items = list(tree.items)
    for key, value in settings.items():
        match = _WIDTH_NAME.fullmatch(key)
        if match is None:
            continue
        places = _width_places(tree)
        if int(match[1]) >= len(places):
            known = tuple(f"widths[{k}]" for k in range(len(places)))
            raise UsageError(f"`{name}` has no `{key}`.", known=known, hint=f"write `{known[-1]}`")
        item = items[places[int(match[1])]]
        if isinstance(item, Input):
            items[places[int(match[1])]] = replace(item, shape=(str(value), *item.shape[1:]))
        elif isinstance(item, Layer):
            arguments = (str(value), *item.arguments[1:])
            items[places[int(match[1])]] = replace(item, arguments=arguments)
    return Chain(tuple(items))


def with_options(
    described: Described,
    *,
    bias: bool = True,
    activation: str = "",
    input: str = "",
    length: int | None = None,
) -> Described:
    """The network with what was asked for besides its text.

    Raises:
        UsageError: If an option does not fit the network.
        FormulaError: If *activation* is no layer, or *input* no shape.
    """
    tree = described.tree
    if described.live is not None:
        given = {"bias": not bias, "activation": activation, "input": input, "length": length}
        refuse_options(given)
        return described
    settings = dict(described.settings)
    body = tree.body if isinstance(tree, Template) else tree
    if not bias:
        body = without_bias(body, positions=dict(_bias_positions(body)))
    if activation:
        body = with_activation(body, activation, place=Place("activation"))
    if input:
        body = _with_input(body, read_shape(input, place=Place("input")))
    if length is not None:
        if "length" in described.known_settings:
            settings["length"] = str(length)
        else:
            body = _with_length(body, length, described.name)
    tree = replace(tree, body=body) if isinstance(tree, Template) else body
    return replace(described, tree=tree, settings=settings)


def refuse_options(given: Mapping[str, Any]) -> None:
    """Refuse what changes a description: a model is counted as it is.

    Raises:
        UsageError: If one of the options is given.
    """
    for name, value in given.items():
        if value:
            raise UsageError(
                f"`{name}` changes a network that is described; a model is counted as it is.",
                place=Place(name),
                hint=f"leave `{name}` out",
            )


def _bias_positions(tree: Chain) -> Iterator[tuple[str, int]]:
    """The kinds of layers with a setting `bias`, and how many settings stand before it."""
    for name in {layer.kind for layer in list_layers(tree)}:
        kind = find_layer_kind(name)
        if kind is not None and "bias" in kind.settings:
            yield name, list(kind.settings).index("bias")


def _with_input(tree: Chain, shape: Input) -> Chain:
    for place, item in enumerate(tree.items):
        if isinstance(item, Input):
            shape = replace(shape, name=item.name, is_tokens=shape.is_tokens or item.is_tokens)
            return Chain((*tree.items[:place], shape, *tree.items[place + 1 :]))
    return Chain((shape, *tree.items))


def _with_length(tree: Chain, length: int, name: str) -> Chain:
    for place, item in enumerate(tree.items):
        if isinstance(item, Input) and item.is_tokens:
            changed = replace(item, shape=(str(length), *item.shape[1:]))
            return Chain((*tree.items[:place], changed, *tree.items[place + 1 :]))
    raise UsageError(
        f"`{name}` has no length: it takes no tokens.",
        place=Place("length"),
        hint="leave `length` out, or write the shape with `--input`",
    )
