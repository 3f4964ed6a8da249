"""Convolutions, pools, norms and images."""

from .case import case, raw, to_first, v1  # first: it sets how TensorFlow starts

import numpy as np
import tensorflow as tf
from tensorflow.core.framework import attr_value_pb2


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
