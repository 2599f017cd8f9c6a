"""A live model is asked what it costs; without its library it is refused in plain words."""

import json
import subprocess
import sys

import pytest

import gradiometer
from gradiometer.errors import ModelError, UsageError
from gradiometer.model import LiveModel, count_network
from gradiometer.model.live_model import OwnTensor, Part, to_rows
from gradiometer.question import parameters_model
from gradiometer.question.parameters_request import read_networks

STRANGE = type("Module", (), {"__module__": "torch.nn.modules.module"})


def make_live(*, is_counted=True, work="for the input 1x3, in evaluation mode"):
    weight = OwnTensor("weight", (5, 3), "float32", 1)
    running = OwnTensor("mean", (7,), "bfloat16", 2, is_buffer=True)
    other = OwnTensor("kernel", (4,), "float32", 3, frozen=True)
    from gradiometer.model import CountLine

    line = CountLine("products", 15, "1*3*5")
    parts = [
        Part("a", "Linear", (weight, running), work=(line,) if is_counted else ()),
        Part("b", "Other", (weight, other)),
    ]
    rows = to_rows(parts, is_counted=is_counted)
    return LiveModel("torch", "9.9", "Net", rows, is_counted, work, ("A note.",))


@pytest.fixture
def answer(monkeypatch):
    def ask(live, **inputs):
        monkeypatch.setattr(parameters_model.models, "describe_torch", lambda *_: live)
        return gradiometer.parameters(model=STRANGE(), **inputs)

    return ask


def test_counts_are_proved_and_what_was_seen_in_a_run_is_computed(answer):
    found = answer(make_live())
    facts = found.facts
    assert (facts["parameters"].value, facts["parameters"].status) == (19, "proved")
    assert (facts["shared"].value, facts["frozen"].value, facts["buffers"].value) == (15, 4, 7)
    assert (facts["macs"].value, facts["macs"].status) == (15, "computed")
    assert facts["flops"].value == 30
    assert found.inputs["framework"] == "torch"
    assert found.warnings == ("A note.",)


def test_what_a_model_does_not_say_is_unknown_or_left_out(answer):
    facts = answer(make_live(is_counted=False, work="There is no example.")).facts
    for name in ("macs", "flops", "macs_by_line", "training_bytes", "active"):
        assert facts[name].status == "unknown"
    assert facts["macs"].because == "There is no example."
    assert "kv_cache" not in facts
    assert "operations" not in facts
    assert facts["inference_bytes"].value == 4 * 19 + 2 * 7


def test_rows_of_layers_add_up(answer):
    found = answer(make_live())
    assert sum(row["parameters"] for row in found.facts["layers"].value) == 19
    assert "weight is a.weight, counted there" in found.facts["layers"].value[1]["counted"]


def test_model_stands_beside_a_text(answer):
    facts = answer(make_live(), networks="3-5").facts
    assert facts["parameters"].value == {"3-5": 20, "Net": 19}
    assert facts["total_difference"].value in (-1, {"Net": -1})
    assert facts["macs"].status == "computed"


@pytest.mark.parametrize(
    ("inputs", "problem"),
    [
        ({"bias": False}, "`bias` changes a network"),
        ({"activation": "relu"}, "`activation` changes a network"),
        ({"length": 3}, "`length` changes a network"),
        ({"vary": "w=1:3:1"}, "`vary` changes a network"),
        ({"input": "3x?"}, "."),
    ],
)
def test_what_a_model_does_not_take_is_refused(answer, inputs, problem):
    with pytest.raises(gradiometer.errors.GradiometerError, match=problem):
        answer(make_live(), **inputs)


def test_thing_that_is_no_model_is_refused():
    with pytest.raises(UsageError, match="`model` is a model"):
        gradiometer.parameters(model={"w": 1})


@pytest.mark.parametrize(
    ("module", "name", "library"),
    [
        ("torch.nn.modules.module", "Module", "torch"),
        ("keras.src.layers.layer", "Layer", "keras"),
        ("flax.nnx.module", "Module", "flax"),
    ],
)
def test_library_that_is_missing_is_named_with_its_extra(module, name, library):
    try:
        __import__(library)
    except ModuleNotFoundError:
        model = type(name, (), {"__module__": module})()
        with pytest.raises(ModelError, match=f"gradiometer\\[{library}\\]"):
            gradiometer.parameters(model=model)
    else:
        pytest.skip(f"{library} is installed")


def test_reading_a_request_runs_no_code_of_the_model():
    request = read_networks(model="there_is_no_such_module:make")
    assert request.networks == ()
    with pytest.raises(UsageError, match="no module `there_is_no_such_module`"):
        gradiometer.parameters(model="there_is_no_such_module:make")


def test_factory_of_a_loss_and_a_model_serves_both_questions():
    loss, model = (lambda m: m), STRANGE()
    assert parameters_model._read_made((loss, model)) == (model, None)
    assert parameters_model._read_made((model, {"x": 1}))[1].named == {"x": 1}
    assert parameters_model._read_made((model, 1, 2))[1].positional == (1, 2)


MODULE = """
import torch


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.big = torch.nn.Linear(30_000, 30_000, bias=False)

    def forward(self, x):
        return self.big(x)


def make():
    if torch.zeros(1).device.type != "meta":
        raise MemoryError("3.4 GiB")
    return Net(), torch.zeros(1, 30_000)


def looks():
    layer = torch.nn.Linear(3, 2)
    if layer.weight.sum() > 1e9:
        raise ValueError("no")
    return layer
"""


@pytest.mark.oracle
def test_factory_is_called_where_tensors_have_no_values(tmp_path):
    pytest.importorskip("torch")
    (tmp_path / "mine.py").write_text(MODULE, encoding="utf-8")
    words = ["parameters", "--model", "mine:make", "--format", "json"]
    run = subprocess.run(
        [sys.executable, "-m", "gradiometer", *words],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    facts = json.loads(run.stdout)["facts"]
    assert facts["parameters"]["value"]["exact"] == "900000000"
    assert facts["macs"]["value"]["exact"] == "900000000"


@pytest.mark.oracle
def test_factory_that_needs_values_is_called_again_with_them(tmp_path, monkeypatch):
    pytest.importorskip("torch")
    (tmp_path / "needing.py").write_text(MODULE, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    found = gradiometer.parameters(model="needing:looks", input="3")
    assert found.facts["parameters"].value == 8
    assert found.facts["macs"].value == 6


@pytest.mark.oracle
def test_table_of_resnet50_agrees_with_the_catalogue():
    pytest.importorskip("torch")
    cases = pytest.importorskip("model.live_cases")
    live = gradiometer.parameters("resnet50", model=cases.make_resnet50(), input="3x224x224").facts
    for name in ("parameters", "buffers", "macs"):
        assert len(set(live[name].value.values())) == 1
    assert count_network(cases.describe("resnet50").rows).parameters == 25_557_032
