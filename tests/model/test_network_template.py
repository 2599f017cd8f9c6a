"""Networks with settings: what their bodies may use."""

import pytest

from gradiometer.errors import FormulaError, LimitError, StudyError, UnknownNameError
from gradiometer.model import read_network_tree, read_template, read_template_file


def template(body, **settings):
    return read_template({"name": "block", "settings": settings, "body": body})


def test_template_is_a_tree_and_the_texts_of_its_defaults():
    read = template(
        "dense(ratio*width); activation; dense(width, bias=bias)",
        width={"about": "Units."},
        ratio={"default": 4},
        bias={"default": True},
        activation="gelu",
    )
    assert read.name == "block"
    assert read.body == read_network_tree("dense(ratio*width); activation; dense(width, bias=bias)")
    assert list(read.defaults.items()) == [
        ("width", None),
        ("ratio", "4"),
        ("bias", "true"),
        ("activation", "gelu"),
    ]


@pytest.mark.parametrize(
    "body",
    [
        "repeat n as i { a(2*i) }",
        "repeat n as i { repeat i as j { a(i + j) } }",
        "a(n, padding=same)",
        "a(n + max(1, 2), tie=tok.weight, from=other)",
        "a(if=n = word)",
        "a(if=not n == word and n < 3)",
        "a(3xn, k=3x5, p=0.1e-3*n, on=true)",
        "input(n, ?, 3); a",
        "experts(n, active=2) { a }",
        "residual(if=n>1) { a }",
    ],
)
def test_names_that_are_known_are_no_mistake(body):
    assert "n" in body
    template(f"{body}; b(n)", n={})


@pytest.mark.parametrize(
    ("body", "name"),
    [
        ("a(2*widht)", "widht"),
        ("repeat widht { a(width) }", "widht"),
        ("repeat 3 as i { a(i) }; b(i + 1)", "i"),
        ("a(width, if=widht)", "widht"),
        ("a(width, if=widht = 3)", "widht"),
        ("experts(8, active=widht) { a }", "widht"),
        ("input(3, widht); a", "widht"),
        ("concat { a | b(k=floor(widht/2)) }", "widht"),
    ],
)
def test_name_that_is_no_setting_is_refused(body, name):
    with pytest.raises(UnknownNameError) as caught:
        template(f"a(width)\n{body}", width={})
    error = caught.value
    assert error.text[error.start : error.end] == name
    assert error.place.line == 2
    assert error.hint == ("write `width`" if name == "widht" else "")


def test_axes_of_the_input_are_names_of_the_body():
    table = {"shape": {"input": "channels, *space"}, "body": "dense(channels/4); dense(channels)"}
    assert read_template(table).defaults == {}
    assert read_template({"body": "dense(2*size)"}, names=["size"]).defaults == {}


def test_setting_that_nothing_uses_is_refused():
    with pytest.raises(StudyError, match="`heads` is not used"):
        template("a(haeds)", heads={})


def test_default_may_use_other_settings_but_no_circle():
    read = template("a(head_size)", width=8, heads=2, head_size={"default": "width/heads"})
    assert read.defaults["head_size"] == "width/heads"
    with pytest.raises(StudyError, match="needs itself"):
        template("a(b, c)", b={"default": "c + 1"}, c={"default": "b + 1"})
    with pytest.raises(StudyError, match="uses `widht`") as caught:
        template("a(b, width)", width=3, b={"default": "2*widht"})
    assert caught.value.hint == "write `width`"


@pytest.mark.parametrize(
    "table",
    [
        {},
        {"body": 3},
        {"body": "a(n)", "settings": {"n": {"default": []}}},
        {"body": "a(n)", "settings": {"n": {"default": ""}}},
        {"body": "a(n)", "settings": {"n": 2**400}},
        {"body": "a(n)", "settings": {"n m": {}}},
        {"body": "a(n)", "settings": 3},
    ],
)
def test_entry_that_is_no_template_is_refused(table):
    with pytest.raises(StudyError):
        read_template(table)


def test_too_many_settings_are_refused():
    with pytest.raises(LimitError):
        template("a", **{f"n{k}": 1 for k in range(201)})


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ('body = """\na(width)\n  b(\n"""\n[settings]\nwidth = {}', "3:4"),
        ("body = 'a(width); b('\n[settings]\nwidth = {}", "1:20"),
        ('body = "a(width)"\n[settings]\nwidth = {}\nhight = {}', "4:1"),
        ('body = "a(width)"\n[settings]\nwidth = { default = "2*b" }', "3:1"),
        ('name = "a"\n[settings]\nwidth = {}', "2:2"),
    ],
)
def test_errors_of_a_file_point_into_it(text, place, tmp_path):
    path = tmp_path / "block.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises((FormulaError, StudyError)) as caught:
        read_template_file(path)
    assert str(caught.value.place) == f"{path}:{place}"


def test_family_names_its_settings_config(tmp_path):
    path = tmp_path / "family.toml"
    text = 'name = "f"\nbody = "tokens(?); embedding(vocab_size, hidden_size)"\n'
    text += "[config]\nvocab_size = {}\nhidden_size = 768\n"
    path.write_text(text, encoding="utf-8")
    assert list(read_template_file(path, key="config").defaults) == ["vocab_size", "hidden_size"]
