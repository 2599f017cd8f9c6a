"""Shapes, tensors and names on the walk over a network, and what is said of a wrong one."""

import pytest

from gradiometer.errors import (
    DomainError,
    FormulaError,
    LimitError,
    ShapeError,
    UnknownNameError,
    UsageError,
)
from gradiometer.model import count_network, read_network_tree, read_template, walk_network
from gradiometer.model.network_tree import Branches, Chain, Input, Layer, Repeat


def _walk(text, **options):
    return walk_network(read_network_tree(text), **options)


def _shape(text, **options):
    return _walk(text, **options)[-1].shape_out


def _count(text, **options):
    return count_network(_walk(text, **options))


@pytest.mark.parametrize(
    ("text", "shape"),
    [
        ("7x9 -> dense(4)", (7, 4)),
        ("3x32x32 -> conv(8, 3)", (8, 30, 30)),
        ("3x32x32 -> conv(8, 3x5, stride=2x1, padding=1x0)", (8, 16, 28)),
        ("3x33x32 -> conv(8, 3, stride=2, padding=same)", (8, 17, 16)),
        ("3x32x32 -> conv(8, 2, padding=same)", (8, 32, 32)),
        ("3x32 -> conv(8, 3, dilation=4)", (8, 24)),
        ("1x9x9x9 -> conv(8, 3)", (8, 7, 7, 7)),
        ("8x7x7 -> conv_transpose(4, 3, stride=2, padding=1, output_padding=1)", (4, 14, 14)),
        ("8x7x7 -> max_pool(3, stride=2)", (8, 3, 3)),
        ("8x6x6 -> max_pool(3, stride=2, ceil_mode=true)", (8, 3, 3)),
        ("8x7x7 -> max_pool(2, stride=2, padding=1, ceil_mode=true)", (8, 4, 4)),
        ("8x7x7 -> avg_pool(7)", (8, 1, 1)),
        ("8x7x9 -> adaptive_avg_pool(2x3)", (8, 2, 3)),
        ("8x7x9 -> global_avg_pool", (8,)),
        ("8x7x9 -> global_avg_pool(keep=true)", (8, 1, 1)),
        ("8x7x9 -> flatten", (504,)),
        ("784 -> reshape(1x28x28)", (1, 28, 28)),
        ("7x9 -> transpose", (9, 7)),
        ("tokens(12) -> embedding(100, 8)", (12, 8)),
        ("12x8 -> gru(5, bidirectional=true)", (12, 10)),
        ("12x8 -> lstm(5, projection=3)", (12, 3)),
        ("12x8 -> rnn(5, last=true)", (5,)),
        ("3x224x224 -> patches(768, 16)", (196, 768)),
        ("196x768 -> image_of_tokens(14x14)", (768, 14, 14)),
        ("8x4x4 -> upsample", (8, 8, 8)),
        ("8x4x4 -> squeeze_excite(2)", (8, 4, 4)),
        ("8x4x4 -> concat { identity | conv(3, 1) }", (11, 4, 4)),
        ("7x4 -> concat { identity | dense(3) }", (7, 7)),
        ("8x4x4 -> multiply { identity | global_avg_pool(keep=true) }", (8, 4, 4)),
        ("7x6 -> glu", (7, 3)),
        ("?x64 -> dense(10)", (None, 10)),
        ("3x?x? -> conv(8, 3, stride=2)", (8, None, None)),
    ],
)
def test_shape_that_comes_out(text, shape):
    assert _shape(text) == shape


