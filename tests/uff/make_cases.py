#!/usr/bin/env python3
"""Writes UFF files that cover every operation of the format, with inputs and expected values.

make_cases.py FOLDER makes FOLDER/<case>/ with model.uff, case.json and .npy files; make_cases.py --seeds FOLDER writes the
models alone, as FOLDER/<case>. The expected values are computed here with
numpy, in double precision, from the definition of the TensorFlow operation that the converter had before it: none of Tenon's
formulas is used, and images stay in TensorFlow's order throughout. Prints the operations that the cases cover.
"""

from __future__ import annotations

import itertools
import json
import sys
from pathlib import Path
from typing import Callable

import numpy as np
from uff_writer import Uff

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from tensorflow_formulas import (  # noqa: E402
    avg_pool, conv, conv_transpose, depthwise, lrn, max_pool, resized, softmax, to_first)

CASES: dict[str, Callable[["Case"], None]] = {}


def case(function: Callable[["Case"], None]) -> Callable[["Case"], None]:
    CASES[function.__name__] = function
    return function


class Case:
    """A graph under construction, with what it is fed and what must come out."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.uff = Uff()
        self.rng = np.random.default_rng(sum(map(ord, name)))
        self.inputs: dict[str, np.ndarray] = {}
        self.outputs: dict[str, np.ndarray] = {}
        self.options: dict[str, object] = {}
        self.terms = 1  # how many products the longest sum has

    def draw(self, *shape: int, low: float = -2, high: float = 2) -> np.ndarray:
        return self.rng.uniform(low, high, shape).astype(np.float32)

    def feed(self, array: np.ndarray, declared: list[int] | None = None, name: str = "x") -> str:
        self.inputs[name] = array
        if declared is None:
            declared = [-1, *array.shape[1:]]
        return self.uff.input(name, declared, array.dtype.name)

    def image(self, *shape: int, **limits: float) -> tuple[str, np.ndarray]:
        array = self.draw(*shape, **limits)
        return self.feed(array), array.astype(np.float64)

    def weights(self, *shape: int) -> tuple[str, np.ndarray]:
        array = self.draw(*shape, low=-1, high=1)
        return self.uff.const(array), array.astype(np.float64)

    def expect(self, name: str, array: np.ndarray, terms: int = 1) -> None:
        self.uff.output(name)
        self.outputs[name] = array
        self.terms = max(self.terms, terms)

    def convolved(self, x: str, array: np.ndarray, channels: int, kernel: int = 1) -> tuple[str, np.ndarray]:
        """Something that puts the channels in front inside of Tenon."""
        w, values = self.weights(kernel, kernel, array.shape[-1], channels)
        y = self.uff.node("Conv", [x, w], strides=[1, 1], padding=None, implicit_padding="same", dilation=None,
                          number_groups=None, orders=["N+C", "+CK"])
        self.terms = max(self.terms, kernel * kernel * array.shape[-1])
        return y, conv(array, values, same=True)

    def write(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "model.uff").write_bytes(self.uff.serialize())
        files: dict[str, dict[str, str]] = {"inputs": {}, "outputs": {}}
        for kind, arrays in (("inputs", self.inputs), ("outputs", self.outputs)):
            for i, (name, array) in enumerate(arrays.items()):
                if kind == "outputs" and array.dtype == np.float64:
                    array = array.astype(np.float32)
                files[kind][name] = f"{kind}_{i}.npy"
                np.save(folder / files[kind][name], np.ascontiguousarray(array))
        (folder / "case.json").write_text(json.dumps({**files, **self.options, "terms": self.terms}, indent=1))


# --- elementwise ---

UNARY = {
    "neg": np.negative, "exp": np.exp, "abs": np.abs, "square": np.square, "sin": np.sin, "cos": np.cos, "sinh": np.sinh,
    "cosh": np.cosh, "atan": np.arctan, "asinh": np.arcsinh, "ceil": np.ceil, "floor": np.floor,
}
UNARY_IN_PART = {
    "log": (np.log, 0.1, 3), "sqrt": (np.sqrt, 0, 3), "rsqrt": (lambda x: 1 / np.sqrt(x), 0.1, 3), "tan": (np.tan, -1.2, 1.2),
    "asin": (np.arcsin, -0.9, 0.9), "acos": (np.arccos, -0.9, 0.9), "acosh": (np.arccosh, 1.1, 3),
    "atanh": (np.arctanh, -0.9, 0.9),
}
ACTIVATION = {
    "relu": lambda x: np.maximum(x, 0), "relu6": lambda x: np.clip(x, 0, 6), "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "tanh": np.tanh, "elu": lambda x: np.where(x < 0, np.expm1(x), x),
    "selu": lambda x: 1.05070098735548049342 * np.where(x < 0, 1.67326324235437728482 * np.expm1(x), x),
    "softsign": lambda x: x / (1 + np.abs(x)), "softplus": np.log1p,
}
ACTIVATION["softplus"] = lambda x: np.logaddexp(x, 0)
BINARY = {"min": np.minimum, "max": np.maximum, "mul": np.multiply, "sub": np.subtract, "div": np.divide, "add": np.add,
          "pow": np.power}


@case
def unary(c: Case) -> None:
    x, array = c.image(2, 13, low=-3, high=3)
    for func, formula in UNARY.items():
        c.expect(c.uff.node("Unary", [x], func=func), formula(array))


@case
def unary_in_part(c: Case) -> None:
    for func, (formula, low, high) in UNARY_IN_PART.items():
        array = c.draw(2, 13, low=low, high=high)
        x = c.feed(array, name=f"{func}_x")
        c.expect(c.uff.node("Unary", [x], func=func), formula(array.astype(np.float64)))


@case
def activation(c: Case) -> None:
    x, array = c.image(2, 17, low=-8, high=8)
    for func, formula in ACTIVATION.items():
        c.expect(c.uff.node("Activation", [x], func=func), formula(array))
    c.expect(c.uff.node("LeakyRelu", [x], alpha=0.3), np.where(array < 0, np.float32(0.3) * array, array))


@case
def binary(c: Case) -> None:
    x, array = c.image(2, 3, 4, 5, low=0.5, high=2)
    other, values = c.weights(3, 1, 5)
    for func, formula in BINARY.items():
        c.expect(c.uff.node("Binary", [x, other], func=func), formula(array, values))
    scalar = c.uff.const(np.float32(1.5))
    for func, formula in BINARY.items():
        c.expect(c.uff.node("Binary", [scalar, x], func=func), formula(1.5, array))


@case
def binary_on_images(c: Case) -> None:
    """Operands in both orders inside of Tenon, of the same and of lower rank, on either side."""
    x, array = c.image(2, 5, 4, 3)
    y, moved = c.convolved(x, array, 3)
    c.expect(c.uff.node("Binary", [x, y], func="sub"), array - moved)
    c.expect(c.uff.node("Binary", [y, x], func="sub"), moved - array)
    c.expect(c.uff.node("Binary", [y, y], func="mul"), moved * moved)
    for shape in ((3,), (4, 3), (5, 1, 1), (1, 5, 4, 1), ()):
        array = c.draw(*shape)
        other, values = c.uff.const(array), array.astype(np.float64)
        c.expect(c.uff.node("Binary", [other, y], func="sub"), values - moved)
        c.expect(c.uff.node("Binary", [y, other], func="max"), np.maximum(moved, values))
    tall, values = c.weights(2, 2, 5, 4, 3)
    c.expect(c.uff.node("Binary", [y, tall], func="add"), moved + values)


@case
def binary_of_every_type(c: Case) -> None:
    for dtype in ("int8", "int16", "int32", "int64", "float16"):
        array = c.rng.integers(-9, 9, (2, 7)).astype(dtype)
        other = c.rng.integers(-9, 9, 7).astype(dtype)
        x = c.feed(array, name=f"{dtype}_x")
        c.expect(c.uff.node("Binary", [x, c.uff.const(other)], func="add"), array + other)


# --- windows ---


def conv_case(c: Case, x: str, array: np.ndarray, shape: tuple[int, ...], order: str = "N+C", **spec: object) -> None:
    w, values = c.weights(*shape)
    strides, dilation = spec.get("strides"), spec.get("dilations")
    y = c.uff.node("Conv", [x, w], padding=list(spec["padding"]) if "padding" in spec else None,
                   strides=list(strides) if strides else None, dilation=list(dilation) if dilation else None,
                   number_groups=spec.get("groups"), implicit_padding="same" if spec.get("same") else None,
                   orders=[order, "+CK"])
    expected = conv(array if order == "N+C" else np.moveaxis(array, 1, -1), values, **spec)
    c.expect(y, expected if order == "N+C" else to_first(expected), int(np.prod(shape[:-1])))


@case
def conv_same(c: Case) -> None:
    conv_case(c, *c.image(2, 8, 7, 3), (3, 3, 3, 4), strides=(2, 2), same=True)


@case
def conv_valid(c: Case) -> None:
    conv_case(c, *c.image(1, 8, 7, 3), (3, 2, 3, 5), strides=(1, 2))


@case
def conv_dilated(c: Case) -> None:
    conv_case(c, *c.image(1, 9, 9, 2), (3, 3, 2, 3), strides=(1, 1), dilations=(2, 3), same=True)


@case
def conv_explicit_padding(c: Case) -> None:
    conv_case(c, *c.image(1, 6, 7, 3), (3, 5, 3, 4), strides=(1, 1), padding=(1, 2))


@case
def conv_groups(c: Case) -> None:
    conv_case(c, *c.image(1, 6, 6, 6), (3, 3, 3, 4), strides=(1, 1), same=True, groups=2)


@case
def conv_nchw(c: Case) -> None:
    conv_case(c, *c.image(2, 3, 7, 8), (3, 3, 3, 4), "NC+", strides=(2, 1), same=True)


@case
def conv_1d_and_3d(c: Case) -> None:
    array = c.draw(2, 9, 3)
    conv_case(c, c.feed(array), array.astype(np.float64), (4, 3, 5), strides=(2,), same=True)
    array = c.draw(2, 4, 5, 6, 2)
    conv_case(c, c.feed(array, name="volume"), array.astype(np.float64), (2, 3, 3, 2, 3), strides=(1, 2, 2))


@case
def conv_any_size(c: Case) -> None:
    array = c.draw(1, 10, 7, 3)
    x = c.feed(array, [-1, -1, -1, 3])
    conv_case(c, x, array.astype(np.float64), (3, 3, 3, 4), strides=(2, 2), same=True)


@case
def conv_depthwise(c: Case) -> None:
    x, array = c.image(2, 7, 6, 4)
    for multiplier, same in ((1, True), (3, False)):
        w, values = c.weights(3, 3, 4, multiplier)
        y = c.uff.node("Conv", [x, w], strides=[2, 2], padding=None, dilation=[1, 1], number_groups=4,
                       implicit_padding="same" if same else None, orders=["N+C", "+CK"])
        c.expect(y, depthwise(array, values, (2, 2), same), 9)


@case
def conv_transpose_same(c: Case) -> None:
    """The wanted size is computed from the shape of another image, as Keras exports it."""
    x, array = c.image(2, 4, 5, 3)
    shape = c.uff.node("Shape", [x])

    def dim(axis: int) -> str:
        bounds = [c.uff.const(np.array([i], np.int32)) for i in (axis, axis + 1, 1)]
        return c.uff.node("StridedSlice", [shape, *bounds], begin_mask=0, end_mask=0, shrink_axis_mask=1)

    two, channels = c.uff.const(np.int32(2)), c.uff.const(np.int32(4))
    sizes = [dim(0), *(c.uff.node("Binary", [dim(i), two], func="mul") for i in (1, 2)), channels]
    wanted = c.uff.node("Stack", sizes, axis=0)
    w, values = c.weights(3, 3, 4, 3)
    y = c.uff.node("ConvTranspose", [x, w, wanted], strides=[2, 2], padding=None, dilation=None, number_groups=None,
                   implicit_padding="same", orders=["N+C", "+KC"])
    c.expect(y, conv_transpose(array, values, (8, 10), (2, 2), True), 9 * 3)


@case
def conv_transpose_odd_size(c: Case) -> None:
    x, array = c.image(1, 4, 5, 3)
    w, values = c.weights(4, 3, 2, 3)
    for same, size in ((True, (7, 9)), (False, (11, 12))):
        wanted = c.uff.const(np.array([1, *size, 2], np.int32))
        y = c.uff.node("ConvTranspose", [x, w, wanted], strides=[2, 2], padding=None,
                       implicit_padding="same" if same else None, orders=["N+C", "+KC"])
        c.expect(y, conv_transpose(array, values, size, (2, 2), same), 12 * 3)


def pool_case(c: Case, x: str, func: str, order: str = "N+C", **fields: object) -> str:
    return c.uff.node("Pool", [x], func=func, kernel=[3, 2], strides=[2, 2], orders=[order], **fields)


@case
def pool(c: Case) -> None:
    x, array = c.image(2, 7, 8, 3)
    for func, formula in (("max", max_pool), ("avg", avg_pool)):
        c.expect(pool_case(c, x, func, padding=None), formula(array, (3, 2), (2, 2)), 6)
        c.expect(pool_case(c, x, func, implicit_padding="same"), formula(array, (3, 2), (2, 2), True), 6)


@case
def pool_with_fused_pad(c: Case) -> None:
    """The zeros of a Pad before the pool count, so they beat negative maxima."""
    x, array = c.image(1, 5, 6, 2, low=-3, high=-1)
    bordered = np.pad(array, [(0, 0), (1, 1), (1, 1), (0, 0)])
    for func, formula in (("max", max_pool), ("avg", avg_pool)):
        c.expect(pool_case(c, x, func, padding=[1, 1]), formula(bordered, (3, 2), (2, 2)), 6)
    positive = c.uff.node("Activation", [x], func="relu")
    c.expect(pool_case(c, positive, "max", padding=[1, 1]), max_pool(np.maximum(bordered, 0), (3, 2), (2, 2)))


@case
def pool_nchw(c: Case) -> None:
    x, array = c.image(2, 3, 7, 8)
    for func, formula in (("max", max_pool), ("avg", avg_pool)):
        expected = formula(np.moveaxis(array, 1, -1), (3, 2), (2, 2), True)
        c.expect(pool_case(c, x, func, "NC+", implicit_padding="same"), to_first(expected), 6)


@case
def lrn_last_axis(c: Case) -> None:
    x, array = c.image(2, 3, 4, 9)
    c.expect(c.uff.node("LRN", [x], window_size=2, alpha=0.5, beta=0.75, k=1.0, orders=["NC+"]),
             lrn(array, 2, 0.5, 0.75, 1), 5)
    y, moved = c.convolved(x, array, 8)
    c.expect(c.uff.node("LRN", [y], window_size=3, alpha=0.01, beta=0.5, k=2.0, orders=["NC+"]),
             lrn(moved, 3, 0.01, 0.5, 2), 9)


@case
def lrn_of_nchw(c: Case) -> None:
    x, array = c.image(1, 5, 4, 3)
    y = pool_case(c, x, "max", "NC+", implicit_padding="same")
    pooled = max_pool(np.moveaxis(array, 1, -1), (3, 2), (2, 2), True)
    c.expect(c.uff.node("LRN", [y], window_size=1, alpha=0.3, beta=0.6, k=1.0, orders=["NC+"]),
             to_first(lrn(pooled, 1, 0.3, 0.6, 1)), 3)


@case
def batch_norm(c: Case) -> None:
    x, array = c.image(2, 4, 3, 5)
    for order, channels in (("N+C", 5), ("NC+", 4)):
        gamma, beta, mean = (c.draw(channels) for _ in range(3))
        variance = c.draw(channels, low=0.2, high=2)
        operands = [c.uff.const(a) for a in (gamma, beta, mean, variance)]
        g, b, m, v = (a.astype(np.float64).reshape([-1] if order == "N+C" else [-1, 1, 1])
                      for a in (gamma, beta, mean, variance))
        fields = {"epsilon": 0.001, "orders": [order]}
        c.expect(c.uff.node("BatchNorm", [x, *operands], **fields), (array - m) / np.sqrt(v + 0.001) * g + b)


# --- matrices ---


@case
def fully_connected(c: Case) -> None:
    x, array = c.image(3, 6)
    for left, right in itertools.product(("NC", "CN"), ("CK", "KC")):
        inner = 6 if left == "NC" else 3
        w, values = c.weights(*((inner, 4) if right == "CK" else (4, inner)))
        a, b = array if left == "NC" else array.T, values if right == "CK" else values.T
        c.expect(c.uff.node("FullyConnected", [x, w], orders=[left, right]), a @ b, 6)
    other, values = c.image_named("other", 6, 2)
    c.expect(c.uff.node("FullyConnected", [x, other], orders=["NC", "CK"]), array @ values, 6)


def image_named(self: Case, name: str, *shape: int) -> tuple[str, np.ndarray]:
    array = self.draw(*shape)
    return self.feed(array, list(shape), name), array.astype(np.float64)


Case.image_named = image_named


@case
def softmax_axes(c: Case) -> None:
    x, array = c.image(2, 10)
    c.expect(c.uff.node("Softmax", [x], axis=0, orders=["N+C"]), softmax(array), 10)
    y, image = c.image_named("image", 2, 3, 4, 5)
    z, moved = c.convolved(y, image, 6)
    for value, values in ((y, image), (z, moved)):
        c.expect(c.uff.node("Softmax", [value], axis=0, orders=["N+C"]), softmax(values), 6)
        for axis in (-1, 1, 2):
            c.expect(c.uff.node("Softmax", [value], axis=axis, orders=["NC+"]), softmax(values, axis), 6)


@case
def reduce(c: Case) -> None:
    x, array = c.image(2, 3, 4, 5)
    y, moved = c.convolved(x, array, 6)
    functions = {"sum": np.sum, "prod": np.prod, "max": np.max, "min": np.min, "mean": np.mean}
    for (func, formula), keep in itertools.product(functions.items(), (False, True)):
        for axes in ([1, 2], [3], [-1, 1]):
            for value, values in ((x, array), (y, moved)):
                c.expect(c.uff.node("Reduce", [value], func=func, axes=axes, keepdims=keep),
                         formula(values, tuple(axes), keepdims=keep), 40)


@case
def arg_extreme(c: Case) -> None:
    x, array = c.image(2, 3, 4, 5)
    y, moved = c.convolved(x, array, 6)
    for operation, formula in (("ArgMax", np.argmax), ("ArgMin", np.argmin)):
        for axis in (1, -1, 0):
            c.expect(c.uff.node(operation, [x], axis=axis), formula(array, axis).astype(np.int32))
        c.expect(c.uff.node(operation, [y], axis=3), formula(moved, 3).astype(np.int32))


# --- shapes ---


@case
def reshape(c: Case) -> None:
    x, array = c.image(2, 3, 4, 5)
    y, moved = c.convolved(x, array, 6)
    for shape in ([-1, 12, 6], [2, -1], [2, 4, 3, 6]):
        wanted = c.uff.const(np.array(shape, np.int32))
        c.expect(c.uff.node("Reshape", [y, wanted]), moved.reshape(shape), 5)


@case
def reshape_to_computed_shape(c: Case) -> None:
    """tf.reshape(x, [tf.shape(x)[0], -1]), what a flattening layer exports."""
    x, array = c.image(3, 4, 2, 5)
    shape = c.uff.node("Shape", [x])
    bounds = [c.uff.const(np.array([i], np.int32)) for i in (0, 1, 1)]
    batch = c.uff.node("StridedSlice", [shape, *bounds], begin_mask=0, end_mask=0, shrink_axis_mask=1)
    wanted = c.uff.node("Stack", [batch, c.uff.const(np.int32(-1))], axis=0)
    c.expect(c.uff.node("Reshape", [x, wanted]), array.reshape(3, -1))


@case
def shape(c: Case) -> None:
    x, array = c.image(2, 3, 4, 5)
    y, moved = c.convolved(x, array, 6)
    c.expect(c.uff.node("Shape", [y]), np.array(moved.shape, np.int32))
    c.expect(c.uff.node("Flatten", [x]), array.reshape(2, -1))
    c.expect(c.uff.node("Flatten", [y]), moved.reshape(2, -1), 5)
    for value, values in ((x, array), (y, moved)):
        for axis in (1, -1, 0):
            c.expect(c.uff.node("ExpandDims", [value], axis=axis), np.expand_dims(values, axis), 5)


@case
def squeeze(c: Case) -> None:
    x, array = c.image(2, 1, 1, 5)
    y, moved = c.convolved(x, array, 6)
    for value, values in ((x, array), (y, moved)):
        c.expect(c.uff.node("Squeeze", [value], axes=[1, 2]), values[:, 0, 0], 5)
        c.expect(c.uff.node("Squeeze", [value], axes=[-2]), values[:, :, 0], 5)
        c.expect(c.uff.node("Squeeze", [value], axes=[]), values[:, 0, 0], 5)
    z, thin = c.convolved(x, array, 1)
    c.expect(c.uff.node("Squeeze", [z], axes=[3]), thin[..., 0], 5)


@case
def transpose(c: Case) -> None:
    x, array = c.image(2, 3, 4, 5)
    y, moved = c.convolved(x, array, 6)
    for value, values in ((x, array), (y, moved)):
        for permutation in ([0, 3, 1, 2], [0, 2, 1, 3], [3, -2, 1, 0]):
            c.expect(c.uff.node("Transpose", [value], permutation=permutation), values.transpose(permutation), 5)


@case
def concat_and_stack(c: Case) -> None:
    x, array = c.image(2, 3, 4, 6)
    y, moved = c.convolved(x, array, 6)
    for axis in (0, 1, 2, 3, -1):
        c.expect(c.uff.node("Concat", [x, y, y], axis=axis), np.concatenate([array, moved, moved], axis), 6)
        c.expect(c.uff.node("Stack", [y, x], axis=axis), np.stack([moved, array], axis), 6)
    c.expect(c.uff.node("Concat", [x], axis=1), array)


@case
def pad(c: Case) -> None:
    x, array = c.image(2, 3, 4, 2)
    y, moved = c.convolved(x, array, 5)
    for dtype in (np.int32, np.int64):
        amounts = np.array([[0, 0], [1, 2], [0, 3], [1, 0]], dtype)
        for value, values in ((x, array), (y, moved)):
            c.expect(c.uff.node("Pad", [value, c.uff.const(amounts)]), np.pad(values, amounts), 2)


@case
def strided_slice(c: Case) -> None:
    x, array = c.image(2, 5, 6, 4)
    y, moved = c.convolved(x, array, 4)

    def cut(value: str, begin: list[int], end: list[int], stride: list[int], *masks: int) -> str:
        bounds = [c.uff.const(np.array(b, np.int32)) for b in (begin, end, stride)]
        return c.uff.node("StridedSlice", [value, *bounds], begin_mask=masks[0], end_mask=masks[1], shrink_axis_mask=masks[2])

    for value, values in ((x, array), (y, moved)):
        c.expect(cut(value, [0, 1, -3], [0, 4, 9], [1, 1, 1], 1, 1, 0), values[:, 1:4, -3:9], 4)
        c.expect(cut(value, [0, 3, 0, 1], [0, 0, 0, 3], [1, -1, 2, 1], 1, 5, 0), values[:, 3:0:-1, ::2, 1:3], 4)
        c.expect(cut(value, [0, 7, 0], [0, 0, 0], [1, -2, -1], 5, 7, 0), values[:, 7::-2, ::-1], 4)
        c.expect(cut(value, [0, 0, 0, -1], [0, 0, 0, 0], [1, 1, 1, 1], 7, 7, 8), values[..., -1], 4)
        c.expect(cut(value, [0, 2], [0, 3], [1, 1], 1, 1, 2), values[:, 2], 4)
        c.expect(cut(value, [1], [2], [1], 0, 0, 1), values[1], 4)


@case
def gather(c: Case) -> None:
    x, array = c.image(4, 3, 5, 2)
    y, moved = c.convolved(x, array, 6)
    for dtype in ("int32", "int64", "int8"):
        indices = np.array([[3, 0], [1, 1]], dtype)
        where = c.uff.const(indices)
        c.expect(c.uff.node("Gather", [x, where], validate_indices=True), array[indices])
        for axis in (0, 2, -1):
            c.expect(c.uff.node("GatherV2", [y, where], axis=axis), np.take(moved, indices, axis), 2)
    ids = np.array([[2, 0, 1]], np.int32)
    table, values = c.weights(4, 3)
    c.expect(c.uff.node("Gather", [table, c.feed(ids, [1, 3], "ids")]), values[ids])


@case
def identity(c: Case) -> None:
    x, array = c.image(2, 3, 4, 5)
    y, moved = c.convolved(x, array, 6)
    c.expect(c.uff.node("Identity", [y]), moved, 5)
    c.expect(c.uff.node("Identity", [x]), array)


@case
def const(c: Case) -> None:
    x, array = c.image(2, 3)
    c.expect(c.uff.node("Identity", [x]), array)
    for dtype in ("int8", "int16", "int32", "int64", "float16", "float32"):
        values = c.rng.integers(-100, 100, (2, 3)).astype(dtype)
        c.expect(c.uff.const(values, name=f"const_{dtype}"), values)


# --- how inputs are given ---


def small_network(c: Case, array: np.ndarray, declared: list[int]) -> tuple[str, np.ndarray]:
    x = c.feed(array, declared)
    y, moved = c.convolved(x, array.astype(np.float64), 4, 3)
    y = c.uff.node("Activation", [y], func="relu")
    return y, np.maximum(moved, 0)


@case
def input_channels_first(c: Case) -> None:
    """Given as TensorRT's callers do: without the batch, channels first; then images come out like that too."""
    array = c.draw(2, 6, 5, 3)
    y, expected = small_network(c, array, [-1, 6, 5, 3])
    c.expect(c.uff.node("Reduce", [y], func="mean", axes=[1, 2], keepdims=False), expected.mean((1, 2)), 27)
    c.expect(c.uff.node("Flatten", [y]), expected.reshape(2, -1))
    c.expect(y, to_first(expected))
    c.inputs["x"] = to_first(array)
    c.options = {"input_orders": {"x": "nchw"}, "input_shapes": {"x": [3, 6, 5]}}


