"""Quantized operators."""

import numpy as np


def scale(g, shape=()):
    return np.float32(2.0 ** -g.between(4, 6)) if shape == () else np.array(
        [2.0 ** -g.between(4, 6) for _ in range(shape[0])], np.float32)


def zero(g, dtype):
    return np.array(g.between(-3, 3) + (128 if dtype == np.uint8 else 0)).astype(dtype)


def byte(g):
    return g.one_of([np.uint8, np.int8])


def quantize(g):
    x = g.tensor(dtype=np.float32)
    dtype = byte(g)
    if g.opset >= 13 and x.rank and g.chance(2) and x.shape[-1]:
        n = x.shape[-1]
        operands = [g.constant(scale(g, (n,))), g.constant(np.array([zero(g, dtype) for _ in range(n)], dtype))]
        q, = g.add("QuantizeLinear", [x, *operands], axis=x.rank - 1, exact=True)
        g.add("DequantizeLinear", [q, *operands], axis=x.rank - 1)
        return
    operands = [g.constant(scale(g)), g.constant(zero(g, dtype))]
    q, = g.add("QuantizeLinear", [x, *operands], exact=True)
    g.add("DequantizeLinear", [q, *operands])


def dequantize(g):
    x = g.input([g.between(1, 3), g.between(1, 4)], g.one_of([np.uint8, np.int8, np.int32]), -20, 20)
    operands = [g.constant(scale(g))]
    if x.dtype != np.int32:
        operands.append(g.constant(zero(g, x.dtype)))
    g.add("DequantizeLinear", [x, *operands])


def dynamic_quantize(g):
    x = g.tensor(dtype=np.float32, min_rank=1)
    if 0 in x.shape:
        x = g.input([3, 4])
    g.add("DynamicQuantizeLinear", [x], outputs=3)


def matmul_integer(g):
    a, b = byte(g), byte(g)
    inner = g.between(1, 6)
    x = g.input([*([2] if g.chance(2) else []), g.between(1, 4), inner], a, -20, 40)
    w = g.constant(g.numbers([inner, g.between(1, 5)], b, -20, 40))
    zeros = [g.constant(zero(g, a)), g.constant(zero(g, b))] if g.chance(2) else []
    g.add("MatMulInteger", [x, w, *zeros], exact=True)


def conv_integer(g):
    x = g.input([1, 2, g.between(3, 6), g.between(3, 6)], np.uint8, 0, 40)
    w = g.constant(g.numbers([g.between(1, 3), 2, 2, 2], np.uint8, 0, 20))
    zeros = [g.constant(zero(g, np.uint8))] if g.chance(2) else []
    g.add("ConvInteger", [x, w, *zeros], strides=[1, g.between(1, 2)], exact=True,
          pads=[1, 0, 0, 1] if g.chance(2) else None)


def qlinear_matmul(g):
    dtype = byte(g)
    inner = g.between(1, 6)
    x = g.input([g.between(1, 4), inner], dtype, -20, 40)
    w = g.constant(g.numbers([inner, g.between(1, 5)], dtype, -20, 40))
    parts = [x, g.constant(scale(g)), g.constant(zero(g, dtype)), w, g.constant(scale(g)), g.constant(zero(g, dtype)),
             g.constant(scale(g)), g.constant(zero(g, dtype))]
    g.add("QLinearMatMul", parts, exact=True)


def qlinear_conv(g):
    dtype = np.uint8
    channels, filters = g.between(1, 4), g.between(1, 4)
    x = g.input([g.between(1, 2), channels, g.between(3, 6), g.between(3, 6)], dtype, 0, 255)
    weight = byte(g)
    w = g.constant(g.numbers([filters, channels, g.between(1, 3), g.between(1, 3)], weight, -50, 50))
    per_channel = g.chance(2)
    w_scale = g.constant(scale(g, (filters,)) if per_channel else scale(g))
    w_zero = g.constant(np.zeros(filters, weight) if per_channel else zero(g, weight))
    bias = g.constant(g.numbers([filters], np.int32, -500, 500)) if g.chance(2) else None
    g.add("QLinearConv", [x, g.constant(scale(g)), g.constant(zero(g, dtype)), w, w_scale, w_zero,
                          g.constant(scale(g)), g.constant(zero(g, dtype)), bias],
          pads=[1, 1, 1, 1] if g.chance(2) else None, exact=True)


PRODUCTIONS = {
    "QuantizeLinear": quantize, "DequantizeLinear": dequantize, "DynamicQuantizeLinear": dynamic_quantize,
    "MatMulInteger": matmul_integer, "ConvInteger": conv_integer, "QLinearMatMul": qlinear_matmul,
    "QLinearConv": qlinear_conv,
}
