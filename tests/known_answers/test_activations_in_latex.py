r"""Activations as a textbook prints them: each is the plain formula beside it, form or values.

Where the forms differ the values are compared at points on both sides of every kink.
"""

import math

import pytest
from flint import fmpq

from gradiometer.formula import evaluate_float, parse, to_piecewise
from gradiometer.model import read_activation

TEXTBOOK = {
    "relu": [
        (r"\max(0, x)", "max(x,0)"),
        (r"\max\{0,x\}", "relu(x)"),
        (r"\begin{cases} x, & x \ge 0 \\ 0, & x < 0 \end{cases}", "max(x,0)"),
        (r"\begin{cases} x & \text{if } x > 0 \\ 0 & \text{otherwise} \end{cases}", "max(x,0)"),
        (r"\frac{x + |x|}{2}", "max(x,0)"),
        (r"\left\{\begin{array}{ll} x & x>0 \\ 0 & x\le 0 \end{array}\right.", "max(x,0)"),
    ],
    "leaky_relu": [
        (r"\max(0,x) + 0.01\min(0,x)", "max(x,0)+0.01*min(x,0)"),
        (r"\begin{cases} x, & x \geq 0 \\ 0.01x, & x<0 \end{cases}", "max(x,0)+0.01*min(x,0)"),
        (r"\max\left\{\tfrac{x}{100}, x\right\}", "max(x,0)+x/100-max(x,0)/100"),
    ],
    "relu6": [(r"\min\{\max\{0, x\}, 6\}", "min(max(x,0),6)")],
    "hardtanh": [
        (r"\max(-1, \min(1, x))", "clip(x,-1,1)"),
        (r"\begin{cases} -1 & x<-1 \\ x & -1\le x\le 1 \\ 1 & x>1 \end{cases}", "clip(x,-1,1)"),
    ],
    "hardsigmoid": [(r"\min\left(1,\max\left(0,\frac{x}{6}+\frac12\right)\right)",
                     "clip(x/6+1/2,0,1)")],
    "hardswish": [(r"x\cdot\frac{\min(\max(x+3,0),6)}{6}", "x*clip(x/6+1/2,0,1)")],
    "sparse_plus": [
        (r"\begin{cases} 0 & x\le-1 \\ \frac14(x+1)^2 & -1<x<1 \\ x & x\ge1 \end{cases}",
         "where(x<=-1,0,where(x<1,(x+1)^2/4,x))"),
    ],
    "softshrink": [
        (r"\begin{cases} x-\lambda & x>\lambda \\ x+\lambda & x<-\lambda \\ 0 & \text{otherwise}"
         r"\end{cases}", "where(x>lambda, x-lambda, where(x<-lambda, x+lambda, 0))"),
        (r"\operatorname{sign}(x)\max\left(|x|-\tfrac{1}{2},0\right)", "sign(x)*max(|x|-0.5,0)"),
    ],
    "hardshrink": [(r"\begin{cases}x & \text{if } |x|>\lambda \\ 0 & \text{otherwise}\end{cases}",
                    "where(|x|>lambda, x, 0)")],
    "elu": [
        (r"\begin{cases} x & x > 0 \\ \alpha(e^{x}-1) & x \leq 0 \end{cases}",
         "where(x>0, x, alpha*(e^x-1))"),
        (r"\max(0,x)+\min\left(0,\alpha\left(\exp(x)-1\right)\right)",
         "max(0,x)+min(0,alpha*(exp(x)-1))"),
    ],
    "celu": [(r"\max(0,x) + \min\Bigl(0,\; \alpha\bigl(e^{x/\alpha} - 1\bigr)\Bigr)",
              "max(0,x)+min(0,alpha*(e^(x/alpha)-1))")],
    "selu": [(r"\lambda\begin{cases} x & x>0 \\ \alpha e^{x}-\alpha & x\le 0 \end{cases}",
              "lambda*where(x>0,x,alpha*e^x-alpha)")],
    "sigmoid": [
        (r"\sigma(x)", "sigmoid(x)"),
        (r"\frac{1}{1+e^{-x}}", "1/(1+e^(-x))"),
        (r"\dfrac{1}{1+\exp(-x)}", "1/(1+exp(-x))"),
        (r"\frac{e^x}{e^x+1}", "e^x/(e^x+1)"),
        (r"\left(1+\mathrm{e}^{-x}\right)^{-1}", "(1+e^(-x))^(-1)"),
        (r"\tfrac{1}{2}\left[1+\tanh\left(\tfrac{x}{2}\right)\right]", "sigmoid(x)"),
    ],
    "tanh": [
        (r"\tanh x", "tanh(x)"),
        (r"\frac{e^{x}-e^{-x}}{e^{x}+e^{-x}}", "tanh(x)"),
        (r"2\sigma(2x)-1", "2*sigmoid(2*x)-1"),
        (r"\frac{\sinh x}{\cosh x}", "sinh(x)/cosh(x)"),
        (r"1 - \frac{2}{e^{2x} + 1}", "tanh(x)"),
    ],
    "softsign": [(r"\frac{x}{1+|x|}", "x/(1+|x|)"), (r"\frac{x}{1+\left|x\right|}", "x/(1+|x|)")],
    "softplus": [
        (r"\ln\left(1+e^{x}\right)", "ln(1+e^x)"),
        (r"\ln(e^{3x}+1)", "ln(e^(3*x)+1)"),
        (r"\frac{1}{\beta}\ln(1+e^{\beta x})", "1/beta*ln(1+e^(beta*x))"),
    ],
    "logsigmoid": [
        (r"\ln\frac{1}{1+e^{-x}}", "ln(1/(1+e^(-x)))"),
        (r"-\ln(1+e^{-x})", "-ln(1+e^(-x))"),
        (r"\ln\sigma(x)", "ln(sigmoid(x))"),
    ],
    "silu": [
        (r"x\sigma(x)", "x*sigmoid(x)"),
        (r"\frac{x}{1+e^{-x}}", "x/(1+e^(-x))"),
        (r"x\cdot\sigma(\beta x)", "x*sigmoid(beta*x)"),
    ],
    "mish": [
        (r"x\tanh\left(\ln(1+e^x)\right)", "x*tanh(ln(1+e^x))"),
        (r"x \cdot \tanh(\operatorname{softplus}(x))", "x*tanh(softplus(x))"),
    ],
    "gelu": [
        (r"x\Phi(x)", "x*Phi(x)"),
        (r"\frac{x}{2}\left(1+\operatorname{erf}\left(\frac{x}{\sqrt{2}}\right)\right)",
         "x/2*(1+erf(x/sqrt(2)))"),
        (r"\frac{1}{2}x\left[1+\operatorname{erf}\left(x/\sqrt2\right)\right]",
         "1/2*x*(1+erf(x/sqrt(2)))"),
    ],
    "gelu_tanh": [
        (r"0.5x\left(1+\tanh\left[\sqrt{\frac{2}{\pi}}\left(x+0.044715x^{3}\right)\right]\right)",
         "0.5*x*(1+tanh(sqrt(2/pi)*(x+0.044715*x^3)))"),
        (r"0.5x\left(1+\tanh\left(\sqrt{2/\pi}\,(x+0.044715x^3)\right)\right)",
         "0.5*x*(1+tanh(sqrt(2/pi)*(x+0.044715*x^3)))"),
    ],
    "squareplus": [(r"\frac{x+\sqrt{x^{2}+b}}{2}", "(x+sqrt(x^2+b))/2")],
    "tanhshrink": [(r"x-\tanh(x)", "x-tanh(x)")],
    "exponential": [(r"e^{x}", "e^x"), (r"\exp x", "exp(x)")],
    "identity": [(r"f(x)=x"[5:] + r"\,", "x")],
    "others": [
        (r"\arctan(x)", "atan(x)"),
        (r"e^{-x^{2}}", "e^(-x^2)"),
        (r"\exp\left(-\frac{x^2}{2\sigma^2}\right)", None),
        (r"x + \sin^{2} x", "x+sin(x)^2"),
        (r"\ln\cosh x", "ln(cosh(x))"),
        (r"\max\{0,x\}^2", "max(0,x)^2"),
        (r"\frac{1-e^{-x}}{1+e^{-x}}", "(1-e^(-x))/(1+e^(-x))"),
        (r"x\,e^{-\frac{x^2}{2}}", "x*e^(-(x^2/2))"),
        (r"\frac{x}{\sqrt{1+x^2}}", "x/sqrt(1+x^2)"),
        (r"\lfloor x\rfloor", "floor(x)"),
        (r"\begin{cases} 1 & x\ge 0 \\ -1 & x<0 \end{cases}", "where(x>=0,1,-1)"),
        (r"\log_2\left(1+2^{x}\right)", "ln(1+2^x)/ln(2)"),
    ],
}  # fmt: skip
ROWS = [(name, *row) for name, rows in TEXTBOOK.items() for row in rows if row[1]]
POINTS = (-7.25, -2.5, -1.0, -0.375, 0.0, 0.4375, 1.0, 3.0, 6.5)
PARAMETERS = {"lambda": 0.5, "alpha": 1.75, "beta": 1.5, "b": 4.0}


