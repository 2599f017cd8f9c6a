"""CSV files: good ones are read as they stand, bad ones are refused with line and column."""

import numpy as np
import pytest

from gradiometer.errors import LimitError, StudyError, UnknownNameError, UsageError
from gradiometer.model import read_dataset
from model.dataset_files import read_text, refusal


@pytest.mark.parametrize("separator", [",", ";", "\t", ", "])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_cells_are_read_as_they_stand(tmp_path, separator, end):
    rows = [["a", "b", "y"], ["1", "-2.5e-3", "0"], ["+.5", "7.", "1"]]
    text = end.join(separator.join(row) for row in rows) + end
    data = read_text(tmp_path, "\ufeff" + text)
    assert data.inputs.tolist() == [[1, -0.0025], [0.5, 7]]
    assert data.input_names == ("a", "b")
    assert data.labels.tolist() == [0, 1]
    assert data.classes == ("0", "1")
    assert data.name == "mine.csv"


def test_quotes_hold_separators_and_line_breaks(tmp_path):
    data = read_text(tmp_path, 'x,"na,""me",kind\n1,2,"red\nish"\n\n"3",4, "blue"\n', target="kind")
    assert data.input_names == ("x", 'na,"me')
    assert data.classes == ("blue", "red\nish")
    assert data.labels.tolist() == [1, 0]


@pytest.mark.parametrize(
    ("cells", "target", "classes"),
    [
        (["b", "a", "b"], "y", ("a", "b")),
        (["2", "10", "2"], "y", ("2", "10")),
        (["2", "10", "2"], "y as number", None),
        (["2.0", "10", "2"], "y", None),
        (["2.0", "10", "2.5"], "y as class", ("2", "2.5", "10")),
        (["1", "b", "2"], "y", ("1", "2", "b")),
        ([str(i) for i in range(21)], "y", None),
        ([str(i) for i in range(20)], "y", tuple(str(i) for i in range(20))),
    ],
)
def test_cells_and_words_decide_what_a_target_is(tmp_path, cells, target, classes):
    text = "x,y\n" + "".join(f"{i},{cell}\n" for i, cell in enumerate(cells))
    data = read_text(tmp_path, text, target=target)
    if classes is None:
        assert data.targets[:, 0].tolist() == [float(cell) for cell in cells]
        assert data.classes == ()
    else:
        assert data.classes == classes
        as_read = [data.classes[label] for label in data.labels]
        assert as_read == [cell.removesuffix(".0") for cell in cells]


def test_several_targets_are_numbers(tmp_path):
    data = read_text(tmp_path, "a,b,c\n1,2,3\n4,5,6\n", target="c, a")
    assert data.targets.tolist() == [[1, 3], [4, 6]]
    assert data.input_names == ("b",)


def test_a_name_with_a_comma_is_one_column(tmp_path):
    data = read_text(tmp_path, '"a, b",x\n1,2\n3,4\n', target="a, b")
    assert data.input_names == ("x",)


GOOD = "a,b,y\n1,2,p\n3,4,q\n5,6,p\n"


@pytest.mark.parametrize(
    ("old", "new", "at", "said"),
    [
        ("3,4", "3,four", (3, 3), "`four` in column `b` is no number"),
        ("3,4", "3,1_0", (3, 3), "`1_0` in column `b` is no number"),
        ("3,4", "3,٣", (3, 3), "`٣` in column `b` is no number"),
        ("3,4", "3,0x10", (3, 3), "`0x10` in column `b` is no number"),
        ("3,4", "3,  four", (3, 5), "`four` in column `b` is no number"),
        ("3,4", "3,", (3, 3), "A value is missing in column `b`"),
        ("1,2,p", ",2,p", (2, 1), "A value is missing in column `a`"),
        ("3,4", "3,NA", (3, 3), "A value is missing in column `b`"),
        ("3,4", "3,NaN", (3, 3), "A value is missing in column `b`"),
        ("3,4,q", "3,4,", (3, 5), "A value is missing in column `y`"),
        ("3,4", "3,-inf", (3, 3), "`-inf` in column `b` is not finite"),
        ("3,4", "3,1e999", (3, 3), "`1e999` in column `b` is larger than 1e+100"),
        ("3,4", "3,-1e101", (3, 3), "`-1e101` in column `b` is larger than 1e+100"),
        ("3,4", '"3",""', (3, 5), "A value is missing in column `b`"),
        ("3,4,q", "3,4", (3, None), "The line has 2 cells; the first line names 3 columns"),
        ("3,4,q", "3,4,q,", (3, None), "The line has 4 cells; the first line names 3 columns"),
        ("3,4,q", '3,"4,q', (3, None), "The file is no CSV: unexpected end of data"),
        ("3,4,q", '3,"4"4,q', (3, None), "The file is no CSV"),
        ("a,b", "a,a", (1, 3), "Two columns are called `a`"),
        ("a,b", "a,", (1, 3), "Column 2 has no name"),
        ("a,b,y", "1,2,3", (1, 1), "The first line holds numbers"),
        ("3,4,q\n5,6", "3,4,p\n5,6", (None, None), "`y` has one class only: `p`"),
        ("1,2,p\n3,4,q\n5,6,p\n", "", (None, None), "no examples"),
        (GOOD, "", (None, None), "The file is empty"),
        (GOOD, "\n \n\n", (None, None), "The file is empty"),
    ],
)
def test_a_bad_file_is_refused_at_its_place(tmp_path, old, new, at, said):
    assert old in GOOD
    error = refusal(tmp_path, GOOD.replace(old, new, 1))
    assert isinstance(error, StudyError)
    assert said in error.problem
    assert error.hint
    assert (error.place.line, error.place.column) == at
    if at[1] is not None:
        assert error.start == at[1] - 1


