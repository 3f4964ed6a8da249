#!/usr/bin/env python3
"""Writes well-known networks as ONNX files with seeded random weights, for measurements and tests.

The same command writes the same bytes. Each file is checked by onnx.checker, by shape inference and, where ONNX Runtime is
installed, by a run whose answers must be finite and neither vanish nor explode. Needs numpy and onnx.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np

from networks import NETWORKS, build_network

try:
    import onnxruntime
except ImportError:
    onnxruntime = None


def try_run(path: Path, symbolic_batch: int = 2) -> dict[str, float]:
    """Runs the file once on random input; returns each output's standard deviation, or raises where it makes no sense."""
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    rng = np.random.default_rng(0)
    feeds = {}
    for value in session.get_inputs():
        shape = [d if isinstance(d, int) else symbolic_batch for d in value.shape]
        feeds[value.name] = (rng.standard_normal(shape, dtype=np.float32) if value.type == "tensor(float)"
                             else rng.integers(0, 2, shape, dtype=np.int64))
    deviations = {}
    for value, answer in zip(session.get_outputs(), session.run(None, feeds)):
        deviations[value.name] = float(answer.std())
        if not np.isfinite(answer).all() or not 1e-2 < answer.std() < 1e2:
            raise ValueError(f"{path}: output '{value.name}' has standard deviation {answer.std():g}")
    return deviations


def batch_extent(text: str) -> int | str:
    if text.isidentifier():
        return text
    if text.isdigit() and int(text) > 0:
        return int(text)
    raise argparse.ArgumentTypeError(f"expected a positive number or a symbol, found '{text}'")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"which to write (default all): {', '.join(NETWORKS)}")
    parser.add_argument("--out", type=Path, required=True, help="folder for the files")
    parser.add_argument("--batch", type=batch_extent, default="N", help="a number, or a symbol (default %(default)s)")
    parser.add_argument("--tiny", action="store_true", help="the same structure with few layers and channels")
    parser.add_argument("--decomposed-norm", action="store_true",
                        help="layer normalization as the nodes that exporters wrote before opset 17")
    args = parser.parse_args()

    unknown = [name for name in args.names if name not in NETWORKS]
    if unknown:
        parser.error(f"unknown network: {', '.join(unknown)}; known are {', '.join(NETWORKS)}")
    for name in args.names or NETWORKS:
        path = args.out / f"{name}{'_tiny' if args.tiny else ''}.onnx"
        build_network(name, args.batch, args.tiny, args.decomposed_norm).save(path)
        line = f"{path}: {path.stat().st_size / 2**20:.1f} MiB"
        if onnxruntime is not None:
            line += "".join(f", '{output}' deviates by {std:.2f}" for output, std in try_run(path).items())
        print(line, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
