"""A computation without an answer prints nothing and keeps what was written."""

import pytest
from click.testing import CliRunner

from gradiometer.terminal import cli

LONG = "\n".join(["x1 = a + b*a", *(f"x{k} = x{k - 1} + b*x{k - 1}/{k}" for k in range(2, 60_000))])


def _run(*words):
    return CliRunner().invoke(cli, ["gradient", *words])


@pytest.mark.parametrize(
    "text",
    [
        "c = c*a",
        "u = v*a; v = u*b",
        "c = a*b*zz",
        "v = a; v = b",
        "c = b/(a - a)",
        "c = b*ln(a - 9)",
    ],
)
@pytest.mark.parametrize("form", ["typed", "lines", "file", "long file"])
def test_nothing_is_printed_and_an_older_file_stays(tmp_path, text, form):
    lines, path, older = text.replace("; ", "\n"), tmp_path / "c.txt", tmp_path / "answer.json"
    older.write_text("older", encoding="utf-8")
    path.write_text(f"{LONG}\n{lines}\n" if form == "long file" else lines, encoding="utf-8")
    source = {"typed": [text], "lines": [lines]}.get(form, ["--file", str(path)])
    for target in ([], ["-o", str(older)], ["--format", "html"], ["--json"]):
        result = _run(*source, "--at", "a=1,b=2", *target)
        assert result.exit_code == (2 if len(source) == 1 else 4)
        assert result.stdout == ""
        assert "try:" in result.stderr
        assert "Traceback" not in result.stderr
        assert "defect" not in result.stderr
        if form == "long file" and not target:
            break
    assert older.read_text(encoding="utf-8") == "older"


def test_a_computation_may_be_left_out_of_the_command_where_a_file_is_given():
    assert "[COMPUTATION]" in _run("--help").stdout
