"""Operators written in Python: under the passes, in engines and their files, from ONNX models."""

from __future__ import annotations

import threading
import unittest

import numpy as np
import tenon


class Scale(tenon.Plugin):
    domain, name = "com.example", "PyScale"
    fields = {"factor": 2.0, "offsets": [0]}

    def infer(self, operands: list, fields: dict) -> list:
        return [(operands[0].dtype, operands[0].dims)]

    def run(self, inputs: list, fields: dict) -> np.ndarray:
        return inputs[0] * np.float32(fields["factor"]) + np.float32(sum(fields["offsets"]))


class Nonzero(tenon.Plugin):
    """Two results; the size of the first depends on data, the second operand is optional."""

    domain, name = "com.example", "PyNonzero"

    def infer(self, operands: list, fields: dict) -> list:
        return [("i64", ["?"]), ("i64", [])]

    def run(self, inputs: list, fields: dict) -> tuple:
        least = 0 if len(inputs) < 2 or inputs[1] is None else inputs[1]
        found = np.nonzero(np.abs(inputs[0]) > least)[0]
        return found, np.array(len(found))


class Strict(tenon.Plugin):
    domain, name, version = "com.example", "PyStrict", 3
    fields = {"mode": ""}
    required = ["mode"]

    def infer(self, operands: list, fields: dict) -> list:
        if fields["mode"] == "bad types":
            raise ValueError("no such mode at inference")
        if operands[0].dims != [3]:
            raise tenon.ModelError(f"expected 3 elements, found {operands[0].dims}")
        return [("f32", [3])]

    def run(self, inputs: list, fields: dict) -> object:
        if fields["mode"] == "raises":
            raise ZeroDivisionError("no such mode")
        return {"wrong shape": np.zeros(2, np.float32), "wrong type": np.zeros(3), "two": (inputs[0], inputs[0]),
                "writes": inputs[0]}[fields["mode"]]


for plugin in (Scale(), Nonzero(), Strict()):
    tenon.register_plugin(plugin)


def built(op: str, *shapes: list, dtype: str = "f32", results: int = 1, **fields: object) -> tenon.Engine:
    b = tenon.NetworkBuilder()
    inputs = [b.input(f"x{i}", dtype, shape) for i, shape in enumerate(shapes)]
    for i, value in enumerate(b.add_all(op, *inputs, name="mine", **fields)[:results]):
        b.output(value, f"y{i}")
    return tenon.build(b.network(), threads=1, measure=False, shapes={})


class Plugins(unittest.TestCase):
    def test_names(self) -> None:
        self.assertLessEqual({"com.example:PyScale:1", "com.example:PyStrict:3"}, set(tenon.registered_plugins()))
        with self.assertRaises(tenon.ModelError):
            tenon.register_plugin(Scale())

    def test_runs_with_its_fields(self) -> None:
        x = np.arange(6, dtype=np.float32).reshape(2, 3)
        for fields, expected in (({}, x * 2), ({"factor": 3.0, "offsets": [1, 2]}, x * 3 + 3)):
            engine = built("com.example:PyScale:1", [2, 3], **fields)
            for each in (engine, tenon.Engine.deserialize(engine.serialize())):
                np.testing.assert_array_equal(each.create_context()(x), expected)

    def test_shapes_are_symbolic(self) -> None:
        b = tenon.NetworkBuilder()
        y = b.add("com.example:PyScale:1", b.input("x", "f32", ["N", 3]))
        self.assertEqual(y.type, "f32[N,3]")
        b.output(b.activation("relu", y), "y")
        context = tenon.build(b.network(), threads=1, measure=False, shapes={"x": ((1, 3), (2, 3), (4, 3))}).create_context()
        for rows in (1, 4, 2):
            x = np.random.default_rng(rows).standard_normal((rows, 3)).astype(np.float32)
            np.testing.assert_array_equal(context(x), np.maximum(x * 2, 0))

    def test_sizes_that_depend_on_data(self) -> None:
        context = built("com.example:PyNonzero:1", [4], results=2).create_context()
        for x in ([0, 1, 0, 2], [0, 0, 0, 0]):
            found, count = context(x)
            self.assertEqual((found.tolist(), int(count)), (np.nonzero(x)[0].tolist(), np.count_nonzero(x)))
        only = built("com.example:PyNonzero:1", [4], results=1).create_context()
        self.assertEqual(only([5, 0, 0, 1]).tolist(), [0, 3])
        above = built("com.example:PyNonzero:1", [4], [], results=1).create_context()
        self.assertEqual(above([5, 0, 0, 1], 2.0).tolist(), [0])

    def test_required_fields_and_refused_operands(self) -> None:
        with self.assertRaisesRegex(tenon.ModelError, "mode"):
            built("com.example:PyStrict:3", [3])
        with self.assertRaisesRegex(tenon.ModelError, "expected 3 elements, found"):
            built("com.example:PyStrict:3", [4], mode="writes")
        with self.assertRaisesRegex(tenon.ModelError, "ValueError: no such mode at inference"):
            built("com.example:PyStrict:3", [3], mode="bad types")

    def test_failures_while_running_are_model_errors(self) -> None:
        for mode, message in (("raises", "ZeroDivisionError: no such mode"),
                              ("wrong shape", r"gave f32\[2\] as result 0, infer\(\) said f32\[3\]"),
                              ("wrong type", r"gave f64\[3\] as result 0"), ("two", "gave 2 results")):
            with self.subTest(mode):
                context = built("com.example:PyStrict:3", [3], mode=mode).create_context()
                with self.assertRaisesRegex(tenon.ModelError, message):
                    context([1, 2, 3])

    def test_in_several_threads_and_streams(self) -> None:
        engine = built("com.example:PyScale:1", [3])
        wrong = []

        def work(seed: int) -> None:
            context, stream = engine.create_context(), tenon.Stream()
            x, y = np.full(3, seed, np.float32), np.zeros(3, np.float32)
            context.bind({"x0": x}, {"y0": y})
            for _ in range(50):
                context.run()
                context.enqueue(stream)
                stream.synchronize()
            if y.tolist() != [2 * seed] * 3:
                wrong.append(seed)

        threads = [threading.Thread(target=work, args=(seed,)) for seed in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(wrong, [])

    def test_is_found_by_the_onnx_importer(self) -> None:
        try:
            from onnx import TensorProto, helper
        except ImportError:
            self.skipTest("onnx is not installed")
        graph = helper.make_graph(
            [helper.make_node("PyScale", ["x"], ["y"], domain="com.example", factor=5.0)], "net",
            [helper.make_tensor_value_info("x", TensorProto.FLOAT, [2])],
            [helper.make_tensor_value_info("y", TensorProto.FLOAT, [2])])
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17), helper.make_opsetid("com.example", 1)])
        engine = tenon.build(tenon.Network.from_onnx(model), threads=1, measure=False)
        self.assertEqual(engine.create_context()([1, 2]).tolist(), [5, 10])


if __name__ == "__main__":
    unittest.main()
