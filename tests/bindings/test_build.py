"""Building: options in full, reports, verification, retuning."""

from __future__ import annotations

import copy
import tempfile
import unittest
from pathlib import Path

import numpy as np
import tenon
from support import ADD, DIGITS, add_engine, pair


class Options(unittest.TestCase):
    def test_every_field_keeps_what_it_is_given(self) -> None:
        fields = {"device": tenon.Device.reference, "threads": 3, "timing_cache": Path("a"), "optimize": False,
                  "measure": False, "accuracy": tenon.Accuracy.relaxed, "budget_s": 1.5, "portable": False,
                  "pipeline": "fuse", "rule_order_seed": 7, "stop_after_rewrites": 2, "dump_dir": Path("b"),
                  "reproducer": Path("c"), "taps": True, "progress": print}
        options = tenon.BuildOptions(**fields)
        for name, value in fields.items():
            self.assertEqual(getattr(options, name), value, name)
        for name in ("timing_cache", "stop_after_rewrites", "dump_dir", "reproducer", "progress"):
            setattr(options, name, None)
            self.assertIsNone(getattr(options, name), name)
        public = {name for name in dir(tenon.BuildOptions) if not name.startswith("_")}
        self.assertEqual(public, {*fields, "shapes", "values", "profiles", "int8", "half"})

    def test_shapes_are_one_or_three(self) -> None:
        options = tenon.BuildOptions(shapes={"a": (1, 3), "b": ((1, 3), (2, 3), [4, 3]),
                                             "c": tenon.ShapeRange(min=(1,), opt=(2,), max=(3,))})
        found = {name: (r.min, r.opt, r.max) for name, r in options.shapes.items()}
        self.assertEqual(found, {"a": ((1, 3),) * 3, "b": ((1, 3), (2, 3), (4, 3)), "c": ((1,), (2,), (3,))})
        with self.assertRaisesRegex(tenon.ModelError, "expected a shape, or the three shapes"):
            options.shapes = {"a": "1x3"}

    def test_unknown_fields_are_refused(self) -> None:
        with self.assertRaisesRegex(TypeError, "BuildOptions has no field 'thread'"):
            tenon.BuildOptions(thread=1)
        with self.assertRaisesRegex(TypeError, "no field 'thread'"):
            add_engine(thread=1)

    def test_named_fields_replace_those_of_the_options(self) -> None:
        options = tenon.BuildOptions(threads=1, measure=False)
        network = tenon.Network.from_text(ADD)
        self.assertEqual(tenon.build(network, options).info.threads, 1)
        self.assertEqual(tenon.build(network, options, threads=2).info.threads, 2)
        self.assertEqual(options.threads, 1)


class Profiles(unittest.TestCase):
    def test_several_of_one_engine(self) -> None:
        small = tenon.OptimizationProfile({"a": ((1, 3), (2, 3), (4, 3))})
        large = tenon.OptimizationProfile(shapes={"a": ((5, 3), (16, 3), (64, 3))})
        self.assertEqual(large.shapes["a"].opt, (16, 3))
        engine = tenon.build(tenon.Network.from_text(ADD), profiles=[small, large], threads=1, measure=False)
        self.assertEqual([profile.inputs[0].max for profile in engine.profiles], [(4, 3), (64, 3)])
        context = engine.create_context(1)
        self.assertEqual(context.profile, 1)
        for profile, rows in ((1, 64), (0, 3), (1, 5), (0, 1)):
            context.profile = profile
            a, b = pair(rows)
            np.testing.assert_array_equal(context(a, b)[0], a + b)
        with self.assertRaisesRegex(tenon.ModelError, "is 5, outside the range of profile 0 1 to 4"):
            context(*pair(5))
        with self.assertRaises(tenon.ModelError):
            context.profile = 2

    def test_values_that_become_dims(self) -> None:
        network = tenon.Network.from_text("""graph @net(%x: f32[N,4], %to: i64[2]) {
          %y = reshape(%x, %to) : f32[?,?]
          return %y as "y"
        }""")
        engine = tenon.build(network, threads=1, measure=False, shapes={"x": ((1, 4), (2, 4), (8, 4))},
                             values={"to": ((1, 1), (4, 2), (32, 32))})
        self.assertEqual(engine.inputs[1].values.max, (32, 32))
        context = engine.create_context()
        x = np.arange(16, dtype=np.float32).reshape(4, 4)
        for shape in ((8, 2), (2, 8), (16, 1)):
            np.testing.assert_array_equal(context(x, shape), x.reshape(shape))


