"""Provers with one mistake each, and what becomes of the answers to known problems.

Run `python -m proof.prover_mutants --count 120` in the folder `tests` where the package can be
imported; `--module outer` keeps to one module. Every mutant is one edit of a line that some problem
runs, in a copy of the package outside the tree; only the problems that run that line are asked
again, and what survives them is put to the tests nearby. A table says how each mutant was caught,
or that it survived. A *false proof* is an answer that is called proved and contradicts the known
one: there the checker would have a hole.

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
import json
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

from proof.prover_problems import known_words, list_problems

TESTS = Path(__file__).parents[1]
PATTERNS = ("contraction*", "approach", "outer", "trap", "rotation", "itinerary", "excursion",
            "descent", "stability*", "doubling", "verdict", "walk", "regime", "threshold",
            "fate", "tether", "basin", "phases*", "step_bound", "stride",
            "scene")  # fmt: skip
EFFORT = {"precision": 0, "round_short": 1}
"""What is called with a number of digits to work or to guess with, and which argument that is."""
TEXTS = ("reason", "because", "how", "error")
"""Names of what is only told."""
SHARES, PATIENCE = (1.5, 5), 30
"""Processor time of the problems that one mutant is asked at first, and of those that it is asked
in all when it survives them, by the clock of the right prover; and what a mutant may take for them,
or for the tests, before it is stopped."""
SMOOTH = ("tests/proof/test_contraction.py", "tests/known_answers/test_verdicts_smooth.py")
KINKED = ("tests/proof/test_check_fates.py", "tests/known_answers/test_verdicts_kinked.py")
ESCAPES = ("tests/proof/test_regime.py", "tests/question/test_escape.py")
RATES = ("tests/question/test_stability.py", "tests/known_answers/test_stability.py")
NEAR = (
    *((name, SMOOTH) for name in ("contraction", "approach", "outer", "trap")),
    *((name, ESCAPES) for name in ("regime", "threshold")),
    *((name, RATES) for name in ("stability", "doubling")),
    ("walk", ("tests/proof/test_walk.py", "tests/proof/test_verdict.py")),
    *((name, (f"tests/proof/test_{name}.py",)) for name in ("tether", "basin", "step_bound")),
    ("stride", ("tests/known_answers/test_step_bounds.py", "tests/proof/test_stride.py")),
    ("phases", ("tests/proof/test_check_phases.py", "tests/question/test_escape_any_facts.py")),
    ("verdict", ("tests/proof/test_verdict.py", "tests/proof/test_check_run.py")),
    ("fate", ("tests/proof/test_fate.py",)),
    ("", KINKED),
)
"""The tests nearby, by how the name of a module begins."""


STOPPED = (-signal.SIGXCPU, -signal.SIGKILL)


def limit_time():
    """Stop this process after its share of processor time, however busy the machine is."""
    resource.setrlimit(resource.RLIMIT_CPU, (PATIENCE, PATIENCE))


def ask_child(home, mode, indices):
    """The rows that a process with the package in *home* writes, and what went wrong in it."""
    numbers = ",".join(map(str, indices))
    command = [sys.executable, "-m", "proof.prover_problems", mode, numbers]
    env = {**os.environ, "PYTHONPATH": str(home), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False, cwd=TESTS,
                          preexec_fn=limit_time if mode == "answer" else None)  # fmt: skip
    if done.returncode in STOPPED:
        return [], "it takes too long"
    rows = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    return rows, "" if done.returncode == 0 else done.stderr.strip().splitlines()[-1]


OTHER = {
    ast.Lt: ast.GtE, ast.LtE: ast.Gt, ast.Gt: ast.LtE, ast.GtE: ast.Lt, ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq, ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.And: ast.Or,
    ast.Or: ast.And,
}  # fmt: skip


def list_edits(node):
    """The edits of one node: pairs of a name and what takes its place."""
    if isinstance(node, ast.Compare) and type(node.ops[0]) in OTHER:
        turned = [OTHER[type(node.ops[0])](), *node.ops[1:]]
        yield "turn the comparison", ast.Compare(node.left, turned, node.comparators)
    if isinstance(node, ast.BinOp) and type(node.op) in OTHER:
        yield "change the operation", ast.BinOp(node.left, OTHER[type(node.op)](), node.right)
        yield "drop the second term", node.left
    if isinstance(node, ast.BoolOp):
        yield "and for or", ast.BoolOp(OTHER[type(node.op)](), node.values)
        yield "drop a condition", node.values[0]
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.Not):
        yield "drop the sign", node.operand
    if isinstance(node, ast.Constant) and type(node.value) is int:
        yield "one more", ast.Constant(node.value + 1)
    if isinstance(node, ast.Constant) and type(node.value) is bool:
        yield "the other truth", ast.Constant(not node.value)
    if isinstance(node, ast.Return) and node.value is not None:
        yield "return nothing", ast.Return(ast.Constant(None))
    if isinstance(node, ast.IfExp):
        yield "swap the cases", ast.IfExp(node.test, node.orelse, node.body)


def list_untouched(node):
    """What is not edited below a node: annotations, texts of errors, and search effort."""
    if isinstance(node, ast.Module):
        return [row for row in node.body if isinstance(row, ast.Assign | ast.AnnAssign)]
    if isinstance(node, ast.FunctionDef):
        return [node.returns, node.args, *node.decorator_list]
    if isinstance(node, ast.ClassDef):
        return node.decorator_list
    if isinstance(node, ast.AnnAssign):
        return [node.annotation]
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        return node.args[EFFORT.get(node.func.id, len(node.args)) :]
    if isinstance(node, ast.keyword) and node.arg == "strict":
        return [node.value]
    if isinstance(node, ast.Compare) and "_MOST" in ast.unparse(node):
        return [node]
    if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) in TEXTS:
        return [node]
    if isinstance(node, ast.Raise | ast.JoinedStr | ast.ImportFrom | ast.Assert):
        return [node]
    return []


def list_places(tree):
    """The nodes that may be edited."""
    parts = [part for node in ast.walk(tree) for part in list_untouched(node) if part]
    skipped = {id(node) for part in parts for node in ast.walk(part)}
    nodes = [node for node in ast.walk(tree) if isinstance(node, ast.expr | ast.stmt)]
    return [node for node in nodes if id(node) not in skipped]


def replace_node(text, node, other):
    """The text of a module with one node written anew, and the lines around it kept."""
    lines = text.encode().splitlines(keepends=True)
    start = sum(map(len, lines[: node.lineno - 1])) + node.col_offset
    end = sum(map(len, lines[: node.end_lineno - 1])) + node.end_col_offset
    other = ast.fix_missing_locations(ast.copy_location(other, node))
    new = ast.unparse(other)
    new = new if isinstance(node, ast.stmt) else f"({new})"
    whole = text.encode()
    return (whole[:start] + new.encode() + whole[end:]).decode()


def list_mutants(home, lines, *, only):
    """Every edit of a line that a problem runs: module, line, name of the edit, new text."""
    for path in sorted({p for pattern in PATTERNS for p in home.glob(f"{pattern}.py")}):
        if only and path.stem != only:
            continue
        text = path.read_text("utf-8")
        for node in list_places(ast.parse(text)):
            if node.lineno not in lines.get(path.stem, ()):
                continue
            for name, other in list_edits(node):
                yield path, node, name, other


def are_apart(old, new):
    """Whether two plain values cannot both be right."""
    if isinstance(old, list) and isinstance(new, list):
        from flint import fmpq

        ends = [fmpq(*map(int, part.split("/"))) for part in (*old, *new)]
        return ends[1] < ends[2] or ends[3] < ends[0]
    if isinstance(old, dict) and isinstance(new, dict):
        return set(old) != set(new) or any(are_apart(old[key], new[key]) for key in old)
    return old != new


LOOSE = ("bounds", "interval", "condition", "below", "above", "worked steps", "worst_gradients")
"""Facts that can be said otherwise and be as true: wider, or by another formula."""


def are_other_cycles(old, new):
    """Whether two cycles are apart wherever one begins to read the second one.

    A cycle that a run only comes close to has no first point.
    """
    size = len(old["points"]) if isinstance(old, dict) and isinstance(new, dict) else 0
    if not size or len(new["points"]) != size:
        return are_apart(old, new)
    rows = [new["points"][str(index)] for index in range(size)]
    return all(
        are_apart(old["points"], {str(i): rows[(i + turn) % size] for i in range(size)})
        for turn in range(size)
    )


def compare(old, new):
    """How the answer of a mutant differs, as a word; `false proof` is the worst."""
    words = set()
    for name in sorted({*old, *new}):
        before, after = old.get(name), new.get(name)
        contradict = are_other_cycles if name == "cycle" else are_apart
        if before == after:
            continue
        if before is None or after is None or "unknown" in (before[1], after[1]):
            because = "" if after is None else after[2]
            words.add("checker" if "refused a proof" in because else "answer")
        elif name not in LOOSE and after[0] != "bounded" and contradict(before[0], after[0]):
            words.add("false proof")
        else:
            words.add("other words" if before[0] == after[0] else "answer")
    if "refused" in new:
        words = {"checker" if "CertificateError" in new["refused"][2] else "answer"}
    order = ("false proof", "checker", "answer", "other words")
    return next((word for word in order if word in words), "survived")


class Bench:
    """A copy of the package, the right answers, and which problems run which line."""

    def __init__(self, source, folder):
        self.root = Path(folder)
        shutil.copytree(source, self.root / "gradiometer",
                        ignore=shutil.ignore_patterns("__pycache__"))  # fmt: skip
        self.home = self.root / "gradiometer" / "proof"
        self.broken: list[str] = []
        everything = range(len(list_problems()))
        rows, wrong = ask_child(self.root, "answer", everything)
        if wrong:
            raise RuntimeError(wrong)
        self.said = {row["index"]: row["said"] for row in rows}
        for index, (name, value) in enumerate(known_words()):
            if value is not None and self.said[index][name][0] not in (value, [value, value]):
                raise RuntimeError(f"problem {index} has another answer than the known one")
        self.seconds = {row["index"]: row["seconds"] for row in rows}
        self.lines: dict[str, dict[int, list[int]]] = {}
        for row in ask_child(self.root, "trace", everything)[0]:
            for name, found in row["lines"].items():
                for line in found:
                    self.lines.setdefault(name, {}).setdefault(line, []).append(row["index"])

    def problems_of(self, path, node):
        """The problems that run a node's line, the quickest first, in one part for each share."""
        indices = sorted(self.lines[path.stem][node.lineno], key=lambda index: self.seconds[index])
        total, parts = 0.0, [[] for _ in SHARES]
        for index in indices:
            total += self.seconds[index]
            place = next((i for i, most in enumerate(SHARES) if total <= most), None)
            if place is None:
                break
            parts[place].append(index)
        return parts if any(parts) else [indices[:1]]

    def call_pytest(self, names):
        """The first of these tests that fails with the package as it is now; empty if none does."""
        command = [sys.executable, "-m", "pytest", "-q", "-x", "-n", "0", "-p", "no:cacheprovider"]
        command += [f"--deselect={name}" for name in self.broken]
        env = {**os.environ, "PYTHONPATH": str(self.root), "PYTHONDONTWRITEBYTECODE": "1"}
        done = subprocess.run([*command, *names], env=env, capture_output=True, text=True,
                              check=False, cwd=TESTS.parent, preexec_fn=limit_time)  # fmt: skip
        # Tests that do not end in time have caught nothing.
        lines = [row for row in done.stdout.splitlines() if row.startswith(("FAILED", "ERROR"))]
        return lines[0].split(" ", 1)[1].split(" - ")[0] if lines else ""

    def run_tests(self, path, node, other):
        """The first test nearby that fails with a mutant and not without; empty when none does."""
        text = path.read_text("utf-8")
        while True:
            try:
                path.write_text(replace_node(text, node, other), "utf-8")
                failed = self.call_pytest(tests_of(path.stem))
            finally:
                path.write_text(text, "utf-8")
            if not failed or not self.call_pytest([failed]):
                return failed and f"test: {failed}"
            self.broken.append(failed)

    def judge(self, path, node, other):
        """How a mutant is caught, by which problem, and how many it was asked."""
        text = path.read_text("utf-8")
        order = ("false proof", "checker", "answer", "other words", "survived")
        worst, asked = ("survived", None), 0
        for indices in filter(None, self.problems_of(path, node)):
            try:
                path.write_text(replace_node(text, node, other), "utf-8")
                rows, wrong = ask_child(self.root, "answer", indices)
            finally:
                path.write_text(text, "utf-8")
            asked += len(indices)
            found = [(compare(self.said[r["index"]], r["said"]), r["index"]) for r in rows]
            worst = min([worst, *found], key=lambda pair: order.index(pair[0]))
            if wrong and worst[0] != "false proof":
                return f"crash: {wrong}", None, asked
            if worst[0] not in ("survived", "other words"):
                return *worst, asked
        return self.run_tests(path, node, other) or worst[0], worst[1], asked


