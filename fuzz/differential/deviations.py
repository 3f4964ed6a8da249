"""Where ONNX Runtime is not what the standard says, or the standard says nothing: each with its reason.

NODES are operators that deviate for certain operands or attributes; what such a node gives is compared (its
differences are explained), and nothing is built on it. MESSAGES are refusals. Nothing else is left out.
"""

import re

import numpy as np
from onnx import TensorProto


def fields(step):
    return {a.name: a for a in step.node.attribute}


def on_doubles(step):
    return step.inputs[0].dtype == np.float64


def same_beyond_kernel(step):
    attributes = fields(step)
    if "auto_pad" not in attributes or not attributes["auto_pad"].s.startswith(b"SAME") or "strides" not in attributes:
        return False
    known = "kernel_shape" in attributes
    kernel = list(attributes["kernel_shape"].ints) if known else step.inputs[1].shape[2:]
    dilations = list(attributes["dilations"].ints) if "dilations" in attributes else [1] * len(kernel)
    return any(s > (k - 1) * d + 1 for s, k, d in zip(attributes["strides"].ints, kernel, dilations))


def without_room(step):
    """No window fits into the operand of a pool."""
    attributes = fields(step)
    if "auto_pad" in attributes and attributes["auto_pad"].s.startswith(b"SAME"):
        return False
    kernel = list(attributes["kernel_shape"].ints)
    dilations = list(attributes["dilations"].ints) if "dilations" in attributes else [1] * len(kernel)
    pads = list(attributes["pads"].ints) if "pads" in attributes else [0] * (2 * len(kernel))
    return any(run.shape[i + 2] + pads[i] + pads[i + len(kernel)] < (kernel[i] - 1) * dilations[i] + 1
               for run in step.inputs[0].runs for i in range(len(kernel)))


def backwards_from_before(step):
    if len(step.inputs) < 5:
        return False
    starts, axes, steps = step.inputs[1], step.inputs[3], step.inputs[4]
    return any(by < 0 and start < -run.shape[axis] for run in step.inputs[0].runs
               for start, axis, by in zip(starts.runs[0], axes.runs[0], steps.runs[0]))


def without_elements(step):
    return any(run.size == 0 for run in step.inputs[0].runs)


def without_range(step):
    return any(run.size == 0 or not run.any() for run in step.inputs[0].runs)


def extent_of_1_between_corners(step):
    return fields(step)["align_corners"].i == 1 and any(1 in run[2:] for run in step.inputs[1].runs)


def in_doubles(step):
    datatype = fields(step).get("output_datatype")
    return datatype is not None and datatype.i == TensorProto.DOUBLE


def corners_of_broken_size(step):
    """align_corners, and scales that do not give whole sizes."""
    mode = fields(step).get("coordinate_transformation_mode")
    scales = [v for v in step.inputs[1:] if v.constant and v.dtype == np.float32 and v.runs[0].size]
    return mode is not None and mode.s == b"align_corners" and any(
        not float(size * scale).is_integer() for v in scales for run in step.inputs[0].runs
        for size, scale in zip(run.shape, v.runs[0]))


def without_products(step):
    a = step.inputs[0]
    inner = a.rank - 1 if fields(step).get("transA") is None or not fields(step)["transA"].i else 0
    return any(run.shape[inner] == 0 for run in a.runs)


def squares_overflow(step):
    with np.errstate(over="ignore"):
        return any(not np.all(np.isfinite(np.square(run))) for run in step.inputs[0].runs)


def of_empty_strings(step):
    return any("" in run.ravel().tolist() for run in step.inputs[0].runs)


def always(_):
    return True


REDUCTIONS = {"ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin", "ReduceProd", "ReduceL1", "ReduceL2",
              "ReduceLogSum", "ReduceLogSumExp", "ReduceSumSquare", "ArgMax", "ArgMin"}

