"""Hostile text: token soup, damaged formulas and raw unicode are read or refused, fast, never run.

The texts are drawn from seeds, so every run reads the same ones.
"""

import random
import sys
import time
from typing import Any

import pytest

from gradiometer.errors import GradiometerError
from gradiometer.formula import (
    FUNCTIONS,
    OPERATORS,
    Apply,
    Constant,
    Name,
    Number,
    free_names,
    parse,
    parse_assignments,
    parse_interval,
    parse_number,
    parse_relation,
    to_text,
    walk,
)

LIMIT = 0.05
BATCH = 2_000
TOKENS = [
    *"+-*/^()|,.=<>'_ \n\t;[]{}\\@#$%&!?~`\"0123456789xyzeπσΦ²³√−×·≤≥≠∞∂′₀⁻ıſK",
    *("**", "<=", ">=", "==", "!=", "1e", "1e9", "1e-9", ".5", "5.", "9^9", "9^9^9", "1/0", "0/0"),
    *("e^", "e^-x", "e^(", "x'", "x''", "v_1", "1/2x", "|x|", "||", "2x", "x2", "xy", "-(-"),
    *(
        "where(",
        "max(",
        "clip(",
        "passed(",
        "floor(",
        "ln",
        "ln(",
        "and",
        "or",
        "not ",
        "max",
        "()",
    ),
    *("__import__('os')", "().__class__", "lambda x:", "exec(", "import os", "{x!r}", "%s", "${x}"),
    *(r"\frac{1}{2}", r"\left", r"\right", r"\ln", "\x00", "\u202e", "\ufeff", "\ud800", "𝒙", "１"),
]
VALID = [
    "ln(e^(3x)+1)", "max(x,0) + 0.1*min(x,0)", "3/(1+e^(-3*x))", "x*Phi(x)", "|x-1| + |x+1|",
    "where(x > 0 and x < 1, x^2, -x)", "sigmoid(x)*(1 - sigmoid(x))", "sqrt(x^2+1)/(x+2)",
    "0.5*x*(1+tanh(sqrt(2/pi)*(x+0.044715*x^3)))", "clip(x, 0, 6)*sign(x)", "x^-2 + 2^x",
    "floor(x/3) + passed(x, 1, 2, 3)", "atan(x)*erf(x) - erfc(x)", "m'/(1 - beta1^t)",
    "f'(x) = 3/(1+e^(-3x))", "a = b <= c", "v1=a^2; v2=a+b; c=v1*v2", "(-oo, 1/2]", "[0, 1 + h)",
    "1e-3", "22/7", "√(x²+1)", "π·x₁ ≤ Φ(x)",
]  # fmt: skip
LATEX_TOKENS = [
    r"\frac", r"\dfrac", r"\tfrac12", r"\sqrt", r"\sqrt[3]", r"\left", r"\right", r"\left(",
    r"\right)", r"\left|", r"\right|", r"\bigl(", r"\bigr)", r"\Big|", r"\lvert ", r"\rvert",
    r"\{", r"\}", r"\vert", r"\begin{cases}", r"\end{cases}", r"\begin{array}{ll}",
    r"\end{array}", r"\begin{aligned}", "\\\\", "&", r"\text{if }", r"\text{otherwise}",
    r"\text{ and }", r"\text{", r"\mathrm{e}", r"\mathrm{relu}", r"\mathrm",
    r"\operatorname{erf}", r"\operatorname", r"\max\{", r"\min(", r"\ln", r"\ln ", r"\log_2",
    r"\exp ", r"\tanh^2", r"\sin^{-1}", r"\sigma", r"\Phi(", r"\alpha", r"\beta_1", r"\pi",
    r"\infty", r"\partial ", r"\frac{d}{dx}", r"\frac{dc}{da}", "dc/da", r"^{\prime}", "f'(",
    "x_1", "x_{12}", "_", "^", "^{", "_{", "^-", "^23", "{", "}", "{}", "$", "$$", r"\[", r"\]",
    r"\(", r"\)", r"\,", r"\quad ", "~", r"\le", r"\ge", r"\ne", "<", ">", "=", "|", "(", ")",
    "[", "]", ",", "{,}", ".", "0.1", "0,1", "12", "x", "y", "e", "ab", "wx", "loss",
    "learning_rate", "+", "-", "/", " ", r"\cdot", r"\times", r"\div", r"\pm", r"\sum", r"\int",
    r"\lim", r"\input{/etc/passwd}", r"\def", r"\write18{ls}", r"\foo", "\\", "\x00", "\n", "%",
    "#", "\u202e", "×", "²", "√", "∂", "⎧", r"\csname", "9^{9^{9}}", "5^{5^{5}}",
]  # fmt: skip
LATEX_VALID = [
    r"\ln(e^{3x}+1)", r"\frac{3}{1+e^{-3x}}",
    r"\frac{x}{2}\left(1+\operatorname{erf}\left(\frac{x}{\sqrt{2}}\right)\right)",
    r"\begin{cases} x, & x \ge 0 \\ 0.1x, & x<0 \end{cases}", r"\max\{0,x\}+0.1\min(0,x)",
    r"x\Phi(x)-\sigma(x)",
    r"\left\{\begin{array}{ll} x & \mbox{if } x>0\\ 0 & \mbox{otherwise}\end{array}\right.",
    r"|x-1|\cdot\lvert x\rvert", r"f'(x) = \frac{3}{1+e^{-3x}}",
    r"\frac{\partial c}{\partial v_1} = v_2", r"v_1 &= a^{2} \\ v_2 &= a+b \\ c &= v_1 v_2",
    r"\left(-\infty, \tfrac12\right]", r"[0, 1+\frac{1}{h})", r"\tanh^2 x + \ln 3x - \sqrt[3]{x}",
    r"$x_{12}^{2}\alpha\beta_1$",
    r"\begin{equation} x\tanh(\operatorname{softplus}(x)). \end{equation}",
    r"\frac12 \pi\,e^{-x^{2}}", r"\{3\}", r"3 \cdot 10^{-4}",
]  # fmt: skip
READERS = (parse, parse_relation, parse_assignments, parse_interval, parse_number)
KNOWN = {*OPERATORS, "f", "f'"}