@pytest.mark.parametrize(("name", "latex", "plain"), ROWS, ids=[f"{r[0]}: {r[1]}" for r in ROWS])
def test_a_textbook_formula_is_the_plain_one(name, latex, plain):
    read, wanted = parse(latex).tree, parse(plain).tree
    for x in POINTS:
        values = {**PARAMETERS, "x": x}
        assert evaluate_float(read, values) == pytest.approx(
            evaluate_float(wanted, values), rel=1e-9, abs=1e-12
        )


def test_there_are_enough_of_them():
    assert len(ROWS) >= 60
    assert sum(parse(latex).tree == parse(plain).tree for _, latex, plain in ROWS) >= 40


SETTINGS = {"lambda": "1/2", "alpha": "1", "beta": "1", "b": "4"}
KNOWN = ["relu", "relu6", "hardtanh", "sigmoid", "tanh", "silu", "gelu", "gelu_tanh", "softsign",
         "mish", "squareplus", "tanhshrink", "logsigmoid", "hardswish", "sparse_plus"]  # fmt: skip


@pytest.mark.parametrize("name", KNOWN)
def test_it_is_the_activation_of_that_name(name):
    catalogued = read_activation(name).tree
    for latex, _ in TEXTBOOK[name]:
        used = {key: value for key, value in SETTINGS.items() if f"\\{key}" in latex or key == "b"}
        names = {key: value for key, value in used.items() if key != "b" or "+b}" in latex}
        tree = read_activation(latex, settings=names).tree
        for x in POINTS:
            there, here = (evaluate_float(side, {"x": x}) for side in (catalogued, tree))
            assert math.isclose(there, here, rel_tol=1e-9, abs_tol=1e-12)


def test_cases_have_exact_pieces():
    tree = parse(
        r"\begin{cases} 0 & x\le -1 \\ x^{2} & -1<x<\frac{3}{2} \\ 1 & x\ge 1.5 \end{cases}"
    )
    pieces = to_piecewise(tree.tree, "x").pieces
    ends = [piece.on.rational_ends() for piece in pieces]
    assert ends == [(None, fmpq(-1)), (fmpq(-1), fmpq(3, 2)), (fmpq(3, 2), None)]
