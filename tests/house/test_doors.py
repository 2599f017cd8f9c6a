"""Each stage has one door, and what the door offers is what is there."""

import importlib
import inspect
from pathlib import Path

import pytest

from house import rules
from house.source import DOORS, STAGES, found, module_name, parse_file, python_files

SOURCES = python_files("src")


def _exports(door):
    return set(importlib.import_module(door).__all__)


@pytest.mark.parametrize("name", ["gradiometer", *DOORS])
def test_door_offers_exactly_its_all(name):
    door = importlib.import_module(name)
    assert len(set(door.__all__)) == len(door.__all__)
    missing = [export for export in door.__all__ if not hasattr(door, export)]
    assert not missing, f"{name}: listed in __all__ but not there: {missing}"
    tree = parse_file(Path(door.__file__))
    hidden = sorted(set(rules.public_names(tree, package=name)) - set(door.__all__))
    assert not hidden, f"{name}: there but not listed in __all__: {hidden}"


@pytest.mark.parametrize("name", ["gradiometer", *DOORS])
def test_what_a_door_offers_is_explained(name):
    door = importlib.import_module(name)
    assert door.__doc__
    silent = [export for export in door.__all__ if not _is_explained(getattr(door, export))]
    assert not silent, f"{name}: no docstring: {silent}"


def _is_explained(value):
    if not inspect.isclass(value) and not inspect.isroutine(value):
        return True
    doc = value.__dict__.get("__doc__") if inspect.isclass(value) else value.__doc__
    # dataclass writes its own signature where a docstring is missing.
    return bool(doc) and not doc.startswith(f"{value.__name__}(")


@pytest.mark.parametrize("path", SOURCES, ids=module_name)
def test_module_comes_through_the_doors(path):
    violations = list(
        rules.imports_behind_doors(
            parse_file(path), module=module_name(path), stages=STAGES, exports=_exports
        )
    )
    assert not violations, found(violations)


@pytest.mark.parametrize("path", SOURCES, ids=module_name)
def test_imports_are_absolute(path):
    violations = list(rules.relative_imports(parse_file(path)))
    assert not violations, found(violations)
