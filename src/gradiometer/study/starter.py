"""A first study file to begin with."""

from __future__ import annotations

from pathlib import Path

from gradiometer.errors import Place, StudyError
from gradiometer.question import write_whole

STARTER = """\
schema_version = 1
title = "A first study"
about = "Run it with: gradiometer study run FILE -o report.html"

[[question]]
id = "1"
title = "A leaky activation"
ask = "activation"
formula = "max(x,0) + 0.1*min(x,0)"

[[question.claim]]
text = "It is 1 to the right of 0."
fact = "slope_right"
equals = 1

[[question]]
id = "2"
title = "How the gradient reaches a"
ask = "gradient"
computation = "v1 = a^2; v2 = a + b; c = v1*v2"
at = { a = -1, b = 4 }
claim = [{ says = "dc/da = -5" }, { says = "c = v1 + v2" }]

# A landscape of your own, in the notation of the catalogue.
[define.objective.valley]
about = "Two slopes that meet at 0, the right one s times as steep."
parameters = { s = { default = "2", domain = "(0, oo)" } }
pieces = [{ on = "(-oo, 0]", f = "-x" }, { on = "(0, oo)", f = "s*x" }]

[[question]]
id = "3"
title = "Gradient descent jumps from side to side"
ask = "trajectory"
objective = "valley"
optimizer = "sgd"
set = { learning_rate = "1/4", s = 3 }
start = "-1"
steps = 100
"""


def write_starter(path: Path) -> Path:
    """Write the starter study to *path*.

    Raises:
        StudyError: If there is already something at *path*.
        UsageError: If its folder does not exist.
    """
    if path.exists() or path.is_symlink():
        raise StudyError(
            "The file exists and is not overwritten.",
            place=Place(str(path)),
            hint="choose another name",
        )
    write_whole(path, STARTER)
    return path
