"""A thin layer over onnx.helper for writing networks layer by layer.

Layers are named as PyTorch names modules ("layer1.0.conv1"), and their tensors as its state dict does ("layer1.0.conv1.weight").
A tensor comes from the mapping given to the builder, or else from a generator seeded with the tensor's name: the same name always
gets the same numbers, whatever else the network holds.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

Shape = Sequence[int | str]

OPSET = 17
IR_VERSION = 8

# Mean square of f(x) where that of x is 1. Channels of random convolutional networks differ in scale, which brings the swish (0.36
# for normal x) nearer to the rectifier.
_POWER_AFTER = {"Relu": 0.5, "Clip": 0.49, "Swish": 0.39, "Gelu": 0.425, "Sigmoid": 0.293, "Tanh": 0.394}


@dataclass(frozen=True)
class Value:
    """A tensor of the network being built.

    `features` is the extent of its feature axis: axis 1 of images, the last axis of token sequences.
    `power` is the expected mean square of its elements. Each weight is scaled by it, so that layers give elements of about unit
    variance at any depth, also behind residual additions.
    """

    name: str
    features: int
    power: float = 1.0


class NetBuilder:
    """Collects nodes and tensors; `model()` returns the finished, checked ONNX model."""

    def __init__(self, name: str, tensors: Mapping[str, NDArray] | None = None) -> None:
        self._name = name
        self._tensors = tensors
        self._scopes: list[str] = []
        self._counts: Counter[str] = Counter()
        self._nodes: list[onnx.NodeProto] = []
        self._initializers: dict[str, onnx.TensorProto] = {}
        self._inputs: list[onnx.ValueInfoProto] = []
        self._outputs: list[onnx.ValueInfoProto] = []

    # ---- names, inputs, outputs, tensors

    @contextmanager
    def scope(self, name: str) -> Iterator[None]:
        self._scopes.append(name)
        try:
            yield
        finally:
            self._scopes.pop()

    def input(self, name: str, shape: Shape, features: int, dtype: int = TensorProto.FLOAT) -> Value:
        self._inputs.append(helper.make_tensor_value_info(name, dtype, list(shape)))
        return Value(name, features)

    def output(self, name: str, value: Value, shape: Shape, dtype: int = TensorProto.FLOAT) -> None:
        """Makes `value` an output of the network and gives it `name`."""
        for node in self._nodes:
            node.input[:] = [name if i == value.name else i for i in node.input]
            node.output[:] = [name if o == value.name else o for o in node.output]
        self._outputs.append(helper.make_tensor_value_info(name, dtype, list(shape)))

    def constant(self, name: str, array: NDArray) -> str:
        """Adds `array` as an initializer; returns its full name."""
        return self._add_initializer(self._path(name), array)

    def normal(self, name: str, shape: Sequence[int], std: float, mean: float = 0.0) -> str:
        return self._parameter(name, shape, lambda rng: mean + std * rng.standard_normal(shape, dtype=np.float32))

    def uniform(self, name: str, shape: Sequence[int], low: float, high: float) -> str:
        return self._parameter(name, shape, lambda rng: low + (high - low) * rng.random(shape, dtype=np.float32))

    # ---- any operator

    def node(self, op: str, inputs: Sequence[Value | str], *, name: str | None = None, features: int | None = None,
             power: float | None = None, **attributes: Any) -> Value:
        """Adds one node with one output. `features` and `power` default to those of the first input."""
        full_name = self._path(name) if name else self._unique(op.lower())
        names = [i.name if isinstance(i, Value) else i for i in inputs]
        self._nodes.append(helper.make_node(op, names, [full_name], name=full_name, **attributes))
        first = next((i for i in inputs if isinstance(i, Value)), Value("", 0))
        return Value(full_name, first.features if features is None else features,
                     first.power if power is None else power)

    def scalar(self, name: str, value: float) -> str:
        return self.constant(name, np.array(value, np.float32))

    def reshape(self, x: Value, shape: Sequence[int], features: int) -> Value:
        """Reshape by ONNX's rules: 0 keeps an extent, -1 takes what is left."""
        return self.node("Reshape", [x, self._shape_constant(shape)], features=features)

    def transpose(self, x: Value, order: Sequence[int], features: int | None = None) -> Value:
        return self.node("Transpose", [x], features=features, perm=list(order))

    def split(self, x: Value, features: Sequence[int], axis: int) -> list[Value]:
        """Cuts the feature axis of `x`, which is its `axis`, into parts of the given extents."""
        name = self._unique("split")
        parts = [f"{name}.{i}" for i in range(len(features))]
        sizes = self.constant("split_sizes", np.array(features, np.int64))
        self._nodes.append(helper.make_node("Split", [x.name, sizes], parts, name=name, axis=axis))
        return [Value(part, extent, x.power) for part, extent in zip(parts, features)]

    def add(self, a: Value, b: Value) -> Value:
        return self.node("Add", [a, b], power=a.power + b.power)

    def mul(self, a: Value, b: Value) -> Value:
        return self.node("Mul", [a, b], power=a.power * b.power)

    # ---- layers of convolutional networks

    def conv(self, name: str, x: Value, channels: int, kernel: int, *, stride: int = 1, pad: int | None = None,
             groups: int = 1, bias: bool = False) -> Value:
        """2-D convolution; the padding defaults to what keeps the size at stride 1."""
        pad = kernel // 2 if pad is None else pad
        taps = x.features // groups * kernel * kernel
        with self.scope(name):
            inputs: list[Value | str] = [x]
            inputs.append(self.normal("weight", [channels, x.features // groups, kernel, kernel],
                                      (taps * x.power) ** -0.5))
            if bias:
                inputs.append(self.normal("bias", [channels], 0.05))
        return self.node("Conv", inputs, name=name, features=channels, power=1.0, kernel_shape=[kernel] * 2,
                         strides=[stride] * 2, pads=[pad] * 4, dilations=[1, 1], group=groups)

    def batch_norm(self, name: str, x: Value, epsilon: float = 1e-5) -> Value:
        """BatchNormalization in inference form, with statistics near those of its input."""
        shape = [x.features]
        with self.scope(name):
            inputs: list[Value | str] = [
                x, self.uniform("weight", shape, 0.8, 1.2), self.normal("bias", shape, 0.1),
                self.normal("running_mean", shape, 0.1), self.uniform("running_var", shape, 0.8, 1.2)]
        return self.node("BatchNormalization", inputs, name=name, power=1.0, epsilon=epsilon)

    def relu(self, x: Value) -> Value:
        return self.node("Relu", [x], power=x.power * _POWER_AFTER["Relu"])

    def relu6(self, x: Value) -> Value:
        return self.node("Clip", [x, self.scalar("zero", 0.0), self.scalar("six", 6.0)], power=_POWER_AFTER["Clip"])

    def sigmoid(self, x: Value) -> Value:
        return self.node("Sigmoid", [x], power=_POWER_AFTER["Sigmoid"])

    def swish(self, x: Value) -> Value:
        """x * sigmoid(x), as the two nodes that exporters write."""
        return self.node("Mul", [x, self.sigmoid(x)], power=x.power * _POWER_AFTER["Swish"])

    def max_pool(self, x: Value, kernel: int, stride: int, pad: int = 0) -> Value:
        return self.node("MaxPool", [x], power=x.power * (1.9 if kernel == 2 else 4.0), kernel_shape=[kernel] * 2,
                         strides=[stride] * 2, pads=[pad] * 4)

    def global_average_pool(self, x: Value) -> Value:
        return self.node("GlobalAveragePool", [x], power=x.power * 0.4)

    def flatten(self, x: Value, features: int) -> Value:
        return self.node("Flatten", [x], features=features, axis=1)

    def gemm(self, name: str, x: Value, features: int) -> Value:
        """Fully connected layer on [N, features], weight stored as [out, in]."""
        with self.scope(name):
            inputs: list[Value | str] = [
                x, self.normal("weight", [features, x.features], (x.features * x.power) ** -0.5),
                self.normal("bias", [features], 0.05)]
        return self.node("Gemm", inputs, name=name, features=features, power=1.0, transB=1)

    # ---- layers of transformers

    def linear(self, name: str, x: Value, features: int) -> Value:
        """MatMul and Add on the last axis, weight stored as [in, out]."""
        with self.scope(name):
            weight = self.normal("weight", [x.features, features], (x.features * x.power) ** -0.5)
            product = self.node("MatMul", [x, weight], features=features, power=1.0)
            return self.node("Add", [product, self.normal("bias", [features], 0.05)])

    def layer_norm(self, name: str, x: Value, epsilon: float, decomposed: bool = False) -> Value:
        """LayerNormalization on the last axis, as one node or as the nodes that exporters wrote before opset 17."""
        with self.scope(name):
            gain = self.uniform("weight", [x.features], 0.8, 1.2)
            bias = self.normal("bias", [x.features], 0.1)
            if not decomposed:
                return self.node("LayerNormalization", [x, gain, bias], power=1.0, axis=-1, epsilon=epsilon)
            centred = self.node("Sub", [x, self.node("ReduceMean", [x], axes=[-1], keepdims=1)])
            square = self.node("Pow", [centred, self.scalar("two", 2.0)])
            variance = self.node("ReduceMean", [square], axes=[-1], keepdims=1)
            deviation = self.node("Sqrt", [self.node("Add", [variance, self.scalar("epsilon", epsilon)])])
            scaled = self.node("Mul", [self.node("Div", [centred, deviation]), gain])
            return self.node("Add", [scaled, bias], power=1.0)

    def gelu(self, x: Value) -> Value:
        """The exact form, x / 2 * (1 + erf(x / sqrt 2))."""
        with self.scope(self._local("gelu")):
            erf = self.node("Erf", [self.node("Div", [x, self.scalar("sqrt2", 2.0 ** 0.5)])])
            gate = self.node("Add", [erf, self.scalar("one", 1.0)])
            product = self.node("Mul", [x, gate])
            return self.node("Mul", [product, self.scalar("half", 0.5)], power=x.power * _POWER_AFTER["Gelu"])

    def attend(self, query: Value, key: Value, value: Value, heads: int, mask: Value | None = None) -> Value:
        """Scaled dot-product attention of [N, tokens, features] tensors; `mask` is added to the scores."""
        size = query.features // heads

        def split(x: Value, order: Sequence[int]) -> Value:
            return self.transpose(self.reshape(x, [0, 0, heads, size], size), order)

        scores = self.node("MatMul", [split(query, [0, 2, 1, 3]), split(key, [0, 2, 3, 1])])
        scores = self.node("Div", [scores, self.scalar("sqrt_size", size ** 0.5)])
        if mask is not None:
            scores = self.node("Add", [scores, mask])
        weights = self.node("Softmax", [scores], axis=-1)
        mixed = self.node("MatMul", [weights, split(value, [0, 2, 1, 3])], features=size, power=0.05)
        return self.reshape(self.transpose(mixed, [0, 2, 1, 3]), [0, 0, query.features], query.features)

    # ---- the result

    def model(self) -> onnx.ModelProto:
        graph = helper.make_graph(self._nodes, self._name, self._inputs, self._outputs,
                                  list(self._initializers.values()))
        model = helper.make_model(graph, producer_name="tenon", ir_version=IR_VERSION,
                                  opset_imports=[helper.make_opsetid("", OPSET)])
        onnx.checker.check_model(model)
        onnx.shape_inference.infer_shapes(model, check_type=True, strict_mode=True)
        return model

    def save(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(self.model().SerializeToString(deterministic=True))

    # ---- inside

    def _path(self, name: str) -> str:
        return ".".join([*self._scopes, name])

    def _local(self, kind: str) -> str:
        path = self._path(kind)
        count = self._counts[path]
        self._counts[path] += 1
        return f"{kind}_{count}" if count else kind

    def _unique(self, kind: str) -> str:
        return self._path(self._local(kind))

    def _shape_constant(self, shape: Sequence[int]) -> str:
        name = "shape_" + "_".join(str(d) for d in shape).replace("-", "m")
        return self._add_initializer(name, np.array(shape, np.int64))

    def _parameter(self, name: str, shape: Sequence[int], draw: Callable[[np.random.Generator], NDArray]) -> str:
        path = self._path(name)
        if self._tensors is None:
            digest = hashlib.sha256(path.encode()).digest()
            rng = np.random.Generator(np.random.PCG64(int.from_bytes(digest[:16], "little")))
            return self._add_initializer(path, draw(rng).astype(np.float32))
        if path not in self._tensors:
            raise KeyError(f"no tensor '{path}' was given for network '{self._name}'")
        array = np.asarray(self._tensors[path])
        if list(array.shape) != list(shape):
            raise ValueError(f"tensor '{path}' has shape {list(array.shape)}, the layer wants {list(shape)}")
        return self._add_initializer(path, array)

    def _add_initializer(self, name: str, array: NDArray) -> str:
        tensor = numpy_helper.from_array(np.asarray(array, order="C"), name)
        known = self._initializers.setdefault(name, tensor)
        if known.raw_data != tensor.raw_data:
            raise ValueError(f"two different tensors are named '{name}'")
        return name
