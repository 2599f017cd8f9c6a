"""Names and numbers of long lists as integers: each is told apart from every other."""

import random

import numpy as np
import pytest

from gradiometer.model import NameTable, read_listing
from gradiometer.model.listing_block import find_distinct
from gradiometer.model.listing_numbers import read_decimals
from gradiometer.model.listing_runs import MOST_PACKED, RunTable, pack


def pack_words(words):
    size = np.array([len(word) for word in words], np.int64)
    return pack("".join(words), np.cumsum(size) - size, size)


def draw_words(chance, count):
    letters = "ab_0"
    lengths = (0, 1, 2, 7, 8, 9, MOST_PACKED - 1, MOST_PACKED, MOST_PACKED + 1, 40)
    return ["".join(chance.choices(letters, k=chance.choice(lengths))) for _ in range(count)]


@pytest.mark.parametrize("seed", range(5))
def test_a_run_has_the_number_of_its_first_occurrence(seed):
    chance = random.Random(seed)
    table, known = RunTable(), {}
    for _ in range(8):
        words = draw_words(chance, chance.choice([0, 1, 500, 3000]))
        expected = [known.setdefault(word, len(known)) for word in words]
        assert table.number(pack_words(words)).tolist() == expected
    assert [table.word(k) for k in range(len(table))] == [*known]
    which = np.array(chance.sample(range(len(known)), len(known) // 2))
    spelled = [[*known][k] for k in which]
    assert table.words(which) == "\n".join(["", *spelled, ""])
    assert len(table) == len(known)


def test_many_names_in_a_row_are_found_again():
    names = [f"v{k}" for k in range(50_000)]
    table = RunTable()
    assert table.number(pack_words(names)).tolist() == [*range(50_000)]
    assert table.number(pack_words(names[::-7])).tolist() == [*range(50_000)][::-7]
    assert table.words(np.arange(50_000)) == "\n".join(["", *names, ""])


def test_what_a_run_ends_with_counts_even_where_it_is_zero():
    words = ["*", "*\0", "*\0\0", "", "\0"]
    assert RunTable().number_words(words).tolist() == [0, 1, 2, 3, 4]


def test_other_alphabets_have_numbers_too():
    table = RunTable()
    assert table.number_words(["α", "a", "α1", "a", "α"]).tolist() == [0, 1, 2, 1, 0]
    assert [table.word(k) for k in range(3)] == ["α", "a", "α1"]
    assert not table.holds_only(b"a1", since=0)
    assert table.holds_only(b"a1", since=3)


def test_a_decimal_number_is_the_nearest_float64():
    chance = random.Random(1)
    words = ["0", "00", "7.", ".5", "0.1", "1e5", "2e-3", "999999999999999", "9007199254740993"]
    words += ["0.000000000000001", "123456789.123456", "5e-324", "1e999", "0.30000000000000004"]
    for _ in range(3000):
        digits = str(chance.randrange(10 ** chance.randint(1, 19)))
        cut = chance.randint(0, len(digits))
        words.append(chance.choice([digits, f"{digits[:cut]}.{digits[cut:]}", f"{digits}e-7"]))
    words = [word for word in words if word != "."]
    assert read_decimals(pack_words(words)).tolist() == [*map(float, words)]


@pytest.mark.parametrize("word", ["1.2.3", ".", "2x", "1_0", "1_000_000_000_000_000", "1e", ""])
def test_what_is_no_number_is_refused(word):
    with pytest.raises(ValueError, match=r"."):
        read_decimals(pack_words(["1", word]))


def test_distinct_values_are_numbered_by_their_first_place():
    values = np.random.default_rng(0).integers(0, 50, 1000).astype(np.float64)
    first, which = find_distinct(values)
    assert first.tolist() == sorted(first.tolist())
    assert (values[first][which] == values).all()
    assert [values.tolist().index(value) for value in values[first]] == first.tolist()
    assert [len(part) for part in find_distinct(values[:0])] == [0, 0]


def test_a_part_may_hold_many_lines():
    lines = ["v = a*a + 1\n", "\n", "w = v; z = w*v\n", "y = 2*z"]
    for parts in (lines, ["".join(lines)], ["".join(lines[:2]), "".join(lines[2:])]):
        listing = read_listing(parts, given=["a"])
        assert listing.line.tolist() == [1, 1, 3, 4]
        assert dict(listing.names) == {"a": 0, "v": 4, "w": 4, "z": 5, "y": 6}


def test_long_names_and_other_alphabets_are_looked_up_whole():
    names = [*(f"weight_of_layer_{k}" for k in range(30)), "α", "αβ", "v", "αβγ'"]
    table = NameTable("\n".join(["", *names, ""]), np.arange(len(names), dtype=np.int32))
    assert dict(table) == {name: k for k, name in enumerate(names)}
    assert [table.word(k) for k in range(len(names))] == names
    assert "weight_of_layer_" not in table
