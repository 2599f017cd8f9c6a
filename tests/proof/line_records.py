"""Which statements of the provers each test runs, kept beside the system's temporary files.

`python -m proof.line_records` in the folder `tests` records what is not recorded yet, and with
names of files only these. A record is about one file of tests and is used again while that file is
the same. A statement is known by its function and its first line, so that a record outlives edits
elsewhere in a module. A record that is out of date names too few tests and thereby makes a mutant
survive; it never catches one.
"""

import ast
import builtins
import hashlib
import json
import os
import re
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

TESTS = Path(__file__).parents[1]
SOURCE = TESTS.parent / "src" / "gradiometer"
RECORDS = Path(tempfile.gettempdir()) / f"gradiometer_lines_{os.getuid()}"
FOLDERS = ("proof", "known_answers", "question", "properties", "terminal", "study", "golden",
           "report")  # fmt: skip
"""Where tests of provers can be; stages before the provers cannot import them."""
PATTERNS = ("contraction*", "approach", "outer", "trap", "rotation", "itinerary", "excursion",
            "descent", "stability*", "doubling", "verdict", "walk", "regime", "threshold",
            "fate", "tether*", "basin", "phases*", "step_bound", "stride",
            "fading", "separate", "crowd", "scene", "reach")  # fmt: skip
WORDS = r"trajectory|escape|stability|fate|prover"
MARK = "_STATEMENTS_RUN"
MOST_SECONDS = 20
"""A test that takes longer is no part of the quick tests and is not put to mutants."""
RANDOM = "tests/properties/test_random_verdicts.py::test_no_verdict_contradicts_a_run_by_hand[0]"
"""One long test of random runs, the only one of its file, that is put to each survivor it runs."""


def list_statements(tree: ast.Module) -> Iterator[tuple[str, ast.stmt]]:
    """Every statement of a function or method, with the name of its function."""

    def walk(node: ast.AST, name: str) -> Iterator[tuple[str, ast.stmt]]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.stmt) and name:
                yield name, child
            inside = isinstance(child, ast.FunctionDef)
            yield from walk(child, f"{name}/{child.name}" if inside else name)

    yield from walk(tree, "")


def name_places(stem: str, text: str, tree: ast.Module) -> list[tuple[str, ast.stmt]]:
    """The statements of a module with their names in records, outer ones before inner ones."""
    rows, seen = text.splitlines(), Counter[str]()
    found = []
    for name, node in list_statements(tree):
        place = f"{stem} {name} {rows[node.lineno - 1].strip()}"
        seen[place] += 1
        found.append((f"{place} #{seen[place]}", node))
    return found


def name_function(place: str) -> str:
    """The function of a statement, by which a statement is found that no record knows yet."""
    return " ".join(place.split(" ")[:2])


class Marking(ast.NodeTransformer):
    """Puts a mark before every statement of a function."""

    def __init__(self, names: dict[int, str]) -> None:
        self.names = names

    def generic_visit(self, node: ast.AST) -> ast.AST:
        """The node with marks in each of its blocks."""
        super().generic_visit(node)
        for field in ("body", "orelse", "finalbody"):
            block = getattr(node, field, None)
            if isinstance(block, list):
                setattr(node, field, list(self._mark(block)))
        return node

    def _mark(self, block: list[ast.stmt]) -> Iterator[ast.stmt]:
        for index, row in enumerate(block):
            told = index == 0 and isinstance(row, ast.Expr) and isinstance(row.value, ast.Constant)
            if id(row) in self.names and not told:
                yield ast.parse(f"{MARK}.add({self.names[id(row)]!r})").body[0]
            yield row


def copy_package(folder: Path) -> Path:
    """The copy of the package in *folder*."""
    # Compiled modules come along, which saves much of the time of each process.
    shutil.copytree(SOURCE, folder / "gradiometer")
    return folder / "gradiometer" / "proof"


def list_modules(home: Path) -> list[Path]:
    """The provers whose lines are edited."""
    return sorted({path for pattern in PATTERNS for path in home.glob(f"{pattern}.py")})


