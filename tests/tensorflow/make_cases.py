#!/usr/bin/env python3
"""Writes the graphs in data/: every operator that Tenon imports, with what TensorFlow computes.

    python3 tests/tensorflow/make_cases.py tests/tensorflow/data [NAME…]

Needs TensorFlow (pip install tensorflow-cpu); the tests themselves do not. A case is one frozen GraphDef. Beside
the network it holds constants that nothing uses: "feed/<input>" for each placeholder, and "want/<output>" for each
result, in the order of the outputs.
"""

import os
import sys

from cases import control, elementwise, shapes, windows  # noqa: F401: they fill CASES
from cases.case import CASES, Feeds, tf, v1


def main():
    folder = sys.argv[1]
    for name in sys.argv[2:] or sorted(CASES):
        graph = tf.Graph()
        with graph.as_default():
            feeds = Feeds()
            CASES[name](feeds)
            guards = {op for op in graph.get_operations() if op.type == "Merge" and "AssertGuard" in op.name}
            skipped = {"Placeholder", "Const", "NoOp", "Assert", "Switch", "Exit", "NextIteration"}
            sinks = [op for op in graph.get_operations()
                     if op.type not in skipped and op.outputs and graph.is_fetchable(op) and not any(t.consumers() for t in op.outputs)]
            others = {t.op for t in feeds.computed.values()}
            sinks = [op for op in sinks if op not in others | guards]
            outputs = [t for op in sinks for t in (op.outputs[:1] if "BatchNorm" in op.type else op.outputs)
                       if t.dtype not in (tf.variant, tf.resource)]
            with v1.Session() as session:
                fetched = [feeds.computed.get(t.op.name, t) for t in outputs]
                results = session.run(fetched, {p: value for p, value in feeds.values.items()})
            for placeholder, value in feeds.values.items():
                tf.constant(value, name="feed/" + placeholder.op.name)
            for tensor, value in zip(outputs, results):
                suffix = "" if tensor.value_index == 0 else f"_port_{tensor.value_index}"
                tf.constant(value, name="want/" + tensor.op.name + suffix)
            definition = graph.as_graph_def()
            for node in definition.node:
                node.op = feeds.renames.get(node.op, node.op)
                if node.name in feeds.rewrites:
                    feeds.rewrites[node.name](node)
            if feeds.computed:  # what only computes answers is no part of the network
                names = [t.op.name for t in outputs] + [n.name for n in definition.node if n.name.startswith(("feed/", "want/"))]
                definition = v1.graph_util.extract_sub_graph(definition, names + [p.op.name for p in feeds.values])
            data = definition.SerializeToString(deterministic=True)
        with open(os.path.join(folder, name + ".pb"), "wb") as file:
            file.write(data)
        print(f"{name}: {len(data)} bytes, {len(results)} results")


main()
