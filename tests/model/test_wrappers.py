"""A wrapper and the rule in its brackets are one ordinary rule."""

import numpy as np
import pytest
from flint import fmpq

from gradiometer.catalog import list_entries, read_entry
from gradiometer.errors import FormulaError, GradiometerError, LimitError, StudyError, UsageError
from gradiometer.formula import to_text
from gradiometer.model import list_dialects, read_optimizer, settle, unroll
from gradiometer.numeric import run_rule_tape


def is_steady(name):
    """Whether a rule needs nothing but gradients."""
    texts = read_entry("optimizer", name)["step"].values()
    return not any(word in text for text in texts for word in ("noise", "loss"))


STEADY = [name for name in list_entries("optimizer") if is_steady(name)]
WRAPPERS = list_entries("wrapper")


def wrapper(line, rule, **parts):
    return {"name": "mine", "step": {"x'": line}, "rule": rule, **parts}


def bind(named, shape, **values):
    optimizer = read_optimizer(named)
    return optimizer.bind(settle([optimizer.owner], values)["optimizer"], shape=shape)


def tape(shape, steps=12):
    return np.random.default_rng(5).normal(size=(steps, *shape))


def assert_close(found, wanted):
    """Both are the same numbers; a counted step is rounded otherwise than a given one."""
    np.testing.assert_allclose(found, wanted, rtol=1e-11, atol=1e-13)


START = {(3,): np.array([1.0, -0.5, 0.25]), (2, 3): np.linspace(-1, 1, 6).reshape(2, 3)}


@pytest.mark.parametrize("name", STEADY)
@pytest.mark.parametrize("line", ["rule(x, g)", "rule(x, g) if norm(g) >= 0", "rule(x, g, t)"])
def test_a_wrapper_that_changes_nothing_takes_the_steps_of_its_rule(name, line):
    for shape, start in START.items():
        plain = run_rule_tape(bind(name, shape), tape(shape), start)
        wrapped = run_rule_tape(bind(wrapper(line, name), shape), tape(shape), start)
        assert_close(plain, wrapped)


@pytest.mark.parametrize("name", STEADY)
def test_a_rule_remembers_nothing_of_steps_it_does_not_make(name):
    shape, gradients = (3,), tape((3,), 20)
    made = np.linalg.norm(gradients, axis=1) < 1.5
    assert 0 < made.sum() < len(made)
    plain = run_rule_tape(bind(name, shape), gradients[made], START[shape])
    rule = bind(wrapper("rule(x, g) if norm(g) < 3/2", name), shape)
    wrapped = run_rule_tape(rule, gradients, START[shape])
    assert_close(wrapped[1:][made], plain[1:])
    still = np.flatnonzero(~made)
    assert np.array_equal(wrapped[still + 1], wrapped[still], equal_nan=True)


@pytest.mark.parametrize("name", STEADY)
def test_a_rule_that_begins_anew_knows_nothing_of_before(name):
    shape, gradients = (3,), tape((3,), 12)
    line = "rule(x, g, where(t < 6, t, t - 5)) anew if t == 6"
    wrapped = run_rule_tape(bind(wrapper(line, name), shape), gradients, START[shape])
    before = run_rule_tape(bind(name, shape), gradients[:5], START[shape])
    after = run_rule_tape(bind(name, shape), gradients[5:], before[-1])
    assert_close(wrapped[:6], before)
    assert_close(wrapped[5:], after)


@pytest.mark.parametrize("name", WRAPPERS)
def test_every_wrapper_unrolls_around_every_kind_of_rule(name):
    dialects = [name, *(f"{name}.{each}" for each in list_dialects(read_entry("wrapper", name)))]
    for outer in dialects:
        for inner in ("sgd", "adam", "adafactor", "dog", "sm3"):
            for shape in ((), (3,), (2, 3)):
                assert unroll(bind(f"{outer}({inner})", shape), shape).step


def test_the_spliced_rule_is_what_one_would_write():
    rule = bind("clip(sgd)", (), momentum="1/2", max_delta=3, learning_rate="1/10")
    lines = {target: to_text(tree) for target, tree in rule.step}
    assert lines == {
        "d": "clip(g, -max_delta, max_delta)",
        "sgd_d": "d + weight_decay*x",
        "sgd_m'": "where(t == 1, sgd_d, momentum*sgd_m + (1 - dampening)*sgd_d)",
        "x'": "x - learning_rate*sgd_m'",
    }


def test_parameters_are_found_by_name_and_by_rule():
    optimizer = read_optimizer("ema(adadelta(rho=1/2), decay=1/3)")
    values = settle([optimizer.owner], {"adadelta.eps": "1/8", "learning_rate": 2})["optimizer"]
    found = {name: values[name] for name in ("rho", "decay", "eps", "learning_rate")}
    assert found == {"rho": fmpq(1, 2), "decay": fmpq(1, 3), "eps": fmpq(1, 8),
                     "learning_rate": fmpq(2)}  # fmt: skip


def test_a_parameter_of_two_rules_is_named_with_its_rule():
    optimizer = read_optimizer("adaptive_grad_clip(adam)")
    values = settle([optimizer.owner], {"adam.eps": 0, "adaptive_grad_clip.eps": "1/2"})
    assert values["optimizer"]["adam_eps"] == 0
    assert values["optimizer"]["adaptive_grad_clip_eps"] == fmpq(1, 2)
    with pytest.raises(UsageError) as caught:
        settle([optimizer.owner], {"eps": 0})
    assert caught.value.known == ("adaptive_grad_clip.eps", "adam.eps")
    assert caught.value.hint == "write `adaptive_grad_clip.eps`"


