"""Data sets of the catalogue: what is read is what stands there, draws are what the format says."""

import math
import subprocess
import sys

import numpy as np
import pytest

from gradiometer.catalog import list_aliases, list_entries
from gradiometer.errors import GradiometerError, LimitError, StudyError, UsageError
from gradiometer.model import read_dataset

COUNTS = {
    # The sizes that scikit-learn's own descriptions of the files state.
    "digits": (64, [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]),
    "iris": (4, [50, 50, 50]),
    "wine": (13, [59, 71, 48]),
    "breast_cancer": (30, [212, 357]),
}


@pytest.mark.parametrize("name", COUNTS)
def test_stored_classes_are_those_of_the_package(name):
    data = read_dataset(name)
    inputs, counts = COUNTS[name]
    assert data.inputs.shape == (sum(counts), inputs)
    assert np.bincount(data.labels).tolist() == counts
    assert len(data.classes) == data.outputs == len(counts)
    assert data.targets is None


@pytest.mark.parametrize("name", [*COUNTS, "diabetes"])
def test_stored_numbers_are_those_that_the_package_reads(name):
    load = "load_diabetes(scaled=False)" if name == "diabetes" else f"load_{name}()"
    program = (
        "import sys; import numpy as np; from sklearn import datasets\n"
        f"found = datasets.{load}\n"
        "np.savez(sys.stdout.buffer, inputs=found.data, aims=found.target)"
    )
    command = [sys.executable, "-W", "ignore", "-c", program]
    import io

    run = subprocess.run(command, check=True, capture_output=True)
    with np.load(io.BytesIO(run.stdout)) as found:
        data = read_dataset(name)
        assert np.array_equal(data.inputs, found["inputs"])
        ours = data.labels if data.targets is None else data.targets[:, 0]
        assert np.array_equal(ours, found["aims"])


def test_the_package_itself_is_not_loaded():
    program = (
        "import sys\nfrom gradiometer.model import read_dataset\nread_dataset('digits')\n"
        "print(sorted({'sklearn', 'scipy', 'pyarrow', 'numba'} & set(sys.modules)))"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    )
    assert run.stdout.split() == ["[]"]


@pytest.mark.parametrize("name", list_entries("dataset"))
def test_every_entry_gives_finite_examples_and_says_where_from(name):
    data = read_dataset(name)
    assert np.isfinite(data.inputs).all()
    assert (data.labels is None) != (data.targets is None)
    assert data.source
    assert len(data.input_names) == data.inputs.shape[1] == len(set(data.input_names))
    aims = data.targets if data.labels is None else data.labels
    assert len(aims) == data.count
    assert len(np.unique(aims)) > 1
    assert read_dataset(name).to_digest() == data.to_digest()


@pytest.mark.parametrize(("alias", "name"), list_aliases("dataset").items())
def test_an_alias_is_the_same_data_set(alias, name):
    assert read_dataset(alias).to_digest() == read_dataset(name).to_digest()


def test_another_seed_draws_other_examples():
    one, two = read_dataset("moons(seed=1)"), read_dataset("moons(seed=2)")
    assert one.to_digest() != two.to_digest()
    assert not set(one.inputs[:, 0]) & set(two.inputs[:, 0])


def test_more_examples_begin_like_fewer_ones():
    few, many = read_dataset("friedman(count=5)"), read_dataset("friedman(count=50)")
    assert np.array_equal(few.inputs, many.inputs[:5])


def test_draws_of_a_seed_are_pinned():
    # Philox-4x64 with the keys of the documented streams; a change would change all results.
    data = read_dataset("friedman(count=2, seed=7)")
    words = np.random.Philox(key=7 + (16 << 64)).random_raw(2)
    assert data.inputs[:, 0].tolist() == [int(word >> 11) / 2**53 for word in words.tolist()]
    words = np.random.Philox(key=7 + (17 << 64)).random_raw(4).tolist()
    first, second = ((word >> 11) / 2**53 for word in words[::2])
    normal = math.sqrt(-2 * math.log(1 - first)) * math.cos(2 * math.pi * second)
    assert read_dataset("linear(count=2, seed=7)").inputs[0, 0] == pytest.approx(normal, rel=1e-14)


def test_draws_have_the_moments_that_they_should():
    count = 20_000
    data = read_dataset(f"linear(count={count}, noise=2)")
    rest = data.targets[:, 0] - (1 + data.inputs @ [2, -1, 0.5, -0.25])
    drawn = np.column_stack([data.inputs, rest / 2])
    # Five standard errors of a mean, a variance, and a correlation.
    assert abs(drawn.mean(axis=0)).max() < 5 / math.sqrt(count)
    assert abs(drawn.var(axis=0) - 1).max() < 5 * math.sqrt(2 / count)
    assert abs(np.corrcoef(drawn.T) - np.eye(5)).max() < 5 / math.sqrt(count)
    uniform = read_dataset(f"friedman(count={count})").inputs
    assert uniform.min() >= 0
    assert uniform.max() < 1
    assert abs(uniform.mean(axis=0) - 0.5).max() < 5 / math.sqrt(12 * count)
    assert abs(np.corrcoef(uniform.T) - np.eye(5)).max() < 5 / math.sqrt(count)


