"""The process in which one peer is measured, so that no two thread pools share a process.

Reads one JSON request a line from standard input and answers each with one line: {"ok": result} or {"error": sentence}.
Requests: {"do": "inspect", "model"}, {"do": "load", "model", "threads", "precision", "inputs": {name: file}},
{"do": "outputs", "folder"}, {"do": "round", "duration", "warmup"}. Started as `python worker.py PEER`.
"""

from __future__ import annotations

import gc
import json
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Protocol, TextIO

import numpy as np
from numpy.typing import NDArray

if __package__ in (None, ""):
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from peerbench.inputs import TensorSpec  # noqa: E402
from peerbench.stats import Round  # noqa: E402

LOWER_PRECISIONS = {"bf16", "f16"}


class Peer(Protocol):
    """A library under measurement."""

    version: str

    def inspect(self, model: str) -> tuple[list[TensorSpec], list[TensorSpec]]:
        """The model's inputs and outputs."""

    def load(self, model: str, threads: int, precision: str, inputs: Mapping[str, NDArray]) -> str:
        """Prepares inference at exactly these inputs; says which precision and instruction set run."""

    def step(self) -> None:
        """One inference."""

    def outputs(self) -> list[NDArray]:
        """The answers of one inference, in the model's order."""


class OnnxRuntime:
    """ONNX Runtime's CPU provider. Free extents are bound to the input's, which lets it plan with fixed shapes."""

    def __init__(self) -> None:
        import onnxruntime

        self._ort = onnxruntime
        self.version = onnxruntime.__version__

    def inspect(self, model: str) -> tuple[list[TensorSpec], list[TensorSpec]]:
        session = self._ort.InferenceSession(model, self._options(threads=1), providers=["CPUExecutionProvider"])
        inputs, outputs = ([TensorSpec(v.name, _numpy_name(v.type), tuple(v.shape)) for v in values]
                           for values in (session.get_inputs(), session.get_outputs()))
        return inputs, outputs

    def load(self, model: str, threads: int, precision: str, inputs: Mapping[str, NDArray]) -> str:
        declared, self._output_specs = self.inspect(model)
        symbols = {d: extent for spec in declared for d, extent in zip(spec.shape, inputs[spec.name].shape)
                   if isinstance(d, str)}
        what_ran = self._profile(model, symbols, inputs)
        options = self._options(threads, symbols)
        self._session = self._ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        self._binding = self._session.io_binding()
        self._inputs = dict(inputs)  # the binding does not keep them alive
        for name, array in inputs.items():
            self._binding.bind_cpu_input(name, array)
        for spec in self._output_specs:
            self._binding.bind_output(spec.name)
        return what_ran

    def step(self) -> None:
        self._session.run_with_iobinding(self._binding)

    def outputs(self) -> list[NDArray]:
        self.step()
        return self._binding.copy_outputs_to_cpu()

    def _options(self, threads: int, symbols: Mapping[str, int] | None = None) -> Any:
        options = self._ort.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        for symbol, extent in (symbols or {}).items():
            options.add_free_dimension_override_by_name(symbol, extent)
        return options

    def _profile(self, model: str, symbols: Mapping[str, int], inputs: Mapping[str, NDArray]) -> str:
        """Counts the executed kernels by the type of their first output, from a profiled run of its own session."""
        with tempfile.TemporaryDirectory() as folder:
            options = self._options(threads=1, symbols=symbols)
            options.enable_profiling = True
            options.profile_file_prefix = str(Path(folder) / "profile")
            session = self._ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])
            session.run(None, dict(inputs))
            events = json.loads(Path(session.end_profiling()).read_text())
        kernels = [e["args"] for e in events if e.get("cat") == "Node" and e["name"].endswith("_kernel_time")]
        types = _counts(next(iter(k["output_type_shape"][0]), "?") for k in kernels if k.get("output_type_shape"))
        return f"{types}; kernels by CPU flags: {' '.join(cpu_flags()) or 'unknown'}"