def test_the_same_wrapper_twice_is_told_apart():
    optimizer = read_optimizer("clip(clip(clip(sgd)), clip2.max_delta=1/2)")
    defaults = {name: row.default for name, row in optimizer.parameters.items()}
    assert [defaults[f"{word}_max_delta"] for word in ("clip", "clip2", "clip3")] == [
        1, fmpq(1, 2), 1,
    ]  # fmt: skip


def test_a_wrapper_may_read_a_parameter_of_its_rule():
    rule = bind("decay_weights(sgd)", (), learning_rate="1/4", **{"decay_weights.weight_decay": 2})
    assert rule.values["learning_rate"] == fmpq(1, 4)
    assert (
        rule.exact_step[-1][1]({**rule.values, "y": fmpq(1), "g": fmpq(0), "sgd_d": fmpq(0)}) == 1
    )
    with pytest.raises(StudyError, match="needs a parameter `learning_rate`"):
        read_optimizer(wrapper("rule(x - learning_rate*x, g)", {"step": {"x'": "x - g"}},
                               parameters={"learning_rate": {"of": "rule"}}))  # fmt: skip


@pytest.mark.parametrize(
    ("named", "marked", "hint"),
    [
        ("clip()", "clip", "write `clip(adam)`"),
        ("lookahead(clip)", "clip", "write `clip(adam)`"),
        ("adam(sgd)", "sgd", "write `adam`"),
        ("clip(adam, sgd)", "sgd", "write `clip(adam)`"),
        ("clip(adm)", "adm", "write `adam`"),
        ("clp(adam)", "clp", "write `clip`"),
        ("clip(adam", "(", "write `)` at the end"),
        ("clip(adam) x", " x", "leave it out"),
        ("clip(adam, max_delt=1)", "max_delt=1", "write `max_delta`"),
        ("clip(clip(sgd), max_delta=1)", "max_delta=1", "write `clip.max_delta`"),
        ("clip(, max_delta=1)", ",", "write `adam`"),
    ],
)
def test_a_name_that_cannot_be_meant_is_shown_with_what_to_write(named, marked, hint):
    with pytest.raises(GradiometerError) as caught:
        read_optimizer(named)
    error = caught.value
    assert error.text[error.start : error.end] == marked
    assert error.hint == hint


def test_a_wrapper_alone_is_no_optimizer():
    with pytest.raises(UsageError) as caught:
        read_optimizer("clip")
    assert caught.value.problem == "`clip` wraps a rule, and none is given."
    assert caught.value.hint == "write `clip(adam)`"


@pytest.mark.parametrize(
    ("line", "marked"),
    [
        ("rule(x, g) + rule(x, g)", "rule"),
        ("x - rule(x, g)", "rule"),
        ("rule(x)", "rule(x)"),
        ("rule(x, g, t, t)", "rule(x, g, t, t)"),
        ("rule(x, h)", "h"),
        ("rule(x, g) if norm(h) < 1", "h"),
        ("rule(x, g) if", "if"),
        ("rule(x, g) if t > 1 if t > 2", "if t > 2"),
        ("rule(x, g) if matmul(g, x) > 1", "matmul(g, x)"),
    ],
)
def test_a_line_that_asks_the_rule_wrongly_is_shown(line, marked):
    with pytest.raises(FormulaError) as caught:
        read_optimizer(wrapper(line, "sgd"))
    error = caught.value
    assert error.text[error.start : error.end] == marked


def test_two_lines_cannot_ask_the_rule():
    table = {"name": "mine", "step": {"y": "rule(x, g)", "x'": "rule(y, g)"}, "rule": "sgd"}
    with pytest.raises(FormulaError, match="stands in two lines, `y` and `x'`"):
        read_optimizer(table)


def test_a_rule_that_is_given_must_be_asked():
    with pytest.raises(StudyError, match="no line of the step asks it"):
        read_optimizer(wrapper("x - g", "sgd"))


def test_what_draws_noise_is_not_wrapped_in_what_draws_noise():
    with pytest.raises(StudyError, match="both draw noise"):
        read_optimizer(wrapper("rule(x, g + noise)", "noisy_sgd"))


def test_wrappers_around_each_other_have_a_limit():
    deep = "sgd"
    for _ in range(40):
        deep = f"clip({deep})"
    with pytest.raises(LimitError):
        read_optimizer(deep)


def test_a_file_that_wraps_itself_is_refused(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(f'name = "mine"\nrule = "{path}"\n[step]\n"x\'" = "rule(x, g)"\n', "utf-8")
    with pytest.raises(LimitError):
        read_optimizer(str(path))


def test_a_users_own_wrapper_stands_around_a_users_own_rule(tmp_path):
    outer, inner = tmp_path / "half.toml", tmp_path / "own.toml"
    outer.write_text('name = "half"\n[step]\n"x\'" = "rule(x, g/2)"\n', "utf-8")
    inner.write_text('name = "own"\n[step]\n"x\'" = "x - g"\n', "utf-8")
    rule = bind(f"{outer}({inner})", ())
    assert rule.name == "half(own)"
    assert [to_text(tree) for _, tree in rule.step] == ["g/2", "x - own_g"]


def test_an_exact_run_needs_no_value_of_a_step_that_is_not_made():
    # The mean of two opposite gradients is 0, and has no direction; it is never used.
    rule = bind("multi_steps(normalize(sgd), every_k=3)", ())
    known = {**rule.values, "x": fmpq(1), "t": fmpq(2), "g": fmpq(-1), "mean_gradient": fmpq(1),
             "done": fmpq(1), "sgd_m": fmpq(0)}  # fmt: skip
    for target, run in rule.exact_step:
        known[target] = run(known)
    assert known["x'"] == 1
    assert known["done'"] == 2
