"""Runs fill the lanes of the kernel, whatever parts of the data their seeds have."""

from __future__ import annotations

from collections import Counter

import pytest

from gradiometer.question import training_run
from gradiometer.question.training_make import list_places
from gradiometer.question.training_run import choose_style, list_blocks, list_splits
from question.training_grid import read


@pytest.mark.parametrize("split", ["each", "one"])
@pytest.mark.parametrize(("rates", "seeds"), [(4, 3), (1, 40), (5, 16), (16, 2), (3, 7)])
def test_all_blocks_but_the_last_are_full(split, rates, seeds):
    request = read(vary=f"learning_rate=1/100:1:{rates}" if rates > 1 else None,
                   seeds=seeds, split=split)  # fmt: skip
    places, lanes = list_places(request), choose_style(request.cells[0]).lanes
    blocks = list_blocks(request, places)
    assert Counter(place for block in blocks for place in block.places) == Counter(places)
    assert len(blocks) == -(-len(places) // lanes)
    assert sum(len(block.places) < lanes for block in blocks) <= 1
    for block in blocks:
        own = {seed for _, seed in block.places}
        assert set(list_splits(request, block)) == (own if split == "each" else {0})


def test_what_is_kept_already_leaves_no_gaps():
    request = read(vary="learning_rate=1/100:1:4", seeds=9, split="each")
    missing, lanes = list_places(request)[1::2], choose_style(request.cells[0]).lanes
    blocks = list_blocks(request, missing)
    assert len(blocks) == -(-len(missing) // lanes)


def test_cells_of_other_data_precision_or_epochs_have_blocks_of_their_own():
    request = read(vary="epochs=2,3", seeds=5, precision=["float32", "float64"], split="each")
    blocks = list_blocks(request, list_places(request))
    for block in blocks:
        kinds = {(c.precision, c.epochs) for c in (request.cells[n] for n, _ in block.places)}
        assert len(kinds) == 1
    lanes = [choose_style(cell).lanes for cell in request.cells]
    assert len(blocks) == sum(-(-5 // width) for width in lanes)


def test_large_data_are_not_held_once_for_each_lane(monkeypatch):
    monkeypatch.setattr(training_run, "MOST_POOLED", 1)
    request = read(vary="learning_rate=1/100:1:4", seeds=3, split="each")
    blocks = list_blocks(request, list_places(request))
    assert [len(list_splits(request, block)) for block in blocks] == [1, 1, 1]
