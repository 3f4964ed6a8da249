"""Where ONNX Runtime is not what the standard says, or says less: each with its reason.

A row explains a problem when its text and the operators of the graph fit. Nothing else is left out of the
comparison.
"""

import re

# (operators that the graph must have, pattern of the problem, reason)
TABLE = []


def operators(case):
    names = set()

    def collect(graph):
        for node in graph.node:
            names.add(node.op_type)
            for attribute in node.attribute:
                if attribute.HasField("g"):
                    collect(attribute.g)

    collect(case.proto.graph)
    return names


def explain(case, problem):
    """The reason of the row that fits, or None."""
    present = None
    for needed, pattern, reason in TABLE:
        if not re.search(pattern, problem):
            continue
        present = operators(case) if present is None else present
        if needed <= present:
            return reason
    return None
