"""What may be loaded by whom, and when."""

import itertools
import subprocess
import sys

import grimp
import pytest

from house.source import HEAVY, ROOT

_LOADED = f"print(*sorted(set(sys.modules) & {set(HEAVY)!r}))"


def _heavy_modules_after(statements):
    """Heavy libraries loaded after *statements* ran in a fresh interpreter."""
    program = f"import sys\n{statements}\n{_LOADED}"
    command = [sys.executable, "-c", program]
    run = subprocess.run(command, check=False, capture_output=True, text=True, cwd=ROOT)
    assert run.returncode == 0, run.stderr
    return run.stdout.splitlines()[-1].split()


def test_the_package_loads_nothing_heavy():
    assert _heavy_modules_after("import gradiometer") == []


def test_errors_load_nothing_heavy():
    assert _heavy_modules_after("import gradiometer.errors") == []


def test_help_loads_nothing_heavy():
    call = (
        "sys.argv = ['gradiometer', '--help']\n"
        "from gradiometer.terminal import main\n"
        "try:\n    main()\nexcept SystemExit as end:\n    assert not end.code, end.code"
    )
    assert _heavy_modules_after(call) == []


def test_a_heavy_library_would_be_noticed():
    assert _heavy_modules_after("import rich") == ["rich"]


def _is_checker(module):
    parts = module.split(".")
    return (
        parts[:2] == ["gradiometer", "proof"]
        and len(parts) > 2
        and parts[2].split("_")[0] == "check"
    )


def _may_be_used_by_a_checker(module):
    return (
        module == "gradiometer.errors"
        or _is_checker(module)
        or module.split(".")[:2] == ["gradiometer", "formula"]
    )


def _checker_violations(graph):
    """Imports, direct or not, that would make a checker trust what it checks."""
    for checker in filter(_is_checker, sorted(graph.modules)):
        for module in sorted(graph.find_modules_directly_imported_by(checker)):
            if module.startswith("gradiometer") and not _may_be_used_by_a_checker(module):
                yield f"{checker} imports {module}"
        for module in sorted(graph.find_upstream_modules(checker)):
            if module.split(".")[0] == "sympy" or (
                module.startswith("gradiometer.proof") and not _is_checker(module)
            ):
                yield " → ".join(graph.find_shortest_chain(checker, module))


def test_checkers_trust_no_prover():
    graph = grimp.build_graph("gradiometer", include_external_packages=True, cache_dir=None)
    assert "gradiometer.proof.check" in graph.modules
    assert list(_checker_violations(graph)) == []


@pytest.mark.parametrize(
    "chain",
    [
        ["gradiometer.proof.check", "gradiometer.proof.cycle"],
        ["gradiometer.proof.check", "gradiometer.formula", "sympy"],
        ["gradiometer.proof.check_balls", "gradiometer.model"],
        ["gradiometer.proof.check", "gradiometer.proof"],
    ],
)
def test_a_trusting_checker_would_be_noticed(chain):
    graph = grimp.ImportGraph()
    for importer, imported in itertools.pairwise(chain):
        graph.add_import(importer=importer, imported=imported)
    assert list(_checker_violations(graph))
