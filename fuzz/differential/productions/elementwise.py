"""Elementwise operators: one operand, two with broadcasting, comparisons, selection, casts."""

import numpy as np

# Operator → (first opset, attributes with the range that they are drawn from).
UNARY = {
    "Abs": (6, {}), "Neg": (6, {}), "Exp": (6, {}), "Sin": (7, {}), "Cos": (7, {}), "Tan": (7, {}),
    "Atan": (7, {}), "Sinh": (9, {}), "Cosh": (9, {}), "Tanh": (6, {}), "Asinh": (9, {}), "Erf": (9, {}),
    "Reciprocal": (6, {}), "Relu": (6, {}), "LeakyRelu": (6, {"alpha": (-1, 1)}), "Elu": (6, {"alpha": (0.1, 2)}),
    "Selu": (6, {"alpha": (0.5, 2), "gamma": (0.5, 2)}), "Celu": (12, {"alpha": (0.2, 2)}), "Sigmoid": (6, {}),
    "HardSigmoid": (6, {"alpha": (0.1, 0.5), "beta": (0, 1)}), "HardSwish": (14, {}), "Softplus": (6, {}),
    "Softsign": (6, {}), "ThresholdedRelu": (10, {"alpha": (-1, 1)}), "Mish": (18, {}), "Gelu": (20, {}),
    "Swish": (24, {"alpha": (0.5, 2)}), "Shrink": (9, {"lambd": (0, 1), "bias": (-1, 1)}),
}
BOUNDED = {"Asin": 7, "Acos": 7, "Atanh": 9}  # on [-1, 1]
POSITIVE = {"Log": 6, "Sqrt": 6, "Acosh": 9}
STEPS = {"Floor": 6, "Ceil": 6, "Round": 11, "Sign": 9, "IsNaN": 9, "IsInf": 10}
BINARY = {"Add": "fi", "Sub": "fi", "Mul": "fi", "Div": "fiu", "Pow": "f", "Mod": "iu", "Min": "fiu", "Max": "fiu",
          "And": "b", "Or": "b", "Xor": "b", "Equal": "fiub", "Less": "fiu", "Greater": "fiu",
          "LessOrEqual": "fiu", "GreaterOrEqual": "fiu", "BitwiseAnd": "iu", "BitwiseOr": "iu", "BitwiseXor": "iu",
          "PRelu": "f"}
EXACT = {"Min", "Max", "And", "Or", "Xor", "Equal", "Less", "Greater", "LessOrEqual", "GreaterOrEqual"}
CASTS = [np.float32, np.float64, np.float16, np.int32, np.int64, np.int8, np.uint8, np.uint16, np.int16, np.uint32,
         np.uint64, bool]


def partner(g, x, low=-2, high=2):
    """Something that broadcasts with x: a value of the graph, or a tensor with some of its axes."""
    if g.chance(2):
        return g.tensor(dtype=x.dtype)
    shape = [1 if g.chance(3) else size for size in x.shape]
    shape = shape[g.between(0, len(shape)):]
    if g.chance(6):
        shape = [g.between(1, 3)] + shape
    return g.weights(shape, x.dtype, low, high)


def unary(op, ranges):
    def production(g):
        x = g.tensor(kind="f")
        attributes = {k: float(np.float32(g.random.uniform(*r))) for k, r in ranges.items() if g.chance(2)}
        if op == "Gelu" and g.chance(2):
            attributes["approximate"] = "tanh"
        if op in ("Abs", "Neg", "Relu") and g.chance(3):
            x = g.tensor(kind="i")
        slack = 0
        if op == "Sigmoid" and x.dtype == np.float32:
            slack = 1e-8  # ONNX Runtime gives 0 for what is small
        if op in ("Gelu", "Sin", "Cos", "Tan"):  # 1 + erf(x) of negative numbers; what is left of many turns
            slack = max((np.finfo(x.dtype).eps * float(np.max(np.abs(r), initial=0)) for r in x.runs), default=0)
        g.add(op, [x], exact=op in ("Abs", "Neg", "Relu"), slack=slack, **attributes)
    return production


def bounded(op):
    def production(g):
        x, = g.add("Tanh", [g.tensor(kind="f")], keep=False)
        g.add(op, [g.add("Mul", [x, g.constant(np.array(0.9, x.dtype))], keep=False)[0]])
    return production


def positive(op):
    def production(g):
        x, = g.add("Abs", [g.tensor(kind="f")], exact=True, keep=False)
        g.add(op, [g.add("Add", [x, g.constant(np.array(1.1, x.dtype))], keep=False)[0]])
    return production


