"""Problems with known answers, and what the package that is imported says of them.

`python -m proof.prover_problems answer 0,1,2` writes the answers as lines of JSON, and with `trace`
the lines of the provers that each problem runs.
"""

import json
import sys
import time
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, is_dataclass
from pathlib import Path

TABLES = Path(__file__).parents[1] / "known_answers"
RATE = {"learning_rate": "1/10"}
HILL = {
    "name": "hill",
    "pieces": [
        {"on": "(-oo, 0]", "f": "-x"},
        {"on": "(0, 1/10]", "f": "x"},
        {"on": "(1/10, oo)", "f": "1/5 - x"},
    ],
}
WEDGE = {
    "name": "wedge",
    "parameters": {"h": {"default": "1", "domain": "(0, oo)", "barrier": True}},
    "pieces": [
        {"on": "(-oo, 1]", "f": "2*(1 - x)"},
        {"on": "(1, 1 + h/3]", "f": "3*(x - 1)"},
        {"on": "(1 + h/3, oo)", "f": "1 + 2*h - 3*x"},
    ],
}
WALL = {
    "name": "wall",
    "pieces": [
        {"on": "(-oo, -1]", "f": "-100*x - 99"},
        {"on": "(-1, 0]", "f": "-x"},
        {"on": "(0, 1]", "f": "x"},
        {"on": "(1, oo)", "f": "90*x - 89"},
    ],
}
ROOT_WALL = {
    "name": "root_wall",
    "pieces": [
        {"on": "(-oo, -1]", "f": "-100*x - 100 + sqrt(2)"},
        {"on": "(-1, 0]", "f": "-sqrt(2)*x"},
        *WALL["pieces"][2:],
    ],
}
"""The first step from -1 is the longest, and the later ones never fit together to a cycle."""
FADING = {"schedule": "1/(k + 2)", "steps": 40}
BOWL, BOWL_START = "x^2 + 5*y^2", {"start": "x=1, y=1/3", "steps": 30}
BY_HAND = [
    # Question, what it is asked of, options, a fact and its known value.
    ("trajectory", "x^2/2", {"set": RATE, "start": "1"}, "verdict", "converges"),
    ("trajectory", "x^2/2", {"set": {"learning_rate": "3"}, "start": "1"}, "verdict", "diverges"),
    ("trajectory", "x^2/2", {"set": {"learning_rate": "2"}, "start": "1"}, "verdict", "cycle"),
    ("trajectory", "x^2/2 - x", {"set": {**RATE, "momentum": "1/2"}, "start": "3", "steps": 20},
     "verdict", "converges"),
    ("trajectory", "x^2/2", {"set": {"learning_rate": "4", "momentum": "1/2"}, "start": "3",
                             "steps": 20}, "verdict", "diverges"),
    ("trajectory", "x^2/2", {"schedule": "1/(k + 2)", "start": "1", "steps": 20},
     "verdict", "converges"),
    ("trajectory", "-abs(x)", {"set": RATE, "start": "1", "steps": 20}, "verdict", "diverges"),
    ("trajectory", "barrier", {"set": {"learning_rate": "1/2", "momentum": "9/10"}, "start": "0",
                               "steps": 50}, "verdict", "escapes"),
    ("trajectory", "max(-x, 2*x)", {"optimizer": "adam", "set": {**RATE, "eps": "0"},
                                    "start": "1/3", "steps": 20}, "verdict", "bounded"),
    ("trajectory", HILL, {"optimizer": "sgd.keras", "set": {**RATE, "momentum": "9/10"},
                          "start": "-1", "steps": 60}, "verdict", "escapes"),
    ("trajectory", "x^4", {"set": RATE, "start": "1/3", "steps": 20}, "verdict", "converges"),
    ("trajectory", "x^4", {"set": RATE, "start": "-10", "steps": 20}, "verdict", "diverges"),
    ("trajectory", "x^4/4", {"set": {**RATE, "momentum": "1/2"}, "start": "100", "steps": 9},
     "verdict", "diverges"),
    ("trajectory", "x^4/4 - x^2/2", {"set": {"learning_rate": "29/20"}, "start": "1/3",
                                     "steps": 20}, "verdict", "bounded"),
    ("trajectory", "x^4/4 + x^2/20", {"optimizer": "rmsprop", "start": "1/3", "steps": 20,
                                      "set": {**RATE, "eps": "1/2", "alpha": "1/2"}},
     "verdict", "converges"),
    ("escape", "barrier", {"set": RATE}, "barrier", "1/10"),
    ("escape", "barrier", {"set": {**RATE, "momentum": "1/2"}}, "attained", None),
    ("escape", "barrier", {"optimizer": "sign_sgd", "set": RATE}, "attained", None),
    ("escape", "barrier", {"optimizer": "lion", "set": {**RATE, "beta2": "1/2"}, "steps": 60},
     "attained", None),
    ("stability", "x^2/2", {"set": {"momentum": "9/10"}}, "critical", "19/5"),
    ("stability", "3*x^2/2", {}, "critical", "2/3"),
    ("stability", "x^2/2", {"set": {"momentum": "9/10", "nesterov": "true"}}, "critical", "19/14"),
    ("stability", "x^2/2 + 5*y^2", {"set": {"weight_decay": "1/4"}, "at": "x=0, y=0"},
     "critical", "8/41"),
    ("stability", "double_well", {"optimizer": "rmsprop", "set": {"eps": "1/2"}},
     "critical", "1/2"),
    ("stability", "x^4/4 - x^2/2", {"at": "1", "doublings": 1}, "critical", "1"),
    # A limit that no factor below 1 leads to, and a run whose first balls are too wide.
    ("trajectory", "x^8/8", {"set": RATE, "start": "1/3", "steps": 20}, "verdict", "converges"),
    ("trajectory", "x^4/4 - x^2/2", {"set": {"learning_rate": "29/20"}, "start": "1/3",
                                     "steps": 600}, "verdict", "bounded"),
    ("trajectory", WALL, {"set": {**RATE, "momentum": "1/2"}, "start": "-1", "steps": 60},
     "verdict", "cycle"),
    ("trajectory", ROOT_WALL, {"set": {**RATE, "momentum": "1/10"}, "start": "-1", "steps": 60},
     "verdict", "bounded"),
    ("trajectory", ROOT_WALL, {"set": RATE, "start": "-1", "steps": 60}, "verdict", "bounded"),
    ("trajectory", "x^4/4 - x^2/2", {"set": {"learning_rate": "29/20", "momentum": "1/20"},
                                     "start": "1/3", "steps": 20}, "verdict", "bounded"),
    ("trajectory", "(x - 3)^4/4 + (x - 3)^2/20",
     {"optimizer": "rmsprop", "start": "10/3", "steps": 20,
      "set": {**RATE, "eps": "1/2", "alpha": "1/2"}}, "limit", "3"),
    # Steps that are short whatever the slope is.
    ("trajectory", "x^4/4", {"optimizer": "adam", "set": RATE, "start": "1", "steps": 80},
     "verdict", "bounded"),
    ("trajectory", "abs(x) + x^4", {"optimizer": "lion", "set": RATE, "start": "-6/5",
                                    "steps": 80}, "verdict", "bounded"),
    ("trajectory", "x^4/4", {"optimizer": "rmsprop.keras", "start": "1", "steps": 80},
     "verdict", "bounded"),
    # Several variables: safe below 2*(1 + momentum) over the largest curvature, which is 10.
    ("trajectory", BOWL, {**BOWL_START, "set": {"learning_rate": "19/100"}},
     "verdict", "converges"),
    ("trajectory", BOWL, {**BOWL_START, "set": {"learning_rate": "31/100", "momentum": "1/2"}},
     "verdict", "diverges"),
    ("trajectory", BOWL, {**BOWL_START, "set": {"learning_rate": "37/100", "momentum": "9/10"}},
     "verdict", "converges"),
    ("trajectory", "himmelblau", {"set": {"learning_rate": "1/100"}, "start": "1, 2",
                                  "steps": 40}, "verdict", "converges"),
    ("trajectory", "e^x - 2*x + (y - x)^2", {"set": {"learning_rate": "1/5"}, "steps": 30,
                                             "start": "x=1, y=0"}, "verdict", "converges"),
    ("trajectory", "x^2 - y^2", {"set": RATE, "start": "x=1, y=1/100", "steps": 30},
     "verdict", "diverges"),
    ("trajectory", "x^2 - y^2", {"set": RATE, "start": "x=1, y=0", "steps": 30},
     "limit", {"x": ["0", "0"], "y": ["0", "0"]}),
    # All run-ups to a kink; by hand, plain descent steps at most 1/10*2 past it.
    ("escape", WEDGE, {"set": RATE, "start": "any"}, "overshoot", "1/5"),
    ("escape", WEDGE, {"set": {"learning_rate": "1", "momentum": "9/10"}, "start": "any"},
     "climb", "4"),
    ("escape", WEDGE, {"optimizer": "lion", "start": "any",
                       "set": {"learning_rate": "1", "beta1": "1/2", "beta2": "3/4"}},
     "overshoot", "1"),
    ("escape", WEDGE, {"optimizer": "adam", "start": "any",
                       "set": {"learning_rate": "1", "beta2": "1/2", "eps": "1/10"}},
     "climb", "4"),
    ("escape", WEDGE, {"optimizer": "rmsprop", "start": "any", "set": {"momentum": "1/2"}},
     "run_up", "2"),
    ("escape", WEDGE, {"optimizer": "rmsprop", "start": "any"}, "overshoot",
     "2000000/20000001"),
    ("escape", WEDGE, {"optimizer": "signum", "start": "any"}, "overshoot", "1/200"),
    ("escape", WEDGE, {"optimizer": "adam", "start": "any"}, "climb", "4"),
    # The largest step over all gradients.
    ("stability", "x^2/2", {"optimizer": "adam", "set": {"eps": "1/10", "beta2": "19/20"}},
     "critical", "19/5"),
    ("stability", "x^2/2", {"optimizer": "lion"}, "step_bound", "1"),
    ("stability", "x^2/2", {"optimizer": "rmsprop", "set": {"alpha": "3/4", "eps": "1/10"}},
     "step_bound", "2"),
    ("stability", "x^2/2", {"optimizer": "adam", "set": {"amsgrad": "1", "eps": "1/10"}},
     "step_bound", None),
    ("stability", "x^2/2", {"optimizer": "adam", "set": {"beta1": "99/100", "beta2": "9/10",
                                                         "eps": "1/10"}}, "critical", "199/5"),
    # Strides that fade come to no end where a top has been passed.
    ("trajectory", HILL, {"schedule": "1/(k + 1)", "start": "-1/20", "steps": 20},
     "verdict", "escapes"),
    # Rates that fade and have no sum lead to the bottom; with weights that shrink by 2*x it is
    # where the slope of -1 pulls as strongly.
    ("trajectory", "abs(x)", {**FADING, "start": "1/3"}, "limit", "0"),
    ("trajectory", "abs(x - 1)", {"set": {"momentum": "9/10"}, "schedule": "1/sqrt(k + 1)",
                                  "start": "1/3", "steps": 40}, "limit", "1"),
    ("trajectory", "abs(x - 1)", {**FADING, "set": {"weight_decay": "2"}, "start": "1/3"},
     "limit", "1/2"),
    ("trajectory", "(x - 2)^4/4", {**FADING, "start": "1"}, "limit", "2"),
    ("trajectory", "max(-x, 2*x)", {**FADING, "optimizer": "sign_sgd", "start": "1/3"},
     "limit", "0"),
    ("trajectory", "abs(x)", {"optimizer": "lion", "schedule": "1/sqrt(k + 4)", "start": "1/3",
                              "steps": 40}, "limit", "0"),
    ("trajectory", "abs(x - 1)", {**FADING, "optimizer": "adam", "start": "1/3"}, "limit", "1"),
    ("trajectory", "abs(x - 1/3)", {**FADING, "optimizer": "rmsprop", "set": {"eps": "1/10"},
                                    "start": "1"}, "limit", "1/3"),
    ("trajectory", "e^x - 3*x", {**FADING, "start": "1"}, "verdict", "converges"),
    # The way of 1 + 1/2 + 1/4 and so on ends at 8, far from the bottom.
    ("trajectory", "abs(x)", {"schedule": "1/2^k", "start": "10", "steps": 40},
     "verdict", "converges"),
    # Coordinates that do not see each other.
    ("trajectory", "abs(x) + y^2", {"set": RATE, "start": "x=1, y=1/3", "steps": 60},
     "limit", {"x": ["0", "0"], "y": ["0", "0"]}),
    ("trajectory", "max(x, 0) + min(x, 0) + y^2",
     {"set": RATE, "start": "x=0, y=1", "steps": 60}, "verdict", "diverges"),
    ("trajectory", "abs(x) + abs(y - 1)", {**FADING, "set": {"momentum": "1/2"},
                                           "start": "x=1, y=1/3"},
     "limit", {"x": ["0", "0"], "y": ["1", "1"]}),
    ("trajectory", "abs(x - 1/2) + y^2", {**FADING, "optimizer": "adam", "start": "x=1, y=1/3"},
     "limit", {"x": ["1/2", "1/2"], "y": ["0", "0"]}),
    # Bounds of steps whose factors read the step count: (1 - a)/(1 - a/c) for `adamax`.
    ("stability", "x^2/2", {"optimizer": "adamax"}, "step_bound", "111/110"),
    ("stability", "x^2/2", {"optimizer": "adagrad"}, "step_bound", "1"),
    ("stability", "x^2/2", {"optimizer": "adam"}, "step_bound", None),
    ("stability", "x^2/2", {"optimizer": "nadam"}, "step_bound", None),
    ("stability", "x^2/2", {"optimizer": "radam"}, "step_bound", {"sign": "1"}),
]  # fmt: skip


