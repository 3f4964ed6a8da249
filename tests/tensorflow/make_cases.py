#!/usr/bin/env python3
"""Writes the graphs in data/: every operator that Tenon imports, with what TensorFlow computes.

    python3 tests/tensorflow/make_cases.py tests/tensorflow/data [NAME…]

Needs TensorFlow (pip install tensorflow-cpu); the tests themselves do not. A case is one frozen GraphDef. Beside
the network it holds constants that nothing uses: "feed/<input>" for each placeholder, and "want/<output>" for each
result, in the order of the outputs.
"""

import os
import sys

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"

import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402
from tensorflow.core.framework import attr_value_pb2  # noqa: E402

v1 = tf.compat.v1
raw = tf.raw_ops
v1.disable_eager_execution()

CASES = {}


def case(function):
    CASES[function.__name__] = function
    return function


class Feeds:
    """The inputs of a case; fixed numbers, the same in every run."""

    def __init__(self):
        self.values = {}
        self.computed = {}  # by name of an output that TensorFlow cannot compute here: a tensor that equals it
        self.renames = {}   # operators
        self.rewrites = {}  # by name of a node: what to change in its NodeDef
        self.random = np.random.default_rng(7)

    def add(self, name, value, shape="static"):
        value = np.asarray(value)
        dims = list(value.shape)
        if shape == "batch":
            dims[0] = None
        elif shape == "open":
            dims = [None] * len(dims)
        placeholder = v1.placeholder(tf.as_dtype(value.dtype), dims, name=name)
        self.values[placeholder] = value
        return placeholder

    def normal(self, name, dims, shape="static", dtype=np.float32):
        return self.add(name, (self.random.standard_normal(dims) * 2).astype(dtype), shape)

    def uniform(self, name, dims, low, high, shape="static", dtype=np.float32):
        return self.add(name, self.random.uniform(low, high, dims).astype(dtype), shape)

    def integers(self, name, dims, low, high, dtype=np.int32, shape="static"):
        return self.add(name, self.random.integers(low, high, dims).astype(dtype), shape)

    def weights(self, dims, scale=0.5):
        return tf.constant((self.random.standard_normal(dims) * scale).astype(np.float32))


    def same(self, result, other):
        self.computed[result.op.name] = other


def to_first(x):
    return tf.transpose(x, [0, 3, 1, 2])


# --- elementwise ---


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


# --- convolutions and pools ---


@case
def conv2d(f):
    x = f.normal("x", [2, 9, 8, 3], "open")
    w = f.weights([3, 3, 3, 4])
    for padding in ("SAME", "VALID"):
        for stride in (1, 2, 3):
            raw.Conv2D(input=tf.ensure_shape(x, [None, None, None, 3]), filter=w, strides=[1, stride, stride, 1], padding=padding,
                       name=f"{padding}{stride}")
    fixed = f.normal("fixed", [1, 9, 8, 3])
    raw.Conv2D(input=fixed, filter=w, strides=[1, 2, 1, 1], padding="SAME", dilations=[1, 1, 1, 1], name="uneven")
    raw.Conv2D(input=fixed, filter=w, strides=[1, 1, 1, 1], padding="SAME", dilations=[1, 2, 3, 1], name="dilated")
    raw.Conv2D(input=fixed, filter=w, strides=[1, 2, 2, 1], padding="EXPLICIT", explicit_paddings=[0, 0, 2, 1, 0, 3, 0, 0],
               name="explicit")
    raw.Conv2D(input=fixed, filter=f.weights([4, 2, 3, 5]), strides=[1, 2, 2, 1], padding="SAME", name="even")
    grouped = f.normal("grouped", [1, 5, 5, 6])
    with_bias = raw.Conv2D(input=grouped, filter=f.weights([1, 1, 6, 4]), strides=[1, 1, 1, 1], padding="VALID", name="point")
    raw.BiasAdd(value=with_bias, bias=f.weights([4]), name="BiasAdd")
    raw.BiasAddV1(value=with_bias, bias=f.weights([4]), name="BiasAddV1")


@case
def channels_second(f):
    x = f.normal("x", [2, 4, 7, 6])
    last = tf.transpose(x, [0, 2, 3, 1])
    w, d, b = f.weights([3, 3, 4, 3]), f.weights([3, 3, 4, 2]), f.weights([4])
    strides, steps = [1, 1, 2, 2], [1, 2, 2, 1]
    f.same(raw.Conv2D(input=x, filter=w, strides=strides, padding="SAME", data_format="NCHW", name="conv"),
           to_first(raw.Conv2D(input=last, filter=w, strides=steps, padding="SAME")))
    f.same(raw.Conv2D(input=x, filter=w, strides=strides, padding="EXPLICIT", explicit_paddings=[0, 0, 0, 0, 2, 1, 0, 1],
                      data_format="NCHW", name="explicit"),
           to_first(raw.Conv2D(input=last, filter=w, strides=steps, padding="EXPLICIT", explicit_paddings=[0, 0, 2, 1, 0, 1, 0, 0])))
    f.same(raw.DepthwiseConv2dNative(input=x, filter=d, strides=strides, padding="SAME", data_format="NCHW", name="depthwise"),
           to_first(raw.DepthwiseConv2dNative(input=last, filter=d, strides=steps, padding="SAME")))
    f.same(raw.MaxPool(input=x, ksize=[1, 1, 3, 3], strides=strides, padding="SAME", data_format="NCHW", name="max"),
           to_first(raw.MaxPool(input=last, ksize=[1, 3, 3, 1], strides=steps, padding="SAME")))
    f.same(raw.AvgPool(value=x, ksize=[1, 1, 3, 3], strides=strides, padding="VALID", data_format="NCHW", name="mean"),
           to_first(raw.AvgPool(value=last, ksize=[1, 3, 3, 1], strides=steps, padding="VALID")))
    f.same(raw.BiasAdd(value=x, bias=b, data_format="NCHW", name="bias"), to_first(last + b))
    f.same(raw.Identity(input=x, name="to_space"), to_first(raw.DepthToSpace(input=last, block_size=2)))

    def to_space(node):  # TensorFlow does not even take this on a CPU
        node.op = "DepthToSpace"
        node.attr["block_size"].i = 2
        node.attr["data_format"].s = b"NCHW"

    f.rewrites["to_space"] = to_space
    f.same(raw.FusedBatchNormV3(x=x, scale=b, offset=b, mean=b, variance=b * b, is_training=False, data_format="NCHW", name="norm")[0],
           to_first(raw.FusedBatchNormV3(x=last, scale=b, offset=b, mean=b, variance=b * b, is_training=False)[0]))
    wide = f.weights([3, 3, 2, 3])
    small = f.normal("small", [1, 3, 4, 5])
    f.same(raw.Conv2DBackpropInput(input_sizes=[1, 2, 8, 10], filter=wide, out_backprop=small, strides=strides, padding="SAME",
                                   data_format="NCHW", name="transposed"),
           to_first(raw.Conv2DBackpropInput(input_sizes=[1, 8, 10, 2], filter=wide, out_backprop=tf.transpose(small, [0, 2, 3, 1]),
                                            strides=steps, padding="SAME")))


