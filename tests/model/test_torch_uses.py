"""The split of a PyTorch gradient is held against separate copies of the tensor for each use."""

import json
import math
import random
import threading

import pytest

from gradiometer.errors import ModelError
from gradiometer.model import split_torch

pytestmark = pytest.mark.oracle

torch = pytest.importorskip("torch")
cases = pytest.importorskip("model.torch_cases")
by_name, hold, untie = cases.by_name, cases.hold, cases.untie
plain_gradient = cases.plain_gradient


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


@pytest.mark.parametrize("name", cases.CASES)
def test_torch_gives_the_recorded_split_today(name):
    """`tests/question/test_gradient_tensors.py` reads the same recording without PyTorch."""
    split = cases.split_case(name)
    recorded = json.loads(cases.DATA.read_text(encoding="utf-8"))["splits"][name]
    assert [use["operation"] for use in recorded["uses"]] == [u.operation for u in split.uses]
    for use, old in zip(split.uses, recorded["uses"], strict=True):
        assert use.norm == pytest.approx(old["norm"], rel=1e-10)
        assert use.dot == pytest.approx(old["dot"], rel=1e-9, abs=1e-9)


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


def test_plain_sums_are_no_residual_additions():
    w = cases.leaf(3, 3)
    found = split_torch(lambda w: (w + w).sum() + (w @ w + 1).sum(), w)
    assert [r.addition for r in found.residuals] == []


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


def test_leaf_of_the_loss_is_named_after_its_variable():
    w, x = cases.leaf(3), cases.leaf(3, seed=4)
    found = split_torch(lambda w: (w * x).sum(), w)
    assert (by_name(found)["x"].kind, by_name(found)["x"].norm) == (
        "input",
        pytest.approx(w.norm().item()),
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


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "complex128"])
def test_other_types_are_split(dtype):
    w = cases.leaf(4, 4).detach().to(getattr(torch, dtype)).requires_grad_()
    split = by_name(split_torch(lambda w: ((w @ w) * w).abs().double().sum(), w))["tensor"]
    assert split.matches
    assert len(split.uses) == 3
    assert math.fsum(use.share for use in split.uses) == pytest.approx(1, abs=1e-2)


def test_hook_that_changes_a_gradient_is_said():
    w = cases.leaf(3)
    w.register_hook(lambda g: 2 * g)
    split = by_name(split_torch(lambda w: (w * w).sum(), w))["tensor"]
    assert not split.matches
    assert "hook" in split.note


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
    with pytest.raises(ModelError, match="computed from other tensors"):
        split_torch(lambda m: m["a"].sum(), {"a": scalar * 2})
    with pytest.raises(ModelError, match="not `int`"):
        split_torch(lambda w: scalar.sum(), {"a": 3})


def test_use_past_the_block_is_neither_skip_nor_branch():
    def loss(w):
        x = w.exp()
        y = torch.nn.functional.dropout(x, 0.5) * 0.5 + (x @ x).tanh()
        return y.sum() + x.square().sum()

    found = split_torch(loss, cases.leaf(3, 3))
    assert [(r.tensor, r.kind, r.use.operation) for r in found.residuals] == [
        ("loss (exp)", "skip", "dropout"),
        ("loss (exp)", "branch", "matmul, use 1"),
        ("loss (exp)", "branch", "matmul, use 2"),
        ("loss (exp)", "other", "square"),
    ]
    assert math.fsum(r.use.share for r in found.residuals) == pytest.approx(1, abs=1e-12)


def test_addition_in_place_is_a_residual_addition():
    def loss(w):
        x = w * 2
        x += x @ cases.constant(3, 3)
        return x.square().sum()

    found = split_torch(loss, cases.leaf(3, 3))
    assert [(r.addition, r.kind) for r in found.residuals] == [
        ("loss (add)", "branch"),
        ("loss (add)", "skip"),
    ]


def test_bias_of_a_loop_is_no_residual_input():
    w, b = cases.leaf(3, 3), cases.leaf(3)

    def loss(model):
        state = torch.ones(2, 3, dtype=torch.float64)
        for _ in range(3):
            state = torch.tanh(state @ model["w"] + model["b"])
        return state.sum()

    found = split_torch(loss, {"w": w, "b": b})
    assert found.residuals == ()
    assert [len(tensor.uses) for tensor in found.tensors] == [3, 3]


def test_numbers_of_whole_graph_are_not_needed_where_additions_are_too_many():
    def loss(w):
        state = w
        for _ in range(5000):
            state = w + 0.5 * state.sin()
        return state.sum()

    found = split_torch(loss, cases.leaf(2, 2))
    assert any("residual additions" in note for note in found.notes)
    assert len(found.residuals) <= 4000
    assert found.tensors[0].matches


def test_module_in_another_thread_is_said_to_have_no_certain_place():
    layer = torch.nn.Linear(3, 3)

    def loss(m):
        taken = []
        thread = threading.Thread(target=lambda: taken.append(m(torch.ones(2, 3)).sum()))
        thread.start()
        thread.join()
        return taken[0] + m(torch.zeros(1, 3)).sum()

    found = split_torch(loss, layer)
    assert any("another thread" in note for note in found.notes)
    assert all(tensor.matches for tensor in found.tensors)


class Wide(torch.autograd.Function):
    """A function whose backward leaves it to the engine to sum and to round."""

    @staticmethod
    def forward(ctx, w):
        return (w + torch.arange(12.0).reshape(3, 4)).double()

    @staticmethod
    def backward(ctx, g):
        return g


def test_gradient_of_another_shape_and_type_is_fitted_as_the_engine_does():
    w = cases.leaf(4, dtype=torch.float32)
    found = split_torch(lambda w: Wide.apply(w).square().sum() + w.sum(), w)
    split = by_name(found)["tensor"]
    assert split.matches
    (total,) = torch.autograd.grad(Wide.apply(w).square().sum() + w.sum(), [w])
    assert split.norm == pytest.approx(total.double().norm().item(), rel=1e-12)
    assert split.uses[1].norm == 2.0
