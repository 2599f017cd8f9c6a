"""The split of a PyTorch module names the places that its author knows, and leaves it as it was."""

import math

import pytest

from gradiometer.errors import ModelError
from gradiometer.model import split_torch

pytestmark = pytest.mark.oracle

torch = pytest.importorskip("torch")
cases = pytest.importorskip("model.torch_cases")
by_name, hold = cases.by_name, cases.hold
plain_gradient = cases.plain_gradient


class Block(torch.nn.Module):
    def __init__(self, width):
        super().__init__()
        self.norm1, self.norm2 = torch.nn.LayerNorm(width), torch.nn.LayerNorm(width)
        self.attention = torch.nn.MultiheadAttention(width, 2, batch_first=True)
        self.mlp = torch.nn.Sequential(
            torch.nn.Linear(width, 2 * width), torch.nn.GELU(), torch.nn.Linear(2 * width, width)
        )

    def forward(self, x, skip=None):
        h = self.norm1(x)
        middle = (x if skip is None else skip) + self.attention(h, h, h, need_weights=False)[0]
        return middle + self.mlp(self.norm2(middle))


class Language(torch.nn.Module):
    def __init__(self, width=8, depth=2):
        super().__init__()
        self.token = torch.nn.Embedding(11, width)
        self.blocks = torch.nn.ModuleList(Block(width) for _ in range(depth))
        self.head = torch.nn.Linear(width, 11, bias=False)
        self.head.weight = self.token.weight

    def forward(self, tokens):
        x = self.token(tokens)
        for block in self.blocks:
            x = block(x)
        return self.head(x)


TOKENS = torch.tensor([[1, 2, 3, 3, 0], [4, 10, 2, 1, 1]])


def language_loss(model):
    logits = model(TOKENS)
    return torch.nn.functional.cross_entropy(logits.flatten(0, 1), TOKENS.flatten())


@pytest.fixture
def language():
    torch.manual_seed(0)
    return Language().double()


def test_tied_weight_is_split_by_module(language):
    split = by_name(split_torch(language_loss, language))["token.weight"]
    assert split.also == ("head.weight",)
    assert [(use.place, use.operation) for use in split.uses] == [
        ("token", "embedding"),
        ("head", "linear"),
    ]
    total = plain_gradient(language_loss(language), language.token.weight)
    language.head.weight = torch.nn.Parameter(language.token.weight.detach().clone())
    parts = torch.autograd.grad(
        language_loss(language), [language.token.weight, language.head.weight]
    )
    hold(split, parts, total)
    assert split.matches


def test_skip_and_branch_bring_what_a_cut_model_says(language):
    found = split_torch(language_loss, language)
    rows = [r for r in found.residuals if r.addition == "blocks.1 (add #1)"]
    assert [(r.kind, r.use.place) for r in rows] == [
        ("branch", "blocks.1.norm1"),
        ("skip", "blocks.1"),
    ]
    assert {r.tensor for r in rows} == {"blocks.0 (add #2)"}
    x = language.blocks[0](language.token(TOKENS)).detach()
    branch, skip = x.clone().requires_grad_(), x.clone().requires_grad_()
    logits = language.head(language.blocks[1](branch, skip))
    loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), TOKENS.flatten())
    parts = torch.autograd.grad(loss, [branch, skip])
    whole = (parts[0] + parts[1]).flatten()
    for row, part in zip(rows, parts, strict=True):
        assert row.use.norm == pytest.approx(float(part.norm()), rel=1e-12)
        assert row.use.share == pytest.approx(
            float(part.flatten() @ whole / (whole @ whole)), rel=1e-11
        )
    assert len(found.residuals) == 8


@pytest.mark.parametrize("norm_first", [True, False])
def test_encoder_layer_of_the_library_has_two_residual_additions(norm_first):
    layer = torch.nn.TransformerEncoderLayer(8, 2, 16, 0.0, norm_first=norm_first).double()
    x = cases.leaf(3, 2, 8)
    found = split_torch(lambda m: m(x).square().sum(), layer)
    kinds = [(r.addition, r.kind) for r in found.residuals]
    additions = dict.fromkeys(name for name, _ in kinds)
    assert len(additions) == 2
    for addition in additions:
        assert sorted(kind for name, kind in kinds if name == addition)[-1] == "skip"
        shares = [r.use.share for r in found.residuals if r.addition == addition]
        assert math.fsum(shares) == pytest.approx(1, abs=1e-12)


def test_watched_output_is_split_by_its_uses(language):
    found = split_torch(language_loss, language, watch=["blocks.0", "blocks.1.input", "head"])
    rows = by_name(found)
    assert rows["blocks.0"].uses == rows["blocks.1.input"].uses
    assert [use.place for use in rows["blocks.0"].uses] == ["blocks.1.norm1", "blocks.1"]
    assert rows["blocks.0"].matches
    assert rows["blocks.0"].kind == "watched"
    assert rows["blocks.0"].shape == (2, 5, 8)
    x = language.blocks[0](language.token(TOKENS)).detach().requires_grad_()
    logits = language.head(language.blocks[1](x))
    torch.nn.functional.cross_entropy(logits.flatten(0, 1), TOKENS.flatten()).backward()
    assert rows["blocks.0"].norm == pytest.approx(float(x.grad.norm()), rel=1e-12)