@case
def fused(f):
    """What the optimizers of TensorFlow and old exporters write."""
    graph = v1.get_default_graph()

    def attr(**values):
        return {k: v if isinstance(v, attr_value_pb2.AttrValue) else attr_value_pb2.AttrValue(**v) for k, v in values.items()}

    def text(*values):
        return attr_value_pb2.AttrValue(list=attr_value_pb2.AttrValue.ListValue(s=[v.encode() for v in values]))

    def numbers(*values):
        return attr_value_pb2.AttrValue(list=attr_value_pb2.AttrValue.ListValue(i=values))

    def make(op, inputs, name, attributes, equal):
        made = graph.create_op(op, inputs, [tf.float32], name=name, attrs=attributes).outputs[0]
        f.same(made, equal)

    kind = {"type": tf.float32.as_datatype_enum}
    x, w, b = f.normal("x", [1, 5, 6, 4]), f.weights([3, 3, 4, 4]), f.weights([4])
    window = {"strides": numbers(1, 1, 1, 1), "padding": {"s": b"SAME"}}
    y = tf.nn.conv2d(x, w, 1, "SAME")
    z = tf.nn.depthwise_conv2d(x, w[:, :, :, :1], [1, 1, 1, 1], "SAME")
    norm = tf.nn.batch_normalization(y, b, b * b, b, b, 0.25)
    for name, ops, args, equal in (("relu", ["BiasAdd", "Relu"], [b], tf.nn.relu(y + b)),
                                   ("norm", ["FusedBatchNorm"], [b, b, b, b * b], norm),
                                   ("leaky", ["BiasAdd", "LeakyRelu"], [b], tf.nn.leaky_relu(y + b, 0.3)),
                                   ("sum", ["BiasAdd", "Add"], [b, y], y + b + y),
                                   ("elu", ["BiasAdd", "Elu"], [b], tf.nn.elu(y + b)),
                                   ("six", ["BiasAdd", "Relu6"], [b], tf.nn.relu6(y + b))):
        make("_FusedConv2D", [x, w] + args, name,
             attr(T=kind, TArgs={"list": attr_value_pb2.AttrValue.ListValue(type=[1] * len(args))}, num_args={"i": len(args)}, num_host_args={"i": 0}, fused_ops=text(*ops),
                  epsilon={"f": 0.25}, leakyrelu_alpha={"f": 0.3}, **window), equal)
    make("_FusedDepthwiseConv2dNative", [x, w[:, :, :, :1], b], "depthwise",
         attr(T=kind, num_args={"i": 1}, fused_ops=text("BiasAdd", "Relu"), **window), tf.nn.relu(z + b))
    m, n, c = f.normal("m", [3, 4]), f.weights([4, 5]), f.weights([5])
    for name, ops, equal in (("tanh", ["BiasAdd", "Tanh"], tf.tanh(m @ n + c)), ("gelu", ["BiasAdd", "GeluExact"], tf.nn.gelu(m @ n + c)),
                             ("gelu_tanh", ["BiasAdd", "GeluApproximate"], tf.nn.gelu(m @ n + c, approximate=True)),
                             ("sigmoid", ["BiasAdd", "Sigmoid"], tf.sigmoid(m @ n + c))):
        make("_FusedMatMul", [m, n, c], name, attr(T=kind, num_args={"i": 1}, fused_ops=text(*ops)), equal)
    old = raw.FusedBatchNorm(x=x, scale=b, offset=b, mean=b, variance=b * b, is_training=False, epsilon=0.25, name="bn_relu")[0]

    def ex(node):
        node.op = "_FusedBatchNormEx"
        node.attr["activation_mode"].s = b"Relu"
        node.attr["num_side_inputs"].i = 0

    f.rewrites["bn_relu"] = ex
    f.same(old, tf.nn.relu(tf.nn.batch_normalization(x, b, b * b, b, b, 0.25)))
    t = raw.FusedBatchNorm(x=x, scale=b, offset=b, mean=b, variance=b * b, is_training=False, name="global")[0]

    def legacy(scaled):
        def change(node):
            node.op = "BatchNormWithGlobalNormalization"
            data, scale, offset, mean, variance = node.input
            node.input[:] = [data, mean, variance, offset, scale]
            node.attr.clear()
            node.attr["variance_epsilon"].f = 0.25
            node.attr["scale_after_normalization"].b = scaled
        return change

    f.rewrites["global"] = legacy(True)
    f.same(t, tf.nn.batch_normalization(x, b, b * b, b, b, 0.25))
    u = raw.FusedBatchNorm(x=x, scale=b, offset=b, mean=b, variance=b * b, is_training=False, name="unscaled")[0]
    f.rewrites["unscaled"] = legacy(False)
    f.same(u, tf.nn.batch_normalization(x, b, b * b, b, None, 0.25))

    def second(node):
        node.op = "PlaceholderV2"

    f.rewrites["m"] = second


