"""A random graph that grows node by node, each evaluated by ONNX Runtime as soon as it is there.

Every value is known for every run (set of input shapes) of the graph, together with a bound on its error: how
far two correct implementations may lie apart. The bound is measured, not guessed: an operator is run again on
operands that are disturbed by their own bounds and, unless it is exact, by the rounding that a sum of `length`
terms makes; twice the largest change of the result bounds the result's error. An operator whose result jumps
under such a disturbance (a comparison of equal sums, an index) is not taken.
"""

import dataclasses

import numpy as np
from onnx import helper

import deviations
import ort

TRIALS = 2  # pairs, one disturbed opposite to the other
EXACT_TRIALS = 4  # where the result may jump
ULPS = 16  # of what elementary functions may be wrong by, on each side
LIMIT = {np.dtype(np.float16): 0.2, np.dtype(np.float32): 0.05, np.dtype(np.float64): 0.05}


class Unfit(Exception):
    """The production does not fit the graph as it is; another one is tried."""


@dataclasses.dataclass
class Value:
    name: str
    runs: list  # an array (or a list of arrays) for each run
    bounds: list  # like runs: absolute errors of floats; None: exact
    constant: bool = False

    @property
    def is_sequence(self):
        return isinstance(self.runs[0], list)

    @property
    def dtype(self):
        return self.runs[0].dtype

    @property
    def shape(self):
        return self.runs[0].shape

    @property
    def rank(self):
        return self.runs[0].ndim

    @property
    def is_float(self):
        return not self.is_sequence and self.dtype.kind == "f"

    @property
    def is_static(self):
        return all(run.shape == self.shape for run in self.runs)


@dataclasses.dataclass
class Step:
    """One node with what it reads and gives."""

    node: object
    inputs: list  # Values, captured ones included, constants too
    outputs: list
    length: int
    exact: bool
    slack: float = 0  # what results may be wrong by in any case, where they are differences of larger numbers


