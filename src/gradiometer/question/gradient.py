"""The question `gradient`: how the gradient reaches each input of a computation."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from gradiometer.errors import (
    DomainError,
    GradiometerError,
    LimitError,
    Place,
    UndecidedError,
    UsageError,
)
from gradiometer.formula import (
    Exact,
    Node,
    evaluate,
    precision,
)
from gradiometer.model import Gradient, Graph, GraphPoint, read_graph, solve_gradient
from gradiometer.question.answer import Answer, Fact, proved, unknown
from gradiometer.question.gradient_arrays import list_arrays
from gradiometer.question.gradient_certificate import certify_gradient
from gradiometer.question.gradient_flow import list_flow_facts
from gradiometer.question.gradient_group import (
    find_kept,
    join_sum,
    list_branch_facts,
    list_group_facts,
)
from gradiometer.question.gradient_list import answer_list
from gradiometer.question.gradient_refusal import point_at_line, point_into_list
from gradiometer.question.gradient_source import (
    Computation,
    read_computation,
    trace_computation,
    with_sum,
)
from gradiometer.question.gradient_steps import write_steps
from gradiometer.question.gradient_table import (
    MOST_PATHS,
    contribution_rows,
    edge_rows,
    list_paths,
    node_rows,
    path_counts,
)
from gradiometer.question.gradient_tensors import answer_model
from gradiometer.question.gradient_view import find_highlight, list_focus
from gradiometer.question.gradient_wanted import Wanted, read_point, read_wanted
from gradiometer.question.value import to_value_text

_STRUCTURE = (
    " The structure is kept as it is written: (a+b)*a and a*a+a*b are different computations with "
    "different paths, though their gradients are equal."
)

_MOST_COUNTED = 10**4000
"""Larger numbers of paths are not written out."""


def gradient(
    computation: str | Callable[..., Any] | None = None,
    *,
    at: Mapping[str, Any] | None = None,
    of: str | None = None,
    top: int | None = None,
    keep: str | Sequence[str] = (),
    file: str | None = None,
    highlight: str | None = None,
    focus: int | None = None,
    model: Any = None,
    watch: str | Sequence[str] = (),
) -> Answer:
    """The value of a computation, its derivatives, and the way the gradient takes to each input.

    Args:
        computation: Assignments such as `v1=a^2; v2=a+b; c=v1*v2`, one expression, or a Python
            function of the inputs by name.
        at: A value for each input: a text such as `1/3`, `0.1` or `sqrt(2)`, or a number; a
            decimal is read as it is written.
        of: The output: a name, or a sum such as `2*c + d` of several; the last assignment when it
            is left out.
        top: How many of the largest paths of each input to list, with their share.
        keep: Names of nodes to keep in `grouped`; all that the user named when it is left out.
        file: A file of assignments, one a line, or a graph as `.json`, in place of *computation*.
        highlight: One path: a rank such as `1` (of the input with the largest mass) or `b:2`, or
            names such as `a -> v1 -> c`.
        focus: How many nodes the fact `focus` shows; of a graph that is too large to draw it shows
            60 when this is left out.
        model: A PyTorch module or JAX parameters, with a loss function of it as *computation*; or
            a text `package.module:factory` that names code which returns both.
        watch: Modules of *model* whose output is split by its uses too, or `NAME.input`;
            in JAX, names given by `checkpoint_name` and functions under `jit`.

    Returns:
        Facts `value`, `derivatives`, `nodes`, `edges`, `contributions`, `paths` and `path_count`,
        then what the paths weigh (`mass`, `cancellation`, `by_length`, …); with *top* the largest
        paths, where branches meet `one_sided`, where there are branches `branches`, and `grouped`
        where nodes are left out, `highlighted` and `focus` where they are asked for or needed.
        Numbers are rational, or balls where a root, an exponential or the like enters. None stands
        where there is no single derivative. What is too long for exact numbers is answered in
        float64, with a bound on the rounding of every derivative. `data` holds nodes and edges as
        float64 arrays, of a graph of at most 100,000 nodes.
        Of a *model*: `value`, `norm`, `matches`, `tensors`, `uses` and `residuals`, computed.

    Raises:
        FormulaError: If the computation or a value cannot be read.
        StudyError: If the file cannot be read.
        UsageError: If an input has no value, or a value is for no input.
        DomainError: If the output has no value at the point.
        LimitError: If the computation or its numbers are larger than the stated limits.
        ModelError: If a model or its loss cannot be asked.

    Example:
        >>> answer = gradient("v1=a^2; v2=a+b; c=v1*v2", at={"a": -1, "b": 4})
        >>> answer.facts["derivatives"].value
        {'a': -5, 'b': 1}
    """
    if model is not None:
        others = {
            "at": at,
            "of": of,
            "top": top,
            "keep": keep,
            "file": file,
            "highlight": highlight,
            "focus": focus,
        }
        return answer_model(computation, model, watch=watch, others=others)
    if watch:
        raise UsageError("`watch` needs a `model`.", hint="give a `model`, or leave `watch` out")
    is_function = callable(computation)
    source = None if is_function else read_computation(computation, file=file)
    point = {**(source.at or {} if source else {}), **(at or {})} if _is_table(at) else at
    trees, texts = read_point(point)
    if source is None:
        assert callable(computation)
        source = trace_computation(computation, {n: evaluate(t, {}) for n, t in trees.items()})
        trees = {name: tree for name, tree in trees.items() if name not in source.unused}
    wanted = read_wanted(of or source.of, top=top, keep=keep, highlight=highlight, focus=focus)
    if not source.text:
        return _answer_list(source, trees, texts, wanted, "")
    try:
        return _answer_exactly(source, trees, texts, wanted)
    except LimitError as error:
        try:
            return _answer_list(source, trees, texts, wanted, error.problem)
        except DomainError:
            # What leaves the range of float64 too is refused for its size.
            raise point_at_line(error, source) from None
    except GradiometerError as error:
        raise point_at_line(error, source) from None


def _is_table(at: Any) -> bool:
    return at is None or isinstance(at, Mapping)


def _answer_list(
    source: Computation,
    trees: Mapping[str, Node],
    texts: Mapping[str, str],
    wanted: Wanted,
    reason: str,
) -> Answer:
    """The answer in float64; the reason says why it is not exact."""
    lines, target = with_sum(source.parts(), wanted.of)
    inputs: dict[str, Any] = {"file": source.path} if source.path else {"computation": source.text}
    inputs |= {"at": dict(texts), "of": target}
    if wanted.top is not None:
        inputs["top"] = wanted.top
    try:
        answer = answer_list(
            lines,
            at=trees,
            inputs={**inputs, **wanted.look},
            source=source.name,
            highlight=wanted.highlight,
            focus=wanted.focus,
        )
    except GradiometerError as error:
        raise point_into_list(error, source, wanted.of) from None
    why = (f"{reason} " if reason else "") + "All numbers are float64 with bounds, not exact."
    unused = ("`keep` has no effect on them.",) if wanted.keep else ()
    return replace(answer, warnings=(why, *unused, *source.notes, *answer.warnings))


def _answer_exactly(
    source: Computation, trees: Mapping[str, Node], texts: Mapping[str, str], wanted: Wanted
) -> Answer:
    text, target = join_sum(source.text, wanted.of)
    graph = read_graph(text, inputs=trees, of=target, place=Place(source.name))
    output = graph.nodes[graph.output].name
    ordered = {name: texts[name] for name in graph.inputs}
    inputs: dict[str, Any] = {"computation": text, "at": ordered, "of": output}
    kept = find_kept(graph, wanted.keep)
    if wanted.top is not None:
        inputs["top"] = wanted.top
    if wanted.keep:
        inputs["keep"] = [graph.nodes[index].name for index in kept]
    inputs |= wanted.look
    try:
        point, found = solve_gradient(graph, trees)
    except UndecidedError as error:
        names = ("value", "derivatives", "nodes", "edges", "contributions", "paths")
        facts = {name: unknown(f"It cannot be decided: {error}.") for name in names}
        return Answer("gradient", inputs, {**facts, "path_count": _count_fact(graph)})
    with precision(point.bits):
        return Answer(
            "gradient",
            inputs,
            _open_ties(
                source,
                {
                    **_facts(point, found, _point_text(ordered)),
                    **list_flow_facts(point, top=wanted.top),
                    **list_branch_facts(point),
                    **list_group_facts(point, kept),
                    **_list_view(point, wanted),
                },
            ),
            write_steps(point, found),
            list_arrays(point),
            certificate=certify_gradient(point, found, ordered),
            warnings=(*source.notes, *_warnings(point, found)),
        )


def _open_ties(source: Computation, facts: dict[str, Fact]) -> dict[str, Fact]:
    """The facts; of a function that compares equal numbers nothing but its value is certain."""
    if not source.ties:
        return facts
    return {name: f if name == "value" else unknown(source.ties[0]) for name, f in facts.items()}


def _list_view(point: GraphPoint, wanted: Wanted) -> dict[str, Fact]:
    """The path and the nodes to look at."""
    facts: dict[str, Fact] = {}
    nodes: tuple[int, ...] = ()
    if wanted.highlight is not None:
        found = find_highlight(point, wanted.highlight)
        facts["highlighted"], nodes = found.fact, found.nodes
    return facts | list_focus(point, most=wanted.focus, first=nodes)


def _point_text(texts: Mapping[str, str]) -> str:
    if not texts:
        return "It is a constant."
    shown = [f"{name} = {text}" for name, text in list(texts.items())[:8]]
    return "At " + ", ".join(shown) + (", …." if len(texts) > 8 else ".")


def _facts(point: GraphPoint, found: Gradient, where: str) -> dict[str, Fact]:
    graph = point.graph
    output = graph.nodes[graph.output]
    value = point.values[graph.output]
    operation = f"{output.name} = {output.operation_text}. " if _is_renamed(graph) else ""
    facts = {
        "value": proved(value, operation + where),
        "derivatives": _derivative_fact(found),
        "nodes": proved(
            node_rows(point),
            "Values run forward; the adjoint of a node, the derivative of the output with respect "
            "to it, runs backward." + (_STRUCTURE if _has_nameless(graph) else ""),
        ),
        "edges": proved(
            edge_rows(point),
            "`local` is the derivative of the later node with respect to the earlier one, `flow` "
            "is `local` times the adjoint of the later one.",
        ),
        "contributions": proved(
            contribution_rows(point),
            "What reaches the input through the node it enters first: local derivative times "
            "adjoint, parallel edges summed; the rows of an input add up to its derivative.",
        ),
        "paths": _path_fact(point),
        "path_count": _count_fact(graph),
    }
    if found.sides:
        facts["one_sided"] = proved(
            {name: {"left": s.left, "right": s.right} for name, s in found.sides.items()},
            "The slopes just left and just right of the point, all other inputs held; there is a "
            "derivative where both are equal.",
        )
    return facts


def _has_nameless(graph: Graph) -> bool:
    """Whether an operation stands inside a formula, so that its structure is the formula's."""
    return any(n.operation is not None and n.shown is n.operation for n in graph.nodes)


