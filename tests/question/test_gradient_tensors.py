"""The answer about a model of tensors: what it says of records, and what it refuses."""

import json
import math
import random
import sys
from pathlib import Path

import pytest

import gradiometer
from gradiometer.errors import ModelError, UsageError
from gradiometer.model import Residual, SplitTensor, TensorGradient, TensorUse, measure_use
from gradiometer.question.gradient_tensors import to_answer

DATA = Path(__file__).parents[1] / "model" / "data" / "torch_uses.json"
SPLITS = json.loads(DATA.read_text(encoding="utf-8"))["splits"]


def a_use(place, operation, square, dot, total=25.0):
    return measure_use(
        place=place, operation=operation, square=square, dot=dot, total=total, line="model.py:7"
    )


EMBED, HEAD = a_use("token", "embedding", 9.0, 9.0), a_use("head", "linear", 16.0, 16.0)
TIED = SplitTensor(
    "token.weight", ("head.weight",), (11, 8), "float32", "parameter", 5.0, (EMBED, HEAD), True
)
SINGLE = SplitTensor(
    "norm.bias", (), (), "float64", "parameter", 0.0, (a_use("norm", "add", 0.0, 0.0, 0.0),), True
)
BY_HAND = TensorGradient(
    "torch",
    "2.13.0",
    1.5,
    (SINGLE, TIED),
    (Residual("block (add)", "token (embedding)", "skip", EMBED),),
    ("The loss draws random numbers.",),
)


def test_tensors_and_uses_are_rows():
    answer = to_answer(BY_HAND, name="Net", watch=("block",))
    assert answer.inputs == {
        "model": "Net",
        "framework": "torch",
        "version": "2.13.0",
        "dtype": ["float32", "float64"],
        "watch": ["block"],
    }
    assert answer.facts["value"].value == 1.5
    assert answer.facts["norm"].value == 5.0
    assert answer.facts["tensors"].value[1] == {
        "name": "token.weight",
        "also": "head.weight",
        "kind": "parameter",
        "shape": "11 × 8",
        "norm": 5.0,
        "uses": 2,
        "matches": True,
        "note": "",
    }
    uses = answer.facts["uses"].value
    assert uses[0] == {
        "tensor": "token.weight",
        "place": "token",
        "use": "embedding",
        "line": "model.py:7",
        "norm": 3.0,
        "cosine": 0.6,
        "share": 0.36,
    }
    assert uses[2]["tensor"] == "norm.bias"
    assert (uses[2]["cosine"], uses[2]["share"]) == (None, None)
    assert answer.facts["residuals"].value[0]["kind"] == "skip"
    assert answer.warnings == BY_HAND.notes


def test_nothing_that_floats_say_is_called_proved():
    assert {fact.status for fact in to_answer(BY_HAND, name="Net").facts.values()} == {"computed"}


def test_what_does_not_add_up_is_named():
    rest = SplitTensor("w", (), (2,), "float32", "input", 2.0, (), False, "A hook changes it.")
    answer = to_answer(TensorGradient("torch", "2", 1.0, (TIED, rest)), name="Net")
    assert answer.facts["matches"].value is False
    assert "`w`" in answer.facts["matches"].because
    assert "1 of 2" in answer.facts["matches"].because
    assert to_answer(BY_HAND, name="Net").facts["matches"].value is True


@pytest.mark.parametrize("name", ["text", "json", "markdown", "latex", "html", "csv"])
def test_every_format_shows_the_uses(name, tmp_path):
    suffix = {"text": ".txt", "markdown": ".md", "latex": ".tex"}.get(name, f".{name}")
    answer = to_answer(BY_HAND, name="Net")
    assert gradiometer.Answer is type(answer)
    text = answer.save(tmp_path / f"uses{suffix}").read_text(encoding="utf-8")
    assert "embedding" in text
    assert "token.weight" in text
    assert "nan" not in answer.to_json()