# (operators, for which nodes, reason)
NODES = [
    ({"Shrink"}, on_doubles, "ONNX Runtime subtracts the bias in single precision."),
    ({"Gelu", "HardSwish"}, on_doubles, "The standard's constants are floats; Tenon takes the numbers that they stand for."),
    ({"MaxPool", "AveragePool", "LpPool", "Conv", "ConvTranspose"}, same_beyond_kernel,
     "Where strides exceed the kernel, SAME_* asks for negative padding, which the standard excludes. Tenon pads by "
     "nothing, as TensorFlow does, and keeps to the standard's size of the result."),
    ({"MaxPool", "AveragePool", "LpPool"}, without_room,
     "No window fits. The standard is silent; ONNX Runtime gives an empty result or, where the stride exceeds what is "
     "missing, a window that reaches out of the operand. Tenon refuses as PyTorch does."),
    ({"Slice"}, backwards_from_before,
     "Walking backwards from before the axis: numpy, which the standard refers to, and its reference implementation "
     "give nothing; ONNX Runtime and the standard's words on clamping the first element."),
    (REDUCTIONS, without_elements,
     "Of an operand without elements ONNX Runtime returns the shape unreduced, and 0 as the mean."),
    ({"DynamicQuantizeLinear"}, without_range,
     "A range of 0 gives the scale 0 by the standard's formula; ONNX Runtime gives 1."),
    ({"AffineGrid"}, extent_of_1_between_corners,
     "The standard's formula divides by zero. Tenon gives the centre, as PyTorch does, ONNX Runtime the corner."),
    ({"HannWindow", "HammingWindow", "BlackmanWindow"}, in_doubles,
     "ONNX Runtime computes windows in single precision."),
    ({"Resize"}, corners_of_broken_size,
     "ONNX Runtime aligns the corners of the size that is rounded, the standard's reference those of extent · scale."),
    ({"StringSplit"}, of_empty_strings, "ONNX Runtime finds no parts in an empty string, the standard's reference one."),
    ({"Gemm"}, without_products, "Where there is nothing to sum ONNX Runtime forgets beta."),
    ({"LpNormalization"}, squares_overflow,
     "Squares beyond single precision: ONNX Runtime divides by infinity; Tenon sums in doubles."),
    ({"MeanVarianceNormalization"}, always,
     "The standard's formula takes the root of a difference of nearly equal numbers, which may be negative."),
]

def joins_nothing(case):
    return any(step.node.op_type.startswith("Concat") and any(v.is_sequence or v.runs[r].size == 0
                                                              for v in step.inputs for r in range(len(v.runs)))
               for step in case.growth.steps)


def reshapes_nothing(case):
    return any(step.node.op_type == "Reshape" and all(run.size == 0 for run in step.inputs[0].runs)
               for step in case.growth.steps)


def gathers_nothing(case):
    return any(step.node.op_type == "GatherND" and any(run.size == 0 for o in step.outputs for run in o.runs)
               for step in case.growth.steps)


# (pattern of the problem, what else must hold of the case, reason)
MESSAGES = [
    (r"^written.*NOT_IMPLEMENTED : Could not find an implementation", None,
     "ONNX Runtime has no kernel for the operator in the opset that models are written in."),
    (r"^written.*till opset 26|^written.*is under development", None,
     "ONNX Runtime does not know the opset that an operator needs."),
    (r"^written.*checker says: Field 'shape' of 'type' is required", None,
     "The result's rank is unknown. The standard allows a type without shape, the checker does not."),
    (r"^written.*Reshape node.*reshape_helper", None, "ONNX Runtime refuses to infer -1 for a tensor without elements."),
    (r"compress: a condition of \d+ elements for an axis of", None,
     "The standard allows conditions that are shorter than the axis; ONNX Runtime takes longer ones too."),
    (r"gather_nd: batch dims \d+: expected equal sizes", None,
     "ONNX Runtime takes indices of more batches than the data has, and leaves the rest."),
    (r"concat: (shapes .* differ beside axis|operands \d+ and \d+: dims of axis)|cpu.concat: parts do not fit",
     joins_nothing, "ONNX Runtime skips parts without elements, whatever their shape."),
    (r"reshape: \[.*\] cannot be reshaped to", reshapes_nothing,
     "The shapes agree for no values of the symbols but those that leave no elements; Tenon checks them for all."),
    (r"a window of \d+ elements does not fit into an input of", None,
     "No window fits: see the pools above."),
    (r"gather_nd: index -?\d+ is outside", gathers_nothing, "ONNX Runtime looks at no index when there is nothing to gather."),
    (r"arg_(min|max): the axis has no elements|the extreme of no elements", None, "There is no index to give; ONNX Runtime gives a shape."),
]


def deviates(step):
    """Whether nothing should be built on what the node gives."""
    return any(step.node.op_type in operators and holds(step) for operators, holds, _ in NODES)


def explain(case, problem):
    """The reason of the row that fits, or None."""
    for pattern, holds, reason in MESSAGES:
        if re.search(pattern, problem) and (holds is None or holds(case)):
            return reason
    found = re.search(r"op_type:(\w+)|: run \d+, \w+ \((\w+),", problem)
    operator = found and (found.group(1) or found.group(2))
    for operators, holds, reason in NODES:
        if operator in operators and any(s.node.op_type == operator and holds(s) for s in case.growth.steps):
            return reason
    return None
