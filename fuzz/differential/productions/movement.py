"""Operators that move, cut, join or select elements, and those that make tensors."""

import numpy as np

from growth import Unfit

DATA = "fiub"


def reshape(g):
    x = g.tensor(kind=DATA)
    factors = []
    rest = int(np.prod(x.shape))
    while len(factors) < 4 and rest > 1 and not g.chance(4):
        divisors = [d for d in range(1, min(rest, 12) + 1) if rest % d == 0]
        factors.append(g.one_of(divisors))
        rest //= factors[-1]
    shape = factors + ([-1] if g.chance(2) or not x.is_static else [rest])
    if x.rank and g.chance(3):
        shape = [0] + [-1] if x.rank > 1 else [0]
    g.add("Reshape", [x, g.ints(*shape)], exact=True)


def reshape_to_shape_of(g):
    """A shape that is computed: of another value, or from parts of one."""
    x = g.tensor(kind=DATA, min_rank=2)
    shape, = g.add("Shape", [x], exact=True, keep=False)
    first, = g.add("Gather", [shape, g.constant(np.array([0], np.int64))], exact=True, keep=False)
    wanted, = g.add("Concat", [first, g.ints(-1)], axis=0, exact=True, keep=False)
    flat, = g.add("Reshape", [x, wanted], exact=True)
    if g.chance(2):
        g.add("Reshape", [flat, shape], exact=True)


def flatten(g):
    x = g.tensor(kind=DATA, min_rank=1)
    g.add("Flatten", [x], axis=g.between(0, x.rank), exact=True)


def axes_argument(g, op, x, axes):
    if g.opset < 13:
        g.add(op, [x], axes=axes, exact=True)
    else:
        g.add(op, [x, g.ints(*axes)], exact=True)


def squeeze(g):
    x = g.tensor(kind=DATA, min_rank=1)
    ones = [i for i, size in enumerate(x.shape) if size == 1 and all(r.shape[i] == 1 for r in x.runs)]
    if not ones:
        raise Unfit
    if g.chance(4) and len(ones) == sum(size == 1 for size in x.shape):
        g.add("Squeeze", [x], exact=True)
    else:
        axes_argument(g, "Squeeze", x, [g.one_of(ones)])


def unsqueeze(g):
    x = g.tensor(kind=DATA, max_rank=4)
    axes_argument(g, "Unsqueeze", x, [g.between(0, x.rank) - (x.rank + 1 if g.chance(2) and g.opset >= 11 else 0)])


def expand(g):
    x = g.tensor(kind=DATA, max_rank=3)
    shape = [g.between(2, 3) if size == 1 and g.chance(2) else 1 for size in x.shape]
    g.add("Expand", [x, g.ints(*([g.between(1, 3)] if g.chance(3) else []), *shape)], exact=True)


def transpose(g):
    x = g.tensor(kind=DATA, min_rank=1)
    perm = [int(i) for i in g.random.permutation(x.rank)]
    g.add("Transpose", [x], perm=None if g.chance(5) else perm, exact=True)


def slice_(g):
    x = g.tensor(kind=DATA, min_rank=1)
    axes = sorted({g.between(0, x.rank - 1) for _ in range(g.between(1, 2))})
    starts, ends, steps = [], [], []
    for axis in axes:
        size = x.shape[axis]
        step = g.one_of([1, 1, 1, 2, 3, -1, -2]) if g.opset >= 10 else 1
        start, end = g.between(-size - 1, size), g.between(-size - 1, size + 1)
        if g.chance(3):
            end = np.iinfo(np.int64).max if step > 0 else np.iinfo(np.int64).min + 1
        starts.append(start), ends.append(int(end)), steps.append(step)
    if g.chance(2):
        axes = [a - x.rank for a in axes] if g.opset >= 10 else axes
    if g.opset < 10:
        g.add("Slice", [x], starts=starts, ends=ends, axes=axes, exact=True)
    else:
        g.add("Slice", [x, g.ints(*starts), g.ints(*ends), g.ints(*axes), g.ints(*steps)], exact=True)


