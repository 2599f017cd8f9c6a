"""Writes `docs/escape.md`: how far each rule of the catalogue overshoots, over all starts.

`PYTHONPATH=src:tests python tests/known_answers/write_escape_table.py`
"""

from pathlib import Path

from gradiometer import escape
from gradiometer.errors import GradiometerError
from gradiometer.formula import evaluate_float
from gradiometer.model import read_optimizer, settle
from gradiometer.question.value import to_value_text

PAGE = Path(__file__).parents[2] / "docs" / "escape.md"
CATALOG = Path(__file__).parents[2] / "src" / "gradiometer" / "catalog" / "optimizers"

_OPENING = """\
# Which barriers does each rule cross, whatever its phase?

Written by `tests/known_answers/write_escape_table.py`; `tests/known_answers/test_escape_table.py`
holds it to the answers. Each rule runs at its defaults on the objective `barrier`: a slope of -1 up
to x = 1, a climb of slope 1 and length h, a descent. `gradiometer escape --objective barrier
--optimizer NAME --start any` gives a row and its certificate.

*Any start* ranges over every position on the first slope, with the memory as the rule begins there.
The *overshoot* is the supremum of how far a run ever passes x = 1; the barrier is crossed from some
start if its h lies below it, and from none if it lies above. *Steps before* tells which run-up
comes there: a number is that of the first step past the kink, and *endless* means that ever longer
run-ups come ever closer. *Long run-ups* is what they alone come to. The *law* is the power of the
slopes' factor s with which the overshoot and the height of the highest crossed barrier grow when
all slopes are multiplied by s; it follows from the update rule, with every `eps` that may be 0
taken as 0. A rule with a scale of its own, such as a decay of weights, has none.

| rule | overshoot | steps before | long run-ups | law: overshoot, height |
|---|---|---|---|---|
"""

_UNDECIDED = """
## What is undecided, and why

Where two numbers are given they are proved: some run goes as far as the first, none farther than
the second. Where one is given, a run that goes so far is proved, and nothing is said of others.

| rule | why |
|---|---|
"""

_SEEN = """
## What float runs do where nothing is proved

No proof, but runs of float64 from farther and farther away, at the defaults:

| rule | 1 away | 100 away | 10000 away |
|---|---|---|---|
"""

_GROWING = """
These grow about as the way does, so a supremum is not to be expected; the average of
`schedule_free_adamw` lags behind in the same way. `madgrad` swings at one width whatever the way.
The farthest that was seen of it is 0.083. `lars` goes farthest from 0 itself, where its first step
has another size. `momo`, `momo_adam` and `polyak_sgd` take the step that the loss allows, land on
the kink and stay; the few float runs that pass it do so by less than 1e-13. `ftrl` is pulled
to 0.7 of its start by its first step and needs more than 20000 steps from there to the kink.
"""


LONGER = ("cocob", "dadapt_adamw", "dog", "dowg", "prodigy", "schedule_free_sgd")
"""Rules whose float runs go the farther past the kink the longer their way to it is."""
AWAY = (1, 100, 10_000)
_STEPS, _CLIMB = 8000, 300


def float_overshoot(name, away):
    """How far a run of float64 comes past the kink, from so far before it; None if not there."""
    optimizer = read_optimizer(name)
    rule = optimizer.bind(settle([optimizer.owner], {})["optimizer"])
    state = {"x": 1.0 - away}
    known = {**rule.float_values, **state}
    state |= {part: evaluate_float(tree, known) for part, tree in rule.state.items()}
    best, passed = 0.0, 0
    for step in range(1, _STEPS + 1):
        known |= {**state, "g": -1.0 if state["x"] <= 1 else 1.0, "t": float(step)}
        for target, run in rule.float_step:
            known[target] = run(known)
        state = {part: known[f"{part}'"] for part in state}
        best = max(best, state["x"] - 1)
        passed += best > 0
        if passed > _CLIMB:
            return best
    return best or None


def float_row(name):
    """The row of a rule in the table of float runs."""
    sizes = [float_overshoot(name, away) for away in AWAY]
    shown = [
        f"not there after {_STEPS} steps" if size is None else f"{float(f'{size:.3g}'):g}"
        for size in sizes
    ]
    return f"| `{name}` | {' | '.join(shown)} |"


def names_of_rules():
    """Every rule of the catalogue."""
    return sorted(path.stem for path in CATALOG.glob("*.toml"))


def law_of(name, facts):
    """The powers of s, with each `eps` that may be 0 taken as 0."""
    if facts["scaling"].value is None:
        parameters = read_optimizer(name).parameters
        zeros = {p: "0" for p in parameters if p.startswith("eps")}
        try:
            facts = escape("barrier", optimizer=name, set=zeros, start="any").facts
        except GradiometerError:
            return "none"
    law = facts["scaling"].value
    return "none" if law is None else f"s^{law['overshoot']}, s^{law['height']}"


def row_of(name):
    """The row of a rule, and whether it belongs to the decided ones."""
    try:
        facts = escape("barrier", optimizer=name, start="any").facts
    except GradiometerError as error:
        return f"| `{name}` | {error.problem} |", False
    overshoot = facts["overshoot"]
    if overshoot.value is None:
        return f"| `{name}` | {overshoot.because} |", False
    settled = facts["settled"].value
    parts = (
        f"`{name}`",
        to_value_text(overshoot.value),
        "open" if facts["run_up"].value is None else to_value_text(facts["run_up"].value),
        "open" if settled is None else to_value_text(settled),
        law_of(name, facts),
    )
    return f"| {' | '.join(parts)} |", True


def page_of():
    """The whole page."""
    rows = [row_of(name) for name in names_of_rules()]
    decided = "\n".join(line for line, is_decided in rows if is_decided)
    others = "\n".join(line for line, is_decided in rows if not is_decided)
    floats = "\n".join(map(float_row, LONGER))
    return f"{_OPENING}{decided}\n{_UNDECIDED}{others}\n{_SEEN}{floats}\n{_GROWING}"


if __name__ == "__main__":
    PAGE.write_text(page_of(), encoding="utf-8")
