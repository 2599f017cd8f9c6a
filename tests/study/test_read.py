"""A study is read as it is written, and a mistake is named with its file, line, column and cure."""

import pytest

from gradiometer.errors import GradiometerError, StudyError
from gradiometer.study import check_study, read_study

HEAD = 'schema_version = 1\ntitle = "T"\n'
ACTIVATION = '[[question]]\nid = "1"\nask = "activation"\nformula = "max(x,0)"\n'
TRAJECTORY = '[[question]]\nid = "1"\nask = "trajectory"\nobjective = "barrier"\n'

BROKEN = {
    "unknown top key": ('schema_version = 1\ntitel = "T"\n' + ACTIVATION, "2:1", "title"),
    "no version": ('title = "T"\n' + ACTIVATION, "1:1", "schema_version = 1"),
    "another version": ('schema_version = 2\ntitle = "T"\n' + ACTIVATION, "1:18", "= 1"),
    "true is no version": ('schema_version = true\ntitle = "T"\n' + ACTIVATION, "1:18", "= 1"),
    "no question": (HEAD, "1:1", "[[question]]"),
    "question is a table": (HEAD + "[question]\n", "3:2", "[[question]]"),
    "unknown question": (
        HEAD + '[[question]]\nid = "1"\nask = "activaton"\n',
        "5:7",
        "write `activation`",
    ),
    "unknown key of a question": (HEAD + ACTIVATION + "formul = 3\n", "7:1", "write `formula`"),
    "key of another question": (HEAD + ACTIVATION + "networks = []\n", "7:1", "known: id, ask"),
    "missing input": (HEAD + '[[question]]\nid="1"\nask = "activation"\n', "3:3", "add formula"),
    "misspelt input is not also missing": (
        HEAD + '[[question]]\nid="1"\nask = "activation"\nformula_ = "x"\n',
        "6:1",
        "write `formula`",
    ),
    "no id": (HEAD + '[[question]]\nask = "activation"\nformula="x"\n', "3:3", "write id"),
    "two ids": (HEAD + ACTIVATION + ACTIVATION, "8:6", "Two questions"),
    "formula is a number": (HEAD + ACTIVATION.replace('"max(x,0)"', "3"), "6:11", '"3"'),
    "steps are a text": (HEAD + TRAJECTORY + 'steps = "10"\n', "7:9", "write steps = 10"),
    "choice": (HEAD + TRAJECTORY + 'at_kink = "letf"\n', "7:11", 'write "left"'),
    "number inside a table": (HEAD + TRAJECTORY + "set = { h = 1, beta = [] }\n", "7:23", "beta"),
    "text of settings": (HEAD + TRAJECTORY + 'set = "h"\n', "7:7", "NAME=VALUE"),
    "unknown claim key": (
        HEAD + ACTIVATION + 'claim = [{ sais = "f(x) = 1" }]\n',
        "7:12",
        "write `says`",
    ),
    "claim says two things": (
        HEAD + ACTIVATION + '[[question.claim]]\nsays = "1 = 1"\nfact = "kinks"\nequals = 1\n',
        "7:12",
        "exactly one",
    ),
    "fact without equals": (HEAD + ACTIVATION + 'claim = { fact = "kinks" }\n', "7:11", "`equals`"),
    "open without text": (HEAD + ACTIVATION + 'claim = [{ open = "?" }]\n', "7:12", "`text`"),
    "a date": (
        HEAD + ACTIVATION + "[[question.claim]]\nfact='x'\nequals=1979-05-27",
        "9:8",
        "date",
    ),
    "unknown kind": (HEAD + ACTIVATION + "[define.objektive.x]\n", "7:9", "write `objective`"),
    "no name": (HEAD + ACTIVATION + '[define.objective."a b"]\n', "7:19", "letters"),
    "bad toml": (HEAD + "x = \n", "3:5", "no TOML"),
    "toml that ends too early": (HEAD + 'x = "', "3:6", "no TOML"),
    "key twice": (HEAD + 'title = "U"\n', "3:12", "no TOML"),
}
"""What is wrong → the file, the place that must be named, a part of what must be said."""

UNREADABLE = {
    "bracket in a formula": (HEAD + ACTIVATION.replace("max(x,0)", "max(x,0"), "6:"),
    "unknown function": (HEAD + ACTIVATION.replace("max(x,0)", "1 + mux(x)"), "6:16"),
    "unknown name": (HEAD + ACTIVATION.replace("max(x,0)", "2*x + yy"), "6:18"),
    "power tower": (HEAD + ACTIVATION.replace("max(x,0)", "9^9^9^9"), "6:"),
    "unknown objective": (HEAD + TRAJECTORY.replace("barrier", "barier"), "6:"),
    "unknown setting": (HEAD + TRAJECTORY + "set = { learning_rat = 1 }\n", "7:9"),
    "setting outside its domain": (HEAD + TRAJECTORY + 'set = { h = "-1" }\n', "7:"),
    "bad number": (HEAD + TRAJECTORY + 'start = "1//2"\n', "7:12"),
    "bad network": (
        HEAD + '[[question]]\nid="1"\nask="parameters"\nnetworks=["3-2", "3-x"]\n',
        "6:",
    ),
    "name in an own objective": (
        HEAD
        + TRAJECTORY.replace("barrier", "own")
        + '[define.objective.own]\npieces = [{ on = "(-oo, oo)", f = "c*x" }]\n',
        "8:36",
    ),
    "own objective with a gap": (
        HEAD
        + TRAJECTORY.replace("barrier", "own")
        + '[define.objective.own]\npieces = [{ on = "(-oo, 0)", f = "x" }]\n',
        "7:19",
    ),
    "says is no statement": (HEAD + ACTIVATION + 'claim = [{ says = "f(x) = )" }]\n', "7:27"),
}
"""What cannot be read → the file and the place that must be named."""


