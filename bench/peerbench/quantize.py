"""INT8 files for the peers, each by its own quantizer from the same samples.

ONNX Runtime: Q/DQ, weights per channel, unsigned activations by min-max, as its guide advises for x86 with VNNI. OpenVINO:
NNCF's post-training quantization with its defaults. Each runs in a process of its own (`python quantize.py PEER MODEL
SAMPLES.npz OUT`), so that their thread pools and memory are gone before anything is timed.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

if __package__ in (None, ""):
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from peerbench.inputs import Shape, TensorSpec, UsageError, make_input  # noqa: E402

SUFFIXES = {"ort": ".onnx", "openvino": ".xml"}


class QuantizerError(Exception):
    """A peer's quantizer refused the model."""


def write_samples(path: Path, specs: Sequence[TensorSpec], shapes: Mapping[str, Shape], count: int) -> None:
    """Seeded random samples, each a batch of the first axis' extent; the inputs that are measured are not among them."""
    first_seed = 1000
    np.savez(path, **{spec.name: np.concatenate([make_input(spec, shapes[spec.name], seed=first_seed + i * len(specs) + k)
                                                 for i in range(count)])
                      for k, spec in enumerate(specs)})


def batches(samples: Mapping[str, NDArray], size: int) -> Iterator[dict[str, NDArray]]:
    """`size` rows at a time; a rest is left out, since files may fix the batch."""
    counts = {name: len(array) for name, array in samples.items()}
    if len(set(counts.values())) != 1:
        raise UsageError(f"the inputs have different numbers of samples: {counts}")
    for begin in range(0, next(iter(counts.values())) - size + 1, size):
        yield {name: array[begin:begin + size] for name, array in samples.items()}


def quantize(peer: str, model: Path, samples: Path, batch: int, out: Path) -> Path:
    """Writes the peer's INT8 form of the model to `out` and its suffix."""
    out = out.with_suffix(SUFFIXES[peer])
    done = subprocess.run([sys.executable, __file__, peer, str(model), str(samples), str(batch), str(out)],
                          capture_output=True, text=True, check=False)
    if done.returncode != 0:
        words = done.stderr.strip().splitlines()
        raise QuantizerError(words[-1] if words else f"its quantizer ended with code {done.returncode}")
    return out


def quantize_for_onnx_runtime(model: Path, samples: Mapping[str, NDArray], batch: int, out: Path) -> None:
    from onnxruntime.quantization import CalibrationDataReader, CalibrationMethod, QuantFormat, QuantType, quantize_static
    from onnxruntime.quantization.shape_inference import quant_pre_process

    class Reader(CalibrationDataReader):
        def __init__(self) -> None:
            self._batches = batches(samples, batch)

        def get_next(self) -> dict[str, NDArray] | None:
            return next(self._batches, None)

    with tempfile.TemporaryDirectory() as folder:
        inferred = Path(folder) / "inferred.onnx"
        quant_pre_process(str(model), str(inferred), skip_symbolic_shape=True)
        quantize_static(str(inferred), str(out), Reader(), quant_format=QuantFormat.QDQ, per_channel=True,
                        activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8,
                        calibrate_method=CalibrationMethod.MinMax)


def quantize_for_openvino(model: Path, samples: Mapping[str, NDArray], batch: int, out: Path) -> None:
    import nncf
    import openvino

    items = list(batches(samples, batch))
    graph = openvino.Core().read_model(str(model))
    transformer = {"model_type": nncf.ModelType.TRANSFORMER} if _has_attention(graph) else {}
    openvino.save_model(nncf.quantize(graph, nncf.Dataset(items), subset_size=len(items), **transformer), str(out),
                        compress_to_fp16=False)


def _has_attention(graph: object) -> bool:
    """A product of two computed matrices, normalized by a softmax: NNCF wants to be told of transformers."""
    kinds = [op.get_type_name() for op in graph.get_ops()]  # type: ignore[attr-defined]
    return "Softmax" in kinds[:-2] and kinds.count("MatMul") > 4


QUANTIZERS = {"ort": quantize_for_onnx_runtime, "openvino": quantize_for_openvino}


def main() -> None:
    peer, model, samples, batch, out = sys.argv[1:]
    QUANTIZERS[peer](Path(model), dict(np.load(samples)), int(batch), Path(out))


if __name__ == "__main__":
    main()
