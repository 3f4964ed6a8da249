"""Control flow, local functions and shapes that depend on data, as ONNX files: raw, optimized, saved and loaded, at several shapes."""

import json
import unittest

from onnx_writer import (BOOL, FLOAT, INT64, Graph, Ref, attribute, function, int64s, model, node, opset, scalar, sequence_type, tensor, tensor_type, value, x)
from support import CommandTest, load_npy, save_npy

CODES = {FLOAT: "<f4", INT64: "<i8", BOOL: "|b1"}
ANY = tensor_type(FLOAT, None)


def iota(count: int) -> list[float]:
    return [float(i) for i in range(count)]


class DynamicModels(CommandTest):
    def check(self, content: bytes, cases: list[tuple[dict, dict]], *build: object) -> None:
        """Each case: inputs and expected outputs, each by name as (shape, values) with values of one kind."""
        path = self.folder / "model.onnx"
        path.write_bytes(content)
        for number, (inputs, outputs) in enumerate(cases):
            arguments = []
            for name, (shape, values) in inputs.items():
                dtype = "|b1" if values and isinstance(values[0], bool) else "<i8" if values and isinstance(values[0], int) else "<f4"
                arguments += ["--input", f"{name}={save_npy(self.folder / f'{name}.npy', shape, values, dtype)}"]
            out = self.folder / "out"
            ways = {"raw": ("run", path, "--raw"), "optimized": ("run", path), "reference": ("run", path, "--device", "ref")}
            if build:
                engine = self.folder / "saved.engine"
                self.succeeds("build", path, "-o", engine, "--no-tune", *build)
                ways["saved"] = ("run", engine)
            for way, command in ways.items():
                with self.subTest(case=number, way=way):
                    self.succeeds(*command, *arguments, "--output-dir", out)
                    for name, (shape, values) in outputs.items():
                        found = load_npy(out / f"{name}.npy")
                        self.assertEqual(found.shape, shape, name)
                        self.assertEqual(len(found.values), len(values), name)
                        for a, b in zip(found.values, values):
                            self.assertAlmostEqual(a, b, delta=1e-5 * max(1.0, abs(b)))


