"""The picture of a model's gradient: a bar for each use of what is used in several places."""

import re
import xml.etree.ElementTree as ET

from gradiometer.question import Answer, computed
from gradiometer.report import draw_figure


def use(tensor, place, norm, share, operation="linear"):
    return {
        "tensor": tensor,
        "place": place,
        "use": operation,
        "line": "",
        "norm": norm,
        "cosine": share,
        "share": share,
    }


def answer(*rows):
    return Answer("gradient", {}, {"uses": computed(list(rows), "By hand.")})


def test_uses_stand_under_their_tensor_with_their_share():
    rows = (use("w", "token", 3.0, 1.25), use("w", "head", 1.0, -0.25), use("b", "head", 2.0, 1.0))
    figure = draw_figure(answer(*rows))
    written = re.findall(r"<text[^>]*>(.*?)</text>", figure.svg)
    assert {"w", "token (linear)", "head (linear)", "125 %", "−25 %"} <= set(written)
    assert "b" not in written
    assert figure.about == "w: token (linear) 3, head (linear) 1."
    assert ET.fromstring(figure.to_svg()).tag.endswith("svg")
    assert re.findall(r"(?<!,)#[0-9a-f]{6}\b", re.sub(r'href="#[^"]*"', "", figure.svg)) == []


def test_names_of_a_user_are_written_as_text():
    rows = (use("<w>", "a&b", 1.0, 0.5), use("<w>", "$x$", 1.0, None))
    assert "&lt;w&gt;" in draw_figure(answer(*rows)).svg
    assert "$x$ (linear)" in draw_figure(answer(*rows)).svg


def test_tensors_with_one_use_or_far_too_many_have_no_bars():
    assert draw_figure(answer(use("w", "a", 1.0, 1.0))) is None
    assert draw_figure(answer()) is None
    many = [use("w", f"step {number}", 1.0, 0.01) for number in range(100)]
    assert draw_figure(answer(*many)) is None
    few = [use("v", "a", 1.0, 0.5), use("v", "b", 1.0, 0.5)]
    figure = draw_figure(answer(*many, *few))
    assert "step" not in figure.svg


def test_norms_that_are_no_numbers_or_zero_do_not_break_it():
    nan = float("nan")
    assert draw_figure(answer(use("w", "a", nan, None), use("w", "b", nan, None))) is None
    assert draw_figure(answer(use("w", "a", 0.0, None), use("w", "b", 0.0, None))) is not None
