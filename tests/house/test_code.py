"""What no line of the house may do."""

import pytest

from house import rules
from house.source import ROOT, found, parse_file, python_files, texts

SOURCES = python_files("src")
EVERYTHING = python_files("src", "tests", "benchmarks")


def _name(path):
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", SOURCES, ids=_name)
@pytest.mark.parametrize("rule", [rules.evaluator_calls, rules.print_calls, rules.open_classes])
def test_module_keeps(rule, path):
    violations = list(rule(parse_file(path)))
    assert not violations, found(violations)


@pytest.mark.parametrize("path", EVERYTHING, ids=_name)
def test_a_silenced_tool_is_given_a_reason(path):
    violations = list(rules.bare_suppressions(path.read_text(encoding="utf-8")))
    assert not violations, found(violations)


def test_an_ignored_lint_rule_has_its_reason():
    violations = list(
        rules.ignores_without_reason((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    )
    assert not violations, found(violations)


def test_texts_speak_of_the_subject_only():
    violations = [f"{name}:{line}" for name, text in texts() for line in rules.private_places(text)]
    assert not violations, found(violations)