@pytest.mark.parametrize(
    ("text", "parameters"),
    [
        ("8x4x4 -> conv(16, 3, groups=4)", 16 * 2 * 9 + 16),
        ("8x4x4 -> conv(16, 3, connections=20)", 20 * 9 + 16),
        ("8x4x4 -> batch_norm", 16),
        ("8x4x4 -> batch_norm(shift=false)", 8),
        ("8x4x4 -> group_norm(2)", 16),
        ("8x4x4 -> instance_norm", 0),
        ("8x4x4 -> layer_norm(channels_first=true)", 16),
        ("5x8 -> rms_norm", 8),
        ("5x8 -> prelu(8)", 8),
        ("5x8 -> rnn(4)", 4 * (8 + 4 + 2)),
        ("5x8 -> gru(4, biases=1)", 3 * 4 * (8 + 4 + 1)),
        ("5x8 -> gru(4)", 3 * 4 * (8 + 4 + 2)),
        ("5x8 -> lstm(4, layers=2, bidirectional=true)", 2 * 16 * (8 + 6) + 2 * 16 * (8 + 6)),
        ("5x8 -> lstm(4, bias=false)", 16 * 12),
        ("5x8 -> lstm(4, projection=2)", 16 * (8 + 2 + 2) + 2 * 4),
        ("5x8 -> attention(4, 2, bias=false)", 8 * 8 + 2 * 8 * 4 + 8 * 8),
        ("5x8 -> attention(4, qkv_bias=false)", 4 * 64 + 8),
        ("5x8 -> attention(4, head_size=3, bias=false)", 4 * 12 * 8),
        ("5x8 -> attention(4, bias=false, qk_norm=true)", 4 * 64 + 2 * 2),
        ("5x8 -> gated_mlp(16)", 3 * 8 * 16),
        ("5x8 -> mlp(16)", 2 * 8 * 16 + 16 + 8),
        ("5x8 -> block(2)", 4 * 72 + 2 * 16 + 2 * 8 * 32 + 32 + 8),
        ("5x8 -> block(2, order=post)", 4 * 72 + 2 * 16 + 2 * 8 * 32 + 32 + 8),
        ("5x8 -> block(2, order=parallel)", 4 * 72 + 16 + 2 * 8 * 32 + 32 + 8),
        ("5x8 -> experts(3, active=1) { dense(4) }", 8 * 3 + 3 * (8 * 4 + 4)),
        ("8x4x4 -> squeeze_excite(2)", 8 * 2 + 2 + 2 * 8 + 8),
        ("8x4x4 -> bottleneck(2)", 8 * 2 + 4 + 4 * 9 + 4 + 2 * 8 + 16),
        ("8x4x4 -> basic_block(8)", 2 * (8 * 8 * 9 + 16)),
        ("5x8 -> class_token", 8),
        ("5x8 -> position(9)", 72),
        ("5x8 -> scale", 8),
    ],
)
def test_parameters_of_a_layer(text, parameters):
    assert _count(text).parameters == parameters


def test_tensors_stand_in_the_order_of_torch_with_their_formula():
    row = _walk("3x224x224 -> conv(64, 7, stride=2)")[0]
    assert [(t.name, t.shape, t.count) for t in row.tensors] == [
        ("weight", (64, 3, 7, 7), 9408),
        ("bias", (64,), 64),
    ]
    assert row.formula == "64*3*7*7 + 64"
    assert row.words == "out*channels/groups*kernel + out"


def test_settings_of_a_row_are_all_there():
    row = _walk("3x8x8 -> conv(4, 3, padding=same)")[0]
    assert dict(row.settings)["padding"] == "1x1"
    assert dict(row.settings)["bias"] == "true"


def test_names_come_from_the_text_or_from_kinds_and_numbers():
    text = "8 -> dense(8); relu; dense(8); head: dense(8); blocks: repeat 2 { mlp(4) }"
    assert [row.path for row in _walk(text)] == [
        "dense1", "relu", "dense2", "head",
        "blocks.0.up", "blocks.0.activation", "blocks.0.down",
        "blocks.1.up", "blocks.1.activation", "blocks.1.down",
    ]  # fmt: skip