def _write(tmp_path, text):
    path = tmp_path / "study.toml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("name", BROKEN)
def test_mistake_is_named_with_its_place_and_cure(name, tmp_path):
    text, place, said = BROKEN[name]
    path = _write(tmp_path, text)
    with pytest.raises(GradiometerError) as caught:
        read_study(path)
    shown = str(caught.value)
    assert f"at:    {path}:{place}\n" in shown
    assert said in shown
    assert "^" in shown


@pytest.mark.parametrize("name", UNREADABLE)
def test_formula_that_cannot_be_read_is_named_with_its_place(name, tmp_path):
    text, place = UNREADABLE[name]
    path = _write(tmp_path, text)
    _, problems = check_study(path)
    assert len(problems) == 1, problems
    assert f"at:    {path}:{place}" in str(problems[0])
    assert "^" in str(problems[0])


def test_all_mistakes_are_found_at_once_in_the_order_of_the_file(tmp_path):
    text = 'schema_version = 1\ntitel = "T"\n[[question]]\nid = "1"\nask = "claim"\nsay = "1 = 1"'
    _, problems = check_study(_write(tmp_path, text))
    lines = [problem.place.line for problem in problems]
    assert lines == [2, 6]


def test_missing_file(tmp_path):
    with pytest.raises(StudyError, match="No such file"):
        read_study(tmp_path / "none.toml")


def test_folder_is_no_file(tmp_path):
    with pytest.raises(StudyError, match="cannot be read"):
        read_study(tmp_path)


def test_file_that_is_no_text(tmp_path):
    path = tmp_path / "study.toml"
    path.write_bytes(b'title = "x"\ny = "\xff"')
    with pytest.raises(StudyError, match="not UTF-8") as caught:
        read_study(path)
    assert caught.value.place.line == 2


def test_file_that_is_too_large(tmp_path):
    path = tmp_path / "study.toml"
    path.write_bytes(b"#" * 5_000_001)
    with pytest.raises(StudyError, match="5,000,000 bytes"):
        read_study(path)


@pytest.mark.parametrize(
    "text", ["a = " + "[" * 50_000, "a = " + "9" * 5_000, "a" + ".a" * 100_000 + " = 1"]
)
def test_hostile_toml_is_refused(text, tmp_path):
    with pytest.raises(StudyError):
        read_study(_write(tmp_path, text))


def test_many_mistakes_are_not_all_listed(tmp_path):
    text = HEAD + "".join(f"k{number} = 1\n" for number in range(2_000)) + ACTIVATION
    _, problems = check_study(_write(tmp_path, text))
    assert len(problems) == 20


def test_byte_order_mark_is_no_mistake(tmp_path):
    path = tmp_path / "study.toml"
    path.write_text(HEAD + ACTIVATION, encoding="utf-8-sig")
    assert read_study(path).title == "T"


def test_study_is_read_as_it_is_written(tmp_path):
    text = HEAD + (
        'about = "A"\n'
        '[[question]]\nid = "1"\nask = "trajectory"\ntitle = "Q"\ntext = "Why?"\n'
        'objective = "own"\nset = { learning_rate = 0.10, own.s = "1/3" }\nstart = -1\nsteps = 5\n'
        '[[question.claim]]\nfact = "lowest"\nequals = 0.250\nexactly = true\ntext = "low"\n'
        '[[question.claim]]\nopen = "nobody knows"\ntext = "deep"\nbecause = "p. 3"\n'
        "[define.objective.own]\nparameters = { s = { default = 2.5 } }\n"
        'pieces = [{ on = "(-oo, oo)", f = "s*x^2" }]\n'
    )
    study = read_study(_write(tmp_path, text))
    question = study.questions[0]
    first, second = question.claims
    assert (study.title, study.about) == ("T", "A")
    assert (question.id, question.title, question.text) == ("1", "Q", "Why?")
    assert question.inputs == {
        "objective": "own",
        "set": {"learning_rate": "0.10", "own.s": "1/3"},
        "start": "-1",
        "steps": 5,
    }
    assert (first.fact, first.equals, first.exactly, first.text) == ("lowest", "0.250", True, "low")
    assert (second.open, second.text, second.because) == ("nobody knows", "deep", "p. 3")
    assert study.definitions["objective"]["own"] == {
        "name": "own",
        "parameters": {"s": {"default": "2.5"}},
        "pieces": [{"on": "(-oo, oo)", "f": "s*x^2"}],
    }


def test_unknown_key_of_a_definition_is_shown_in_its_line(tmp_path):
    text = HEAD + 'define.activation.foo.formla = "x"\n' + ACTIVATION
    _, (problem, *_) = check_study(_write(tmp_path, text))
    assert 'text:  define.activation.foo.formla = "x"' in str(problem)
    assert "\n" + " " * 31 + "^^^^^^\n" in str(problem)


def test_pieces_of_an_activation_are_refused_with_what_to_write(tmp_path):
    text = HEAD + '[define.activation.foo]\npieces = [{ on = "[0, 1]", f = "x" }]\n' + ACTIVATION
    _, (problem, *_) = check_study(_write(tmp_path, text))
    assert 'formula = "where(' in problem.hint