@case
def depthwise(f):
    x = f.normal("x", [2, 8, 7, 4], "batch")
    raw.DepthwiseConv2dNative(input=x, filter=f.weights([3, 3, 4, 1]), strides=[1, 1, 1, 1], padding="SAME", name="one")
    raw.DepthwiseConv2dNative(input=x, filter=f.weights([3, 2, 4, 3]), strides=[1, 2, 2, 1], padding="SAME", name="three")
    tf.nn.depthwise_conv2d(x, f.weights([3, 3, 4, 1]), [1, 1, 1, 1], "VALID", dilations=[2, 2], name="dilated")


@case
def conv3d(f):
    x = f.normal("x", [1, 5, 6, 4, 2])
    raw.Conv3D(input=x, filter=f.weights([3, 3, 2, 2, 3]), strides=[1, 2, 2, 1, 1], padding="SAME", name="Conv3D")
    raw.MaxPool3D(input=x, ksize=[1, 2, 2, 2, 1], strides=[1, 2, 2, 2, 1], padding="SAME", name="MaxPool3D")
    raw.AvgPool3D(input=x, ksize=[1, 2, 3, 2, 1], strides=[1, 2, 2, 1, 1], padding="SAME", name="AvgPool3D")
    raw.Conv3DBackpropInputV2(input_sizes=[1, 9, 12, 4, 3], filter=f.weights([3, 3, 2, 3, 2]), out_backprop=x,
                              strides=[1, 2, 2, 1, 1], padding="SAME", name="transposed")


@case
def conv_transpose(f):
    x = f.normal("x", [1, 5, 4, 3])
    for name, size, stride, kernel, padding in (("same2", [10, 8], 2, 3, "SAME"), ("same_odd", [9, 7], 2, 3, "SAME"),
                                                ("valid2", [11, 9], 2, 3, "VALID"), ("valid_more", [12, 10], 2, 3, "VALID"),
                                                ("even", [10, 8], 2, 4, "SAME"), ("narrow", [15, 12], 3, 2, "SAME"),
                                                ("one", [5, 4], 1, 3, "SAME")):
        raw.Conv2DBackpropInput(input_sizes=[1] + size + [2], filter=f.weights([kernel, kernel, 2, 3]), out_backprop=x,
                                strides=[1, stride, stride, 1], padding=padding, name=name)
    # As layers write it: the size is computed from the data's.
    y = f.normal("y", [2, 3, 4, 3], "open")
    y = tf.ensure_shape(y, [None, None, None, 3])
    dims = tf.shape(y)
    size = tf.stack([dims[0], dims[1] * 2, dims[2] * 2, 2])
    raw.Conv2DBackpropInput(input_sizes=size, filter=f.weights([3, 3, 2, 3]), out_backprop=y, strides=[1, 2, 2, 1],
                            padding="SAME", name="dynamic")
    raw.DepthwiseConv2dNativeBackpropInput(input_sizes=[1, 10, 8, 3], filter=f.weights([3, 3, 3, 1]), out_backprop=x,
                                           strides=[1, 2, 2, 1], padding="SAME", name="depthwise")


@case
def atrous(f):
    x = f.normal("x", [1, 10, 11, 3])
    padded = raw.SpaceToBatchND(input=x, block_shape=[2, 2], paddings=[[2, 2], [2, 3]], name="in")
    y = raw.Conv2D(input=padded, filter=f.weights([3, 3, 3, 4]), strides=[1, 1, 1, 1], padding="VALID", name="conv")
    y = raw.BiasAdd(value=y, bias=f.weights([4]), name="bias")
    raw.BatchToSpaceND(input=y, block_shape=[2, 2], crops=[[0, 0], [0, 1]], name="out")
    raw.SpaceToBatchND(input=f.normal("z", [2, 4, 6, 2], "batch"), block_shape=[2, 3], paddings=[[0, 2], [3, 0]], name="batches")
    raw.BatchToSpaceND(input=f.normal("b", [12, 2, 3, 2]), block_shape=[2, 3], crops=[[1, 0], [0, 2]], name="pixels")
    raw.SpaceToBatch(input=f.normal("v", [1, 4, 4, 1]), paddings=[[0, 0], [1, 1]], block_size=2, name="SpaceToBatch")
    raw.BatchToSpace(input=f.normal("u", [4, 2, 2, 1]), crops=[[0, 1], [1, 0]], block_size=2, name="BatchToSpace")
    raw.SpaceToDepth(input=f.normal("s", [1, 4, 6, 2]), block_size=2, name="SpaceToDepth")
    raw.DepthToSpace(input=f.normal("d", [1, 2, 3, 8]), block_size=2, name="DepthToSpace")


@case
def pool(f):
    x = f.normal("x", [1, 7, 8, 3], "batch")
    for padding in ("SAME", "VALID"):
        raw.MaxPool(input=x, ksize=[1, 3, 3, 1], strides=[1, 2, 2, 1], padding=padding, name="max" + padding)
        raw.AvgPool(value=x, ksize=[1, 3, 2, 1], strides=[1, 2, 1, 1], padding=padding, name="mean" + padding)
    raw.MaxPoolV2(input=x, ksize=[1, 2, 2, 1], strides=[1, 2, 2, 1], padding="VALID", name="MaxPoolV2")
    raw.MaxPool(input=x, ksize=[1, 3, 3, 1], strides=[1, 2, 2, 1], padding="EXPLICIT", explicit_paddings=[0, 0, 1, 0, 0, 1, 0, 0],
                name="explicit")


