"""Networks read from text: the tree, its places, and what is refused with which advice."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradiometer.errors import FormulaError, LimitError, Place
from gradiometer.model import Chain, read_network_tree
from gradiometer.model.network_tokens import MOST_ITEMS, MOST_NESTING
from gradiometer.model.network_tree import Branches, Experts, Input, Layer, Repeat, Use
from gradiometer.model.network_widths import read_widths

RELU = Layer("relu")
BODY = Chain((RELU,))


def only(text):
    (item,) = read_network_tree(text).items
    return item


@pytest.mark.parametrize("mark", ["\n", ";", " -> ", "\n\n", " ;\n; ", " # why\n", "\n->\n", "→"])
def test_items_stand_apart_by_any_mark(mark):
    assert read_network_tree(f"relu{mark}tanh").items == (RELU, Layer("tanh"))


@pytest.mark.parametrize(
    ("text", "item"),
    [
        ("conv(64, 7, stride=2)", Layer("conv", ("64", "7"), (("stride", "2"),))),
        ("conv (64)", Layer("conv", ("64",))),
        (
            "conv(\n 64, # out\n 3,\n bias = false\n)",
            Layer("conv", ("64", "3"), (("bias", "false"),)),
        ),
        ("flatten()", Layer("flatten")),
        ("stem: conv(64)", Layer("conv", ("64",), name="stem")),
        ("a(max(b, c), 2*(d + 1))", Layer("a", ("max(b, c)", "2*(d + 1)"))),
        ("a(if=i<=3, k=b=c)", Layer("a", (), (("if", "i<=3"), ("k", "b=c")))),
        ("a(b==c, d!=e, f<=g)", Layer("a", ("b==c", "d!=e", "f<=g"))),
        ("a(|x|)", Layer("a", ("|x|",))),
        ("repeat 3 { relu }", Repeat("3", BODY)),
        ("repeat n as i\n{\nrelu\n}", Repeat("n", BODY, "i")),
        ("repeat (n + 1)*2 { relu }", Repeat("(n + 1)*2", BODY)),
        ("repeat(n, as=i, if=n>1) { relu }", Repeat("n", BODY, "i", (("if", "n>1"),))),
        ("repeat(count=3) {}", Repeat("3", Chain())),
        ("residual { relu }", Branches("add", (Chain(), BODY))),
        ("residual { relu | tanh }", Branches("add", (BODY, Chain((Layer("tanh"),))))),
        ("add { identity | relu }", Branches("add", (Chain(), BODY))),
        ("concat { | relu | }", Branches("concat", (Chain(), BODY, Chain()))),
        ("multiply(from=a) { relu | relu }", Branches("multiply", (BODY, BODY), (("from", "a"),))),
        ("m: experts(8, active=2) { relu }", Experts("8", "2", BODY, name="m")),
        ("use(encoder.block)", Use("encoder.block")),
        ("use(encoder, if=deep)", Use("encoder", (("if", "deep"),))),
        ("tokens(1024)", Input(("1024",), is_tokens=True)),
        ("input(3, n, ?)", Input(("3", "n", "?"))),
        ("image: 3x?×224", Input(("3", "?", "224"), name="image")),
        ("identity()", Layer("identity")),
        ("skip: identity", Layer("identity", name="skip")),
    ],
)
def test_item_is_read_as(text, item):
    assert only(text) == item


def test_bare_identity_is_no_layer():
    assert read_network_tree("8 -> identity -> relu").items == (Input(("8",)), RELU)


def test_widths_are_dense_layers_behind_an_input():
    tree = read_network_tree(" 100 - 20-1 ")
    assert tree.items == (Input(("100",)), Layer("dense", ("20",)), Layer("dense", ("1",)))
    many = "-".join(["1000"] * 200)
    assert len(read_network_tree(f"{many} -> relu").items) == 201
    more = read_network_tree("100-20 -> relu -> dense(1)")
    assert [item.kind for item in more.items[1:]] == ["dense", "relu", "dense"]


@given(st.lists(st.integers(1, 10**12), min_size=2, max_size=20))
def test_widths_are_those_of_the_dense_network(widths):
    text = "-".join(map(str, widths))
    layers = read_network_tree(text).items[1:]
    assert [layer.arguments for layer in layers] == [(str(width),) for width in widths[1:]]


@pytest.mark.parametrize(
    "text",
    [
        "100--20", "-5-3", "5-3-", "5-0-1", "1.5-2", "3-1e3", "3-1_000", "3-１", "x-3", " 12 ",
        "3-2 units", "", "  ", "100 20 1", "100, 20, 1", "100–20–1", "9" * 100_000 + "-1",
        "1-" * 20_000 + "1", f"{10**12 + 1}-1",
    ],
)  # fmt: skip
def test_widths_that_are_wrong_are_refused_as_before(text):
    place = Place("networks")
    with pytest.raises(FormulaError) as before:
        read_widths(text, place=place)
    with pytest.raises(FormulaError) as now:
        read_network_tree(text, place=place)
    assert (type(now.value), str(now.value)) == (type(before.value), str(before.value))


@pytest.mark.parametrize("text", ["100->20->1", "100x20x1", "100 20 1", "100, 20, 1", "100–20–1"])
def test_other_marks_between_widths_are_mended(text):
    with pytest.raises(FormulaError) as caught:
        read_network_tree(text)
    assert caught.value.hint == "write `100-20-1`"


def test_places_count_lines_and_columns():
    tree = read_network_tree("8 # in\n  repeat 2 {\n    a: relu }", place=Place("net"))
    repeat = tree.items[1]
    assert [str(tree.items[0].place), str(repeat.place)] == ["net:1:1", "net:2:3"]
    assert str(repeat.body.items[0].place) == "net:3:8"


def test_places_go_on_from_the_place_of_the_text():
    tree = read_network_tree("relu\ntanh", place=Place("block.toml", 4, 9))
    assert [str(item.place) for item in tree.items] == ["block.toml:4:9", "block.toml:5:1"]


@pytest.mark.parametrize(
    ("text", "marked", "hint"),
    [
        ("repeet 3 { relu }", "repeet", "write `repeat`"),
        ("residul { relu }", "residul", "write `residual`"),
        ("conv(64) { relu }", "conv", ""),
        ("{ relu }", "{", "write such as `repeat 3 { … }`"),
        ("relu }", "}", "leave it out"),
        ("relu | tanh", "|", "write such as `add { … | … }`"),
        ("add { relu }", "add", "write `residual { … }`"),
        ("concat { relu }", "concat", "write `concat { … | … }`"),
        ("residual { }", "residual", "write the layers whose output is added"),
        ("residual { a | b | c }", "residual", "write `add { … | … | … }`"),
        ("residual(3) { relu }", "3", "write `residual { … }`"),
        ("add(iff=n) { relu | tanh }", "iff", "write `if`"),
        ("repeat 3 { relu | tanh }", "|", "write such as `concat { … | … }` inside it"),
        ("repeat 3 { relu", "repeat", "write `}` behind its layers"),
        ("repeat { relu }", "repeat", "write `repeat 3 { … }`"),
        ("repeat 3; relu", "repeat", "write `repeat 3 { … }`"),
        ("repeat 1.5 { relu }", "1.5", "write a whole number"),
        ("repeat -1 { relu }", "-1", "write a whole number"),
        ("repeat(3, a=i) { relu }", "a", "write `as`"),
        ("experts(8) { relu }", "experts", "write `experts(8, active=2) { … }`"),
        ("experts(active=2) { relu }", "experts", "write such as `experts(8, …)`"),
        ("experts(8, actve=2) { relu }", "actve", "write `active`"),
        ("use(3)", "3", "write the name that stands before the item: `use(encoder)`"),
        ("use(a, b)", "b", "write such as `use(encoder)`"),
        ("conv 64; relu", "6", "write `conv(64)`"),
        ("batch-norm", "-", "write `batch_norm`"),
        ("relu tanh", "tanh", "write `;` or `->` between items"),
        ("conv(64; relu", "(", "write `)` behind the values"),
        ("conv(64", "(", "write `)` behind the values"),
        ("conv(64,,3)", ",", ""),
        ("conv(stride=)", "stride=", ""),
        ("conv(stride: 2)", ":", "write for example `stride=2`"),
        ("conv('64')", "'", "leave the quotes out"),
        ("conv([3, 5])", "[", "write `3x5` for two axes"),
        ("conv(k=1, k=2)", "k=2", "give `k` once"),
        ("conv(k=1, 2)", "2", "write values without a name first"),
        ("a: ; relu", "a", "write `a: dense(10)`"),
        ("-> relu", "->", "leave it out"),
        ("relu ->", "->", "leave it out"),
        ("repeat 2 { relu -> }", "->", "leave it out"),
        ("8 -> -> relu", "->", "leave it out"),
        ("tokens()", "tokens", "write such as `tokens(1024)`"),
        ("tokens(length=3)", "length=3", "write such as `tokens(1024)`"),
        ("input(0)", "0", "write a positive integer, or `?` for an unknown size"),
        ("3x0; relu", "0", "write a positive integer, or `?` for an unknown size"),
        ("3xy; relu", "3xy", "write such as `784` or `3x32x32`"),
        ("relu; 20", "20", "write `dense(20)`"),
        ("8-0; relu", "0", "write a positive integer"),
        ("?x3", "?x3", "write layers behind it: `-> dense(10)`"),
    ],
)
def test_what_cannot_be_read_is_marked_with_advice(text, marked, hint):
    with pytest.raises(FormulaError) as caught:
        read_network_tree(text)
    error = caught.value
    assert (error.text[error.start : error.end], error.hint) == (marked, hint)
    line = error.text[: error.start].count("\n") + 1
    assert error.place.line == line


@pytest.mark.parametrize("text", ["# nothing\n", ";;\n", "identity"])
def test_no_layers_are_no_network(text):
    with pytest.raises(FormulaError, match="no layers"):
        read_network_tree(text)


@pytest.mark.parametrize(
    "text",
    [
        "repeat 2 {" * (MOST_NESTING + 1) + "relu" + "}" * (MOST_NESTING + 1),
        "relu;" * (MOST_ITEMS + 1),
        "repeat 100001 { relu }",
        "experts(8, active=999999) { relu }",
        "a(" + "(" * 61 + "1" + ")" * 61 + ")",
        "a(" + "1," * 64 + "1)",
        "a(" + "1" * 4_001 + ")",
        "a" * 61,
        "1x" * 64 + "1; relu",
        f"{10**12 + 1}; relu",
        "relu;" * 50_000,
    ],
    ids=lambda text: f"{text[:12]}-{len(text)}",
)
def test_what_is_too_large_is_refused(text):
    with pytest.raises(LimitError):
        read_network_tree(text)


def test_what_is_just_within_the_limits_is_read():
    deepest = "repeat 2 {" * MOST_NESTING + "relu" + "}" * MOST_NESTING
    assert read_network_tree(deepest) == read_network_tree(deepest)
    # Repetitions are not unrolled, so a large count costs nothing.
    assert only("repeat 100000 { relu }").count == "100000"
