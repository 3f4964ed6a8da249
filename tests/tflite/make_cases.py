#!/usr/bin/env python3
"""Writes TensorFlow Lite files that cover every operator that is read, with inputs and expected values.

make_cases.py FOLDER makes FOLDER/<case>/ with model.tflite, case.json and .npy files; make_cases.py --seeds FOLDER writes the
models alone, as FOLDER/<case>. The expected values are computed with numpy in double precision, from the definition of the
TensorFlow operation; those of quantized operators on the dequantized operands, rounded to the result's scale.
"""

from __future__ import annotations

import itertools
import json
import math
import sys
from pathlib import Path
from typing import Callable

import numpy as np
from tflite_writer import TYPES, Model, Scalar, Table, Vector, f32, flag, i8, i32

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from tensorflow_formulas import (  # noqa: E402
    avg_pool, conv, conv_transpose, depthwise, lrn, max_pool, resized, softmax)

# What kind of options an operator has, where it has any that matter.
OPTIONS = {0: 11, 1: 5, 2: 10, 3: 1, 4: 2, 5: 94, 9: 8, 11: 12, 13: 13, 17: 5, 18: 21, 22: 17, 23: 15, 25: 9, 26: 19, 36: 23, 40: 27, 41: 28,
           42: 29, 43: 30, 45: 32, 49: 35, 56: 40, 67: 49, 74: 27, 77: 55, 79: 57, 81: 27, 82: 27, 83: 59, 88: 64, 89: 27, 97: 74, 98: 75,
           100: 77, 102: 79, 126: 101, 150: 122}
CASES: dict[str, Callable[["Case"], None]] = {}
SAME, VALID = i8(0), i8(1)
NONE, RELU, RELU_N1_TO_1, RELU6, TANH = (i8(i) for i in range(5))


def case(function: Callable[["Case"], None]) -> Callable[["Case"], None]:
    CASES[function.__name__] = function
    return function


class Quantized:
    """A tensor's index, its values as real numbers, and the scales of weights."""

    def __init__(self, index: int, values: np.ndarray, scale: np.ndarray | None = None) -> None:
        self.index, self.values, self.scale = index, values, scale


