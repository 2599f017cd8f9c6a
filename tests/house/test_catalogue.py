"""Every entry of the catalogue says what it is and where it comes from."""

import tomllib

import pytest

from house.source import CATALOG

ENTRIES = sorted(CATALOG.glob("*/*.toml"))


def entry_violations(path, *, references):
    """What is missing or wrong in the catalogue entry at *path*."""
    entry = tomllib.loads(path.read_text(encoding="utf-8"))
    if entry.get("name") != path.stem:
        yield f"name is {entry.get('name')!r}, the file says {path.stem!r}"
    if not str(entry.get("about", "")).strip().endswith("."):
        yield "about is not a sentence"
    named = entry.get("reference")
    keys = [named] if isinstance(named, str) else list(named or [])
    if not keys:
        yield "reference is missing"
    yield from (
        f"reference `{key}` is not in references.toml" for key in keys if key not in references
    )


@pytest.fixture(scope="module")
def references():
    return tomllib.loads((CATALOG / "references.toml").read_text(encoding="utf-8"))


def test_the_catalogue_is_not_empty():
    assert ENTRIES


@pytest.mark.parametrize("path", ENTRIES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_entry_is_complete(path, references):
    assert list(entry_violations(path, references=references)) == []


@pytest.mark.parametrize(
    "text",
    [
        'name = "other"\nabout = "A sentence."\nreference = "known"',
        'name = "entry"\nreference = "known"',
        'name = "entry"\nabout = "A sentence."',
        'name = "entry"\nabout = "A sentence."\nreference = "unknown"',
        'name = "entry"\nabout = "A sentence."\nreference = ["known", "unknown"]',
    ],
)
def test_an_incomplete_entry_would_be_noticed(text, tmp_path):
    path = tmp_path / "entry.toml"
    path.write_text(text, encoding="utf-8")
    assert list(entry_violations(path, references={"known": {}}))
