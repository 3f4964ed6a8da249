"""Convolutions, pools and norms."""

from __future__ import annotations

import numpy as np

from .case import Case, case
from tensorflow_formulas import avg_pool, conv, conv_transpose, depthwise, lrn, max_pool, to_first


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