def mark_package(folder: Path) -> None:
    """Put marks into the provers of the copy in *folder*."""
    for path in list_modules(folder / "gradiometer" / "proof"):
        text = path.read_text("utf-8")
        tree = ast.parse(text)
        names = {id(node): place for place, node in name_places(path.stem, text, tree)}
        tree = ast.fix_missing_locations(Marking(names).visit(tree))
        start = f"import builtins\n{MARK} = builtins.__dict__.setdefault({MARK!r}, set())"
        # Imports from `__future__` have to stay the first statement.
        head = 1 + any(ast.unparse(row).startswith("from __future__") for row in tree.body)
        tree.body[head:head] = ast.parse(start).body
        path.write_text(ast.unparse(ast.fix_missing_locations(tree)), "utf-8")


def take_marks() -> set[str]:
    """The set of statements that have been run, which the caller may empty."""
    return builtins.__dict__.setdefault(MARK, set())


def path_of_record(path: Path) -> Path:
    """Where the record about a file of tests is kept."""
    key = hashlib.sha256(path.read_bytes()).hexdigest()[:12]
    return RECORDS / f"{'_'.join(path.relative_to(TESTS).with_suffix('').parts)}-{key}.json"


def list_files() -> list[Path]:
    """Files of tests that can run provers, those that speak of them most first."""
    found = [path for name in FOLDERS for path in sorted((TESTS / name).rglob("test_*.py"))]
    return sorted(found, key=lambda path: -len(re.findall(WORDS, path.read_text("utf-8"))))


class Recorder:
    """A plugin of pytest that writes one record after the last test of each file."""

    def __init__(self) -> None:
        self.found: dict[str, list] = {}
        self.failed = False

    def pytest_runtest_logreport(self, report) -> None:
        """A test that fails or is skipped here catches nothing."""
        self.failed |= report.outcome != "passed"

    def pytest_runtest_protocol(self, item, nextitem):
        """Note what a test runs, and the processor time it takes."""
        from _pytest.runner import runtestprotocol

        marks = take_marks()
        marks.clear()
        self.failed, began = False, time.process_time()
        runtestprotocol(item, nextitem=nextitem)
        seconds = time.process_time() - began
        if not self.failed and (seconds <= MOST_SECONDS or item.nodeid == RANDOM):
            name = item.nodeid.partition("::")[2]
            self.found[name] = [round(seconds, 3), sorted(marks)]
        if nextitem is None or nextitem.path != item.path:
            path_of_record(item.path).write_text(json.dumps(self.found), "utf-8")
            self.found = {}
        return True


def run_recording(folder: Path, files: list[Path]) -> None:
    """Run these tests with the marked package in *folder*, in this process."""
    import pytest

    sys.path.insert(0, str(folder))
    os.environ["PYTHONPATH"] = str(folder)
    os.chdir(TESTS.parent)
    names = [str(path.relative_to(TESTS.parent)) for path in files]
    names = [RANDOM if RANDOM.startswith(f"{name}::") else name for name in names]
    pytest.main(["-q", "-n", "0", "-p", "no:cacheprovider", *names], plugins=[Recorder()])


def record_lines(files: Sequence[Path] = ()) -> None:
    """Record these files of tests, or all that are not recorded yet."""
    RECORDS.mkdir(exist_ok=True)
    files = [path for path in files or list_files() if not path_of_record(path).exists()]
    if not files:
        return
    with tempfile.TemporaryDirectory() as folder:
        copy_package(Path(folder))
        mark_package(Path(folder))
        child = os.fork()
        if child == 0:
            run_recording(Path(folder), files)
            os._exit(0)
        os.waitpid(child, 0)


def read_lines() -> dict[str, list[tuple[float, str]]]:
    """For each statement, and for each function, the tests that run it, with their time."""
    found: dict[str, list[tuple[float, str]]] = {}
    for path in list_files():
        record = path_of_record(path)
        rows = json.loads(record.read_text("utf-8")) if record.exists() else {}
        for name, (seconds, places) in rows.items():
            for place in {*places, *map(name_function, places)}:
                test = f"{path.relative_to(TESTS.parent)}::{name}"
                found.setdefault(place, []).append((seconds, test))
    return {place: sorted(rows) for place, rows in found.items()}


if __name__ == "__main__":
    record_lines([Path(name).resolve() for name in sys.argv[1:]])
