"""One random graph as a case: made from a seed, written for the runner, compared, cut down."""

import dataclasses
import pathlib

import numpy as np
import onnx

import deviations
import ort
import productions
from growth import Growth, Unfit

OPSETS = [7, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 21, 23, 24, 26]
NOTHING = {2: 6e-5, 4: 1e-18, 8: 1e-150}  # by bytes
WAYS = ("reference", "raw", "optimized")


def grow(seed):
    """The graph of a seed."""
    random = np.random.default_rng(seed)
    opset = OPSETS[int(random.integers(len(OPSETS)))]
    dynamic = random.integers(2) == 0
    g = Growth(random, opset, runs=3 if dynamic else 1)
    if dynamic:
        g.symbols = {"n": [2, 1, 3], "m": [5, 7, 4]}
        if g.chance(6):
            g.symbols["n"][2] = 0
    names = list(g.symbols)
    for _ in range(g.between(1, 3)):
        dims = [g.one_of(names) if names and g.chance(2) else g.between(1, 5) for _ in range(g.between(0, 4))]
        if not dynamic and dims and g.chance(12):
            dims[g.between(0, len(dims) - 1)] = 0
        g.input(dims, g.one_of([np.float32] * 5 + [np.float64, np.float16, np.int32, np.int64, np.uint8, np.int8, bool]),
                low=-3, high=3)
    wanted = g.between(1, 14)
    for _ in range(20 * wanted):
        if len(g.steps) >= wanted:
            break
        _, production = productions.choose(random)
        marks = len(g.steps), len(g.values), len(g.inputs)
        try:
            production(g)
        except (Unfit, ValueError, IndexError, OverflowError):
            # What a production had begun goes with it.
            del g.steps[marks[0]:], g.values[marks[1]:], g.inputs[marks[2]:]
    return g


def results(g, random):
    """What the model gives out: all that nothing else uses, and some of the rest. Sequences and strings stay inside."""
    used = {v.name for s in g.steps for v in s.inputs}
    made = [o for s in g.steps for o in s.outputs if not o.is_sequence and o.dtype != object]
    return [o for o in made if o.name not in used or random.integers(4) == 0]


@dataclasses.dataclass
class Case:
    growth: Growth
    outputs: list
    proto: object

    @staticmethod
    def of(g, outputs):
        proto = g.model(outputs)
        return Case(g, outputs, proto)

    def inputs(self):
        names = {i.name for i in self.proto.graph.input}
        return [v for v in self.growth.inputs if v.name in names]

    def feeds(self, run):
        return {v.name: v.runs[run] for v in self.inputs()}

    def write(self, folder):
        folder = pathlib.Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        onnx.save(self.proto, folder / "model.onnx")
        shapes = []
        for value in self.inputs():
            dims = self.growth.input_dims[value.name]
            if any(isinstance(d, str) for d in dims):
                every = [run.shape for run in value.runs]
                numbers = [*map(min, zip(*every)), *every[0], *map(max, zip(*every))]
                shapes.append(" ".join(map(str, [value.name, len(every[0]), *numbers])))
        (folder / "shapes.txt").write_text("".join(f"{line}\n" for line in shapes))
        for run in range(self.growth.run_count):
            (folder / f"{run}.run").touch()
            for name, array in self.feeds(run).items():
                np.save(folder / f"{run}_{name}.npy", np.ascontiguousarray(array) if array.ndim else array)

    def expected(self):
        """ONNX Runtime's results of the whole model, for each run; None when it refuses."""
        try:
            session = ort.Session(self.proto)
            return [session.run(self.feeds(run)) for run in range(self.growth.run_count)]
        except Exception:  # noqa: BLE001
            return None

    def compare(self, way, found, expected):
        """Problems as texts. `found[run][i]`, arrays."""
        problems = []
        for run in range(self.growth.run_count):
            for i, output in enumerate(self.outputs):
                text = difference(found[run][i], expected[run][i], output.bounds[run])
                if text:
                    problems.append(f"{way}: run {run}, {output.name} ({producer(self.growth, output)}, "
                                    f"{expected[run][i].dtype}): {text}")
        return problems


def producer(g, output):
    for step in g.steps:
        if any(o.name == output.name for o in step.outputs):
            return step.node.op_type
    return "input"


def difference(found, expected, bound):
    if found.dtype != expected.dtype:
        return f"dtype {found.dtype}, ONNX Runtime says {expected.dtype}"
    if found.shape != expected.shape:
        return f"shape {found.shape}, ONNX Runtime says {expected.shape}"
    if found.dtype.kind != "f":
        if np.array_equal(found, expected):
            return ""
        at = np.argwhere(found != expected)[0]
        return f"{found[tuple(at)]} at {at.tolist()}, ONNX Runtime says {expected[tuple(at)]}"
    a, b = found.astype(np.float64), expected.astype(np.float64)
    # Exact operators on exact operands agree to the bit, but for what is next to nothing: squares of smaller
    # numbers are 0 or not.
    allowed = np.zeros(b.shape) + NOTHING[found.dtype.itemsize]
    if bound is not None:
        allowed = allowed + 2 * bound + 4 * np.finfo(found.dtype).eps * np.abs(np.where(np.isfinite(b), b, 0))
    with np.errstate(all="ignore"):
        fine = (a == b) | (np.isnan(a) & np.isnan(b)) | (np.abs(a - b) <= allowed)
    if fine.all():
        return ""
    at = np.argwhere(~fine)[0]
    position = tuple(at)
    return f"{a[position]} at {at.tolist()}, ONNX Runtime says {b[position]} ± {allowed[position]:.3g}"


def check(case, folder, runner, exported=True):
    """Everything that is wrong with a case, as texts; explained deviations left out."""
    expected = case.expected()
    if expected is None:
        return []
    case.write(folder)
    folder = pathlib.Path(folder)
    answers = runner.run(folder)
    problems = []
    refused = {}
    for way, text in answers.items():
        if text == "crash":
            problems.append(f"{way}: crash")
        elif text:
            refused[way] = text
    for way, text in refused.items():
        problems.append(f"{way}: {text}")
    for way in WAYS:
        if answers.get(way) != "":
            continue
        found = [[np.load(folder / f"{way}_{run}_{o.name}.npy") for o in case.outputs]
                 for run in range(case.growth.run_count)]
        problems += case.compare(way, found, expected)
    for way in ("written", "written_optimized") if exported else ():
        if answers.get(way) == "":
            problems += check_written(case, folder / f"{way}.onnx", way, expected)
    return [p for p in problems if not deviations.explain(case, p)]


def check_written(case, path, way, expected):
    """The model that Tenon wrote: valid, and the same answers from ONNX Runtime."""
    try:
        model = onnx.load(path)
        onnx.checker.check_model(model, full_check=True)
    except Exception as error:  # noqa: BLE001
        return [f"{way}: the checker says: {one_line(error)}"]
    try:
        session = ort.Session(model)
        found = [session.run(case.feeds(run)) for run in range(case.growth.run_count)]
    except Exception as error:  # noqa: BLE001
        return [f"{way}: ONNX Runtime refuses it: {one_line(error)}"]
    return case.compare(way, found, expected)


def one_line(error):
    return " ".join(str(error).split())[:400]