def stepwise(op):
    def production(g):
        attributes = {}
        if op == "IsInf":
            attributes = {"detect_negative": g.between(0, 1), "detect_positive": g.between(0, 1)}
        g.add(op, [g.tensor(kind="f")], exact=True, **attributes)
    return production


def binary(op, kinds):
    def production(g):
        x = g.tensor(kind=kinds)
        y = partner(g, x)
        if op in ("Div", "Mod") and x.dtype.kind in "iu":
            y = g.constant(np.maximum(g.numbers(y.shape, x.dtype, 1, 5), 1).astype(x.dtype))
        if op == "Pow":
            x = g.add("Abs", [x], exact=True, keep=False)[0]
            if g.chance(2):
                y = g.constant(np.array(g.one_of([0, 1, 2, 3, -1]), g.one_of([x.dtype, np.int32, np.int64])))
        if op == "PRelu":
            y = g.weights([1 if g.chance(2) else s for s in x.shape], x.dtype)
        order = [x, y] if op in ("Div", "Mod", "Pow", "PRelu") or g.chance(2) else [y, x]
        g.add(op, order, exact=op in EXACT)
    return production


def float_mod(g):
    x = g.tensor(kind="f")
    g.add("Mod", [x, g.weights(x.shape, x.dtype, 1, 3)], fmod=1, exact=True)


def variadic(op):
    def production(g):
        x = g.tensor(kind="f")
        others = [partner(g, x) for _ in range(g.between(0, 3))]
        g.add(op, [x, *others], exact=op in EXACT, length=len(others) + 1)
    return production


def logical_not(g):
    g.add("Not", [g.tensor(kind="b")], exact=True)


def bitwise_not(g):
    g.add("BitwiseNot", [g.tensor(kind="iu")], exact=True)


def bit_shift(g):
    x = g.tensor(kind="u")
    g.add("BitShift", [x, g.weights(x.shape, x.dtype, 0, 7)], direction=g.one_of(["LEFT", "RIGHT"]), exact=True)


def where(g):
    condition = g.tensor(kind="b")
    x = g.tensor(kind="fiu")
    g.add("Where", [condition, x, partner(g, x)], exact=True)


def clip(g):
    x = g.tensor(kind="fiu" if g.opset >= 12 else "f")
    low, high = (sorted(g.random.uniform(-2, 2, 2)) if x.dtype.kind != "u" else (1, 3))
    if g.opset < 11:
        g.add("Clip", [x], min=float(low) if g.chance(2) else None, max=float(high) if g.chance(2) else None,
              exact=True)
        return
    low = g.constant(np.array(low).astype(x.dtype)) if g.chance(2) else None
    high = g.constant(np.array(high).astype(x.dtype)) if g.chance(2) else None
    g.add("Clip", [x, low, high], exact=True)


def cast(g):
    x = g.tensor(kind="fiub")
    to = np.dtype(g.one_of(CASTS))
    if to.kind == "u" and x.dtype.kind in "f":  # out of range is undefined
        x = g.add("Abs", [x], exact=True, keep=False)[0]
    import ort
    g.add("Cast", [x], to=ort.helper.np_dtype_to_tensor_dtype(to), exact=to.kind != "f" or to.itemsize >= x.dtype.itemsize)


def cast_like(g):
    g.add("CastLike", [g.tensor(kind="fib"), g.tensor(dtype=np.dtype(np.float32))])


def identity(g):
    g.add("Identity", [g.tensor()], exact=True)


def dropout(g):
    g.add("Dropout", [g.tensor(kind="f")], exact=True)


def swiglu_like(g):
    """x · sigmoid(x) and its kind, which passes recognize."""
    x = g.tensor(kind="f")
    g.add("Mul", [x, g.add(g.one_of(["Sigmoid", "HardSigmoid", "Tanh"]), [x], keep=False)[0]])


PRODUCTIONS = {
    **{op: unary(op, ranges) for op, (since, ranges) in UNARY.items()},
    **{op: bounded(op) for op in BOUNDED},
    **{op: positive(op) for op in POSITIVE},
    **{op: stepwise(op) for op in STEPS},
    **{op: binary(op, kinds) for op, kinds in BINARY.items()},
    **{op: variadic(op) for op in ("Sum", "Mean")},
    "Max of many": variadic("Max"), "Min of many": variadic("Min"),
    "Mod of floats": float_mod, "Not": logical_not, "BitwiseNot": bitwise_not, "BitShift": bit_shift, "Where": where,
    "Clip": clip, "Cast": cast, "CastLike": cast_like, "Identity": identity, "Dropout": dropout,
    "gated": swiglu_like,
}