def list_problems():
    """All problems: each a question, what it is asked of, and its options."""
    found = [row[:3] for row in BY_HAND]
    for case in tomllib.loads((TABLES / "verdicts_kinked.toml").read_text("utf-8"))["case"]:
        kept = {key: case[key] for key in ("optimizer", "set", "start", "steps")}
        found.append(("trajectory", case["landscape"], kept))
    for case in tomllib.loads((TABLES / "verdicts_smooth.toml").read_text("utf-8"))["case"]:
        kept = {key: case[key] for key in ("optimizer", "schedule", "set", "start") if key in case}
        found.append(("trajectory", case["objective"], {**kept, "steps": 4}))
    return found


def known_words():
    """The known value of one fact of each problem, as far as there is one."""
    found = [row[3:] for row in BY_HAND]
    for name in ("verdicts_kinked", "verdicts_smooth"):
        cases = tomllib.loads((TABLES / f"{name}.toml").read_text("utf-8"))["case"]
        found += [("verdict", case.get("verdict")) for case in cases]
    return found


def put_plainly(value):
    """A value of a fact as plain JSON: numbers by two ends, so that balls can be compared."""
    from flint import arb, fmpq

    if isinstance(value, fmpq):
        return [str(value), str(value)]
    if isinstance(value, arb):
        finite = value.is_finite()
        return [str(value.lower().fmpq()), str(value.upper().fmpq())] if finite else "infinite"
    if isinstance(value, Mapping):
        return {str(key): put_plainly(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return {str(index): put_plainly(part) for index, part in enumerate(value)}
    if is_dataclass(value) and not isinstance(value, type):
        return {key: put_plainly(part) for key, part in vars(value).items()} or asdict(value)
    return str(value)


def answer(problem):
    """What a question says of a problem: value, status and reason of each fact."""
    from gradiometer.errors import GradiometerError
    from gradiometer.proof import check
    from gradiometer.question import escape, stability, trajectory

    question, surface, options = problem
    ask = {"trajectory": trajectory, "escape": escape, "stability": stability}[question]
    if not callable(ask):
        ask = getattr(ask, question)
    try:
        given = ask(surface, **options)
        if given.certificate is not None:
            check(given.certificate)
    except GradiometerError as error:
        return {"refused": ["", "", f"{type(error).__name__}: {error}"]}
    said = {
        name: [put_plainly(fact.value), fact.status, fact.because]
        for name, fact in given.facts.items()
        if fact.status in ("proved", "unknown")
    }
    return {**said, "worked steps": [str(given.steps), "proved", ""]}


def run_child(indices):
    """Write the answer to each problem as a line of JSON, and how long it took."""
    problems = list_problems()
    for index in indices:
        began = time.process_time()
        said = answer(problems[index])
        row = {"index": index, "said": said, "seconds": time.process_time() - began}
        sys.stdout.write(json.dumps(row) + "\n")
        sys.stdout.flush()


def run_traced(indices):
    """The same, with the lines of the provers that each problem runs."""
    from gradiometer import proof

    home = Path(proof.__file__).parent
    problems = list_problems()
    # Checkers are not edited, and generated code of dataclasses has no file.
    names = {str(path): path.stem for path in home.glob("*.py") if not path.match("check*")}
    for index in indices:
        lines: dict[str, set[int]] = {}

        def local(frame, event, _, lines=lines):
            if event == "line":
                lines.setdefault(names[frame.f_code.co_filename], set()).add(frame.f_lineno)
            return local

        def trace(frame, *_, local=local):
            return local if frame.f_code.co_filename in names else None

        sys.settrace(trace)
        answer(problems[index])
        sys.settrace(None)
        row = {"index": index, "lines": {name: sorted(found) for name, found in lines.items()}}
        sys.stdout.write(json.dumps(row) + "\n")


if __name__ == "__main__":
    chosen = [int(part) for part in sys.argv[2].split(",")]
    (run_child if sys.argv[1] == "answer" else run_traced)(chosen)
