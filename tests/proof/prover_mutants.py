"""Provers with one mistake each, and what becomes of the answers to known problems.

Run `python -m proof.prover_mutants --count 100 --seed 1` in the folder `tests`; `--module outer`
keeps to one module, and more names to these. Every mutant is one edit of a statement that some
problem or test runs, in a copy of the package outside the tree. The problems that run that
statement are asked again; what survives them is put to the quick tests of the project that run it,
the shortest first, and to one long test of random runs. A table says how each mutant was caught, or
that it survived. A *false proof* is an answer that is called proved and contradicts the known one:
there the checker would have a hole. *time* is a mutant that was stopped since it took several times
as long as the right prover, as one does that never ends.

What counts as a mutant: an edit of what a prover computes. No mutants are edits of texts, of
annotations, of decorators, of default arguments, and of what only says how long or how finely a
prover searches. That is decided by where the edit is, before it is run: values assigned at the top
of a module (`_BITS`, `_STEPS`, `_HORIZONS`), comparisons with one that begins with `_MOST`, and
the number of digits or bits that is given to `EFFORT`. Any such number is as right as the one
before, and what is found with it goes to the same checker. Nor is `strict=True` edited, which only
guards against mistakes in the module itself.
"""

import argparse
import ast
import hashlib
import json
import os
import random
import resource
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from pathlib import Path

from proof.answer_differences import compare
from proof.line_records import (
    MOST_SECONDS,
    RANDOM,
    RECORDS,
    SOURCE,
    TESTS,
    copy_package,
    list_modules,
    mark_package,
    name_function,
    name_places,
    read_lines,
    record_lines,
    take_marks,
)
from proof.prover_edits import list_edits, list_places, replace_node
from proof.prover_problems import answer, known_words, list_problems

SHARES = (1, 5)
"""Processor time of the problems that one mutant is asked at first, and of those that it is asked
in all when it survives them, by the clock of the right prover."""
TESTED = 20
"""Processor time, on record, of the tests that a survivor is put to."""
PATIENCE, TIMES, COLLECTING = 5, 5, 60
"""Seconds, and times as long as with the right prover, after which a mutant is stopped at a problem
or a test, and seconds for the collection of tests."""
NOT_FOUND = 4
"""What pytest returns when a name names no test; it runs none then."""
STOPPED = (signal.SIGXCPU, signal.SIGKILL)
WARM = ("flint", "numpy", "pytest", "_pytest.doctest")
"""What each process needs and what does not change with a mutant; loaded once, before they part."""


def allow(seconds):
    """Stop this process when it has worked for so many seconds more, by its own clock."""
    soon = int(time.process_time() + seconds) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (soon, resource.RLIM_INFINITY))


def run_apart(home, work):
    """What *work* writes in a process of its own with the package in *home*, and its end.

    The end is empty, "time" for a process that was stopped, or the last line of an error.
    """
    back, forth = os.pipe()
    child = os.fork()
    if child == 0:
        _work_and_end(home, work, forth)
    os.close(forth)
    with os.fdopen(back) as pipe:
        rows = [json.loads(line) for line in pipe if line.endswith("\n")]
    _, status = os.waitpid(child, 0)
    wrong = next((row["wrong"] for row in rows if "wrong" in row), "")
    if os.WIFSIGNALED(status):
        wrong = "time" if os.WTERMSIG(status) in STOPPED else f"signal {os.WTERMSIG(status)}"
    return [row for row in rows if "wrong" not in row], wrong


def _work_and_end(home, work, forth):
    silent = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silent, 1)
    os.dup2(silent, 2)
    sys.path.insert(0, str(home))
    os.environ |= {"PYTHONPATH": str(home), "PYTHONDONTWRITEBYTECODE": "1"}
    os.chdir(TESTS.parent)
    os.set_inheritable(forth, False)

    def tell(row):
        os.write(forth, (json.dumps(row) + "\n").encode())

    try:
        work(tell)
    except BaseException:
        tell({"wrong": traceback.format_exc().strip().splitlines()[-1]})
    os._exit(0)


def ask_marked(indices):
    """Work that answers these problems with the marked package, and tells what they run."""

    def work(tell):
        problems, marks = list_problems(), take_marks()
        for index in indices:
            marks.clear()
            began = time.process_time()
            said = answer(problems[index])
            seconds = time.process_time() - began
            tell({"index": index, "said": said, "seconds": seconds, "ran": sorted(marks)})

    return work


def ask_problems(indices, right, seconds):
    """Work that answers these problems until an answer is another one than the right one."""

    def work(tell):
        problems = list_problems()
        for index in indices:
            allow(PATIENCE + TIMES * seconds[index])
            how = compare(right[index], json.loads(json.dumps(answer(problems[index]))))
            tell({"index": index, "how": how})
            if how not in ("survived", "other words"):
                break

    return work