class Case:
    def __init__(self, name: str) -> None:
        self.model = Model()
        self.rng = np.random.default_rng(sum(map(ord, name)))
        self.inputs: dict[str, np.ndarray] = {}
        self.outputs: dict[str, np.ndarray] = {}
        self.options: dict[str, object] = {"model": "model.tflite"}
        self.terms = 1

    def draw(self, *shape: int, low: float = -2, high: float = 2) -> np.ndarray:
        return self.rng.uniform(low, high, shape).astype(np.float32)

    def feed(self, array: np.ndarray, name: str = "x", **tensor: object) -> int:
        index = self.model.tensor(name, list(array.shape), array.dtype.name, **tensor)
        self.model.inputs.append(index)
        self.inputs[name] = array
        return index

    def image(self, *shape: int, name: str = "x", **limits: float) -> tuple[int, np.ndarray]:
        array = self.draw(*shape, **limits)
        return self.feed(array, name), array.astype(np.float64)

    def const(self, array: np.ndarray, **tensor: object) -> int:
        name = f"const_{len(self.model.tensors)}"
        return self.model.tensor(name, list(array.shape), array.dtype.name, data=array.tobytes(), **tensor)

    def ints(self, *values: int) -> int:
        return self.const(np.array(values, np.int32))

    def weights(self, *shape: int) -> tuple[int, np.ndarray]:
        array = self.draw(*shape, low=-1, high=1)
        return self.const(array), array.astype(np.float64)

    def add(self, code: int, inputs: list[int], *expected: np.ndarray, options: Table | None = None, terms: int = 1,
            **tensor: object) -> list[int]:
        """An operator whose results are outputs of the network."""
        results = []
        for array in expected:
            array = array.astype(np.float32) if array.dtype == np.float64 else array
            name = f"y_{len(self.model.tensors)}"
            results.append(self.model.tensor(name, list(array.shape), array.dtype.name, **tensor))
            self.model.outputs.append(results[-1])
            self.outputs[name] = array
        self.model.operator(code, inputs, results, options, OPTIONS.get(code, 0))
        self.terms = max(self.terms, terms)
        return results

    def convolved(self, x: int, array: np.ndarray, channels: int) -> tuple[int, np.ndarray]:
        """Something that puts the channels in front inside of Tenon."""
        w, values = self.weights(channels, 1, 1, array.shape[-1])
        bias, b = self.weights(channels)
        expected = conv(array, values.transpose(1, 2, 3, 0)) + b
        options = Table({0: SAME, 1: i32(1), 2: i32(1)})
        return self.add(3, [x, w, bias], expected, options=options, terms=array.shape[-1])[0], expected

    # Quantized tensors.

    def quantized(self, values: np.ndarray, dtype: str, scale: float, zero_point: int) -> np.ndarray:
        limits = np.iinfo(dtype)
        return np.clip(np.round(values / np.float32(scale)) + zero_point, limits.min, limits.max).astype(dtype)

    def stored(self, name: str, array: np.ndarray, scale: float, zero_point: int) -> Quantized:
        index = self.feed(array, name, scale=[scale], zero_point=[zero_point])
        return Quantized(index, float(np.float32(scale)) * (array.astype(np.float64) - zero_point))

    def add_quantized(self, code: int, inputs: list[int], values: np.ndarray, dtype: str, scale: float, zero_point: int,
                      options: Table | None = None) -> Quantized:
        array = self.quantized(values, dtype, scale, zero_point)
        index = self.add(code, inputs, array, options=options, scale=[scale], zero_point=[zero_point])[0]
        return Quantized(index, float(np.float32(scale)) * (array.astype(np.float64) - zero_point))

    def write(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "model.tflite").write_bytes(self.model.serialize())
        files: dict[str, dict[str, str]] = {"inputs": {}, "outputs": {}}
        for kind, arrays in (("inputs", self.inputs), ("outputs", self.outputs)):
            for i, (name, array) in enumerate(arrays.items()):
                files[kind][name] = f"{kind}_{i}.npy"
                np.save(folder / files[kind][name], np.asarray(array, order="C"))
        (folder / "case.json").write_text(json.dumps({**files, **self.options, "terms": self.terms}, indent=1))


# --- windows ---


def window(padding: Scalar, stride: tuple[int, int], *rest: Scalar) -> Table:
    """Options store widths before heights."""
    return Table(enumerate([padding, i32(stride[1]), i32(stride[0]), *rest]))


@case
def conv_2d(c: Case) -> None:
    x, array = c.image(2, 8, 7, 3)
    w, values = c.weights(4, 3, 2, 3)
    bias, b = c.weights(4)
    hwio = values.transpose(1, 2, 3, 0)
    c.add(3, [x, w, bias], np.clip(conv(array, hwio, (2, 1), same=True) + b, 0, 6), options=window(SAME, (2, 1), RELU6), terms=18)
    c.add(3, [x, w, bias], np.maximum(conv(array, hwio, (1, 1), (2, 3)) + b, 0),
          options=window(VALID, (1, 1), RELU, i32(3), i32(2)), terms=18)
    c.add(3, [x, w], np.tanh(conv(array, hwio, (1, 1))), options=window(VALID, (1, 1), TANH), terms=18)
    c.add(3, [x, w], np.clip(conv(array, hwio, (1, 1)), -1, 1), options=window(VALID, (1, 1), RELU_N1_TO_1), terms=18)


@case
def conv_2d_groups(c: Case) -> None:
    x, array = c.image(1, 6, 6, 6)
    w, values = c.weights(4, 3, 3, 3)
    c.add(3, [x, w], conv(array, values.transpose(1, 2, 3, 0), same=True, groups=2), options=window(SAME, (1, 1)), terms=27)