@case
def normalize(f):
    x = f.normal("x", [2, 4, 5, 3], "batch")
    c = [f.uniform(n, [3], 0.5, 2) for n in ("scale", "offset", "mean", "variance")]
    raw.FusedBatchNorm(x=x, scale=c[0], offset=c[1], mean=c[2], variance=c[3], epsilon=1e-3, is_training=False, name="v1")
    raw.FusedBatchNormV2(x=x, scale=c[0], offset=c[1], mean=c[2], variance=c[3], epsilon=1e-3, is_training=False, name="v2")
    raw.FusedBatchNormV3(x=x, scale=c[0], offset=c[1], mean=c[2], variance=c[3], epsilon=1e-3, is_training=False, name="v3")
    tf.nn.batch_normalization(x, c[2], c[3], c[1], c[0], 1e-3, name="composed")
    raw.LRN(input=f.normal("l", [1, 3, 3, 8]), depth_radius=2, bias=1.5, alpha=0.2, beta=0.6, name="LRN")
    raw.Softmax(logits=x, name="Softmax")
    raw.LogSoftmax(logits=f.normal("s", [4, 6]), name="LogSoftmax")
    raw.L2Loss(t=x, name="L2Loss")
    raw.BiasAdd(value=f.normal("n", [2, 3, 4, 4]), bias=c[0], data_format="NCHW", name="nchw")
    raw.BiasAdd(value=f.normal("m", [2, 3]), bias=c[0], name="matrix")


@case
def resize(f):
    x = f.normal("x", [1, 5, 4, 2])
    dynamic = f.normal("dynamic", [2, 3, 3, 2], "open")
    dynamic = tf.ensure_shape(dynamic, [None, None, None, 2])
    for size in ([10, 8], [3, 7]):
        tag = f"{size[0]}"
        for align, half in ((False, False), (True, False), (False, True)):
            name = tag + ("a" if align else "") + ("h" if half else "")
            raw.ResizeNearestNeighbor(images=x, size=size, align_corners=align, half_pixel_centers=half, name="nearest" + name)
            raw.ResizeBilinear(images=x, size=size, align_corners=align, half_pixel_centers=half, name="linear" + name)
    # TensorFlow looks cubic weights up by 1024th parts of a pixel: sizes at which that is exact.
    even, odd = f.normal("even", [1, 4, 8, 2]), f.normal("odd", [1, 5, 9, 1])
    raw.ResizeBicubic(images=even, size=[8, 4], name="cubic")
    raw.ResizeBicubic(images=even, size=[8, 4], half_pixel_centers=True, name="cubic_half")
    raw.ResizeBicubic(images=odd, size=[9, 5], align_corners=True, name="cubic_corners")
    raw.ResizeBilinear(images=dynamic, size=tf.shape(dynamic)[1:3] * 2, half_pixel_centers=True, name="twice")
    raw.ResizeBilinear(images=f.integers("bytes", [1, 3, 3, 1], 0, 255, np.uint8), size=[5, 5], name="bytes_up")
    boxes = f.add("boxes", np.array([[0, 0, 1, 1], [0.1, 0.2, 0.7, 0.9], [-0.2, 0.3, 1.1, 0.6], [0.8, 0.9, 0.2, 0.1]], np.float32))
    which = f.add("which", np.array([0, 1, 1, 0], np.int32))
    images = f.normal("images", [2, 6, 5, 2])
    for method in ("bilinear", "nearest"):
        raw.CropAndResize(image=images, boxes=boxes, box_ind=which, crop_size=[4, 3], method=method, extrapolation_value=0.5,
                          name=method)
    raw.CropAndResize(image=images, boxes=boxes, box_ind=which, crop_size=[1, 1], name="middle")


# --- shapes ---


@case
def shapes(f):
    x = f.normal("x", [2, 3, 4], "open")
    x = tf.ensure_shape(x, [None, None, 4])
    raw.Shape(input=x, name="Shape")
    raw.Shape(input=x, out_type=tf.int64, name="shape64")
    raw.ShapeN(input=[x, x], name="ShapeN")
    raw.Rank(input=x, name="Rank")
    raw.Size(input=x, name="Size")
    dims = tf.shape(x)
    raw.Reshape(tensor=x, shape=tf.stack([dims[0] * dims[1], 4]), name="Reshape")
    raw.Reshape(tensor=x, shape=[-1, 2], name="flat")
    raw.ExpandDims(input=x, axis=-2, name="ExpandDims")
    raw.Squeeze(input=tf.expand_dims(x, 1), axis=[1], name="Squeeze")
    raw.Squeeze(input=f.normal("ones", [1, 3, 1]), name="squeeze_all")
    raw.Transpose(x=x, perm=[2, 0, 1], name="Transpose")
    raw.Fill(dims=[2, 3], value=7.0, name="Fill")
    raw.Fill(dims=dims[:2], value=tf.reduce_sum(x), name="fill_dynamic")
    raw.Range(start=2, limit=11, delta=3, name="Range")
    raw.Range(start=0, limit=dims[1], delta=1, name="range_dynamic")
    raw.LinSpace(start=1.0, stop=3.0, num=5, name="LinSpace")
    raw.BroadcastTo(input=f.normal("row", [1, 4]), shape=[3, 4], name="BroadcastTo")
    raw.BroadcastArgs(s0=tf.constant([3, 1, 4]), s1=tf.constant([5, 1]), name="BroadcastArgs")
    raw.Tile(input=f.normal("small", [2, 2]), multiples=[2, 3], name="Tile")


