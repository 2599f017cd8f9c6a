"""The walk over a network: shapes from item to item, one row a layer.

The functions that walk are generators which hand the items inside an item to one loop, so that
nesting costs no recursion. A composite layer is walked once for each input shape and setting.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeAlias, final

from gradiometer.errors import GradiometerError, UsageError, unknown_name
from gradiometer.model.layer_kind import LayerKind
from gradiometer.model.layer_row import add_layer
from gradiometer.model.layer_rule import LayerCall, LayerResult, apply_kind, bind_settings
from gradiometer.model.network_join import join_flows
from gradiometer.model.network_paths import ItemName, is_single, name_items
from gradiometer.model.network_read import read_shape
from gradiometer.model.network_rows import ALL, Row, to_shape_text
from gradiometer.model.network_scope import Flow, Known, Scope
from gradiometer.model.network_template import Template
from gradiometer.model.network_tree import (
    Branches,
    Chain,
    Experts,
    Input,
    Item,
    Layer,
    Repeat,
    Use,
)
from gradiometer.model.network_values import (
    Values,
    find_count,
    find_value,
    is_true,
    read_frozen,
    resolve_kind,
    resolve_settings,
    settle_settings,
)
from gradiometer.model.size_formula import to_size_text

Steps: TypeAlias = "Generator[Steps, Any, Flow | None]"
"""A walk that hands the walks inside it to the loop, and ends with what flows on."""

_BODY_INPUT = "input of the body"
_BODY_MEMORY = "memory of the body"


@final
@dataclass(frozen=True)
class _Spot:
    """Where an item stands: its scope, the path so far, and the values it may name."""

    scope: Scope
    prefix: str
    values: Values
    frozen: frozenset[str] = frozenset()
    """Names of tensors that are not learned here, or `ALL`."""


def walk_network(
    tree: Chain | Template,
    *,
    input: Input | str | None = None,
    settings: Mapping[str, Any] | None = None,
    memoise: bool = True,
) -> tuple[Row, ...]:
    """One row for each layer of a network, in the order of the text.

    Args:
        tree: The network, or one with settings.
        input: The shape that enters, in place of the one in the network.
        settings: Values of the network's settings: numbers, or texts such as `4*width`.
        memoise: Whether equal composite layers are walked once.

    Raises:
        ShapeError: If the output of an item does not fit the next one.
        UnknownNameError: If a kind of layer, a setting or a name is not known.
        DomainError: If a setting has a value that it cannot have.
        UsageError: If something is missing, such as the input.
        LimitError: If the network is larger than the stated limits.

    Example:
        >>> from gradiometer.model.network_read import read_network_tree
        >>> [row.parameters for row in walk_network(read_network_tree("100-20-1"))]
        [2020, 21]
    """
    given = dict(settings or {})
    chain = tree
    if isinstance(tree, Template):
        _check_settings(tree, given)
        given = {**tree.defaults, **given}
        chain = tree.body
    assert isinstance(chain, Chain)
    entering = read_shape(input) if isinstance(input, str) else input
    spot = _Spot(Scope(), "", settle_settings(given))
    _run(_Walk(memoise, entering).chain(chain, spot, name_items(chain), 0, None))
    return tuple(spot.scope.rows)


def _check_settings(template: Template, given: Mapping[str, Any]) -> None:
    for name in given:
        if name not in template.defaults:
            problem = f"The network `{template.name}` has no setting `{name[:60]}`."
            raise unknown_name(name, template.defaults, problem=problem)


def _run(steps: Steps) -> Flow | None:
    stack = [steps]
    result: Flow | None = None
    failed: GradiometerError | None = None
    while stack:
        try:
            inner = stack[-1].throw(failed) if failed else stack[-1].send(result)
            stack.append(inner)
            result = failed = None
        except StopIteration as end:
            stack.pop()
            result = end.value
        except GradiometerError as error:
            # The walk that asked for this one adds what it knows.
            stack.pop()
            failed = error
    if failed:
        raise failed
    return result


class _Walk:
    """One walk, with what it remembers."""

    def __init__(self, memoise: bool, entering: Input | None) -> None:
        self.memoise = memoise
        self.entering = entering
        self.results: dict[Any, LayerResult] = {}
        self.bodies: dict[Any, tuple[tuple[Row, ...], Flow]] = {}

    def chain(
        self,
        chain: Chain,
        spot: _Spot,
        names: tuple[ItemName, ...],
        at: int,
        flow: Flow | None,
    ) -> Steps:
        """Walk items one behind the other; their names begin at *at* in *names*."""
        for item in chain.items:
            named = names[at]
            flow = yield self.item(item, spot, names, at, flow)
            at += named.span
        return flow

    def item(
        self, item: Item, spot: _Spot, names: tuple[ItemName, ...], at: int, flow: Flow | None
    ) -> Steps:
        """Walk one item, unless its condition is false."""
        path = spot.prefix + names[at].name
        if isinstance(item, Input):
            return self.enter(item, spot, path)
        settings = dict(item.settings)
        place = item.place
        if "if" in settings and not is_true(settings["if"], spot.values, path=path, place=place):
            return flow
        frozen = _find_frozen(item, spot, path)
        inner = replace(spot, frozen=frozen) if frozen != spot.frozen else spot
        memory = None
        if "from" in settings:
            text = settings["from"]
            memory = spot.scope.output(text, prefix=spot.prefix, path=path, place=place)
        kind = resolve_kind(item, spot.values, path=path) if isinstance(item, Layer) else None
        if memory is not None and not (kind and kind.has_memory):
            flow, memory = memory, None
        if flow is None and self.entering is not None and not spot.scope.rows:
            flow = self.enter(self.entering, spot, "input")
        if flow is None:
            problem = f"`{path}` has no input."
            hint = "write the shape of the input first, such as `784 -> dense(10)`"
            raise UsageError(problem, place=place, hint=hint)
        start = len(spot.scope.rows)
        had_gradient = flow.needs_gradient or bool(memory and memory.needs_gradient)
        if isinstance(item, Layer):
            assert kind is not None
            flow = yield self.layer(item, kind, inner, path=path, flow=flow, memory=memory)
        elif isinstance(item, Repeat):
            flow = yield self.repeat(item, inner, path, flow)
        elif isinstance(item, Branches):
            flow = yield self.branches(item, inner, names, at, flow)
        elif isinstance(item, Experts):
            flow = yield self.experts(item, inner, path, flow)
        else:
            flow = yield self.use(item, inner, path, flow)
        assert flow is not None
        if frozen - spot.frozen:
            spot.scope.freeze(start, frozen - spot.frozen, path=path, place=place)
        if "tie" in settings:
            text = settings["tie"]
            spot.scope.tie(start, text, prefix=spot.prefix, path=path, place=place)
            flow = spot.scope.drop_unneeded(start, flow, had_gradient=had_gradient)
        spot.scope.outputs[path] = flow
        if not isinstance(item, Branches) or item.name:
            spot.scope.items[path] = Known(item, spot.values, frozen)
        return flow

    def enter(self, item: Input, spot: _Spot, path: str) -> Flow:
        """What enters: the shape that was asked for, or that of the text."""
        if self.entering is not None:
            # Only the first input is the one that was asked for.
            given, self.entering = self.entering, None
            item = replace(given, is_tokens=given.is_tokens or item.is_tokens)
        shape: list[int | None] = []
        for text in item.shape:
            unknown = find_value(text, spot.values, path=path, place=item.place, word=False) is None
            shape.append(
                None
                if unknown
                else find_count(
                    text, spot.values, path=path, place=item.place, least=1, what="a size"
                )
            )
        flow = Flow(tuple(shape), path, "int64" if item.is_tokens else None)
        spot.scope.outputs[path] = flow
        return flow

    def layer(
        self,
        item: Layer,
        kind: LayerKind,
        spot: _Spot,
        *,
        path: str,
        flow: Flow,
        memory: Flow | None = None,
    ) -> Steps:
        """Walk one layer: its rule, or the body of a composite one."""
        given = resolve_settings(item, kind, spot.values, path=path)
        shape = memory.shape if memory else None
        call = LayerCall(kind, path, given, flow.shape, shape, item.place)
        key = (kind.name, tuple((n, to_size_text(v)) for n, v in given.items()), flow.shape, shape)
        if kind.body is not None:
            flow = yield self.composite(call, key, spot, flow, memory)
            return flow
        _check_tokens(call, flow)
        result = self.results.get(key) if self.memoise else None
        if result is None:
            result = self.results[key] = apply_kind(call)
        return add_layer(spot.scope, call, result, flow=flow, memory=memory, frozen=spot.frozen)

    def composite(
        self, call: LayerCall, key: Any, spot: _Spot, flow: Flow, memory: Flow | None
    ) -> Steps:
        """Walk the body of a composite layer in a scope of its own, or recall it."""
        states = [(f.dtype, f.needs_gradient, f.whole) for f in (flow, memory) if f]
        key = (*key, *states, spot.frozen)
        known = self.bodies.get(key) if self.memoise else None
        if known is None:
            body = call.kind.body
            assert body is not None
            inner = _Spot(Scope(), "", bind_settings(call)[0], spot.frozen)
            entering = replace(flow, tensor=_BODY_INPUT)
            second = replace(memory, tensor=_BODY_MEMORY) if memory else entering
            if call.kind.has_memory:
                inner.scope.outputs["memory"] = second
            try:
                out = yield self.chain(body, inner, name_items(body), 0, entering)
            except GradiometerError as error:
                raise _inside(error, call) from None
            assert out is not None
            known = self.bodies[key] = (tuple(inner.scope.rows), out)
        rows, out = known
        renamed = {_BODY_INPUT: flow.tensor, _BODY_MEMORY: memory.tensor if memory else ""}
        spot.scope.embed(rows, call.path, renamed)
        return replace(out, tensor=renamed.get(out.tensor) or f"{call.path}.{out.tensor}")

    def repeat(self, item: Repeat, spot: _Spot, path: str, flow: Flow | None) -> Steps:
        """Walk a body so many times."""
        count = find_count(
            item.count, spot.values, path=path, place=item.place, what="the count of `repeat`"
        )
        single = is_single(item.body)
        names = name_items(item.body)
        for turn in range(count):
            spot.scope.count_turn(item.place)
            values = {**spot.values, item.counter: turn} if item.counter else spot.values
            prefix = f"{path}." if single else f"{path}.{turn}."
            if single:
                names = (ItemName(str(turn), 1),)
            inner = _Spot(spot.scope, prefix, values, spot.frozen)
            flow = yield self.chain(item.body, inner, names, 0, flow)
        return flow

    def branches(
        self, item: Branches, spot: _Spot, names: tuple[ItemName, ...], at: int, flow: Flow
    ) -> Steps:
        """Walk branches side by side and join what comes out."""
        path = spot.prefix + names[at].name
        at += 1
        inner = spot
        if item.name:
            # Names are counted through all branches, so that none is taken twice.
            inner, at = replace(spot, prefix=f"{path}."), 0
            names = name_items(Chain(tuple(part for b in item.branches for part in b.items)))
        found: list[Flow] = []
        for branch in item.branches:
            out = yield self.chain(branch, inner, names, at, flow)
            assert out is not None
            found.append(out)
            at += _span(branch, names, at)
        row, joined = join_flows(item, found, path=path, values=spot.values)
        spot.scope.add(row)
        return joined

    def experts(self, item: Experts, spot: _Spot, path: str, flow: Flow) -> Steps:
        """Walk the body of experts once; its tensors get an axis for the experts."""
        place = item.place
        count, active = (
            find_count(text, spot.values, path=path, place=place, least=1, what=what)
            for text, what in ((item.count, "the count of experts"), (item.active, "`active`"))
        )
        if active > count:
            problem = f"`{path}`: {active} of {count} experts cannot be active."
            raise UsageError(problem, place=place, hint=f"write `active={count}` or less")
        router = Layer("dense", (str(count),), (("bias", "false"),), place=place)
        kind = resolve_kind(router, {}, path=f"{path}.router")
        yield self.layer(router, kind, spot, path=f"{path}.router", flow=flow)
        start = len(spot.scope.rows)
        inner = replace(spot, prefix=f"{path}.")
        out = yield self.chain(item.body, inner, name_items(item.body), 0, flow)
        assert out is not None
        spot.scope.stack(start, path, count=count, active=active)
        return replace(out, tensor=f"{path}.output")

    def use(self, item: Use, spot: _Spot, path: str, flow: Flow) -> Steps:
        """Walk a named item again, with the tensors that it has."""
        scope = spot.scope
        old = scope.known_item(item.of, prefix=spot.prefix, path=path, place=item.place)
        known = scope.items[old]
        start = len(scope.rows)
        inner = _Spot(scope, spot.prefix, known.values, spot.frozen | known.frozen)
        renamed = known.item
        assert not isinstance(renamed, Input)
        # Conditions and ties of the first place are not those of this one.
        kept = tuple(pair for pair in renamed.settings if pair[0] not in {"if", "tie", "from"})
        again = replace(renamed, settings=kept)
        names = (ItemName(path[len(spot.prefix) :], 1),)
        if isinstance(again, Branches):
            again = replace(again, name=names[0].name)
        out = yield self.item(again, inner, names, 0, flow)
        scope.share(start, old, path, place=item.place)
        scope.mark_again(start, old, path, named=bool(item.name))
        assert out is not None
        return scope.drop_unneeded(start, out, had_gradient=flow.needs_gradient)


def _find_frozen(
    item: Layer | Repeat | Branches | Experts | Use, spot: _Spot, path: str
) -> frozenset[str]:
    """What is not learned: the item stands in one that is not, says so, or is tied to one."""
    settings = dict(item.settings)
    frozen = spot.frozen
    if "frozen" in settings:
        frozen |= read_frozen(settings["frozen"], spot.values, path=path, place=item.place)
    if "tie" in settings and spot.scope.is_frozen(settings["tie"], prefix=spot.prefix):
        frozen |= {ALL}
    return frozen


def _check_tokens(call: LayerCall, flow: Flow) -> None:
    """Refuse features where tokens are looked up, and tokens where features are computed with."""
    is_tokens, kind = flow.dtype is not None, call.kind
    if is_tokens == kind.takes_tokens or (is_tokens and kind.is_view):
        return
    text = to_shape_text(flow.shape)
    if is_tokens:
        problem = f"a layer `{kind.name}` computes with features, and here come tokens ({text})."
        raise call.wrong_shape(problem, "put an `embedding(vocabulary, size)` before it")
    problem = f"a layer `{kind.name}` looks up tokens, and here come features ({text})."
    raise call.wrong_shape(problem, f"write the input as `tokens({text.replace('x', ', ')})`")


def _inside(error: GradiometerError, call: LayerCall) -> GradiometerError:
    """The error about a layer of a body, with the path of the whole and its place in the text."""
    problem = error.problem
    if problem.startswith("`"):
        problem = f"`{call.path}.{problem[1:]}"
    return replace(error, problem=problem, place=call.place or error.place)


def _span(branch: Chain, names: tuple[ItemName, ...], at: int) -> int:
    start = at
    for _ in branch.items:
        at += names[at].span
    return at - start
