r"""Claims in LaTeX: derivatives as quotients, and nothing passes for something else."""

import pytest

from gradiometer import activation, claim, gradient
from gradiometer.errors import DomainError, FormulaError, UnknownNameError
from gradiometer.question import Claim, check_claim

SOFTPLUS = r"f(x) = \ln\left(e^{3x}+1\right)"
GRAPHS = (
    "v1 = a^2; v2 = a+b; c = v1*v2",
    r"v_1 &= a^{2} \\ v_2 &= a+b \\ c &= v_1 v_2.",
    "$v_{1} = a^2$; $v_{2} = a+b$\n$c = v_1\\cdot v_2$",
)


def holds(says, *where, **given):
    return claim(says, where=where, **given).facts["holds"].value


TRUE = [
    r"f'(x) = \frac{3}{1+e^{-3x}}",
    r"f^{\prime}(x) = \frac{3e^{3x}}{e^{3x}+1}",
    r"\frac{df}{dx} = \frac{3}{1+e^{-3x}}",
    r"\dfrac{\mathrm{d}f}{\mathrm{d}x} = 3 - \frac{3}{1+e^{3x}}",
    r"\frac{\partial f}{\partial x} = 3\,\sigma(3x)",
    r"$f'(x) = \frac{3}{1+e^{-3x}}$.",
    r"f''(x) = 9\sigma(3x)\bigl(1-\sigma(3x)\bigr)",
    r"\frac{f'(x)}{3} = \frac{1}{1+e^{-3x}}",
    r"f(0) = \ln 2",
]
FALSE = [
    r"f(x) = \frac{3}{1+e^{-3x}}",
    r"f'(x) = \ln\left(e^{3x}+1\right)",
    r"f'(x) = \frac{3e^x}{e^{3x}+1}",
    r"\frac{df}{dx} = \frac{1}{1+e^{-3x}}",
    r"f''(x) = \frac{3}{1+e^{-3x}}",
]


@pytest.mark.parametrize("says", TRUE)
@pytest.mark.parametrize("where", [SOFTPLUS, "f(x) = ln(e^(3x)+1)"])
def test_a_true_claim_is_proved(says, where):
    assert holds(says, where) is True


@pytest.mark.parametrize("says", FALSE)
def test_a_function_never_passes_for_its_slope(says):
    assert holds(says, SOFTPLUS) is False


@pytest.mark.parametrize("graph", GRAPHS)
@pytest.mark.parametrize(
    ("says", "value"),
    [
        (r"\frac{dc}{da} = 3a^{2}+2a b", True),
        (r"\frac{dc}{db} = 3a^{2}+2a b", False),
        (r"\frac{dc}{db} = a^{2}", True),
        (r"\frac{dc}{da} = a^{2}", False),
        (r"\dfrac{\partial c}{\partial v_1} = v_2", True),
        (r"\dfrac{\partial c}{\partial v_{2}} = v_2", False),
        (r"\partial c/\partial v_1 = a + b\,", True),
        (r"\frac{\partial c}{\partial v_1}\frac{\partial v_1}{\partial a}"
         r" + \frac{\partial c}{\partial v_2}\cdot\frac{\partial v_2}{\partial a} = \frac{dc}{da}",
         True),
        (r"\left(\frac{dc}{db}\right)^{2} = a^{4}", True),
        (r"\frac{dc}{db}^{2} = a^{4}", True),
        (r"\frac{1}{\frac{dc}{db}} = \frac{1}{a^{2}}", True),
        (r"c = a^{2}(a+b)", True),
        (r"c = a^{2}a + b", False),
    ],
)  # fmt: skip
def test_derivatives_of_a_computation(graph, says, value):
    assert holds(says, graph) is value


def test_a_derivative_at_a_point():
    assert holds(r"\frac{dc}{da} = -5", GRAPHS[0], at={"a": "-1", "b": "4"}) is True
    assert holds(r"\frac{dc}{db} = -5", GRAPHS[0], at={"a": "-1", "b": "4"}) is False


