r"""LaTeX without one usual reading is refused with its place, and hostile LaTeX at once."""

import time

import pytest

from gradiometer.errors import FormulaError
from gradiometer.formula import (
    parse,
    parse_assignments,
    parse_interval,
    parse_number,
    parse_relation,
)

REFUSED = [
    (r"\sin^{-1} x", 0, r"\frac{1}{\sin(x)}"),
    (r"\tanh^{-1}(x)", 0, "inverse function"),
    (r"f^{-1}(x)", 1, "inverse function"),
    (r"f^{(2)}(x)", 1, "f''(x)"),
    (r"x^23\,", 1, "`^{23…}`"),
    (r"x^2.5\,", 1, "`^{2.…}`"),
    (r"x_12\,", 1, "`_{12…}`"),
    (r"x^2^3\,", 3, "curly brackets"),
    (r"x_1_2\,", 3, "not clear"),
    (r"\ln x(1-x)", 5, r"\ln(x)"),
    (r"\ln x |y|", 6, "not clear"),
    (r"\max x", 0, "brackets"),
    (r"\sigma x", 0, "brackets"),
    (r"\sigma^2\cdot x", 0, "brackets"),
    (r"\sigma\frac{x}{2}", 0, "brackets"),
    (r"e^\sigma(x)", 2, "brackets"),
    (r"f\mathrm{d}x", 1, "differentials"),
    (r"\prime", 0, "missing before"),
    (r"|x|x|\,", 4, "lvert"),
    (r"|x|y|z|\,", 4, "two ways"),
    (r"0{,}1", 1, "0.1"),
    (r"0,1\,", 1, "0.1"),
    (r"\begin{cases} 0,1x & x<0 \\ 1 & x\ge0 \end{cases}", 15, "0.1"),
    (r"\begin{cases} x \\ 1 & x\ge0 \end{cases}", 14, "no condition"),
    (r"\begin{cases} x & 3 \\ 1 & x\ge0 \end{cases}", 18, "condition"),
    (r"\begin{cases} x>1 & x>0 \\ 1 & x\le0 \end{cases}", 14, "number"),
    (r"\begin{cases} 1 & \text{otherwise} \\ x & x>0 \end{cases}", 38, "last row"),
    (r"\begin{cases} 1 & x>0", 0, "not closed"),
    (r"\begin{cases} \end{cases}", 0, "no cases"),
    (r"\begin{cases} , \\ x & x>0", 0, "not closed"),
    (r"\begin{cases} x, \\ 1 & x>0 \end{cases}", 14, "no condition"),
    (r"\begin{matrix} 1 \end{matrix}", 0, "cases"),
    (r"1e-3\cdot x", 0, "power of ten"),
    (r"\frac{dc}{da}", 0, "derivative"),
    (r"\frac{\partial c}{\partial v_1}", 0, "derivative"),
    (r"\frac{d}{dx} f(x)", 0, "f'(x)"),
    (r"\frac{d^2 f}{dx^2}", 0, "f''(x)"),
    (r"\frac{df(x)}{dx}", 0, "f'(x)"),
    (r"dc/da\,", 0, "derivative"),
    (r"\left.\frac{dL}{dw}\right|_{w=1}", 0, "f'(1)"),
    (r"x|_{x=1}", 1, "f'(1)"),
    (r"\pm x", 0, "with `-`"),
    (r"\sum_{i=1}^n x_i", 0, "terms"),
    (r"\prod x", 0, "terms"),
    (r"\int_0^1 x", 0, "terms"),
    (r"\lim_{x\to 0} x", 0, "terms"),
    (r"x \in \mathbb{R}", 2, "assumption"),
    (r"a \approx b", 2, "`=`"),
    (r"\|x\|", 0, "absolute value"),
    (r"\binom{n}{k}", 0, "quotient"),
    (r"\lceil x\rceil", 0, "floor"),
    (r"{a \over b}", 3, r"\frac"),
    (r"x ** 2\,", 2, "x^{2}"),
    (r"\infty", 0, "finite number"),
    (r"\tanhh(x)", 0, r"`\tanh`"),
    (r"\opratorname{erf}(x)", 0, r"`\operatorname`"),
    (r"xmax(0,1)\,", 0, r"x \max"),
    (r"lnx\,", 0, r"\ln(x)"),
    (r"\sigmod(x)", 0, r"`\sigmoid`"),
    (r"\tanh'(x)", 5, "define"),
    (r"\frac{1}", 0, "curly"),
    (r"\frac{}{2}", 5, "empty"),
    (r"x^", 2, "missing"),
    (r"{x", 0, "not closed"),
    (r"\left(x", 0, "not closed"),
    (r"\left(x\right]", 7, r"\right)"),
    (r"\bigl\{x\bigr", 8, "bracket is missing"),
    (r"\left ", 0, "bracket is missing"),
    (r"(x\}", 2, "write `)`"),
    (r"x}", 1, "never opened"),
    (r"x\right)", 1, "never opened"),
    (r"\[x", 0, "not closed"),
    (r"$x", 0, "not closed"),
    (r"$x$ $y$", 4, "one formula"),
    (r"x \\ y", 2, "another line"),
    (r"x \text{ if } x>0", 2, "assumption"),
    (r"x \text{ for x > 0}", 2, "mathematics"),
    (r"x \text{ plus } y", 2, "Words"),
    (r"\mathrm{a-b}", 0, "no name"),
    (r"x_{a+b}", 1, "no part of a name"),
    (r"x\#y", 1, "no meaning"),
    ("\\ln(x)\x00", 6, "no meaning"),
    (r"\input{/etc/passwd}", 0, "not carried out"),
    (r"\def\x{1}", 0, "not carried out"),
    (r"\newcommand{\f}{x}", 0, "not carried out"),
    (r"\write18{ls}", 0, "not carried out"),
]


