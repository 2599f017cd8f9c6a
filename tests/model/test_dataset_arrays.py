"""NPZ and Parquet files: good ones are read as they stand, hostile ones are refused unharmed."""

import io
import pickle
import sys

import numpy as np
import pytest

from gradiometer.errors import GradiometerError, LimitError, StudyError, UsageError
from model.dataset_files import read_text, refusal, to_npy, to_npz, to_zip

X = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
Y = np.array([1, 0, 1])
FLOATS = "{'descr': '<f8', 'fortran_order': False, 'shape': (3,), }"


@pytest.mark.parametrize("dtype", ["<f2", "<f4", "<f8", ">f8", "<i4", "u1", ">i8"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_numbers_of_any_kind_and_order_are_read(tmp_path, dtype, order):
    array = np.asarray(X, dtype=dtype, order=order)
    data = read_text(tmp_path, to_npz(inputs=array, labels=Y), name="mine.npz")
    assert np.array_equal(data.inputs, X)
    assert data.input_names == ("x1", "x2")
    assert data.labels.tolist() == [1, 0, 1]


def test_further_dimensions_are_joined(tmp_path):
    images = np.arange(24.0).reshape(3, 2, 4)
    data = read_text(tmp_path, to_npz(X=images, y=np.array([0.5, 1, 2])), name="mine.npz")
    assert np.array_equal(data.inputs, images.reshape(3, 8))
    assert data.targets.tolist() == [[0.5], [1], [2]]


@pytest.mark.parametrize(
    ("aims", "classes"),
    [
        (np.array(["b", "a", "b"]), ("a", "b")),
        (np.array([b"b", b"a", b"b"]), ("a", "b")),
        (np.array([True, False, True]), ("0", "1")),
        (np.array([[0.5, 1], [2, 3], [4, 5]]), ()),
    ],
)
def test_targets_of_any_kind_are_read(tmp_path, aims, classes):
    names = np.array(["first", "second"])
    data = read_text(tmp_path, to_npz(inputs=X, y=aims, input_names=names), name="mine.npz")
    assert data.classes == classes
    assert data.input_names == ("first", "second")
    if not classes:
        assert np.array_equal(data.targets, aims)


class _Marker:
    """Leaves a trace when it is unpickled."""

    seen: list[str] = []  # noqa: RUF012 - one list that all unpickled objects would fill

    def __reduce__(self):
        return (self.seen.append, ("unpickled",))


def test_objects_are_never_unpickled(tmp_path):
    objects = np.array([_Marker(), _Marker(), _Marker()], dtype=object)
    stream = io.BytesIO()
    np.lib.format.write_array(stream, objects, allow_pickle=True)
    hostile = to_zip(inputs=stream.getvalue(), labels=stream.getvalue())
    _Marker.seen.clear()
    assert "never unpickled" in refusal(tmp_path, hostile, name="mine.npz").problem
    assert "no NPZ" in refusal(tmp_path, pickle.dumps([1]), name="mine.npz").problem
    assert _Marker.seen == []


NAN, INFINITE = X.copy(), X.copy()
NAN[1, 1], INFINITE[2, 0] = np.nan, np.inf


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        ({"inputs": NAN, "y": Y}, "A value is missing in column `x2` of example 2"),
        ({"inputs": INFINITE, "y": Y}, "`inf` in column `x1` of example 3 is not finite"),
        ({"inputs": X, "y": NAN}, "A value is missing in column `y2` of example 2"),
        ({"inputs": X, "y": np.array(["a", "", "b"])}, "missing in column `y` of example 2"),
        ({"inputs": np.array([["1", "a"]] * 3), "y": Y}, "`a` in column `x2` of example 1"),
        ({"inputs": X, "y": Y[:2]}, "`y` has 2 rows; the inputs have 3"),
        ({"inputs": X, "y": np.array(1)}, "`y` has no rows"),
        ({"inputs": np.array(1.0), "y": Y}, "`inputs` has no rows"),
        ({"inputs": X[:0], "y": Y[:0]}, "no examples"),
        ({"inputs": X[:, :0], "y": Y}, "No column is left"),
        ({"inputs": X, "y": Y * 0}, "one class only"),
        ({"inputs": X, "y": Y, "extra": Y}, "`extra` is neither inputs nor target"),
        ({"inputs": X, "X": X, "y": Y}, "more than one array of inputs"),
        ({"input": X, "y": Y}, "no array of inputs"),
        ({"inputs": X, "z": Y}, "None of the columns is called like a target"),
        ({"inputs": X}, "None of the columns is called like a target"),
        ({"inputs": X, "y": Y, "input_names": np.array(["a"])}, "1 names for 2 inputs"),
        ({"inputs": X, "y": Y, "input_names": np.array(["a", "a"])}, "Two columns are called"),
        ({"inputs": X.astype(complex), "y": Y}, "no array of numbers or texts"),
        ({"inputs": np.zeros(3, dtype=[("a", "f8")]), "y": Y}, "no array of numbers or texts"),
        ({"inputs": np.zeros(3, dtype="M8[s]"), "y": Y}, "no array of numbers or texts"),
    ],
)
def test_bad_arrays_are_refused(tmp_path, arrays, said):
    error = refusal(tmp_path, to_npz(**arrays), name="mine.npz")
    assert said in error.problem
    assert error.hint


LABELS = to_npy(FLOATS, Y.astype("<f8").tobytes())