REFUSED = [
    (r"\frac{dc}{dq} = 3", 11, "There is no `q`"),
    (r"\frac{dq}{da} = 3", 7, "There is no `q`"),
    (r"\frac{dc}{da}(a+b) = 3", 0, "derivative at a place"),
    (r"\frac{d^2 c}{da^2} = 3", 0, "not read in this form"),
    (r"\frac{d}{da} c = 3", 0, "not read in this form"),
    (r"\frac{\partial}{\partial a} c = 3", 0, "not read in this form"),
    (r"\left.\frac{dc}{da}\right|_{a=1} = 3", 0, "value at a point"),
    (r"\frac{dc}{da}\Big|_{a=1} = 3", 13, "value at a point"),
    (r"\partial c = 3", 0, "no quotient of differentials"),
    (r"g'(x) = x^{2}", 0, "is not defined"),
]


@pytest.mark.parametrize(("says", "column", "message"), REFUSED)
def test_a_derivative_without_a_reading_is_refused(says, column, message):
    with pytest.raises(FormulaError) as caught:
        claim(says, where=GRAPHS[0])
    assert caught.value.text == says
    assert caught.value.start == column
    assert message in caught.value.problem


def test_without_definitions_no_quotient_passes_for_a_derivative():
    with pytest.raises(UnknownNameError, match="There is no `y`"):
        claim(r"\frac{dy}{dx}\frac{dx}{dt} = \frac{dy}{dt}")
    with pytest.raises(UnknownNameError, match="`g` is not defined"):
        claim(r"g'(x) = x^{2}")


def test_a_given_d_is_asked_about():
    with pytest.raises(FormulaError, match="derivative or a quotient"):
        claim(r"\frac{dc}{da} = 1", where="d = 2; c = d*a")
    assert holds(r"\frac{\mathrm{d}c}{\mathrm{d}a} = 2", "d = 2; c = d*a") is True
    assert holds(r"\frac{d\cdot c}{d\cdot a} = 2", "d = 2; c = d*a") is True


def test_cases_are_compared_where_they_have_a_value():
    says = r"f'(x) = \begin{cases} 1, & x > 0 \\ 0, & x<0 \end{cases}"
    answer = claim(says, where=r"f(x) = \max\{0,x\}")
    assert answer.facts["holds"].value is True
    assert answer.warnings == ("At x = 0 no row of the cases holds, so there is no value.",)
    assert holds(says.replace("0, &", r"\frac12, &"), r"f(x) = \max\{0,x\}") is False


def test_how_a_claim_was_read_is_said():
    answer = claim(r"\ln 2x = \ln 2 + \ln x")
    assert answer.warnings[0] == r"`\ln 2x` is read as `\ln(2x)`."
    asked = activation(r"\max\{0,x\}")
    result = check_claim(asked, Claim(says=r"f(x)\cdot 1 = \sigma(x)"))
    assert result.holds is False
    assert "sigmoid function" in result.because


def test_questions_take_latex():
    plain, latex = activation("ln(e^(3x)+1)"), activation(r"\ln(e^{3x}+1)")
    assert latex.facts["range"].value == plain.facts["range"].value
    assert latex.facts["lipschitz"].value == plain.facts["lipschitz"].value
    at = {"a": "-1", "b": "4"}
    answer = gradient(r"v_1 = a^{2}; v_2 = a+b; c = v_1 v_2", at=at)
    assert answer.facts["derivatives"].value == {"a": -5, "b": 1}
    assert answer.facts["path_count"].value == gradient(GRAPHS[0], at=at).facts["path_count"].value
    with pytest.raises(DomainError, match="division by zero") as caught:
        gradient(r"v = a^{2}; c = \frac{v}{0}", at={"a": "1"})
    error = caught.value
    assert error.text == r"v = a^{2}; c = \frac{v}{0}"
    assert error.text[error.start : error.end] == "{v}{0}"
    assert gradient(r"w = \max\{0,x\}; c = wx", at={"x": "1"}).warnings == (
        "`wx` is read as the product `w*x`.",
    )


def test_an_interval_is_claimed_in_latex():
    asked = activation(r"\frac{1}{x^{2}+1}")
    assert check_claim(asked, Claim(fact="range", equals=r"\left(0, 1\right]")).holds is True
    assert check_claim(asked, Claim(fact="range", equals=r"[0, 1]")).holds is False
    parts = r"\left(-\infty, 0\right) \cup (0, \infty)"
    assert check_claim(activation("1/x"), Claim(fact="range", equals=parts)).holds is True
    assert check_claim(asked, Claim(fact="maximum.value", equals=r"\frac{2}{2}")).holds is True