def test_names_inside_branches_stand_beside_those_outside():
    rows = _walk("8 -> residual { dense(8); relu }; dense(8); r: residual { dense(8) }")
    assert [row.path for row in rows] == ["dense1", "relu", "add", "dense2", "r.dense", "r"]


def test_counter_and_conditions_choose_items():
    text = "8 -> repeat 3 as i { dense(8, if=i > 0); relu(if=not (i = 1)) }"
    assert [row.path for row in _walk(text)] == [
        "repeat.0.relu", "repeat.1.dense", "repeat.2.dense", "repeat.2.relu",
    ]  # fmt: skip


def test_settings_of_a_template_may_use_one_another():
    table = {
        "settings": {"width": {"default": 8}, "hidden": {"default": "4*width"}},
        "body": "width: 8\ndense(hidden); dense(width)",
    }
    template = read_template({**table, "body": "8 -> dense(hidden); dense(width)"})
    assert [row.shape_out for row in walk_network(template)] == [(32,), (8,)]
    rows = walk_network(template, settings={"width": 3})
    assert [row.shape_out for row in rows] == [(12,), (3,)]


def test_input_may_be_given_from_outside():
    assert _shape("3x8x8 -> conv(4, 3)", input="3x16x16") == (4, 14, 14)
    assert _shape("conv(4, 3)", input="3x16x16") == (4, 14, 14)
    assert _shape("dense(4)", input=Input(("9",))) == (4,)
    assert _shape("tokens(8) -> embedding(10, 4)", input="5") == (5, 4)


def test_tied_tensor_is_counted_at_its_first_place():
    rows = _walk("tokens(4); tok: embedding(10, 8); head: dense(10, bias=false, tie=tok.weight)")
    tensor = rows[1].tensors[0]
    assert (tensor.count, tensor.size, tensor.shared_with) == (0, 80, "tok.weight")
    assert _count("8 -> a: dense(8); b: dense(8, tie=a)").parameters == 72


def test_use_of_a_block_shares_all_its_tensors():
    once = _count("5x8 -> enc: block(2)")
    twice = _count("5x8 -> enc: block(2); use(enc)")
    assert twice.parameters == once.parameters == twice.shared
    assert twice.at_every_name == 2 * once.parameters
    assert twice.multiply_adds == 2 * once.multiply_adds
    rows = _walk("5x8 -> enc: repeat 2 { block(2) }; again: use(enc)")
    shared = {t.shared_with for row in rows for t in row.tensors if t.shared_with}
    assert "enc.1.attention.query" in shared


def test_use_of_a_use_is_the_first_tensor():
    rows = _walk("8 -> a: dense(8); b: use(a); use(b)")
    assert [row.tensors[0].shared_with for row in rows] == ["", "a.weight", "a.weight"]


def test_frozen_parts_are_counted_apart():
    count = _count("8 -> repeat(2, frozen=true) { dense(8) }; dense(2)")
    assert (count.frozen, count.trainable) == (144, 18)
    assert _walk("8 -> a: dense(8, frozen=true); use(a)")[1].tensors[0].frozen


def test_attention_may_look_elsewhere():
    text = "5x8 -> enc: dense(6); dec: 3x8; attention(2, from=enc)"
    row = _walk(text)[-1]
    assert row.shape_out == (3, 8)
    assert {t.name: t.shape for t in row.tensors}["key"] == (8, 6)


def test_decoder_block_looks_at_the_encoder():
    rows = _walk("5x8 -> enc: block(2); dec: 3x8; repeat 2 { block(2, cross=true, from=enc) }")
    cross = [row for row in rows if row.path.endswith("cross_attention")]
    assert [row.shape_out for row in cross] == [(3, 8), (3, 8)]
    assert {line.name: line.count for line in cross[0].multiply_adds}["scores"] == 3 * 5 * 8