def split(g):
    x = g.tensor(kind=DATA, min_rank=1)
    axis = g.between(0, x.rank - 1)
    size = x.shape[axis]
    if size < 2:
        raise Unfit
    first = g.between(1, size - 1)
    sizes = [first, size - first]
    if g.chance(2):
        if g.opset >= 18:
            g.add("Split", [x], outputs=2, axis=axis, num_outputs=2, exact=True)
        elif size % 2 == 0:
            g.add("Split", [x], outputs=2, axis=axis, exact=True)
    elif g.opset < 13:
        g.add("Split", [x], outputs=2, axis=axis, split=sizes, exact=True)
    else:
        g.add("Split", [x, g.ints(*sizes)], outputs=2, axis=axis - (x.rank if g.chance(3) else 0), exact=True)


def concat(g):
    x = g.tensor(kind=DATA, min_rank=1)
    axis = g.between(0, x.rank - 1)
    others = []
    for _ in range(g.between(0, 2)):
        if g.chance(2):
            others.append(g.tensor(dtype=x.dtype, rank=x.rank))
        else:
            shape = list(x.shape)
            shape[axis] = g.between(0 if g.chance(5) else 1, 3)
            others.append(g.weights(shape, x.dtype))
    g.add("Concat", [x, *others], axis=axis - (x.rank if g.chance(3) else 0), exact=True)


def pad(g):
    x = g.tensor(kind="fi" if g.opset >= 11 else "f", min_rank=1)
    mode = g.one_of(["constant", "constant", "reflect", "edge"] + (["wrap"] if g.opset >= 19 else []))
    low = -1 if mode == "constant" and g.chance(4) else 0
    high = 2 if mode == "constant" or mode == "edge" else max(min(x.shape) - 1, 0)
    pads = [g.between(low, min(high, 2)) for _ in range(2 * x.rank)]
    if g.opset < 11:
        g.add("Pad", [x], mode=mode, pads=pads, value=1.5 if g.chance(2) else None, exact=True)
        return
    value = g.constant(np.array(2, x.dtype)) if mode == "constant" and g.chance(2) else None
    if g.opset >= 18 and g.chance(3):
        axis = g.between(-x.rank, x.rank - 1)
        g.add("Pad", [x, g.ints(pads[0], pads[x.rank]), value, g.ints(axis)], mode=mode, exact=True)
    else:
        g.add("Pad", [x, g.ints(*pads), value], mode=mode, exact=True)


def tile(g):
    x = g.tensor(kind=DATA, min_rank=1, max_rank=4)
    g.add("Tile", [x, g.ints(*[g.one_of([1, 1, 2, 3]) for _ in x.shape])], exact=True)


def indices_for(g, size, shape, negative=True):
    if size == 0:
        raise Unfit
    low = -size if negative and g.opset >= 11 else 0
    array = g.random.integers(low, size, shape).astype(g.one_of([np.int32, np.int64]))
    return g.constant(array)


def gather(g):
    x = g.tensor(kind=DATA, min_rank=1)
    axis = g.between(0, x.rank - 1)
    shape = [g.between(0 if g.chance(6) else 1, 3) for _ in range(g.between(0, 2))]
    g.add("Gather", [x, indices_for(g, x.shape[axis], shape)], axis=axis, exact=True)


def gather_elements(g):
    x = g.tensor(kind=DATA, min_rank=1)
    axis = g.between(0, x.rank - 1)
    shape = [g.between(1, max(s, 1)) for s in x.shape]
    shape[axis] = g.between(1, 4)
    g.add("GatherElements", [x, indices_for(g, x.shape[axis], shape)], axis=axis, exact=True)