class FirstFailure:
    """A plugin of pytest that tells the first test that fails and stops one that takes too long."""

    def __init__(self, tell, seconds):
        self.tell, self.seconds = tell, seconds

    def pytest_runtest_logstart(self, nodeid):
        allow(PATIENCE + TIMES * self.seconds.get(nodeid, MOST_SECONDS))

    def pytest_runtest_logreport(self, report):
        if report.failed:
            self.tell({"failed": report.nodeid})
        elif report.when == "call":
            self.tell({"passed": report.nodeid})

    def pytest_collectreport(self, report):
        if report.failed:
            self.tell({"failed": report.nodeid})


def ask_tests(seconds):
    """Work that runs these tests, with the time that each takes, until one of them fails."""

    def work(tell):
        import pytest

        allow(COLLECTING)
        options = ["-q", "-x", "-n", "0", "-p", "no:cacheprovider"]
        if pytest.main([*options, *seconds], plugins=[FirstFailure(tell, seconds)]) == NOT_FOUND:
            raise RuntimeError("a test on record is no more: record its file anew")

    return work


def read_answers(folder):
    """The answers of the right package to all problems, and what they run; kept for the next time.

    They belong to the exact text of the package and of the problems.
    """
    texts = [*SOURCE.rglob("*.py"), *SOURCE.rglob("*.toml")]
    texts += [*(TESTS / "known_answers").glob("*.toml"), TESTS / "proof" / "prover_problems.py"]
    key = hashlib.sha256(b"".join(path.read_bytes() for path in sorted(texts))).hexdigest()[:16]
    kept = RECORDS / f"answers-{key}.json"
    if kept.exists():
        return json.loads(kept.read_text("utf-8"))
    copy_package(folder)
    mark_package(folder)
    rows, wrong = run_apart(folder, ask_marked(range(len(list_problems()))))
    if wrong:
        raise RuntimeError(wrong)
    RECORDS.mkdir(exist_ok=True)
    kept.write_text(json.dumps(rows), "utf-8")
    return rows


class Bench:
    """A copy of the package, the right answers, and which problems and tests run what."""

    def __init__(self, folder, *, is_recording=True):
        for name in WARM:
            __import__(name)
        self.root = Path(folder) / "right"
        self.home = copy_package(self.root)
        self.broken: set[str] = set()
        rows = read_answers(Path(folder) / "marked")
        self.said = {row["index"]: row["said"] for row in rows}
        for index, (name, value) in enumerate(known_words()):
            if value is not None and self.said[index][name][0] not in (value, [value, value]):
                raise RuntimeError(f"problem {index} has another answer than the known one")
        self.seconds = {row["index"]: row["seconds"] for row in rows}
        self.problems: dict[str, list[int]] = {}
        for row in rows:
            for place in row["ran"]:
                self.problems.setdefault(place, []).append(row["index"])
        if is_recording:
            record_lines()
        self.tests = read_lines()

    def runs(self, place):
        """Whether some problem or test runs a statement, or its function at least."""
        known = {place, name_function(place)}
        return bool(known & self.tests.keys() or known & self.problems.keys())

    def problems_of(self, place):
        """The problems that run a statement, the quickest first, in one part for each share."""
        indices = sorted(self.problems.get(place, ()), key=lambda index: self.seconds[index])
        total, parts = 0.0, [[] for _ in SHARES]
        for index in indices:
            total += self.seconds[index]
            share = next((i for i, most in enumerate(SHARES) if total <= most), None)
            if share is None:
                break
            parts[share].append(index)
        return parts if any(parts) else [indices[:1]]

    def call_tests(self, seconds):
        """The first of these tests that fails with the package as it is now, or "time", and those
        that passed before it.
        """
        rows, wrong = run_apart(self.root, ask_tests(seconds))
        failed = next((row["failed"] for row in rows if "failed" in row), wrong)
        return failed, {row["passed"] for row in rows if "passed" in row}

    def run_tests(self, place, path, texts):
        """The first test that fails with a mutant and not without; empty when none does."""
        total, names = 0.0, {}
        for seconds, name in self.tests.get(place) or self.tests.get(name_function(place), ()):
            total += seconds
            if name not in self.broken and (total <= TESTED or not names or name == RANDOM):
                names[name] = seconds
        while names:
            path.write_text(texts[1], "utf-8")
            failed, passed = self.call_tests(names)
            path.write_text(texts[0], "utf-8")
            if failed in ("", "time"):
                return failed
            # A file that is not even read has another name than its tests.
            again = {failed: names[failed]} if failed in names else names
            if not self.call_tests(again)[0]:
                return f"test: {failed}"
            if failed not in names:
                raise RuntimeError(failed)
            sys.stderr.write(f"fails without a mistake: {failed}\n")
            self.broken.add(failed)
            names = {name: row for name, row in names.items() if name not in {*passed, failed}}
        return ""

    def judge(self, path, place, texts):
        """How a mutant is caught, by which problem, and how many it was asked."""
        order = ("false proof", "checker", "answer", "other words", "survived")
        worst, asked = ("survived", None), 0
        for indices in filter(None, self.problems_of(place)):
            path.write_text(texts[1], "utf-8")
            rows, wrong = run_apart(self.root, ask_problems(indices, self.said, self.seconds))
            path.write_text(texts[0], "utf-8")
            asked += len(rows)
            found = [(row["how"], row["index"]) for row in rows]
            worst = min([worst, *found], key=lambda pair: order.index(pair[0]))
            if wrong and worst[0] != "false proof":
                return wrong if wrong == "time" else f"crash: {wrong}", None, asked
            if worst[0] not in ("survived", "other words"):
                return *worst, asked
        return self.run_tests(place, path, texts) or worst[0], worst[1], asked


