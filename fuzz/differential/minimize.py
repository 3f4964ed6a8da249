"""Cuts a failing case down: fewer nodes, whose operands become inputs of the graph."""

import copy

from case import Case
from growth import Growth


def cut(g, steps):
    """A graph of these steps alone; what others made is given as inputs."""
    small = copy.copy(g)
    made = {o.name for s in steps for o in s.outputs}
    small.steps = steps
    small.inputs = []
    small.input_dims = dict(g.input_dims)
    original = {v.name for v in g.inputs}
    seen = set()
    for step in steps:
        for value in step.inputs:
            if value.constant or value.name in made or value.name in seen:
                continue
            if value.is_sequence or value.dtype == object:
                return None
            seen.add(value.name)
            small.inputs.append(value)
            if value.name not in original:
                small.input_dims[value.name] = dims_of(value)
    outputs = [o for s in steps for o in s.outputs if not o.is_sequence and o.dtype != object]
    return Case.of(small, outputs) if outputs else None


def dims_of(value):
    """Numbers where the runs agree, names where they do not."""
    dims = []
    for axis, sizes in enumerate(zip(*(run.shape for run in value.runs))):
        dims.append(sizes[0] if len(set(sizes)) == 1 else f"{value.name}_{axis}")
    return dims


def minimize(case, fails):
    """The smallest case found that still fails: single nodes first, then whatever can be left out."""
    steps = case.growth.steps
    for step in steps:
        small = cut(case.growth, [step])
        if small is not None and fails(small):
            return small
    best, kept = case, list(steps)
    for step in list(reversed(steps)):
        fewer = [s for s in kept if s is not step]
        small = cut(case.growth, fewer) if fewer else None
        if small is not None and fails(small):
            best, kept = small, fewer
    # Again with each result alone.
    for output in list(best.outputs):
        small = Case.of(best.growth, [output])
        if fails(small):
            return small
    return best


__all__ = ["minimize", "cut", "Growth"]
