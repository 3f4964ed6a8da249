"""Convolutions, pools, products, normalizations, recurrent networks, resampling."""

import numpy as np

from growth import Unfit

AUTO_PADS = ["NOTSET", "NOTSET", "NOTSET", "SAME_UPPER", "SAME_LOWER", "VALID"]


def image(g, spatial=2, dtypes=("float32",)):
    """A float image of the graph, or a new input, now and then of symbolic extents."""
    fitting = [v for v in g.values if v.is_float and v.rank == spatial + 2 and str(v.dtype) in dtypes
               and all(0 < s <= 40 for r in v.runs for s in r.shape) and all(r.shape[1] == v.shape[1] for r in v.runs)]
    if fitting and not g.chance(3):
        return g.one_of(fitting[-4:])
    names = list(g.symbols)
    dims = [g.one_of(names) if names and g.chance(4) else g.between(1, 2), g.between(1, 6)]
    dims += [g.one_of(names) if names and g.chance(5) else g.between(3, 9) for _ in range(spatial)]
    return g.input(dims, np.dtype(g.one_of(list(dtypes))))


def geometry(g, spatial, kernel):
    """strides, dilations, and pads or auto_pad."""
    result = {}
    if g.chance(2):
        result["strides"] = [g.between(1, 3) for _ in range(spatial)]
    if g.chance(4):
        result["dilations"] = [g.between(1, 2) for _ in range(spatial)]
    auto = g.one_of(AUTO_PADS)
    if auto != "NOTSET":
        result["auto_pad"] = auto
    elif g.chance(2):
        result["pads"] = [g.between(0, k - 1) for k in [*kernel, *kernel]]
    return result


