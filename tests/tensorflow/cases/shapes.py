"""Operators that move elements, products and reductions."""

from .case import case, raw  # first: it sets how TensorFlow starts

import numpy as np
import tensorflow as tf


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
