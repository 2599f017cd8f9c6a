"""The numbers of other counters, as the question shows them."""

import json

import pytest
from click.testing import CliRunner

from gradiometer.errors import UsageError
from gradiometer.question import ask
from gradiometer.question.parameters import parameters
from gradiometer.study import read_study, run_study, to_command
from gradiometer.terminal import cli

TIED = "tokens(16); tok: embedding(1000, 64); dense(64); dense(1000, bias=false, tie=tok.weight)"


def _sums(table):
    """The sum of the rows above the last one of each number, and that last one."""
    found = {}
    for row in table:
        found.setdefault(row["number"], []).append(row["count"])
    return {name: (sum(counts[:-1]), counts[-1]) for name, counts in found.items()}


@pytest.mark.parametrize("tool", ["torchinfo", "thop", "fvcore", "ptflops", "calflops"])
@pytest.mark.parametrize("network", [TIED, "resnet50", "vit_b_16", "12x5; lstm(7)"])
def test_rows_lead_from_our_number_to_theirs(network, tool):
    facts = parameters(network, as_=tool).facts
    sums = _sums(facts["reconciled"].value)
    assert all(above == last for above, last in sums.values())
    assert sums["parameters"][1] == facts["their_parameters"].value
    assert sums["multiply-adds"][1] == facts["their_macs"].value
    first = [row for row in facts["reconciled"].value if row["what"] == "ours"]
    assert [row["count"] for row in first] == [facts["parameters"].value, facts["macs"].value]


def test_a_rule_is_no_proof_of_what_a_tool_does():
    facts = parameters(TIED, as_="torchinfo").facts
    assert {facts[name].status for name in ("their_parameters", "reconciled")} == {"computed"}
    assert "torchinfo 1.8.0" in facts["their_parameters"].because


def test_what_a_tool_does_not_count_is_unknown():
    facts = parameters("10 -> dense(3)", as_="keras").facts
    assert facts["their_macs"].status == "unknown"
    facts = parameters("10 -> squareplus; dense(3)", as_="thop").facts
    assert facts["their_macs"].status == facts["reconciled"].status == "unknown"


def test_several_networks_are_reconciled_each():
    facts = parameters(["3-2", "4-2"], as_="ptflops").facts
    assert facts["their_macs"].value == {"3-2": 8, "4-2": 10}
    assert facts["their_macs"].status == "computed"


def test_the_flag_and_the_study_key_are_the_plain_word():
    shown = CliRunner().invoke(cli, ["parameters", TIED, "--as", "torchinfo", "--json"])
    assert json.loads(shown.stdout)["facts"]["their_parameters"]["value"]["exact"] == "132160"
    command = to_command("parameters", {"networks": ["3-2-1"], "as_": "thop"})
    assert command == "gradiometer parameters 3-2-1 --as thop"
    assert ask("parameters", networks=["3-2-1"], as_="thop").facts["their_macs"].value == 8


def test_an_unknown_tool_is_refused():
    with pytest.raises(UsageError) as caught:
        parameters("3-2", as_="thopp")
    assert "thop" in caught.value.hint


def test_a_study_may_ask_for_a_counter(tmp_path):
    path = tmp_path / "study.toml"
    path.write_text(
        'schema_version = 1\ntitle = "T"\n[[question]]\nid = "a"\n'
        'ask = "parameters"\nnetworks = ["3-2"]\nas = "thop"\n'
        '[[question.claim]]\nfact = "their_parameters"\nequals = 8\n',
        encoding="utf-8",
    )
    result = run_study(read_study(path))
    assert result.questions[0].answer.facts["their_parameters"].value == 8