def tests_of(module):
    """The tests of the project that a survivor is put to."""
    return next(files for start, files in NEAR if module.startswith(start))


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


def run_mutants(count, *, seed, only=None, tell=None):
    """What became of each mutant: module, line, edit, new text, and how it was caught."""
    source = Path(__file__).parents[2] / "src" / "gradiometer"
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(source, folder)
        found = []
        rows = list_mutants(bench.home, bench.lines, only=only)
        for path, node, name, other in draw(rows, count, random.Random(seed)):
            how, problem, asked = bench.judge(path, node, other)
            # The lines in between are on one line here, to be found with one look.
            was, now = (" ".join(ast.unparse(part).split()) for part in (node, other))
            found.append({"module": path.stem, "line": node.lineno, "edit": name, "was": was,
                          "now": now, "how": how, "problem": problem, "asked": asked})  # fmt: skip
            if tell is not None:
                tell(found[-1])
        return bench.said, found


WAYS = ("false proof", "checker", "answer", "test", "crash", "other words", "survived")


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
    reader.add_argument("--module")
    given = reader.parse_args()

    def tell(row):
        sys.stdout.write(f"{row['how'][:70]:<14} {row['module']}:{row['line']} {row['edit']}: "
                         f"{row['was'][:70]} -> {row['now'][:70]} "
                         f"[{row['asked']} asked, {row['problem']}]\n")  # fmt: skip
        sys.stdout.flush()

    _, found = run_mutants(given.count, seed=given.seed, only=given.module, tell=tell)
    sys.stdout.write(f"\n{spell_table(found)}\n")


if __name__ == "__main__":
    main()