@case
def input_channels_first_as_declared(c: Case) -> None:
    array = c.draw(2, 6, 5, 3)
    y, expected = small_network(c, array, [-1, 6, 5, 3])
    c.expect(y, to_first(expected))
    c.inputs["x"] = to_first(array)
    c.options = {"input_orders": {"x": "nchw"}}


@case
def input_channels_last(c: Case) -> None:
    array = c.draw(2, 6, 5, 3)
    y, expected = small_network(c, array, [-1, -1, -1, 3])
    c.expect(y, expected)
    c.options = {"input_orders": {"x": "nhwc"}, "input_shapes": {"x": [6, 5, 3]}}


@case
def input_channels_last_for_nchw(c: Case) -> None:
    array = c.draw(2, 3, 7, 8)
    x = c.feed(array)
    y = c.uff.node("Activation", [x], func="relu")
    pooled = max_pool(np.maximum(np.moveaxis(array, 1, -1), 0), (3, 2), (2, 2), True)
    c.expect(pool_case(c, y, "max", "NC+", implicit_padding="same"), to_first(pooled))
    c.inputs["x"] = np.moveaxis(array, 1, -1)
    c.options = {"input_orders": {"x": "nhwc"}, "input_shapes": {"x": [7, 8, 3]}}


@case
def input_matrix(c: Case) -> None:
    x, array = c.image(3, 6)
    c.expect(c.uff.node("Unary", [x], func="neg"), -array)
    c.options = {"input_orders": {"x": "nc"}, "input_shapes": {"x": [6]}}


