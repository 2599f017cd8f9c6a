"""`gradiometer doctor`: versions, for a report of a problem; no private path is printed."""

from __future__ import annotations

import json
import platform
import sys
from importlib import metadata

import click

from gradiometer.terminal.exits import Exit
from gradiometer.terminal.output import print_text

_LIBRARIES = (
    "click",
    "latex2mathml",
    "matplotlib",
    "numba",
    "numpy",
    "pydantic",
    "python-flint",
    "rich",
    "sympy",
    "torch",
    "xarray",
)


@click.command("doctor")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(as_json: bool) -> int:
    """Print versions, for a report of a problem."""
    rows = _collect()
    if as_json:
        print_text(json.dumps(rows, ensure_ascii=False, indent=2))
    else:
        width = max(map(len, rows))
        print_text("\n".join(f"{name:<{width}}  {value}" for name, value in rows.items()))
    return Exit.DONE


def _collect() -> dict[str, str]:
    rows = {
        "gradiometer": _version("gradiometer"),
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "platform": f"{platform.system()} {platform.release()} {platform.machine()}",
        "encoding": str(sys.stdout.encoding),
    }
    return rows | {name: _version(name) for name in _LIBRARIES}


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "not installed"