class ControlFlow(DynamicModels):
    def test_branches_of_other_shapes_and_ranks(self):
        then = Graph([], [node("Concat", "x x", "a", axis=0)], [value("a")])
        flat = Graph([], [node("Reshape", "x minus", "b")], [value("b")], [int64s("minus", -1)])
        graph = Graph([x("c", dtype=BOOL), x("x", "N", 2)], [node("If", "c", "y", then_branch=then, else_branch=flat)], [value("y", ANY)])
        data = ((2, 2), iota(4))
        self.check(model(graph), [({"c": ((), [True]), "x": data}, {"y": ((4, 2), iota(4) * 2)}),
                                  ({"c": ((), [False]), "x": data}, {"y": ((4,), iota(4))}),
                                  ({"c": ((), [True]), "x": ((3, 2), iota(6))}, {"y": ((6, 2), iota(6) * 2)})],
                   "--shapes", "x:1x2:2x2:4x2")

    def test_reports_show_the_steps_inside(self):
        body = Graph([x("i", dtype=INT64), x("go", dtype=BOOL), x("v", 2)], [node("Exp", "v", "e"), node("Identity", "go", "on")], [value("on"), value("e")])
        graph = Graph([x("n", dtype=INT64), x("x", 2)], [node("Loop", "n _ x", "y", body=body)], [value("y", ANY)])
        path = self.folder / "model.onnx"
        path.write_bytes(model(graph))
        trips = self.folder / "n.npy"
        save_npy(trips, (), [5], "<i8")
        report = json.loads(self.succeeds("bench", path, "--input", f"n={trips}", "--duration", 0.05, "--profile", "--no-tune", "--json"))
        layers = {layer["tactic"]: layer for layer in report["layers"]}
        self.assertEqual(layers["loop"]["depth"], 0)
        self.assertEqual(layers["cpu.pointwise.exp"]["depth"], 1)
        self.assertLessEqual(layers["cpu.pointwise.exp"]["ms"], layers["loop"]["ms"])
        text = self.succeeds("explain", path, "--no-tune")
        self.assertIn("\n    loop", text)
        self.assertIn("\n        cpu.pointwise.exp", text)

    def test_loop_that_grows_what_it_carries(self):
        body = Graph([x("i", dtype=INT64), x("go", dtype=BOOL), value("v", tensor_type(FLOAT, ["?"]))],
                     [node("Concat", "v x", "w", axis=0), node("Identity", "go", "on"), node("ReduceSum", "w", "s", keepdims=0)],
                     [value("on"), value("w"), value("s")])
        graph = Graph([x("n", dtype=INT64), x("x", "N")], [node("Loop", "n _ x", "y sums", body=body)], [value("y", ANY), value("sums", ANY)])
        self.check(model(graph), [({"n": ((), [n]), "x": ((2,), [1.0, 2.0])},
                                   {"y": ((2 * (n + 1),), [1.0, 2.0] * (n + 1)), "sums": ((n,), [3.0 * (i + 2) for i in range(n)])})
                                  for n in (3, 1, 0)], "--shapes", "x:1:2:4")

    def test_loop_that_stops_itself(self):
        body = Graph([x("i", dtype=INT64), x("go", dtype=BOOL), x("v")],
                     [node("Add", "v v", "w"), node("Less", "w limit", "on")], [value("on"), value("w"), value("w")])
        graph = Graph([x("limit"), x("start")], [node("Loop", "_ yes start", "last all", body=body)], [value("last", ANY), value("all", ANY)],
                      [scalar("yes", True, BOOL)])
        doubled = lambda start, limit: [start * 2 ** k for k in range(1, 40) if start * 2 ** (k - 1) < limit or k == 1]
        self.check(model(graph), [({"limit": ((), [limit]), "start": ((), [1.0])}, {"last": ((), [doubled(1.0, limit)[-1]]),
                                   "all": ((len(doubled(1.0, limit)),), doubled(1.0, limit))}) for limit in (100.0, 1.5, 7.0)], "--threads", 1)

    def test_nested_with_captures(self):
        # For each row r: if i is even the sum of r·x over j < i, else minus that.
        inner = Graph([x("j", dtype=INT64), x("jgo", dtype=BOOL), x("acc")],
                      [node("Identity", "jgo", "jon"), node("Add", "acc row_sum", "more")], [value("jon"), value("more")])
        even = Graph([], [node("Identity", "total", "p")], [value("p")])
        odd = Graph([], [node("Neg", "total", "q")], [value("q")])
        outer = Graph([x("i", dtype=INT64), x("go", dtype=BOOL)],
                      [node("Identity", "go", "on"), node("Gather", "x i", "row", axis=0), node("ReduceSum", "row", "row_sum", keepdims=0),
                       node("Loop", "i _ zero", "total", body=inner), node("Mod", "i two", "rest"), node("Equal", "rest nought", "is_even"),
                       node("If", "is_even", "signed", then_branch=even, else_branch=odd)],
                      [value("on"), value("signed")])
        graph = Graph([x("x", "N", 2)], [node("Shape", "x", "s", start=0, end=1), node("Squeeze", "s", "n"), node("Loop", "n _", "y", body=outer)],
                      [value("y", ANY)], [scalar("zero", 0.0, FLOAT), scalar("two", 2), scalar("nought", 0)])
        expect = lambda n: [(1 if i % 2 == 0 else -1) * i * (4.0 * i + 1) for i in range(n)]
        self.check(model(graph), [({"x": ((n, 2), iota(2 * n))}, {"y": ((n,), expect(n))}) for n in (1, 3, 5)], "--shapes", "x:1x2:3x2:8x2")

    def test_scan_with_captures_and_directions(self):
        body = Graph([x("state"), x("e")], [node("Mul", "e k", "ke"), node("Add", "state ke", "next")], [value("next"), value("next")])
        graph = Graph([x("k"), x("x", "N")],
                      [node("Scan", "zero x", "last all", body=body, num_scan_inputs=1, scan_input_directions=[1], scan_output_directions=[0])],
                      [value("last", ANY), value("all", ANY)], [scalar("zero", 0.0, FLOAT)])

        def expect(count: int) -> list[float]:
            total, sums = 0.0, []
            for e in reversed(iota(count)):
                total += 2 * e
                sums.append(total)
            return sums
        self.check(model(graph), [({"k": ((), [2.0]), "x": ((n,), iota(n))}, {"last": ((), [expect(n)[-1]]), "all": ((n,), expect(n))})
                                  for n in (4, 1, 6)], "--shapes", "x:1:4:8")

    def test_sequences_in_loops(self):
        body = Graph([x("i", dtype=INT64), x("go", dtype=BOOL), value("s", sequence_type(ANY))],
                     [node("Identity", "go", "on"), node("Unsqueeze", "i axis", "end"), node("Slice", "x axis end", "part"),
                      node("SequenceInsert", "s part", "t")], [value("on"), value("t")])
        graph = Graph([x("n", dtype=INT64), x("x", "N")],
                      [node("SequenceEmpty", "", "empty"), node("Loop", "n _ empty", "parts", body=body), node("SequenceLength", "parts", "count"),
                       node("ConcatFromSequence", "parts", "y", axis=0)], [value("y", ANY), value("count", tensor_type(INT64, []))], [int64s("axis", 0)])
        self.check(model(graph), [({"n": ((), [n]), "x": ((5,), iota(5))},
                                   {"y": ((sum(range(n)),), [v for i in range(n) for v in iota(i)]), "count": ((), [n])}) for n in (4, 2, 5)],
                   "--shapes", "x:1:5:8")


