"""Writes `docs/translations.md`: which optimizers of which libraries step alike.

`PYTHONPATH=src:tests python tests/agreement/write_translations.py`
"""

from itertools import permutations
from pathlib import Path

from gradiometer import translate
from gradiometer.catalog import list_entries, read_entry
from gradiometer.model import list_dialects
from gradiometer.proof import check

PAGE = Path(__file__).parents[2] / "docs" / "translations.md"

_OPENING = """\
# Which optimizers of two libraries step alike?

Written by `tests/agreement/write_translations.py`. For each optimizer that two libraries have, with
the first one's defaults: the settings with which the second one takes the same steps, or *none*
where it is proved that there are none, or *unknown*. What is proved carries a certificate, and the
checker accepted each of them when this page was written. *First difference* is the step at which
both certainly differ with the settings that come nearest.

| optimizer | from | to | alike | settings that are no defaults | first difference |
|---|---|---|---|---|---|
"""


def list_pairs():
    """Every optimizer with every ordered pair of libraries that have it."""
    for name in list_entries("optimizer"):
        libraries = list_dialects(read_entry("optimizer", name))
        yield from ((name, *pair) for pair in permutations(libraries, 2))


def row_of(name, source, target):
    """One line of the table, once the checker has accepted the certificate."""
    answer = translate(name, source=source, target=target)
    if answer.certificate is not None:
        check(answer.certificate)
    facts = answer.facts
    alike = {True: "yes", False: "none", None: "unknown"}[facts["alike"].value]
    changed = facts["changed"].value if alike == "yes" else {}
    settings = ", ".join(f"{key} = {value}" for key, value in changed.items())
    first = facts["first_difference"].value if "first_difference" in facts else None
    step = f"step {first['step']}" if first else ""
    return f"| {name} | {source} | {target} | {alike} | {settings} | {step} |\n"


def page_of():
    """The page as the answers are now."""
    return _OPENING + "".join(row_of(*pair) for pair in list_pairs())


if __name__ == "__main__":
    PAGE.write_text(page_of(), encoding="utf-8")