def test_module_that_is_called_twice_is_told_apart_by_the_call():
    torch.manual_seed(0)
    encoder = torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.Tanh())
    left, right = cases.constant(2, 4).float(), cases.constant(2, 4, seed=5).float()
    found = split_torch(lambda m: (m(left) - m(right)).square().sum(), encoder, watch=["1"])
    assert [use.place for use in by_name(found)["0.weight"].uses] == ["0 (call 1)", "0 (call 2)"]
    assert {"1 (call 1)", "1 (call 2)"} <= set(by_name(found))
    assert all(tensor.matches for tensor in found.tensors)


@pytest.mark.parametrize("kind", ["LSTM", "GRU", "RNN"])
def test_recurrent_layer_that_is_one_operation_is_said_to_be_one_use(kind):
    torch.manual_seed(0)
    layer = getattr(torch.nn, kind)(4, 3)
    x = cases.constant(6, 2, 4).float()
    split = by_name(split_torch(lambda m: m(x)[0].square().sum(), layer))["weight_hh_l0"]
    assert split.matches
    assert (len(split.uses) == 6) != ("all time steps at once" in split.note)


def test_frozen_and_idle_parameters_are_said():
    torch.manual_seed(0)
    model = torch.nn.ModuleDict({n: torch.nn.Linear(3, 3, bias=False) for n in ("a", "b", "c")})
    model["b"].requires_grad_(False)
    x = cases.constant(2, 3).float()
    found = split_torch(lambda m: m["b"](m["a"](x)).sum(), model)
    assert any("`b.weight`" in note and "Frozen" in note for note in found.notes)
    assert by_name(found)["c.weight"].note == "The loss does not use it."
    assert by_name(found)["c.weight"].matches
    assert "b.weight" not in by_name(found)


def test_sparse_gradients_of_an_embedding_are_split():
    torch.manual_seed(0)
    table = torch.nn.Embedding(9, 4, sparse=True).double()

    def loss(m):
        return m(torch.tensor([1, 1, 2])).sum() + m(torch.tensor([2, 3])).square().sum()

    split = by_name(split_torch(loss, table))["weight"]
    loss(table).backward()
    assert split.norm == pytest.approx(float(table.weight.grad.to_dense().norm()), rel=1e-6)
    assert split.matches
    assert math.fsum(use.share for use in split.uses) == pytest.approx(1, abs=1e-9)


def test_sparse_and_dense_gradients_of_one_table_add_up():
    torch.manual_seed(0)
    table = torch.nn.Embedding(9, 4, sparse=True).double()

    def loss(m):
        return m(torch.tensor([1, 2])).sum() + (m.weight**2).sum() + m(torch.tensor([2])).sum()

    split = by_name(split_torch(loss, table))["weight"]
    assert len(split.uses) == 3
    assert split.matches


def test_autocast_copies_of_a_weight_are_split():
    torch.manual_seed(0)
    layer = torch.nn.Linear(4, 4)

    def loss(m):
        with torch.autocast("cpu", dtype=torch.bfloat16):
            return m(m(cases.constant(3, 4).float())).float().square().sum()

    found = split_torch(loss, layer)
    assert all(tensor.matches for tensor in found.tensors)
    weight = by_name(found)["weight"]
    derived = [t for t in found.tensors if t.name.startswith("weight →")]
    assert len(weight.uses) == 2 or len(derived[0].uses) == 2


def test_random_loss_is_said_and_draws_nothing_from_the_caller():
    torch.manual_seed(3)
    layer = torch.nn.Sequential(torch.nn.Linear(4, 4), torch.nn.BatchNorm1d(4), torch.nn.Dropout())
    x = cases.constant(3, 4).float()
    layer[0].weight.grad = torch.ones(4, 4)
    before = [torch.get_rng_state(), *(b.clone() for b in layer.buffers())]

    def loss(m):
        return m(x).sum()

    first = split_torch(loss, layer)
    after = [torch.get_rng_state(), *layer.buffers()]
    assert all(torch.equal(a, b) for a, b in zip(before, after, strict=True))
    assert torch.equal(layer[0].weight.grad, torch.ones(4, 4))
    assert first == split_torch(loss, layer)
    assert any("random" in note for note in first.notes)
    assert not split_torch(loss, layer.eval()).notes


def test_models_may_be_nested_tables_of_tensors():
    model = {"a": [cases.leaf(2), cases.leaf(2, seed=1)], "b": torch.nn.Linear(2, 1).double()}
    found = split_torch(lambda m: (m["b"](m["a"][0]) * m["a"][1]).sum(), model)
    assert list(by_name(found)) == ["a.0", "a.1", "b.weight", "b.bias"]


def test_unknown_module_is_refused_with_the_nearest(language):
    with pytest.raises(ModelError) as caught:
        split_torch(language_loss, language, watch=["tokens"])
    assert caught.value.hint == "write `token`"