@pytest.mark.parametrize(("latex", "column", "message"), REFUSED)
def test_what_has_no_one_reading_is_refused_with_its_place(latex, column, message):
    with pytest.raises(FormulaError) as caught:
        parse(latex)
    error = caught.value
    assert error.text == latex
    assert error.start == column
    assert message in f"{error.problem} {error.hint}"


@pytest.mark.parametrize("text", [r"\left(0, \infty\right]", r"[0,1\}", r"\{3", r"[0; 1\rbrack"])
def test_what_is_no_interval_is_refused(text):
    with pytest.raises(FormulaError) as caught:
        parse_interval(text)
    assert caught.value.text == text


HOSTILE = {
    "braces": "{" * 100_000,
    "braces within limits": "{" * 4_000,
    "fractions": r"\frac" * 100_000,
    "fractions within limits": r"\frac" * 799,
    "roots without braces": r"\sqrt" * 799,
    "open fractions": r"\frac{" * 600,
    "roots": r"\sqrt{" * 600,
    "closed roots": r"\sqrt{" * 500 + "x" + "}" * 500,
    "tower": "5^{5^{5^{5^{5}}}}",
    "nines": "9^{9^{9}}",
    "power of a power": "(9^{9})^{9999}",
    "nested cases": r"\begin{cases}" * 1_000,
    "closed cases": r"\begin{cases}1&x>0\\" * 100 + r"2" + r"\end{cases}" * 100,
    "huge condition": r"\begin{cases} 1 & x<9^{9^{9}} \\ 2 & x>1 \end{cases}",
    "brackets": r"\left(" * 600,
    "scripts": "x^" * 1_500,
    "subscripts": "x_{" * 900,
    "functions": r"\ln" * 1_000,
    "functions of functions": r"\ln " * 900 + "x",
    "negative scripts": "x^-" * 1_000 + "{",
    "bars": "|" * 3_000 + "{",
    "digits": "1" * 3_000 + r"\,",
    "letters": "abcdefgh" * 400 + r"\,",
    "dollars": "$" * 3_999,
    "texts": r"\text{" * 500,
    "derivatives": r"\frac{d" * 500,
    "primes": "x" + "'" * 3_000 + r"\,",
    "rows": r"\begin{cases}" + r"x & x<1 \\" * 350 + r"\end{cases}",
    "backslashes": "\\" * 3_999,
    "signs": "-" * 3_000 + r"x\,",
    "line ends": "\n" * 3_900 + "{",
    "alignment": "&" * 3_900 + "{",
    "long list": "a = b^{2}\n" * 20_000 + "{",
    "letters of d": "d" * 3_900 + "\\,",
    "unclosed derivatives": r"\frac{d(" * 400,
    "unclosed texts": r"\text " * 600 + "{" + "a" * 300,
    "spaces": r"\," * 1_900 + "{",
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_latex_is_refused_at_once(text):
    for reader in (parse, parse_relation, parse_assignments, parse_interval, parse_number):
        with pytest.raises(FormulaError) as caught:
            reader(text)
        assert caught.value.start is not None
        # The machine may have been busy; what is slow is slow each time.
        assert min(seconds(reader, text) for _ in range(3)) < 0.05


def seconds(reader, text):
    start = time.thread_time()
    with pytest.raises(FormulaError):
        reader(text)
    return time.thread_time() - start