def _is_renamed(graph: Graph) -> bool:
    output = graph.nodes[graph.output]
    return output.operation is not None and output.operation_text != output.name


def _derivative_fact(found: Gradient) -> Fact:
    missing = [name for name, value in found.derivatives.items() if value is None]
    if missing and len(missing) == len(found.derivatives):
        return unknown("No input has a single derivative that is certain; see `one_sided`.")
    because = "Each is the sum of the products of local derivatives along all paths."
    if missing:
        because += f" None is given for {', '.join(missing)}: branches meet there."
    return proved(dict(found.derivatives), because)


def _path_fact(point: GraphPoint) -> Fact:
    rows = list_paths(point)
    if rows is None:
        total = sum(path_counts(point.graph).values())
        count = f"{total:,}" if total < 10**30 else "more than 10^30"
        return unknown(f"There are {count} paths; at most {MOST_PATHS:,} are listed.")
    return proved(
        rows,
        "The value of a path is the product of its local derivatives; the paths of an input add "
        "up to its derivative. The largest stands first.",
    )


def _count_fact(graph: Graph) -> Fact:
    counts = path_counts(graph)
    if max(counts.values(), default=0) >= _MOST_COUNTED:
        return unknown("There are more than 10^4000 paths.")
    return proved(counts, "Counted backward from the output; parallel edges are different paths.")


