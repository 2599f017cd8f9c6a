"""Kernels on disk: found again, thrown away when damaged, never needed."""

import os
import stat
import subprocess
import sys

import numpy as np
import pytest

from gradiometer.model import read_objective, read_optimizer, settle
from gradiometer.numeric import kernel_cache, kernel_compile, plan_runs
from gradiometer.numeric.kernel_cache import FOLDER_VARIABLE, load_kernel
from gradiometer.numeric.kernel_compile import compile_text, write_assembly


def plan(curve="abs(x)", rule="sgd", **options):
    optimizer = read_optimizer(rule)
    bound = optimizer.bind(settle([optimizer.owner], {"learning_rate": "1/4"})["optimizer"])
    return plan_runs(bound, read_objective(curve).bind({}), **options)


@pytest.fixture
def counted(tmp_path, monkeypatch):
    """An empty folder, and the list of what is compiled from now on."""
    compiled = []

    def compile_and_count(text, path):
        compiled.append(path)
        return compile_text(text, path)

    monkeypatch.setattr(kernel_compile, "compile_text", compile_and_count)
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "kernels"))
    load_kernel.cache_clear()
    yield tmp_path / "kernels", compiled
    load_kernel.cache_clear()


def run_anew():
    load_kernel.cache_clear()
    return plan().run([0.5, -0.75], steps=3).position.tolist()


RIGHT = [-0.25, 0.0]


def test_a_kernel_is_compiled_once_and_found_on_disk(counted):
    folder, compiled = counted
    assert run_anew() == run_anew() == RIGHT
    assert len(compiled) == 1
    assert sorted(path.suffix for path in folder.iterdir()) == [".code", ".py"]
    text = next(folder.glob("*.py")).read_text(encoding="utf-8")
    assert "x_new = x - (learning_rate * " in text


@pytest.mark.parametrize("damage", [b"", b"\0" * 40, None])
def test_a_damaged_file_is_made_again(counted, damage):
    folder, compiled = counted
    run_anew()
    (file,) = folder.glob("*.code")
    whole = file.read_bytes()
    file.write_bytes(whole[:-1] + b"\1" if damage is None else damage)
    assert run_anew() == RIGHT
    assert len(compiled) == 2
    assert file.read_bytes()[:32] == whole[:32] or len(file.read_bytes()) == len(whole)


def test_a_folder_that_cannot_be_written_costs_a_compilation(counted):
    folder, compiled = counted
    folder.write_text("a file where the folder should be")
    assert run_anew() == run_anew() == RIGHT
    assert len(compiled) == 2


@pytest.mark.skipif(os.name != "posix", reason="rights of files are those of POSIX")
def test_code_that_others_could_have_written_is_not_run(counted):
    folder, compiled = counted
    run_anew()
    folder.chmod(folder.stat().st_mode | stat.S_IWOTH)
    assert run_anew() == RIGHT
    assert len(compiled) == 2


def test_another_compiler_or_processor_has_its_own_kernel(counted, monkeypatch):
    _, compiled = counted
    run_anew()
    monkeypatch.setattr(kernel_cache, "version", lambda name: "0")
    run_anew()
    monkeypatch.setattr(kernel_cache.binding, "get_host_cpu_name", lambda: "generic")
    monkeypatch.setattr(kernel_cache, "version", lambda name: "1")
    run_anew()
    assert len(compiled) == 3


_RUN = """
import sys
from gradiometer.model import read_objective, read_optimizer, settle
from gradiometer.numeric import plan_runs
sgd = read_optimizer("sgd")
rule = sgd.bind(settle([sgd.owner], {"learning_rate": "1/4"})["optimizer"])
print(plan_runs(rule, read_objective("abs(x)").bind({})).run([0.5], steps=3).position[0])
print("numba" in sys.modules)
"""


def test_a_process_that_finds_a_kernel_loads_no_compiler(tmp_path):
    environment = {**os.environ, FOLDER_VARIABLE: str(tmp_path / "kernels")}
    for is_first in (True, False):
        run = subprocess.run([sys.executable, "-c", _RUN], check=False, capture_output=True,
                             text=True, env=environment)  # fmt: skip
        assert run.returncode == 0, run.stderr
        assert run.stdout.split() == ["-0.25", str(is_first)]


def is_x86_with(feature):
    return kernel_cache.binding.get_host_cpu_features().get(feature, False)


@pytest.mark.skipif(not is_x86_with("avx2"), reason="instructions are those of AVX2")
@pytest.mark.parametrize(
    "curve", ["abs(x)", "(x^2 - 1)^2/4", "x^2 + sin(3*x)", "ln(1 + e^x) + x^2"]
)
def test_loops_over_lanes_are_packed(curve):
    instructions = write_assembly(plan(curve, "adam", repeats=False).source())
    assert "vdivpd" in instructions
    assert "vsqrtpd" in instructions
    assert "vsqrtsd" not in instructions


@pytest.mark.skipif(not is_x86_with("avx512f"), reason="registers of 512 bits are those of AVX-512")
def test_smooth_landscapes_use_wide_registers():
    assert "zmm" in write_assembly(plan("x^2 + sin(3*x)", "adam").source())


def test_a_plain_division_gives_the_bits_of_products(monkeypatch):
    starts = np.random.default_rng(0).uniform(-2, 2, 200)
    products = plan(rule="adam").run(starts, steps=300).position
    monkeypatch.setattr(kernel_cache, "has_fused", lambda: False)
    divided = plan(rule="adam")
    assert np.array_equal(products, divided.run(starts, steps=300).position)


def test_an_extreme_divisor_is_divided_by():
    rule = read_optimizer({
        "name": "tiny", "parameters": {"c": {"default": "1"}}, "step": {"x'": "x - g/c"},
    }).bind({})  # fmt: skip
    made = plan_runs(rule, read_objective("x").bind({}))
    for divisor in (1e-310, 1e308, 0.0, 3.0):
        with np.errstate(divide="ignore", over="ignore"):
            expected = 0.0 - np.float64(1.0) / np.float64(divisor)
        found = made.run([0.0], steps=1, values={"c": divisor}, far=np.inf)
        assert found.position[0] == expected
