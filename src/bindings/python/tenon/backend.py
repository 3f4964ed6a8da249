"""Tenon as a backend in the form of onnx.backend.base: prepare, run_model, run_node, supports_device.

    import onnx, tenon.backend
    outputs = tenon.backend.run_model(onnx.load("model.onnx"), [image])

An engine is built when inputs of its shapes are first run; further keyword arguments are fields of
tenon.BuildOptions. Devices are "CPU", and "REFERENCE" for the slow backend that all else is tested against.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import onnx
from onnx.backend.base import Backend, BackendRep, namedtupledict

import tenon

_DEVICES = {"CPU": tenon.Device.cpu, "REFERENCE": tenon.Device.reference}


def _device(device: str) -> tenon.Device:
    kind, _, number = device.partition(":")
    if kind not in _DEVICES or number not in ("", "0"):
        raise tenon.ModelError(f"there is no device '{device}'; there are {', '.join(_DEVICES)}")
    return _DEVICES[kind]


class TenonBackendRep(BackendRep):
    """A network, and the engines built of it: one for each combination of input shapes."""

    def __init__(self, network: tenon.Network, options: tenon.BuildOptions) -> None:
        self._network = network
        self._options = options
        self._contexts: dict[tuple, tenon.Context] = {}
        self._results = namedtupledict("Outputs", [output.name for output in network.outputs])

    def run(self, inputs: Any, **kwargs: Any) -> tuple[Any, ...]:  # noqa: ARG002
        """Inputs in the model's order, or by name. Returns a named tuple."""
        infos = self._network.inputs
        if isinstance(inputs, Mapping):
            values = dict(inputs)
        else:
            # One array for a model with one input, and no trailing inputs that have a default.
            inputs = inputs if isinstance(inputs, (list, tuple)) else [inputs]
            if len(inputs) != len(infos):
                raise tenon.ModelError(f"expected {len(infos)} inputs, found {len(inputs)}")
            values = {info.name: value for info, value in zip(infos, inputs)}
        results = self._context(values).infer(values)
        return self._results(*results.values())

    def _context(self, values: Mapping[str, Any]) -> tenon.Context:
        shapes = {info.name: tuple(np.shape(values[info.name])) for info in self._network.inputs
                  if info.is_tensor and info.name in values and not info.type.endswith("[*]")}
        key = tuple(shapes.items())
        if key not in self._contexts:
            self._contexts[key] = tenon.build(self._network, self._options, shapes=shapes).create_context()
        return self._contexts[key]


class TenonBackend(Backend):
    """See onnx.backend.base.Backend."""

    @classmethod
    def prepare(cls, model: onnx.ModelProto, device: str = "CPU", **kwargs: Any) -> TenonBackendRep:
        options = tenon.BuildOptions(device=_device(device), **kwargs)
        return TenonBackendRep(tenon.Network.from_onnx(model), options)

    @classmethod
    def run_model(cls, model: onnx.ModelProto, inputs: Any, device: str = "CPU", **kwargs: Any) -> tuple[Any, ...]:
        return cls.prepare(model, device, **kwargs).run(inputs)

    @classmethod
    def run_node(cls, node: onnx.NodeProto, inputs: Any, device: str = "CPU",
                 outputs_info: Sequence[tuple[np.dtype, tuple[int, ...]]] | None = None, *,
                 opset_version: int | None = None, **kwargs: Any) -> tuple[Any, ...]:
        """Runs one operator on arrays, in the newest version that Tenon and onnx know or in opset_version."""
        super().run_node(node, inputs, device, outputs_info,
                         **({} if opset_version is None else {"opset_version": opset_version}))
        given = [name for name in node.input if name]
        if not isinstance(inputs, Mapping):
            inputs = dict(zip(given, inputs if isinstance(inputs, (list, tuple)) else [inputs]))
        arrays = {name: np.asarray(inputs[name]) for name in given}
        helper = onnx.helper
        graph = helper.make_graph(
            [node], "node",
            [helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(array.dtype), array.shape)
             for name, array in arrays.items()],
            [onnx.ValueInfoProto(name=name) for name in node.output if name])
        version = onnx.defs.onnx_opset_version() if opset_version is None else opset_version
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid(node.domain, version)])
        return cls.run_model(model, arrays, device, **kwargs)

    @classmethod
    def supports_device(cls, device: str) -> bool:
        kind, _, number = device.partition(":")
        return kind in _DEVICES and number in ("", "0")


is_compatible = TenonBackend.is_compatible
prepare = TenonBackend.prepare
run_model = TenonBackend.run_model
run_node = TenonBackend.run_node
supports_device = TenonBackend.supports_device
