"""Finished runs are kept: nothing is made twice, and nothing that was done is lost."""

from __future__ import annotations

import json
import tracemalloc

import pytest

import gradiometer
from gradiometer.errors import StudyError, UsageError
from gradiometer.question import training_keep, watch_progress
from gradiometer.question.training_make import find_kept, list_missing, list_places, make_all
from gradiometer.question.training_plan import list_plan
from gradiometer.question.training_result import Run
from gradiometer.study import read_study, run_study
from gradiometer.terminal.exits import Exit, say_and_choose_exit
from question.training_grid import read

GRID = {"vary": "learning_rate=1/100:1:4", "seeds": 3, "split": "each"}


def answers(tmp_path, name="runs.jsonl"):
    """How the question is asked here."""
    given = {"networks": "2-4-1", "data": "moons(count=60)", "activation": "tanh", "epochs": 3,
             "precision": "float64", "vary": "learning_rate=1/100:1:4"}  # fmt: skip
    return lambda **more: gradiometer.training(**given, **more, keep=str(tmp_path / name))


def test_kept_runs_are_not_made_again(tmp_path, monkeypatch):
    ask = answers(tmp_path)
    fresh = ask(seeds=2).to_json()
    monkeypatch.setattr("gradiometer.question.training_run._run_block", None)
    assert ask(seeds=2).to_json() == fresh


def test_a_larger_grid_makes_only_what_is_missing(tmp_path):
    small = read(**{**GRID, "seeds": 1})
    path = str(tmp_path / "runs.jsonl")
    make_all(small, find_kept(small, path))
    large = read(**GRID)
    kept = find_kept(large, path)
    assert list_missing(large, kept) == [at for at in list_places(large) if at[1] > 0]
    whole = make_all(large, kept)
    other = make_all(large, None)
    assert all(whole[at].to_plain() == other[at].to_plain() for at in list_places(large))
    # Another number of epochs is another run.
    longer = read(**GRID, epochs=4)
    assert len(list_missing(longer, find_kept(longer, path))) == 12


def test_an_interrupt_keeps_what_is_done_and_says_how_to_go_on(tmp_path, monkeypatch, capsys):
    request, path = read(**GRID), str(tmp_path / "runs.jsonl")
    add, added = training_keep.Kept.add, []

    def interrupt(self, made):
        add(self, made)
        added.append(len(made))
        raise KeyboardInterrupt

    monkeypatch.setattr(training_keep.Kept, "add", interrupt)
    with pytest.raises(KeyboardInterrupt, match=r"of 12 runs are kept in .*same command") as caught:
        make_all(request, find_kept(request, path), threads=1)
    monkeypatch.undo()
    assert say_and_choose_exit(caught.value) == Exit.INTERRUPTED
    assert f"interrupted: {added[0]} of 12 runs" in capsys.readouterr().err
    kept = find_kept(request, path)
    assert len(kept.runs) == added[0] > 0
    whole, other = make_all(request, kept), make_all(request, None)
    assert all(whole[at].to_plain() == other[at].to_plain() for at in list_places(request))


def test_a_line_that_was_cut_off_is_made_again(tmp_path):
    request, path = read(**GRID), tmp_path / "runs.jsonl"
    make_all(request, find_kept(request, str(path)))
    text = path.read_bytes()
    path.write_bytes(text[:-100])
    kept = find_kept(request, str(path))
    assert len(kept.runs) == 11
    make_all(request, kept)
    # What was left of the line is gone, and the whole of it stands there.
    assert sorted(path.read_bytes().split(b"\n")) == sorted(text.split(b"\n"))


@pytest.mark.parametrize("text", ["a,b\n1,2\n", '{"schema": "other"}\n', "x"])
def test_a_file_of_something_else_is_left_alone(tmp_path, text):
    path = tmp_path / "mine.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(StudyError, match="something else"):
        find_kept(read(), str(path))
    assert path.read_text(encoding="utf-8") == text


def test_a_line_that_is_no_run_is_named(tmp_path):
    path = tmp_path / "runs.jsonl"
    path.write_text(json.dumps({"schema": training_keep.SCHEMA}) + "\n[]\n", encoding="utf-8")
    with pytest.raises(StudyError) as caught:
        find_kept(read(), str(path))
    assert str(caught.value.place) == f"{path}:2:1"


def test_a_folder_that_is_missing_is_said_before_anything_runs(tmp_path):
    with pytest.raises(UsageError, match="cannot be used"):
        answers(tmp_path, "none/runs.jsonl")(seeds=2)


def test_a_run_comes_back_to_the_last_bit(tmp_path):
    request, path = read(vary="learning_rate=1/3,1e30", loss="squared"), str(tmp_path / "r.jsonl")
    made = make_all(request, find_kept(request, path))
    back = find_kept(request, path).runs
    assert made[1, 0].stopped >= 0
    assert all(isinstance(run, Run) and run.to_plain() == made[at].to_plain()
               for at, run in back.items())  # fmt: skip


def test_a_plan_counts_what_a_run_takes():
    request = read(networks="2-4-1", vary="learning_rate=1/10,1/5", seeds=3, epochs=3, batch=16)
    facts = {name: fact.value for name, fact in list_plan(request, list_places(request)).items()}
    assert facts["plan"] == {"cells": 2, "seeds": 3, "runs": 6, "missing": 6}
    assert facts["examples"] == {"train": 36, "validation": 12, "test": 12}
    assert facts["parameters"] == {"2-4-1": 17}
    assert facts["steps"] == 3 * 3 * 6
    # 12 weights: 3 products for each but 2 for the 8 of the first layer; then 60 are checked.
    assert facts["multiply_adds"] == 6 * 3 * (36 * (3 * 12 - 8) + 60 * 12)
    assert facts["kernels"] == 1


@pytest.mark.parametrize("seeds", [2, 40])
def test_memory_stays_below_what_is_predicted(seeds):
    request = read(networks="2-4-1", data="moons(count=2000)", seeds=seeds, epochs=4)
    predicted = list_plan(request, list_places(request))["memory_bytes"].value
    make_all(read(networks="2-4-1"), None)
    tracemalloc.start()
    make_all(request, None)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < predicted < 100 * 2**20


def test_progress_is_told_to_the_end():
    seen = []
    with watch_progress(seen.append):
        make_all(read(**GRID), None)
    assert seen[-1].done == seen[-1].total == 12 * 3
    assert [event.done for event in seen] == sorted(event.done for event in seen)


def test_a_range_that_is_set_is_sent_to_vary():
    with pytest.raises(UsageError, match="one value, not to a range") as caught:
        gradiometer.training("2-4-1", data="moons", set={"learning_rate": "1/10:1:3"})
    assert caught.value.hint == "write `--vary learning_rate=1/10:1:3`"


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
