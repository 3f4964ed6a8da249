"""Matrices, reductions, and operations that move elements."""

from __future__ import annotations

import itertools

import numpy as np

from .case import Case, case
from tensorflow_formulas import softmax


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
