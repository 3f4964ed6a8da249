"""Operators on single elements, and those that pass their input on."""

from .case import case, raw, v1  # first: it sets how TensorFlow starts

import numpy as np
import tensorflow as tf


@case
def unary(f):
    x = f.normal("x", [2, 9], "batch")
    inside = f.uniform("inside", [7], -0.95, 0.95)
    above = f.uniform("above", [7], 1.05, 3)
    for op in ("Abs", "Atan", "Asinh", "Ceil", "Cos", "Cosh", "Elu", "Erf", "Erfc", "Exp", "Expm1", "Floor", "Neg", "Relu",
               "Relu6", "Rint", "Round", "Selu", "Sigmoid", "Sign", "Sin", "Sinh", "Softplus", "Softsign", "Square",
               "Tan", "Tanh", "OnesLike", "ZerosLike", "LeakyRelu"):
        argument = "features" if op in ("Elu", "Relu", "Relu6", "Selu", "Softplus", "Softsign", "LeakyRelu") else "x"
        getattr(raw, op)(**{argument: x}, name=op)
    raw.LeakyRelu(features=x, alpha=0.05, name="leaky")
    for op in ("Acos", "Asin", "Atanh", "Log1p"):
        getattr(raw, op)(x=inside, name=op)
    for op in ("Acosh", "Log", "Reciprocal", "Inv", "Rsqrt", "Sqrt"):
        getattr(raw, op)(x=above, name=op)
    special = f.add("special", np.array([1, np.inf, -np.inf, np.nan], np.float32))
    for op in ("IsFinite", "IsInf", "IsNan"):
        getattr(raw, op)(x=special, name=op)
    small = f.add("small", np.array([1e-6, -1e-6, 1e-3], np.float32))
    raw.Expm1(x=small, name="expm1_small")
    raw.Log1p(x=small, name="log1p_small")


@case
def binary(f):
    a = f.normal("a", [2, 3, 4], "batch")
    b = f.normal("b", [3, 1])
    p = f.uniform("p", [3, 4], 0.5, 2)
    for op in ("Add", "AddV2", "Sub", "Mul", "RealDiv", "Div", "Maximum", "Minimum", "SquaredDifference", "FloorDiv",
               "FloorMod", "Mod", "Equal", "NotEqual", "Less", "LessEqual", "Greater", "GreaterEqual", "DivNoNan",
               "MulNoNan"):
        getattr(raw, op)(x=a, y=b, name=op)
    raw.Pow(x=p, y=b, name="Pow")
    raw.Xdivy(x=a, y=p, name="Xdivy")
    raw.Xlogy(x=a, y=p, name="Xlogy")
    raw.Atan2(y=a, x=b, name="Atan2")
    raw.ApproximateEqual(x=p, y=p + 1e-7, name="ApproximateEqual")
    raw.AddN(inputs=[a, a, a], name="AddN")
    raw.AccumulateNV2(inputs=[p, p], shape=[3, 4], name="AccumulateNV2")
    zero = f.add("zero", np.array([0, 2, 0], np.float32))
    four = f.add("four", np.array([4, 4, 0], np.float32))
    raw.DivNoNan(x=four, y=zero, name="div_no_nan")
    raw.Xlogy(x=zero, y=zero, name="xlogy_zero")
    raw.Atan2(y=f.add("ys", np.array([1, -1, 0, 0, -2, 2], np.float32)), x=f.add("xs", np.array([-1, -1, -1, 0, 0, 1], np.float32)),
              name="quadrants")
    raw.ClipByValue(t=a, clip_value_min=-0.5, clip_value_max=1.5, name="ClipByValue")


@case
def integers(f):
    a = f.integers("a", [3, 4], -20, 20)
    b = f.add("b", np.array([3, -3, 7, -7], np.int32))
    for op in ("Add", "Sub", "Mul", "FloorDiv", "TruncateDiv", "Div", "FloorMod", "TruncateMod", "Mod", "Maximum", "BitwiseAnd",
               "BitwiseOr", "BitwiseXor", "Equal", "Less"):
        getattr(raw, op)(x=a, y=b, name=op)
    raw.Invert(x=a, name="Invert")
    s = f.add("s", np.array([0, 1, 2, 3], np.int32))
    raw.LeftShift(x=a, y=s, name="LeftShift")
    raw.RightShift(x=a, y=s, name="RightShift")
    wide = f.integers("wide", [5], -9, 9, np.int64)
    raw.Cast(x=wide, DstT=tf.float32, name="to_float")
    raw.Cast(x=f.normal("x", [6]), DstT=tf.int32, name="to_int")
    raw.Cast(x=a, DstT=tf.bool, name="to_bool")
    raw.Bitcast(input=a, type=tf.float32, name="Bitcast")


@case
def logic(f):
    a = f.add("a", np.array([[True, False], [True, True]]))
    b = f.add("b", np.array([True, False]))
    raw.LogicalAnd(x=a, y=b, name="LogicalAnd")
    raw.LogicalOr(x=a, y=b, name="LogicalOr")
    raw.LogicalNot(x=a, name="LogicalNot")
    raw.All(input=a, axis=[1], name="All")
    raw.Any(input=a, axis=0, keep_dims=True, name="Any")
    x = f.normal("x", [2, 2])
    y = f.normal("y", [2, 2])
    raw.Select(condition=a, x=x, y=y, name="Select")
    raw.Select(condition=b, x=x, y=y, name="rows")
    raw.SelectV2(condition=b, t=x, e=tf.constant(0.25), name="SelectV2")
    raw.Where(condition=a, name="Where")
    raw.Where(condition=f.add("z", np.array([0, 2, 0, 3], np.float32)), name="where_float")


@case
def passing(f):
    x = f.normal("x", [2, 3], "batch")
    kept = raw.Identity(input=x, name="Identity")
    kept = v1.identity_n([kept, x], name="IdentityN")[0]
    kept = raw.StopGradient(input=kept, name="StopGradient")
    kept = raw.PreventGradient(input=kept, name="PreventGradient")
    kept = raw.Snapshot(input=kept, name="Snapshot")
    kept = raw.CheckNumerics(tensor=kept, message="no", name="CheckNumerics")
    kept = raw.CheckNumericsV2(tensor=kept, message="no", name="CheckNumericsV2")
    kept = raw.EnsureShape(input=kept, shape=[None, 3], name="EnsureShape")
    with tf.control_dependencies([v1.assert_greater(x, -100.0, name="check")]):
        kept = tf.identity(kept, name="guarded")
    kept = raw.Print(input=kept, data=[kept], message="", name="Print", first_n=0)
    raw.PlaceholderWithDefault(input=tf.constant(3.0), shape=[], name="default") * kept
