"""Random trees of networks, of every kind of item, for hypothesis."""

from hypothesis import strategies as st

from gradiometer.model.network_tree import (
    Branches,
    Chain,
    Experts,
    Input,
    Layer,
    Repeat,
    Use,
)

_STRUCTURE = {"repeat", "residual", "add", "multiply", "concat", "experts", "use", "input"}
_RESERVED = {*_STRUCTURE, "tokens"}
names = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,8}", fullmatch=True) | st.sampled_from(
    ["name", "kind", "settings", "arguments", "layers", "count", "active", "i", "x", "x3", "as"]
)
kinds = names.filter(lambda name: name not in _RESERVED) | st.sampled_from(
    ["conv", "dense", "relu", "identity"]
)
numbers = st.integers(0, 10**5).map(str)
atoms = st.one_of(
    numbers,
    names,
    st.sampled_from(
        ["true", "false", "3x5", "-1", "1e-5", "0.1", "i<3", "tok.weight", "?", "|x|", "007"]
    ),
)
values = st.one_of(
    atoms,
    st.tuples(atoms, st.sampled_from(["+", " - ", "*", "/", "^", " and ", " != "]), atoms).map(
        "".join
    ),
    st.tuples(names, st.lists(atoms, min_size=1, max_size=3)).map(
        lambda pair: f"{pair[0]}({', '.join(pair[1])})"
    ),
    st.tuples(atoms, atoms).map(lambda pair: f"({pair[0]})*({pair[1]})"),
)
named_values = values | st.tuples(names, atoms).map("=".join)
counts = st.one_of(numbers, names, st.sampled_from(["n + 1", "(n)*2", "(n)", "2*n", "n as m"]))
maybe_name = st.just("") | names
axes = st.one_of(st.integers(1, 10**12).map(str), st.just("?"), names, st.just("n/2"))


def _settings(keys, of=named_values):
    pairs = st.lists(st.tuples(keys, of), max_size=3, unique_by=lambda pair: pair[0])
    return pairs.map(tuple)


universal = _settings(st.sampled_from(["if", "from", "tie", "frozen"]))
inputs = st.builds(
    Input, st.lists(axes, min_size=1, max_size=4).map(tuple), st.booleans(), name=maybe_name
)
layers = st.builds(
    Layer,
    kinds,
    st.lists(values, max_size=3).map(tuple),
    _settings(names),
    name=maybe_name,
)
uses = st.builds(
    Use, st.lists(names, min_size=1, max_size=3).map(".".join), universal, name=maybe_name
)


def _with_bodies(items):
    chains = st.lists(items, max_size=3).map(tuple).map(Chain)
    return st.one_of(
        st.builds(Repeat, counts, chains, maybe_name, universal, name=maybe_name),
        st.builds(
            Branches,
            st.sampled_from(["add", "multiply", "concat"]),
            st.lists(chains, min_size=2, max_size=3).map(tuple),
            universal,
            name=maybe_name,
        ),
        st.builds(Experts, counts, counts, chains, universal, name=maybe_name),
    )


items = st.recursive(layers | uses | inputs, _with_bodies, max_leaves=12)
dense = st.lists(st.integers(1, 10**12), min_size=2, max_size=6).map(
    lambda widths: Chain(
        (
            Input((str(widths[0]),)),
            *(Layer("dense", (str(width),)) for width in widths[1:]),
        )
    )
)
trees = dense | st.lists(items, min_size=1, max_size=5).map(tuple).map(Chain)
