#!/usr/bin/env python3
"""The differential test against ONNX Runtime: random graphs, run by Tenon in several ways and by ONNX Runtime.

    fuzz/differential/run.py --runner build/release/bin/tests/differential_runner --seeds 0..1000

Each seed is one graph: 1 to 14 nodes of the standard operators, fixed or symbolic dims, control flow, of an
opset from 7 to 26. Tenon runs it on the reference device, on the CPU as it is, and optimized, and writes it
back as ONNX twice, which the official checker and ONNX Runtime then take. A seed that disagrees is cut down
and kept in --keep: SEED/model.onnx with its inputs, and SEED/problems.txt. The last line says how many graphs
ran; the exit status is 1 when one failed. Needs numpy, onnx and onnxruntime.
"""

import argparse
import collections
import multiprocessing
import multiprocessing.connection
import pathlib
import shutil
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))


def seed_range(text):
    first, _, last = text.partition("..")
    return range(int(first), int(last or int(first) + 1))


def work(first, seeds, options, reports):
    """The seeds first, first + jobs, …; a process of its own, so that a crash of ONNX Runtime ends only this."""
    from case import Case, check, grow, results
    from minimize import minimize
    from tenon_runner import Runner
    import numpy as np

    runner = Runner(options.runner)
    with tempfile.TemporaryDirectory(dir=options.scratch) as scratch:
        folder = pathlib.Path(scratch) / "case"

        def fails(small):
            shutil.rmtree(folder, ignore_errors=True)
            return bool(check(small, folder, runner))

        for index in range(first, len(seeds), options.jobs):
            seed = seeds[index]
            reports.send(("begin", index))
            try:
                g = grow(seed)
                outputs = results(g, np.random.default_rng(seed))
                problems = []
                if outputs:
                    case = Case.of(g, outputs)
                    shutil.rmtree(folder, ignore_errors=True)
                    problems = check(case, folder, runner)
                if problems:
                    small = minimize(case, fails) if options.minimize else case
                    kept = pathlib.Path(options.keep) / str(seed)
                    shutil.rmtree(kept, ignore_errors=True)
                    problems = check(small, kept, runner) or problems
                    (kept / "problems.txt").write_text("\n".join(problems) + "\n")
            except Exception as error:  # noqa: BLE001: of the test itself; the other seeds go on
                problems = [f"the test failed: {error!r}"]
            reports.send(("end", seed, problems, [s.node.op_type for s in g.steps]))
    runner.stop()


class Lanes:
    """The worker processes; one that crashes goes on behind the seed that it crashed at."""

    def __init__(self, options):
        self._options = options
        self._context = multiprocessing.get_context("spawn")
        self._lanes = {}  # connection → [process, index of the seed at work]
        self.crashes = []
        for first in range(min(options.jobs, len(options.seeds))):
            self._start(first)

    def _start(self, first):
        if first >= len(self._options.seeds):
            return
        ours, theirs = self._context.Pipe(duplex=False)
        process = self._context.Process(target=work, args=(first, self._options.seeds, self._options, theirs))
        process.start()
        theirs.close()
        self._lanes[ours] = [process, first]

    def reports(self):
        """("end", seed, problems, operators) of each seed, as they come."""
        while self._lanes:
            for connection in multiprocessing.connection.wait(list(self._lanes)):
                process, index = self._lanes[connection]
                try:
                    report = connection.recv()
                except EOFError:
                    del self._lanes[connection]
                    process.join()
                    if process.exitcode != 0:
                        self.crashes.append(self._options.seeds[index])
                        self._start(index + self._options.jobs)
                    continue
                if report[0] == "begin":
                    self._lanes[connection][1] = report[1]
                else:
                    yield report

    def stop(self):
        for process, _ in self._lanes.values():
            process.terminate()


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

    began = time.monotonic()
    lanes = Lanes(options)
    done, failed = 0, []
    operators = collections.Counter()
    for _, seed, problems, types in lanes.reports():
        done += 1
        operators.update(types)
        if problems:
            failed.append(seed)
            print(f"seed {seed}:", *problems, sep="\n  ", flush=True)
        if options.seconds and time.monotonic() - began > options.seconds:
            lanes.stop()
            break
    for seed in lanes.crashes:
        print(f"seed {seed}: ONNX Runtime crashed")
    print(f"{done} graphs, {sum(operators.values())} nodes of {len(operators)} operators, {len(failed)} "
          f"disagreements, {len(lanes.crashes)} crashes of ONNX Runtime, {time.monotonic() - began:.0f} s")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