class OpenVino:
    """OpenVINO's CPU plugin at fixed shapes, one stream, latency hint."""

    def __init__(self) -> None:
        import openvino

        self._ov = openvino
        self._core = openvino.Core()
        self.version = openvino.__version__
        self._held_to_avx2 = os.environ.get("ONEDNN_MAX_CPU_ISA") == "AVX2"

    def inspect(self, model: str) -> tuple[list[TensorSpec], list[TensorSpec]]:
        graph = self._core.read_model(model)
        inputs, outputs = ([TensorSpec(p.get_any_name(), np.dtype(p.get_element_type().to_dtype()).name,
                                       tuple(d.get_length() if d.is_static else None for d in p.get_partial_shape()))
                            for p in ports] for ports in (graph.inputs, graph.outputs))
        return inputs, outputs

    def load(self, model: str, threads: int, precision: str, inputs: Mapping[str, NDArray]) -> str:
        graph = self._core.read_model(model)
        graph.reshape({name: list(array.shape) for name, array in inputs.items()})
        held = self._held_to_avx2 and precision == "f32"
        if held:
            self._hold_products(graph)
        compiled = self._core.compile_model(graph, "CPU", {
            "INFERENCE_PRECISION_HINT": "f32" if precision == "int8" else precision, "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_NUM_THREADS": threads, "NUM_STREAMS": 1})
        self._request = compiled.create_infer_request()
        self._inputs = dict(inputs)  # the request's tensors use their memory
        for name, array in inputs.items():
            self._request.set_tensor(name, self._ov.Tensor(array, shared_memory=True))
        what_ran = self._what_ran(compiled, precision)
        if held and "mlas" in what_ran:
            raise ValueError(f"asked for AVX2, and layers run in MLAS, which asks the processor: {what_ran}")
        return what_ran

    def step(self) -> None:
        self._request.infer(share_outputs=True)

    def outputs(self) -> list[NDArray]:
        self.step()
        return [tensor.data.copy() for tensor in self._request.output_tensors]

    @staticmethod
    def _hold_products(graph: Any) -> None:
        """Puts a bound that no number meets behind each product with constants. The plugin fuses it, and takes oneDNN's
        product in place of MLAS's, which fuses nothing and uses AVX-512 wherever the processor has it."""
        from openvino import opset13 as ops

        for node in graph.get_ordered_ops():
            if node.get_type_name() != "MatMul" or not _is_constant(node.input_value(1).get_node()):
                continue
            result = node.output(0)
            readers = list(result.get_target_inputs())
            if len(readers) == 1 and readers[0].get_node().get_type_name() == "Add":
                result = readers[0].get_node().output(0)
                readers = list(result.get_target_inputs())
            bounded = ops.clamp(result, -3e38, 3e38)
            for reader in readers:
                reader.replace_source_output(bounded.output(0))

    @staticmethod
    def _what_ran(compiled: Any, asked: str) -> str:
        """Counts precisions and primitives of the execution graph's layers, data movers left out. Raises where a layer
        computes in fewer bits than asked for, and where none computes in as few."""
        layers = [op.get_rt_info() for op in compiled.get_runtime_model().get_ordered_ops()]
        layers = [i for i in layers if i["layerType"].astype(str) not in ("Input", "Output", "Const", "Reorder")]
        precisions = _counts(i["runtimePrecision"].astype(str) for i in layers)
        primitives = _counts(i["primitiveType"].astype(str) for i in layers)
        if asked == "f32" and (lower := LOWER_PRECISIONS.intersection(i["runtimePrecision"].astype(str) for i in layers)):
            raise ValueError(f"asked for f32, and layers run in {', '.join(sorted(lower))}: {precisions}")
        if asked in LOWER_PRECISIONS and not any(i["runtimePrecision"].astype(str).lower() == asked for i in layers):
            raise ValueError(f"asked for {asked}, and no layer runs in it: {precisions}")
        return f"{precisions}; {primitives}"


def _is_constant(node: Any) -> bool:
    kind = node.get_type_name()
    return kind == "Constant" or (kind in ("Convert", "Transpose", "Reshape") and _is_constant(node.input_value(0).get_node()))


PEERS: dict[str, Callable[[], Peer]] = {"ort": OnnxRuntime, "openvino": OpenVino}


def cpu_flags() -> list[str]:
    """The instruction sets of this machine that matter to inference."""
    wanted = ("avx2", "fma", "avx_vnni", "avx512f", "avx512_vnni", "avx512_bf16", "avx512_fp16", "amx_tile", "amx_bf16",
              "amx_int8", "asimd", "asimddp", "i8mm", "bf16", "sve", "sve2")
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return []
    flags = next((set(line.split(":", 1)[1].split()) for line in lines if line.startswith(("flags", "Features"))), set())
    return [f for f in wanted if f in flags]


def measure(step: Callable[[], None], duration: float, warmup: float) -> Round:
    """Runs `step` for `warmup` seconds unmeasured and then for `duration`, each at least once."""
    gc.collect()
    gc.disable()
    try:
        end = time.perf_counter() + warmup
        step()
        while time.perf_counter() < end:
            step()
        samples: list[float] = []
        start = time.perf_counter()
        end = start + duration
        while start < end or not samples:
            step()
            now = time.perf_counter()
            samples.append((now - start) * 1e3)
            start = now
        return Round.of(samples)
    finally:
        gc.enable()


def answer(peer: Peer, request: Mapping[str, Any]) -> Any:
    if request["do"] == "inspect":
        inputs, outputs = peer.inspect(request["model"])
        return {"version": peer.version, "inputs": [asdict(s) for s in inputs], "outputs": [asdict(s) for s in outputs]}
    if request["do"] == "load":
        arrays = {name: np.load(path) for name, path in request["inputs"].items()}
        return {"version": peer.version,
                "what_ran": peer.load(request["model"], request["threads"], request["precision"], arrays)}
    if request["do"] == "outputs":
        files = []
        for i, array in enumerate(peer.outputs()):
            files.append(str(Path(request["folder"]) / f"{i}.npy"))
            np.save(files[-1], array)
        return files
    if request["do"] == "round":
        return asdict(measure(peer.step, request["duration"], request["warmup"]))
    raise ValueError(f"unknown request '{request['do']}'")


def serve(make_peer: Callable[[], Peer], requests: Iterable[str], answers: TextIO) -> None:
    """Answers until the requests end. What goes wrong becomes an answer; the next request is still served."""
    peer: Peer | None = None
    for line in requests:
        try:
            peer = peer or make_peer()
            reply: dict[str, Any] = {"ok": answer(peer, json.loads(line))}
        except Exception as error:  # the peer's own exceptions have no common base
            first_line = (str(error).strip().splitlines() or [""])[0]
            reply = {"error": f"{type(error).__name__}: {first_line}"}
        answers.write(json.dumps(reply) + "\n")
        answers.flush()


def _counts(words: Iterable[str]) -> str:
    return ", ".join(f"{word} x{count}" for word, count in Counter(words).most_common())


def _numpy_name(ort_type: str) -> str:
    """'tensor(float)' -> 'float32'; other kinds of values keep their name, which no numpy type has."""
    inner = ort_type.removeprefix("tensor(").removesuffix(")")
    return {"float": "float32", "double": "float64"}.get(inner, inner)


def main() -> None:
    # Libraries print to standard output when they like; the answers get a descriptor of their own.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    serve(PEERS[sys.argv[1]], sys.stdin, answers)


if __name__ == "__main__":
    main()
