"""Every key and value of a TOML text is found where it stands."""

import tomllib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradiometer.model import find_line, locate_keys

_WORDS = st.text("ab\"'\\#[]{}=,.\n é", max_size=8)
_SCALARS = st.one_of(
    st.integers(-99, 99).map(str),
    st.sampled_from(["true", "1.5", "1e-3", "inf", "1979-05-27 07:32:00"]),
    _WORDS.map(lambda word: '"' + _escape(word) + '"'),
    _WORDS.map(lambda word: '"""' + _escape(word).replace("\\n", "\n") + '"""'),
    st.text('ab"\\#[]{}=,.', max_size=8).map(lambda word: f"'{word}'"),
    st.text('ab"\\#[]{}=,.\n', max_size=8).map(lambda word: f"'''{word}'''"),
)
_KEYS = st.sampled_from(["a", "b-1", '"c.d"', "'#'", "a.b", 'x . "y"'])


def _escape(word):
    return word.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _array(values):
    return st.lists(values, max_size=3).map(lambda v: "[ " + ",\n  # ]\n ".join(v) + "]")


def _table(values):
    pairs = st.lists(values, max_size=3)
    return pairs.map(lambda v: "{" + ", ".join(f"k{i}={x}" for i, x in enumerate(v)) + " }")


_VALUES = st.recursive(_SCALARS, lambda inner: _array(inner) | _table(inner), max_leaves=6)


@st.composite
def _texts(draw):
    lines = ["# a comment with [[brackets]] and = signs"]
    for number in range(draw(st.integers(0, 4))):
        header = draw(st.sampled_from(["[[rows]]", "[[rows.deep]]", "[t{n}.inner]", "[ 'q{n}' ]"]))
        if header == "[[rows.deep]]" and "[[rows]]" not in lines:
            lines.append("[[rows]]")
        lines.append(header.replace("{n}", str(number)))
        for index, value in enumerate(draw(st.lists(_VALUES, max_size=3))):
            key = draw(_KEYS)
            lines.append(f"k{index}.{key} = {value}  # end")
    return "\n".join(lines)


def _leaves(value, path=()):
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _leaves(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _leaves(item, (*path, index))
    else:
        yield path, value


@settings(max_examples=150)
@given(_texts())
def test_what_stands_at_a_spot_is_the_value(text):
    table = tomllib.loads(text)
    spots = locate_keys(text)
    for path, value in _leaves(table):
        spot = spots[path]
        written = text[spot.value_start : spot.value_end]
        assert tomllib.loads(f"k = {written}")["k"] == value
        for depth in range(1, len(path)):
            assert path[:depth] in spots


def test_a_key_is_found_where_it_is_written():
    text = '[[question]]\n"odd key".b = 1 # c\nb = 2\n[[question]]\n  c   =   3'
    spots = locate_keys(text)
    assert _key(text, spots["question", 0, "odd key"]) == '"odd key"'
    assert _key(text, spots["question", 0, "odd key", "b"]) == "b"
    assert spots["question", 1, "c"].key_start == text.index("c   =")
    assert _key(text, spots["question", 1]) == "question"


def _key(text, spot):
    return text[spot.key_start : spot.key_end]


def test_header_of_a_table_in_the_last_row_belongs_to_that_row():
    text = "[[a]]\n[[a.b]]\nx = 1\n[[a]]\n[a.c]\ny = 2\n[[a.b]]\nx = 3"
    spots = locate_keys(text)
    assert {("a", 0, "b", 0, "x"), ("a", 1, "c", "y"), ("a", 1, "b", 0, "x")} <= set(spots)


@pytest.mark.parametrize(
    ("start", "end", "number", "line", "columns"),
    [(0, 1, 1, "one", (0, 1)), (6, 7, 2, "two", (2, 3)), (5, 99, 2, "two", (1, 3))],
)
def test_line_of_an_offset(start, end, number, line, columns):
    found = find_line("one\ntwo\r\nthree", start, end)
    assert (found.number, found.text, (found.start, found.end)) == (number, line, columns)
