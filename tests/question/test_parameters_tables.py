"""What tables for people show, and what is refused before anything is counted."""

import json

import pytest

from gradiometer import parameters
from gradiometer.errors import GradiometerError
from gradiometer.report import to_format, to_terminal


def shown(*networks, **given):
    return to_terminal(parameters(networks, **given), width=100).partition("\nlayers\n")[0]


def test_facts_that_are_nothing_for_all_networks_are_named_in_one_row_and_kept_as_json():
    answer = parameters(["100-20-1", "10-3"], bias=False)
    text = to_terminal(answer, width=100)
    hidden = ("frozen", "shared", "buffers", "embedding", "kv cache", "operations", "biases")
    assert not any(text.startswith(f"{name} ") or f"\n{name} " in text for name in hidden)
    assert "not shown" in text
    listed = json.loads(to_format(answer, "json"))["facts"]
    assert {"frozen", "shared", "buffers", "embedding", "kv_cache", "biases"} <= set(listed)
    assert "is_void" not in json.dumps(listed)


def test_a_fact_that_one_network_has_is_shown_for_all():
    assert "\nbuffers " in shown("3x4x4; batch_norm", "10-3")
    assert "\nembedding " in shown("tokens(3); embedding(5, 2)")
    assert "\nkv cache " in shown("3x8; attention(2, causal=true)")
    assert "\nfrozen " in shown("3 -> dense(4, frozen=true)")
    assert "\nactive " in shown("4x8; experts(4, active=2) { dense(8) }")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"networks": "10-3", "activation": "rel"}, "no layer `rel`"),
        ({"networks": "10-w-3", "vary": "w"}, "--vary w=64:1024:64"),
        ({"networks": "3x8x8; residual { conv(5, 3) }"}, "padding=same"),
        ({"networks": "3x8x8; residual { conv(5, 3, padding=1, stride=2) }"}, "with the stride"),
        ({"networks": "3x8; concat(axis=2) { dense(2) | dense(3) }"}, "`axis` is one of -2 to 1"),
        ({"networks": "3x8; add(axis=0) { dense(2) | dense(3) }"}, "`add` has no setting `axis`"),
    ],
)
def test_each_error_says_what_to_write(given, said):
    with pytest.raises(GradiometerError) as caught:
        parameters(**given)
    assert said in str(caught.value)


def test_the_formulas_of_memory_are_words_in_latex_too():
    text = to_format(parameters("3-2"), "latex")
    assert "8 numbers" in text
    assert "numbers} \\cdot" not in text
