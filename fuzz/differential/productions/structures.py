"""Sequences and optionals; If, Loop and Scan with nested graphs that use values from around them."""

import numpy as np
from onnx import TensorProto, helper, numpy_helper

import ort
from growth import Unfit


def sequence(g):
    x = g.tensor(kind="fi", min_rank=1)
    items = [x, g.tensor(dtype=x.dtype, rank=x.rank)]
    s, = g.add("SequenceConstruct", items, exact=True, keep=False)
    if g.chance(2):
        at = g.constant(np.array(g.between(-2, 2), np.int64)) if g.chance(2) else None
        s, = g.add("SequenceInsert", [s, g.tensor(dtype=x.dtype, rank=x.rank), at], exact=True, keep=False)
    if g.chance(3):
        s, = g.add("SequenceErase", [s, g.constant(np.array(0, np.int64)) if g.chance(2) else None], exact=True,
                   keep=False)
    g.add("SequenceLength", [s], exact=True)
    g.add("SequenceAt", [s, g.constant(np.array(g.one_of([0, -1]), np.int64))], exact=True)
    if g.chance(2):
        axis = g.between(0, x.rank - 1)
        g.add("ConcatFromSequence", [s], axis=axis, exact=True)


def split_to_sequence(g):
    x = g.tensor(kind="fi", min_rank=1)
    axis = g.between(0, x.rank - 1)
    parts = g.constant(np.array(g.between(1, 2), np.int64)) if g.chance(2) else None
    s, = g.add("SplitToSequence", [x, parts], axis=axis,
               keepdims=g.between(0, 1) if parts is None else None, exact=True, keep=False)
    g.add("SequenceAt", [s, g.constant(np.array(0, np.int64))], exact=True)
    g.add("SequenceLength", [s], exact=True)


def empty_sequence(g):
    x = g.tensor(kind="fi")
    s, = g.add("SequenceEmpty", [], dtype=ort.element_type(x.runs[0]), exact=True, keep=False)
    s, = g.add("SequenceInsert", [s, x], exact=True, keep=False)
    g.add("SequenceAt", [s, g.constant(np.array(0, np.int64))], exact=True)


def optional(g):
    x = g.tensor(kind="fi")
    o, = g.add("Optional", [x], exact=True, keep=False)
    g.add("OptionalHasElement", [o], exact=True)
    g.add("OptionalGetElement", [o], exact=True)


# --- control flow ---
# A body may subtract what rounds differently and is about 1 (a weight from a sigmoid, say), which operands that
# are a little off do not show.
CANCELLED = 4 * np.finfo(np.float32).eps


def elementwise_body(g, source, count):
    """Nodes that compute `count` steps on the value called `source`, and the name of their result."""
    nodes, name = [], source
    for _ in range(count):
        result = g.fresh("b")
        op = g.one_of(["Relu", "Neg", "Tanh", "Abs", "Sigmoid", "Mul", "Add"])
        inputs = [name, name] if op == "Mul" else [name, source] if op == "Add" else [name]
        nodes.append(helper.make_node(op, inputs, [result]))
        name = result
    return nodes, name


def if_(g):
    x = g.tensor(dtype=np.float32)
    y = g.tensor(dtype=np.float32)
    condition = g.tensor(kind="b")
    if condition.rank:
        flat, = g.add("Reshape", [condition, g.ints(-1)], exact=True, keep=False)
        condition, = g.add("Gather", [flat, g.constant(np.array(0, np.int64))], exact=True, keep=False)
    graphs = []
    for branch, value in (("then", x), ("else", y if g.chance(2) else x)):
        nodes, name = elementwise_body(g, value.name, g.between(1, 3))
        out = helper.make_tensor_value_info(name, TensorProto.FLOAT, [None] * value.rank)
        graphs.append(helper.make_graph(nodes, branch, [], [out]))
    g.add("If", [condition], captured=[x, y], then_branch=graphs[0], else_branch=graphs[1], length=4)