@case
def depthwise_conv_2d(c: Case) -> None:
    x, array = c.image(2, 7, 6, 4)
    for multiplier, padding in ((1, SAME), (3, VALID)):
        w, values = c.weights(1, 3, 3, 4 * multiplier)
        bias, b = c.weights(4 * multiplier)
        expected = depthwise(array, values.reshape(3, 3, 4, multiplier), (2, 2), padding is SAME) + b
        c.add(4, [x, w, bias], expected, options=window(padding, (2, 2), i32(multiplier), NONE), terms=9)


@case
def transpose_conv(c: Case) -> None:
    x, array = c.image(1, 4, 5, 3)
    w, values = c.weights(2, 4, 3, 3)
    bias, b = c.weights(2)
    hwkc = values.transpose(1, 2, 0, 3)
    for padding, size in ((SAME, (7, 9)), (SAME, (8, 10)), (VALID, (11, 12)), (VALID, (10, 11))):
        expected = conv_transpose(array, hwkc, size, (2, 2), padding is SAME)
        c.add(67, [c.ints(1, *size, 2), w, x], expected, options=window(padding, (2, 2)), terms=36)
        c.add(67, [c.ints(1, *size, 2), w, x, bias], expected + b, options=window(padding, (2, 2)), terms=36)


@case
def pool_2d(c: Case) -> None:
    x, array = c.image(2, 7, 8, 3)
    for (code, formula), padding in itertools.product(((1, avg_pool), (17, max_pool)), (SAME, VALID)):
        expected = formula(array, (3, 2), (2, 1), padding is SAME)
        c.add(code, [x], np.maximum(expected, 0), options=window(padding, (2, 1), i32(2), i32(3), RELU), terms=6)


# --- matrices ---


@case
def fully_connected(c: Case) -> None:
    x, array = c.image(2, 3, 6)
    w, values = c.weights(4, 6)
    bias, b = c.weights(4)
    c.add(9, [x, w, bias], np.maximum(array.reshape(6, 6) @ values.T + b, 0), options=Table({0: RELU}), terms=6)
    c.add(9, [x, w, -1], array @ values.T, options=Table({2: flag(True)}), terms=6)


@case
def batch_matmul(c: Case) -> None:
    x, array = c.image(2, 3, 6)
    for adj_x, adj_y in itertools.product((False, True), repeat=2):
        inner = 3 if adj_x else 6
        w, values = c.weights(*((2, 4, inner) if adj_y else (2, inner, 4)))
        a, b = np.swapaxes(array, 1, 2) if adj_x else array, np.swapaxes(values, 1, 2) if adj_y else values
        c.add(126, [x, w], a @ b, options=Table({0: flag(adj_x), 1: flag(adj_y)}), terms=6)


# --- elementwise ---

erf = np.vectorize(math.erf)
UNARY = {
    8: np.floor, 14: lambda x: 1 / (1 + np.exp(-x)), 19: lambda x: np.maximum(x, 0), 20: lambda x: np.clip(x, -1, 1),
    21: lambda x: np.clip(x, 0, 6), 28: np.tanh, 47: np.exp, 59: np.negative, 66: np.sin, 92: np.square, 101: np.abs, 104: np.ceil,
    108: np.cos, 111: lambda x: np.where(x < 0, np.expm1(x), x), 116: np.round, 117: lambda x: x * np.clip(x + 3, 0, 6) / 6,
}
BINARY = {0: np.add, 18: np.multiply, 41: np.subtract, 42: np.divide, 55: np.maximum, 57: np.minimum, 78: np.power,
          90: lambda a, b: np.floor(a / b), 99: lambda a, b: (a - b) ** 2}
COMPARE = {58: np.less, 61: np.greater, 62: np.greater_equal, 63: np.less_equal, 71: np.equal, 72: np.not_equal}