def test_experts_have_parameters_each_and_work_in_part():
    count = _count("5x8 -> experts(4, active=2) { dense(8) }")
    assert count.parameters == 32 + 4 * 72
    assert count.active == 32 + 2 * 72
    assert count.multiply_adds == 5 * 8 * 4 + 2 * 5 * 64
    row = _walk("5x8 -> experts(4, active=2) { dense(8) }")[1]
    assert row.tensors[0].shape == (4, 8, 8)
    assert row.formula == "4*(8*8 + 8)"


def test_unknown_sizes_leave_multiply_adds_open_and_say_which_layer():
    count = _count("?x8 -> dense(4); mlp(16)")
    assert count.parameters == 36 + 4 * 16 + 16 + 16 * 4 + 4
    assert count.multiply_adds is None
    assert count.lacking == ("dense", "mlp.up", "mlp.down")


def test_counts_may_be_larger_than_any_machine_word():
    assert _count(f"{10**12} -> dense({10**12})").multiply_adds == 10**24
    assert _count("10 -> dense(10^30, bias=false)").parameters == 10**31


def test_kept_tensors_are_those_of_torch_and_count_once():
    rows = _walk("9 -> dense(5); relu; dense(1)")
    kept = [[(s.name, s.tensor) for s in row.saved] for row in rows]
    assert kept == [[("input", "input")], [("output", "relu")], [("input", "relu")]]


def test_nothing_is_kept_before_the_first_parameter():
    rows = _walk("9 -> tanh; dense(5); dense(3, frozen=true)")
    assert [len(row.saved) for row in rows] == [0, 1, 0]


def test_a_view_is_the_tensor_itself():
    rows = _walk("3x8x8 -> conv(2, 3); relu; flatten; dense(4)")
    assert rows[-1].saved[0].tensor == "relu"


def test_kept_tensors_of_composite_layers_have_full_names():
    rows = _walk("5x8 -> b: repeat 2 { mlp(4, activation=relu) }")
    assert [s.tensor for row in rows for s in row.saved] == [
        "input", "b.0.activation", "b.0.activation",
        "b.0.down", "b.1.activation", "b.1.activation",
    ]  # fmt: skip


def test_a_memoised_walk_gives_the_same_rows():
    text = "5x8 -> repeat 3 as i { block(2, dropout=i/10) }; block(2); block(4)"
    assert _walk(text) == _walk(text, memoise=False)


def test_deep_trees_need_no_recursion():
    chain = Chain((Layer("dense", ("4",)),))
    for _ in range(2_000):
        chain = Chain((Repeat("1", chain),))
    assert walk_network(Chain((Input(("4",)), *chain.items)))[0].shape_out == (4,)
    chain = Chain((Layer("dense", ("4",)),))
    for _ in range(2_000):
        chain = Chain((Branches("add", (Chain(), chain)),))
    assert len(walk_network(Chain((Input(("4",)), *chain.items)))) == 2_001


