"""The rules of the house as functions: a syntax tree or a text in, a list of violations out."""

import ast
import re

FORBIDDEN_NAMES = {
    "base",
    "common",
    "core",
    "handler",
    "handlers",
    "helper",
    "helpers",
    "manager",
    "managers",
    "misc",
    "util",
    "utils",
}
EVALUATORS = {"eval", "exec", "sympify", "parse_expr", "lambdify", "S", "__import__"}
MAX_LINES = 400
MAX_FUNCTION_LINES = 50

# The words are written in halves so that this file does not find itself.
_MACHINE_PATHS = re.compile("/" + r"(work|root|home|opt|tmp/g)/")
_WAYS_OF_WORK = re.compile(
    r"\bses" + r"sions?\b|shared" + r"/facts|DESIGN" + r"\.md", re.IGNORECASE
)
_PYTEST_SCOPE = re.compile(r"scope=.ses" + "sion.")
_SUPPRESSION = re.compile(r"#\s*(noqa|type:\s*ignore|pyright:\s*ignore)(?P<rest>[^\n]*)")
_CODES = re.compile(r"^\s*(:\s*[A-Z]+[0-9]+(\s*,\s*[A-Z]+[0-9]+)*|\[[\w, -]+\])")
_REASON = re.compile(r"[A-Za-z`]\S*\s+\S")


def forbidden_name(path):
    """Whether a file or folder name is one of the words that say nothing."""
    return path.stem.strip("_").split("_")[-1].lower() in FORBIDDEN_NAMES


def long_functions(tree):
    """Functions longer than allowed; a docstring is not counted."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        lines = node.end_lineno - node.lineno + 1
        if ast.get_docstring(node, clean=False) is not None:
            lines -= node.body[0].end_lineno - node.body[0].lineno + 1
        if lines > MAX_FUNCTION_LINES:
            yield f"{node.lineno}: {node.name} has {lines} lines"


def evaluator_calls(tree):
    """Places that turn a text into something executed, or import the means to."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id in {"eval", "exec", "__import__"}:
            yield f"{node.lineno}: {node.id}"
        elif isinstance(node, ast.Call):
            name = _called_name(node)
            if name in EVALUATORS and not isinstance(node.func, ast.Name):
                yield f"{node.lineno}: .{name}(…)"
            elif name in EVALUATORS - {"eval", "exec", "__import__"}:
                yield f"{node.lineno}: {name}(…)"
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "sympy":
            for alias in node.names:
                if alias.name in EVALUATORS | {"*"}:
                    yield f"{node.lineno}: from {node.module} import {alias.name}"


def print_calls(tree):
    """Calls of `print`."""
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id == "print"
        ):
            yield f"{node.lineno}: print(…)"


def open_classes(tree):
    """Frozen dataclasses that are neither `@final` nor `Abstract…` nor an exception."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.ClassDef) or node.name.startswith(("Abstract", "_Abstract")):
            continue
        if any(_last_name(base).endswith(("Error", "Exception")) for base in node.bases):
            continue
        decorators = {_last_name(decorator) for decorator in node.decorator_list}
        if any(map(_is_frozen_dataclass, node.decorator_list)) and "final" not in decorators:
            yield f"{node.lineno}: class {node.name} is frozen but neither @final nor Abstract…"


def relative_imports(tree):
    """Imports written with leading dots."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.level:
            yield f"{node.lineno}: from {'.' * node.level}{node.module or ''} import …"