@case
def unary(c: Case) -> None:
    x, array = c.image(2, 13, low=-8, high=8)
    for code, formula in UNARY.items():
        c.add(code, [x], formula(array))
    positive, values = c.image(2, 13, name="positive", low=0.1, high=3)
    for code, formula in ((73, np.log), (75, np.sqrt), (76, lambda a: 1 / np.sqrt(a))):
        c.add(code, [positive], formula(values))
    c.add(98, [x], np.where(array < 0, np.float32(0.3) * array, array), options=Table({0: f32(0.3)}))
    c.add(150, [x], array * (1 + erf(array / np.sqrt(2))) / 2)
    inner = np.sqrt(2 / np.pi) * (array + 0.044715 * array**3)
    c.add(150, [x], array * (1 + np.tanh(inner)) / 2, options=Table({0: flag(True)}))


@case
def binary(c: Case) -> None:
    x, array = c.image(2, 3, 4, 5, low=0.5, high=2)
    other = c.draw(3, 1, 5, low=0.5, high=2)
    for code, formula in BINARY.items():
        c.add(code, [x, c.const(other)], formula(array, other.astype(np.float64)))
    c.add(0, [x, c.const(other)], np.minimum(array + other, 6), options=Table({0: RELU6}))
    c.add(106, [x, x, x], 3 * array)
    rounded = c.const(np.round(other))
    for code, formula in COMPARE.items():
        c.add(code, [x, rounded], formula(array, np.round(other)))


@case
def binary_on_images(c: Case) -> None:
    x, array = c.image(2, 5, 4, 3)
    y, moved = c.convolved(x, array, 3)
    c.add(41, [x, y], array - moved)
    c.add(41, [y, x], moved - array)
    for shape in ((3,), (4, 3), (5, 1, 1), ()):
        other = c.draw(*shape)
        c.add(41, [c.const(other), y], other - moved)
    slopes, values = c.weights(1, 1, 3)
    c.add(54, [y, slopes], np.where(moved < 0, moved * values, moved))


@case
def logic(c: Case) -> None:
    a = c.rng.integers(0, 2, (2, 3)).astype(bool)
    b = c.rng.integers(0, 2, (2, 3)).astype(bool)
    x = c.feed(a, "a")
    y = c.const(b)
    c.add(84, [x, y], a | b)
    c.add(86, [x, y], a & b)
    c.add(87, [x], ~a)
    p, q = c.draw(2, 3), c.draw(2, 3)
    for code in (64, 123):
        c.add(code, [x, c.const(p), c.const(q)], np.where(a, p, q))


@case
def cast(c: Case) -> None:
    x, array = c.image(2, 5, low=-9, high=9)
    c.add(53, [x], array.astype(np.int32))
    c.add(53, [c.const(np.arange(-3, 3, dtype=np.int32))], np.arange(-3, 3, dtype=np.float32))


@case
def half_precision_weights(c: Case) -> None:
    """Weights in f16, which a DEQUANTIZE of their own widens."""
    x, array = c.image(2, 6)
    stored = c.draw(4, 6).astype(np.float16)
    wide = c.add(6, [c.const(stored)], stored.astype(np.float32))[0]
    c.add(9, [x, wide, -1], array @ stored.astype(np.float64).T, options=Table({}), terms=6)


# --- reductions ---


@case
def reduce(c: Case) -> None:
    x, array = c.image(2, 3, 4, 5)
    y, moved = c.convolved(x, array, 6)
    functions = {40: np.mean, 74: np.sum, 81: np.prod, 82: np.max, 89: np.min}
    for (code, formula), keep, axes in itertools.product(functions.items(), (False, True), ((1, 2), (3,), (-1, 1))):
        for value, values in ((x, array), (y, moved)):
            c.add(code, [value, c.ints(*axes)], formula(values, axes, keepdims=keep), options=Table({0: flag(keep)}), terms=40)
    for code, formula in ((56, np.argmax), (79, np.argmin)):
        for axis, dtype in ((1, np.int32), (-1, np.int64)):
            kind = Table({0: i8(TYPES[np.dtype(dtype).name])})
            c.add(code, [y, c.ints(axis)], formula(moved, axis).astype(dtype), options=kind)


