#!/usr/bin/env python3
"""Compares Tenon with ONNX Runtime on a model with QuantizeLinear and DequantizeLinear, one rounded tensor at a time.

Usage: compare_quantized.py MODEL.onnx INPUT.npy [--tenon COMMAND] [--device cpu|ref] [--raw] [--most QUANTA]

Two runtimes that sum in another order round some value to the integer next to it, and from there on compute with other numbers: at
the end of a long network their answers differ by many quanta though neither is wrong. So the model is cut at every tensor that
it rounds. ONNX Runtime, all of its optimizations off, computes these tensors one operator after the other; each piece is then
given its integers, and must come to its integers for the next, within --most quanta (default 1). Exit code 1 when it does not.

Needs the Python packages onnx, onnxruntime and numpy.
"""

import argparse
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import onnx
import onnxruntime

ROOT = pathlib.Path(__file__).resolve().parents[1]


def rounded_tensors(model: onnx.ModelProto) -> list:
    """What QuantizeLinear nodes make of values that are no constants, in order."""
    constants = {initializer.name for initializer in model.graph.initializer}
    return [node.output[0] for node in model.graph.node if node.op_type == "QuantizeLinear" and node.input[0] not in constants]


def with_outputs(model: onnx.ModelProto, types: dict) -> onnx.ModelProto:
    """The model gives out these values besides its own outputs; types by name."""
    shown = onnx.ModelProto()
    shown.CopyFrom(model)
    outputs = {output.name for output in model.graph.output}
    shown.graph.output.extend(onnx.helper.make_tensor_value_info(name, kind, None) for name, kind in types.items() if name not in outputs)
    return shown


def integer_types(model: onnx.ModelProto, names: list) -> dict:
    """The element types that zero points give to what QuantizeLinear makes."""
    constants = {initializer.name: initializer.data_type for initializer in model.graph.initializer}
    zeros = {node.output[0]: node.input[2] for node in model.graph.node if node.op_type == "QuantizeLinear" and len(node.input) > 2}
    return {name: constants[zeros[name]] if name in zeros else onnx.TensorProto.UINT8 for name in names}


def cut(model: onnx.ModelProto, values: dict, types: dict) -> onnx.ModelProto:
    """Whoever reads a rounded tensor reads an input of the name NAME.given instead."""
    pieces = with_outputs(model, types)
    for node in pieces.graph.node:
        for i, name in enumerate(node.input):
            if name in types:
                node.input[i] = f"{name}.given"
    pieces.graph.input.extend(onnx.helper.make_tensor_value_info(f"{name}.given", kind, values[name].shape) for name, kind in types.items())
    return pieces


def run_theirs(model: onnx.ModelProto, inputs: dict, optimized: bool = False) -> dict:
    options = onnxruntime.SessionOptions()
    if not optimized:
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(names, inputs), strict=True))


def file_name(name: str) -> str:
    return "".join(c if c.isascii() and (c.isalnum() or c in "._-") else "_" for c in name)


def run_ours(args: argparse.Namespace, model: onnx.ModelProto, inputs: dict, folder: pathlib.Path) -> dict:
    onnx.save(model, folder / "pieces.onnx")
    command = [args.tenon, "run", folder / "pieces.onnx", "--no-tune", "--device", args.device, "--output-dir", folder / "out"]
    for i, (name, value) in enumerate(inputs.items()):
        np.save(folder / f"{i}.npy", value)
        command += ["--input", f"{name}={folder / f'{i}.npy'}"]
    done = subprocess.run([*map(str, command), *(["--raw"] if args.raw else [])], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(done.stderr)
    return {output.name: np.load(folder / "out" / f"{file_name(output.name)}.npy") for output in model.graph.output}


def distance(a: dict, b: dict, names: list) -> float:
    """The largest difference of answers, relative to the largest number in them."""
    return max(float(np.abs(a[name] - b[name]).max() / np.abs(b[name]).max()) for name in names)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=pathlib.Path)
    parser.add_argument("input", type=pathlib.Path)
    parser.add_argument("--tenon", default=str(ROOT / "build/release/bin/tenon"))
    parser.add_argument("--device", choices=("cpu", "ref"), default="cpu")
    parser.add_argument("--raw", action="store_true", help="operator by operator, as the model has them")
    parser.add_argument("--most", type=int, default=1)
    args = parser.parse_args()
    model = onnx.load(args.model)
    answers = [output.name for output in model.graph.output]
    constants = {initializer.name for initializer in model.graph.initializer}
    inputs = {next(i.name for i in model.graph.input if i.name not in constants): np.load(args.input)}
    rounded = rounded_tensors(model)
    types = integer_types(model, rounded)
    theirs = run_theirs(with_outputs(model, types), inputs)
    with tempfile.TemporaryDirectory() as folder:
        whole = run_ours(args, model, inputs, pathlib.Path(folder))
    given = {**inputs, **{f"{name}.given": theirs[name] for name in rounded}}
    with tempfile.TemporaryDirectory() as folder:
        ours = run_ours(args, cut(model, theirs, types), given, pathlib.Path(folder))

    worst, differing, elements = 0, 0, 0
    for name in rounded:
        quanta = np.abs(ours[name].astype(int) - theirs[name].astype(int))
        worst = max(worst, int(quanta.max()))
        differing += int(np.count_nonzero(quanta))
        elements += quanta.size
        if quanta.max() > args.most:
            print(f"{name}: {quanta.max()} quanta, {np.count_nonzero(quanta)} of {quanta.size} elements differ")
    print(f"{len(rounded)} rounded tensors, each from the same integers: {differing} of {elements} elements ({1e6 * differing / elements:.0f} ppm) "
          f"differ, by {worst} quanta at most")
    print(f"answers from the same integers: {distance(ours, theirs, answers):.2e} of the largest number")
    print(f"answers of the whole model: {distance(whole, theirs, answers):.2e}; "
          f"ONNX Runtime optimized against itself: {distance(run_theirs(model, inputs, optimized=True), theirs, answers):.2e}")
    sys.exit(1 if worst > args.most else 0)


if __name__ == "__main__":
    main()
