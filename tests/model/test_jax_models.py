"""A JAX model is split by its parts: tied weights, skips and branches, named tensors, blocks."""

import dataclasses
import math
from pathlib import Path

import numpy as np
import pytest

from gradiometer.errors import ModelError
from gradiometer.model import split_jax

pytestmark = pytest.mark.oracle

jax = pytest.importorskip("jax")
cases = pytest.importorskip("model.jax_cases")
array, by_name, double, hold, untie = (
    cases.array,
    cases.by_name,
    cases.double,
    cases.hold,
    cases.untie,
)
checkpoint_name, jnp = cases.checkpoint_name, cases.jnp


def norm_rows(x):
    return (x - x.mean(-1, keepdims=True)) / jnp.sqrt(x.var(-1, keepdims=True) + 1e-5)


def block(p, x):
    with jax.named_scope("attention"):
        h = norm_rows(x)
        weights = jax.nn.softmax((h @ p["q"]) @ (h @ p["k"]).T)
        x = x + weights @ (h @ p["v"])
    x = checkpoint_name(x, "between")
    with jax.named_scope("mlp"):
        return x + jax.nn.gelu(norm_rows(x) @ p["up"]) @ p["down"]


def language(depth=2):
    shapes = {"q": (8, 8), "k": (8, 8), "v": (8, 8), "up": (8, 16), "down": (16, 8)}
    rows = [
        {n: array(*s, seed=10 * i + j) for j, (n, s) in enumerate(shapes.items())}
        for i in range(depth)
    ]
    return {"token": array(11, 8, seed=99), "layers": rows}


TOKENS = np.array([1, 3, 4, 1, 0])


def language_loss(p, apply=block):
    x = p["token"][TOKENS]
    for layer in p["layers"]:
        x = apply(layer, x)
    logits = norm_rows(x) @ p["token"].T
    return -jnp.mean(jax.nn.log_softmax(logits)[np.arange(5), TOKENS])


def test_tied_weight_is_split_by_place():
    with double():
        found = split_jax(language_loss, language())
        token = by_name(found)["token"]
        assert [(use.place, use.operation) for use in token.uses] == [
            ("language_loss", "gather #1"),
            ("language_loss", "transpose → matmul"),
        ]
        assert all(use.line.startswith(f"{Path(__file__).name}:") for use in token.uses)
        assert all(tensor.matches for tensor in found.tensors)
        attention = by_name(found)["layers[1].q"].uses[0]
        assert (attention.place, attention.operation) == ("attention", "matmul #6")


def test_skip_and_branch_bring_what_a_cut_model_says():
    with double():
        params = language(1)
        found = split_jax(language_loss, params)
        x = params["token"][TOKENS]

        def cut(skip, branch):
            p = params["layers"][0]
            h = norm_rows(branch)
            weights = jax.nn.softmax((h @ p["q"]) @ (h @ p["k"]).T)
            y = skip + weights @ (h @ p["v"])
            y = y + jax.nn.gelu(norm_rows(y) @ p["up"]) @ p["down"]
            logits = norm_rows(y) @ params["token"].T
            return -jnp.mean(jax.nn.log_softmax(logits)[np.arange(5), TOKENS])

        skip, branch = (np.asarray(g).ravel() for g in jax.grad(cut, (0, 1))(x, x))
    rows = [row for row in found.residuals if row.tensor == "language_loss (gather #1)"]
    assert {row.addition for row in rows} == {"attention (add #2)"}
    total = skip + branch
    for kind, part in (("skip", skip), ("branch", branch)):
        share = math.fsum(row.use.share for row in rows if row.kind == kind)
        assert share == pytest.approx(part @ total / (total @ total), rel=1e-10)


def test_named_tensors_are_split_by_their_uses():
    with double():
        found = split_jax(language_loss, language(), watch=["between"])
        first, second = (t for t in found.tensors if t.kind == "watched")
    assert (first.name, second.name) == ("between (call 1)", "between (call 2)")
    assert first.matches
    assert second.matches
    assert len(first.uses) == 4
    assert math.fsum(use.share for use in first.uses) == pytest.approx(1, abs=1e-12)


def test_results_of_a_compiled_function_are_named_after_it():
    @jax.jit
    def layer(w, x):
        return jnp.tanh(x @ w) + x * w

    with double():
        w = array(5, 5)
        found = split_jax(lambda w: (layer(w, layer(w, w)) ** 2).sum(), w, watch=["layer"])
        inner = by_name(found)["layer (call 1)"]
        parts = untie(lambda a, b: ((jnp.tanh(a @ w) + b * w) ** 2).sum(), layer(w, w), 2)
        hold(inner, parts)
    assert {use.place for use in inner.uses} == {"layer"}


