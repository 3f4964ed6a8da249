"""ONNX files that are made to hurt: they end in an error (or a result), soon and without taking memory.

Memory and time are taken from the command as a process of its own. A build with sanitizers takes more of both, so there (TENON_SANITIZED) only
the outcome counts; TENON_MEASURE prints what each took. Times are never judged, but a limit of minutes ends what would not end by itself."""

import os
import resource
import subprocess
import sys
import time
import unittest

from onnx_writer import (BOOL, FLOAT, INT64, Graph, Ref, function, int64s, model, node, optional_type, scalar, sequence_type, tensor, tensor_type,
                         value, x)
from support import TENON, CommandTest, save_npy

MOST_KILOBYTES = 200 * 1024
ANY = tensor_type(FLOAT, None)
HUGE = 1 << 40
SANITIZED = bool(os.environ.get("TENON_SANITIZED"))


class HostileModels(CommandTest):
    memory = 1 << 30
    def command(self, *arguments: object) -> tuple[int, str]:
        """Exit code and standard error of the command, which gets so much memory as it may have at most, where no sanitizer maps its own."""

        def limit() -> None:
            if not SANITIZED:
                resource.setrlimit(resource.RLIMIT_DATA, (self.memory, self.memory))

        # Sanitizers end a program that asks for too much, unless they are told to refuse it.
        options = {f"{tool}_OPTIONS": f"{os.environ.get(f'{tool}_OPTIONS', '')}:allocator_may_return_null=1" for tool in ("ASAN", "TSAN", "MSAN")}
        start = time.monotonic()
        with subprocess.Popen([str(TENON), *map(str, arguments)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, preexec_fn=limit,
                              env={**os.environ, **(options if SANITIZED else {})}) as process:
            error = process.stderr.read()
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        if os.environ.get("TENON_MEASURE"):
            print(f"{self.id().split('.')[-1]} {arguments[0]}: {time.monotonic() - start:.2f} s, {usage.ru_maxrss >> 10} MiB, {error[:160]!r}", file=sys.stderr)
        if not SANITIZED:
            self.assertLess(usage.ru_maxrss, MOST_KILOBYTES, error[:300])
        return process.returncode, error

    def refused(self, content: bytes, *inputs: object) -> str:
        """Every way of running it ends in the same exit code, 1. Returns what the optimized build says."""
        path = self.folder / "model.onnx"
        path.write_bytes(content)
        messages = []
        for way in ((), ("--raw",), ("--device", "ref")):
            code, error = self.command("run", path, "--threads", 1, "--output-dir", self.folder / "out", *inputs, *way)
            self.assertEqual(code, 1, (way, error[:2000]))
            messages.append(error)
        return messages[0]

    def test_constants_of_terabytes(self):
        makers = {
            "ConstantOfShape": [node("ConstantOfShape", "big", "y")],
            "Expand": [node("Expand", "one big", "y")],
            "Tile": [node("Reshape", "one ones", "r"), node("Tile", "r big", "y")],
            "Range": [node("Range", "zero many step", "y")],
            "Pad": [node("Reshape", "one single", "r"), node("Pad", "r pads", "y")],
            "Resize": [node("Reshape", "one image", "r"), node("Resize", "r _ _ sizes", "y", mode="nearest")],
            "OneHot": [node("OneHot", "index depth values", "y")],
            "EyeLike": [node("ConstantOfShape", "square", "z"), node("EyeLike", "z", "y")],
            "RandomNormal": [node("RandomNormal", "", "y", shape=[HUGE, 4])],
        }
        initializers = [int64s("big", HUGE, 4), tensor("one", [1.0], [1], FLOAT), int64s("ones", 1, 1), scalar("zero", 0), scalar("many", HUGE), scalar("step", 1),
                        int64s("single", 1), int64s("pads", HUGE, HUGE), int64s("image", 1, 1, 1, 1), int64s("sizes", 1, 1, 1 << 24, 1 << 24), int64s("index", 1, 2),
                        scalar("depth", HUGE), tensor("values", [0.0, 1.0], [2], FLOAT), int64s("square", 1 << 21, 1 << 21)]
        for name, nodes in makers.items():
            with self.subTest(name):
                self.refused(model(Graph([], nodes, [value("y", ANY)], initializers)))

    def test_shapes_that_the_input_asks_for(self):
        for name, nodes in {"ConstantOfShape": [node("ConstantOfShape", "s", "y")], "Expand": [node("Expand", "one s", "y")],
                            "Range": [node("Gather", "s zero", "n"), node("Range", "zero n step", "y")]}.items():
            graph = Graph([x("s", 2, dtype=INT64)], nodes, [value("y", ANY)], [tensor("one", [1.0], [1], FLOAT), scalar("zero", 0), scalar("step", 1)])
            for asked in ([HUGE, 4], [1 << 62, 1 << 62], [(1 << 63) - 1, 2]):
                with self.subTest(name, asked=asked):
                    size = save_npy(self.folder / "s.npy", (2,), asked, "<i8")
                    self.refused(model(graph), "--input", f"s={size}")

    def test_dims_that_overflow(self):
        for dims in ([1 << 62, 1 << 62], [(1 << 63) - 1, 3], [HUGE, HUGE, HUGE]):
            with self.subTest(dims=dims):
                graph = Graph([x("x", *dims)], [node("Reshape", "x flat", "f"), node("Relu", "f", "y")], [value("y", ANY)], [int64s("flat", -1)])
                path = self.folder / "model.onnx"
                path.write_bytes(model(graph))
                code, error = self.command("build", path, "-o", self.folder / "engine", "--no-tune", "--threads", 1)
                self.assertEqual(code, 1, error)
        graph = Graph([x("x", "N", "M")], [node("Relu", "x", "y")], [value("y", ANY)])
        path = self.folder / "symbols.onnx"
        path.write_bytes(model(graph))
        most = (1 << 63) - 1
        for largest in (f"{HUGE}x{HUGE}", f"{most}x{most}"):
            code, error = self.command("build", path, "-o", self.folder / "engine", "--no-tune", "--threads", 1, "--shapes", f"x:1x1:2x2:{largest}")
            self.assertEqual(code, 1, error)

    def test_products_that_grow_without_end(self):
        # Each node doubles what it has: 4096 times.
        nodes = [node("Concat", f"v{i} v{i}", f"v{i + 1}", axis=0) for i in range(4096)]
        self.refused(model(Graph([], nodes, [value("v4096", ANY)], [tensor("v0", [1.0, 2.0], [2], FLOAT)])))
        names = self.input(name="v0.npy", shape=(2,))
        self.refused(model(Graph([x("v0", "N")], nodes, [value("v4096", ANY)])), "--input", names)

    def test_loops_that_grow_what_they_carry(self):
        # Nothing but the machine says how large they may become; running out of that ends in an error too.
        if SANITIZED:
            self.skipTest("a sanitizer takes what memory there is")
        self.memory = 160 << 20
        body = Graph([x("i", dtype=INT64), x("go", dtype=BOOL), value("v", ANY)], [node("Concat", "v v", "w", axis=0), node("Identity", "go", "on")],
                     [value("on"), value("w")])
        graph = Graph([x("x", 4)], [node("Loop", "n _ x", "y", body=body)], [value("y", ANY)], [scalar("n", (1 << 63) - 1)])
        self.refused(model(graph), "--input", self.input(shape=(4,)))
        body = Graph([x("i", dtype=INT64), x("go", dtype=BOOL)], [node("Identity", "go", "on"), node("Expand", "x big", "w")], [value("on"), value("w")])
        graph = Graph([x("x", 1)], [node("Loop", "n _", "y", body=body)], [value("y", ANY)], [scalar("n", (1 << 63) - 1), int64s("big", 1 << 22)])
        self.refused(model(graph), "--input", self.input(shape=(1,)))

    def test_cycles_and_clashes(self):
        relu = lambda a, b: node("Relu", a, b)
        self.assertIn("cycle", self.refused(model(Graph([x("x", 2)], [relu("b", "a"), relu("a", "b")], [value("a", ANY)]))))
        self.assertIn("twice", self.refused(model(Graph([x("x", 2)], [relu("x", "y"), relu("x", "y")], [value("y", ANY)]))))
        self.assertIn("twice", self.refused(model(Graph([x("x", 2), x("x", 3)], [relu("x", "y")], [value("y", ANY)]))))
        self.refused(model(Graph([x("x", 2)], [relu("x", "x")], [value("x", ANY)])))

    def test_functions_that_call_each_other(self):
        call = lambda name, a="a", b="b": node(name, a, b, domain="local")
        main = Graph([x("x", 2)], [call("F", "x", "y")], [value("y", ANY)])
        self.assertIn("calls itself", self.refused(model(main, [function("F", "a", "b", [call("F")])])))
        ring = [function("F", "a", "b", [call("G")]), function("G", "a", "b", [call("F")])]
        self.assertIn("calls itself", self.refused(model(main, ring)))
        # Each calls the next twice: 2^60 nodes.
        many = [function("F" if i == 0 else f"F{i}", "a", "b", [call(f"F{i + 1}", "a", "c"), call(f"F{i + 1}", "c", "b")]) for i in range(60)]
        self.refused(model(main, [*many, function("F60", "a", "b", [node("Relu", "a", "b")])]))
        # A chain of ten thousand.
        chain = [function("F" if i == 0 else f"F{i}", "a", "b", [call(f"F{i + 1}")]) for i in range(10000)]
        self.refused(model(main, [*chain, function("F10000", "a", "b", [node("Relu", "a", "b")])]))
        endless = function("F", "a", "b", [node("Selu", "a", "b", alpha=Ref("alpha"))], attributes=["alpha"])
        self.refused(model(Graph([x("x", 2)], [node("F", "x", "y", domain="local", alpha=Ref("alpha"))], [value("y", ANY)]), [endless]))

    def test_deep_nesting(self):
        graph = Graph([], [node("Relu", "x", "y")], [value("y")])
        for _ in range(10000):
            graph = Graph([], [node("If", "c", "y", then_branch=graph, else_branch=Graph([], [node("Relu", "x", "z")], [value("z")]))], [value("y")])
        outer = Graph([x("c", dtype=BOOL), x("x", 2)], [node("If", "c", "y", then_branch=graph, else_branch=graph_of_relu())], [value("y", ANY)])
        self.refused(model(outer))
        for wrap in (sequence_type, optional_type):
            type_ = tensor_type(FLOAT, [2])
            for _ in range(10000):
                type_ = wrap(type_)
            self.refused(model(Graph([value("x", type_)], [node("Identity", "x", "y")], [value("y", type_)])))

    def test_enormous_lists(self):
        million = 1 << 20
        self.refused(model(Graph([x("x", 2, 2)], [node("Transpose", "x", "y", perm=[0] * million)], [value("y", ANY)])))
        self.refused(model(Graph([x("x", 2, 2)], [node("Relu", "x", "y", **{f"a{i}": 1 for i in range(100000)})], [value("y", ANY)])))
        self.refused(model(Graph([x("x", 2)], [node("Concat", "x " * (million // 4), "y", axis=3)], [value("y", ANY)])))
        self.refused(model(Graph([x("x", *["N"] * 100000)], [node("Relu", "x", "y", axis=0)], [value("y", ANY)])))


def graph_of_relu() -> Graph:
    return Graph([], [node("Relu", "x", "z")], [value("z")])


if __name__ == "__main__":
    unittest.main()
