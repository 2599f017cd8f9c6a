"""The folders, files and sizes of the house."""

import tomllib

import pytest

from house import rules
from house.source import PACKAGE, ROOT, STAGES, found, parse_file, python_files

FILES = python_files("src", "tests", "benchmarks")


def _name(path):
    return str(path.relative_to(ROOT))


def test_stages_are_exactly_those_of_the_map():
    folders = {path.name for path in PACKAGE.iterdir() if path.is_dir()} - {"__pycache__"}
    assert folders == set(STAGES)
    assert all((PACKAGE / stage / "__init__.py").is_file() for stage in STAGES)


def test_nothing_lies_in_the_hallway():
    files = {path.name for path in PACKAGE.iterdir() if path.is_file()}
    assert files == {"__init__.py", "__main__.py", "errors.py", "py.typed"}


@pytest.mark.parametrize("path", FILES, ids=_name)
def test_module_is_not_too_long(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= rules.MAX_LINES


@pytest.mark.parametrize("path", FILES, ids=_name)
def test_functions_are_not_too_long(path):
    violations = list(rules.long_functions(parse_file(path)))
    assert not violations, found(violations)


def test_no_file_or_folder_has_a_name_that_says_nothing():
    places = [place for path in FILES for place in (path, path.parent)]
    named = {_name(place) for place in places if rules.forbidden_name(place)}
    assert not named, found(sorted(named))


@pytest.mark.parametrize(
    "name", ["README.md", "ARCHITECTURE.md", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE"]
)
def test_a_newcomer_finds(name):
    assert (ROOT / name).read_text(encoding="utf-8").strip()


@pytest.mark.parametrize(("name", "lines"), [("ARCHITECTURE.md", 80), ("CONTRIBUTING.md", 90)])
def test_page_is_short_enough_to_be_read(name, lines):
    assert len((ROOT / name).read_text(encoding="utf-8").splitlines()) <= lines


def test_changelog_has_a_place_for_the_next_change():
    assert "\n## [Unreleased]\n" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_citation_and_package_have_one_version():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8").splitlines()
    assert f"version: {project['version']}" in citation
    assert f"license: {project['license']}" in citation
