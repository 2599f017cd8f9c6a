"""The split of a PyTorch gradient is held against separate copies of the tensor for each use."""

import math
import random

import pytest

from gradiometer.errors import ModelError
from gradiometer.model import split_torch

pytestmark = pytest.mark.oracle

torch = pytest.importorskip("torch")
cases = pytest.importorskip("model.torch_cases")


def by_name(found):
    return {tensor.name: tensor for tensor in found.tensors}


def plain_gradient(loss, tensor):
    (grad,) = torch.autograd.grad(loss, [tensor])
    return grad


def untie(loss, tensor, count):
    """What each use brings: its gradient where every use has a copy of its own."""
    copies = [tensor.detach().clone().requires_grad_() for _ in range(count)]
    return torch.autograd.grad(loss(*copies), copies)


def hold(split, parts, total):
    """The records are those of the parts; parts and records stand in the same order."""
    assert len(split.uses) == len(parts)
    flat = total.double().flatten()
    for use, part in zip(split.uses, (p.double().flatten() for p in parts), strict=True):
        size = float(part.norm() * flat.norm())
        assert use.norm == pytest.approx(float(part.norm()), rel=1e-12)
        assert use.dot == pytest.approx(float(part @ flat), rel=1e-12, abs=1e-12 * size)
        if size:
            assert use.cosine == pytest.approx(float(part @ flat) / size, rel=1e-9, abs=1e-12)
    if split.norm:
        assert math.fsum(use.share for use in split.uses) == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize("name", cases.CASES)
def test_each_use_brings_what_its_own_copy_would(name):
    loss, count, operations = cases.CASES[name]
    tensor = cases.leaf(5, 5)
    found = split_torch(lambda w: loss(*[w] * count), tensor)
    split = by_name(found)["tensor"]
    total = plain_gradient(loss(*[tensor] * count), tensor)
    hold(split, untie(loss, tensor, count), total)
    assert split.matches
    assert [use.operation for use in split.uses] == operations
    assert tensor.grad is None
    assert found.value == loss(*[tensor] * count).item()


@pytest.mark.parametrize("seed", range(40))
def test_uses_of_random_programs_add_up_bit_for_bit(seed):
    choose = random.Random(seed)
    count = choose.randint(2, 9)
    kinds = ["mm", "mul", "add", "tanh", "view"]
    plan = [(choose.choice(kinds), choose.random()) for _ in range(count)]

    def loss(*copies):
        past = [cases.constant(4, 4, seed=seed).float()]
        for (kind, draw), w in zip(plan, copies, strict=True):
            other = past[int(draw * len(past))]
            past.append(
                {
                    "mm": lambda w=w, o=other: o @ w,
                    "mul": lambda w=w, o=other: o * w,
                    "add": lambda w=w, o=other: o + w,
                    "tanh": lambda w=w, o=other: torch.tanh(w) - o,
                    "view": lambda w=w, o=other: w.T[:2].sum(0) + o,
                }[kind]()
            )
        return sum(p.sum() for p in past[1:])

    tensor = cases.leaf(4, 4, seed=seed, dtype=torch.float32)
    split = by_name(split_torch(lambda w: loss(*[w] * count), tensor))["tensor"]
    assert split.matches
    total = plain_gradient(loss(*[tensor] * count), tensor)
    parts = untie(loss, tensor, count)
    # Additions in another order round differently, so single precision is held loosely here.
    norms = sorted(float(part.norm()) for part in parts)
    assert sorted(use.norm for use in split.uses) == pytest.approx(norms, rel=1e-4)
    assert split.norm == pytest.approx(float(total.double().norm()), rel=1e-12)


def test_a_use_that_cancels_another_has_a_share_below_zero():

    def loss(w):
        return (3 * w).sum() - (2 * w).sum()

    split = by_name(split_torch(loss, cases.leaf(3)))["tensor"]
    assert [use.share for use in split.uses] == [3.0, -2.0]
    assert [use.cosine for use in split.uses] == [1.0, -1.0]


def test_uses_that_cancel_wholly_have_no_share():
    split = by_name(split_torch(lambda w: (w - w).sum(), cases.leaf(3)))["tensor"]
    assert split.norm == 0
    assert split.matches
    assert [(use.norm, use.cosine, use.share) for use in split.uses] == [
        (math.sqrt(3), None, None)
    ] * 2


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


def test_plain_sums_are_no_residual_additions():
    w = cases.leaf(3, 3)
    found = split_torch(lambda w: (w + w).sum() + (w @ w + 1).sum(), w)
    assert [r.addition for r in found.residuals] == []


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
    assert {"1", "1 (call 2)"} <= set(by_name(found))
    assert all(tensor.matches for tensor in found.tensors)


@pytest.mark.parametrize("kind", ["LSTM", "GRU", "RNN"])
def test_recurrent_layer_that_is_one_operation_is_said_to_be_one_use(kind):
    torch.manual_seed(0)
    layer = getattr(torch.nn, kind)(4, 3)
    x = cases.constant(6, 2, 4).float()
    split = by_name(split_torch(lambda m: m(x)[0].square().sum(), layer))["weight_hh_l0"]
    assert split.matches
    assert (len(split.uses) == 6) != ("all time steps at once" in split.note)


def test_deep_chain_needs_no_recursion():
    w = cases.leaf(2, 2)

    def loss(w):
        h = w * 1.5
        for _ in range(100_000):
            h = h + 1
        return (h * w).sum()

    split = by_name(split_torch(loss, w))["tensor"]
    assert [use.operation for use in split.uses] == ["mul #1", "mul #2"]
    assert split.matches


