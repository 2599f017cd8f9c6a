"""Numbers beyond what decimals of the standard library can write are shown all the same."""

import pytest
from flint import arb

from gradiometer.formula import precision
from gradiometer.question.trajectory import trajectory
from gradiometer.question.value import to_value_text
from gradiometer.report import to_format


def test_a_power_of_many_digits_is_kept():
    # ln(e^(e^60)) / ln(10) = e^60 / ln(10) = 4.9596...e25
    with precision(256):
        number = arb(60).exp().exp()
    assert to_value_text(number) == "≈ 6.883813204e+49596750768968755367537282"


@pytest.mark.parametrize("format", ["text", "html", "markdown", "latex"])
def test_a_loss_out_of_all_proportion_has_a_page(format):
    answer = trajectory("exp(exp(x))", start="60", steps=5)
    assert "e+49596750768968755367537282" in to_format(answer, format)
