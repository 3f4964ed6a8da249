#!/usr/bin/env python3
"""Throughput of a model: one stream on one core, one stream on all cores, and one single-threaded stream a core.

Tenon and ONNX Runtime take turns, each with a file of its own where their quantizers wrote two. Tenon builds an engine for each
batch and thread count and runs its streams as contexts of one process; ONNX Runtime gets a process for each stream, held to its
core. Writes what bench/report.py renders.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

CONTESTANTS = ("tenon", "ort")


def tenon(*words: object) -> str:
    done = subprocess.run([str(w) for w in words], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(map(str, words))}: {done.stderr.strip()}")
    return done.stdout


def run_tenon(args: argparse.Namespace, batch: int, threads: int, streams: int, folder: Path) -> dict[str, Any]:
    engine = folder / f"{batch}x{threads}.engine"
    if not engine.exists():
        shapes = ["--shapes", f"{args.input}:{batch}x{args.shape}"]
        tenon(args.tenon, "build", args.model, "-o", engine, "--threads", threads, *shapes)
    pin = ["taskset", "-c", "0"] if threads == streams == 1 else []
    report = json.loads(tenon(*pin, args.tenon, "bench", engine, "--contexts", streams, "--duration", args.duration, "--json"))
    return {"images_per_s": report["throughput_per_s"] * batch, "min_ms": report["latency_ms"]["min"],
            "median_ms": report["latency_ms"]["median"], "isa": report["isa"]}


def ort_stream(model: str, batch: int, shape: str, threads: int, cores: set[int], duration: float, start: Any, results: Any) -> None:
    os.sched_setaffinity(0, cores)
    import numpy
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    extents = [batch, *(int(d) for d in shape.split("x"))]
    feeds = {session.get_inputs()[0].name: numpy.random.default_rng(1).standard_normal(extents).astype(numpy.float32)}
    for _ in range(3):
        session.run(None, feeds)
    start.wait()
    times, end = [], time.perf_counter() + duration
    while (now := time.perf_counter()) < end:
        session.run(None, feeds)
        times.append(time.perf_counter() - now)
    results.put(times)


def run_ort(args: argparse.Namespace, batch: int, threads: int, streams: int, _: Path) -> dict[str, Any]:
    start, results = multiprocessing.Barrier(streams), multiprocessing.Queue()
    cores = sorted(os.sched_getaffinity(0))
    workers = [multiprocessing.Process(target=ort_stream, args=(str(args.ort_model or args.model), batch, args.shape, threads,
                                                                set(cores[s:s + threads]), args.duration, start, results))
               for s in range(streams)]
    for worker in workers:
        worker.start()
    lists = [results.get() for _ in workers]
    for worker in workers:
        worker.join()
    times = sorted(t for one in lists for t in one)
    return {"images_per_s": sum(len(one) * batch / sum(one) for one in lists), "min_ms": times[0] * 1e3,
            "median_ms": times[len(times) // 2] * 1e3}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("--ort-model", type=Path, help="what ONNX Runtime gets instead")
    parser.add_argument("--input", default="input", help="name of the model's input (default: input)")
    parser.add_argument("--shape", default="3x224x224", help="its shape behind the batch (default: 3x224x224)")
    parser.add_argument("--batch", type=int, nargs="+", default=[1, 8])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--duration", type=float, default=1.5, help="seconds a turn")
    parser.add_argument("--tenon", default="build/release/bin/tenon")
    parser.add_argument("--json", type=Path, required=True)
    args = parser.parse_args()
    cores = len(os.sched_getaffinity(0))
    cases = []
    with tempfile.TemporaryDirectory() as folder:
        for batch in args.batch:
            for threads, streams in dict.fromkeys([(1, 1), (cores, 1), (1, cores)]):
                case: dict[str, Any] = {"batch": batch, "threads": threads, "streams": streams, **{c: [] for c in CONTESTANTS}}
                for _ in range(args.rounds):
                    for contestant, run in zip(CONTESTANTS, (run_tenon, run_ort)):
                        case[contestant].append(run(args, batch, threads, streams, Path(folder)))
                best = {c: max(turn["images_per_s"] for turn in case[c]) for c in CONTESTANTS}
                print(f"batch {batch}, {streams} streams of {threads} threads: "
                      + ", ".join(f"{c} {x:.1f} images/s" for c, x in best.items()), flush=True)
                cases.append(case)
                args.json.write_text(json.dumps({"model": args.model.stem, "cores": cores, "duration_s": args.duration,
                                                 "rounds": args.rounds, "cases": cases}, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
