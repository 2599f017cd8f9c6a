"""When kernels are compiled, and when they are loaded."""

import os
import subprocess
import sys
import time

from gradiometer.numeric.kernel import drop_stale

_RUN = """
import sys
from gradiometer.numeric import connect, sweep_back
assert "numba" not in sys.modules
print(sweep_back(connect([(0, 1, 3.0)], sources=[0], output=1)).adjoint[0].to_float()[0])
from gradiometer.numeric import kernel_sweep
print(sum(kernel_sweep.sweep_back.stats.cache_hits.values()))
"""


def _run():
    run = subprocess.run([sys.executable, "-c", _RUN], check=False, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    return run.stdout.split()


def test_numba_waits_for_the_first_array_and_kernels_wait_on_disk():
    assert _run()[0] == "3.0"
    assert _run() == ["3.0", "1"]


def test_a_kernel_older_than_its_stage_is_compiled_again(tmp_path):
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "part.py").write_text("")
    old, new = tmp_path / "__pycache__/kernel_a.nbi", tmp_path / "__pycache__/kernel_b.nbi"
    old.write_text("")
    new.write_text("")
    now = time.time()
    os.utime(old, (now - 10, now - 10))
    os.utime(tmp_path / "part.py", (now - 5, now - 5))
    drop_stale(tmp_path)
    assert not old.exists()
    assert new.exists()