@case
def strided_slice(f):
    x = f.normal("x", [4, 5, 6, 3])
    for name, y in (("first", x[0]), ("last", x[-1]), ("range", x[1:3]), ("step", x[::2, 1:5:3]), ("back", x[::-1, 3:0:-2]),
                    ("ellipsis", x[..., 1]), ("middle", x[1:, ..., :2]), ("new", x[:, tf.newaxis, 1:3]),
                    ("mixed", x[2, ..., tf.newaxis, -1]), ("negative", x[-3:-1, :, -2:]), ("empty", x[2:2]),
                    ("all", x[tf.newaxis, ..., 0, tf.newaxis])):
        tf.identity(y, name=name)
    open_dims = f.normal("open", [3, 7], "open")
    n = f.add("n", np.array(2, np.int32))
    tf.identity(open_dims[n], name="index")
    tf.identity(open_dims[:, n:], name="from")
    tf.identity(open_dims[:n, :-n], name="until")
    tf.identity(tf.shape(open_dims)[-1], name="dim")


@case
def parts(f):
    x = f.normal("x", [4, 6, 3])
    y = f.normal("y", [4, 6, 3])
    raw.Slice(input=x, begin=[1, 0, 0], size=[2, -1, 2], name="Slice")
    n = f.add("n", np.array(3, np.int32))
    raw.Slice(input=x, begin=tf.stack([0, 1, 0]), size=tf.stack([2, n, -1]), name="slice_dynamic")
    raw.Split(axis=1, value=x, num_split=3, name="Split")
    raw.SplitV(value=x, size_splits=[1, -1, 2], axis=1, num_split=3, name="SplitV")
    raw.Pack(values=[x, y], axis=1, name="Pack")
    raw.Unpack(value=x, num=3, axis=2, name="Unpack")
    raw.Concat(concat_dim=2, values=[x, y], name="Concat")
    raw.ConcatV2(values=[x, y, x], axis=-2, name="ConcatV2")
    raw.ReverseV2(tensor=x, axis=[0, -1], name="ReverseV2")
    raw.Reverse(tensor=x, dims=[False, True, False], name="Reverse")
    raw.ReverseSequence(input=x, seq_lengths=tf.constant([2, 6, 1, 3], tf.int64), seq_dim=1, batch_dim=0, name="ReverseSequence")
    raw.ReverseSequence(input=x, seq_lengths=tf.constant([2, 1, 3], tf.int64), seq_dim=0, batch_dim=2, name="far")
    raw.Roll(input=x, shift=[1, -2], axis=[0, 1], name="Roll")


@case
def indices(f):
    x = f.normal("x", [3, 5, 4])
    raw.Gather(params=x, indices=tf.constant([2, 0]), name="Gather")
    raw.GatherV2(params=x, indices=tf.constant([[3, 1], [0, 4]]), axis=1, name="GatherV2")
    raw.GatherV2(params=x, indices=tf.constant([[1, 0], [4, 2], [3, 3]]), axis=1, batch_dims=1, name="batched")
    raw.GatherV2(params=x, indices=tf.constant([[1, 0], [3, 2], [3, 3]]), axis=2, batch_dims=1, name="batched_far")
    raw.GatherNd(params=x, indices=tf.constant([[0, 1], [2, 4]]), name="GatherNd")
    u = f.normal("u", [3, 2])
    i = tf.constant([[1], [3], [1]])
    raw.ScatterNd(indices=i, updates=u, shape=[5, 2], name="ScatterNd")
    t = f.normal("t", [5, 2])
    distinct = tf.constant([[1], [3], [4]])
    raw.TensorScatterUpdate(tensor=t, indices=distinct, updates=u, name="TensorScatterUpdate")
    raw.TensorScatterAdd(tensor=t, indices=i, updates=u, name="TensorScatterAdd")
    raw.TensorScatterSub(tensor=t, indices=i, updates=u, name="TensorScatterSub")
    raw.TensorScatterMax(tensor=t, indices=i, updates=u, name="TensorScatterMax")
    raw.TensorScatterMin(tensor=t, indices=i, updates=u, name="TensorScatterMin")
    raw.OneHot(indices=f.add("k", np.array([1, -1, 3, 9], np.int32)), depth=4, on_value=2.0, off_value=-1.0, name="OneHot")
    raw.OneHot(indices=f.add("j", np.array([[1, 0]], np.int64)), depth=3, on_value=1.0, off_value=0.0, axis=1, name="hot_axis")
    raw.InvertPermutation(x=f.add("p", np.array([2, 0, 3, 1], np.int32)), name="InvertPermutation")
    raw.InvertPermutation(x=tf.constant([2, 0, 3, 1]), name="invert_constant")
    d = f.add("d", np.array([5, 2, 5, 9, 2], np.int32))
    raw.Unique(x=d, name="Unique")
    raw.UniqueV2(x=d, axis=[0], name="UniqueV2")
    raw.UniqueWithCounts(x=d, name="UniqueWithCounts")
    raw.UniqueWithCountsV2(x=d, axis=[0], name="UniqueWithCountsV2")


@case
def padding(f):
    x = f.normal("x", [2, 4, 3], "batch")
    raw.Pad(input=x, paddings=[[0, 1], [2, 0], [1, 1]], name="Pad")
    raw.PadV2(input=x, paddings=[[1, 0], [0, 2], [0, 0]], constant_values=0.5, name="PadV2")
    raw.MirrorPad(input=x, paddings=[[0, 0], [2, 3], [1, 0]], mode="REFLECT", name="reflect")
    raw.MirrorPad(input=x, paddings=[[1, 0], [2, 4], [3, 1]], mode="SYMMETRIC", name="symmetric")
    n = f.add("n", np.array(2, np.int32))
    raw.Pad(input=x, paddings=tf.stack([[0, 0], [n, 1], [0, n]]), name="computed")


