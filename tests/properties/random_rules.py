"""Random update rules whose parts fit for every shape, as texts of the catalogue's notation."""

from hypothesis import strategies as st

SHAPES = st.sampled_from(
    [(), (1,), (2,), (3,), (5,), (1, 1), (1, 3), (3, 1), (2, 2), (2, 3), (3, 2)]
)

_WHOLE = ["x", "g", "m", "r", "c", "n", "2", "3", "p"]


@st.composite
def tensors(draw, depth, exact):
    """A formula with a value for each coordinate, or fewer that are spread over them."""
    if depth == 0:
        return draw(st.sampled_from(_WHOLE))
    kind = draw(st.sampled_from(_FORMS_EXACT if exact else _FORMS))
    parts = [draw(tensors(depth - 1, exact)) for _ in range(kind.count("{"))]
    return kind.format(*parts)


# A sum with `x` is a whole tensor, which a function of tensors asks for.
_FORMS_EXACT = [
    "({} + {})",
    "({} - {})",
    "({} * {})",
    "max({}, {})",
    "abs({})",
    "sign({})",
    "where({} > {}, {}, {})",
    "where(rows(x) > columns(x), {}, {})",
    "sum(x + {})",
    "largest(x - {})",
    "row_sum(x + {})",
    "row_max(x * {})",
    "column_sum(x - {})",
    "column_max(x + {})",
    "size(x + {})",
    "matmul(x + {}, matmul(transpose(x - {}), g + {}))",
]
_FORMS = [
    *_FORMS_EXACT,
    "({} / (1 + abs({})))",
    "sqrt(abs({}))",
    "norm(x + {})",
    "mean(x - {})",
    "row_mean(x + {})",
    "column_mean(x + {})",
    "({} / norm(g + {}))",
]


@st.composite
def rules(draw, *, exact):
    """A table of a rule that remembers a number, a row, a column and a tensor."""
    part = tensors(draw(st.integers(1, 2)), exact)
    step = {
        "n'": f"n - sum(g*{draw(part)})" if exact else f"n/2 + mean(g - {draw(part)})",
        "r'": f"r + row_max(g - {draw(part)})",
        "c'": f"c - column_sum(g + {draw(part)})",
        "d": f"x + {draw(part)}",
        "m'": f"m + d - {draw(part)}",
        "x'": f"x - g - {draw(part)} + m'",
    }
    first = {"n": "1", "r": "2", "c": "0", "m": draw(st.sampled_from(["x", "0", "x*p - sum(x)"]))}
    return {"name": "random", "parameters": {"p": {"default": "3"}}, "state": first, "step": step}
