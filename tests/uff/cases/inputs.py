"""How inputs are given."""

from __future__ import annotations

import numpy as np

from .case import Case, case
from .windows import pool_case
from tensorflow_formulas import max_pool, to_first


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