@case
def products(f):
    a = f.normal("a", [3, 4], "batch")
    b = f.weights([4, 5])
    raw.MatMul(a=a, b=b, name="MatMul")
    raw.MatMul(a=f.normal("at", [4, 3]), b=f.weights([5, 4]), transpose_a=True, transpose_b=True, name="transposed")
    x = f.normal("x", [2, 3, 4])
    y = f.normal("y", [2, 4, 2])
    raw.BatchMatMul(x=x, y=y, name="BatchMatMul")
    raw.BatchMatMulV2(x=x, y=f.normal("yt", [1, 2, 4]), adj_y=True, name="BatchMatMulV2")
    raw.BatchMatMulV3(x=f.normal("xt", [2, 4, 3]), y=y, Tout=tf.float32, adj_x=True, name="BatchMatMulV3")
    raw.Einsum(inputs=[x, y], equation="bij,bjk->bik", name="Einsum")
    raw.Einsum(inputs=[x, f.normal("v", [4])], equation="...j,j->...", name="ellipsis")


@case
def reductions(f):
    x = f.uniform("x", [2, 3, 4, 3], 0.5, 1.5, "batch")
    for op in ("Sum", "Mean", "Max", "Min", "Prod", "EuclideanNorm"):
        getattr(raw, op)(input=x, axis=[1, 2], name=op)
        getattr(raw, op)(input=x, axis=-1, keep_dims=True, name=op + "_keep")
    raw.Sum(input=x, axis=tf.constant([], tf.int32), name="no_axes")
    raw.Mean(input=x, axis=tf.range(tf.rank(x)), name="all_axes")
    y = f.normal("y", [3, 5])
    raw.ArgMax(input=y, dimension=1, name="ArgMax")
    raw.ArgMin(input=y, dimension=0, output_type=tf.int32, name="ArgMin")
    raw.Cumsum(x=y, axis=1, exclusive=True, name="Cumsum")
    raw.Cumsum(x=y, axis=0, reverse=True, name="cumsum_reverse")
    raw.Cumprod(x=y, axis=1, name="Cumprod")
    raw.TopKV2(input=y, k=2, name="TopK")

    def old(node):
        node.op = "TopK"
        del node.input[1:]
        node.attr["k"].i = 2

    f.rewrites["TopK"] = old
    raw.TopKV2(input=y, k=3, name="TopKV2")
    raw.TopKV2(input=y, k=f.add("k", np.array(2, np.int32)), name="top_dynamic")


@case
def suppression(f):
    corners = f.random.uniform(0, 0.7, [12, 2])
    extent = f.random.uniform(0.1, 0.5, [12, 2])
    boxes = f.add("boxes", np.concatenate([corners, corners + extent], 1).astype(np.float32))
    scores = f.uniform("scores", [12], 0, 1)
    common = {"boxes": boxes, "scores": scores, "max_output_size": 6}
    raw.NonMaxSuppression(**common, iou_threshold=0.3, name="V1")
    raw.NonMaxSuppressionV2(**common, iou_threshold=0.4, name="V2")
    raw.NonMaxSuppressionV3(**common, iou_threshold=0.4, score_threshold=0.3, name="V3")
    raw.NonMaxSuppressionV4(**common, iou_threshold=0.4, score_threshold=0.5, pad_to_max_output_size=True, name="V4")
    raw.NonMaxSuppressionV5(**common, iou_threshold=0.4, score_threshold=0.3, soft_nms_sigma=0.0, name="V5")
    batched = f.add("batched", np.concatenate([corners, corners + extent], 1).reshape(2, 6, 1, 4).astype(np.float32))
    classes = f.uniform("classes", [2, 6, 3], 0, 1)
    raw.CombinedNonMaxSuppression(boxes=batched, scores=classes, max_output_size_per_class=3, max_total_size=7, iou_threshold=0.4,
                                  score_threshold=0.35, name="combined")


@case
def quantize(f):
    x = f.normal("x", [3, 4])
    raw.FakeQuantWithMinMaxArgs(inputs=x, min=-3.0, max=2.0, name="args")
    raw.FakeQuantWithMinMaxVars(inputs=x, min=-2.5, max=2.7, name="vars")
    raw.FakeQuantWithMinMaxVars(inputs=x, min=-2.5, max=2.5, narrow_range=True, name="narrow")
    raw.FakeQuantWithMinMaxVars(inputs=x, min=-2.0, max=3.0, num_bits=4, name="four")
    raw.FakeQuantWithMinMaxVarsPerChannel(inputs=x, min=[-1.0, -2, -3, -4], max=[1.0, 1.5, 2, 4], name="channels")
    raw.QuantizeAndDequantizeV2(input=x, input_min=-3.0, input_max=2.0, signed_input=True, range_given=True, name="V2")
    raw.QuantizeAndDequantizeV3(input=x, input_min=0.0, input_max=3.0, num_bits=8, signed_input=False, range_given=True, name="V3")
    raw.QuantizeAndDequantizeV4(input=x, input_min=-2.0, input_max=2.0, num_bits=6, range_given=True, name="V4")
    q = tf.constant(f.random.integers(0, 255, [3, 3]), tf.quint8)
    s = tf.constant(f.random.integers(-128, 127, [3, 3]), tf.qint8)
    shift = f.normal("shift", [3, 3])
    for mode in ("MIN_COMBINED", "MIN_FIRST", "SCALED"):
        raw.Dequantize(input=q, min_range=-1.3, max_range=2.1, mode=mode, name="u" + mode) + shift
        raw.Dequantize(input=s, min_range=-1.3, max_range=2.1, mode=mode, name="s" + mode) + shift


# --- recurrence ---


