#!/usr/bin/env python3
"""Writes the gated layers of a language model with matrices of 4 or 8 bits (MatMulNBits), seeded, for peers.py.

    y = x + down(silu(gate(x)) * up(x))        for each layer; widths as in TinyLlama: 2048 and 5632

One file for each of the rows, bits and accuracy levels asked for: stored_int4_r1_a0.onnx has one row, as the next token of a
conversation has, and leaves activations in floats; accuracy level 4 allows them to become bytes. Needs numpy and onnx.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

WIDTH, INNER, LAYERS, BLOCK = 2048, 5632, 4, 32


def network(rows: int, bits: int, level: int) -> onnx.ModelProto:
    rng = np.random.default_rng(0)
    nodes, tensors = [], []

    def node(op: str, inputs: list[str], output: str, **attributes: object) -> str:
        nodes.append(helper.make_node(op, inputs, [output], name=output, **attributes))
        return output

    def product(name: str, x: str, k: int, n: int) -> str:
        stored = rng.integers(0, 256, (n, k // BLOCK, BLOCK * bits // 8), dtype=np.uint8)
        scale = (0.5 + rng.random((n, k // BLOCK), dtype=np.float32)) * np.float32(2 / 2**bits / np.sqrt(k))
        tensors.extend(numpy_helper.from_array(t, f"{name}.{part}") for part, t in (("stored", stored), ("scale", scale)))
        return node("MatMulNBits", [x, f"{name}.stored", f"{name}.scale"], name, domain="com.microsoft", K=k, N=n, bits=bits,
                    block_size=BLOCK, **({"accuracy_level": level} if level else {}))

    x = "x"
    for i in range(LAYERS):
        gate, up = product(f"gate{i}", x, WIDTH, INNER), product(f"up{i}", x, WIDTH, INNER)
        silu = node("Mul", [gate, node("Sigmoid", [gate], f"sigmoid{i}")], f"silu{i}")
        down = product(f"down{i}", node("Mul", [silu, up], f"gated{i}"), INNER, WIDTH)
        x = node("Add", [x, down], "y" if i == LAYERS - 1 else f"x{i}")
    value = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [rows, WIDTH]) for name in ("x", "y")]
    graph = helper.make_graph(nodes, "stored", value[:1], value[1:], tensors)
    domains = [helper.make_opsetid("", 17), helper.make_opsetid("com.microsoft", 1)]
    model = helper.make_model(graph, opset_imports=domains, ir_version=8)
    onnx.checker.check_model(model)
    return model


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="folder for the files")
    parser.add_argument("--rows", type=int, nargs="+", default=[1, 16])
    parser.add_argument("--bits", type=int, nargs="+", default=[4, 8], choices=[4, 8])
    parser.add_argument("--levels", type=int, nargs="+", default=[0, 4], choices=[0, 1, 4])
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    for rows in args.rows:
        for bits in args.bits:
            for level in args.levels:
                path = args.out / f"stored_int{bits}_r{rows}_a{level}.onnx"
                onnx.save(network(rows, bits, level), path)
                print(path)


if __name__ == "__main__":
    main()
