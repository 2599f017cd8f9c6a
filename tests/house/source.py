"""Where the house stands: folders, stages, and every Python file with its syntax tree."""

import ast
import shutil
import subprocess
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src" / "gradiometer"
CATALOG = PACKAGE / "catalog"

STAGES = (
    "catalog",
    "formula",
    "model",
    "numeric",
    "proof",
    "question",
    "report",
    "study",
    "terminal",
    "web",
)
DOORS = tuple(f"gradiometer.{stage}" for stage in STAGES)

HEAVY = (
    "dask",
    "fastapi",
    "flint",
    "matplotlib",
    "numba",
    "pydantic",
    "rich",
    "sympy",
    "torch",
    "xarray",
)


def python_files(*folders):
    """Python files under *folders* of the repository, sorted."""
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


@cache
def parse_file(path):
    """Syntax tree of the file at *path*."""
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def module_name(path):
    """Dotted name of the module in *path*, `gradiometer.formula.tree`."""
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def texts():
    """Path and text of every file that belongs to the repository and is not a vendored one."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = shutil.which("git") and subprocess.run(
        command, cwd=ROOT, check=False, capture_output=True
    )
    if not listed or listed.returncode:
        pytest.skip("not a git checkout")
    for name in sorted(filter(None, listed.stdout.decode().split("\0"))):
        path = ROOT / name
        if "vendor" in path.parts or not path.is_file():
            continue
        try:
            yield name, path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue


def found(violations):
    """The violations one a line, for the message of a failing test."""
    return "\n" + "\n".join(violations)
