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
READERS = (parse, parse_relation, parse_assignments, parse_interval, parse_number)
KNOWN = {*OPERATORS, "f", "f'"}


def soup(draw):
    return "".join(draw.choices(TOKENS, k=draw.randint(1, 40)))


def damaged(draw):
    text = draw.choice(VALID)
    for _ in range(draw.randint(1, 4)):
        at, to = sorted((draw.randint(0, len(text)), draw.randint(0, len(text))))
        part = draw.choice(TOKENS)
        text = draw.choice([
            text[:at] + part + text[at:],
            text[:at] + text[at + 1 :],
            text[:at] + part + text[at + 1 :],
            text[:at] + text[to:],
            text[:to] + text[at:],
            text[:at] + text[at:to] * draw.randint(2, 9) + text[to:],
            text[:at] + draw.choice(VALID) + text[to:],
            f"({text}){part}({draw.choice(VALID)})",
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


def texts(seed, count):
    draw = random.Random(seed)
    kinds = (soup, damaged, damaged, raw)
    for index in range(count):
        yield (long if index % 200 == 0 else kinds[index % 4])(draw)


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


def watch(seed, count):
    """Read many texts; every formula that is read has only nodes that a formula may have."""
    for index, text in enumerate(texts(seed, count)):
        # Every text is read as a formula, and by one of the other readers in turn.
        for reader in (parse, READERS[1 + index % 4]):
            result, seconds = read(reader, text)
            assert seconds <= LIMIT or not is_slow(reader, text), (reader.__name__, text[:200])
            if reader is parse and not isinstance(result, GradiometerError):
                assert all(map(is_plain, walk(result.tree))), text
            elif isinstance(result, GradiometerError):
                assert result.problem


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
        for text in (*VALID, *TOKENS):
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


@pytest.mark.parametrize("seed", range(10))
def test_any_text_is_read_or_refused_at_once_and_nothing_runs(seed, executed):
    watch(seed, BATCH)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1_000, 1_020))
def test_a_million_texts_are_read_or_refused_at_once(seed):
    watch(seed, 50_000)


def test_the_watch_sees_what_is_executed(executed):
    compile("1 + 1", "text", "eval")
    assert executed == ["compile"]
    executed.clear()


def test_damaged_formulas_are_often_read():
    """A generator that only makes refused text would test little."""
    read_texts = [text for text in texts(5, BATCH) if hasattr(read(parse, text)[0], "tree")]
    assert len(read_texts) > BATCH // 20
    assert any(free_names(parse(text).tree) for text in read_texts)
    spelled = [to_text(parse(text).tree) for text in read_texts]
    assert any(name in text for text in spelled for name in FUNCTIONS)