@case
def normalize(c: Case) -> None:
    x, array = c.image(2, 3, 4, 9)
    y, moved = c.convolved(x, array, 8)
    for value, values in ((x, array), (y, moved)):
        c.add(25, [value], softmax(values), options=Table({0: f32(1)}), terms=9)
        c.add(25, [value], softmax(values * 0.5), options=Table({0: f32(0.5)}), terms=9)
        c.add(50, [value], np.log(softmax(values)), terms=9)
        c.add(11, [value], values / np.sqrt((values**2).sum(-1, keepdims=True)), terms=9)
        c.add(13, [value], lrn(values, 2, 0.5, 0.75, 1), options=Table({0: i32(2), 1: f32(1), 2: f32(0.5), 3: f32(0.75)}), terms=5)


@case
def top_k(c: Case) -> None:
    x, array = c.image(3, 9)
    order = np.argsort(-array, axis=-1)[:, :4]
    c.add(48, [x, c.const(np.int32(4))], np.take_along_axis(array, order, -1), order.astype(np.int32))


# --- shapes ---


@case
def shape(c: Case) -> None:
    x, array = c.image(2, 3, 4, 5)
    y, moved = c.convolved(x, array, 6)
    for value, values in ((x, array), (y, moved)):
        size = values.size // 8
        c.add(22, [value, c.ints(8, size)], values.reshape(8, size), terms=5)
        c.add(22, [value], values.reshape(2, -1, 2), options=Table({0: Vector("int32", [2, -1, 2])}), terms=5)
        c.add(70, [value, c.const(np.int32(-2))], np.expand_dims(values, -2), terms=5)
        for permutation in ((0, 3, 1, 2), (3, 1, 0, 2)):
            c.add(39, [value, c.ints(*permutation)], values.transpose(permutation), terms=5)
        for dtype in ("int32", "int64"):
            c.add(77, [value], np.array(values.shape, dtype), options=Table({0: i8(TYPES[dtype])}))
        c.add(110, [value], np.array(4, np.int32))


@case
def squeeze(c: Case) -> None:
    x, array = c.image(1, 3, 1, 5)
    y, moved = c.convolved(x, array, 6)
    for value, values in ((x, array), (y, moved)):
        c.add(43, [value], values[:, :, 0], options=Table({0: Vector("int32", [2])}), terms=5)
        c.add(43, [value], values[0, :, 0], terms=5)


@case
def join(c: Case) -> None:
    x, array = c.image(2, 3, 4, 6)
    y, moved = c.convolved(x, array, 6)
    for axis in (0, 1, -1):
        c.add(2, [x, y], np.concatenate([array, moved], axis), options=Table({0: i32(axis)}), terms=6)
        c.add(83, [y, x], np.stack([moved, array], axis), options=Table({0: i32(2), 1: i32(axis)}), terms=6)
    c.add(2, [x, y], np.maximum(np.concatenate([array, moved], 3), 0), options=Table({0: i32(3), 1: RELU}), terms=6)


@case
def cut(c: Case) -> None:
    x, array = c.image(2, 5, 6, 4)
    y, moved = c.convolved(x, array, 4)
    for value, values in ((x, array), (y, moved)):
        c.add(49, [c.const(np.int32(3)), value], *np.split(values, 2, 3), options=Table({0: i32(2)}), terms=4)
        c.add(102, [value, c.ints(1, -1, 2), c.const(np.int32(2))], *np.split(values, [1, 4], 2), options=Table({0: i32(3)}), terms=4)
        c.add(88, [value], *values.transpose(1, 0, 2, 3), options=Table({0: i32(5), 1: i32(1)}), terms=4)
        c.add(65, [value, c.ints(0, 1, 0, 2), c.ints(-1, 2, 4, -1)], values[:, 1:3, :4, 2:], terms=4)
        masks = Table({0: i32(5), 1: i32(6)})
        c.add(45, [value, c.ints(0, 3, 0), c.ints(2, 0, 0), c.ints(1, -1, 2)], values[:, 3::-1, ::2], options=masks, terms=4)
        c.add(45, [value, c.ints(0, -2), c.ints(0, 0), c.ints(1, 1)], values[:, -2], options=Table({0: i32(1), 1: i32(1), 4: i32(2)}), terms=4)
        c.add(105, [value, c.ints(3)], values[..., ::-1], terms=4)


