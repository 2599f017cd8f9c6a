"""Catalogue activations by their name, by an alias, in a dialect, or by a formula."""

import pytest
from flint import fmpq

from gradiometer.catalog import list_aliases, list_entries, list_vector_functions, read_entry
from gradiometer.errors import StudyError, UsageError
from gradiometer.formula import evaluate, parse, to_float
from gradiometer.model import read_activation
from gradiometer.question.activation import activation

DIALECTS = [
    (name, dialect)
    for name in list_entries("activation")
    for dialect in read_entry("activation", name).get("dialects", {})
]

# What each library offers, read from its packages: torch.nn 2.14.1 (the modules under
# "Non-linear Activations"), keras.activations 3.15.1, jax.nn 0.10.2 (its functions).
LIBRARIES = {
    "torch": """Threshold ReLU RReLU Hardtanh ReLU6 Sigmoid Hardsigmoid Tanh SiLU Mish Hardswish
        ELU CELU SELU GLU GELU Hardshrink LeakyReLU LogSigmoid Softplus Softshrink PReLU Softsign
        Tanhshrink Softmin Softmax Softmax2d LogSoftmax MultiheadAttention""",
    "keras": """relu leaky_relu relu6 softmax celu elu selu softplus softsign squareplus
        soft_shrink sparse_plus silu swish gelu glu tanh tanh_shrink threshold sigmoid
        sparse_sigmoid exponential hard_sigmoid hard_silu hard_swish hard_tanh hard_shrink linear
        mish log_softmax log_sigmoid sparsemax""",
    "jax": """relu squareplus softplus sparse_plus soft_sign sigmoid sparse_sigmoid silu swish mish
        log_sigmoid elu leaky_relu hard_tanh celu selu gelu glu relu6 hard_sigmoid hard_silu
        hard_swish identity tanh softmax log_softmax logsumexp logmeanexp log1mexp standardize
        one_hot""",
}
HIDDEN = {"gelu_tanh", "identity"}
"""An option of `gelu`, and in PyTorch a module that is not listed as an activation."""
NAMES = [(library, name) for library, names in LIBRARIES.items() for name in names.split()]


@pytest.mark.parametrize(("library", "name"), NAMES, ids=".".join)
def test_every_name_of_a_library_is_an_activation_or_a_listed_vector_function(library, name):
    entry = read_entry("activation", name)
    assert library in entry["libraries"]
    if entry.get("vector"):
        assert entry["name"] in list_vector_functions()
    else:
        assert read_activation(f"{name}.{library}").name == f"{entry['name']}.{library}"


@pytest.mark.parametrize("library", LIBRARIES)
def test_no_entry_claims_a_library_that_does_not_have_it(library):
    known = set(LIBRARIES[library].split())
    for name in [*list_entries("activation"), *list_vector_functions()]:
        entry = read_entry("activation", name)
        if library in entry.get("libraries", ()) and name not in HIDDEN:
            assert known & {name, *entry.get("aliases", ())}, name


def test_an_alias_is_never_the_name_of_another_entry():
    names = {*list_entries("activation"), *list_vector_functions()}
    assert not names & set(list_aliases("activation"))
    listed = [a for name in names for a in read_entry("activation", name).get("aliases", ())]
    assert len(listed) == len(set(listed))


@pytest.mark.parametrize(("name", "dialect"), DIALECTS)
def test_a_dialect_differs_somewhere_from_its_entry(name, dialect):
    plain, other = read_activation(name), read_activation(f"{name}.{dialect}")
    assert plain.tree != other.tree
    assert len(other.about) > len(plain.about)


@pytest.mark.parametrize(
    ("name", "slope"),
    [("leaky_relu", "1/100"), ("leaky_relu.torch", "1/100"), ("leaky_relu.jax", "1/100"),
     ("leaky_relu.keras", "1/5"), ("LeakyReLU.keras_layer", "3/10"), ("prelu", "1/4"),
     ("rrelu", "11/48")],
)  # fmt: skip
def test_slope_below_0_is_the_library_s_default(name, slope):
    value = evaluate(read_activation(name).tree, {"x": fmpq(-1)})
    assert value == -parse_fraction(slope)


def parse_fraction(text):
    top, bottom = text.split("/")
    return fmpq(int(top), int(bottom))


def test_softplus_of_torch_jumps_at_its_threshold_and_the_plain_one_does_not():
    assert activation("softplus").facts["jumps"].value == []
    tree = read_activation("softplus.torch").tree
    below, above = (
        to_float(evaluate(tree, {"x": x})) for x in (fmpq(20), fmpq(20) + fmpq(1, 10**20))
    )
    assert below - above == pytest.approx(2.0611536e-9, rel=1e-6)


def test_gelu_of_jax_is_the_approximation_and_the_others_are_exact():
    approximate = read_activation("gelu_tanh").tree
    assert read_activation("gelu.jax").tree == approximate
    assert read_activation("gelu.torch").tree == read_activation("gelu.keras").tree
    assert read_activation("gelu.torch").tree == parse("x*Phi(x)").tree


@pytest.mark.parametrize(("name", "formula"), [("gelu", "x*Phi(x)"), ("swish", "x/(1+e^(-x))")])
def test_an_entry_and_its_formula_agree_fact_for_fact(name, formula):
    entry, written = (activation(named).to_dict() for named in (name, formula))
    entry["facts"]["formula"].pop("because")
    written["facts"]["formula"].pop("because")
    of_entries = ("gain_torch", "published_gains")
    shared = [fact for fact in entry["facts"] if fact not in of_entries]
    assert {f: entry["facts"][f] for f in shared} == {f: written["facts"][f] for f in shared}
    assert entry["certificate"] == written["certificate"]


@pytest.mark.parametrize("name", [*list_vector_functions(), "Softmax", "GLU"])
def test_a_function_of_a_vector_is_refused_with_what_to_ask_instead(name):
    with pytest.raises(UsageError, match="takes a whole vector") as caught:
        activation(name)
    assert caught.value.hint.startswith("ask ")


@pytest.mark.parametrize(
    ("named", "hint"),
    [("swsh", "write `swish`"), ("sotfmax", "write `softmax`"), ("gelu.jx", "write `gelu.jax`"),
     ("relu.layer", "write `relu`")],
)  # fmt: skip
def test_a_misspelt_name_gets_the_nearest_one_aliases_included(named, hint):
    with pytest.raises(UsageError) as caught:
        read_activation(named)
    assert caught.value.hint == hint


def test_a_dialect_with_a_key_that_nobody_reads_is_refused(monkeypatch):
    entry = {"name": "odd", "formula": "x", "dialects": {"torch": {"formla": "2x"}}}
    monkeypatch.setattr("gradiometer.model.entry.find_name", lambda kind, name: name)
    monkeypatch.setattr("gradiometer.model.entry.read_entry", lambda kind, name: entry)
    with pytest.raises(StudyError, match="formla"):
        read_activation("odd.torch")
