"""Contexts: shapes, bound memory, streams, profiles of time; and what would be unsafe is refused."""

from __future__ import annotations

import unittest

import numpy as np
import tenon
from support import add_engine, engine_of, pair


class Running(unittest.TestCase):
    def setUp(self) -> None:
        self.engine = add_engine()
        self.context = self.engine.create_context()

    def test_by_position_and_by_name(self) -> None:
        for rows in (2, 1, 8):
            a, b = pair(rows)
            total, difference = self.context(a, b)
            np.testing.assert_array_equal(total, a + b)
            np.testing.assert_array_equal(difference, a - b)
            results = self.context.infer({"b": b, "a": a})
            self.assertEqual(list(results), ["sum", "difference"])
            np.testing.assert_array_equal(results["difference"], a - b)

    def test_results_are_the_callers(self) -> None:
        a, b = pair()
        first, _ = self.context(a, b)
        kept = first.copy()
        self.context(a * 2, b)
        self.context.set_input("a", a * 3)
        self.context.run()
        np.testing.assert_array_equal(first, kept)
        np.testing.assert_array_equal(self.context.output("sum"), a * 3 + b)

    def test_bound_arrays(self) -> None:
        a, b = pair()
        total = np.zeros((2, 3), np.float32)
        self.context.bind({"a": a, "b": b}, {"sum": total})
        for _ in range(3):
            a += 1
            self.context.run()
            np.testing.assert_array_equal(total, a + b)
            np.testing.assert_array_equal(self.context.output(1), a - b)
        self.assertIs(self.context.output("sum"), total)
        results = self.context.infer({"a": a})
        self.assertIs(results["sum"], total)
        self.context.set_output("sum", None)
        total[:] = 0
        self.context.run()
        self.assertEqual(total.any(), False)

    def test_outputs_want_memory_that_fits(self) -> None:
        a, b = pair()
        read_only = np.zeros((2, 3), np.float32)
        read_only.flags.writeable = False
        for array, message in ((np.zeros((2, 3)), "output 'sum': expected f32, found f64"),
                               (np.zeros((3, 2), np.float32).T, "not contiguous"), (read_only, "read-only"),
                               ([[0.0] * 3] * 2, "expected an array, found list")):
            with self.assertRaisesRegex(tenon.ModelError, message):
                self.context.infer({"a": a, "b": b}, {"sum": array})
        with self.assertRaisesRegex(tenon.ModelError, r"output 'sum': the bound tensor has 12 bytes"):
            self.context.infer({"a": a, "b": b}, {"sum": np.zeros((1, 3), np.float32)})

    def test_mistakes_are_named(self) -> None:
        a, b = pair()
        with self.assertRaisesRegex(tenon.ModelError, "input 'b' has not been set"):
            self.context.infer({"a": a})
        with self.assertRaisesRegex(tenon.ModelError, "the network has no input 'c'; it has 'a', 'b'"):
            self.context.infer({"c": a})
        with self.assertRaisesRegex(tenon.ModelError, "the network has 2 outputs, none at 2"):
            self.context.output(2)
        with self.assertRaisesRegex(tenon.ModelError, "none at -1"):
            self.context.output(-1)
        with self.assertRaisesRegex(tenon.ModelError, "expected 2 inputs, found 1"):
            self.context(a)
        with self.assertRaisesRegex(tenon.ModelError, r"input 'a': dim 0 \(N\) is 9, outside the profile's range 1 to 8"):
            self.context(*pair(9))
        with self.assertRaisesRegex(tenon.ModelError, "outside the profile's range 1 to 8"):
            self.context.set_shape("a", (9, 3))
            self.context.prepare()
        np.testing.assert_array_equal(self.context(a, b)[0], a + b)

    def test_sizes_that_only_running_tells(self) -> None:
        engine = engine_of("graph @net(%x: f32[4]) { %y = non_zero(%x) : i64[1,?] return %y as \"y\" }")
        self.assertFalse(engine.outputs[0].bindable)
        context = engine.create_context()
        for x in ([0, 1, 0, 2], [0, 0, 0, 0], [1, 1, 1, 1]):
            self.assertEqual(context(x).tolist(), [np.nonzero(x)[0].tolist()])
        with self.assertRaisesRegex(tenon.ModelError, "its size is known only after running"):
            context.set_output("y", np.zeros((1, 2), np.int64))

    def test_times_of_steps(self) -> None:
        self.context.profiling = True
        for _ in range(3):
            self.context(*pair())
        times = self.context.step_times()
        self.assertEqual(len(times), len(self.engine.steps()))
        self.assertEqual({t.runs for t in times}, {3})
        self.assertGreater(sum(t.total_ns for t in times), 0)


class Streams(unittest.TestCase):
    def setUp(self) -> None:
        self.context = add_engine().create_context()
        self.a, self.b = pair()
        self.total = np.zeros((2, 3), np.float32)
        self.context.bind({"a": self.a, "b": self.b}, {"sum": self.total})

    def test_queued_runs(self) -> None:
        stream = tenon.Stream()
        for _ in range(1000):
            self.context.enqueue(stream)
        stream.synchronize()
        np.testing.assert_array_equal(self.total, self.a + self.b)

    def test_a_queued_context_is_left_alone(self) -> None:
        stream, other = tenon.Stream(), tenon.Stream()
        self.context.enqueue(stream)
        for touch in (self.context.run, lambda: self.context.set_input("a", self.a), lambda: self.context.output(0)):
            with self.assertRaisesRegex(tenon.ModelError, "waits in a stream: synchronize the stream"):
                touch()
        with self.assertRaisesRegex(tenon.ModelError, "waits in another stream"):
            self.context.enqueue(other)
        stream.synchronize()
        self.context.enqueue(other)
        other.synchronize()

    def test_a_stream_keeps_what_it_runs(self) -> None:
        stream = tenon.Stream()
        self.context.enqueue(stream)
        del self.context, self.a, self.b
        stream.synchronize()
        self.assertTrue(self.total.any())
        del stream

    def test_shapes_must_be_prepared(self) -> None:
        stream = tenon.Stream()
        self.context.set_shape("a", (1, 3))
        with self.assertRaisesRegex(tenon.ModelError, "call prepare"):
            self.context.enqueue(stream)
        self.context.bind({"a": self.a, "b": self.b})
        self.context.enqueue(stream)
        stream.synchronize()

    def test_failures_are_raised_by_synchronize(self) -> None:
        context = add_engine().create_context()
        context.prepare()
        stream = tenon.Stream()
        context.enqueue(stream)
        with self.assertRaisesRegex(tenon.ModelError, "input 'a' has not been set"):
            stream.synchronize()
        stream.synchronize()


if __name__ == "__main__":
    unittest.main()