def conv(g):
    spatial = g.one_of([1, 2, 2, 2, 3])
    x = image(g, spatial, ("float32", "float32", "float64"))
    channels = x.shape[1]
    group = g.one_of([1, 1, channels] + [d for d in (2, 3) if channels % d == 0])
    filters = group * g.between(1, 4)
    kernel = [g.between(1, 3) for _ in range(spatial)]
    w = g.weights([filters, channels // group, *kernel], x.dtype)
    bias = g.weights([filters], x.dtype) if g.chance(2) else None
    fields = geometry(g, spatial, kernel)
    if fields.get("auto_pad", "")[:4] == "SAME" and "dilations" in fields:
        fields.pop("dilations")
    y, = g.add("Conv", [x, w, bias], group=group, kernel_shape=kernel if g.chance(2) else None,
               length=channels // group * int(np.prod(kernel)) + 1, **fields)
    epilogue(g, y)


def epilogue(g, y):
    """What is fused behind products: scales, activations, residuals."""
    for _ in range(g.between(0, 2)):
        how = g.between(0, 4)
        if how == 0:
            y, = g.add("Relu", [y], exact=True)
        elif how == 1:
            y, = g.add("Add", [y, g.weights([y.shape[1], *[1] * (y.rank - 2)] if y.rank > 2 else [1], y.dtype)])
        elif how == 2:
            y, = g.add("Mul", [y, g.constant(np.array(0.5, y.dtype))])
        elif how == 3:
            y, = g.add(g.one_of(["Sigmoid", "Tanh", "LeakyRelu", "HardSigmoid"]), [y])
        else:
            y, = g.add("Add", [y, g.tensor(dtype=y.dtype, rank=y.rank)])


def conv_transpose(g):
    spatial = g.one_of([1, 2, 2])
    x = image(g, spatial)
    channels = x.shape[1]
    group = g.one_of([1, 1, channels])
    filters = g.between(1, 3)
    kernel = [g.between(1, 3) for _ in range(spatial)]
    w = g.weights([channels, filters, *kernel])
    fields = {"strides": [g.between(1, 2) for _ in range(spatial)]}
    if g.chance(3):
        fields["output_padding"] = [g.between(0, s - 1) for s in fields["strides"]]
    if g.chance(3):
        fields["pads"] = [g.between(0, k - 1) for k in [*kernel, *kernel]]
    elif g.chance(3):
        fields["auto_pad"] = g.one_of(["SAME_UPPER", "SAME_LOWER", "VALID"])
        fields.pop("output_padding", None)
    bias = g.weights([filters * group]) if g.chance(2) else None
    y, = g.add("ConvTranspose", [x, w, bias], group=group, length=channels * int(np.prod(kernel)), **fields)
    epilogue(g, y)


def pool(op):
    def production(g):
        spatial = g.one_of([1, 2, 2, 3])
        x = image(g, spatial)
        kernel = [g.between(1, 3) for _ in range(spatial)]
        fields = geometry(g, spatial, kernel)
        if op != "MaxPool" and g.opset < 19 or op == "LpPool" or g.opset < 10:
            fields.pop("dilations", None)
        if "dilations" in fields:
            fields.pop("auto_pad", None)
        if g.opset >= (18 if op == "LpPool" else 10) and "auto_pad" not in fields:
            fields["ceil_mode"] = g.between(0, 1)
        if op == "AveragePool":
            fields["count_include_pad"] = g.between(0, 1)
        if op == "LpPool":
            fields["p"] = g.between(1, 3)
        outputs = g.between(1, 2) if op == "MaxPool" and g.opset >= 8 else 1
        g.add(op, [x], outputs=outputs, kernel_shape=kernel, exact=op == "MaxPool", length=int(np.prod(kernel)),
              **fields)
    return production


def global_pool(op):
    def production(g):
        x = image(g, g.one_of([1, 2, 3]))
        g.add(op, [x], exact=op == "GlobalMaxPool", length=int(np.prod(x.shape[2:])),
              p=g.between(1, 3) if op == "GlobalLpPool" else None)
    return production


def matmul(g):
    x = g.tensor(kind="f", min_rank=1, max_rank=4)
    inner = x.shape[-1]
    columns = g.between(1, 6)
    how = g.between(0, 3)
    if how == 0 and x.rank > 1:
        w = g.weights([*[1 if g.chance(2) else s for s in x.shape[:-2]], inner, columns], x.dtype)
    elif how == 1:
        w = g.weights([inner], x.dtype)
    else:
        w = g.weights([inner, columns], x.dtype)
    y, = g.add("MatMul", [x, w], length=max(inner, 1))
    if g.chance(2) and w.rank == 2:
        y, = g.add("Add", [y, g.weights([columns], x.dtype)])
    if g.chance(3):
        g.add(g.one_of(["Relu", "Tanh", "Sigmoid"]), [y])


def gemm(g):
    x = g.tensor(kind="f", rank=2)
    a, b = g.between(0, 1), g.between(0, 1)
    rows, inner = (x.shape[1], x.shape[0]) if a else x.shape
    columns = g.between(1, 6)
    w = g.weights([columns, inner] if b else [inner, columns], x.dtype)
    c = None
    if g.opset < 11 or g.chance(2):
        c = g.weights(g.one_of([[columns], [1, columns], [rows, columns], [rows, 1], [1], []]), x.dtype)
    g.add("Gemm", [x, w, c], transA=a, transB=b, length=max(inner, 1) + 1,
          alpha=0.5 if g.chance(3) else None, beta=g.one_of([2.0, 0.5, 0.0]) if g.chance(3) else None)


def softmax(op):
    def production(g):
        x = g.tensor(kind="f", min_rank=1)
        axis = g.axis(x) if g.opset >= 11 else g.between(0, x.rank - 1)
        g.add(op, [x], axis=None if g.chance(3) else axis, exact=op == "Hardmax", length=max(x.shape, default=1))
    return production


def batch_norm(g):
    x = image(g, g.one_of([1, 2, 2, 3])) if not g.chance(5) else g.tensor(kind="f", rank=2)
    channels = x.shape[1]
    parts = [g.constant(g.numbers([channels], x.dtype, low, high))
             for low, high in ((-1, 1), (-1, 1), (-1, 1), (0.2, 2))]
    g.add("BatchNormalization", [x, *parts], epsilon=1e-3 if g.chance(2) else None)


def instance_norm(g):
    x = image(g, g.one_of([1, 2, 3]))
    if any(np.prod(run.shape[2:]) < 2 for run in x.runs):
        raise Unfit  # all that is left is how the mean was rounded
    g.add("InstanceNormalization", [x, g.weights([x.shape[1]]), g.weights([x.shape[1]])], epsilon=1e-2,
          length=int(np.prod(x.shape[2:])))


def group_norm(g):
    x = g.input([2, g.one_of([2, 4, 6]), 3, 4])
    groups = g.one_of([1, 2])
    count = x.shape[1] if g.opset >= 21 else groups
    g.add("GroupNormalization", [x, g.weights([count]), g.weights([count])], num_groups=groups, epsilon=1e-2,
          length=24)


def layer_norm(op):
    def production(g):
        if g.opset < 17:
            raise Unfit  # ONNX Runtime takes it, the standard did not have it
        x = g.tensor(dtype=np.float32, min_rank=1)
        axis = g.axis(x)
        shape = x.shape[axis:]
        scale = g.weights(shape)
        bias = g.weights(shape) if op == "LayerNormalization" and g.chance(2) else None
        g.add(op, [x, scale, bias] if op == "LayerNormalization" else [x, scale], axis=axis, epsilon=1e-2,
              length=max(int(np.prod(shape)), 1))
    return production


def layer_norm_by_hand(g):
    """The pieces that exporters write, which a pass puts together."""
    x = g.tensor(dtype=np.float32, min_rank=2)
    axes = {"axes": [-1]} if g.opset < 18 else {}
    if g.opset < 11:
        raise Unfit
    extra = [] if axes else [g.ints(-1)]
    length = max(x.shape[-1], 1)
    mean, = g.add("ReduceMean", [x, *extra], length=length, keep=False, **axes)
    centred, = g.add("Sub", [x, mean], keep=False)
    square, = g.add("Pow", [centred, g.constant(np.array(2, np.float32))], keep=False)
    variance, = g.add("ReduceMean", [square, *extra], length=length, keep=False, **axes)
    sum_, = g.add("Add", [variance, g.constant(np.array(1e-2, np.float32))], keep=False)
    y, = g.add("Div", [centred, g.add("Sqrt", [sum_], keep=False)[0]])
    if g.chance(2):
        g.add("Mul", [y, g.weights([x.shape[-1]])])


def attention_by_hand(g):
    x = g.tensor(dtype=np.float32, rank=3)
    batch, rows, width = x.shape
    parts = []
    for _ in range(3):
        y, = g.add("MatMul", [x, g.weights([width, 4])], length=max(width, 1), keep=False)
        y, = g.add("Reshape", [y, g.ints(0, 0, 2, 2)], exact=True, keep=False)
        parts.append(g.add("Transpose", [y], perm=[0, 2, 3, 1] if len(parts) == 1 else [0, 2, 1, 3], exact=True,
                           keep=False)[0])
    scores, = g.add("MatMul", parts[:2], length=2, keep=False)
    scores, = g.add("Div", [scores, g.constant(np.array(2, np.float32))], keep=False)
    weights, = g.add("Softmax", [scores], axis=-1 if g.opset >= 13 else 3, length=max(rows, 1), keep=False)
    y, = g.add("MatMul", [weights, parts[2]], length=max(rows, 1), keep=False)
    y, = g.add("Transpose", [y], perm=[0, 2, 1, 3], exact=True, keep=False)
    g.add("Reshape", [y, g.ints(0, 0, 4)], exact=True)


def attention(g):
    heads, groups = g.one_of([(2, 2), (4, 2), (3, 1)])
    depth, rows, keys = g.between(1, 4), g.between(1, 5), g.between(1, 5)
    flat = g.chance(2)
    q = g.input([2, rows, heads * depth] if flat else [2, heads, rows, depth])
    k = g.input([2, keys, groups * depth] if flat else [2, groups, keys, depth])
    v = g.input([2, keys, groups * depth] if flat else [2, groups, keys, depth])
    mask = None
    if g.chance(2):
        mask = g.weights([rows, keys]) if g.chance(2) else g.constant(np.tril(np.ones((rows, keys), bool)))
    attributes = {"q_num_heads": heads, "kv_num_heads": groups} if flat else {}
    g.add("Attention", [q, k, v, mask], is_causal=g.between(0, 1), scale=0.3 if g.chance(2) else None,
          softcap=2.0 if g.chance(4) else None, length=keys + depth, **attributes)


def rotary_embedding(g):
    heads, half, rows = g.between(1, 3), g.between(1, 3), g.between(1, 4)
    x = g.input([2, heads, rows, 2 * half])
    angles = g.random.uniform(-3, 3, (8, half))
    positions = g.constant(g.random.integers(0, 8, (2, rows)).astype(np.int64))
    g.add("RotaryEmbedding", [x, g.constant(np.cos(angles).astype(np.float32)),
                              g.constant(np.sin(angles).astype(np.float32)), positions],
          interleaved=g.between(0, 1), length=2)


def lp_norm(g):
    x = g.tensor(kind="f", min_rank=1)
    g.add("LpNormalization", [x], axis=g.axis(x), p=g.between(1, 2), length=max(x.shape, default=1))


def mean_variance(g):
    x = image(g, 2)
    if g.opset < 9:
        raise Unfit  # ONNX Runtime takes it, the standard did not have it
    g.add("MeanVarianceNormalization", [x], axes=None if g.chance(2) else [0, 2], length=max(int(np.prod(x.shape)), 1))


def lrn(g):
    g.add("LRN", [image(g, 2)], size=g.one_of([1, 3, 5]), alpha=g.one_of([1e-2, 0.5]), beta=0.75, bias=1.5, length=5)


def recurrent(op, gates):
    def production(g):
        steps, batch, width, hidden = g.between(1, 4), g.between(1, 3), g.between(1, 4), g.between(1, 4)
        direction = g.one_of(["forward", "reverse", "bidirectional"])
        both = 2 if direction == "bidirectional" else 1
        x = g.input([steps, batch, width])
        w = g.weights([both, gates * hidden, width])
        r = g.weights([both, gates * hidden, hidden])
        b = g.weights([both, 2 * gates * hidden]) if g.chance(2) else None
        lengths = g.constant(g.random.integers(1, steps + 1, batch).astype(np.int32)) if g.chance(3) else None
        h = g.weights([both, batch, hidden]) if g.chance(2) else None
        operands = [x, w, r, b, lengths, h]
        fields = {}
        if op == "LSTM":
            operands.append(g.weights([both, batch, hidden]) if g.chance(2) else None)
            operands.append(g.weights([both, 3 * hidden]) if g.chance(3) else None)
        if op == "GRU":
            fields["linear_before_reset"] = g.between(0, 1)
        if g.chance(4):
            functions = {"LSTM": ["HardSigmoid", "Relu", "Softsign"], "GRU": ["Sigmoid", "Relu"], "RNN": ["Relu"]}[op]
            fields["activations"] = functions * both
        if g.chance(4):
            fields["clip"] = 1.5
        g.add(op, operands, outputs=3 if op == "LSTM" else 2, hidden_size=hidden, direction=direction,
              length=steps * (width + hidden), **fields)
    return production


def resize(g):
    x = image(g, g.one_of([1, 2, 2]))
    spatial = x.rank - 2
    mode = g.one_of(["nearest", "linear"] + (["cubic"] if spatial == 2 and g.opset >= 11 else []))
    scales = [g.one_of([0.5, 1.0, 1.5, 2.0, 3.0, 0.75]) for _ in range(spatial)]
    if g.opset < 11:
        operands = [x, g.constant(np.array([1, 1, *scales], np.float32))]
        g.add("Resize" if g.opset == 10 else "Upsample", operands, mode=mode, exact=mode == "nearest", length=4)
        return
    empty = g.constant(np.zeros(0, np.float32)) if g.opset < 13 else None
    fields = {"coordinate_transformation_mode": g.one_of(["half_pixel", "asymmetric", "align_corners",
                                                          "pytorch_half_pixel"])}
    if mode == "nearest":
        fields["nearest_mode"] = g.one_of(["round_prefer_floor", "round_prefer_ceil", "floor", "ceil"])
    if mode == "cubic":
        fields["cubic_coeff_a"] = g.one_of([-0.5, -0.75])
        fields["exclude_outside"] = g.between(0, 1)
    if g.opset >= 18 and mode != "nearest":
        fields["antialias"] = g.between(0, 1)
    if g.chance(2):
        operands = [x, empty, g.constant(np.array([1, 1, *scales], np.float32))]
    else:
        sizes = [max(int(s * f), 1) for s, f in zip(x.shape[2:], scales)]
        operands = [x, empty, empty, g.ints(*x.shape[:2], *sizes)]
    g.add("Resize", operands, mode=mode, exact=mode == "nearest", length=16, **fields)


def grid_sample(g):
    x = image(g, 2)
    grid = g.weights([x.shape[0], g.between(1, 4), g.between(1, 4), 2], low=-1.2, high=1.2)
    modes = ["bilinear", "nearest", "bicubic"] if g.opset < 20 else ["linear", "nearest", "cubic"]
    mode = g.one_of(modes)
    g.add("GridSample", [x, grid], mode=mode, align_corners=g.between(0, 1),
          padding_mode=g.one_of(["zeros", "border", "reflection"]), length=16)


def affine_grid(g):
    theta = g.weights([2, 2, 3])
    g.add("AffineGrid", [theta, g.ints(2, 3, g.between(1, 4), g.between(1, 4))], align_corners=g.between(0, 1),
          length=3)


def boxes(g, images):
    corners = np.round(g.random.uniform(0, 5, (g.between(1, 4), 2, 2)) * 8) / 8
    corners.sort(axis=1)
    return corners.reshape(-1, 4).astype(np.float32)


def roi_align(g):
    x = image(g, 2)
    rois = boxes(g, x.shape[0]) + np.float32(0.0123)  # no sample on the very border of an image, beyond which is 0
    batch = g.constant(g.random.integers(0, x.shape[0], len(rois)).astype(np.int64))
    fields = {}
    if g.opset >= 16:
        fields["coordinate_transformation_mode"] = g.one_of(["half_pixel", "output_half_pixel"])
    g.add("RoiAlign", [x, g.constant(rois), batch], output_height=g.between(1, 3), output_width=g.between(1, 3),
          sampling_ratio=g.between(0, 2), spatial_scale=g.one_of([1.0, 0.5]), mode=g.one_of(["avg", "avg", "max"]),
          length=16, **fields)


def max_roi_pool(g):
    x = image(g, 2)
    rois = np.concatenate([g.random.integers(0, x.shape[0], (3, 1)), np.sort(g.random.integers(0, 4, (3, 2)), 1),
                           g.random.integers(4, 7, (3, 2))], 1).astype(np.float32)
    g.add("MaxRoiPool", [x, g.constant(rois)], pooled_shape=[g.between(1, 3), g.between(1, 3)], exact=True)


def deform_conv(g):
    x = g.input([1, 2, 5, 5])
    w = g.weights([3, 2, 2, 2])
    offset = g.weights([1, 8, 4, 4], low=-1, high=1)
    mask = g.weights([1, 4, 4, 4], low=0, high=1) if g.chance(2) else None
    bias = g.weights([3]) if g.chance(2) else None
    g.add("DeformConv", [x, w, offset, bias, mask], kernel_shape=[2, 2], length=16)


PRODUCTIONS = {
    "Conv": conv, "ConvTranspose": conv_transpose, "MaxPool": pool("MaxPool"), "AveragePool": pool("AveragePool"),
    "LpPool": pool("LpPool"), "GlobalAveragePool": global_pool("GlobalAveragePool"),
    "GlobalMaxPool": global_pool("GlobalMaxPool"), "GlobalLpPool": global_pool("GlobalLpPool"), "MatMul": matmul,
    "Gemm": gemm, "Softmax": softmax("Softmax"), "LogSoftmax": softmax("LogSoftmax"), "Hardmax": softmax("Hardmax"),
    "BatchNormalization": batch_norm, "InstanceNormalization": instance_norm, "GroupNormalization": group_norm,
    "LayerNormalization": layer_norm("LayerNormalization"), "RMSNormalization": layer_norm("RMSNormalization"),
    "layer norm by hand": layer_norm_by_hand, "attention by hand": attention_by_hand, "Attention": attention,
    "RotaryEmbedding": rotary_embedding, "LpNormalization": lp_norm, "MeanVarianceNormalization": mean_variance,
    "LRN": lrn, "LSTM": recurrent("LSTM", 4), "GRU": recurrent("GRU", 3), "RNN": recurrent("RNN", 1),
    "Resize": resize, "GridSample": grid_sample, "AffineGrid": affine_grid, "RoiAlign": roi_align,
    "MaxRoiPool": max_roi_pool, "DeformConv": deform_conv,
}
