"""ONNX models made of parts, and ONNX Runtime to run them.

ONNX Runtime runs without graph optimizations on one thread, so that each operator is what it says.
"""

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

onnxruntime.set_default_logger_severity(4)

# The format that came with each opset; older opsets work in all of them.
IR_VERSION = 10


def ir_version(opset):
    return {23: 11, 24: 11}.get(opset, 13 if opset > 24 else IR_VERSION)


def element_type(array):
    return helper.np_dtype_to_tensor_dtype(array.dtype)


def describe(name, value, dims=None):
    """ValueInfoProto for a tensor or a sequence of tensors; `dims` may hold names, default: the rank alone."""
    if isinstance(value, list):
        element = value[0] if value else np.zeros((), np.float32)
        return helper.make_tensor_sequence_value_info(name, element_type(element), None)
    if dims is None:
        dims = [None] * value.ndim
    return helper.make_tensor_value_info(name, element_type(value), dims)


def model(nodes, inputs, outputs, constants, opset, name="graph"):
    graph = helper.make_graph(nodes, name, inputs, outputs,
                              [numpy_helper.from_array(array, key) for key, array in constants.items()])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)],
                             ir_version=ir_version(opset), producer_name="differential")


def untyped(name):
    """An output whose type is left to inference."""
    info = onnx.ValueInfoProto()
    info.name = name
    return info


class Session:
    def __init__(self, proto):
        options = onnxruntime.SessionOptions()
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 4
        data = proto if isinstance(proto, bytes) else proto.SerializeToString()
        self._session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])

    def run(self, feeds):
        names = {i.name for i in self._session.get_inputs()}
        return self._session.run(None, {k: v for k, v in feeds.items() if k in names})


FLOATS = (TensorProto.FLOAT, TensorProto.DOUBLE, TensorProto.FLOAT16)
