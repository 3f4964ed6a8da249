"""Reductions, extremes, running sums, sums of products, and what counts or sorts elements."""

import numpy as np

from growth import Unfit

REDUCTIONS = ["ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin", "ReduceProd", "ReduceL1", "ReduceL2",
              "ReduceLogSum", "ReduceLogSumExp", "ReduceSumSquare"]


def reduce(op):
    def production(g):
        kind = "fi" if op in ("ReduceSum", "ReduceMax", "ReduceMin", "ReduceProd", "ReduceSumSquare") else "f"
        x = g.tensor(kind=kind)
        if x.dtype.kind == "i" and op in ("ReduceProd", "ReduceSumSquare"):  # overflow is undefined
            for run in x.runs:
                magnitudes = np.abs(run.astype(np.float64))
                with np.errstate(over="ignore"):
                    bound = np.prod(np.maximum(magnitudes, 1)) if op == "ReduceProd" else np.sum(magnitudes**2)
                if not bound < min(np.iinfo(x.dtype).max, 1 << 31):
                    raise Unfit
        if op == "ReduceLogSum":
            x, = g.add("Abs", [x], exact=True, keep=False)
        axes = sorted({g.between(0, x.rank - 1) for _ in range(g.between(1, 2))}) if x.rank else []
        if g.opset >= 11 and g.chance(2):
            axes = [a - x.rank for a in axes]
        axes = None if g.chance(4) or not axes else axes
        keep = None if g.chance(2) else g.between(0, 1)
        length = max(int(np.prod(x.shape)), 1)
        exact = op in ("ReduceMax", "ReduceMin")
        if g.opset >= (13 if op == "ReduceSum" else 18):
            noop = g.between(0, 1) if g.chance(4) else None
            g.add(op, [x, g.ints(*axes) if axes is not None else None], keepdims=keep, noop_with_empty_axes=noop,
                  exact=exact, length=length)
        else:
            g.add(op, [x], axes=axes, keepdims=keep, exact=exact, length=length)
    return production


def arg(op):
    def production(g):
        x = g.tensor(kind="fi", min_rank=1)
        axis = g.axis(x) if g.opset >= 11 else g.between(0, x.rank - 1)
        g.add(op, [x], axis=axis, keepdims=g.between(0, 1),
              select_last_index=g.between(0, 1) if g.opset >= 12 else None, exact=True)
    return production


def top_k(g):
    x = g.tensor(kind="fi" if g.opset >= 11 else "f", min_rank=1)
    axis = g.between(0, x.rank - 1)
    k = g.between(0 if g.chance(5) else 1, max(x.shape[axis], 1))
    if g.opset < 10:
        g.add("TopK", [x], outputs=2, axis=axis, k=k, exact=True)
    else:
        g.add("TopK", [x, g.ints(k)], outputs=2, axis=axis, largest=g.between(0, 1) if g.opset >= 11 else None,
              sorted=1 if g.opset >= 11 else None, exact=True)


def cumulative(op):
    def production(g):
        x = g.tensor(kind="fi", min_rank=1)
        axis = g.constant(np.array(g.axis(x), g.one_of([np.int32, np.int64])))
        g.add(op, [x, axis], exclusive=g.between(0, 1), reverse=g.between(0, 1), length=max(x.shape, default=1))
    return production


def einsum(g):
    x = g.tensor(kind="f", min_rank=1, max_rank=3)
    letters = "abc"[:x.rank]
    other = "".join(c for c in letters if g.chance(2)) + ("d" if g.chance(2) else "")
    sizes = dict(zip(letters, x.shape), d=g.between(1, 3))
    y = g.weights([sizes[c] for c in other], x.dtype) if other else None
    used = letters + "".join(c for c in other if c not in letters)
    out = "".join(c for c in g.random.permutation(list(used)) if not g.chance(3))
    terms = letters if y is None else f"{letters},{other}"
    equation = terms + ("->" + out if g.chance(2) else "")
    g.add("Einsum", [x, y] if y is not None else [x], equation=equation, length=max(int(np.prod(x.shape)), 1))


def unique(g):
    x = g.tensor(kind="fi", min_rank=1)
    if any(run.size == 0 for run in x.runs):
        raise Unfit  # ONNX Runtime crashes
    if any(bound is not None for bound in x.bounds):
        raise Unfit  # numbers that are nearly equal are or are not
    axis = g.axis(x) if g.chance(2) else None
    g.add("Unique", [x], outputs=4, axis=axis, sorted=g.between(0, 1), exact=True)


def non_zero(g):
    g.add("NonZero", [g.tensor(kind="fib", min_rank=1)], exact=True)


def non_max_suppression(g):
    boxes, classes = g.between(1, 8), g.between(1, 3)
    corners = np.round(g.random.uniform(0, 8, (1, boxes, 4)) * 4) / 4
    x = g.constant(corners.astype(np.float32))
    scores = g.input([1, classes, boxes], low=0, high=1)
    g.add("NonMaxSuppression",
          [x, scores, g.ints(g.between(0, 4)), g.constant(np.array([0.375], np.float32)),
           g.constant(np.array([0.25], np.float32)) if g.chance(2) else None],
          center_point_box=g.between(0, 1), exact=True)


def determinant(g):
    size = g.between(1, 4)
    g.add("Det", [g.input([g.between(1, 3), size, size], low=-2, high=2)], length=size)


PRODUCTIONS = {
    **{op: reduce(op) for op in REDUCTIONS},
    "ArgMax": arg("ArgMax"), "ArgMin": arg("ArgMin"), "TopK": top_k, "CumSum": cumulative("CumSum"),
    "CumProd": cumulative("CumProd"), "Einsum": einsum, "Unique": unique, "NonZero": non_zero,
    "NonMaxSuppression": non_max_suppression, "Det": determinant,
}