class Functions(DynamicModels):
    def test_attributes_defaults_overloads_and_nesting(self):
        scaled = function("Scaled", "a", "b", [node("Constant", "", "f", value_float=Ref("factor")), node("Mul", "a f", "b")], attributes=["factor"])
        # The attribute of the outer function is handed on; the default of another stands.
        outer = function("Twice", "a", "b", [node("Scaled", "a", "h", domain="local", factor=Ref("by")), node("Scaled", "h", "b", domain="local", factor=Ref("by"))],
                         defaults=[attribute("by", 3.0)])
        other = function("Twice", "a", "b", [node("Neg", "a", "b")], overload="minus")
        # Squeeze had its axes as an attribute before opset 13: the function brings an opset of its own.
        old = function("Old", "a", "b", [node("Unsqueeze", "a", "u", axes=[0]), node("Squeeze", "u", "b", axes=[0])], opsets=[opset(11), opset(1, "local")])
        graph = Graph([x("x", "N")], [node("Twice", "x", "a", domain="local"), node("Twice", "a", "b", domain="local", by=0.5),
                                      node("Twice", "b", "c", domain="local", overload="minus"), node("Old", "c", "y", domain="local")], [value("y", ANY)])
        self.check(model(graph, [scaled, outer, other, old]), [({"x": ((n,), iota(n))}, {"y": ((n,), [-2.25 * v for v in iota(n)])}) for n in (1, 4)],
                   "--shapes", "x:1:2:8")

    def test_inside_control_flow(self):
        double = function("Double", "a", "b", [node("Add", "a a", "b")])
        body = Graph([x("i", dtype=INT64), x("go", dtype=BOOL), x("v", "N")], [node("Identity", "go", "on"), node("Double", "v", "w", domain="local")],
                     [value("on"), value("w")])
        graph = Graph([x("n", dtype=INT64), x("x", "N")], [node("Loop", "n _ x", "y", body=body)], [value("y", ANY)])
        self.check(model(graph, [double]), [({"n": ((), [n]), "x": ((2,), [1.0, 3.0])}, {"y": ((2,), [2.0 ** n, 3 * 2.0 ** n])}) for n in (0, 5)],
                   "--shapes", "x:1:2:8")


