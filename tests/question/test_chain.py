"""Derivations of several lines: how each line is read, and what is charged."""

import pytest

import gradiometer
from gradiometer.errors import FormulaError, UnknownNameError, UsageError
from gradiometer.proof import check
from gradiometer.question import Answer, Claim, ask, check_claim
from gradiometer.question.claim import claim


def lines(text, **more):
    """Number, role and mark of each line."""
    answer = claim(steps=text, **more)
    if answer.certificate is not None:
        check(answer.certificate)
    return [(row["line"], row["role"], row["holds"]) for row in answer.facts["lines"].value]


def roles(text):
    return [role for _, role, _ in lines(text)]


def test_a_slip_is_charged_once_and_what_follows_from_it_is_not():
    answer = claim(
        steps="""f(x) = ln(5x^2 + 1)
f'(x) = 1/(5x^2 + 1)
f'(1) = 1/6
f'(2) = 20/21
f'(2) = 1"""
    )
    rows = answer.facts["lines"].value
    assert [row["holds"] for row in rows] == ["", False, False, True, False]
    assert "follows from line 2, which is wrong" in rows[2]["because"]
    assert answer.facts["first_wrong"].value["line"] == 2
    assert answer.facts["slip"].value["kind"] == "inner derivative"
    # The last line follows from neither: it is a slip of its own.
    assert answer.facts["charged"].value == 2


def test_a_line_that_is_right_again_after_a_slip_is_not_charged():
    answer = claim(
        steps="""f(x) = ln(e^(3x) + 1)
f'(x) = 3e^(3x)/(e^(3x) + 1)
= 3e^x/(e^(3x) + 1)
= 3/(1 + e^(-3x))
= 3/(1 + e^(3x))"""
    )
    rows = answer.facts["lines"].value
    assert [row["holds"] for row in rows] == ["", True, False, False, False]
    assert "right again, though not by line 3" in rows[3]["because"]
    # The last line goes on from what is right again, and is a slip of its own.
    assert answer.facts["charged"].value == 2


def test_a_wrong_definition_of_a_name_is_taken_for_granted_by_later_lines():
    text = "v = a^2, w = a + b\nc = v*w\nc = v + w\ndc/dv = 1\ndc/dv = w"
    marks = [mark for _, _, mark in lines(text)]
    assert marks == ["", "", "", False, False, True]
    assert claim(steps=text).facts["charged"].value == 1


def test_a_right_line_after_a_slip_is_right():
    text = "f(x) = x^2\nf'(x) = 3x\nf'(x) = 2x\n = x + x"
    assert [mark for _, _, mark in lines(text)] == ["", False, True, True]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("f(x) = x^2\nf(x) = x*x", ["definition", "statement"]),
        ("x = x\n = x + 0", ["statement", "statement"]),
        ("v = a^2\nc = v*b\nat a = 1, b = 2\nc = 2", ["definition", "definition", "point", "point",
                                                     "statement"]),
        ("(x+1)^2 - 1 = x^2 + 2x\nx = 3\n(x+1)^2 = 16", ["statement", "point", "statement"]),
        ("x + y = y + x for all x", ["statement"]),
        ("|x| = x for x > 0", ["condition", "statement"]),
        ("c = v*w where v = a^2\ndc/da = 2a*w", ["definition", "definition", "statement"]),
        ("Find f'(x) = ?\n1 + 1 = 2", ["question", "statement"]),
        ("We want x^2 = 4\n1 + 1 = 2", ["text", "statement"]),
        ("f(x) = x\nf(x) = 3 as x → ∞\n1 = 1", ["definition", "text", "statement"]),
        ("========\n1 + 1 = 2\n--------", ["text", "statement", "text"]),
        ("This slope of f = 3 is nice\n1 = 1", ["text", "statement"]),
        ("# A\nf(x) = x\nf'(x) = 1\n# B\nf(x) = 2x\nf'(x) = 2",
         ["heading", "definition", "statement", "heading", "definition", "statement"]),
    ],
)  # fmt: skip
def test_role_of_a_line(text, expected):
    assert roles(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "$f(x) = x^2$ gives $f'(x) = 2x$",
        "Let $f(x) = x^2$, then\n$$\nf'(x) = 2x \\tag{1}\n= x + x\n$$",
        "\\begin{align*}\nf(x) &= x^2 \\\\\nf'(x) &= 2x \\label{a} \\\\ &= x + x\n\\end{align*}",
        "\\[ \\begin{aligned} f(x) &= x^2, \\\\ f'(x) &= 2x. \\end{aligned} \\]",
        "```text\nf(x) = x^2\n  f'(x)\n   = 2x\n```",
        "1. f(x) = x^2\n2. Therefore, f'(x) = 2x   --- (1)\n3. ⇒ f'(x) = x + x → ②",
        "f(x) = x^2\r\nf'(x) = 2x\r\n",
        "\ufefff(x) = x^2\nf'(x) =\n   2x  (power rule)",
        "f(x) = x^2; f'(x) = 2x by the power rule.",
        "- f(x) = x^2\n- f'(x) = 2x, since it is a power",
        "**f(x) = x^2**\n\\item f'(x) = 2x \\\\",
    ],
)
def test_the_same_derivation_in_other_dress(text):
    answer = claim(steps=text)
    assert answer.facts["holds"].value is True
    found = [row["role"] for row in answer.facts["lines"].value if row["role"] != "text"]
    assert found[:2] == ["definition", "statement"]


