import math
from concurrent.futures import ThreadPoolExecutor

import mpmath
import numpy as np
import pytest
from numba import njit

from gradiometer.errors import InternalError
from gradiometer.numeric.draws import draw_index, draw_normal, draw_uniform
from gradiometer.numeric.kernel_draw import (
    INDEX,
    NORMAL,
    UNIFORM,
    lane_draw_normal,
    philox,
    remainder_of_2_64,
    to_index,
)
from gradiometer.numeric.kernel_lane import lane_of_words
from numeric.lane_points import apply

HALF = 2**32 - 1
PUBLISHED = [
    ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
    ((HALF,) * 4, (HALF,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
    ((0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344), (0xA4093822, 0x299F31D0),
     (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1)),
]  # fmt: skip
"""Counter, key and result for Philox 4x32-10 in the `kat_vectors` of its authors' Random123."""
RNG = np.random.default_rng(1)
PLACES = [
    (int(seed), int(run), int(step), int(coordinate))
    for seed, run, step, coordinate in zip(
        RNG.integers(0, 2**63, 40), RNG.integers(0, 2**48, 40),
        RNG.integers(0, 2**48, 40), RNG.integers(0, 2**28, 40), strict=True,
    )
]  # fmt: skip


def plain_philox(counter, key):
    """Philox 4x32-10 as its authors describe it."""
    a, b, c, d = counter
    left, right = key
    for _ in range(10):
        first, second = 0xD2511F53 * a, 0xCD9E8D57 * c
        a, b = (second >> 32) ^ b ^ left, second & HALF
        c, d = (first >> 32) ^ d ^ right, first & HALF
        left, right = (left + 0x9E3779B9) & HALF, (right + 0xBB67AE85) & HALF
    return a, b, c, d


def plain_words(seed, run, step, coordinate, kind):
    middle = (run >> 32) | (step >> 32) << 16
    counter = (run & HALF, middle, step & HALF, coordinate | kind << 28)
    a, b, c, d = plain_philox(counter, (seed & HALF, seed >> 32))
    return a | b << 32, c | d << 32


def plain_uniform(word):
    return ((word >> 12) + 0.5) * 2.0**-52


@pytest.mark.parametrize(("counter", "key", "wanted"), PUBLISHED)
def test_generator_gives_the_published_numbers(counter, key, wanted):
    assert plain_philox(counter, key) == wanted
    halves = (counter[0] | counter[1] << 32, counter[2] | counter[3] << 32)
    got = [one_of_four(i)(key[0] | key[1] << 32, *halves) for i in range(4)]
    assert tuple(got) == wanted


def one_of_four(place):
    """The compiled generator, of which one number is returned."""

    def generate(key, front, back, _none):
        parts = (front & HALF, front >> 32, back & HALF, back >> 32)
        return philox(key, parts)[place]

    generate.__name__ = f"generate_{place}"
    one = lane_of_words(generate, int)

    @njit
    def at(key, front, back):
        return one(key, front, back, 0)

    return lambda *words: at(*map(np.uint64, words))


def test_uniform_draws_are_those_of_the_plain_generator():
    for seed, run, step, coordinate in PLACES:
        word, _ = plain_words(seed, run, step, coordinate, UNIFORM)
        got = draw_uniform(seed, run=run, step=step, coordinate=coordinate)
        assert got == plain_uniform(word)


def test_normal_draws_are_those_of_box_and_muller():
    for seed, run, step, coordinate in PLACES:
        u, v = map(plain_uniform, plain_words(seed, run, step, coordinate, NORMAL))
        with mpmath.workprec(200):
            wanted = mpmath.sqrt(-2 * mpmath.log(u)) * mpmath.cos(2 * mpmath.pi * mpmath.mpf(v))
        got = draw_normal(seed, run=run, step=step, coordinate=coordinate)
        assert abs(got - wanted) <= 3 * np.spacing(abs(float(wanted)))


@pytest.mark.parametrize("n", [1, 2, 3, 10, 1000, 2**31 + 11, 2**32 - 1])
def test_indices_are_those_of_exact_products(n):
    for seed, run, step, _ in PLACES:
        word, _ = plain_words(seed, run, step, 0, INDEX)
        assert draw_index(seed, run=run, step=step, n=n) == word * n >> 64


def test_words_that_would_prefer_an_index_are_replaced():
    @njit
    def at(first, second, n):
        return index(first, second, n, 0)

    index = lane_of_words(lambda first, second, n, _none: to_index(first, second, n), int)
    for n in (3, 6, 10, 1000, 2**31 + 11, 2**32 - 1):
        excess = 2**64 % n
        # Words of one index with the smallest lower halves: the first of them is one too many.
        for i in (0, 1, n // 2, n - 1):
            word = -(-(i << 64) // n)
            wanted = 0 if (word * n) % 2**64 < excess else i
            assert at(np.uint64(word), np.uint64(0), np.uint64(n)) == wanted
        assert at(np.uint64(0), np.uint64(2**64 - 1), np.uint64(n)) == n - 1


def test_what_is_left_of_two_to_the_64_is_exact():
    rest = lane_of_words(lambda n, _a, _b, _c: remainder_of_2_64(n), int)

    @njit
    def at(n):
        return rest(n, 0, 0, 0)

    many = np.random.default_rng(2).integers(1, 2**32, 2000)
    for n in [1, 2, 3, 5, 2**16, 2**31, 2**32 - 1, 2**32 - 5, *many.tolist()]:
        assert at(np.uint64(n)) == 2**64 % n


def test_draws_have_the_same_bits_in_any_order_and_shape():
    runs, steps = np.arange(1000), np.arange(7)
    whole = draw_normal(5, run=runs[:, None], step=steps)
    for run in (0, 3, 999):
        for step in (0, 6):
            assert draw_normal(5, run=run, step=step) == whole[run, step]
    np.testing.assert_array_equal(draw_normal(5, run=runs[::-1], step=6), whole[::-1, 6])


def test_a_kernel_draws_the_bits_of_the_arrays_at_any_count_of_threads():
    @njit(nogil=True)
    def block(first, out):
        for i in range(64):
            out[first + i] = lane_draw_normal(11, first + i, 4, 2)

    wanted = draw_normal(11, run=np.arange(640), step=4, coordinate=2)
    for threads in (1, 2, 5):
        out = np.empty(640)
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(lambda first, out=out: block(first, out), range(0, 640, 64)))
        np.testing.assert_array_equal(out, wanted)


def test_kinds_of_draws_and_seeds_are_apart():
    run = np.arange(10_000)
    kinds = [draw_uniform(3, run=run, step=0), draw_uniform(4, run=run, step=0),
             draw_uniform(3, run=run, step=1), draw_uniform(3, run=run, step=0, coordinate=1),
             draw_normal(3, run=run, step=0), draw_index(3, run=run, step=0, n=1000)]  # fmt: skip
    correlations = np.corrcoef(kinds)[np.triu_indices(len(kinds), 1)]
    assert np.abs(correlations).max() < 5 / math.sqrt(run.size)


@pytest.fixture(scope="module")
def normals():
    """A million draws, by run and step."""
    return draw_normal(2024, run=np.arange(2000)[:, None], step=np.arange(500))


def test_moments_are_those_of_the_normal_law(normals):
    z, root = normals.ravel(), math.sqrt(normals.size)
    for power, mean, variance in ((1, 0, 1), (2, 1, 2), (3, 0, 15), (4, 3, 96), (6, 15, 10170)):
        assert abs((z**power).mean() - mean) < 4 * math.sqrt(variance) / root


def test_distribution_is_that_of_the_normal_law(normals):
    assert kolmogorov(apply("Phi", np.sort(normals.ravel()))) < 1.95


def test_distribution_of_uniform_draws_is_even():
    u = draw_uniform(8, run=np.arange(10**6), step=0)
    assert kolmogorov(np.sort(u)) < 1.95
    assert 0 < u.min() < u.max() < 1


def kolmogorov(sorted_values):
    """The statistic of Kolmogorov and Smirnov; 1.95 is passed once in 1,000 cases."""
    n = sorted_values.size
    steps = np.arange(n + 1) / n
    gap = max((steps[1:] - sorted_values).max(), (sorted_values - steps[:-1]).max())
    return gap * math.sqrt(n)


def test_neighbouring_counters_are_not_correlated(normals):
    for a, b in ((normals[1:], normals[:-1]), (normals[:, 1:], normals[:, :-1])):
        for power in (1, 2):
            pair = np.corrcoef((a**power).ravel(), (b**power).ravel())[0, 1]
            assert abs(pair) < 4 / math.sqrt(a.size)


def test_tails_reach_five_sigma_as_often_as_they_should():
    z = np.abs(draw_normal(2, run=np.arange(5 * 10**6), step=0))
    for sigma in (1, 2, 3, 4, 5):
        expected = z.size * math.erfc(sigma / math.sqrt(2))
        assert abs((z > sigma).sum() - expected) < 4 * math.sqrt(expected)
    assert z.max() > 5


def test_indices_are_equally_likely():
    n = 37
    counts = np.bincount(draw_index(6, run=np.arange(10**6), step=0, n=n), minlength=n)
    expected = 10**6 / n
    chi = ((counts - expected) ** 2 / expected).sum()
    assert counts.size == n
    assert abs(chi - (n - 1)) < 4 * math.sqrt(2 * (n - 1))


@pytest.mark.parametrize(
    ("draw", "wrong"),
    [
        (draw_uniform, {"run": -1, "step": 0}),
        (draw_normal, {"run": 2**48, "step": 0}),
        (draw_normal, {"run": 0, "step": 0, "coordinate": 2**28}),
        (draw_index, {"run": 0, "step": 0, "n": 0}),
        (draw_index, {"run": 0, "step": 0, "n": 2**32}),
    ],
)
def test_a_place_that_another_would_share_is_refused(draw, wrong):
    with pytest.raises(InternalError):
        draw(1, **wrong)
