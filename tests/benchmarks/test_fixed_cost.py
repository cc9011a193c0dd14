"""What one evaluation costs beyond the model's own imports, fit and predict, against a bare script in one run.

pytest tests/benchmarks/test_fixed_cost.py --benchmark-only -s
"""

from __future__ import annotations

import subprocess
import sys
import time

BARE = """
import numpy as np
generator = np.random.Generator(np.random.PCG64(7))
centres = np.array([[0.2, 0.2], [0.8, 0.2], [0.5, 0.8]], np.float32)
targets = np.repeat(np.arange(3), 100)
inputs = np.clip(centres[targets] + generator.normal(0, 0.12, (300, 2)), 0, 1).astype(np.float32)
fitted = np.stack([inputs[targets == c].mean(axis=0) for c in range(3)])
print((((inputs[:, None] - fitted) ** 2).sum(axis=2).argmin(axis=1) == targets).mean())
"""


def test_an_evaluation_against_a_bare_script(benchmark, course):
    course.submit()
    course.harness("evaluate", "submissions/bob")  # the data is prepared once
    begin = time.perf_counter()
    subprocess.run([sys.executable, "-c", BARE], check=True, capture_output=True)
    bare = time.perf_counter() - begin
    begin = time.perf_counter()
    done = benchmark.pedantic(lambda: course.harness("evaluate", "submissions/bob", "--force"), rounds=1)
    whole = time.perf_counter() - begin
    assert done.returncode == 0
    run = course.record()["run"]
    benchmark.extra_info.update(bare=bare, whole=whole, ratio=whole / bare, phases=run["phases"])
    print(f"\nbare {bare:.2f} s, evaluate {whole:.2f} s, of which the line {run['seconds']:.2f} s")
    print("  ".join(f"{name} {seconds:.2f}" for name, seconds in run["phases"].items()))