def list_mutants(bench, *, only):
    """Every edit of a statement that is run: where it is, what is edited, and the new node."""
    for path in list_modules(bench.home):
        if only and path.stem not in only:
            continue
        text = path.read_text("utf-8")
        tree, places = ast.parse(text), {}
        for place, row in name_places(path.stem, text, tree):
            # An inner statement comes after the one around it, and names its own parts anew.
            places |= {id(node): place for node in ast.walk(row)}
        for node in list_places(tree):
            place = places.get(id(node))
            if place and bench.runs(place):
                yield from ((path, place, node, *edit) for edit in list_edits(node))


def draw(rows, count, rng):
    """So many of the mutants, taken from one module after the other."""
    rows = list(rows)
    rng.shuffle(rows)
    by_module: dict[str, list] = {}
    for row in rows:
        by_module.setdefault(row[0].stem, []).append(row)
    found = []
    while len(found) < count and any(by_module.values()):
        found += [part.pop() for part in by_module.values() if part]
    return found[:count]


def run_mutants(count, *, seed, only=None, tell=None, is_recording=True, done=0):
    """What became of each mutant: module, line, edit, new text, and how it was caught."""
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(folder, is_recording=is_recording)
        found = []
        rows = list_mutants(bench, only=only)
        for path, place, node, name, other in draw(rows, count, random.Random(seed))[done:]:
            text = path.read_text("utf-8")
            how, problem, asked = bench.judge(path, place, (text, replace_node(text, node, other)))
            # The lines in between are on one line here, to be found with one look.
            was, now = (" ".join(ast.unparse(part).split()) for part in (node, other))
            found.append({"module": path.stem, "line": node.lineno, "edit": name, "was": was,
                          "now": now, "how": how, "problem": problem, "asked": asked})  # fmt: skip
            if tell is not None:
                tell(found[-1])
        return bench.said, found


WAYS = ("false proof", "checker", "answer", "test", "crash", "time", "other words", "survived")


def spell_table(found):
    """How many mutants of each module were caught in which way, as a table in Markdown."""
    count = Counter((row["module"], row["how"].partition(":")[0]) for row in found)
    rows: list[list[object]] = [["module", "mutants", *WAYS], ["---"] * (len(WAYS) + 2)]
    for module in sorted({row["module"] for row in found}):
        ways = [count[module, way] for way in WAYS]
        rows.append([module, sum(ways), *ways])
    totals = [sum(count[key] for key in count if key[1] == way) for way in WAYS]
    rows.append(["all", sum(totals), *totals])
    return "\n".join(f"| {' | '.join(map(str, row))} |" for row in rows)


def main():
    """Run mutants and write the table."""
    reader = argparse.ArgumentParser(description=__doc__)
    reader.add_argument("--count", type=int, default=120)
    reader.add_argument("--seed", type=int, default=1)
    reader.add_argument("--module", nargs="+")
    reader.add_argument("--done", type=int, default=0, help="leave out so many of the sample")
    reader.add_argument("--no-recording", action="store_true", help="use the records there are")
    given = reader.parse_args()

    def tell(row):
        sys.stdout.write(f"{row['how'][:70]:<14} {row['module']}:{row['line']} {row['edit']}: "
                         f"{row['was'][:70]} -> {row['now'][:70]} "
                         f"[{row['asked']} asked, {row['problem']}]\n")  # fmt: skip
        sys.stdout.flush()

    _, found = run_mutants(given.count, seed=given.seed, only=given.module, tell=tell,
                           is_recording=not given.no_recording, done=given.done)  # fmt: skip
    sys.stdout.write(f"\n{spell_table(found)}\n")


if __name__ == "__main__":
    main()