class Growth:
    def __init__(self, random, opset, runs):
        self.random = random
        self.opset = opset
        self.run_count = runs
        self.symbols = {}  # name → size in each run
        self.values = []  # what nodes may take
        self.inputs = []
        self.input_dims = {}
        self.constants = {}
        self.steps = []
        self.deviating = set()  # names of what nothing may be built on
        self.count = 0

    # --- names, inputs, constants ---
    def fresh(self, prefix="v"):
        self.count += 1
        return f"{prefix}{self.count}"

    def numbers(self, shape, dtype, low, high):
        dtype = np.dtype(dtype)
        source = self.random
        if dtype.kind == "b":
            return source.integers(0, 2, shape).astype(bool)
        if dtype.kind in "iu":
            info = np.iinfo(dtype)
            low, high = max(int(low), info.min), min(int(high), info.max)
            return source.integers(low, high + 1, shape).astype(dtype)
        values = source.uniform(low, high, shape)
        if source.integers(4) == 0:  # ties, zeros and halves
            values = np.round(values * 2) / 2
        return values.astype(dtype)

    def input(self, dims, dtype=np.float32, low=-2, high=2):
        """A graph input; `dims` are numbers or names of symbols."""
        name = self.fresh("x")
        shapes = [[self.symbols[d][r] if isinstance(d, str) else d for d in dims] for r in range(self.run_count)]
        runs = [self.numbers(shape, dtype, low, high) for shape in shapes]
        value = Value(name, runs, [None] * self.run_count)
        self.inputs.append(value)
        self.input_dims[name] = list(dims)
        self.values.append(value)
        return value

    def constant(self, array):
        name = self.fresh("c")
        array = np.asarray(array)
        self.constants[name] = array
        return Value(name, [array] * self.run_count, [None] * self.run_count, constant=True)

    def ints(self, *numbers):
        return self.constant(np.array(numbers, np.int64))

    def weights(self, shape, dtype=np.float32, low=-1, high=1):
        """Numbers that an operator needs: a constant, or now and then an input."""
        if self.random.integers(4) == 0:
            return self.input(list(shape), dtype, low, high)
        return self.constant(self.numbers(shape, dtype, low, high))

    # --- choices ---
    def chance(self, one_in):
        return self.random.integers(one_in) == 0

    def between(self, low, high):
        return int(self.random.integers(low, high + 1))

    def one_of(self, choices):
        return choices[int(self.random.integers(len(choices)))]

    def pick(self, wanted):
        """A value for which `wanted` holds, a recent one rather than an old one."""
        fitting = [v for v in self.values if wanted(v)]
        if not fitting:
            raise Unfit
        if self.chance(2):
            fitting = fitting[-3:]
        return self.one_of(fitting)

    def tensor(self, rank=None, kind=None, min_rank=0, max_rank=99, dtype=None):
        """A tensor of that rank whose dtype kind is among the letters of `kind` (f, i, u, b)."""
        return self.pick(lambda v: not v.is_sequence and (rank is None or v.rank == rank)
                         and min_rank <= v.rank <= max_rank
                         and (kind is None or v.dtype.kind in kind)
                         and (dtype is None or v.dtype == dtype))

    def axis(self, value, rank=None):
        rank = value.rank if rank is None else rank
        if rank == 0:
            raise Unfit
        return self.between(-rank, rank - 1)

    # --- nodes ---
    def add(self, op_type, inputs, outputs=1, length=1, exact=False, captured=(), keep=True, slack=0,
            **attributes):
        """Adds a node and returns its results; Unfit when ONNX Runtime refuses it or the result is unstable.
        `inputs` may hold None for operands that are left out, `captured` names what its graphs use."""
        names = [self.fresh() for _ in range(outputs)]
        attributes = {k: v for k, v in attributes.items() if v is not None}
        node = helper.make_node(op_type, [v.name if v is not None else "" for v in inputs], names, **attributes)
        used = []
        for value in [*inputs, *captured]:
            if value is not None and all(value is not u for u in used):
                used.append(value)
        step = Step(node, used, [], length, exact, slack)
        if any(v.name in self.deviating for v in used):
            raise Unfit
        if deviations.deviates(step):
            if not self.chance(8):
                raise Unfit
            self.deviating.update(names)
        step.outputs = self.evaluate(step, names)
        self.steps.append(step)
        if keep and not self.deviating.intersection(names):
            self.values.extend(step.outputs)
        return step.outputs

    def evaluate(self, step, names):
        variable = [v for v in step.inputs if not v.constant]
        constants = {v.name: v.runs[0] for v in step.inputs if v.constant}
        proto = ort.model([step.node], [ort.describe(v.name, v.runs[0]) for v in variable],
                          [ort.untyped(name) for name in names], constants, self.opset)
        try:
            session = ort.Session(proto)
        except Exception as error:  # noqa: BLE001: whatever ONNX Runtime throws means no
            raise Unfit(str(error)) from None
        results = [Value(name, [], []) for name in names]
        for run in range(self.run_count):
            exact = {v.name: v.runs[run] for v in variable}
            try:
                outputs = session.run(exact)
                trials = [session.run(feeds) for _ in range(EXACT_TRIALS if step.exact else TRIALS)
                          for feeds in self.disturbed(step, variable, run)]
            except Exception as error:  # noqa: BLE001
                raise Unfit(str(error)) from None
            for i, result in enumerate(results):
                result.runs.append(outputs[i])
                result.bounds.append(self.bound(step, outputs[i], [t[i] for t in trials]))
        return results

    def disturbed(self, step, variable, run):
        """Operands a little off, and as much off the other way."""
        pair = {}, {}
        for value in variable:
            for feeds, array in zip(pair, self.disturb(value.runs[run], value.bounds[run], step)):
                feeds[value.name] = array
        return pair

    def disturb(self, array, bound, step):
        if isinstance(array, list):
            bounds = bound if bound is not None else [None] * len(array)
            pairs = [self.disturb(a, b, step) for a, b in zip(array, bounds)]
            return [a for a, _ in pairs], [b for _, b in pairs]
        if array.dtype.kind != "f":
            return array, array
        size = np.zeros(array.shape) if bound is None else bound
        if not step.exact:
            size = size + np.finfo(array.dtype).eps * step.length * np.abs(array.astype(np.float64))
        with np.errstate(all="ignore"):
            wide = array.astype(np.float64)
            shift = (self.random.integers(0, 2, array.shape) * 2 - 1) * size
            # What may be 0 is 0 now and then, which matters to what asks for that.
            vanishes = (np.abs(wide) <= size) & (self.random.integers(0, 2, array.shape) == 0)
            return tuple(np.asarray(np.where(vanishes, 0, wide + d)).astype(array.dtype) for d in (shift, -shift))

    def bound(self, step, result, trials):
        """What the result may be wrong by; Unfit when it is not stable."""
        if isinstance(result, list):
            if any(len(t) != len(result) for t in trials):
                raise Unfit
            return [self.bound(step, r, [t[i] for t in trials]) for i, r in enumerate(result)]
        if any(t.shape != result.shape for t in trials):
            raise Unfit
        if result.dtype.kind != "f":
            if any(not np.array_equal(t, result) for t in trials):
                raise Unfit
            return None
        wide = result.astype(np.float64)
        finite = np.isfinite(wide)
        bound = np.zeros(wide.shape)
        for trial in trials:
            other = trial.astype(np.float64)
            if not np.array_equal(np.isfinite(other), finite):
                raise Unfit
            with np.errstate(all="ignore"):
                bound = np.maximum(bound, np.where(finite, 2 * np.abs(other - wide), 0))
        if step.exact and not bound.any():
            return None
        if not finite.all() and not self.chance(5):
            raise Unfit
        if not step.exact:
            bound = bound + step.slack + np.where(finite, ULPS * np.finfo(result.dtype).eps * np.abs(wide), 0)
        if bound.size:
            # Errors of neighbours are alike; a few trials see the largest one.
            bound = np.maximum(bound, np.max(bound) / 4)
            largest = np.max(np.abs(np.where(finite, wide, 0)))
            if np.max(bound) > LIMIT[result.dtype] * largest + 1e-30 or largest > np.finfo(result.dtype).max / 1e4:
                raise Unfit
        return bound

    # --- the whole graph ---
    def model(self, outputs, declared_dims=True):
        """The ONNX model with these results, and the steps that they need."""
        needed = {v.name for v in outputs}
        steps = []
        for step in reversed(self.steps):
            if any(o.name in needed for o in step.outputs):
                steps.append(step)
                needed.update(v.name for v in step.inputs)
        steps.reverse()
        inputs = [ort.describe(v.name, v.runs[0], self.input_dims[v.name] if declared_dims else None)
                  for v in self.inputs if v.name in needed]
        constants = {k: v for k, v in self.constants.items() if k in needed}
        results = [ort.describe(v.name, v.runs[0]) for v in outputs]
        return ort.model([s.node for s in steps], inputs, results, constants, self.opset)
