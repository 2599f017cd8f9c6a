"""Networks read from TOML: the same tree as from text, and errors that point into the file."""

import pytest

from gradiometer.errors import GradiometerError, LimitError, StudyError
from gradiometer.model import read_network_file, read_network_toml, read_network_tree


@pytest.mark.parametrize(
    ("toml", "text"),
    [
        ('input = "3x32x32"\n[[layer]]\nkind = "relu"', "3x32x32; relu"),
        ('input = [3, "n"]\n[[layer]]\nkind = "relu"', "input(3, n); relu"),
        ('input = "tokens(8)"\n[[layer]]\nkind = "relu"', "tokens(8); relu"),
        (
            '[[layer]]\nkind = "a"\nout = 64\nk = [3, 5]\nbias = false\np = 0.10',
            "a(out=64, k=3x5, bias=false, p=0.10)",
        ),
        ('[[layer]]\nkind = "a"\narguments = [1, "n/2"]\nname = "b"', "b: a(1, n/2)"),
        ('[[layer]]\nkind = "a"\nlayers = 2\nexperts = 3', "a(layers=2, experts=3)"),
        (
            '[[layer]]\nrepeat = 3\nas = "i"\n[[layer.layers]]\nkind = "a"\nif = "i<2"',
            "repeat 3 as i { a(if=i<2) }",
        ),
        ('[[layer]]\njoin = "add"\nbranches = [[], [{ kind = "a" }]]', "residual { a }"),
        ('[[layer]]\njoin = "residual"\nlayers = [{ kind = "a" }]', "residual { a }"),
        (
            '[[layer]]\njoin = "concat"\n[[layer.branches]]\nlayers = []\n'
            '[[layer.branches]]\nlayers = [{ kind = "a" }]',
            "concat { identity | a }",
        ),
        (
            '[[layer]]\nexperts = 8\nactive = 2\nlayers = [{ kind = "a" }]',
            "experts(8, active=2) { a }",
        ),
        ('[[layer]]\nuse = "e"\nfrozen = true', "use(e, frozen=true)"),
        (
            '[[layer]]\ninput = "3x3"\nname = "x"\n[[layer]]\nkind = "a"\nfrom = "x"',
            "x: 3x3; a(from=x)",
        ),
    ],
)
def test_toml_and_text_give_the_same_tree(toml, text):
    assert read_network_toml(toml) == read_network_tree(text)


@pytest.mark.parametrize(
    ("toml", "line", "marked", "hint"),
    [
        ("inpt = 3", 1, "inpt", "write `input`"),
        ('[[layer]]\nknd = "a"', 2, "knd", "write `kind`"),
        ('[[layer]]\nstride = "a"', 1, "layer", 'write such as kind = "dense"'),
        ("[[layer]]\nrepeat = 3\nlayer = []", 3, "layer", "write `layers`"),
        ("[[layer]]\nrepeat = 3", 1, "layer", 'write layers = [{ kind = "relu" }]'),
        ("[[layer]]\nrepeat = 1.5\nlayers = []", 2, "1.5", "write a whole number"),
        ('[[layer]]\njoin = "ad"\nlayers = []', 2, '"ad"', "write `add`"),
        ('[[layer]]\njoin = "concat"\nlayers = [{ kind = "a" }]', 2, "concat", ""),
        ("[[layer]]\nexperts = 8\nlayers = []", 2, "experts", ""),
        ('[[layer]]\nkind = "repeat"', 2, '"repeat"', "write a key `repeat` instead"),
        ("[[layer]]\nkind = 3", 2, "3", 'write such as "dense"'),
        (
            '[[layer]]\nkind = "a"\nk = "1, 2"',
            3,
            '"1, 2"',
            "write a number, true, false, or a text such as a formula",
        ),
        (
            '[[layer]]\nkind = "a"\nk = 1979-05-27',
            3,
            "1979-05-27",
            "write a number, true, false, or a text such as a formula",
        ),
        ('[[layer]]\nkind = "a"\narguments = 3', 3, "3", "write such as arguments = [64, 3]"),
        (
            '[[layer]]\nkind = "a"\nname = "b c"',
            3,
            '"b c"',
            "use letters, digits and underscores, a letter first",
        ),
        ('[[layer]]\nkind = "a"\n"b c" = 1', 3, '"b c"', ""),
        ('[[layer]]\nkind = "a"\nk = 1\nsettings = { k = 2 }', 4, "k", ""),
        ("layer = 3", 1, "layer", "write [[layer]]"),
        (
            '[[layer]]\nrepeat = 3\nlayers = [{ kind = "a" },\n  { knd = "a" }]',
            4,
            "knd",
            "write `kind`",
        ),
        ('body = "relu"', 1, "body", "give the text itself, or add an `input`"),
        (
            "[[layer]]\nuse = 3",
            2,
            "3",
            "write the name that stands before the item: `use(encoder)`",
        ),
    ],
)
def test_what_is_wrong_is_marked_in_the_file(toml, line, marked, hint):
    with pytest.raises(GradiometerError) as caught:
        read_network_toml(toml, source="net.toml")
    error = caught.value
    assert (error.place.source, error.place.line) == ("net.toml", line)
    assert (error.text[error.start : error.end], error.hint) == (marked, hint)


def test_input_that_is_no_shape_is_marked_in_its_line():
    with pytest.raises(GradiometerError, match="no shape") as caught:
        read_network_toml('# a\ninput = "3xy"\n[[layer]]\nkind = "a"', source="net.toml")
    assert str(caught.value.place).startswith("net.toml:2:")


@pytest.mark.parametrize("text", ["", 'input = "8"', "layer = []"])
def test_no_layers_are_no_network(text):
    with pytest.raises(StudyError, match="no layers"):
        read_network_toml(text)


@pytest.mark.parametrize("depth", [33, 200, 5_000])
def test_deep_nesting_is_refused(depth):
    inner = "{ repeat = 2, layers = [" * depth + "] }" * depth
    with pytest.raises((LimitError, StudyError)):
        read_network_toml(f"layer = [{inner}]")


def test_network_is_read_from_a_file(tmp_path):
    path = tmp_path / "net.toml"
    path.write_text('input = 784\n[[layer]]\nkind = "dense"\nout = 10\n', encoding="utf-8")
    tree = read_network_file(path)
    assert tree == read_network_tree("784 -> dense(out=10)")
    assert str(tree.items[1].place) == f"{path}:3:9"
    with pytest.raises(StudyError, match="cannot be read"):
        read_network_file(tmp_path / "other.toml")
