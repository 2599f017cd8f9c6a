"""Writes `docs/conformance.md` from the records.

`PYTHONPATH=src:tests python tests/agreement/write_conformance.py`
"""

import math
from pathlib import Path

import numpy as np

from agreement.optimizer_differences import DEFECTS, DIFFERENCES
from agreement.optimizer_differences_optax import lines_of_page
from agreement.optimizer_record import name_of, read_records
from agreement.optimizer_runs import deviations_of, run_ours
from agreement.optimizer_tapes import BROKEN, SHAPES, TAPES, start_of, tapes_of

PAGE = Path(__file__).parents[2] / "docs" / "conformance.md"

_OPENING = """\
# Do the rules step as the libraries do?

Written by `tests/agreement/write_conformance.py`; `tests/agreement/test_conformance.py` holds it to
the records. Each rule of the catalogue, in each library that has it, ran in float64 for 1,000 steps
on {tapes} tapes of gradients that are hard on rounding, signs and memory
(`tests/agreement/optimizer_tapes.py`), for tensors of shape (3,) and (2, 3). The column *apart* is
the largest distance of our run from the library's, over all tapes and recorded steps, divided by
the length of that coordinate's path: the bound is 1e-12. The same is compared at every step where
the libraries are installed (`pytest -m oracle`).

The `foreach` and `fused` forms of torch take the same steps up to rounding; its `capturable` form
needs a graphics card and writes the same formula in another order; `maximize` is the rule on the
opposite gradient. SparseAdam is the rule for gradients that leave zeros out. LBFGS is not here:
one of its steps asks for the gradient at several points, and keeps a list of a hundred pairs of
vectors, which the notation of update rules cannot say.

Clipping, averaging, accumulation of gradients and whatever else a library puts around an optimizer
are wrappers here, each with some rules in its brackets: the sections `torch_wrapped`,
`keras_wrapped` and `optax_wrapped`. In torch it is `torch.nn.utils.clip_grad_norm_` and
`clip_grad_value_`, in Keras the options that every optimizer has, in optax a `chain` or the
function of that name. optax adds gradients up in float32 unless `accumulator_dtype` says otherwise,
as the record does. What leaves out steps without a number is compared on {broken} tapes that hold
infinities and NaN besides.
"""


def worst_of(record, run):
    """The largest distance of our run from the record, over tapes and recorded steps."""
    worst = 0.0
    for shape in SHAPES:
        if name_of(shape) not in run["positions"]:
            continue
        tables, steps = run["positions"][name_of(shape)], record["steps"][name_of(shape)]
        ours = run_ours(
            run["rule"],
            run["settings"],
            tapes_of(tuple(tables), shape),
            start_of(shape),
            losses=run.get("losses", False),
        )
        theirs = np.array(list(tables.values()), dtype=float)
        theirs = theirs.reshape(len(tables), len(steps), *shape)
        worst = max(worst, deviations_of(ours, theirs, steps).max())
    return worst


def rows_of(record):
    """What the table says of each run, without the distance: rule, settings, tapes."""
    for run in record["runs"]:
        settings = ", ".join(f"{k} = {v}" for k, v in run["settings"].items()) or "as given"
        tapes = max(len(table) for table in run["positions"].values())
        yield run, f"| `{run['rule']}` | {settings} | {tapes} |"


def page_of(apart):
    """The page; *apart* gives the text of a run's distance.

    Args:
        apart: Gets a record and one of its runs.
    """
    lines = [_OPENING.format(tapes=len(TAPES), broken=len(BROKEN))]
    for library, record in read_records().items():
        made = ", ".join(f"{k} {v}" for k, v in record["made_with"].items())
        lines += [f"## {library}", "", f"Recorded with {made}.", ""]
        lines += ["| rule | settings | tapes | apart |", "|---|---|---|---|"]
        lines += [f"{row} {apart(record, run)} |" for run, row in rows_of(record)]
        reasons = {
            f"- `{run['rule']}`, {tape}: {why}"
            for run in record["runs"]
            for tape, why in run["without"].items()
        }
        if reasons:
            lines += ["", "Left out:", "", *sorted(reasons)]
        lines.append("")
    lines += ["## Differences between libraries", ""]
    for difference in DIFFERENCES:
        lines += _difference_lines(difference)
    lines += ["## Where optax differs from papers and from torch", "", *lines_of_page(), ""]
    lines += ["## What a library does beside its formula", ""]
    lines += ["Each is shown live by a test in `tests/agreement/test_optimizer_defects.py`.", ""]
    lines += [f"- {version}: {what}" for version, what in DEFECTS.values()]
    return "\n".join(lines) + "\n"


def _difference_lines(difference):
    yield difference.what
    yield ""
    yield f"Start {_text(difference.start)}, gradients {_text(difference.tape)}:"
    yield ""
    yield "| rule | settings | position after them |"
    yield "|---|---|---|"
    for rule, settings in difference.rules.items():
        end = run_ours(rule, settings, difference.gradients, difference.first)[0, -1].ravel()
        said = ", ".join(f"{k} = {v}" for k, v in settings.items())
        yield f"| `{rule}` | {said} | {', '.join(f'{x:.6g}' for x in end)} |"
    yield ""


def _text(value):
    if isinstance(value, tuple):
        return ", ".join(
            f"({_text(item)})" if isinstance(item, tuple) else _text(item) for item in value
        )
    return f"{value:g}"


def decade(value):
    """A distance as the next power of ten above it: the same on machines that round differently."""
    return "0" if value == 0 else f"1e{max(math.ceil(math.log10(value)), -15)}"


if __name__ == "__main__":
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(page_of(lambda record, run: decade(worst_of(record, run))), encoding="utf-8")
