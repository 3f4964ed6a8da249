"""What a call from Python costs over C++: a network of one tiny step, so that nothing but the calls is measured.

    PYTHONPATH=build/release/python build/venv/bin/python bench/python/overhead.py [build/release/bin/bench/tenon_call_bench]

Each figure is the median of rounds of a loop, in microseconds; the C++ column is the same loop in bench/python/main.cpp.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import tenon

ROOT = Path(__file__).resolve().parents[2]
NETWORK = "graph @tiny(%x: f32[1,8]) { %y = neg(%x) : f32[1,8] return %y as \"y\" }"
ROUNDS, CALLS = 31, 2000


def microseconds(call: Callable[[], object]) -> float:
    times = []
    for _ in range(ROUNDS):
        start = time.perf_counter_ns()
        for _ in range(CALLS):
            call()
        times.append((time.perf_counter_ns() - start) / CALLS / 1e3)
    return statistics.median(times)


def main() -> None:
    program = sys.argv[1] if len(sys.argv) > 1 else ROOT / "build/release/bin/bench/tenon_call_bench"
    engine = tenon.build(tenon.Network.from_text(NETWORK), threads=1, measure=False)
    with tempfile.NamedTemporaryFile(suffix=".engine") as file:
        engine.save(file.name)
        cpp = [float(word) for word in subprocess.run([program, file.name], capture_output=True, text=True,
                                                      check=True).stdout.split()]
    x = np.zeros((1, 8), np.float32)
    context = engine.create_context()
    stream = tenon.Stream()
    context.bind({"x": x}, {"y": np.empty((1, 8), np.float32)})

    def queued() -> None:
        context.enqueue(stream)
        stream.synchronize()

    rows = [("run(), all bound", microseconds(context.run), cpp[0]), ("enqueue() + synchronize()", microseconds(queued), cpp[2])]
    context.set_output("y", None)
    rows += [("context(x)", microseconds(lambda: context(x)), cpp[1]),
             ("infer({'x': x})", microseconds(lambda: context.infer({"x": x})), cpp[1])]
    print(f"{'':28}{'Python':>8}{'C++':>8}{'more':>8}")
    for name, python, native in rows:
        print(f"{name:28}{python:8.2f}{native:8.2f}{python - native:8.2f}")


if __name__ == "__main__":
    main()
