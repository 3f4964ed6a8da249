"""How bench/peers.py drives the tenon command and its worker processes, against stand-ins that answer at once."""

from __future__ import annotations

import io
import json
import sys
import tempfile
import textwrap
import unittest
from pathlib import Path

from support import ROOT, needs

needs("numpy")

import numpy as np  # noqa: E402
from peerbench.contestants import ContestantError, TenonContestant, WorkerContestant  # noqa: E402
from peerbench.stats import Round  # noqa: E402
from peerbench.worker import measure, serve  # noqa: E402

FAKE_TENON = """\
    #!{python}
    import json, pathlib, sys
    import numpy as np
    arguments = sys.argv[1:]
    with open({log!r}, "a") as log:
        log.write(json.dumps(arguments) + "\\n")
    if arguments[0] == "build":
        if "bad" in arguments[1]:
            sys.exit("no such operator")
    elif arguments[0] == "run":
        folder = pathlib.Path(arguments[arguments.index("--output-dir") + 1])
        np.save(folder / "out_0.npy", np.array([1.0, 2.0]))
    else:
        print(json.dumps({{"latency_ms": {{"min": 1.5, "median": 2.0, "mean": 2.1, "p90": 3.0, "p99": 4.0}}}}))
"""


class FakePeer:
    version = "1.2"

    def inspect(self, model: str) -> tuple[list, list]:
        return [], []

    def load(self, model: str, threads: int, precision: str, inputs: dict) -> str:
        if model == "bad":
            raise RuntimeError("cannot load\nsecond line")
        self.answer = inputs["x"] * threads
        return f"{precision} x1"

    def step(self) -> None:
        pass

    def outputs(self) -> list:
        return [self.answer]


class Tenon(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.log = Path(folder.name) / "log"
        program = Path(folder.name) / "tenon"
        program.write_text(textwrap.dedent(FAKE_TENON).format(python=sys.executable, log=str(self.log)))
        program.chmod(0o755)
        self.tenon = TenonContestant(program)
        self.addCleanup(self.tenon.close)

    def calls(self) -> list[list[str]]:
        return [json.loads(line) for line in self.log.read_text().splitlines()]

    def test_builds_once_and_measures_that_engine(self) -> None:
        self.tenon.load(Path("net.onnx"), 2, {"x": Path("x.npy")}, {"x": (8, 3)})
        self.assertEqual(self.tenon.round(0.5, 0.1), Round(1.5, 2.0, 0, 2.1))
        build, bench = self.calls()
        engine = build[build.index("-o") + 1]
        self.assertEqual(build, ["build", "net.onnx", "-o", engine, "--threads", "2", "--shapes=x:8x3:8x3:8x3"])
        self.assertEqual(bench, ["bench", engine, "--json", "--duration", "0.5", "--threads", "2", "--input=x=x.npy"])

    def test_outputs_are_found_by_their_file_names(self) -> None:
        self.tenon.load(Path("net.onnx"), 1, {}, {})
        np.testing.assert_array_equal(self.tenon.outputs(["out:0"])[0], [1.0, 2.0])
        with self.assertRaisesRegex(ContestantError, "no output named other"):
            self.tenon.outputs(["out:0", "other"])

    def test_a_failure_carries_the_program_s_sentence(self) -> None:
        with self.assertRaisesRegex(ContestantError, "`tenon build` ended with code 1: no such operator"):
            self.tenon.load(Path("bad.onnx"), 1, {}, {})


class Worker(unittest.TestCase):
    def ask(self, *requests: dict) -> list[dict]:
        answers = io.StringIO()
        serve(FakePeer, [json.dumps(r) for r in requests], answers)
        return [json.loads(line) for line in answers.getvalue().splitlines()]

    def test_loads_answers_and_measures(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            x = Path(folder) / "x.npy"
            np.save(x, np.array([2.0]))
            load, outputs, timed = self.ask(
                {"do": "load", "model": "net", "threads": 3, "precision": "f32", "inputs": {"x": str(x)}},
                {"do": "outputs", "folder": folder}, {"do": "round", "duration": 0.0, "warmup": 0.0})
            self.assertEqual(load["ok"], {"version": "1.2", "what_ran": "f32 x1"})
            np.testing.assert_array_equal(np.load(outputs["ok"][0]), [6.0])
            self.assertEqual(timed["ok"]["count"], 1)

    def test_an_error_is_one_sentence_and_does_not_end_the_worker(self) -> None:
        failed, inspected = self.ask(
            {"do": "load", "model": "bad", "threads": 1, "precision": "f32", "inputs": {}}, {"do": "inspect", "model": "net"})
        self.assertEqual(failed, {"error": "RuntimeError: cannot load"})
        self.assertIn("ok", inspected)

    def test_measure_counts_what_it_timed(self) -> None:
        steps = []
        result = measure(lambda: steps.append(0), duration=0.01, warmup=0.0)
        self.assertEqual(len(steps), result.count + 1)
        self.assertLessEqual(result.min_ms, result.median_ms)

    def test_a_worker_survives_being_stopped_between_requests(self) -> None:
        program = ("import sys; sys.path[:0] = [{bench!r}, {tests!r}]; from test_peer_contestants import FakePeer; "
                   "from peerbench.worker import serve; serve(FakePeer, sys.stdin, sys.stdout)")
        command = [sys.executable, "-B", "-c", program.format(bench=str(ROOT / "bench"), tests=str(Path(__file__).parent))]
        worker = WorkerContestant("fake", command=command)
        self.addCleanup(worker.close)
        self.assertEqual(worker.inspect(Path("net")), ([], []))
        with self.assertRaisesRegex(ContestantError, "cannot load"):
            worker.load(Path("bad"), 1, {}, {})
        with tempfile.TemporaryDirectory() as folder:
            np.save(Path(folder) / "x.npy", np.array([2.0]))
            worker.load(Path("net"), 2, {"x": Path(folder) / "x.npy"}, {})
        np.testing.assert_array_equal(worker.outputs(["y"])[0], [4.0])
        self.assertGreaterEqual(worker.round(0.001, 0.0).count, 1)

    def test_a_worker_that_dies_says_so(self) -> None:
        worker = WorkerContestant("fake", command=[sys.executable, "-c", "import sys; sys.exit('broken library')"])
        self.addCleanup(worker.close)
        with self.assertRaisesRegex(ContestantError, "code 1: broken library"):
            worker.inspect(Path("net"))


if __name__ == "__main__":
    unittest.main()
