#!/usr/bin/env python3
"""Gives the batch of an ONNX file that was exported for a batch of one a free extent N, for measurements.

Inputs and outputs get N as their first extent, and a Reshape to a constant shape that begins with 1 keeps its operand's first
extent instead. ONNX Runtime must then give the same answers for two samples at once as for each of them alone, else nothing is
written. Needs numpy, onnx and onnxruntime.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import numpy_helper

TOLERANCE = 1e-4  # of the largest magnitude in an output


def free_batch(model: onnx.ModelProto) -> None:
    graph = model.graph
    constants = {i.name: i for i in graph.initializer}
    for value in [i for i in graph.input if i.name not in constants] + list(graph.output):
        if dims := value.type.tensor_type.shape.dim:
            dims[0].Clear()
            dims[0].dim_param = "N"
    del graph.value_info[:]  # stale extents
    for name in {n.input[1] for n in graph.node if n.op_type == "Reshape" and n.input[1] in constants}:
        shape = numpy_helper.to_array(constants[name]).copy()
        if shape.size > 1 and shape[0] == 1:
            shape[0] = 0  # as in the operand
            constants[name].CopyFrom(numpy_helper.from_array(shape, name))


def run(model: bytes, feeds: dict[str, np.ndarray]) -> list[np.ndarray]:
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"]).run(None, feeds)


def check(before: onnx.ModelProto, after: onnx.ModelProto) -> None:
    """Raises ValueError where two samples at once do not give what each gives alone."""
    rng = np.random.default_rng(0)
    constants = {i.name for i in before.graph.initializer}
    feeds = {i.name: rng.standard_normal([2, *(d.dim_value for d in i.type.tensor_type.shape.dim[1:])], dtype=np.float32)
             for i in before.graph.input if i.name not in constants}
    together = run(after.SerializeToString(), feeds)
    for sample in range(2):
        alone = run(before.SerializeToString(), {name: x[sample:sample + 1] for name, x in feeds.items()})
        for output, got, expected in zip(after.graph.output, together, alone):
            if got.shape[1:] != expected.shape[1:] or len(got) != 2 * len(expected):
                raise ValueError(f"output '{output.name}' has shape {got.shape} for two samples and {expected.shape} for one")
            part = got[sample * len(expected):(sample + 1) * len(expected)]
            if np.abs(part - expected).max() > TOLERANCE * np.abs(expected).max():
                raise ValueError(f"output '{output.name}' depends on the other sample")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("-o", "--output", type=Path, required=True)
    args = parser.parse_args()
    before = onnx.load(args.model)
    after = onnx.load(args.model)
    free_batch(after)
    try:
        check(before, after)
    except Exception as error:  # ONNX Runtime's have no common base
        print(f"{args.model}: the batch cannot be freed: {str(error).splitlines()[0]}", file=sys.stderr)
        return 1
    onnx.save(after, args.output)
    return 0


if __name__ == "__main__":
    sys.exit(main())
