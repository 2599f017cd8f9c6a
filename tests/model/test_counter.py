"""Rules of counters: what they may say, and that what they name exists."""

import pytest

from gradiometer.catalog import list_entries
from gradiometer.errors import Place, StudyError, UsageError
from gradiometer.model import (
    NotReconciled,
    find_layer_kind,
    read_counter,
    read_network_tree,
    reconcile,
    walk_network,
)
from gradiometer.model.counter import counter_of
from gradiometer.model.network_listing import count_listed

COUNTERS = list_entries("counter")
JOINS = {"add", "multiply", "concat"}
ROW_NAMES = {"numbers_in", "numbers_out", "last", "own", "parameters"}
PLAIN = {"name": "x", "about": "X.", "version": "1", "reference": "y", "counts": ["parameters"]}


def _walk(text):
    return walk_network(read_network_tree(text))


def _known(kind):
    if kind in JOINS:
        return ROW_NAMES
    found = find_layer_kind(kind)
    axes = {
        name.lstrip("*")
        for form in found.forms
        for name in (*form.input, *form.memory, *(name for name, _ in form.axes))
    }
    words = {word for setting in found.settings.values() for word in setting.words}
    # Only where a word stands for a number can a rule ask which of them was written.
    worded = {f"{n}_is_word" for n, s in found.settings.items() if any(s.words.values())}
    return ROW_NAMES | set(found.settings) | axes | words | worded


@pytest.mark.parametrize("name", COUNTERS)
def test_formulas_of_a_rule_name_what_the_kind_has(name):
    for kind, rule in read_counter(name).rules.items():
        assert kind in JOINS or find_layer_kind(kind) is not None, kind
        formulas = [line.count for line in (*rule.multiply_adds, *rule.parameters)]
        formulas += [line.when for line in (*rule.multiply_adds, *rule.parameters)]
        formulas += [when for when, _ in rule.refusals] + [rule.left_out_when]
        for formula in formulas:
            if formula is not None:
                assert formula.names <= _known(kind) | {"true", "false"}, (kind, formula.text)


@pytest.mark.parametrize("name", COUNTERS)
def test_every_counter_speaks_of_the_common_kinds(name):
    counter = read_counter(name)
    for kind in ("dense", "conv", "batch_norm", "embedding", "attention", "recurrent_layer"):
        assert counter.find_rule(kind) is not None, kind


@pytest.mark.parametrize(
    ("table", "named"),
    [
        ({"counts": ["flops"]}, "counts"),
        ({"rule": [{"kinds": []}]}, "kinds"),
        ({"rule": [{"kinds": ["dense"]}, {"kinds": ["dense"]}]}, "`dense` has two rules"),
        ({"rule": [{"kinds": ["dense"], "parameters": "some"}]}, "`all` or `none`"),
        ({"rule": [{"kinds": ["dense"], "multiply_adds": [{"count": "1"}]}]}, "what"),
        ({"rules": []}, "rules"),
    ],
)
def test_wrong_entries_are_refused(table, named):
    with pytest.raises(StudyError) as caught:
        counter_of({**PLAIN, **table}, place=Place("here"))
    assert named in str(caught.value)


def test_an_unknown_counter_is_refused_with_the_nearest():
    with pytest.raises(UsageError) as caught:
        read_counter("torchinf")
    assert "torchinfo" in caught.value.hint


@pytest.mark.parametrize(
    ("text", "counter", "named"),
    [
        ("9 -> squareplus; dense(2)", "thop", "`squareplus`"),
        ("5x4 -> log_softmax", "ptflops", "`log_softmax`"),
        ("8x6 -> layer_norm(scale=false)", "thop", "shift without a scale"),
        ("6x8 -> experts(4, active=2) { dense(8) }", "fvcore", "depends on the input"),
        ("3x7x7 -> adaptive_avg_pool(3)", "thop", "it rounds"),
        ("?x10 -> dense(3)", "fvcore", "is not known"),
        ("6x4 -> gru(3, biases=1)", "torchinfo", "two biases"),
        ("8x8x8 -> relu", "calflops", "without parameters"),
        ("4x8 -> attention(2)", "torchsummary", "more than one tensor"),
    ],
)
def test_what_a_rule_does_not_tell_is_unknown(text, counter, named):
    found = reconcile(_walk(text), read_counter(counter))
    assert any(isinstance(one, NotReconciled) and named in one.because for one in found)


def test_the_list_of_torchinfo_without_sharing_has_every_parameter_once():
    rows = _walk("6 -> parameter(6); a: repeat 2 { dense(6); relu; b: repeat 2 { dense(6) } }")
    bare = {row.path for row in rows if row.kind == "parameter"}
    assert count_listed(rows, bare=bare) == sum(row.parameters for row in rows)


def test_what_is_called_again_says_so():
    rows = _walk("6 -> enc: dense(6); use(enc); other: use(enc)")
    assert [row.again.first if row.again else "" for row in rows] == ["", "enc", "enc"]
    assert [bool(row.again and row.again.is_named) for row in rows] == [False, False, True]


def test_one_tensor_may_be_frozen():
    rows = _walk("10 -> dense(10, frozen=weight); dense(1)")
    assert [t.frozen for row in rows for t in row.tensors] == [True, False, False, False]
    # Nothing needs the input of a layer whose weight is not learned.
    assert rows[0].saved == ()
    with pytest.raises(UsageError) as caught:
        _walk("10 -> dense(10, bias=false, frozen=bias)")
    assert "`bias`" in caught.value.problem
