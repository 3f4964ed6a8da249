"""Networks defined layer by layer."""

from __future__ import annotations

import unittest

import numpy as np
import tenon


def run(builder: tenon.NetworkBuilder, *inputs: object, **options: object) -> object:
    engine = tenon.build(builder.network(), **{"threads": 1, "measure": False, **options})
    return engine.create_context()(*inputs)


class Layers(unittest.TestCase):
    def setUp(self) -> None:
        self.random = np.random.default_rng(0)
        self.builder = tenon.NetworkBuilder("net")

    def floats(self, *shape: int) -> np.ndarray:
        return self.random.standard_normal(shape).astype(np.float32)

    def test_a_small_classifier(self) -> None:
        weights, bias, dense = self.floats(4, 3, 1, 1), self.floats(4), self.floats(4, 5)
        b = self.builder
        x = b.input("x", "f32", ["N", 3, "H", "W"])
        y = b.convolution(x, weights, bias, name="conv1")
        self.assertEqual((y.type, y.dims, y.dtype), ("f32[N,4,H,W]", ["N", 4, "H", "W"], tenon.DataType.f32))
        y = b.flatten(b.global_average_pool(b.activation("relu", y)))
        y = b.softmax(b.linear(y, dense))
        b.output(y, "probabilities")
        image = self.floats(2, 3, 6, 7)
        hidden = np.maximum(np.einsum("mc,nchw->nmhw", weights[:, :, 0, 0], image) + bias[:, None, None], 0)
        scores = np.exp(hidden.mean((2, 3)) @ dense)
        found = run(b, image, shapes={"x": image.shape})
        np.testing.assert_allclose(found, scores / scores.sum(1, keepdims=True), rtol=1e-5)
        self.assertEqual([v.name for v in b.inputs], ["x"])
        self.assertEqual(b.network().outputs[0].name, "probabilities")

    def test_any_operator_by_name(self) -> None:
        b = self.builder
        x = b.input("x", "f32", [1, 2, 6, 6])
        y = b.add("max_pool", x, kernel=[2, 2], stride=[2, 2], name="pool")
        total, spread = b.add("reduce_sum", y, axes=[2, 3], keep_dims=False), b.add("leaky_relu", y, alpha=0.5)
        b.output(total, "total")
        b.output(spread, "spread")
        image = self.floats(1, 2, 6, 6)
        pooled = image.reshape(1, 2, 3, 2, 3, 2).max((3, 5))
        total, spread = run(b, image)
        np.testing.assert_allclose(total, pooled.sum((2, 3)), rtol=1e-5)
        np.testing.assert_allclose(spread, np.where(pooled > 0, pooled, pooled / 2), rtol=1e-6)

    def test_arithmetic_and_movement(self) -> None:
        b = self.builder
        x, y = b.input("x", "f32", [2, 3]), b.input("y", "f32", [2, 3])
        a, c, d, e = x + y, x - y, x * y, x / y
        joined = b.concat([a, c, d, e], axis=0)
        first, second = b.split(joined, 0, [3, 5])
        values, where = b.top_k(first, 2)
        for name, value in {"joined": b.transpose(joined, [1, 0]), "second": b.slice(second, [0], [4], axes=[0], steps=[2]),
                            "values": values, "where": where, "wide": b.pad(x, [0, 1, 0, 1], 7.0),
                            "whole": b.cast(x, np.int32), "some": b.gather(x, [1]), "sum": b.reduce("sum", x, [1])}.items():
            b.output(value, name)
        p, q = self.floats(2, 3), self.floats(2, 3)
        stacked = np.concatenate([p + q, p - q, p * q, p / q])
        joined, second, values, where, wide, whole, some, total = run(b, p, q)
        np.testing.assert_allclose(joined, stacked.T, rtol=1e-6)
        np.testing.assert_allclose(second, stacked[3:7:2], rtol=1e-6)
        np.testing.assert_allclose(values, -np.sort(-stacked[:3])[:, :2], rtol=1e-6)
        np.testing.assert_array_equal(where, np.argsort(-stacked[:3])[:, :2])
        np.testing.assert_array_equal(wide, np.pad(p, ((0, 0), (1, 1)), constant_values=7))
        np.testing.assert_array_equal(whole, p.astype(np.int32))
        np.testing.assert_array_equal(some, p[[1]])
        np.testing.assert_allclose(total, p.sum(1, keepdims=True), rtol=1e-5)

    def test_constants_are_copies(self) -> None:
        offset = np.ones(3, np.float32)
        b = self.builder
        b.output(b.input("x", "f32", [3]) + b.constant(offset, name="offset"), "y")
        offset[:] = 100
        self.assertEqual(run(b, [1, 2, 3]).tolist(), [2, 3, 4])

    def test_mistakes_leave_the_definition_as_it_was(self) -> None:
        b = self.builder
        x = b.input("x", "f32", [1, 2, 6, 6])
        for wrong in (lambda: b.add("nonsense", x), lambda: b.add("max_pool", x, kernal=[2, 2]),
                      lambda: b.convolution(x, np.zeros((1, 3, 1, 1), np.float32), name="conv"),
                      lambda: b.add("relu"), lambda: b.find("z")):
            with self.assertRaises(tenon.ModelError):
                wrong()
        with self.assertRaisesRegex(tenon.ModelError, "conv"):
            b.convolution(x, np.zeros((1, 3, 1, 1), np.float32), name="conv")
        b.output(b.activation("relu", x), "y")
        self.assertEqual({name for name in b.network().op_counts() if name != "constant"}, {"relu"})

    def test_going_on_from_a_network(self) -> None:
        first = tenon.Network.from_text("graph @net(%x: f32[2]) { %y = neg(%x) : f32[2] return %y as \"y\" }")
        b = tenon.NetworkBuilder(first)
        y = b.find("y")
        b.clear_outputs()
        b.output(y * y, "square")
        self.assertEqual(run(b, [2, 3]).tolist(), [4, 9])


