"""Every entry of the catalogue says what it is and where it comes from."""

import tomllib

import pytest

from house.source import CATALOG

LIBRARIES = ("torch", "keras", "jax")
SCHEDULE_LIBRARIES = ("torch", "optax", "keras", "transformers", "timm")
ENTRIES = sorted(CATALOG.glob("*/*.toml"))


def entry_violations(path, *, references):
    """What is missing or wrong in the catalogue entry at *path*."""
    entry = tomllib.loads(path.read_text(encoding="utf-8"))
    if entry.get("name") != path.stem:
        yield f"name is {entry.get('name')!r}, the file says {path.stem!r}"
    if not str(entry.get("about", "")).strip().endswith("."):
        yield "about is not a sentence"
    further = FURTHER.get(path.parent.name)
    yield from further(entry) if further else ()
    yield from (
        f"source `{row.get('source')}` of a published constant is not in references.toml"
        for part in (entry, *entry.get("dialects", {}).values())
        for row in part.get("published", ())
        if row.get("source") not in references
    )
    named = entry.get("reference")
    keys = [named] if isinstance(named, str) else list(named or [])
    if not keys:
        yield "reference is missing"
    yield from (
        f"reference `{key}` is not in references.toml" for key in keys if key not in references
    )


def _activation_violations(entry):
    """What is wrong in the further keys of an activation."""
    if bool(entry.get("vector")) == ("formula" in entry):
        yield "it needs a formula, or `vector = true`"
    kept = entry.get("saved", "input")
    if isinstance(kept, str) and kept not in {"input", "output", "none"}:
        yield f"saved `{kept}`"
    if entry.get("vector") and not str(entry.get("instead", "")).startswith("ask "):
        yield "`instead` does not say what to ask"
    yield from (f"library `{name}`" for name in entry.get("libraries", ()) if name not in LIBRARIES)
    for name, row in entry.get("parameters", {}).items():
        yield from (f"`{name}` has no {key}" for key in ("default", "domain") if key not in row)
    for name, dialect in entry.get("dialects", {}).items():
        if not str(dialect.get("about", "")).strip().endswith("."):
            yield f"dialect `{name}` has no sentence"
        if not {"defaults", "formula"} & set(dialect):
            yield f"dialect `{name}` does not differ"
        if name.partition("_")[0] not in LIBRARIES:
            yield f"dialect `{name}` belongs to no library"


def _layer_violations(entry):
    """What is wrong in the further keys of a kind of layer."""
    shape = entry.get("shape", {})
    forms = [shape] if isinstance(shape, dict) else shape
    if ("body" in entry) == any("output" in form for form in forms):
        yield "it needs a body, or a shape with an output"
    for name, row in entry.get("settings", {}).items():
        if not str(row.get("about", "")).strip():
            yield f"the setting `{name}` does not say what it is"


def _network_violations(entry):
    """What is wrong in the further keys of a known network."""
    if not str(entry.get("body", "")).strip():
        yield "it has no body"
    for name, row in entry.get("settings", {}).items():
        yield from (f"`{name}` has no {key}" for key in ("about", "default") if key not in row)


def _dataset_violations(entry):
    """What is wrong in the further keys of a data set."""
    if ("stored" in entry) == ("inputs" in entry):
        yield "it is either stored or made from formulas"
    if "stored" not in entry and not {"count", "noise", "seed"} <= set(entry.get("parameters", {})):
        yield "it has no `count`, no `noise` or no `seed`"
    for name, row in entry.get("parameters", {}).items():
        keys = ("about", "default", "domain")
        yield from (f"`{name}` has no {key}" for key in keys if key not in row)


def _schedule_violations(entry):
    """What is wrong in the further keys of a schedule."""
    forms = entry.get("dialects", {})
    calls = {**dict.fromkeys(entry.get("libraries", ()), entry), **forms}
    for name, row in calls.items():
        if name not in SCHEDULE_LIBRARIES:
            yield f"library `{name}`"
        if name not in row.get("calls", {}):
            yield f"how {name} is called is missing"
    for name, row in forms.items():
        if not str(row.get("about", "")).strip().endswith("."):
            yield f"dialect `{name}` has no sentence"
    for part in (entry, *forms.values()):
        for name, row in part.get("parameters", {}).items():
            yield from (f"`{name}` has no {key}" for key in ("default", "domain") if key not in row)


FURTHER = {
    "activations": _activation_violations,
    "datasets": _dataset_violations,
    "layers": _layer_violations,
    "networks": _network_violations,
    "schedules": _schedule_violations,
}


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


ACTIVATION = 'name = "entry"\nabout = "A sentence."\nreference = "known"\n'


@pytest.mark.parametrize(
    "text",
    [
        "",
        "vector = true",
        'vector = true\nformula = "x"\ninstead = "ask `relu`"',
        'formula = "x"\nlibraries = ["teras"]',
        'formula = "x"\nsaved = "all"',
        'formula = "a*x"\nparameters = { a = { default = "1" } }',
        'formula = "x"\n[dialects.torch]\nformula = "2x"',
        'formula = "x"\n[dialects.torch]\nabout = "The same."',
        'formula = "x"\n[dialects.caffe]\nabout = "Another."\nformula = "2x"',
    ],
)
def test_an_incomplete_activation_would_be_noticed(text, tmp_path):
    path = tmp_path / "activations" / "entry.toml"
    path.parent.mkdir()
    path.write_text(ACTIVATION + text, encoding="utf-8")
    assert list(entry_violations(path, references={"known": {}}))


@pytest.mark.parametrize(
    ("folder", "text"),
    [
        ("datasets", ""),
        ("datasets", 'inputs = { x = "u" }\n[stored]'),
        ("datasets", 'inputs = { x = "u" }'),
        ("datasets", 'stored = {}\nparameters = { seed = { default = "1", domain = "[0, 1]" } }'),
        ("layers", ""),
        ("layers", 'shape = { input = "n" }'),
        ("layers", 'body = "relu"\nshape = { input = "n", output = "n" }'),
        ("layers", 'body = "dense(out)"\nsettings = { out = { default = "1" } }'),
        ("networks", ""),
        ("networks", 'body = "8 -> dense(n)"\nsettings = { n = { about = "units" } }'),
        ("networks", 'body = "8 -> dense(n)"\nsettings = { n = { default = "1" } }'),
    ],
)
def test_an_incomplete_entry_of_its_kind_would_be_noticed(folder, text, tmp_path):
    path = tmp_path / folder / "entry.toml"
    path.parent.mkdir()
    path.write_text(ACTIVATION + text, encoding="utf-8")
    assert list(entry_violations(path, references={"known": {}}))