def _warnings(point: GraphPoint, found: Gradient) -> tuple[str, ...]:
    graph = point.graph
    warnings = list(graph.notes)
    if graph.idle:
        names = ", ".join(f"`{name}`" for name in graph.idle)
        warnings.append(f"Left out, because the output does not need it: {names}.")
    if found.sides:
        kinks = ", ".join(
            f"`{node.name}`"
            + ("" if node.name == node.operation_text else f" = {node.operation_text}")
            for index, node in enumerate(graph.nodes)
            if point.is_live[index] and None in point.slopes[index]
        )
        warnings.append(f"There is no single local derivative at {kinks}.")
    for name, sides in found.sides.items():
        if sides.derivative is not None:
            warnings.append(
                f"Along `{name}` both sides have the slope {_number(sides.left)}, so the "
                "derivative is certain all the same; what each path brings is not."
            )
        elif sides.left is not None and sides.right is not None:
            warnings.append(
                f"Along `{name}` the slope is {_number(sides.left)} from the left and "
                f"{_number(sides.right)} from the right; automatic differentiation returns one "
                "number here by convention."
            )
        else:
            warnings.append(f"Along `{name}` no derivative could be established.")
    return tuple(warnings)


def _number(value: Exact | None) -> str:
    return to_value_text(value)
