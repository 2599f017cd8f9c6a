"""A model of PyTorch is asked from the command line, from Python and from a study file."""

import json
import subprocess
import sys

import pytest

import gradiometer

pytestmark = pytest.mark.oracle

torch = pytest.importorskip("torch")

MODULE = """
import torch


class Tied(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.token = torch.nn.Embedding(7, 4)
        self.drop = torch.nn.Dropout(0.5)
        self.head = torch.nn.Linear(4, 7, bias=False)
        self.head.weight = self.token.weight

    def forward(self, tokens):
        hidden = self.token(tokens)
        return self.head(hidden + self.drop(hidden).tanh())


def make():
    tokens = torch.tensor([1, 2, 3, 3])
    return (lambda model: torch.nn.functional.cross_entropy(model(tokens), tokens)), Tied()
"""


def run(folder, *words):
    command = [sys.executable, "-m", "gradiometer", *words]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "tied_model.py").write_text(MODULE, encoding="utf-8")
    return tmp_path


def test_answer_is_the_same_byte_for_byte(folder):
    words = ("gradient", "--model", "tied_model:make", "--watch", "token", "--json")
    first, second = run(folder, *words), run(folder, *words)
    assert first.returncode == 0, first.stderr
    assert first.stdout == second.stdout
    answer = json.loads(first.stdout)
    assert answer["inputs"]["framework"] == "torch"
    assert answer["facts"]["matches"]["value"] is True
    assert [row["place"] for row in answer["facts"]["uses"]["value"][:2]] == ["token", "head"]
    assert {row["kind"] for row in answer["facts"]["residuals"]["value"]} == {"skip", "branch"}
    assert "dropout" in first.stderr


def test_errors_of_the_model_are_one_message(folder):
    outcome = run(folder, "gradient", "--model", "tied_model:make", "--watch", "tokn")
    assert outcome.returncode == 2
    assert "write `token`" in outcome.stderr
    assert "Traceback" not in outcome.stderr


def test_study_asks_a_model_and_checks_what_is_claimed(folder):
    study = folder / "study.toml"
    study.write_text(
        'schema_version = 1\ntitle = "A tied weight"\n[[question]]\nid = "1"\nask = "gradient"\n'
        'model = "tied_model:make"\nclaim = [{ fact = "matches", equals = true }]\n',
        encoding="utf-8",
    )
    outcome = run(folder, "study", "run", "study.toml", "-o", "page.html", "--strict")
    assert outcome.returncode == 0, outcome.stderr
    assert "token.weight" in (folder / "page.html").read_text(encoding="utf-8")


def test_function_and_model_are_asked_in_python():
    layer = torch.nn.Linear(3, 1, bias=False)
    answer = gradiometer.gradient(lambda m: m(torch.ones(2, 3)).sum(), model=layer)
    assert answer.facts["uses"].value[0]["place"] == "Linear"
    assert answer.facts["norm"].value == pytest.approx(2 * 3**0.5)
    assert answer.inputs["model"] == "Linear"