def test_nothing_that_says_something_is_skipped_in_silence():
    answer = claim(steps="The value of m = 3 is small\n1 + 1 = 2")
    assert any("Line 1 is not judged" in note for note in answer.warnings)
    with pytest.raises(FormulaError, match="Only a part of this line"):
        claim(steps="v = a^2\nat a = 1, b = 2 of the line above")


@pytest.mark.parametrize(
    ("text", "error", "line"),
    [
        ("f(x) = x\n\nf'(x) = 1 +", FormulaError, "f'(x) = 1 +"),
        ("= 3", FormulaError, "= 3"),
        ("g'(x) = 3", UnknownNameError, "g'(x) = 3"),
        ("$$ x = x", FormulaError, "$$ x = x"),
    ],
)
def test_an_unreadable_line_is_shown_with_its_place(text, error, line):
    with pytest.raises(error) as caught:
        gradiometer.claim(steps=text)
    assert caught.value.text == line
    assert caught.value.start is not None


def test_a_lone_dash_may_be_a_minus_and_is_refused():
    with pytest.raises(FormulaError, match="bullet or a minus"):
        claim(steps="f(x) = -x\n- f(x) = x")
    assert claim(steps="- f(x) = -x\n- f(x) = -x + 0").facts["holds"].value is True


def test_a_word_that_is_used_as_a_name_is_one():
    with pytest.raises(UsageError, match="claims nothing"):
        claim(steps="va vb = va*vb")


def test_a_decimal_after_an_almost_equal_sign_is_rounded():
    assert claim(steps="3/7 = 6/14 ≈ 0.43").facts["holds"].value is True
    assert claim(steps="3/7 ≈ 0.42").facts["holds"].value is False
    with pytest.raises(FormulaError, match="≈"):
        claim(steps="sin(x) ≈ x")


@pytest.mark.parametrize(
    ("says", "holds"),
    [
        ("d(a^2)/da = 2a", True),
        ("d(a^2)/da = a", False),
        ("d/dx (x^2) = 2x", True),
        ("d[a^2*(a+b)]/da = d(a^2)/da * (a+b) + d(a+b)/da * a^2", True),
        ("d(x)/2 = d*x/2", True),
    ],
)
def test_the_derivative_of_a_formula_in_brackets_is_read(says, holds):
    assert claim(says).facts["holds"].value is holds


def test_exactly_one_thing_is_claimed():
    for given in ({}, {"says": "1 = 1", "steps": ["1 = 1"]}, {"steps": ["only words"]}):
        with pytest.raises(UsageError):
            claim(**given)


def test_a_list_of_steps_is_one_derivation():
    answer = ask("claim", steps=["f'(x) = 2x", "= x + x"], where=["f(x) = x^2"])
    assert answer.facts["holds"].value is True
    assert answer.inputs["steps"] == ["f'(x) = 2x", "= x + x"]


def test_steps_are_a_claim_about_an_answer():
    answer = ask("activation", formula="ln(e^(3x)+1)")
    wrong = Claim(steps=("f'(x) = 3e^x/(e^(3x)+1)", "= 3/(e^(2x)+e^(-x))"))
    result = check_claim(answer, wrong)
    assert result.holds is False
    assert "line 1 is the first that is wrong" in result.because
    assert check_claim(answer, Claim(steps=("f'(x) = 3/(1+e^(-3x))",))).holds is True
    with pytest.raises(UsageError):
        check_claim(Answer("claim", {}, {}), Claim(says="1 = 1", steps=("1 = 1",)))


def test_an_open_line_is_neither_right_nor_charged():
    answer = claim(steps="sin(x)^2 + cos(x)^2 + sin(3x) = 1 + 3*sin(x) - 4*sin(x)^3\n1 = 1")
    holds = answer.facts["holds"]
    if holds.value is None:
        assert holds.status == "unknown"
        assert "first_wrong" not in answer.facts
    assert answer.facts["lines"].value[1]["holds"] is True
