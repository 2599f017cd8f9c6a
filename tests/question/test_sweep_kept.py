"""Finished parts of a sweep are kept: nothing is made twice, and nothing that was done is lost."""

from __future__ import annotations

import numpy as np
import pytest

from gradiometer import sweep
from gradiometer.errors import StudyError, UsageError
from gradiometer.question import ask, sweep_run, watch_progress
from gradiometer.question.cluster import make_parts
from gradiometer.question.kept_file import KeptFile
from gradiometer.terminal.exits import Exit, say_and_choose_exit

ASKED = {"objective": "x^2/2", "set": {"learning_rate": "1/2:5/2:7"}, "start": "1:2:5",
         "steps": 50}  # fmt: skip


@pytest.fixture(autouse=True)
def small_parts(monkeypatch):
    monkeypatch.setattr(sweep_run, "_MOST_IN_PART", 10)
    monkeypatch.setattr(sweep_run, "_LEAST_IN_PART", 10)


def refuse(*_):
    raise AssertionError("made again")


def same(one, other):
    return one.to_json() == other.to_json() and all(
        np.array_equal(one.data[name], other.data[name], equal_nan=True) for name in one.data
    )


@pytest.mark.parametrize("engine", ["float64", "float32"])
def test_kept_parts_are_not_made_again_and_come_back_to_the_last_bit(tmp_path, monkeypatch, engine):
    asked = {**ASKED, "engine": engine}
    whole, keep = sweep(**asked), str(tmp_path / "parts.jsonl")
    assert same(sweep(**asked, keep=keep), whole)
    monkeypatch.setattr(sweep_run.Sweep, "make", refuse)
    again = sweep(**asked, keep=keep)
    assert same(again, whole)
    assert again.data["position"].dtype == whole.data["position"].dtype


@pytest.mark.parametrize(
    "change",
    [{"steps": 51}, {"engine": "float32"}, {"objective": "x^2/2 + x/9"}, {"start": "1:3:5"},
     {"set": {"learning_rate": "1/2:5/2:7", "momentum": "1/9"}}, {"schedule": "1/(k + 2)",
     "set": {"momentum": "1/2:5/9:7"}}, {"inside": "-9:9"}, {"optimizer": "adam"},
     {"set": {"learning_rate": "1/2:3:7"}}],
)  # fmt: skip
def test_what_decides_a_run_decides_what_its_part_is_called(tmp_path, change):
    keep = str(tmp_path / "parts.jsonl")
    sweep(**ASKED, keep=keep)
    asked = {**ASKED, **change}
    assert same(sweep(**asked, keep=keep), sweep(**asked))


def test_an_interrupt_keeps_what_is_done_and_says_how_to_go_on(tmp_path, monkeypatch, capsys):
    keep, make, made = tmp_path / "parts.jsonl", sweep_run.Sweep.make, []

    def interrupt(self, first, last):
        if made:
            raise KeyboardInterrupt
        made.append(first)
        return make(self, first, last)

    monkeypatch.setattr(sweep_run.Sweep, "make", interrupt)
    with pytest.raises(KeyboardInterrupt, match=r"10 of 35 runs are kept in .*same command") as hit:
        sweep(**ASKED, keep=str(keep))
    assert say_and_choose_exit(hit.value) == Exit.INTERRUPTED
    assert "10 of 35 runs" in capsys.readouterr().err
    with pytest.raises(KeyboardInterrupt, match="nothing is kept; with `--keep"):
        sweep(**ASKED)
    monkeypatch.undo()
    monkeypatch.setattr(sweep_run, "_MOST_IN_PART", 10)
    monkeypatch.setattr(sweep_run, "_LEAST_IN_PART", 10)
    counted = []
    monkeypatch.setattr(
        sweep_run.Sweep, "make", lambda self, *part: counted.append(part) or make(self, *part)
    )
    again = sweep(**ASKED, keep=str(keep))
    assert counted == [(10, 20), (20, 30), (30, 35)]
    monkeypatch.undo()
    assert same(again, sweep(**ASKED))


def test_progress_is_told_to_the_end():
    seen = []
    with watch_progress(seen.append):
        sweep(**ASKED, prove="1,1")
    assert [(e.done, e.total, e.unit) for e in seen if e.unit == "runs"][-1] == (35, 35, "runs")
    assert seen[-1].unit == "cells asked exactly"