def test_checkpointed_block_is_split_inside():
    def remat(p, x):
        return jax.checkpoint(block)(p, x)

    with double():
        params = language(1)
        plain = split_jax(language_loss, params, watch=["between"])
        found = split_jax(lambda p: language_loss(p, apply=remat), params, watch=["between"])
    for one, other in zip(plain.tensors, found.tensors, strict=True):
        for a, b in zip(one.uses, other.uses, strict=True):
            assert b.share == pytest.approx(a.share, abs=1e-12)
    assert [r.kind for r in found.residuals] == [r.kind for r in plain.residuals]


def test_compiled_loss_says_how_far_compiled_code_is_away():
    with double():
        found = split_jax(jax.jit(language_loss), language())
        plain = split_jax(language_loss, language())
    assert [[u.share for u in t.uses] for t in found.tensors] == [
        [u.share for u in t.uses] for t in plain.tensors
    ]
    assert all(t.matches or "bit for bit" in t.note for t in found.tensors)
    assert found.notes == () or "`language_loss`, under `jit`" in found.notes[0]


def test_unknown_name_is_refused_with_the_nearest():
    with double(), pytest.raises(ModelError) as raised:
        split_jax(language_loss, language(), watch=["betwen"])
    assert raised.value.hint == "write `between`"


@jax.tree_util.register_dataclass
@dataclasses.dataclass
class Dense:
    weight: object
    bias: object


def test_question_takes_parameters_of_jax():
    import gradiometer  # the names of the framework are loaded late

    def loss(layers):
        x = array(2, 3, dtype=jnp.float32)
        for layer in layers:
            x = jnp.tanh(x @ layer.weight + layer.bias)
        return x.sum()

    layer = Dense(array(3, 3, dtype=jnp.float32), jnp.zeros(3))
    answer = gradiometer.gradient(loss, model=[layer, layer])
    assert answer.inputs["framework"] == "jax"
    assert answer.facts["matches"].value is True
    assert answer.facts["tensors"].value[0]["name"] == "[0].weight"
    assert answer.facts["uses"].value[0]["place"] == "loss"


def test_torch_and_jax_give_the_same_shares():
    torch = pytest.importorskip("torch")
    from gradiometer.model import split_torch  # needs PyTorch as well

    with double():
        params = language()
        found = split_jax(language_loss, params)
    tensors = jax.tree_util.tree_map(
        lambda leaf: torch.tensor(np.asarray(leaf)).requires_grad_(), params
    )

    def torch_norm(x):
        centred = x - x.mean(-1, keepdim=True)
        return centred / (x.var(-1, keepdim=True, correction=0) + 1e-5).sqrt()

    def torch_loss(p):
        tokens = torch.tensor(TOKENS)
        x = torch.nn.functional.embedding(tokens, p["token"])
        for layer in p["layers"]:
            h = torch_norm(x)
            weights = ((h @ layer["q"]) @ (h @ layer["k"]).T).softmax(-1)
            x = x + weights @ (h @ layer["v"])
            hidden = torch.nn.functional.gelu(torch_norm(x) @ layer["up"], approximate="tanh")
            x = x + hidden @ layer["down"]
        logits = torch_norm(x) @ p["token"].T
        return torch.nn.functional.cross_entropy(logits, tokens)

    other = split_torch(torch_loss, tensors)
    assert found.value == pytest.approx(other.value, rel=1e-12)
    theirs = {t.name.replace("layers.", "layers["): t for t in other.tensors}
    for split in found.tensors:
        key = split.name.replace("].", ".")
        twin = theirs[key]
        assert split.norm == pytest.approx(twin.norm, rel=1e-9)
        assert [u.share for u in split.uses] == pytest.approx(
            [u.share for u in twin.uses], abs=1e-9
        )
    assert share_of_kinds(found) == pytest.approx(share_of_kinds(other), abs=1e-9)


def share_of_kinds(found):
    """For each residual addition in order, the shares of skip and of branch."""
    additions = list(dict.fromkeys(row.addition for row in found.residuals))
    return [
        math.fsum(r.use.share for r in found.residuals if (r.addition, r.kind) == (a, kind))
        for a in additions
        for kind in ("skip", "branch")
    ]
