"""Operations on single elements, and operations that the converter passes on."""

from __future__ import annotations

import itertools

import numpy as np

from .case import Case, case
from tensorflow_formulas import resized


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