def test_long_residual_chain_is_split_at_each_step():
    w = cases.leaf(2, 2)

    def loss(w):
        h = w
        for _ in range(900):
            h = h + 0.01 * torch.tanh(h)
        return h.sum()

    found = split_torch(loss, w)
    assert len({r.addition for r in found.residuals}) == 900
    assert all(0 < r.use.share < 1 for r in found.residuals)


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


def test_leaf_of_the_loss_is_named_after_its_variable():
    w, x = cases.leaf(3), cases.leaf(3, seed=4)
    found = split_torch(lambda w: (w * x).sum(), w)
    assert (by_name(found)["x"].kind, by_name(found)["x"].norm) == (
        "input",
        pytest.approx(float(w.norm())),
    )


def test_custom_function_is_said_to_be_one_use():
    split = by_name(split_torch(lambda w: cases.custom(w, w), cases.leaf(3)))["tensor"]
    assert "backward of its own" in split.note


def test_reentrant_checkpoint_is_said_to_add_up_inside():
    checkpoint = pytest.importorskip("torch.utils.checkpoint").checkpoint
    w, x = cases.leaf(4, 4), cases.leaf(3, 4, seed=2)

    def loss(w):
        def inside(h):
            return (h @ w).tanh() @ w

        return (checkpoint(inside, x @ w, use_reentrant=True) @ w).square().sum()

    split = by_name(split_torch(loss, w))["tensor"]
    loss(w).backward()
    assert split.norm == pytest.approx(float(w.grad.norm()), rel=1e-12)
    assert len(split.uses) == 3
    assert "use_reentrant=True" in split.note
    assert math.fsum(use.share for use in split.uses) == pytest.approx(1, abs=1e-12)
    assert split.matches


def test_view_that_is_used_twice_has_a_split_of_its_own():
    def loss(w):
        turned = w.T
        return (cases.constant(2, 5) @ turned).sum() + turned.square().sum()

    found = by_name(split_torch(loss, cases.leaf(5, 5)))
    assert len(found["tensor"].uses) == 1
    (derived,) = [tensor for tensor in found.values() if tensor.kind == "derived"]
    assert derived.name == "tensor → loss (T)"
    assert [use.operation for use in derived.uses] == ["matmul", "square"]
    assert derived.matches


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


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "complex128"])
def test_other_types_are_split(dtype):
    w = cases.leaf(4, 4).detach().to(getattr(torch, dtype)).requires_grad_()
    split = by_name(split_torch(lambda w: ((w @ w) * w).abs().double().sum(), w))["tensor"]
    assert split.matches
    assert len(split.uses) == 3
    assert math.fsum(use.share for use in split.uses) == pytest.approx(1, abs=1e-2)


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


def test_hook_that_changes_a_gradient_is_said():
    w = cases.leaf(3)
    w.register_hook(lambda g: 2 * g)
    split = by_name(split_torch(lambda w: (w * w).sum(), w))["tensor"]
    assert not split.matches
    assert "hook" in split.note


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


def test_gradients_that_are_not_finite_are_said():
    found = split_torch(lambda w: (w / 0).sum() * 0, cases.leaf(3))
    assert math.isnan(found.value)
    assert math.isnan(by_name(found)["tensor"].norm)
    assert [use.share for use in by_name(found)["tensor"].uses] == [None]
    assert len(found.notes) == 2


def test_gradient_penalty_is_split_through_the_second_derivative():
    w, x = cases.leaf(4, 4), cases.leaf(2, 4, seed=1)

    def loss(w):
        (slope,) = torch.autograd.grad((x @ w).tanh().sum(), x, create_graph=True)
        return slope.square().sum()

    split = by_name(split_torch(loss, w))["tensor"]
    assert split.norm == pytest.approx(float(plain_gradient(loss(w), w).norm()), rel=1e-12)
    assert split.matches
    assert len(split.uses) >= 2


def test_models_may_be_nested_tables_of_tensors():
    model = {"a": [cases.leaf(2), cases.leaf(2, seed=1)], "b": torch.nn.Linear(2, 1).double()}
    found = split_torch(lambda m: (m["b"](m["a"][0]) * m["a"][1]).sum(), model)
    assert list(by_name(found)) == ["a.0", "a.1", "b.weight", "b.bias"]


@pytest.mark.parametrize(
    ("loss", "problem"),
    [
        (lambda w: w, "not a tensor of 3"),
        (lambda w: w.sum().item(), "not `float`"),
        (lambda w: w.detach().sum(), "needs no gradient"),
        (lambda w: w @ torch.zeros(7, dtype=torch.float64), "raised RuntimeError"),
        (lambda w: (w + 0j).sum(), "complex"),
        (lambda w: 1 / 0, "raised ZeroDivisionError"),
    ],
)
def test_loss_that_cannot_be_asked_is_refused(loss, problem):
    with pytest.raises(ModelError, match=problem):
        split_torch(loss, cases.leaf(3))


def test_leaf_as_loss_and_model_without_tensors_are_refused():
    scalar = cases.leaf(1)
    with pytest.raises(ModelError, match="leaf itself"):
        split_torch(lambda w: w, scalar)
    with pytest.raises(ModelError, match="not `int`"):
        split_torch(lambda w: scalar.sum(), {"a": 3})


def test_unknown_module_is_refused_with_the_nearest(language):
    with pytest.raises(ModelError) as caught:
        split_torch(language_loss, language, watch=["tokens"])
    assert caught.value.hint == "write `token`"
