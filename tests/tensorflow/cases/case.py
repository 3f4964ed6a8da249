"""A case's inputs, and the list of all cases. TensorFlow is imported here, and told to be quiet."""

import os

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"

import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402

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
