"""What Flax models cost, held against what Flax itself holds and what is known by hand."""

import pytest

from gradiometer.errors import ModelError
from gradiometer.model import Example, count_network, describe_flax

pytestmark = [pytest.mark.oracle, pytest.mark.filterwarnings("ignore")]

jax = pytest.importorskip("jax")
pytest.importorskip("flax")
cases = pytest.importorskip("model.flax_cases")
jnp = jax.numpy


def count(model, example):
    live = describe_flax(model, example)
    assert live.is_counted, live.work
    return live, count_network(live.rows)


def test_shared_module_of_nnx_counts_once_and_works_twice():
    live, found = count(cases.make_nnx(), Example((jnp.zeros((1, 16), "int32"),)))
    rows = {row.path: row for row in live.rows}
    assert found.parameters == 64_000 + 4 * 4_160 + 128
    assert found.shared == 4_160
    assert found.buffers == 128
    assert found.embedding == 64_000
    assert rows["l"].multiply_adds[0].count == 2 * 16 * 64 * 64
    assert rows["again"].tensors[0].shared_with == "l.kernel"
    assert found.multiply_adds == 5 * 16 * 64 * 64 + 16 * 64 * 1000


def test_count_of_nnx_is_that_of_its_state():
    from flax import nnx

    model = cases.make_nnx()
    _, found = count(model, Example((jnp.zeros((1, 16), "int32"),)))
    leaves = jax.tree.leaves(nnx.state(model, nnx.Param))
    assert found.parameters == sum(leaf.size for leaf in leaves)
    assert type(model).__call__.__name__ == "__call__"


def test_module_of_linen_has_its_collections_apart():
    live, found = count(
        cases.Picture(), Example((), {"x": jnp.zeros((1, 6, 6, 3)), "train": False})
    )
    rows = {row.path: row for row in live.rows}
    assert found.parameters == 3 * 3 * 3 * 8 + 8 + 8 * 4 + 4 + 4 * 4 + 4 + 8 + 8 + 7
    assert found.buffers == 8
    assert rows["Twice_0.Dense_0"].multiply_adds[0].count == 2 * 16
    assert found.multiply_adds == 36 * 27 * 8 + 32 + 32


def test_count_of_linen_is_that_of_its_variables():
    example = {"x": jnp.zeros((1, 6, 6, 3)), "train": False}
    _, found = count(cases.Picture(), Example((), example))
    variables = cases.Picture().init(jax.random.key(0), **example)
    assert found.parameters == sum(leaf.size for leaf in jax.tree.leaves(variables["params"]))


def test_recurrent_cell_works_at_every_step():
    _, found = count(cases.Reads(), Example((jnp.zeros((1, 100, 64)),)))
    assert found.multiply_adds == 100 * 2 * 4 * 64 * 64
    assert found.parameters == 2 * 4 * 64 * 64 + 4 * 64


def test_branches_with_work_and_loops_are_unknown():
    for model in (cases.Chooses(), cases.Loops()):
        live = describe_flax(model, Example((jnp.zeros((3, 3)),)))
        assert not live.is_counted
        assert "There is no rule for what runs in" in live.work


def test_linen_without_an_example_is_refused():
    with pytest.raises(ModelError, match="no sizes without an example"):
        describe_flax(cases.Picture())


def test_nnx_without_an_example_has_parameters_and_no_work():
    live = describe_flax(cases.make_nnx())
    assert count_network(live.rows).parameters == 80_768
    assert not live.is_counted