class Reports(unittest.TestCase):
    def setUp(self) -> None:
        self.network = tenon.Network.load(DIGITS / "digits.onnx")

    def test_of_a_build(self) -> None:
        report = tenon.BuildReport()
        tenon.build(self.network, report=report, threads=1, measure=False)
        self.assertIn("fuse", " ".join(p.name for p in report.passes))
        self.assertGreater(report.rewrites, 3)
        self.assertGreater(report.seconds, 0)
        self.assertTrue(report.last_rewrite)

    def test_of_layers_that_do_without_a_type(self) -> None:
        report = tenon.BuildReport()
        half = tenon.HalfOptions([tenon.DataType.bf16, tenon.DataType.f16], overrides=["fc=fp32"])
        self.assertEqual(half.types, [tenon.DataType.bf16, tenon.DataType.f16])
        tenon.build(self.network, half=half, report=report, threads=1, measure=False)
        self.assertEqual({layer.type for layer in report.kept}, {tenon.DataType.bf16, tenon.DataType.f16})
        self.assertTrue(all("fc" in layer.location and layer.reason for layer in report.kept))
        with self.assertRaises(tenon.ModelError):
            tenon.build(self.network, half=tenon.HalfOptions([tenon.DataType.i8]))

    def test_of_steps(self) -> None:
        engine = tenon.build(self.network, threads=1, measure=False)
        conv = next(step for step in engine.steps() if step.op.startswith("conv"))
        self.assertTrue(conv.label and conv.tactic and conv.problem and conv.note)
        self.assertGreater(conv.expected_ns, 0)
        self.assertIn(conv.tactic, engine.dump())
        self.assertGreater(engine.info.weight_bytes, 100_000)

    def test_of_verification(self) -> None:
        image = np.random.default_rng(0).random((1, 1, 28, 28), np.float32)
        report = tenon.verify(self.network, {"image": image}, threads=1, measure=False)
        self.assertTrue(report.ok)
        self.assertIsNone(report.first)
        self.assertIsNone(report.culprit)
        self.assertGreater(len(report.taps), 8)
        for tap in report.taps:
            self.assertLessEqual(tap.difference, tap.allowed)
        strict = tenon.verify(self.network, {"image": image}, tolerance_factor=0, bisect=False, threads=1, measure=False)
        self.assertFalse(strict.ok)
        self.assertGreater(strict.taps[strict.first].difference, 0)

    def test_the_optimized_network(self) -> None:
        optimized = tenon.optimize(self.network)
        self.assertLess(sum(optimized.op_counts().values()), sum(self.network.op_counts().values()))


class Retuning(unittest.TestCase):
    def test_a_plan_that_fits_is_loaded(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "add.engine"
            add_engine().save(path)
            a, b = pair()
            engine = tenon.load_or_retune(path, load_threads=1, measure=False)
            np.testing.assert_array_equal(engine.create_context()(a, b)[0], a + b)

    def test_a_complete_timing_cache_gives_the_same_plan(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            cache = Path(folder) / "times.txt"
            first, second = (tenon.build(tenon.Network.from_text(ADD), threads=1, timing_cache=cache).serialize()
                             for _ in range(2))
            self.assertEqual(first, second)
            self.assertTrue(cache.exists())


class Networks(unittest.TestCase):
    def test_a_copy_is_deep(self) -> None:
        network = tenon.Network.from_text(ADD)
        for other in (copy.copy(network), copy.deepcopy(network)):
            self.assertEqual(other.to_text(), network.to_text())


if __name__ == "__main__":
    unittest.main()