def soup(draw):
    return "".join(draw.choices(TOKENS, k=draw.randint(1, 40)))


def damaged(draw, valid=VALID, tokens=TOKENS):
    text = draw.choice(valid)
    for _ in range(draw.randint(1, 4)):
        at, to = sorted((draw.randint(0, len(text)), draw.randint(0, len(text))))
        part = draw.choice(tokens)
        text = draw.choice([
            text[:at] + part + text[at:],
            text[:at] + text[at + 1 :],
            text[:at] + part + text[at + 1 :],
            text[:at] + text[to:],
            text[:to] + text[at:],
            text[:at] + text[at:to] * draw.randint(2, 9) + text[to:],
            text[:at] + draw.choice(valid) + text[to:],
            f"({text}){part}({draw.choice(valid)})",
        ])[:400]  # fmt: skip
    return text


def raw(draw):
    tops = (0x7F, 0x2FF, 0x3000, 0xFFFF, 0x10FFFF)
    top = draw.choice(tops)
    return "".join(chr(draw.randint(0, top)) for _ in range(draw.randint(1, 60)))


def long(draw):
    """A short text many times over: what is deep, wide or quadratic shows here."""
    part = "".join(draw.choices(TOKENS, k=draw.randint(1, 3)))
    return part * draw.choice((50, 300, 2_000, 20_000))


def grammar(draw, depth=0):
    """LaTeX that follows the grammar, with every construction inside every other one."""
    if depth > 4 or draw.random() < 0.2:
        return draw.choice(
            ["x", "2", "0.1", "y", r"\alpha", "x_1", r"\beta_{12}", "e", r"\pi", "ab"]
        )
    a, b, c = (grammar(draw, depth + 1 + draw.randint(0, 2)) for _ in range(3))
    return draw.choice([
        rf"\frac{{{a}}}{{{b}}}", rf"{a}^{{{b}}}", rf"\sqrt{{{a}}}", rf"\left({a}\right)",
        f"{a}+{b}", f"{a}-{b}", rf"{a}\cdot {b}", f"{a} {b}", f"{a}/{b}", rf"|{a}|", f"-{a}",
        rf"\left|{a}\right|", rf"\max\{{{a},{b}\}}", rf"\ln({a})", rf"\ln {a}", f"[{a}]",
        rf"\tanh^{{2}}({a})", rf"\exp\left({a}\right)", rf"e^{{-{a}}}", rf"\log_{{2}} {a}",
        rf"\begin{{cases}} {a} & x>0 \\ {b} & x\le 0 \end{{cases}}", rf"{{{a}}}{{{b}}}",
        rf"\begin{{cases}} {a}, & \text{{if }} {b}<{c} \\ {b} & \text{{otherwise}} \end{{cases}}",
        rf"\sigma({a})", rf"\operatorname{{erf}}({a})", rf"\bigl\{{{a}\bigr\}}", f"{a}^{b}",
        f"{a}({b})", rf"\lfloor {a}\rfloor",
    ])  # fmt: skip


WRAPS = [
    "{}", "{}", "${}$", r"\[{}.\]", "y = {}", r"f(x) &= {} \\", "({}, 1]",
    r"\left[{},\infty\right)",
]  # fmt: skip