class DataDependentShapes(DynamicModels):
    def test_non_zero_and_what_follows(self):
        graph = Graph([x("x", "N")], [node("NonZero", "x", "where"), node("GatherND", "x index", "found"), node("Transpose", "where", "index", perm=[1, 0]),
                                      node("ReduceSum", "found", "sum", keepdims=0), node("Shape", "where", "s")],
                      [value("found", ANY), value("sum", ANY), value("s", tensor_type(INT64, [2]))])
        cases = []
        for data in ([0.0, 2.0, 0.0, 3.0], [0.0, 0.0], [1.0, 1.0, 1.0]):
            found = [v for v in data if v]
            cases.append(({"x": ((len(data),), data)}, {"found": ((len(found),), found), "sum": ((), [sum(found)]), "s": ((2,), [1, len(found)])}))
        self.check(model(graph), cases, "--shapes", "x:1:3:8")

    def test_compress_unique_and_computed_k(self):
        graph = Graph([x("x", "N"), x("k", 1, dtype=INT64)],
                      [node("Greater", "x half", "mask"), node("Compress", "x mask", "kept", axis=0), node("Unique", "kept", "unique", sorted=1),
                       node("TopK", "x k", "best _")], [value("unique", ANY), value("best", ANY)], [scalar("half", 0.5, FLOAT)])
        cases = []
        for data, k in (([3.0, 0.0, 1.0, 3.0], 2), ([0.0, 0.25], 1), ([2.0, 1.0, 2.0, 1.0, 7.0], 5)):
            unique = sorted({v for v in data if v > 0.5})
            cases.append(({"x": ((len(data),), data), "k": ((1,), [k])},
                          {"unique": ((len(unique),), unique), "best": ((k,), sorted(data, reverse=True)[:k])}))
        self.check(model(graph), cases, "--shapes", "x:1:3:8")
        self.check(model(graph), cases, "--shapes", "x:1:3:8", "--values", "k:1:2:8")

    def test_computed_bounds(self):
        graph = Graph([x("x", "N", 2), x("n", dtype=INT64), x("shape", 2, dtype=INT64)],
                      [node("Range", "nought n one", "r"), node("ConstantOfShape", "shape", "z"), node("Unsqueeze", "n axis", "end"),
                       node("Slice", "x axis end axis", "s"), node("Concat", "end two", "wide", axis=0), node("Expand", "first wide", "e"),
                       node("Slice", "x axis unit axis", "first"), node("Tile", "first wide", "t"), node("Reshape", "x shape", "q")],
                      [value("r", tensor_type(INT64, None)), value("z", ANY), value("s", ANY), value("e", ANY), value("t", ANY), value("q", ANY)],
                      [scalar("nought", 0), scalar("one", 1), int64s("axis", 0), int64s("two", 2), int64s("unit", 1)])
        cases = []
        for rows, n, shape in ((4, 3, (2, 4)), (2, 0, (4, 1)), (3, 2, (1, 6))):
            data = iota(2 * rows)
            cases.append(({"x": ((rows, 2), data), "n": ((), [n]), "shape": ((2,), list(shape))},
                          {"r": ((n,), list(range(n))), "z": (shape, [0.0] * (shape[0] * shape[1])), "s": ((n, 2), data[:2 * n]),
                           "e": ((n, 2), data[:2] * n), "t": ((n, 4), data[:2] * 2 * n), "q": (shape, data)}))
        self.check(model(graph), cases, "--shapes", "x:1x2:3x2:8x2")
        self.check(model(graph), cases, "--shapes", "x:1x2:3x2:8x2", "--values", "n:0:2:8", "--values", "shape:1,1:2,3:16,16")

    def test_computed_sizes_of_resize(self):
        graph = Graph([x("x", 1, 1, "H", "W")],
                      [node("Shape", "x", "s"), node("Mul", "s twice", "sizes"), node("Resize", "x _ _ sizes", "y", mode="nearest", nearest_mode="floor",
                                                                                      coordinate_transformation_mode="asymmetric")],
                      [value("y", ANY)], [int64s("twice", 1, 1, 2, 3)])
        cases = []
        for h, w in ((1, 2), (3, 1), (2, 2)):
            y = [float(i // 2 * w + j // 3) for i in range(2 * h) for j in range(3 * w)]
            cases.append(({"x": ((1, 1, h, w), iota(h * w))}, {"y": ((1, 1, 2 * h, 3 * w), y)}))
        self.check(model(graph), cases, "--shapes", "x:1x1x1x1:1x1x2x2:1x1x4x4")

    def test_boxes_that_are_kept(self):
        graph = Graph([x("boxes", 1, "N", 4), x("scores", 1, 1, "N")],
                      [node("NonMaxSuppression", "boxes scores most iou", "kept"), node("Gather", "kept two", "index", axis=1),
                       node("Gather", "boxes index", "y", axis=1)], [value("y", ANY), value("kept", tensor_type(INT64, None))],
                      [int64s("most", 3), tensor("iou", [0.5], [1], FLOAT), scalar("two", 2)])
        box = lambda at: [at, 0.0, at + 1.0, 1.0]
        cases = []
        for offsets, kept in (([0.0, 0.1, 5.0], [0, 2]), ([0.0, 0.05], [0]), ([0.0, 2.0, 4.0, 6.0], [0, 1, 2])):
            scores = [1.0 - 0.1 * i for i in range(len(offsets))]
            boxes = [v for at in offsets for v in box(at)]
            cases.append(({"boxes": ((1, len(offsets), 4), boxes), "scores": ((1, 1, len(offsets)), scores)},
                          {"y": ((1, len(kept), 4), [v for i in kept for v in box(offsets[i])]), "kept": ((len(kept), 3), [v for i in kept for v in (0, 0, i)])}))
        self.check(model(graph), cases, "--shapes", "boxes:1x1x4:1x3x4:1x8x4", "--shapes", "scores:1x1x1:1x1x3:1x1x8")


if __name__ == "__main__":
    unittest.main()
