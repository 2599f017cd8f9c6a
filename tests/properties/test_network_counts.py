"""Laws that the counts of every network obey."""

from hypothesis import given, settings
from hypothesis import strategies as st

from gradiometer.model import count_network, read_network_tree, walk_network

WIDTHS = st.integers(1, 12)


@st.composite
def layers(draw, width=8, depth=2):
    """The text of a few layers that lead from a sequence of *width* to one of the same width."""
    kinds = ["dense", "activation", "norm", "attention", "mlp"]
    if depth:
        kinds += ["repeat", "residual", "multiply", "experts"]
    parts = []
    for _ in range(draw(st.integers(1, 3))):
        kind = draw(st.sampled_from(kinds))
        inner = draw(layers(width=width, depth=depth - 1)) if depth else ""
        bias = draw(st.sampled_from(["", ", bias=false"]))
        parts.append(
            {
                "dense": f"dense({width}{bias})",
                "activation": draw(st.sampled_from(["relu", "gelu", "tanh", "dropout(0.1)"])),
                "norm": draw(st.sampled_from(["layer_norm", "rms_norm"])),
                "attention": f"attention({draw(st.sampled_from([1, 2, 4]))}{bias})",
                "mlp": f"mlp({draw(WIDTHS)}{bias})",
                "repeat": f"repeat {draw(st.integers(0, 3))} {{ {inner} }}",
                "residual": f"residual {{ {inner} }}",
                "multiply": f"multiply {{ {inner} | dense({width}) }}",
                "experts": f"experts(3, active={draw(st.integers(1, 3))}) {{ {inner} }}",
            }[kind]
        )
    return "; ".join(parts)


def _rows(text, **options):
    return walk_network(read_network_tree(text), **options)


def _count(text):
    return count_network(_rows(text))


@given(layers())
@settings(max_examples=60, deadline=None)
def test_totals_are_the_sums_of_their_rows(text):
    rows = _rows(f"5x8 -> {text}")
    count = count_network(rows)
    assert count.parameters == sum(tensor.count for row in rows for tensor in row.tensors)
    assert count.parameters == count.trainable + count.frozen
    assert count.parameters == count.embedding + count.non_embedding
    lines = [line.count for row in rows for line in row.multiply_adds]
    assert count.multiply_adds == sum(lines) == sum(count.multiply_adds_by_line.values())
    assert 0 <= count.active <= count.parameters <= count.at_every_name


@given(layers(), st.integers(0, 4))
@settings(max_examples=60, deadline=None)
def test_n_repetitions_cost_n_times_as_much(text, times):
    once, more = _count(f"5x8 -> {text}"), _count(f"5x8 -> repeat {times} {{ {text} }}")
    assert more.parameters == times * once.parameters
    assert more.multiply_adds == times * once.multiply_adds
    assert more.active == times * once.active


@given(layers())
@settings(max_examples=60, deadline=None)
def test_sharing_never_raises_the_count(text):
    own = _count(f"5x8 -> a: repeat 1 {{ {text} }}; b: repeat 1 {{ {text} }}")
    shared = _count(f"5x8 -> a: repeat 1 {{ {text} }}; b: use(a)")
    assert shared.parameters * 2 == own.parameters == shared.at_every_name
    assert shared.multiply_adds == own.multiply_adds


@given(layers())
@settings(max_examples=60, deadline=None)
def test_what_is_remembered_changes_nothing(text):
    assert _rows(f"5x8 -> {text}") == _rows(f"5x8 -> {text}", memoise=False)


@given(layers())
@settings(max_examples=40, deadline=None)
def test_freezing_moves_all_parameters_and_keeps_their_number(text):
    free = _count(f"5x8 -> repeat 1 {{ {text} }}")
    frozen = _count(f"5x8 -> repeat(1, frozen=true) {{ {text} }}")
    assert frozen.frozen == frozen.parameters == free.parameters
    assert not any(row.saved for row in _rows(f"5x8 -> repeat(1, frozen=true) {{ {text} }}"))


@given(layers(), st.integers(1, 9))
@settings(max_examples=40, deadline=None)
def test_parameters_need_no_length(text, length):
    known, unknown = _count(f"{length}x8 -> {text}"), _count(f"?x8 -> {text}")
    assert known.parameters == unknown.parameters