def imports_behind_doors(tree, *, module, stages, exports):
    """Imports that do not come through the door of another stage.

    Args:
        tree: Syntax tree of *module*.
        module: Dotted name, `gradiometer.formula.parse`.
        stages: Names of all stages.
        exports: Function from a door's dotted name to the names it offers.
    """
    own = ".".join(module.split(".")[:2])
    if module == "gradiometer":
        # A question's function has its module's name, so only a type checker can import it there.
        tree = _without_type_checking(tree)
    for line, source, name in _gradiometer_imports(tree):
        parts = source.split(".")
        door = ".".join(parts[:2])
        if door == own and len(parts) > 1:
            continue
        if len(parts) == 1:
            if name is None or (name not in stages and name != "errors"):
                yield f"{line}: {source}.{name or ''} is imported through the roof"
        elif parts[1] not in stages:
            continue
        elif len(parts) > 2:
            yield f"{line}: {source} lies behind the door of {door}"
        elif name is not None and name not in exports(door):
            yield f"{line}: {door} does not offer {name}"


def public_names(tree, *, package):
    """Public names a door makes: defined in it or taken from behind it, not merely used."""
    nodes = list(tree.body)
    while nodes:
        node = nodes.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names = [node.name]
        elif isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names = [n.id for t in targets for n in ast.walk(t) if isinstance(n, ast.Name)]
        elif isinstance(node, ast.ImportFrom) and f"{node.module}.".startswith(f"{package}."):
            names = [alias.asname or alias.name for alias in node.names]
        else:
            names = []
            nodes.extend(
                child for child in ast.iter_child_nodes(node) if isinstance(child, ast.stmt)
            )
        yield from (name for name in names if not name.startswith("_"))


def bare_suppressions(text):
    """Lines that silence a tool without saying what and why."""
    for number, line in enumerate(text.splitlines(), start=1):
        match = _SUPPRESSION.search(line)
        if match is None:
            continue
        codes = _CODES.match(match["rest"])
        if codes is None or not _REASON.search(match["rest"][codes.end() :]):
            yield f"{number}: {line.strip()}"


def ignores_without_reason(text):
    """Entries of ignore lists in a pyproject text that have no comment on their line."""
    inside = False
    for number, line in enumerate(text.splitlines(), start=1):
        if re.match(r'(ignore|extend-ignore|"[^"]*\*\*") = \[', line):
            inside = not line.rstrip().endswith("]")
            if not inside and '"' in line.split("= [", 1)[1]:
                yield f"{number}: {line.strip()}"
        elif inside and line.startswith("]"):
            inside = False
        elif inside and line.strip() and not re.search(r'"[A-Z]+[0-9]*",\s+# \S+ \S', line):
            yield f"{number}: {line.strip()}"


def private_places(text):
    """Lines that name a place on somebody's machine or how the work is organised."""
    for number, line in enumerate(text.splitlines(), start=1):
        if _MACHINE_PATHS.search(line) or _WAYS_OF_WORK.search(_PYTEST_SCOPE.sub("", line)):
            yield f"{number}: {line.strip()[:120]}"


def _without_type_checking(tree):
    """The tree without what stands under `if TYPE_CHECKING`."""
    body = [
        node
        for node in tree.body
        if not (isinstance(node, ast.If) and _last_name(node.test) == "TYPE_CHECKING")
    ]
    return ast.Module(body=body, type_ignores=[])


def _gradiometer_imports(tree):
    """Line, module and imported name (None for a module) of every import of gradiometer."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            pairs = [(alias.name, None) for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and not node.level:
            pairs = [(node.module or "", alias.name) for alias in node.names]
        elif isinstance(node, ast.Call) and _called_name(node) == "import_module" and node.args:
            pairs = [(getattr(node.args[0], "value", None), None)]
        else:
            continue
        for source, name in pairs:
            if isinstance(source, str) and source.split(".")[0] == "gradiometer":
                yield node.lineno, source, name


def _is_frozen_dataclass(decorator):
    return (
        isinstance(decorator, ast.Call)
        and _last_name(decorator) == "dataclass"
        and any(
            keyword.arg == "frozen" and getattr(keyword.value, "value", None) is True
            for keyword in decorator.keywords
        )
    )


def _called_name(node):
    return _last_name(node.func)


def _last_name(node):
    """`d` of `a.b.d`, `a.b.d(…)` and `a.b.d[…]`."""
    while isinstance(node, ast.Call | ast.Subscript):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
