"""Two calls do not add to one file of runs at once, and a call that died holds nothing."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys

import pytest

import gradiometer
from gradiometer.errors import StudyError, UsageError
from gradiometer.question.training_lock import hold_file
from gradiometer.study import read_study, run_study

HOST = socket.gethostname()


def test_a_file_belongs_to_one_call(tmp_path):
    path = str(tmp_path / "runs.jsonl")
    with hold_file(path):
        with (
            pytest.raises(UsageError, match=f"Process {os.getpid()} on {HOST} is adding"),
            hold_file(path),
        ):
            raise AssertionError("it was held")
        with hold_file(str(tmp_path / "other.jsonl")):
            pass
    assert list(tmp_path.iterdir()) == []
    with hold_file(path):
        pass


def test_a_held_file_stops_the_question_before_it_runs(tmp_path, monkeypatch):
    path = str(tmp_path / "runs.jsonl")
    monkeypatch.setattr("gradiometer.question.training.make_all", None)
    with hold_file(path), pytest.raises(UsageError, match="is adding runs"):
        gradiometer.training("2-4-1", data="moons(count=60)", keep=path)
    # Nothing is added by a plan.
    with hold_file(path):
        plan = gradiometer.training("2-4-1", data="moons(count=60)", keep=path, dry_run=True)
    assert plan.facts["plan"].value["missing"] == 3


def test_a_lock_of_a_process_that_has_ended_is_taken_over(tmp_path):
    path = tmp_path / "runs.jsonl"
    lock = tmp_path / "runs.jsonl.lock"
    ended = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"],
                           capture_output=True, text=True, check=True)  # fmt: skip
    lock.write_text(json.dumps({"process": int(ended.stdout), "machine": HOST}))
    with hold_file(str(path)):
        assert json.loads(lock.read_text())["process"] == os.getpid()
    assert not lock.exists()


@pytest.mark.parametrize(
    ("text", "said"),
    [(json.dumps({"process": 1, "machine": "elsewhere"}), "Process 1 on elsewhere"),
     ("", "Another process")],
)  # fmt: skip
def test_a_lock_that_may_be_alive_is_left_alone(tmp_path, text, said):
    lock = tmp_path / "runs.jsonl.lock"
    lock.write_text(text)
    with pytest.raises(UsageError, match=said), hold_file(str(tmp_path / "runs.jsonl")):
        raise AssertionError("it was held")
    assert lock.read_text() == text


def test_data_of_a_study_stand_beside_it(tmp_path):
    rows = "\n".join(f"{n % 7},{n % 5},{'ab'[n % 2]}" for n in range(40))
    (tmp_path / "mine.csv").write_text(f"u,v,y\n{rows}\n")
    source = tmp_path / "study.toml"
    source.write_text(
        'schema_version = 1\ntitle = "Mine"\n[[question]]\nid = "1"\n'
        'title = "Mine"\nask = "training"\nnetworks = ["d-4-1"]\n'
        'data = "mine.csv"\nkeep = "runs.jsonl"\ndry_run = true\n'
    )
    (result,) = run_study(read_study(str(source))).questions
    assert result.answer.facts["examples"].value["train"] == 24
    (tmp_path / "runs.jsonl").write_text("a diary\n")
    with pytest.raises(StudyError, match="holds something else than runs"):
        run_study(read_study(str(source)))
