r"""LaTeX is read as the plain formula it stands for; what is doubtful is noted or refused."""

import pytest

from gradiometer.errors import FormulaError, UnknownNameError
from gradiometer.formula import (
    Name,
    parse,
    parse_assignments,
    parse_interval,
    parse_number,
    parse_relation,
    to_text,
    walk,
)

READ = [
    (r"\ln x", "ln(x)"),
    (r"\ln(e^{3x}+1)", "ln(e^(3x)+1)"),
    (r"\ln\left(1+e^{-x}\right)", "ln(1+e^(-x))"),
    (r"\ln \frac{a}{b}", "ln(a/b)"),
    (r"\ln|x|", "ln(|x|)"),
    (r"\ln \ln x", "ln(ln(x))"),
    (r"\log_{2} x", "ln(x)/ln(2)"),
    (r"\log_2(x+1)", "ln(x+1)/ln(2)"),
    (r"3\log_{10}x", "3*(ln(x)/ln(10))"),
    (r"\frac{a}{b}", "a/b"),
    (r"\dfrac{a+1}{b}", "(a+1)/b"),
    (r"\tfrac12", "1/2"),
    (r"\frac ab", "a/b"),
    (r"\frac1{2}x", "(1/2)*x"),
    (r"\frac{1}{2}^{2}", "(1/2)^2"),
    (r"a/\frac{b}{c}", "a/(b/c)"),
    (r"\frac{1}{\frac{1}{x}+1}", "1/(1/x+1)"),
    (r"\left(x+1\right)^2", "(x+1)^2"),
    (r"\bigl(x+1\bigr)\Big(x-1\Big)", "(x+1)*(x-1)"),
    (r"[x+1]\{x-1\}\left[x\right]", "(x+1)*(x-1)*x"),
    (r"\left\{x+1\right\}\lbrace x\rbrace", "(x+1)*x"),
    (r"\left|x\right|", "|x|"),
    (r"|x|\,|y|", "|x|*|y|"),
    (r"\lvert x\rvert^2", "|x|^2"),
    (r"\vert x\vert", "|x|"),
    (r"\bigl|x-|y|\bigr|", "|x-|y||"),
    (r"\lfloor x\rfloor + \left\lfloor y\right\rfloor", "floor(x)+floor(y)"),
    (r"\max\{0,x\}", "max(0,x)"),
    (r"\max(0,x)+0.1\min\left(0,x\right)", "max(0,x)+0.1*min(0,x)"),
    (r"\min\{\max\{0,x\},6\}", "min(max(0,x),6)"),
    (r"\max[0, x]", "max(0,x)"),
    (r"\operatorname{erf}(x)", "erf(x)"),
    (r"\operatorname{erf}\left(\frac{x}{\sqrt{2}}\right)", "erf(x/sqrt(2))"),
    (r"\operatorname{ReLU}(x) + \mathrm{relu}(y)", "relu(x)+relu(y)"),
    (r"\mathrm{Sigmoid}(x)\operatorname{clip}(x,0,6)", "sigmoid(x)*clip(x,0,6)"),
    (r"\operatorname*{sign}x", "sign(x)"),
    (r"x\Phi(x)", "x*Phi(x)"),
    (r"\sqrt{x}", "sqrt(x)"),
    (r"\sqrt{\sqrt{x}+1}", "sqrt(sqrt(x)+1)"),
    (r"\sqrt2x", "sqrt(2)*x"),
    (r"\sqrt[2]{x}", "sqrt(x)"),
    (r"\exp(x)", "exp(x)"),
    (r"\exp x", "exp(x)"),
    (r"\exp\{-x\}", "exp(-x)"),
    (r"e^{x}", "e^x"),
    (r"\mathrm{e}^x", "e^x"),
    (r"e^{-x^{2}}", "e^(-x^2)"),
    (r"e^\frac{x}{2}", "e^(x/2)"),
    (r"x^{2}y^3z", "x^2*y^3*z"),
    (r"x^{2^3}", "x^(2^3)"),
    (r"2\pi x", "2*pi*x"),
    (r"a\cdot b\times c\div d", "a*b*c/d"),
    (r"\tanh x", "tanh(x)"),
    (r"\tanh x + 1", "tanh(x)+1"),
    (r"\tanh^2 x", "tanh(x)^2"),
    (r"\sin^{2}(x)", "sin(x)^2"),
    (r"1-\tanh^{2}\left(x\right)y", "1-tanh(x)^2*y"),
    (r"\sin x \cos y", "sin(x)*cos(y)"),
    (r"\arctan x", "atan(x)"),
    (r"x_1 + x_{12}", "x_1 + x_12"),
    (r"x_{\mathrm{max}} + x_{i}", "x_max + x_i"),
    (r"\alpha\beta_1", "alpha*beta_1"),
    (r"\lambda_{\text{max}}\,\theta_t", "lambda_max*theta_t"),
    (r"\mathrm{learning\_rate}\cdot g", "learning_rate*g"),
    (r"x\,y\;z\:a\!b\quad c\qquad d~f\ g", "x*y*z*a*b*c*d*f*g"),
    (r"\displaystyle \frac{x}{2}", "x/2"),
    (r"& x^{2} \\", "x^2"),
    (r"x^{2}.", "x^2"),
    (r"x^{2},", "x^2"),
    (r"$x^2$", "x^2"),
    (r"$$x^2$$", "x^2"),
    (r"\(x^2\)", "x^2"),
    (r"\[x^2.\]", "x^2"),
    (r"\begin{equation} x^2. \end{equation}", "x^2"),
    (r"\begin{aligned} &x^2 \end{aligned}", "x^2"),
    (r"-x^{2}", "-x^2"),
    (r"2\cdot(-x)^{2}", "2*(-x)^2"),
    (r"\alpha(e^{x}-1)", "alpha*(e^x-1)"),
    (r"3 \cdot 10^{-4}", "3*10^(-4)"),
    (r"{x}{y}", "x*y"),
    (r"e^x(1-x)", "e^x*(1-x)"),
    (r"2^{-x}(y)", "2^(-x)*y"),
    (r"\frac{d}{2}+\frac{1}{d x}", "d/2+1/(d*x)"),
    ("\\frac{x}\n{2}", "x/2"),
    (r"x²\cdot√{y}", "x^2*sqrt(y)"),
]