def test_a_file_of_training_runs_is_no_file_of_a_sweep(tmp_path):
    path = tmp_path / "runs.jsonl"
    with KeptFile(path, "gradiometer/runs-1", "run").hold():
        pass
    before = path.read_bytes()
    with pytest.raises(StudyError, match="something else"):
        sweep(**ASKED, keep=str(path))
    assert path.read_bytes() == before


@pytest.mark.parametrize("line", ["[]", "{}", '{"part": "NAME"}', '{"part": "NAME", "label": 3}'])
def test_a_line_that_is_no_part_is_named(tmp_path, line):
    path = tmp_path / "parts.jsonl"
    sweep(**ASKED, keep=str(path))
    lines = path.read_text(encoding="utf-8").splitlines()
    name = lines[1].split('"')[3]
    path.write_text("\n".join([lines[0], line.replace("NAME", name), ""]), encoding="utf-8")
    with pytest.raises(StudyError) as caught:
        sweep(**ASKED, keep=str(path))
    assert str(caught.value.place) == f"{path}:2:1"


def test_half_a_line_is_cut_off_before_another_is_written(tmp_path):
    file = KeptFile(tmp_path / "parts.jsonl", "gradiometer/test-1", "part")
    with file.hold():
        file.add([("a", {"n": 1})])
        with file.path.open("ab") as other:
            other.write(b'{"part": "b", "n"' + b" " * 200_000)
        file.add([("c", {"n": 3})])
    assert file.read({"a", "b", "c"}, lambda table: table["n"]) == {"a": 1, "c": 3}


@pytest.mark.parametrize("cut", [0, 1, 20])
def test_a_first_line_that_was_cut_off_is_written_anew(tmp_path, cut):
    file = KeptFile(tmp_path / "parts.jsonl", "gradiometer/test-1", "part")
    with file.hold():
        pass
    whole = file.path.read_bytes()
    file.path.write_bytes(whole[:cut])
    assert file.read({"a"}, dict) == {}
    with file.hold():
        file.add([("a", {})])
    assert file.path.read_bytes() == whole + b'{"part": "a"}\n'


def test_a_file_that_cannot_be_written_is_said_before_anything_runs(tmp_path, monkeypatch):
    monkeypatch.setattr(sweep_run.Sweep, "make", refuse)
    with pytest.raises(UsageError, match="cannot be used"):
        sweep(**ASKED, keep=str(tmp_path / "none" / "parts.jsonl"))


class Cluster:
    """What dask has, as far as parts are made with it."""

    def __init__(self, dies=False):
        self.dies, self.cancelled, self.loop = dies, None, None
        self.KilledWorker, self.Client = ChildProcessError, self.connect

    def connect(self, address, **_):
        if address != "tcp://here:1":
            raise OSError("nobody there")
        return self

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return None

    def scatter(self, shared, broadcast):
        assert broadcast
        return shared

    def submit(self, make, shared, part, pure):
        return (make, shared, part)

    def as_completed(self, futures, **_):
        if self.dies:
            raise self.KilledWorker
        for make, shared, part in futures[::-1]:
            yield (make, shared, part), make(shared, part)

    def cancel(self, futures):
        self.cancelled = futures


def test_a_cluster_makes_the_same_runs_in_any_order(monkeypatch, tmp_path):
    monkeypatch.setattr("gradiometer.question.cluster.import_module", lambda _: Cluster())
    asked = {**ASKED, "keep": str(tmp_path / "parts.jsonl")}
    assert same(sweep(**asked, cluster="tcp://here:1"), sweep(**ASKED))


@pytest.mark.parametrize("address", ["tcp://there:1", "here", ""])
def test_an_address_without_a_scheduler_is_named(monkeypatch, address):
    monkeypatch.setattr("gradiometer.question.cluster.import_module", lambda _: Cluster())
    with pytest.raises(UsageError, match="no dask scheduler"):
        list(make_parts(max, 1, [2], cluster=address))


def test_workers_that_die_are_told_of_and_the_rest_is_called_off(monkeypatch):
    cluster = Cluster(dies=True)
    monkeypatch.setattr("gradiometer.question.cluster.import_module", lambda _: cluster)
    with pytest.raises(UsageError, match="workers of the cluster die"):
        list(make_parts(max, 1, [2, 3], cluster="tcp://here:1"))
    assert len(cluster.cancelled) == 2


def test_a_cluster_without_dask_says_what_to_install(monkeypatch):
    def refuse_import(name):
        raise ImportError(name)

    monkeypatch.setattr("gradiometer.question.cluster.import_module", refuse_import)
    with pytest.raises(UsageError, match="not installed"):
        ask("sweep", **ASKED, cluster="tcp://here:1")