@case
def pick(c: Case) -> None:
    x, array = c.image(4, 3, 5, 2)
    indices = np.array([[2, 0], [1, 1]], np.int32)
    for axis in (0, 1, -2):
        c.add(36, [x, c.const(indices)], np.take(array, indices, axis), options=Table({0: i32(axis)}))
    c.add(107, [x, c.const(indices)], array[tuple(indices.T)])


@case
def repeat(c: Case) -> None:
    x, array = c.image(2, 1, 3)
    c.add(69, [x, c.ints(1, 2, 3)], np.tile(array, (1, 2, 3)))
    c.add(130, [x, c.ints(4, 2, 5, 3)], np.broadcast_to(array, (4, 2, 5, 3)))
    c.add(94, [c.ints(2, 3), c.const(np.float32(1.5))], np.full((2, 3), 1.5))


@case
def pad(c: Case) -> None:
    x, array = c.image(2, 3, 4, 3)
    y, moved = c.convolved(x, array, 5)
    rows = np.array([[0, 0], [1, 2], [0, 3], [1, 0]], np.int32)
    for value, values in ((x, array), (y, moved)):
        c.add(34, [value, c.const(rows)], np.pad(values, rows), terms=3)
        c.add(60, [value, c.const(rows), c.const(np.float32(-7))], np.pad(values, rows, constant_values=-7), terms=3)
        c.add(100, [value, c.const(np.minimum(rows, 2))], np.pad(values, np.minimum(rows, 2), mode="reflect"), options=Table({0: i8(0)}),
              terms=3)


@case
def resize(c: Case) -> None:
    x, array = c.image(2, 4, 5, 3)
    for (corners, half), size in itertools.product(((False, False), (True, False), (False, True)), ((8, 10), (7, 3))):
        c.add(23, [x, c.ints(*size)], resized(array, size, False, corners, half), options=Table({2: flag(corners), 3: flag(half)}), terms=4)
        c.add(97, [x, c.ints(*size)], resized(array, size, True, corners, half), options=Table({0: flag(corners), 1: flag(half)}))


@case
def blocks(c: Case) -> None:
    x, array = c.image(2, 4, 6, 8)
    n, h, w, channels = array.shape
    deep = array.reshape(n, 2, 2, 3, 2, channels).transpose(0, 1, 3, 2, 4, 5).reshape(n, 2, 3, 4 * channels)
    wide = array.reshape(n, h, w, 2, 2, 2).transpose(0, 1, 3, 2, 4, 5).reshape(n, 2 * h, 2 * w, 2)
    c.add(26, [x], deep, options=Table({0: i32(2)}))
    c.add(5, [x], wide, options=Table({0: i32(2)}))


@case
def open_batch(c: Case) -> None:
    array = c.draw(3, 4, 4, 2)
    x = c.model.tensor("x", [1, 4, 4, 2], signature=[-1, 4, 4, 2])
    c.model.inputs.append(x)
    c.inputs["x"] = array
    c.convolved(x, array.astype(np.float64), 3)


# --- quantized networks ---