@case
def recurrent(f):
    batch, inputs, units, time = 2, 3, 4, 5
    x = f.normal("x", [time, batch, inputs])
    state = f.normal("state", [batch, units])
    hidden = f.normal("hidden", [batch, units])
    w = f.weights([inputs + units, 4 * units])
    peep = [f.weights([units]) for _ in range(3)]
    b = f.weights([4 * units])
    raw.LSTMBlockCell(x=x[0], cs_prev=state, h_prev=hidden, w=w, wci=peep[0], wcf=peep[1], wco=peep[2], b=b, use_peephole=True,
                      cell_clip=1.5, name="LSTMBlockCell")
    raw.BlockLSTM(seq_len_max=tf.constant(time, tf.int64), x=x, cs_prev=state, h_prev=hidden, w=w, wci=peep[0], wcf=peep[1],
                  wco=peep[2], b=b, name="BlockLSTM")
    # Behind the last step TensorFlow sets only these two to zero.
    shorter = raw.BlockLSTM(seq_len_max=tf.constant(3, tf.int64), x=x, cs_prev=state, h_prev=hidden, w=w, wci=peep[0],
                            wcf=peep[1], wco=peep[2], b=b, forget_bias=0.5, cell_clip=-1.0)
    tf.identity(shorter.cs, name="shorter_state")
    tf.identity(shorter.h, name="shorter")
    raw.BlockLSTMV2(seq_len_max=tf.constant(time, tf.int64), x=x, cs_prev=state, h_prev=hidden, w=w, wci=peep[0], wcf=peep[1],
                    wco=peep[2], b=b, use_peephole=True, name="BlockLSTMV2")
    raw.GRUBlockCell(x=x[1], h_prev=hidden, w_ru=f.weights([inputs + units, 2 * units]), w_c=f.weights([inputs + units, units]),
                     b_ru=f.weights([2 * units]), b_c=f.weights([units]), name="GRUBlockCell")


def unrolled(f, name):
    """A recurrent layer over a TensorArray, as old Keras and dynamic_rnn write it."""
    x = f.normal("x", [5, 2, 3], "batch")
    w = f.weights([3 + 4, 4])
    steps = tf.shape(x)[0]
    source = tf.TensorArray(tf.float32, steps, element_shape=[2, 3]).unstack(x)
    results = tf.TensorArray(tf.float32, steps, element_shape=[2, 4])

    def body(i, h, out):
        h = tf.tanh(tf.concat([source.read(i), h], 1) @ w)
        return i + 1, h, out.write(i, h)

    i, h, results = tf.while_loop(lambda i, h, out: i < steps, body, [tf.constant(0), tf.zeros([2, 4]), results])
    tf.identity(results.stack(), name=name + "_all")
    tf.identity(h, name=name + "_last")
    tf.identity(i, name=name + "_steps")


@case
def loop_v1(f):
    v1.disable_control_flow_v2()
    unrolled(f, "rnn")
    n = f.add("n", np.array(4, np.int32))
    # A loop inside a loop, and a condition inside that.
    def outer(i, total):
        _, inner = tf.while_loop(lambda j, t: j < i, lambda j, t: (j + 1, tf.cond(tf.equal(j % 2, 0), lambda: t + 2.0 * tf.cast(j, tf.float32),
                                                                                   lambda: t - 1.0)), [tf.constant(0), total])
        return i + 1, inner

    tf.identity(tf.while_loop(lambda i, t: i < n, outer, [tf.constant(0), tf.constant(1.0)])[1], name="nested")
    array = tf.TensorArray(tf.float32, 0, dynamic_size=True, element_shape=[], clear_after_read=False)
    _, array = tf.while_loop(lambda i, a: i < n, lambda i, a: (i + 1, a.write(i, tf.cast(i * i, tf.float32))), [tf.constant(0), array])
    tf.identity(array.stack(), name="squares")
    tf.identity(array.size(), name="size")
    tf.identity(array.gather([2, 0]), name="picked")
    pieces = tf.TensorArray(tf.float32, 2, element_shape=[None, 2], infer_shape=False).write(0, tf.ones([1, 2])).write(1, tf.zeros([2, 2]))
    tf.identity(pieces.concat(), name="joined")


@case
def cond_v1(f):
    v1.disable_control_flow_v2()
    x = f.normal("x", [2, 3], "batch")
    flag = f.add("flag", np.array(True))
    other = f.add("other", np.array(False))
    w = f.weights([3, 2])
    y = tf.cond(flag, lambda: x @ w, lambda: x[:, :2] * 3.0)
    tf.identity(y, name="plain")
    a, b = tf.cond(other, lambda: (x + 1.0, tf.constant(1)), lambda: (x - 1.0, tf.constant(2)))
    tf.identity(a, name="first")
    tf.identity(b, name="second")
    z = tf.cond(flag, lambda: tf.cond(other, lambda: x, lambda: tf.cond(flag, lambda: x * 2.0, lambda: x * 5.0)), lambda: -x)
    tf.identity(z, name="nested")
    merged, index = raw.Merge(inputs=[raw.Switch(data=x, pred=other)[0] * 2.0, raw.Switch(data=x, pred=other)[1]])
    tf.identity(merged, name="merged")
    tf.identity(index, name="index")
    tf.identity(tf.cond(tf.reduce_sum(x) > 1000.0, lambda: tf.while_loop(lambda i: i < 3, lambda i: [i + 1], [tf.constant(0)])[0],
                        lambda: tf.constant(7)), name="loop_inside")


