"""Kernels for other processors than this one, compiled and run here: narrower registers."""

from __future__ import annotations

import json
import os
import platform
import re
import subprocess
import sys
from typing import Any

import pytest
from llvmlite import binding

from gradiometer.numeric.dense_style import choose_style
from gradiometer.numeric.processor import list_features, name_processor

PROGRAM = """
import json
import numpy as np
from gradiometer.formula import parse
from gradiometer.model import read_optimizer, settle, unroll
from gradiometer.numeric import Dense, Examples, Networks, Training, kernel_compile, run_dense

texts = []

def compile_text(text, path):
    unit, machine = kernel_compile._translate(text, path)
    if "Steps of networks" in text:
        texts.append(machine.emit_assembly(unit))
    return machine.emit_object(unit)

kernel_compile.compile_text = compile_text
optimizer = read_optimizer("sgd")
rule = unroll(optimizer.bind(settle([optimizer.owner], {})["optimizer"]), ())
dense = Dense((3, 5, 1), parse("tanh(x)").tree, "sigmoid", rule)
given = {name: np.geomspace(0.1, 1, 20) if name == "learning_rate" else float(rule.values[name])
         for name in dense.given}
random = np.random.default_rng(0)
networks = Networks(random.normal(size=(20, 26)), given, np.zeros(20))
examples = Examples(random.normal(size=(17, 3)), labels=random.integers(0, 2, 17))
training = Training(dense, 4, 2)
(*_, last) = run_dense(training, networks, examples, checks={"same": examples})
(text,) = texts
print(json.dumps({
    "lanes": training.style.lanes, "rows": training.style.rows,
    "columns": training.style.columns, "parameters": last.parameters().tolist(),
    "loss": last.checks["same"][0].tolist(),
    "registers": sorted({r for r in ("xmm", "ymm", "zmm") if r in text}),
    "fused": "vfmadd" in text, "called": "fmaf" in text,
}))
"""
"""Trains with the kernel that the environment asks for, and tells what is in it."""

TARGETS = {
    "avx2": ("haswell", "+avx,+avx2,+bmi,+bmi2,+f16c,+fma,+sse4.2"),
    "sse2": ("x86-64", ""),
}
X86 = platform.machine().lower() in ("x86_64", "amd64")


def run_on(target: str | None, folder: Any) -> dict[str, Any]:
    """What the program tells on a processor; None for this one."""
    environment = {name: text for name, text in os.environ.items() if "NUMBA_CPU" not in name}
    environment |= {"GRADIOMETER_CACHE": str(folder), "NUMBA_CACHE_DIR": str(folder)}
    if target is not None:
        name, features = TARGETS[target]
        environment |= {"NUMBA_CPU_NAME": name, "NUMBA_CPU_FEATURES": features}
    done = subprocess.run([sys.executable, "-c", PROGRAM], env=environment, check=True,
                          capture_output=True, text=True)  # fmt: skip
    return json.loads(done.stdout)


@pytest.mark.skipif(not X86, reason="the targets are processors of x86")
def test_narrow_registers_give_the_same_bits(tmp_path: Any) -> None:
    if not binding.get_host_cpu_features().get("avx2"):
        pytest.skip("this processor cannot run the code")
    here, narrow, plain = (run_on(target, tmp_path) for target in (None, "avx2", "sse2"))
    wide = binding.get_host_cpu_features().get("avx512f")
    assert here["registers"][-1] == ("zmm" if wide else "ymm")
    assert (narrow["lanes"], narrow["registers"], narrow["fused"]) == (8, ["xmm", "ymm"], True)
    assert (plain["lanes"], plain["registers"], plain["fused"]) == (4, ["xmm"], False)
    assert plain["called"]
    for other in (narrow, plain):
        assert other["rows"] * other["columns"] + other["columns"] + 1 <= 16
        assert other["parameters"] == here["parameters"]
        assert other["loss"] == here["loss"]


def test_the_processor_is_the_one_that_the_environment_names(monkeypatch: Any) -> None:
    monkeypatch.delenv("NUMBA_CPU_FEATURES", raising=False)
    monkeypatch.setenv("NUMBA_CPU_NAME", "generic")
    assert name_processor() == ("generic", "")
    monkeypatch.setenv("NUMBA_CPU_NAME", "znver4")
    assert name_processor() == ("znver4", binding.get_host_cpu_features().flatten())
    monkeypatch.setenv("NUMBA_CPU_FEATURES", "+avx2,-avx512f, +fma")
    assert list_features()["avx2"]
    assert not list_features()["avx512f"]
    assert choose_style().lanes == (4 if re.match("arm|aarch", platform.machine()) else 8)