@pytest.mark.parametrize(("latex", "plain"), READ)
def test_latex_is_the_plain_formula(latex, plain):
    assert same_form(parse(latex)) == same_form(parse(plain))


def same_form(formula):
    """The tree as text in which the opposite of a product is the product of an opposite."""
    return to_text(formula.tree).replace("-(x^2)", "-x^2")


CASES = [
    (r"\begin{cases} x, & x \ge 0 \\ 0.1x, & x<0 \end{cases}", "where(x>=0, x, 0.1x)"),
    (r"\begin{cases} x & x \ge 0 \\ 0.1x & x<0 \\ \end{cases}", "where(x>=0, x, 0.1x)"),
    (r"\begin{dcases} x & \text{if } x>0 \\[2pt] 0 & \text{otherwise} \end{dcases}",
     "where(x>0, x, 0)"),
    (r"\begin{cases} x \text{ if } x>0, \\ 0 \text{ otherwise}. \end{cases}", "where(x>0, x, 0)"),
    (r"\begin{cases} x,\, x>0 \\ 0,\, x\le 0 \end{cases}", "where(x>0, x, 0)"),
    (r"\begin{cases} x &\quad\text{for}\quad 0 < x \\ 0 & \text{for } x \leq 0 \end{cases}",
     "where(0<x, x, 0)"),
    (r"\left\{\begin{array}{ll} x & \mbox{if } x>0\\ 0 & \mbox{else}\end{array}\right.",
     "where(x>0, x, 0)"),
    (r"\begin{array}{@{}l|l} x & x>0 \\ 0 & x\leqslant 0 \end{array}", "where(x>0, x, 0)"),
    (r"\begin{cases} -1 & x<-1\\ x & -1\le x\le 1\\ 1 & x>1\end{cases}",
     "where(x<-1, -1, where(-1<=x and x<=1, x, 1))"),
    (r"\begin{cases} 1 & \text{if } x>0 \text{ and } x<1 \\ 0 & \text{otherwise} \end{cases}+1",
     "where(x>0 and x<1, 1, 0)+1"),
    (r"2\begin{cases} 1 & |x| < a \\ 0 & |x| \ge a \end{cases}", "2*where(|x|<a, 1, 0)"),
    (r"\begin{cases} \begin{cases} 1 & x<1 \\ 2 & x\ge1 \end{cases} & x>0 \\ 0 & x\le0 \end{cases}",
     "where(x>0, where(x<1,1,2), 0)"),
    (r"\begin{cases} \max(0,x) & \text{if } x<6 \\ 6 & \text{otherwise} \end{cases}",
     "where(x<6, max(0,x), 6)"),
]  # fmt: skip


@pytest.mark.parametrize(("latex", "plain"), CASES)
def test_cases_are_branches(latex, plain):
    read = parse(latex)
    assert read.tree == parse(plain).tree
    assert read.notes == ()


