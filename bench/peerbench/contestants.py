"""Everyone who is measured, behind one interface: Tenon through its command, libraries through a worker process."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from .inputs import Shape, TensorSpec, safe_name, shape_text
from .stats import Round

TITLES = {"tenon": "tenon", "ort": "ONNX Runtime", "openvino": "OpenVINO"}


# What holds a library to an instruction set. ONNX Runtime's kernels look at the processor and take no advice.
ISA_VARIABLES = {"tenon": "TENON_ISA", "openvino": "ONEDNN_MAX_CPU_ISA"}
ISA_VALUES = {"tenon": {"avx2": "avx2", "avx512": "avx512"}, "openvino": {"avx2": "AVX2", "avx512": "AVX512_CORE"}}


def ignores_isa(name: str, isa: str) -> bool:
    return bool(isa) and name not in ISA_VARIABLES


def environment(name: str, isa: str) -> dict[str, str]:
    """The process's own, with the library held to the instruction set."""
    held = {ISA_VARIABLES[name]: ISA_VALUES[name][isa]} if isa and name in ISA_VARIABLES else {}
    return {**os.environ, **held}


class ContestantError(Exception):
    """One contestant cannot do the case; the others still can."""


class Contestant(Protocol):
    version: str
    what_ran: str

    def load(self, model: Path, threads: int, inputs: Mapping[str, Path], free: Mapping[str, Shape]) -> None:
        """Prepares the model. `free` holds the shapes of those inputs that the file does not fix."""

    def outputs(self, names: Sequence[str]) -> list[NDArray]: ...

    def round(self, duration: float, warmup: float) -> Round: ...

    def close(self) -> None: ...


class WorkerContestant:
    """A library in a process of its own, which is stopped while it is not asked: idle thread pools that spin cost nothing."""

    def __init__(self, peer: str, precision: str = "f32", isa: str = "",
                 command: Sequence[str] | None = None) -> None:
        self._peer = peer
        self._precision = precision
        self.what_ran = ""
        self.version = ""
        worker = Path(__file__).with_name("worker.py")
        self._stderr = tempfile.TemporaryFile("w+")
        self._process = subprocess.Popen(command or [sys.executable, str(worker), peer], text=True,
                                         env=environment(peer, isa), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._stderr)
        assert self._process.stdin and self._process.stdout
        self._requests, self._answers = self._process.stdin, self._process.stdout
        self._stopped = False

    def inspect(self, model: Path) -> tuple[list[TensorSpec], list[TensorSpec]]:
        reply = self._ask(do="inspect", model=str(model))
        self.version = reply["version"]
        inputs, outputs = ([TensorSpec(s["name"], s["dtype"], tuple(s["shape"])) for s in reply[kind]]
                           for kind in ("inputs", "outputs"))
        return inputs, outputs

    def load(self, model: Path, threads: int, inputs: Mapping[str, Path], free: Mapping[str, Shape]) -> None:
        reply = self._ask(do="load", model=str(model), threads=threads, precision=self._precision,
                          inputs={name: str(path) for name, path in inputs.items()})
        self.version, self.what_ran = reply["version"], reply["what_ran"]

    def outputs(self, names: Sequence[str]) -> list[NDArray]:
        with tempfile.TemporaryDirectory() as folder:
            return [np.load(path) for path in self._ask(do="outputs", folder=folder)]

    def round(self, duration: float, warmup: float) -> Round:
        return Round(**self._ask(do="round", duration=duration, warmup=warmup))

    def close(self) -> None:
        self._process.send_signal(signal.SIGCONT)
        with suppress(BrokenPipeError):
            self._requests.close()
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._answers.close()
        self._stderr.close()

    def _ask(self, **request: Any) -> Any:
        if self._stopped:
            self._process.send_signal(signal.SIGCONT)
        try:
            self._requests.write(json.dumps(request) + "\n")
            self._requests.flush()
            line = self._answers.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            raise ContestantError(f"its process ended with code {self._process.wait()}{self._last_words()}")
        self._process.send_signal(signal.SIGSTOP)
        self._stopped = True
        reply = json.loads(line)
        if "error" in reply:
            raise ContestantError(reply["error"])
        return reply["ok"]

    def _last_words(self) -> str:
        self._stderr.seek(0)
        lines = self._stderr.read().strip().splitlines()
        return f": {lines[-1]}" if lines else ""


class TenonContestant:
    """The `tenon` command: one build, one run for the outputs, one `tenon bench` a round."""

    FLAGS = {"bf16": ["--bf16"], "f16": ["--fp16"]}

    def __init__(self, program: Path, precision: str = "f32", isa: str = "", timing_cache: Path | None = None,
                 samples: Path | None = None) -> None:
        """`samples`: quantize to INT8, calibrated with these."""
        self._program = program
        self._environment = environment("tenon", isa)
        self._tuning = self.FLAGS.get(precision, []) + ([f"--timing-cache={timing_cache}"] if timing_cache else [])
        if samples:
            self._tuning += ["--int8", f"--calib={samples}"]
        self._folder = tempfile.TemporaryDirectory()
        self._engine = Path(self._folder.name) / "engine"
        self._inputs: list[str] = []
        self._threads = 1
        self.version = ""
        self.what_ran = ""

    def load(self, model: Path, threads: int, inputs: Mapping[str, Path], free: Mapping[str, Shape]) -> None:
        self._threads = threads
        self._inputs = [f"--input={name}={path}" for name, path in inputs.items()]
        shapes = [f"--shapes={name}:{':'.join([shape_text(shape)] * 3)}" for name, shape in free.items()]
        self._call("build", str(model), "-o", str(self._engine), "--threads", str(threads), *shapes, *self._tuning)

    def outputs(self, names: Sequence[str]) -> list[NDArray]:
        with tempfile.TemporaryDirectory() as folder:
            self._call("run", str(self._engine), "--output-dir", folder, *self._inputs)
            missing = [n for n in names if not (Path(folder) / f"{safe_name(n)}.npy").exists()]
            if missing:
                raise ContestantError(f"`tenon run` wrote no output named {', '.join(missing)}")
            return [np.load(Path(folder) / f"{safe_name(n)}.npy") for n in names]

    def round(self, duration: float, warmup: float) -> Round:
        """`tenon bench` warms up by itself."""
        text = self._call("bench", str(self._engine), "--json", "--duration", str(duration),
                          "--threads", str(self._threads), *self._inputs)
        try:
            latency = json.loads(text)["latency_ms"]
            return Round(float(latency["min"]), float(latency["median"]), int(latency.get("count", 0)),
                         float(latency.get("mean", 0)))
        except (ValueError, KeyError, TypeError) as error:
            raise ContestantError(f"`tenon bench --json` has no latency_ms.min and .median ({error!r})") from error

    def close(self) -> None:
        self._folder.cleanup()

    def _call(self, *arguments: str) -> str:
        done = subprocess.run([str(self._program), *arguments], capture_output=True, text=True, check=False,
                              env=self._environment)
        if done.returncode != 0:
            words = (done.stderr.strip() or done.stdout.strip()).splitlines()
            raise ContestantError(f"`tenon {arguments[0]}` ended with code {done.returncode}"
                                  + (f": {words[-1]}" if words else ""))
        return done.stdout