def loop(g):
    """Carries a value that grows or changes, and stacks one result per trip."""
    x = g.tensor(dtype=np.float32, min_rank=1, max_rank=3)
    weight = g.weights([1])
    trips = g.between(0 if g.chance(6) else 1, 3)
    grows = g.chance(3) and g.opset >= 11
    i, go, carried = g.fresh("i"), g.fresh("go"), g.fresh("s")
    nodes, name = elementwise_body(g, carried, g.between(1, 2))
    nodes.append(helper.make_node("Add", [name, weight.name], [g.fresh("b")]))
    name = nodes[-1].output[0]
    if grows:  # another shape in each trip
        nodes.append(helper.make_node("Concat", [name, carried], [g.fresh("b")], axis=0))
        name = nodes[-1].output[0]
    scanned = g.fresh("b")
    nodes.append(helper.make_node("ReduceMax", [name], [scanned], keepdims=0))
    again = g.fresh("go")
    nodes.append(helper.make_node("Identity", [go], [again]))
    if g.chance(3):  # until the iteration says so
        limit = g.fresh("k")
        nodes.insert(0, helper.make_node("Constant", [], [limit], value=numpy_helper.from_array(
            np.array(g.between(0, 2), np.int64))))
        nodes[-1] = helper.make_node("Less", [i, limit], [again])
    shape = [None] * x.rank
    body = helper.make_graph(
        nodes, "body",
        [helper.make_tensor_value_info(i, TensorProto.INT64, []),
         helper.make_tensor_value_info(go, TensorProto.BOOL, []),
         helper.make_tensor_value_info(carried, TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info(again, TensorProto.BOOL, []),
         helper.make_tensor_value_info(name, TensorProto.FLOAT, shape),
         helper.make_tensor_value_info(scanned, TensorProto.FLOAT, [])])
    g.add("Loop", [g.constant(np.array(trips, np.int64)), g.constant(np.array(True)) if g.chance(2) else None, x],
          outputs=2, captured=[weight], body=body, length=8, slack=CANCELLED)


def scan(g):
    x = g.tensor(dtype=np.float32, min_rank=1, max_rank=3)
    axis = g.between(0, x.rank - 1)
    rest = [s for i, s in enumerate(x.shape) if i != axis]
    if not x.is_static or 0 in x.shape:  # without elements ONNX Runtime crashes
        raise Unfit
    state = g.weights(rest)
    s, e = g.fresh("s"), g.fresh("e")
    total = g.fresh("b")
    nodes = [helper.make_node(g.one_of(["Add", "Max", "Sub"]), [s, e], [total])]
    more, name = elementwise_body(g, total, g.between(1, 2))
    shape = [None] * len(rest)
    body = helper.make_graph(nodes + more, "body",
                             [helper.make_tensor_value_info(s, TensorProto.FLOAT, shape),
                              helper.make_tensor_value_info(e, TensorProto.FLOAT, shape)],
                             [helper.make_tensor_value_info(total, TensorProto.FLOAT, shape),
                              helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)])
    fields = {"scan_input_axes": [axis], "scan_input_directions": [g.between(0, 1)],
              "scan_output_directions": [g.between(0, 1)]}
    if rest and g.chance(2):
        fields["scan_output_axes"] = [len(rest)]
    g.add("Scan", [state, x], outputs=2, num_scan_inputs=1, body=body, length=x.shape[axis] + 1, **fields)


def nested(g):
    """An If within a Loop, both with values from around them."""
    x = g.tensor(dtype=np.float32, min_rank=1, max_rank=2)
    bias = g.weights([1])
    i, go, carried = g.fresh("i"), g.fresh("go"), g.fresh("s")
    two, rest, odd, zero = (g.fresh("k") for _ in range(4))
    then_out, else_out, out, again = (g.fresh("b") for _ in range(4))
    shape = [None] * x.rank
    info = helper.make_tensor_value_info
    then = helper.make_graph([helper.make_node("Add", [carried, bias.name], [then_out])], "then", [],
                             [info(then_out, TensorProto.FLOAT, shape)])
    otherwise = helper.make_graph([helper.make_node("Mul", [carried, x.name], [else_out])], "else", [],
                                  [info(else_out, TensorProto.FLOAT, shape)])
    nodes = [
        helper.make_node("Constant", [], [two], value=numpy_helper.from_array(np.array(2, np.int64))),
        helper.make_node("Constant", [], [zero], value=numpy_helper.from_array(np.array(0, np.int64))),
        helper.make_node("Mod", [i, two], [rest]),
        helper.make_node("Equal", [rest, zero], [odd]),
        helper.make_node("If", [odd], [out], then_branch=then, else_branch=otherwise),
        helper.make_node("Identity", [go], [again]),
    ]
    body = helper.make_graph(nodes, "body",
                             [info(i, TensorProto.INT64, []), info(go, TensorProto.BOOL, []),
                              info(carried, TensorProto.FLOAT, shape)],
                             [info(again, TensorProto.BOOL, []), info(out, TensorProto.FLOAT, shape)])
    g.add("Loop", [g.constant(np.array(g.between(1, 3), np.int64)), None, x], captured=[bias, x], body=body, length=4,
          slack=CANCELLED)


PRODUCTIONS = {
    "sequence": sequence, "SplitToSequence": split_to_sequence, "SequenceEmpty": empty_sequence, "Optional": optional,
    "If": if_, "Loop": loop, "Scan": scan, "If in Loop": nested,
}