@pytest.mark.parametrize(
    ("text", "error", "parts"),
    [
        ("784 -> conv(4, 3)", ShapeError, ["`conv`", "784", "3x224x224"]),
        ("3x8x8 -> c: conv(4, 9)", ShapeError, ["`c`", "9x9", "3x8x8"]),
        ("3x8x8 -> conv(4, 3, groups=2)", ShapeError, ["2 groups", "3 input channels"]),
        (
            "64x56x56 -> residual { conv(128, 3, stride=2, padding=1) }",
            ShapeError,
            ["`add`", "64x56x56", "128x28x28", "`conv(128, 1)`"],
        ),
        ("8 -> concat { identity | reshape(2x4) }", ShapeError, ["8", "2x4"]),
        ("8 -> reshape(3x3)", ShapeError, ["3x3", "8"]),
        ("5x8 -> b: repeat 2 { block(3) }", DomainError, ["`b.0`", "width/heads", "8/3"]),
        ("8 -> a: dense(3); dense(4, tie=a.weight)", ShapeError, ["4x3", "3x8", "`a.weight`"]),
        ("8 -> a: dense(3); use(a)", ShapeError, ["3x3", "3x8"]),
        ("8 -> dens(3)", UnknownNameError, ["`dens`", "`dense`"]),
        ("8 -> dense(3, bais=false)", UnknownNameError, ["`bais`", "`bias`"]),
        ("8 -> dense(3, frozn=true)", UnknownNameError, ["`frozn`", "`frozen`"]),
        ("8 -> dense(widht)", UnknownNameError, ["`widht`"]),
        ("8 -> dense(2*widht)", UnknownNameError, ["`widht`"]),
        ("8 -> enc: dense(8); use(encc)", UnknownNameError, ["`encc`", "`enc`"]),
        ("8 -> dense(8, from=x)", UnknownNameError, ["`from`", "`x`"]),
        ("8 -> a: dense(8); dense(8, tie=a.wieght)", UnknownNameError, ["`a.weight`"]),
        ("8 -> dense(-3)", DomainError, ["`out`", "`-3`"]),
        ("8 -> dense(3/2)", DomainError, ["`out`", "`3/2`"]),
        ("8 -> dense(true)", DomainError, ["`out`", "`true`"]),
        ("8 -> dense(3, bias=2)", DomainError, ["`bias`", "`2`"]),
        ("8 -> dense(3x3)", DomainError, ["`out`", "`3x3`"]),
        ("3x8x8 -> conv(4, 3x3x3)", DomainError, ["`kernel`", "2 axes"]),
        ("3x8x8 -> conv(4, 3, padding=sam)", DomainError, ["`sam`", "`same`"]),
        ("5x8 -> block(2, order=befor)", DomainError, ["`befor`", "pre"]),
        ("8 -> dropout(2)", ShapeError, ["probability"]),
        ("8 -> dense(3, if=4)", DomainError, ["`if=4`"]),
        ("8 -> repeat 3/2 { dense(8) }", DomainError, ["3/2"]),
        ("8 -> experts(2, active=3) { dense(8) }", UsageError, ["3 of 2"]),
        ("8 -> dense", UsageError, ["`out`"]),
        ("8 -> dense(3, true, 5)", UsageError, ["at most 2"]),
        ("8 -> dense(3, out=4)", UsageError, ["twice"]),
        ("dense(3)", UsageError, ["no input"]),
        ("8 -> a: dense(8); a: dense(8)", UsageError, ["Two items", "`a`"]),
        ("8 -> a: dense(8); use(a, frozen=true)", UsageError, ["frozen"]),
        ("8 -> dense(10^40)", LimitError, ["10^30"]),
        ("?x? -> dense(8)", ShapeError, ["`weight`", "?x?"]),
        ("8 -> embedding(10, 4)", ShapeError, ["`tokens(8)`"]),
        ("tokens(8) -> dense(4)", ShapeError, ["`embedding(vocabulary, size)`"]),
    ],
)
def test_a_wrong_network_says_where_and_what_to_do(text, error, parts):
    with pytest.raises(error) as caught:
        _walk(text)
    said = str(caught.value)
    assert not [part for part in parts if part not in said], said
    assert caught.value.hint or caught.value.known


def test_a_value_that_is_no_formula_has_a_caret():
    with pytest.raises(FormulaError) as caught:
        _walk("8 -> d: dense(3*)")
    assert caught.value.problem.startswith("`d`: ")
    assert caught.value.start == 2


def test_an_error_in_a_composite_layer_names_the_whole_path():
    with pytest.raises(ShapeError, match=r"`blocks\.1\.conv2`"):
        _walk("8x4x4 -> blocks: repeat 2 as i { bottleneck(2, groups=i + 1, inner=3) }")


def test_a_network_without_end_is_refused():
    text = "8 -> repeat 100000 { repeat 100000 { relu(if=false) } }"
    with pytest.raises(LimitError):
        _walk(text)