class ControlFlow(unittest.TestCase):
    def test_if(self) -> None:
        b = tenon.NetworkBuilder()
        condition, x = b.input("condition", "bool", []), b.input("x", "f32", [2])
        (y,) = b.if_else(condition, lambda: x + x, lambda: b.activation("neg", x))
        b.output(y, "y")
        self.assertEqual(run(b, True, [1, 2]).tolist(), [2, 4])
        self.assertEqual(run(b, False, [1, 2]).tolist(), [-1, -2])

    def test_loop(self) -> None:
        b = tenon.NetworkBuilder()
        x, trips = b.input("x", "f32", [2]), b.input("trips", "i64", [])

        def body(index: tenon.NetworkValue, carried: list[tenon.NetworkValue]) -> tuple:
            doubled = carried[0] + carried[0]
            return None, [doubled], [b.cast(index, "f32")]

        last, steps = b.loop(trips, None, [x], body)
        b.output(last, "last")
        b.output(steps, "steps")
        last, steps = run(b, [1, 3], 4)
        self.assertEqual((last.tolist(), steps.tolist()), ([16, 48], [0, 1, 2, 3]))

    def test_scan(self) -> None:
        b = tenon.NetworkBuilder()
        start, rows = b.input("start", "f32", [2]), b.input("rows", "f32", [3, 2])

        def body(states: list[tenon.NetworkValue], slices: list[tenon.NetworkValue]) -> tuple:
            total = states[0] + slices[0]
            return [total], [total]

        total, running = b.scan([start], [rows], body)
        b.output(total, "total")
        b.output(running, "running")
        x = np.arange(6, dtype=np.float32).reshape(3, 2)
        total, running = run(b, np.zeros(2, np.float32), x)
        np.testing.assert_array_equal(running, np.cumsum(x, 0))
        np.testing.assert_array_equal(total, x.sum(0))

    def test_what_a_body_raises_is_raised(self) -> None:
        b = tenon.NetworkBuilder()
        condition = b.input("condition", "bool", [])

        def fails() -> None:
            raise ZeroDivisionError("in the body")

        with self.assertRaisesRegex(ZeroDivisionError, "in the body"):
            b.if_else(condition, fails, fails)
        with self.assertRaisesRegex(ValueError, "the body of a loop gives"):
            b.loop(2, None, [np.zeros(2, np.float32)], lambda index, carried: (None, carried))


if __name__ == "__main__":
    unittest.main()
