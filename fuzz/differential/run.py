#!/usr/bin/env python3
"""The differential test against ONNX Runtime: random graphs, run by Tenon in several ways and by ONNX Runtime.

    fuzz/differential/run.py --runner build/release/bin/fuzz/differential_runner --seeds 0..1000

Each seed is one graph: 1 to 14 nodes of the standard operators, fixed or symbolic dims, control flow, of an
opset from 7 to 26. Tenon runs it on the reference device, on the CPU as it is, and optimized, and writes it
back as ONNX twice, which the official checker and ONNX Runtime then take. A seed that disagrees is cut down
and kept in --keep: SEED/model.onnx with its inputs, and SEED/problems.txt. The last line says how many graphs
ran; the exit status is 1 when one failed. Needs numpy, onnx and onnxruntime.
"""

import argparse
import collections
import multiprocessing
import pathlib
import queue
import shutil
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))


def seed_range(text):
    first, _, last = text.partition("..")
    return range(int(first), int(last or int(first) + 1))


def work(first, step, seeds, options, reports):
    """The seeds first, first + step, …; one process, so that a crash of ONNX Runtime ends only this."""
    from case import Case, check, grow, results
    from minimize import minimize
    from tenon_runner import Runner
    import numpy as np

    runner = Runner(options.runner)
    with tempfile.TemporaryDirectory(dir=options.scratch) as scratch:
        for index in range(first, len(seeds), step):
            seed = seeds[index]
            reports.put(("begin", first, index, None))
            g = grow(seed)
            outputs = results(g, np.random.default_rng(seed))
            if not outputs:
                reports.put(("end", first, index, ([], [], 0)))
                continue
            case = Case.of(g, outputs)
            folder = pathlib.Path(scratch) / "case"
            shutil.rmtree(folder, ignore_errors=True)
            problems = check(case, folder, runner)
            if problems:
                def fails(small):
                    shutil.rmtree(folder, ignore_errors=True)
                    return bool(check(small, folder, runner))

                small = minimize(case, fails) if options.minimize else case
                kept = pathlib.Path(options.keep) / str(seed)
                shutil.rmtree(kept, ignore_errors=True)
                problems = check(small, kept, runner) or problems
                (kept / "problems.txt").write_text("\n".join(problems) + "\n")
            reports.put(("end", first, index, (problems, [s.node.op_type for s in g.steps], len(g.steps))))
    runner.stop()
    reports.put(("exit", first, None, None))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runner", required=True, help="the binary differential_runner")
    parser.add_argument("--seeds", type=seed_range, default=range(100), help="A..B, B left out")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--keep", default="differential-failures", help="folder for what fails")
    parser.add_argument("--scratch", default=None, help="folder for the files of a case (a memory file system)")
    parser.add_argument("--no-minimize", dest="minimize", action="store_false")
    parser.add_argument("--seconds", type=float, default=0, help="stop after so long; 0: never")
    options = parser.parse_args()

    context = multiprocessing.get_context("spawn")
    reports = context.Queue()
    workers, next_index = {}, {}

    def start(lane, first):
        process = context.Process(target=work, args=(first, options.jobs, options.seeds, options, reports))
        process.start()
        workers[first % options.jobs] = process
        next_index[first % options.jobs] = first

    began = time.monotonic()
    for lane in range(min(options.jobs, len(options.seeds))):
        start(lane, lane)
    done, nodes, failed, crashes = 0, 0, [], []
    operators = collections.Counter()
    while workers:
        try:
            what, first, index, data = reports.get(timeout=5)
        except queue.Empty:
            for lane, process in list(workers.items()):
                if process.exitcode not in (None, 0):  # ONNX Runtime took the process with it
                    crashes.append(options.seeds[next_index[lane]])
                    del workers[lane]
                    if next_index[lane] + options.jobs < len(options.seeds):
                        start(lane, next_index[lane] + options.jobs)
            continue
        lane = first % options.jobs
        if what == "begin":
            next_index[lane] = index
        elif what == "exit":
            workers.pop(lane).join()
        else:
            problems, types, count = data
            done += 1
            nodes += count
            operators.update(types)
            if problems:
                failed.append(options.seeds[index])
                print(f"seed {options.seeds[index]}:", *problems, sep="\n  ", flush=True)
        if options.seconds and time.monotonic() - began > options.seconds:
            for process in workers.values():
                process.terminate()
            break
    for seed in crashes:
        print(f"seed {seed}: ONNX Runtime crashed")
    print(f"{done} graphs, {nodes} nodes of {len(operators)} operators, {len(failed)} disagreements, "
          f"{len(crashes)} crashes of ONNX Runtime, {time.monotonic() - began:.0f} s")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
