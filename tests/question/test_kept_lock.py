"""Two calls do not add to one file of finished work at once, and a call that died holds nothing."""

from __future__ import annotations

import errno
import json
import multiprocessing
import os
import signal
import socket
import subprocess
import sys
import time

import pytest

import gradiometer
from gradiometer.errors import UsageError
from gradiometer.question import kept_lock, sweep_run
from gradiometer.question.kept_file import KeptFile
from gradiometer.question.kept_lock import hold_file

HOST = socket.gethostname()
NETWORKS = {"networks": "2-4-1", "data": "moons(count=60)", "epochs": 2}
SWEPT = {"objective": "x^2/2", "set": {"learning_rate": "1/2:5/2:7"}, "steps": 50, "start": 1}


def test_a_file_belongs_to_one_call(tmp_path):
    path = tmp_path / "runs.jsonl"
    with hold_file(path, noun="run"):
        with (
            pytest.raises(UsageError, match=f"Process {os.getpid()} on {HOST} is adding runs"),
            hold_file(path, noun="run"),
        ):
            raise AssertionError("it was held")
        with hold_file(tmp_path / "other.jsonl", noun="run"):
            pass
    assert list(tmp_path.iterdir()) == []
    with hold_file(path, noun="run"):
        pass


def test_a_held_file_stops_training_before_it_runs(tmp_path, monkeypatch):
    path = tmp_path / "runs.jsonl"
    monkeypatch.setattr("gradiometer.question.training_make.make_runs", None)
    with hold_file(path, noun="run"):
        with pytest.raises(UsageError, match="is adding runs"):
            gradiometer.training(**NETWORKS, keep=str(path))
        # Nothing is added by a plan, and no file is made.
        plan = gradiometer.training(**NETWORKS, keep=str(path), dry_run=True)
    assert plan.facts["plan"].value["missing"] == 3
    assert list(tmp_path.iterdir()) == []


def test_a_held_file_stops_a_sweep_before_it_runs(tmp_path, monkeypatch):
    path = tmp_path / "parts.jsonl"
    monkeypatch.setattr(sweep_run.Sweep, "make", None)
    with hold_file(path, noun="part"), pytest.raises(UsageError, match="is adding parts"):
        gradiometer.sweep(**SWEPT, keep=str(path))


def test_a_file_that_has_everything_is_only_read(tmp_path, monkeypatch):
    runs, parts = tmp_path / "runs.jsonl", tmp_path / "parts.jsonl"
    asked = [lambda: gradiometer.training(**NETWORKS, keep=str(runs)),
             lambda: gradiometer.sweep(**SWEPT, keep=str(parts))]  # fmt: skip
    before = [ask().to_json() for ask in asked]
    text = runs.read_bytes()
    # What another process is writing is neither read nor cut off.
    with runs.open("ab") as file:
        file.write(b'{"run": "half')
    with hold_file(runs, noun="run"), hold_file(parts, noun="part"):
        monkeypatch.setattr("gradiometer.question.kept_file.KeptFile.add", None)
        assert [ask().to_json() for ask in asked] == before
    assert runs.read_bytes() == text + b'{"run": "half'


def test_what_was_added_while_waiting_for_the_file_is_not_made_again(tmp_path, monkeypatch):
    path, take = tmp_path / "runs.jsonl", kept_lock._take

    def finish_first(*given):
        monkeypatch.setattr(kept_lock, "_take", take)
        gradiometer.training(**NETWORKS, keep=str(path))
        return take(*given)

    monkeypatch.setattr(kept_lock, "_take", finish_first)
    gradiometer.training(**NETWORKS, keep=str(path))
    assert len(path.read_text().splitlines()) == 1 + 3


HOLD = """
import sys, time
from pathlib import Path
from gradiometer.question.kept_lock import hold_file
with hold_file(Path(sys.argv[1]), noun="run"):
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_process_that_is_killed_holds_nothing(tmp_path):
    path, lock = tmp_path / "runs.jsonl", tmp_path / "runs.jsonl.lock"
    with subprocess.Popen([sys.executable, "-c", HOLD, str(path)], stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        other.stdout.readline()
        with pytest.raises(UsageError, match=f"Process {other.pid} on"):
            hold_file(path, noun="run").__enter__()
        other.send_signal(signal.SIGKILL)
        other.wait()
    assert json.loads(lock.read_text())["process"] == other.pid
    with hold_file(path, noun="run"):
        assert json.loads(lock.read_text())["process"] == os.getpid()
    assert not lock.exists()


@pytest.mark.parametrize("text", [b"", b"[]", b"\xff", b'{"process": "x", "machine": "y"}'])
def test_a_lock_that_says_nothing_is_held_all_the_same(tmp_path, text):
    path, lock = tmp_path / "runs.jsonl", tmp_path / "runs.jsonl.lock"
    with hold_file(path, noun="run"):
        lock.write_bytes(text)
        with pytest.raises(UsageError, match="Another process is adding"):
            hold_file(path, noun="run").__enter__()


def _add(path, first, count):
    file = KeptFile(path, "gradiometer/test-1", "part")
    for number in range(first, first + count):
        while True:
            try:
                with file.hold():
                    file.add([(str(number), {"text": "x" * 20_000})])
                break
            except UsageError:
                time.sleep(0.001)


def test_processes_that_take_turns_lose_nothing(tmp_path):
    path = tmp_path / "parts.jsonl"
    context = multiprocessing.get_context("fork")
    all_of_them = [context.Process(target=_add, args=(path, first, 20)) for first in (0, 20, 40)]
    for process in all_of_them:
        process.start()
    for process in all_of_them:
        process.join(60)
    names = {str(number) for number in range(60)}
    assert set(KeptFile(path, "gradiometer/test-1", "part").read(names, dict)) == names
    assert len(path.read_bytes().splitlines()) == 61
    assert list(tmp_path.iterdir()) == [path]


def test_a_lock_that_was_removed_while_it_was_taken_is_no_lock(tmp_path, monkeypatch):
    path, lock = tmp_path / "runs.jsonl", tmp_path / "runs.jsonl.lock"
    try_lock, tried = kept_lock._try_lock, []

    def release_first(file):
        # Who had the lock removes its name just before this call gets it.
        if not tried:
            lock.unlink()
        tried.append(file)
        return try_lock(file)

    monkeypatch.setattr(kept_lock, "_try_lock", release_first)
    with hold_file(path, noun="run"):
        assert lock.exists()
    assert len(tried) == 2


def test_a_system_without_locks_is_told_of(tmp_path, monkeypatch):
    def refuse(_):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(kept_lock, "_try_lock", refuse)
    with pytest.raises(UsageError, match="cannot be locked: No locks available"):
        hold_file(tmp_path / "runs.jsonl", noun="run").__enter__()