def test_not_a_number_is_strict_json():
    broken = SplitTensor("w", (), (2,), "float32", "parameter", math.nan, (), True)
    answer = to_answer(TensorGradient("torch", "2", math.inf, (broken,)), name="Net")
    facts = json.loads(answer.to_json())["facts"]
    assert facts["value"]["value"]["decimal"] == "inf"
    assert facts["norm"]["value"]["decimal"] == "nan"


@pytest.mark.parametrize("name", SPLITS)
def test_recorded_uses_keep_the_laws(name):
    split = SPLITS[name]
    total = split["norm"] ** 2
    assert split["matches"] is True
    assert math.fsum(use["share"] for use in split["uses"]) == pytest.approx(1, abs=1e-12)
    assert math.fsum(use["dot"] for use in split["uses"]) == pytest.approx(total, rel=1e-12)
    for use in split["uses"]:
        again = measure_use(
            place=use["place"],
            operation=use["operation"],
            square=use["norm"] ** 2,
            dot=use["dot"],
            total=total,
        )
        assert again.cosine == pytest.approx(use["cosine"], abs=1e-12)
        assert again.share == pytest.approx(use["share"], rel=1e-12)


def test_parallel_use_has_a_cosine_of_one_exactly():
    assert a_use("a", "mul", 0.1, 0.1, 0.1) == TensorUse(
        "a", "mul", math.sqrt(0.1), 0.1, 1.0, 1.0, "model.py:7"
    )


def test_cosine_never_leaves_its_range():
    assert measure_use(place="", operation="", square=2.0, dot=2.1, total=2.0).cosine == 1.0


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("model", "does not name a module"),
        ("a b:c", "does not name a module"),
        ("there_is_no_such_module:make", "no module `there_is_no_such_module`"),
        ("given:mke", "has no function `mke`"),
        ("given:number", "returned `int`"),
        ("given:three", "returned two things"),
        ("given:fails", "raised ValueError: too small"),
        ("given:no_tensors", "no tensors of a framework"),
        ("broken:make", "raised ZeroDivisionError"),
        ("lacking:make", "No module named"),
    ],
)
def test_factory_that_cannot_be_used_is_refused(text, problem, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "given.py").write_text(GIVEN, encoding="utf-8")
    (tmp_path / "broken.py").write_text("1 / 0\n", encoding="utf-8")
    (tmp_path / "lacking.py").write_text("import there_is_none\n", encoding="utf-8")
    for name in ("given", "broken", "lacking"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    with pytest.raises((UsageError, ModelError), match=problem) as caught:
        gradiometer.gradient(model=text)
    monkeypatch.delitem(sys.modules, "given", raising=False)
    assert "Traceback" not in str(caught.value)


GIVEN = """
def make(): return (lambda m: m), {}
def number(): return 3
def three(): return lambda m: m, 1, 2
def no_tensors(): return (lambda m: m), {"w": object()}
def fails():
    raise ValueError("too small")
"""


@pytest.mark.parametrize(
    ("inputs", "problem"),
    [
        ({"computation": "c = a", "model": {}}, "function of it"),
        ({"computation": "c = a", "model": "a:b"}, "names its loss itself"),
        ({"model": {}}, "function of it"),
        ({"computation": abs, "model": {}, "at": {"a": 1}}, "takes no `at`"),
        ({"computation": abs, "model": {}, "top": 3}, "takes no `top`"),
        ({"computation": "c = 2", "watch": ["a"]}, "needs a `model`"),
    ],
)
def test_inputs_that_do_not_go_together_are_refused(inputs, problem):
    with pytest.raises(UsageError, match=problem):
        gradiometer.gradient(**inputs)


def test_random_numbers_go_on_as_before(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "drawing.py").write_text(
        "import random\nSEEN = []\ndef make():\n    SEEN.append(random.random())\n    return 3\n",
        encoding="utf-8",
    )
    state = random.getstate()
    for _ in range(2):
        with pytest.raises(ModelError):
            gradiometer.gradient(model="drawing:make")
    assert random.getstate() == state
    seen = sys.modules.pop("drawing").SEEN
    assert seen[0] == seen[1]