@pytest.mark.parametrize(
    "member",
    [
        b"",
        b"\x93NUMPY",
        b"no array at all",
        to_npy(FLOATS),
        to_npy(FLOATS, bytes(23)),
        to_npy(FLOATS.replace("(3,)", "(99999999999999999999,)")),
        to_npy(FLOATS.replace("(3,)", f"({'1,' * 40})"), bytes(8)),
        to_npy(FLOATS.replace("(3,)", "(-3,)"), bytes(24)),
        to_npy(FLOATS.replace("'<f8'", "'|O'"), bytes(24)),
        to_npy(FLOATS.replace("'<f8'", "'<U99999999'"), bytes(24)),
        to_npy(FLOATS.replace("'<f8'", "__import__('os').getcwd()"), bytes(24)),
        to_npy("{" * 9000),
        to_npy(" " * 60_000, version=2),
        to_npy(FLOATS, bytes(24), version=3),
        to_npy(FLOATS, bytes(24), version=9),
    ],
)
def test_a_lying_header_is_refused(tmp_path, member):
    hostile = to_zip(inputs=member, labels=LABELS)
    assert "no array of numbers" in refusal(tmp_path, hostile, name="mine.npz").problem


def test_a_small_file_that_unpacks_to_much_is_refused_unread(tmp_path, monkeypatch):
    monkeypatch.setattr("gradiometer.model.dataset_npz._MOST_BYTES", 1_000_000)
    bomb = to_zip(inputs=bytes(1_500_000), labels=LABELS)
    assert len(bomb) < 10_000
    assert isinstance(refusal(tmp_path, bomb, name="mine.npz"), LimitError)


def _damage(data, draw):
    """The bytes with some of them changed, cut off or doubled."""
    damaged = bytearray(data)
    for _ in range(draw.integers(1, 6)):
        at = int(draw.integers(0, len(damaged)))
        damaged[at] = int(draw.integers(0, 256))
    if draw.random() < 0.3:
        damaged = damaged[: int(draw.integers(0, len(damaged)))]
    return bytes(damaged)


def _survives(folder, data, name, *, rounds):
    """Read so many damaged files; each is read as finite numbers or refused in words."""
    draw = np.random.default_rng(11)
    refused = 0
    for _ in range(rounds):
        try:
            found = read_text(folder, _damage(data, draw), target="y", name=name)
        except GradiometerError as error:
            refused += bool(str(error))
        else:
            assert np.isfinite(found.inputs).all()
    assert refused > rounds // 4


def test_damaged_archives_are_refused_or_read(tmp_path):
    _survives(tmp_path, to_npz(inputs=X, y=Y), "mine.npz", rounds=600)
    packed = to_zip(inputs=to_npy(FLOATS, bytes(24)), y=LABELS)
    _survives(tmp_path, packed, "mine.npz", rounds=600)


def _to_parquet(**columns):
    import pyarrow as pa
    from pyarrow import parquet

    stream = io.BytesIO()
    parquet.write_table(pa.table(columns), stream)
    return stream.getvalue()


def test_parquet_columns_are_read_as_they_stand(tmp_path):
    import pyarrow as pa

    kinds = pa.array(["b", "a", "b"]).dictionary_encode()
    data = read_text(
        tmp_path,
        _to_parquet(a=[1, 2, 3], b=[0.5, 1.5, 2.5], c=[True, False, True], kind=kinds),
        target="kind",
        name="mine.parquet",
    )
    assert data.inputs.tolist() == [[1, 0.5, 1], [2, 1.5, 0], [3, 2.5, 1]]
    assert data.classes == ("a", "b")
    assert data.labels.tolist() == [1, 0, 1]


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"a": [1.0, None, 2.0], "y": [0, 1, 0]}, "missing in column `a` of example 2"),
        ({"a": [1.0, float("inf"), 2.0], "y": [0, 1, 0]}, "`inf` in column `a` of example 2"),
        ({"a": ["1", "x", "2"], "y": [0, 1, 0]}, "`x` in column `a` of example 2 is no number"),
        ({"a": [1, 2, 3], "y": ["p", None, "q"]}, "missing in column `y` of example 2"),
        ({"a": [[1], [2], [3]], "y": [0, 1, 0]}, "`a` holds `list<"),
        ({"a": [1, 2, 3], "y": [1, 1, 1]}, "one class only"),
        ({"a": [], "y": []}, "no examples"),
        ({"": [1, 2], "y": [0, 1]}, "has no name"),
    ],
)
def test_bad_columns_are_refused(tmp_path, columns, said):
    error = refusal(tmp_path, _to_parquet(**columns), name="mine.parquet")
    assert said in error.problem
    assert error.hint


def test_other_bytes_are_no_parquet(tmp_path):
    for data in (b"", b"PAR1", b"PAR1" + bytes(100) + b"PAR1", b"a,y\n1,2\n"):
        assert isinstance(refusal(tmp_path, data, name="mine.parquet"), StudyError)
    assert "No such file" in str(_missing(tmp_path))


def _missing(folder):
    from gradiometer.model import read_dataset

    with pytest.raises(StudyError) as caught:
        read_dataset(str(folder / "none.parquet"))
    return caught.value


def test_damaged_parquet_is_refused_or_read(tmp_path):
    good = _to_parquet(a=[1.0, 2.0, 3.0], y=[0, 1, 0])
    _survives(tmp_path, good, "mine.parquet", rounds=300)


def test_too_many_bytes_by_its_own_account_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("gradiometer.model.dataset_parquet._MOST_BYTES", 10)
    error = refusal(tmp_path, _to_parquet(a=[1, 2], y=[0, 1]), name="mine.parquet")
    assert isinstance(error, LimitError)


def test_without_pyarrow_it_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    error = refusal(tmp_path, b"PAR1", name="mine.parquet")
    assert isinstance(error, UsageError)
    assert error.hint == "run `pip install 'gradiometer[data]'`"
