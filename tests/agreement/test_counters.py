"""The rules of the catalogue give the numbers that the tools gave, line by line."""

import json
from pathlib import Path

import pytest

from gradiometer.model import NotReconciled, Reconciled, estimate_memory, read_counter, reconcile
from gradiometer.question.parameters import parameters
from gradiometer.question.parameters_read import read_text

DATA = Path(__file__).parent / "data"
RECORDED = json.loads((DATA / "counters.json").read_text(encoding="utf-8"))
CASES = {case["name"]: case for case in RECORDED["cases"]}
KEYS = {"parameters": "parameters", "multiply_adds": "macs", "bytes": "bytes"}
NOT_TOLD = {("gru and a head", "torchsummary")}
"""What a tool has a number for and its rule says nothing of."""


def _numbers(name, tool):
    rows = read_text(CASES[name]["network"]).walk()
    return {KEYS[found.measure]: found for found in reconcile(rows, read_counter(tool))}


@pytest.mark.parametrize("name", CASES)
def test_every_recorded_number_is_ours_and_the_lines(name):
    for tool, recorded in CASES[name]["tools"].items():
        for key, found in _numbers(name, tool).items():
            if "error" in recorded or (name, tool) in NOT_TOLD:
                assert isinstance(found, NotReconciled), (tool, key)
            else:
                assert isinstance(found, Reconciled), (tool, key)
                assert found.theirs == recorded[key], (tool, key, found.lines)
                assert found.ours + sum(line.count for line in found.lines) == recorded[key]


def test_published_disagreements_are_among_the_cases():
    # Eight tools give six totals for one network; a tied tensor counts twice; attention is zero.
    totals = {v["macs"] for v in CASES["resnet50"]["tools"].values() if "macs" in v}
    assert totals == {
        4_089_184_256, 4_089_185_256, 4_089_238_376, 4_111_512_576, 4_132_436_968, 4_133_742_592,
    }  # fmt: skip
    tied, vision = CASES["tied"]["tools"], CASES["vit_b_16"]["tools"]
    assert tied["torchinfo"] == {"parameters": 132_160, "macs": 132_160, "trainable": 132_160}
    assert CASES["attention module"]["tools"]["torchinfo"]["macs"] == 0
    assert vision["thop"] == {"parameters": 58_067_176, "macs": 11_286_254_592}
    assert vision["ptflops"]["macs"] == 17_606_030_584
    assert len(CASES) >= 20


def test_rules_are_of_the_versions_that_were_measured():
    packages = {"flop_counter": "torch", "ptflops_aten": "ptflops"}
    for tool in (*CASES["tied"]["tools"], "keras"):
        recorded = RECORDED["versions"][packages.get(tool, tool)]
        assert read_counter(tool).version in {recorded, recorded.replace("-", ".post")}


@pytest.mark.parametrize("case", RECORDED["keras"], ids=lambda case: case["network"])
def test_the_summary_of_keras_is_reproduced(case):
    facts = parameters(case["network"], as_="keras").facts
    assert facts["their_parameters"].value == case["keras"]["parameters"]
    assert facts["their_rows"].value == sum(case["keras"]["rows"])


@pytest.mark.parametrize("name", CASES)
def test_the_estimate_of_accelerate_is_reproduced(name):
    recorded = CASES[name]["tools"]["accelerate"]
    facts = parameters(CASES[name]["network"], as_="accelerate").facts
    shown = {row["type"]: [row["weights"], row["training"]] for row in facts["their_memory"].value}
    for kind, texts in recorded["rows"].items():
        for ours, theirs in zip(shown[kind], texts, strict=True):
            assert _read_size(ours) == _read_size(theirs)


def _read_size(text):
    """The number and the unit; Python writes a whole one with or without `.0`."""
    number, _, unit = text.partition(" ")
    return (float(number), unit) if unit else text


def test_training_is_the_largest_part_for_accelerate():
    # GPT-2 with 124,439,808 parameters: 1.991 GB in float32 and 0.996 GB in 16 bits, of 10^9 bytes.
    rows = {name: row for name, *row in estimate_memory(read_counter("accelerate"), 497_759_232)}
    assert rows["float32"] == [497_759_232, 1_991_036_928]
    assert rows["float16"] == [248_879_616, 995_518_464]
    assert rows["int8"][1] is None


PADDED = json.loads((DATA / "counters_padding.json").read_text(encoding="utf-8"))
"""Multiply-adds of convolutions whose padding is a word, by the tools in the versions recorded."""


@pytest.mark.parametrize("name", PADDED)
def test_padding_by_a_word_is_counted_as_the_tool_counts_it(name):
    for tool, macs in PADDED[name].items():
        fact = parameters(name, as_=tool).facts["their_macs"]
        # calflops counts a window that the same padding cannot centre otherwise; that is not told.
        assert fact.value == macs or (tool == "calflops" and fact.status == "unknown")
    assert PADDED[name]["fvcore"] == 0