def calls(f, n):
    @tf.function
    def branches(a):
        return tf.cond(tf.reduce_sum(a) > 0, lambda: a * 2, lambda: a - 1)

    tf.identity(branches(f.normal("a", [3])), name="called")
    z = f.normal("z", [2])
    tf.identity(tf.switch_case(n - 2, [lambda: z, lambda: z * 2, lambda: z * 3]), name="case")
    tf.identity(tf.switch_case(n + 9, [lambda: z, lambda: z * 2, lambda: z * 3]), name="case_default")
    tf.identity(tf.cond(n > 2, lambda: tf.constant(3), lambda: tf.constant(4)), name="constant")
    values = tf.while_loop(lambda i, v: i < n, lambda i, v: (i + 1, tf.concat([v, v[-1:] * 2], 0)), [tf.constant(0), tf.ones([1])],
                           shape_invariants=[tf.TensorShape([]), tf.TensorShape([None])])
    tf.identity(values[1], name="growing")


@case
def functions(f):
    v1.enable_control_flow_v2()
    unrolled(f, "list")
    n = f.add("n", np.array(4, np.int32))

    calls(f, n)


@case
def stateful(f):
    """The same operators under the names that say that order matters."""
    v1.enable_control_flow_v2()
    calls(f, f.add("n", np.array(4, np.int32)))
    f.renames = {"StatelessWhile": "While", "StatelessIf": "If", "StatelessCase": "Case", "PartitionedCall": "StatefulPartitionedCall"}


@case
def lists(f):
    v1.enable_control_flow_v2()
    x = f.normal("x", [3, 2])
    shape = tf.constant([2])
    made = raw.TensorListFromTensor(tensor=x, element_shape=shape)
    tf.identity(raw.TensorListGetItem(input_handle=made, index=1, element_shape=shape, element_dtype=tf.float32), name="item")
    tf.identity(raw.TensorListLength(input_handle=made), name="length")
    set_ = raw.TensorListSetItem(input_handle=made, index=0, item=x[2])
    tf.identity(raw.TensorListStack(input_handle=set_, element_shape=shape, element_dtype=tf.float32), name="stack")
    empty = raw.EmptyTensorList(element_shape=shape, max_num_elements=-1, element_dtype=tf.float32)
    pushed = raw.TensorListPushBack(input_handle=raw.TensorListPushBack(input_handle=empty, tensor=x[0]), tensor=x[1])
    rest, last = raw.TensorListPopBack(input_handle=pushed, element_shape=shape, element_dtype=tf.float32)
    tf.identity(last, name="last")
    tf.identity(raw.TensorListStack(input_handle=rest, element_shape=shape, element_dtype=tf.float32), name="rest")
    tf.identity(raw.TensorListGather(input_handle=made, indices=[2, 0], element_shape=shape, element_dtype=tf.float32), name="gathered")
    put = raw.TensorListScatterV2(tensor=x, indices=[0, 1, 2], element_shape=shape, num_elements=-1)
    tf.identity(raw.TensorListStack(input_handle=put, element_shape=shape, element_dtype=tf.float32), name="scattered")
    put = raw.TensorListScatter(tensor=x, indices=[0, 1, 2], element_shape=shape)
    tf.identity(raw.TensorListStack(input_handle=put, element_shape=shape, element_dtype=tf.float32), name="scattered_v1")
    zeros = raw.TensorListReserve(element_shape=shape, num_elements=2, element_dtype=tf.float32)
    tf.identity(raw.TensorListStack(input_handle=zeros, element_shape=shape, element_dtype=tf.float32), name="zeros")
    rows = raw.TensorListFromTensor(tensor=tf.reshape(x, [3, 1, 2]), element_shape=[1, 2])
    tf.identity(raw.TensorListConcatV2(input_handle=rows, element_dtype=tf.float32, element_shape=[-1, 2],
                                       leading_dims=tf.constant([], tf.int64)).tensor, name="joined")
    tf.identity(raw.TensorListConcat(input_handle=rows, element_dtype=tf.float32, element_shape=[None, 2]).tensor, name="joined_v1")


def main():
    folder = sys.argv[1]
    for name in sys.argv[2:] or sorted(CASES):
        graph = tf.Graph()
        with graph.as_default():
            feeds = Feeds()
            CASES[name](feeds)
            guards = {op for op in graph.get_operations() if op.type == "Merge" and "AssertGuard" in op.name}
            skipped = {"Placeholder", "Const", "NoOp", "Assert", "Switch", "Exit", "NextIteration"}
            sinks = [op for op in graph.get_operations()
                     if op.type not in skipped and op.outputs and graph.is_fetchable(op) and not any(t.consumers() for t in op.outputs)]
            others = {t.op for t in feeds.computed.values()}
            sinks = [op for op in sinks if op not in others | guards]
            outputs = [t for op in sinks for t in (op.outputs[:1] if "BatchNorm" in op.type else op.outputs)
                       if t.dtype not in (tf.variant, tf.resource)]
            with v1.Session() as session:
                fetched = [feeds.computed.get(t.op.name, t) for t in outputs]
                results = session.run(fetched, {p: value for p, value in feeds.values.items()})
            for placeholder, value in feeds.values.items():
                tf.constant(value, name="feed/" + placeholder.op.name)
            for tensor, value in zip(outputs, results):
                suffix = "" if tensor.value_index == 0 else f"_port_{tensor.value_index}"
                tf.constant(value, name="want/" + tensor.op.name + suffix)
            definition = graph.as_graph_def()
            for node in definition.node:
                node.op = feeds.renames.get(node.op, node.op)
                if node.name in feeds.rewrites:
                    feeds.rewrites[node.name](node)
            if feeds.computed:  # what only computes answers is no part of the network
                names = [t.op.name for t in outputs] + [n.name for n in definition.node if n.name.startswith(("feed/", "want/"))]
                definition = v1.graph_util.extract_sub_graph(definition, names + [p.op.name for p in feeds.values])
            data = definition.SerializeToString(deterministic=True)
        with open(os.path.join(folder, name + ".pb"), "wb") as file:
            file.write(data)
        print(f"{name}: {len(data)} bytes, {len(results)} results")


main()
