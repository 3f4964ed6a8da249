"""TensorFlow's definitions of operations on images [N, spatial…, C], in numpy and double precision, for the scripts that write test
files with expected values. None of Tenon's formulas is used.
"""

from __future__ import annotations

import itertools

import numpy as np


def same_padding(size: int, kernel: int, stride: int, dilation: int) -> tuple[int, int]:
    extent = (kernel - 1) * dilation + 1
    total = max((-(-size // stride) - 1) * stride + extent - size, 0)
    return total // 2, total - total // 2


def windows(x: np.ndarray, kernel: tuple[int, ...], strides: tuple[int, ...], dilations: tuple[int, ...]) -> np.ndarray:
    """[N, out…, C, kernel…] of x [N, spatial…, C]."""
    axes = len(kernel)
    extents = tuple((k - 1) * d + 1 for k, d in zip(kernel, dilations))
    view = np.lib.stride_tricks.sliding_window_view(x, extents, tuple(range(1, axes + 1)))
    view = view[(slice(None), *(slice(None, None, s) for s in strides))]
    return view[(Ellipsis, *(slice(None, None, d) for d in dilations))]


def padded(x: np.ndarray, kernel: tuple[int, ...], strides: tuple[int, ...], dilations: tuple[int, ...], same: bool,
           padding: tuple[int, ...] | None, value: float = 0) -> np.ndarray:
    amounts = [(p, p) for p in padding] if padding else [(0, 0)] * len(kernel)
    if same:
        amounts = [same_padding(*a) for a in zip(x.shape[1:-1], kernel, strides, dilations)]
    return np.pad(x, [(0, 0), *amounts, (0, 0)], constant_values=value)


def conv(x: np.ndarray, w: np.ndarray, strides: tuple[int, ...] | None = None, dilations: tuple[int, ...] | None = None,
         same: bool = False, padding: tuple[int, ...] | None = None, groups: int = 1) -> np.ndarray:
    kernel = w.shape[:-2]
    strides, dilations = strides or (1,) * len(kernel), dilations or (1,) * len(kernel)
    view = windows(padded(x, kernel, strides, dilations, same, padding), kernel, strides, dilations)
    channels, outputs = w.shape[-2], w.shape[-1] // groups
    parts = []
    for g in range(groups):
        axes = len(kernel)
        patch = np.take(view, range(g * channels, (g + 1) * channels), axis=axes + 1)
        over = (axes + 1, *range(axes + 2, 2 * axes + 2))
        parts.append(np.tensordot(patch, w[..., g * outputs:(g + 1) * outputs], (over, (axes, *range(axes)))))
    return np.concatenate(parts, axis=-1)


def depthwise(x: np.ndarray, w: np.ndarray, strides: tuple[int, int], same: bool) -> np.ndarray:
    view = windows(padded(x, w.shape[:2], strides, (1, 1), same, None), w.shape[:2], strides, (1, 1))
    y = np.einsum("nijchw,hwcm->nijcm", view, w)
    return y.reshape(*y.shape[:3], -1)


def conv_transpose(y: np.ndarray, w: np.ndarray, size: tuple[int, int], strides: tuple[int, int], same: bool) -> np.ndarray:
    """The gradient of a convolution by its input: w [H, W, K, C], y has C channels, the result K."""
    pads = [same_padding(s, k, st, 1) if same else (0, 0) for s, k, st in zip(size, w.shape, strides)]
    whole = np.zeros((y.shape[0], *(s + a + b for s, (a, b) in zip(size, pads)), w.shape[2]))
    for i, j in itertools.product(range(y.shape[1]), range(y.shape[2])):
        a, b = i * strides[0], j * strides[1]
        whole[:, a:a + w.shape[0], b:b + w.shape[1]] += np.einsum("nc,hwkc->nhwk", y[:, i, j], w)
    return whole[:, pads[0][0]:pads[0][0] + size[0], pads[1][0]:pads[1][0] + size[1]]


def max_pool(x: np.ndarray, kernel: tuple[int, int], strides: tuple[int, int], same: bool = False) -> np.ndarray:
    return windows(padded(x, kernel, strides, (1, 1), same, None, -np.inf), kernel, strides, (1, 1)).max((-2, -1))


def avg_pool(x: np.ndarray, kernel: tuple[int, int], strides: tuple[int, int], same: bool = False) -> np.ndarray:
    total = windows(padded(x, kernel, strides, (1, 1), same, None), kernel, strides, (1, 1)).sum((-2, -1))
    ones = padded(np.ones_like(x), kernel, strides, (1, 1), same, None)
    return total / windows(ones, kernel, strides, (1, 1)).sum((-2, -1))


def softmax(x: np.ndarray, axis: int = -1) -> np.ndarray:
    e = np.exp(x - x.max(axis, keepdims=True))
    return e / e.sum(axis, keepdims=True)


def lrn(x: np.ndarray, radius: int, alpha: float, beta: float, bias: float) -> np.ndarray:
    y = np.empty_like(x)
    for c in range(x.shape[-1]):
        near = x[..., max(0, c - radius):c + radius + 1]
        y[..., c] = x[..., c] / (bias + alpha * (near**2).sum(-1)) ** beta
    return y


def to_first(x: np.ndarray) -> np.ndarray:
    return np.moveaxis(x, -1, 1)


def resized(x: np.ndarray, size: tuple[int, int], nearest: bool, corners: bool, half: bool) -> np.ndarray:
    """tf.image.resize_*: axis after axis."""
    for axis, out in zip((1, 2), size):
        n = x.shape[axis]
        scale = (n - 1) / (out - 1) if corners and out > 1 else n / out
        at = np.arange(out)
        if nearest:
            where = np.floor((at + 0.5) * scale) if half else np.floor(at * scale + 0.5) if corners else np.floor(at * scale)
            x = np.take(x, np.clip(where.astype(int), 0, n - 1), axis)
            continue
        position = (at + 0.5) * scale - 0.5 if half else at * scale
        low = np.clip(np.floor(position), 0, n - 1).astype(int)
        high = np.minimum(np.maximum(np.floor(position), -1).astype(int) + 1, n - 1)
        weight = (position - np.floor(position)).reshape([-1 if a == axis else 1 for a in range(4)])
        x = np.take(x, low, axis) * (1 - weight) + np.take(x, high, axis) * weight
    return x