@case
def input_of_unknown_shape(c: Case) -> None:
    array = c.draw(2, 6, 5, 3)
    y, expected = small_network(c, array, [])
    c.expect(y, expected)
    c.options = {"input_shapes": {"x": [2, 6, 5, 3]}}


@case
def batch_other_than_declared(c: Case) -> None:
    """Converted for a batch of 1, which its reshape names; TensorRT takes any batch."""
    array = c.draw(3, 6, 5, 3)
    y, expected = small_network(c, array, [1, 6, 5, 3])
    wanted = c.uff.const(np.array([1, 10, 12], np.int32))
    c.expect(c.uff.node("Reshape", [y, wanted]), expected.reshape(3, 10, 12))
    c.options = {"input_shapes": {"x": [6, 5, 3]}}


@case
def outputs_before_a_plugin(c: Case) -> None:
    x, array = c.image(2, 5)
    y = c.uff.node("Unary", [x], func="square")
    c.uff.output(c.uff.node("_NMS_TRT", [y], keepTopK=100))
    c.outputs[y] = array**2
    c.options = {"outputs_wanted": [y]}


# --- operations that the converter passes on ---


@case
def passed_on(c: Case) -> None:
    x, array = c.image(2, 4, 5, 3)
    y, moved = c.convolved(x, array, 4)
    c.expect(c.uff.node("_AddV2", [y, y], T="float"), 2 * moved)
    c.expect(c.uff.node("_LeakyRelu", [y], alpha=0.1), np.where(moved < 0, np.float32(0.1) * moved, moved))
    c.expect(c.uff.node("_Reciprocal", [c.uff.node("Unary", [x], func="exp")]), np.exp(-array))
    c.expect(c.uff.node("_Round", [y]), np.round(moved))
    c.expect(c.uff.node("_Sign", [y]), np.sign(moved))
    gamma, beta, mean = (c.draw(3) for _ in range(3))
    variance = c.draw(3, low=0.2, high=2)
    operands = [c.uff.const(a) for a in (gamma, beta, mean, variance)]
    expected = (array - mean) / np.sqrt(variance.astype(np.float64) + 0.002) * gamma + beta
    for operation in ("_FusedBatchNormV2", "_FusedBatchNormV3"):
        c.expect(c.uff.node(operation, [x, *operands], epsilon=0.002, data_format="b'NHWC'", is_training=False), expected)
    begin, size = (c.uff.const(np.array(a, np.int32)) for a in ([0, 1, 0, 2], [-1, 2, 4, -1]))
    c.expect(c.uff.node("_Slice", [y, begin, size]), moved[:, 1:3, :4, 2:])


@case
def resize(c: Case) -> None:
    x, array = c.image(2, 4, 5, 3)
    for nearest, (corners, half), size in itertools.product(
            (True, False), ((False, False), (True, False), (False, True)), ((8, 10), (7, 3))):
        y = c.uff.node("_ResizeNearestNeighbor" if nearest else "_ResizeBilinear",
                       [x, c.uff.const(np.array(size, np.int32))], align_corners=corners, half_pixel_centers=half)
        c.expect(y, resized(array, size, nearest, corners, half), 4)


def main() -> None:
    folder = Path(sys.argv[-1])
    operations: set[str] = set()
    for name, build in CASES.items():
        one = Case(name)
        build(one)
        if sys.argv[1] == "--seeds":
            (folder / name).write_bytes(one.uff.serialize())
            continue
        one.write(folder / name)
        operations |= one.uff.operations
    if not operations:
        return
    (folder / "operations.txt").write_text("".join(f"{name}\n" for name in sorted(operations)))
    print(f"{len(CASES)} cases, operations: {' '.join(sorted(operations))}")


if __name__ == "__main__":
    main()
