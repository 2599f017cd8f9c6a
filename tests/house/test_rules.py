"""The rules of the house find what they are there to find, and nothing else."""

import ast
from pathlib import Path

import pytest

from house import rules
from house.source import STAGES

BROKEN = [
    (rules.evaluator_calls, "eval('1')"),
    (rules.evaluator_calls, "map(exec, programs)"),
    (rules.evaluator_calls, "__import__(name)"),
    (rules.evaluator_calls, "sympy.sympify(text)"),
    (rules.evaluator_calls, "sympy.S('x')"),
    (rules.evaluator_calls, "lambdify(x, f)"),
    (rules.evaluator_calls, "from sympy.parsing.sympy_parser import parse_expr as read"),
    (rules.evaluator_calls, "from sympy import *"),
    (rules.print_calls, "print(1)"),
    (rules.open_classes, "@dataclass(frozen=True)\nclass A: ..."),
    (rules.open_classes, "@dataclasses.dataclass(slots=True, frozen=True)\nclass A(B): ..."),
    (rules.relative_imports, "from . import tree"),
    (rules.relative_imports, "from .tree import Node"),
    (rules.long_functions, "def f():\n" + "    x = 1\n" * rules.MAX_FUNCTION_LINES),
    (
        rules.long_functions,
        "class A:\n  async def f():\n" + "    x = 1\n" * rules.MAX_FUNCTION_LINES,
    ),
]

KEPT = [
    (rules.evaluator_calls, "S = {1}; x = evaluate(1); re.compile('a'); from sympy import Symbol"),
    (rules.print_calls, "console.print(1)"),
    (rules.open_classes, "@final\n@dataclass(frozen=True)\nclass A: ..."),
    (rules.open_classes, "@dataclass(frozen=True)\nclass AbstractA: ..."),
    (rules.open_classes, "@dataclass(frozen=True)\nclass A(GradiometerError): ..."),
    (rules.open_classes, "@dataclass\nclass A: ..."),
    (rules.relative_imports, "from gradiometer.formula.tree import Node"),
    (rules.long_functions, "def f():\n" + "    x = 1\n" * (rules.MAX_FUNCTION_LINES - 1)),
    (rules.long_functions, 'def f():\n    """' + "\n" * 90 + '"""\n'),
]


def _ids(pair):
    return pair.__name__ if callable(pair) else None


@pytest.mark.parametrize(("rule", "text"), BROKEN, ids=_ids)
def test_violation_is_found(rule, text):
    assert list(rule(ast.parse(text)))


@pytest.mark.parametrize(("rule", "text"), KEPT, ids=_ids)
def test_what_is_allowed_passes(rule, text):
    assert not list(rule(ast.parse(text)))


def _behind_doors(text):
    offers = {"gradiometer.formula": {"parse"}}
    return list(
        rules.imports_behind_doors(
            ast.parse(text),
            module="gradiometer.question.claim",
            stages=STAGES,
            exports=lambda door: offers.get(door, set()),
        )
    )


@pytest.mark.parametrize(
    "text",
    [
        "from gradiometer.formula.parse import parse",
        "import gradiometer.formula.parse",
        "from gradiometer.formula import tree",
        "from gradiometer import claim",
        "import gradiometer",
        "importlib.import_module('gradiometer.formula.parse')",
        "def late():\n    from gradiometer.proof.cycle import prove",
    ],
)
def test_import_behind_a_door_is_found(text):
    assert _behind_doors(text)


@pytest.mark.parametrize(
    "text",
    [
        "from gradiometer.formula import parse",
        "import gradiometer.formula",
        "from gradiometer import formula",
        "from gradiometer.errors import suggest",
        "from gradiometer.question.answer import Answer",
        "import numpy.linalg",
    ],
)
def test_import_through_a_door_passes(text):
    assert not _behind_doors(text)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("from gradiometer.formula.tree import Node, walk as visit, _hidden", {"Node", "visit"}),
        ("def f(): a = 1\nclass A: b = 2\nc, d = 3, 4\ne: int = 5", {"f", "A", "c", "d", "e"}),
        ("if TYPE_CHECKING:\n    from gradiometer.formula.tree import Node", {"Node"}),
        ("from typing import Any\nimport ast\nfrom gradiometer.errors import suggest", set()),
        ("_x = 1\n__all__ = []", set()),
    ],
)
def test_public_names_of_a_door_are_found(text, names):
    assert set(rules.public_names(ast.parse(text), package="gradiometer.formula")) == names


@pytest.mark.parametrize(
    ("line", "broken"),
    [
        ("x = 1  # no" + "qa", True),
        ("x = 1  # no" + "qa: E501", True),
        ("x = 1  # no" + "qa: E501, D100", True),
        ("x = 1  # type" + ": ignore", True),
        ("x = 1  # pyright" + ": ignore[reportCallIssue]", True),
        ("x = 1  # no" + "qa: E501 - a table reads better in one line", False),
        ("x = 1  # pyright" + ": ignore[reportCallIssue]  # flint has no stubs", False),
        ("x = 1  # why it is one", False),
    ],
)
def test_a_silenced_tool_needs_what_and_why(line, broken):
    assert bool(list(rules.bare_suppressions(line))) == broken


@pytest.mark.parametrize(
    ("text", "broken"),
    [
        ('ignore = [\n  "E501",\n]', True),
        ('ignore = ["E501"]', True),
        ('"tests/**" = [\n  "D",  # tests\n]', True),
        ('ignore = [\n  "E501",  # formulas are long\n]', False),
        ("ignore = []", False),
    ],
)
def test_an_ignored_lint_rule_needs_a_reason(text, broken):
    assert bool(list(rules.ignores_without_reason(text))) == broken


@pytest.mark.parametrize(
    ("text", "broken"),
    [
        ("see /" + "work/notes", True),
        ("found in an earlier ses" + "sion", True),
        ("open /" + "root/.cache", True),
        ("as shared" + "/facts says", True),
        ('@pytest.fixture(scope="session")', False),
        ("sessionStorage.setItem", False),
        ("the network/" + "work", False),
    ],
)
def test_a_private_place_is_found(text, broken):
    assert bool(list(rules.private_places(text))) == broken


@pytest.mark.parametrize(
    ("name", "broken"),
    [
        ("utils.py", True),
        ("_helpers.py", True),
        ("array_utils.py", True),
        ("core", True),
        ("database.py", False),
        ("base_rate.py", False),
        ("manage.py", False),
    ],
)
def test_a_name_that_says_nothing_is_found(name, broken):
    assert rules.forbidden_name(Path(name)) == broken