def latex(draw):
    """LaTeX as above, often damaged, or a soup of its pieces; sometimes a relation or a list."""
    kind = draw.randint(0, 3)
    if kind == 0:
        return "".join(draw.choices(LATEX_TOKENS, k=draw.randint(1, 30)))
    if kind == 1:
        return damaged(draw, valid=LATEX_VALID, tokens=LATEX_TOKENS)
    text = grammar(draw)[:1_000]
    if kind == 2:
        at = draw.randint(0, len(text))
        text = text[:at] + draw.choice(LATEX_TOKENS) + text[at + draw.randint(0, 3) :]
    wrap = draw.choice(WRAPS)
    return wrap.replace("{}", text)


def long_latex(draw):
    part = "".join(draw.choices(LATEX_TOKENS, k=draw.randint(1, 3)))
    return part * draw.choice((50, 300, 2_000, 20_000))


PLAIN = (long, soup, damaged, damaged, raw)
LATEX = (long_latex, latex, latex, latex, latex)


def texts(seed, count, kinds=PLAIN):
    draw = random.Random(seed)
    rare, *often = kinds
    for index in range(count):
        yield (rare if index % 200 == 0 else often[index % 4])(draw)


def read(reader, text) -> tuple[Any, float]:
    """What is read, or the refusal; with the seconds of work, whatever else the machine does."""
    start = time.thread_time()
    try:
        result = reader(text)
    except GradiometerError as error:
        result = error
    return result, time.thread_time() - start


def is_slow(reader, text):
    """Whether reading takes too long several times in a row; one long time may be chance."""
    return all(read(reader, text)[1] > LIMIT for _ in range(4))


def watch(seed, count, kinds=PLAIN):
    """Read many texts; every formula that is read has only nodes that a formula may have.

    Returns how many were read as a formula, and the longest time of one reader, in seconds.
    """
    formulas, longest = 0, 0.0
    for index, text in enumerate(texts(seed, count, kinds)):
        # Every text is read as a formula, and by one of the other readers in turn.
        for reader in (parse, READERS[1 + index % 4]):
            result, seconds = read(reader, text)
            assert seconds <= LIMIT or not is_slow(reader, text), (reader.__name__, text[:200])
            longest = max(longest, min(seconds, LIMIT))
            if isinstance(result, GradiometerError):
                assert result.problem
                assert result.start is None or 0 <= result.start <= len(result.text), text
            elif reader is parse:
                formulas += 1
                assert all(map(is_plain, walk(result.tree))), text
    return formulas, longest


def is_plain(node):
    if isinstance(node, Apply):
        return node.operator in KNOWN and isinstance(node.arguments, tuple)
    return isinstance(node, Number | Constant | Name)


@pytest.fixture(scope="module")
def audit():
    """What the interpreter compiles, runs, imports, opens or starts while it is watched."""
    seen, watched = [], []
    forbidden = {"compile", "exec", "import", "open", "os.system", "subprocess.Popen"}

    def listen(event, _):
        if watched and event in forbidden:
            seen.append(event)

    for reader in READERS:  # what is imported or compiled once happens before
        for text in (*VALID, *TOKENS, *LATEX_VALID, *LATEX_TOKENS):
            read(reader, text)
    sys.addaudithook(listen)  # there is no way to remove it
    return seen, watched


@pytest.fixture
def executed(audit):
    """What was executed so far in the test; the test fails when there is something left."""
    seen, watched = audit
    watched.append(True)
    yield seen
    watched.clear()
    left = seen.copy()
    seen.clear()
    assert not left


@pytest.mark.parametrize("kinds", [PLAIN, LATEX], ids=["plain", "latex"])
@pytest.mark.parametrize("seed", range(4))
def test_any_text_is_read_or_refused_at_once_and_nothing_runs(seed, kinds, executed):
    watch(seed, BATCH // 2 if kinds is LATEX else BATCH, kinds)


@pytest.mark.slow
@pytest.mark.parametrize("kinds", [PLAIN, LATEX], ids=["plain", "latex"])
@pytest.mark.parametrize("seed", range(1_000, 1_010))
def test_a_million_texts_are_read_or_refused_at_once(seed, kinds):
    formulas, longest = watch(seed, 50_000, kinds)
    assert formulas > 500
    assert longest <= LIMIT


def test_the_watch_sees_what_is_executed(executed):
    compile("1 + 1", "text", "eval")
    assert executed == ["compile"]
    executed.clear()


@pytest.mark.parametrize("kinds", [PLAIN, LATEX], ids=["plain", "latex"])
def test_damaged_formulas_are_often_read(kinds):
    """A generator that only makes refused text would test little."""
    drawn = texts(5, BATCH, kinds)
    read_texts = [text for text in drawn if hasattr(read(parse, text)[0], "tree")]
    assert len(read_texts) > BATCH // 20
    assert any(free_names(parse(text).tree) for text in read_texts)
    spelled = [to_text(parse(text).tree) for text in read_texts]
    assert any(name in text for text in spelled for name in FUNCTIONS)