NOTED = [
    (r"\log x", "ln(x)", "natural logarithm"),
    (r"\sigma(x)", "sigmoid(x)", "sigmoid function"),
    (r"\ln 3x", "ln(3*x)", r"`\ln 3x` is read as `\ln(3x)`"),
    (r"\ln x y", "ln(x*y)", r"`\ln x y` is read as `\ln(x y)`"),
    (r"\sin x^2", "sin(x^2)", r"`\sin x^2` is read as `\sin(x^2)`"),
    (r"\tanh(x)^2", "tanh(x)^2", r"is read as `(\tanh(x))^2`"),
    (r"\ln{x}y", "ln(x)*y", r"`\ln{x}` ends with its curly bracket"),
    (r"\exp -x", "exp(-x)", r"is read as `\exp(-x)`"),
    (r"\sin x/2", "sin(x)/2", "ends before `/`"),
    (r"2\ln x\cdot y", "2*ln(x)*y", r"ends before `\cdot`"),
    (r"1/2x\,", "1/2*x", "`1/2x` is read as `(1/2)*x`"),
    (r"e^-x\,", "e^(-x)", "`^-x` is read as `^{-x}`"),
    (r"e^3x\,", "e^3*x", "`e^3x` is read as `(e^3)*x`"),
    (r"e^ax\,", "e^a*x", "`^ax` is read as `^a x`, a product"),
    (r"e^(3x)\,", "e^(3*x)", "`^(3x)` is read as `^{3x}`"),
    (r"w_ix_i\,", "w_i*x_i", "`_ix` is read as `_{i} x`"),
    (r"wx+\,b", "w*x + b", "`wx` is read as the product `w*x`"),
    (r"\max(0,5x)", "max(0, 5*x)", "separating two arguments"),
    (r"\sqrt[3]{x}", "x^(1/3)", "read as a power"),
    (r"f(x)\cdot 2", "f*x*2", "read as the product"),
    (r"\varphi(x)", "phi*x", "read as the product"),
    (r"x^{2}, \quad \text{the square}", "x^2", "`the square` are not read"),
    (r"\begin{cases} 1 & x\le0\\ x & x\ge 0 \end{cases}", "where(x <= 0, 1, x)", "the first one"),
    (r"\begin{cases} 1 & x<0\\ x & x> 0 \end{cases}",
     "where(x < 0, 1, where(x > 0, x, 1/0))", "At x = 0 no row"),
    (r"\begin{cases} 1 & x<a\\ x & x> a \end{cases}",
     "where(x < a, 1, where(x > a, x, 1/0))", "no row of the cases holds"),
]  # fmt: skip


@pytest.mark.parametrize(("latex", "plain", "note"), NOTED)
def test_what_is_doubtful_is_noted_as_read(latex, plain, note):
    read = parse(latex)
    assert to_text(read.tree) == plain
    assert note in " ".join(read.notes)


def test_spans_are_places_in_the_text_as_written():
    text = r"\frac{a}{b} + \tanh^{2} x_{1}"
    for node in walk(parse(text).tree):
        if isinstance(node, Name):
            start, end = node.span
            assert text[start:end].strip("{}") in {"a", "b", "x_{1", "x_{1}"}


def test_letters_in_a_row_are_a_name_that_the_scope_knows():
    assert parse(r"wx\,", names={"w", "x"}).tree == parse("w*x").tree
    assert parse(r"wx\,", names={"wx"}).tree == Name("wx")
    assert parse(r"learning_rate \cdot g", names={"learning_rate", "g"}).notes == ()
    with pytest.raises(UnknownNameError, match="Unknown name `w`"):
        parse(r"wx\,", names={"x"})


def test_functions_of_the_caller_are_called():
    known = {"functions": {"f", "f'", "f''", "loss"}}
    assert parse(r"f'(x)\,", **known).tree == parse("f'(x)", **known).tree
    assert parse(r"f^{\prime}\left(x\right)", **known).tree == parse("f'(x)", **known).tree
    assert parse(r"f^{\prime\prime}(x)", **known).tree == parse("f''(x)", **known).tree
    assert parse(r"\ln f(x)", **known).tree == parse("ln(f(x))", **known).tree
    assert parse(r"\operatorname{loss}(x)", **known).tree == parse("loss(x)", **known).tree
    for unclear in (r"f^{2}(x)", r"e^f(x)", r"e^{f}(x)", r"f\frac{x}{2}", r"\ln f\frac{x}{2}"):
        with pytest.raises(FormulaError, match="needs brackets"):
            parse(rf"${unclear}$", **known)


def test_a_given_sigma_is_a_name():
    assert (
        parse(r"\sigma^{2}(x+1)", names={"sigma", "x"}).tree
        == parse("sigma^2*(x+1)", names={"sigma", "x"}).tree
    )


def test_every_reader_takes_latex():
    assert parse_number(r"\frac{1}{10}") == parse_number("$10^{-1}$") == parse_number("0.1")
    assert parse_interval(r"\left[0, \infty\right)") == parse_interval("[0, oo)")
    assert parse_interval(r"(-\infty, \tfrac12]") == parse_interval("(-oo, 1/2]")
    assert parse_interval(r"$\{3\}$") == parse_interval("{3}")
    relation = parse_relation(r"0 < \frac{1}{2} \le x^{2} = y \ne z")
    assert relation.relations == ("<", "<=", "==", "!=")
    assert [side.text for side in relation.sides] == ["0", r"\frac{1}{2}", "x^{2}", "y", "z"]


def test_a_list_in_latex_has_the_places_of_its_statements():
    text = "v_1 &= a^{2} \\\\ v_2 = a+b;\n"
    text += "loss &= \\begin{cases} v_1 & a>0 \\\\\n v_2 & a\\le0 \\end{cases}"
    items = parse_assignments(text)
    assert [item.name for item in items] == ["v_1", "v_2", "loss"]
    assert [text[slice(*item.span)] for item in items][:2] == ["v_1 &= a^{2}", "v_2 = a+b"]
    assert items[2].formula.tree == parse("where(a>0, v_1, v_2)").tree