def test_classes_without_noise_lie_where_the_formulas_say():
    moons = read_dataset("moons(noise=0)")
    upper, lower = (moons.inputs[moons.labels == k] for k in (0, 1))
    assert np.allclose(np.hypot(*upper.T), 1)
    assert np.allclose(np.hypot(*(lower - [1, 0.5]).T), 1)
    circles = read_dataset("circles(noise=0, factor=1/4)")
    assert np.allclose(np.hypot(*circles.inputs.T), np.where(circles.labels == 0, 1, 0.25))
    xor = read_dataset("xor(noise=0)")
    assert np.array_equal(np.prod(xor.inputs, axis=1) < 0, xor.labels == 1)


def test_classes_take_turns():
    assert np.bincount(read_dataset("blobs(count=10, clouds=3)").labels).tolist() == [4, 3, 3]


OWN = """
name = "mine"
about = "Own."
reference = "gradiometer"
parameters = { count = "6", seed = "0" }
inputs = { a = "1/2", b = "u" }
targets = { y = "2*b" }
"""


def test_an_entry_of_a_user_is_a_file(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(OWN)
    data = read_dataset(str(path))
    assert data.input_names == ("a", "b")
    assert np.array_equal(data.targets[:, 0], 2 * data.inputs[:, 1])


def test_an_entry_that_draws_nothing_has_all_its_examples(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(OWN.replace('"u"', '"3"'))
    assert read_dataset(str(path)).inputs.tolist() == [[0.5, 3.0]] * 6


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"2*b"', '"2*c"', "Unknown name `c`"),
        ('"2*b"', '"1/(b - b)"', "no finite value for example 1"),
        ("inputs =", "input =", "Unknown key `input`"),
        ('{ y = "2*b" }', "{}", "either `classes` or `targets`"),
        ('{ y = "2*b" }', "{ y = 2 }", "no table of formulas"),
        ('{ a = "1/2", b = "u" }', "{}", "at least one input"),
        ('b = "u"', 'u = "u"', "`u` is used for two things"),
        ('seed = "0"', 'n1 = "0", seed = "0"', "`n1` is drawn"),
        ('count = "6", ', "", "needs a whole number `count`"),
        ('count = "6"', 'count = "1/2"', "needs a whole number `count`"),
        ('count = "6"', 'count = "1e7"', "outside 1 to 100,000"),
        ('targets = { y = "2*b" }', 'classes = ["a", "a"]', "different names"),
        ('targets = { y = "2*b" }', 'classes = "seed"', "outside 2 to 1,000 classes"),
        ('inputs = { a = "1/2", b = "u" }', "stored = 1", "`stored` is no table"),
        ('inputs = { a = "1/2", b = "u" }', "[stored]\n", "does not say its `package`"),
    ],
)
def test_a_bad_entry_is_refused(tmp_path, old, new, said):
    assert old in OWN
    path = tmp_path / "mine.toml"
    path.write_text(OWN.replace(old, new) if "[stored]" not in new else f'name = "a"\n{new}')
    with pytest.raises(GradiometerError, match=said.replace("(", r"\(")):
        read_dataset(str(path))


STORED = """
name = "mine"
classes = ["x", "y"]
[stored]
package = "email"
install = "numpy"
file = "numbers.csv"
examples = 2
inputs = ["a"]
"""


@pytest.mark.parametrize(
    ("old", "new", "kind", "said"),
    [
        ("email", "no_such_package", UsageError, "not installed"),
        ("email", "xml.dom", UsageError, "not installed"),
        ("", "", StudyError, "no file with these examples"),
        ("numbers.csv", "charset.py", StudyError, "no file with these examples"),
    ],
)
def test_a_stored_set_that_is_not_there_is_refused(tmp_path, old, new, kind, said):
    path = tmp_path / "mine.toml"
    path.write_text(STORED.replace(old, new) if old else STORED)
    with pytest.raises(kind, match=said):
        read_dataset(str(path))


@pytest.mark.parametrize(
    ("text", "said", "hint"),
    [
        ("mons", "no data set `mons`", "write `moons`"),
        ("moons(nois=1)", "Unknown parameter `nois`", "write `noise`"),
        ("moons(count=1)", "leaves some of 2 classes empty", "write count=20"),
        ("moons(count=0)", "outside its domain", ""),
        ("moons(count=3/2)", "no whole number", "write such as count=1"),
        ("moons(noise=1, noise=2)", "`noise` is set twice", "write `moons(NAME=VALUE)`"),
        ("moons(5)", "`5` is no setting", "write `moons(NAME=VALUE)`"),
        ("moons(count=5", "not closed", "write `)` behind the settings"),
        ("moons(noise=x)", "Unknown name `x`", ""),
        ("digits(noise=1)", "Unknown parameter `noise`", ""),
        ("", "no data set ``", "name one of these"),
    ],
)
def test_a_bad_request_says_what_to_write(text, said, hint):
    with pytest.raises(GradiometerError) as caught:
        read_dataset(text)
    assert said in caught.value.problem
    assert caught.value.hint.startswith(hint)


def test_too_many_classes_reach_a_limit():
    with pytest.raises(LimitError):
        read_dataset("spirals(arms=20000)")


def test_a_set_of_the_catalogue_takes_no_target():
    with pytest.raises(UsageError, match="own target"):
        read_dataset("iris", target="petal_width")