def gather_nd(g):
    x = g.tensor(kind=DATA, min_rank=2)
    batch = g.between(0, 1) if g.opset >= 12 else 0
    depth = g.between(1, x.rank - batch)
    if 0 in x.shape:
        raise Unfit
    lead = list(x.shape[:batch]) + [g.between(1, 3)]
    columns = [g.random.integers(0, x.shape[batch + i], lead) for i in range(depth)]
    g.add("GatherND", [x, g.constant(np.stack(columns, -1).astype(np.int64))],
          batch_dims=batch if g.opset >= 12 else None, exact=True)


def reduction(g):
    choices = ["none"] + (["add", "mul"] if g.opset >= 16 else []) + (["max", "min"] if g.opset >= 18 else [])
    return g.one_of(choices)


def scatter_elements(g):
    x = g.tensor(kind="fi", min_rank=1)
    axis = g.between(0, x.rank - 1)
    if 0 in x.shape:
        raise Unfit
    how = reduction(g)
    shape = [g.between(1, s) for s in x.shape]
    if how == "none":  # no place twice
        shape[axis] = 1
    indices = indices_for(g, x.shape[axis], shape)
    updates = g.weights(shape, x.dtype)
    g.add("ScatterElements", [x, indices, updates], axis=axis, reduction=how if g.opset >= 16 else None,
          exact=how in ("none", "min", "max"), length=4)


def scatter_nd(g):
    x = g.tensor(kind="fi", min_rank=1)
    if 0 in x.shape:
        raise Unfit
    how = reduction(g)
    rows = 1 if how == "none" else g.between(1, 3)
    depth = g.between(1, x.rank)
    columns = [g.random.integers(0, x.shape[i], rows) for i in range(depth)]
    updates = g.weights([rows, *x.shape[depth:]], x.dtype)
    g.add("ScatterND", [x, g.constant(np.stack(columns, -1).astype(np.int64)), updates],
          reduction=how if g.opset >= 16 else None, exact=how in ("none", "min", "max"), length=4)


def compress(g):
    x = g.tensor(kind=DATA, min_rank=1)
    if g.chance(4):
        g.add("Compress", [x, g.constant(g.numbers([g.between(1, x.runs[0].size or 1)], bool, 0, 1))], exact=True)
    else:
        axis = g.between(0, x.rank - 1)
        g.add("Compress", [x, g.constant(g.numbers([g.between(1, x.shape[axis] or 1)], bool, 0, 1))], axis=axis,
              exact=True)


def reverse_sequence(g):
    x = g.tensor(kind="fi", min_rank=2)
    time = g.between(0, 1)
    lengths = g.random.integers(1, x.shape[time] + 1, x.shape[1 - time]) if x.shape[time] else None
    if lengths is None:
        raise Unfit
    g.add("ReverseSequence", [x, g.constant(lengths.astype(np.int64))], time_axis=time, batch_axis=1 - time,
          exact=True)


def depth_to_space(g):
    block = 2
    x = g.input([g.between(1, 2), block * block * g.between(1, 2), g.between(1, 3), g.between(1, 3)])
    g.add("DepthToSpace", [x], blocksize=block, mode=g.one_of(["DCR", "CRD"]) if g.opset >= 11 else None, exact=True)


def space_to_depth(g):
    x = g.input([g.between(1, 2), g.between(1, 3), 2 * g.between(1, 3), 2 * g.between(1, 3)])
    g.add("SpaceToDepth", [x], blocksize=2, exact=True)


def shape(g):
    x = g.tensor()
    if g.opset >= 15 and g.chance(2):
        g.add("Shape", [x], start=g.between(-x.rank - 1, x.rank), end=g.between(-x.rank, x.rank + 1), exact=True)
    else:
        g.add("Shape", [x], exact=True)


def size(g):
    g.add("Size", [g.tensor()], exact=True)


def constant_of_shape(g):
    x = g.tensor(max_rank=3)
    shape, = g.add("Shape", [x], exact=True, keep=False)
    import ort
    value = np.array([3]).astype(g.one_of([np.float32, np.int64, np.int32, bool, np.float64]))
    g.add("ConstantOfShape", [shape], value=ort.numpy_helper.from_array(value) if g.chance(2) else None, exact=True)