def quantized_network(c: Case, dtype: str, zero_point: int) -> None:
    limits = np.iinfo(dtype)

    def stored(*shape: int) -> np.ndarray:
        return c.rng.integers(limits.min, limits.max, shape, endpoint=True).astype(dtype)

    x = c.stored("x", stored(2, 6, 6, 4), 0.02, zero_point)
    per_channel = dtype == "int8"
    low, high = (-127, 127) if per_channel else (0, 255)
    offset = 0 if per_channel else 120

    def weights(shape: tuple[int, ...], axis: int) -> Quantized:
        array = c.rng.integers(low, high, shape, endpoint=True).astype(dtype)
        count = shape[axis] if per_channel else 1
        scale = c.rng.uniform(0.002, 0.01, count).astype(np.float32)
        index = c.const(array, scale=[float(s) for s in scale], zero_point=[offset] * count, axis=axis)
        along = [-1 if a == axis else 1 for a in range(len(shape))] if per_channel else [1] * len(shape)
        values = (array.astype(np.float64) - offset) * scale.astype(np.float64).reshape(along)
        return Quantized(index, values, scale)

    def bias(scales: np.ndarray, count: int) -> tuple[int, np.ndarray]:
        array = c.rng.integers(-2000, 2000, count).astype(np.int32)
        return c.const(array, scale=[float(s) for s in scales]), array * scales.astype(np.float64)

    w = weights((8, 3, 3, 4), 0)
    b, values = bias(np.float32(0.02) * w.scale, 8)
    y = conv(x.values, w.values.transpose(1, 2, 3, 0), same=True) + values
    y = c.add_quantized(3, [x.index, w.index, b], np.clip(y, 0, 6), dtype, 6 / 255, limits.min, window(SAME, (1, 1), RELU6))
    w = weights((1, 3, 3, 8), 3)
    z = depthwise(y.values, w.values.reshape(3, 3, 8, 1), (1, 1), True)
    z = c.add_quantized(4, [y.index, w.index], z, dtype, 0.1, zero_point, window(SAME, (1, 1), i32(1), NONE))
    total = c.add_quantized(0, [y.index, z.index], y.values + z.values, dtype, 0.15, zero_point + 2, Table({0: NONE}))
    # Moved as stored, until the next matrix product.
    same = c.add_quantized(114, [y.index], y.values, dtype, 0.15, zero_point + 2)
    joined = c.add_quantized(2, [same.index, total.index], np.concatenate([same.values, total.values], 3), dtype, 0.15,
                             zero_point + 2, Table({0: i32(3)}))
    pooled = c.add_quantized(17, [joined.index], max_pool(joined.values, (2, 2), (2, 2)), dtype, 0.15, zero_point + 2,
                             window(VALID, (2, 2), i32(2), i32(2)))
    flat = c.add_quantized(22, [pooled.index, c.ints(2, 144)], pooled.values.reshape(2, 144), dtype, 0.15, zero_point + 2)
    w = weights((5, 144), 0)
    y = c.add_quantized(9, [flat.index, w.index, -1], flat.values @ w.values.T, dtype, 0.5, zero_point, Table({0: NONE}))
    c.add_quantized(25, [y.index], softmax(y.values), dtype, 1 / 256, limits.min, Table({0: f32(1)}))
    c.add(6, [y.index], y.values)
    c.add_quantized(114, [y.index], y.values, dtype, 0.7, zero_point)
    c.options["steps"] = 1
    c.terms = 200


@case
def quantized_int8(c: Case) -> None:
    quantized_network(c, "int8", -5)


@case
def quantized_uint8(c: Case) -> None:
    quantized_network(c, "uint8", 121)


def main() -> None:
    folder = Path(sys.argv[-1])
    codes: set[int] = set()
    for name, build in CASES.items():
        one = Case(name)
        build(one)
        if sys.argv[1] == "--seeds":
            (folder / name).write_bytes(one.model.serialize())
            continue
        one.write(folder / name)
        codes |= one.model.used
    if codes:
        (folder / "operations.txt").write_text("".join(f"{code}\n" for code in sorted(codes)))
        print(f"{len(CASES)} cases, {len(codes)} operators")


if __name__ == "__main__":
    main()