def test_a_long_file_is_pointed_into(tmp_path):
    rows = ["x,y"] + [f"{i},{i % 2}" for i in range(5000)]
    rows[4001] = "oops,1"
    error = refusal(tmp_path, "\n".join(rows))
    assert (error.place.line, error.place.column) == (4002, 1)


def test_a_constant_target_is_refused(tmp_path):
    assert "same for every example: 1.5" in refusal(tmp_path, "x,y\n1,1.5\n2,1.5\n").problem


@pytest.mark.parametrize(
    ("target", "kind", "said", "hint"),
    [
        (None, UsageError, "None of the columns", "set it, for example `--target kind`"),
        ("knd", UnknownNameError, "no column `knd`", "write `kind`"),
        ("a, knd", UnknownNameError, "no column `knd`", "write `kind`"),
        ("a,b,kind", UsageError, "No column is left", "name fewer targets"),
        ("a,b as class", UsageError, "Classes are one column", "write `a as class`"),
        ("kind as number", StudyError, "`p` in column `kind` is no number", "write numbers"),
    ],
)
def test_a_wrong_target_says_what_to_write(tmp_path, target, kind, said, hint):
    error = refusal(tmp_path, GOOD.replace("y", "kind"), target=target)
    assert isinstance(error, kind)
    assert said in error.problem
    assert error.hint.startswith(hint)


def test_two_columns_called_like_targets_are_not_guessed(tmp_path):
    error = refusal(tmp_path, "y,label\n1,0\n2,1\n")
    assert "More than one" in error.problem


def test_a_missing_file_and_other_bytes_are_refused(tmp_path):
    with pytest.raises(StudyError, match="No such file"):
        read_dataset(str(tmp_path / "none.csv"))
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(StudyError, match="Is a directory"):
        read_dataset(str(tmp_path / "folder.csv"))
    assert refusal(tmp_path, b"a,y\n1,\xff\n").place.line == 2
    assert refusal(tmp_path, b"a,y\n1,\x00\n2,1\n").place.line == 2


def test_limits_are_stated(tmp_path):
    wide = ",".join(f"x{i}" for i in range(10_001))
    error = refusal(tmp_path, f"{wide}\n{wide.replace('x', '')}\n", target="x0")
    assert isinstance(error, LimitError)
    assert "10,001 columns; at most 10,000" in error.problem
    text = "x,y\n" + "".join(f"{i},w{i}\n" for i in range(1001))
    assert "1,001 classes; at most 1,000" in refusal(tmp_path, text).problem


def test_a_cell_of_any_length_is_an_error_and_no_crash(tmp_path):
    assert "no CSV" in refusal(tmp_path, f"x,y\n{'9' * 200_000},1\n").problem
    error = refusal(tmp_path, f"x,y\n{'9' * 100_000}z,1\n2,2\n")
    assert len(error.problem) < 120


PARTS = ["1", "-2.5", "a", '"', ",", ";", "\n", "\r", "\t", " ", "x,y\n", "1,2\n", "nan", "\0", "é"]


def test_any_text_is_read_or_refused_and_never_half(tmp_path):
    # What is read has as many finite numbers as the file has cells.
    draw = np.random.default_rng(5)
    read = refused = 0
    for _ in range(1500):
        tail = "".join(draw.choice(PARTS, size=draw.integers(0, 12)))
        text = f"x,y\n1,2\n3,4\n{tail}" if draw.random() < 0.5 else tail
        try:
            data = read_text(tmp_path, text, target="y")
        except (StudyError, UsageError, UnknownNameError) as error:
            refused += bool(str(error))
            continue
        read += 1
        assert np.isfinite(data.inputs).all()
        aims = data.targets if data.labels is None else data.labels
        assert len(data.inputs) == len(aims) >= 2
    assert read > 100
    assert refused > 100
    assert read + refused == 1500