def range_(g):
    dtype = g.one_of([np.float32, np.int32, np.int64, np.float64])
    start, limit = g.between(-4, 4), g.between(-4, 8)
    delta = g.one_of([1, 2, -1, 3])
    parts = [g.constant(np.array(v, dtype)) for v in (start, limit, delta)]
    g.add("Range", parts, exact=True)


def range_of_extent(g):
    x = g.tensor(min_rank=1)
    shape, = g.add("Shape", [x], exact=True, keep=False)
    extent, = g.add("Gather", [shape, g.constant(np.array(0, np.int64))], exact=True, keep=False)
    g.add("Range", [g.constant(np.array(0, np.int64)), extent, g.constant(np.array(1, np.int64))], exact=True)


def eye_like(g):
    x = g.tensor(kind="fi", rank=2)
    import ort
    dtype = g.one_of([None, np.float32, np.int64, np.int32])
    g.add("EyeLike", [x], k=g.between(-2, 2),
          dtype=None if dtype is None else ort.helper.np_dtype_to_tensor_dtype(np.dtype(dtype)), exact=True)


def trilu(g):
    x = g.tensor(kind="fi", min_rank=2)
    k = g.constant(np.array(g.between(-2, 2), np.int64)) if g.chance(2) else None
    g.add("Trilu", [x, k], upper=g.between(0, 1), exact=True)


def one_hot(g):
    x = g.tensor(dtype=np.int64, max_rank=3)
    depth = g.constant(np.array(g.between(1, 5), np.int64))
    values = g.constant(g.numbers([2], g.one_of([np.float32, np.int64, np.int32]), -2, 2))
    g.add("OneHot", [x, depth, values], axis=g.between(-x.rank - 1, x.rank), exact=True)


def center_crop_pad(g):
    x = g.tensor(kind="fi", min_rank=1)
    axis = g.between(0, x.rank - 1)
    g.add("CenterCropPad", [x, g.ints(g.between(1, 6))], axes=[axis - (x.rank if g.chance(2) else 0)], exact=True)


def col2im(g):
    block, stride, image = [g.between(1, 2), g.between(1, 3)], [1, g.between(1, 2)], [g.between(3, 5), g.between(3, 5)]
    pads = [g.between(0, 1) for _ in range(4)]
    counts = [(image[i] + pads[i] + pads[i + 2] - block[i]) // stride[i] + 1 for i in range(2)]
    x = g.input([g.between(1, 2), g.between(1, 2) * block[0] * block[1], counts[0] * counts[1]])
    g.add("Col2Im", [x, g.ints(*image), g.ints(*block)], strides=stride, pads=pads, length=9)


def tensor_scatter(g):
    x = g.input([2, g.between(1, 2), 5, 3])
    update = g.input([2, x.shape[1], g.between(1, 3), 3])
    at = g.constant(np.array([g.between(0, 2), g.between(0, 2)], np.int64))
    g.add("TensorScatter", [x, update, at], mode=g.one_of(["linear", "circular"]), exact=True)


PRODUCTIONS = {
    "Reshape": reshape, "Reshape to computed": reshape_to_shape_of, "Flatten": flatten, "Squeeze": squeeze,
    "Unsqueeze": unsqueeze, "Expand": expand, "Transpose": transpose, "Slice": slice_, "Split": split,
    "Concat": concat, "Pad": pad, "Tile": tile, "Gather": gather, "GatherElements": gather_elements,
    "GatherND": gather_nd, "ScatterElements": scatter_elements, "ScatterND": scatter_nd, "Compress": compress,
    "ReverseSequence": reverse_sequence, "DepthToSpace": depth_to_space, "SpaceToDepth": space_to_depth,
    "Shape": shape, "Size": size, "ConstantOfShape": constant_of_shape, "Range": range_,
    "Range of an extent": range_of_extent, "EyeLike": eye_like, "Trilu": trilu, "OneHot": one_hot,
    "CenterCropPad": center_crop_pad, "Col2Im": col2im, "TensorScatter": tensor_scatter,
}
