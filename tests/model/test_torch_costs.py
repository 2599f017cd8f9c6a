"""What PyTorch models cost, held against what their authors and PyTorch itself know."""

import copy
import json

import pytest

from gradiometer.errors import ModelError
from gradiometer.model import Example, count_network, describe_torch

pytestmark = pytest.mark.oracle

torch = pytest.importorskip("torch")
cases = pytest.importorskip("model.live_cases")
nn = torch.nn


@pytest.mark.parametrize("name", cases.CASES)
def test_torch_gives_the_recorded_rows_today(name):
    recorded = json.loads(cases.DATA.read_text(encoding="utf-8"))["cases"][name]
    assert cases.to_record(cases.describe(name)) == recorded


@pytest.mark.parametrize("name", [n for n in cases.CASES if n != "exported"])
def test_counts_are_those_of_torch(name):
    model = cases.CASES[name][0]()
    count = count_network(describe_torch(model).rows)
    assert count.parameters == sum(p.numel() for p in model.parameters())
    assert count.trainable == sum(p.numel() for p in model.parameters() if p.requires_grad)
    assert count.buffers == sum(b.numel() for b in model.buffers())


@pytest.mark.parametrize(
    "name", ["tied", "siamese", "grouped", "transposed", "shared_relu", "parameter_list", "sdpa"]
)
def test_multiply_adds_are_half_of_what_torch_counts_as_flops(name):
    from torch.utils.flop_counter import FlopCounterMode

    make, example = cases.CASES[name]
    model = make().to("meta").eval()
    inputs = example.positional or (torch.empty(1, *example.shape),)
    with FlopCounterMode(display=False) as counter:
        model(*(value.to("meta") for value in inputs))
    live = cases.describe(name)
    assert count_network(live.rows).multiply_adds * 2 == counter.get_total_flops()
    assert live.is_counted


def test_model_and_random_numbers_are_left_as_they_were():
    model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Dropout(0.5))
    before, drawn = copy.deepcopy(model.state_dict()), torch.get_rng_state()
    describe_torch(model, Example((torch.ones(2, 3),)))
    assert model.training
    assert torch.equal(torch.get_rng_state(), drawn)
    assert all(torch.equal(model.state_dict()[key], value) for key, value in before.items())
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in model.modules())


def test_what_is_not_registered_is_said():
    class Forgotten(nn.Module):
        def __init__(self):
            super().__init__()
            self.layers = [nn.Linear(2, 2)]
            self.table = torch.zeros(3)

    live = describe_torch(Forgotten())
    assert count_network(live.rows).parameters == 0
    assert "`Forgotten.table` is neither a parameter nor a buffer" in live.notes[0]
    assert "`Forgotten.layers` holds modules in a plain list" in live.notes[1]


def test_two_parameters_in_one_memory_are_said_and_both_count():
    model = nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 3))
    model[1].weight = nn.Parameter(model[0].weight.data)
    live = describe_torch(model)
    assert count_network(live.rows).parameters == 24
    assert "several parameters in one memory" in live.notes[0]


def test_lazy_module_is_refused_with_what_to_do():
    with pytest.raises(ModelError, match="has no size yet") as caught:
        describe_torch(nn.Sequential(nn.LazyLinear(3)))
    assert "call the model once" in str(caught.value)


@pytest.mark.filterwarnings("ignore")
def test_quantised_weights_count_as_frozen_and_their_work_is_unknown():
    plain = nn.Sequential(nn.Linear(3, 4), nn.ReLU())
    quantised = torch.ao.quantization.quantize_dynamic(plain, {nn.Linear}, dtype=torch.qint8)
    live = describe_torch(quantised, Example(shape=(3,)))
    count = count_network(live.rows)
    assert (count.parameters, count.frozen) == (16, 16)
    assert live.rows[0].tensors[0].dtype == "int8"
    assert not live.is_counted
    assert "Quantised: `0`" in live.notes[0]


@pytest.mark.filterwarnings("ignore")
def test_quantised_layer_that_cannot_be_read_is_refused():
    plain = nn.Sequential(nn.LSTM(3, 4))
    quantised = torch.ao.quantization.quantize_dynamic(plain, {nn.LSTM}, dtype=torch.qint8)
    with pytest.raises(ModelError, match="keeps its weights packed"):
        describe_torch(quantised)


class Solves(nn.Module):
    def forward(self, x):
        return torch.linalg.inv(x @ x)


class Looks(nn.Module):
    def forward(self, x):
        return x @ x if x.sum() > 0 else x


class Resizes(nn.Module):
    def forward(self, x):
        norm = nn.functional.normalize(nn.functional.interpolate(x, scale_factor=2.0))
        return nn.functional.interpolate(norm, scale_factor=2.0, mode="bilinear")


@pytest.mark.parametrize(
    ("model", "shape", "why"),
    [
        (Solves(), (3, 3), "no rule for what runs in `Solves (aten::linalg_inv_ex)`"),
        (Looks(), (3, 3), "the model raised"),
        (nn.Bilinear(3, 3, 2), (3,), "the model raised TypeError"),
        (nn.Linear(3, 2), (4,), "the model raised RuntimeError"),
        (nn.Linear(3, 2), None, "There is no example"),
    ],
)
def test_work_without_a_rule_is_unknown_and_says_where(model, shape, why):
    live = describe_torch(model, None if shape is None else Example(shape=shape))
    assert not live.is_counted
    assert why in live.work


def test_what_only_moves_numbers_has_no_multiply_adds():
    live = describe_torch(Resizes(), Example(shape=(3, 4, 4)))
    assert live.is_counted
    assert count_network(live.rows).multiply_adds == 0


def test_exported_work_belongs_to_the_modules_it_had():
    rows = {row.path: row for row in cases.describe("exported").rows}
    assert rows["net"].multiply_adds[0].count == 200
    assert rows["net"].kind == "dense"
    assert rows["last"].multiply_adds[0].formula == "1*10*1"


def test_inference_mode_inside_of_a_model_is_counted_too():
    class Fast(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.LSTM(4, 4, batch_first=True)

        def forward(self, x):
            with torch.inference_mode():
                return self.layer(torch.nn.functional.linear(x, torch.zeros(4, 4)))[0]

    live = describe_torch(Fast(), Example(shape=(5, 4)))
    assert live.is_counted, live.work
    assert count_network(live.rows).multiply_adds == 5 * 4 * 4 + 5 * (16 * 4 + 16 * 4)
