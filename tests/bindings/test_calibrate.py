"""Calibration: calibrators, tables, caches, and what comes out of them."""

from __future__ import annotations

import tempfile
import threading
import unittest
from pathlib import Path

import numpy as np
import tenon

NET = """graph @net(%x: f32[N,4]) {
  %two = constant {value=f32[1] [2.0]} : f32[1]
  %double = mul(%x, %two) : f32[N,4]
  %positive = relu(%double) : f32[N,4]
  return %positive as "y"
}"""


class Ramp(tenon.Calibrator):
    """Batches of two samples that reach further each time."""

    batch_size = 2

    def __init__(self, batches: int = 6) -> None:
        self.batch_count = batches
        self.seen = 0
        self.skipped = 0
        self.cache: str | None = None
        self.thread: int | None = None

    def next_batch(self) -> dict[str, np.ndarray] | None:
        self.thread = threading.get_ident()
        if self.seen == self.batch_count:
            return None
        self.seen += 1
        reach = np.float32(self.seen / 2)
        return {"x": np.array([[reach, -reach, 0, 0.25], [0, 0, 0, 0]], np.float32)}

    def skip_batch(self) -> bool:
        self.skipped += 1
        return super().skip_batch()

    def read_cache(self) -> str | None:
        return self.cache

    def write_cache(self, text: str) -> None:
        self.cache = text


class Calibrate(unittest.TestCase):
    def setUp(self) -> None:
        self.network = tenon.Network.from_text(NET)

    def test_a_calibrator_gives_a_table(self) -> None:
        ramp, report, steps = Ramp(), tenon.CalibrateReport(), []
        table = tenon.calibrate(self.network, ramp, report=report, calibrators=["min-max", "mse"],
                                progress=lambda stage, done, total: steps.append((done, total)))
        self.assertEqual([tensor.name for tensor in table.tensors], ["x", "double", "positive"])
        self.assertEqual((table.batches, table.batch_size, table.network), (6, 2, "net"))
        self.assertEqual(table.mode, tenon.CalibrationMode.order_independent)
        x, positive = table["x"], table["positive"]
        self.assertEqual((x.min, x.max, x.elements, x.dtype), (-3, 3, 48, tenon.DataType.f32))
        self.assertEqual((positive.min, positive.max), (0, 6))
        self.assertEqual([r.calibrator for r in x.ranges], ["min-max", "mse"])
        self.assertEqual((x.range("min-max").threshold, x.range("min-max").low), (3, -3))
        self.assertAlmostEqual(x.range("min-max").scale, 3 / 127, places=7)
        counts = x.histogram.positive
        self.assertEqual((counts.dtype, counts.shape), (np.dtype(np.uint64), (2048,)))
        self.assertEqual(int(counts.sum() + x.histogram.negative.sum()), 48)
        self.assertEqual(steps[-1], (6, 6))
        self.assertEqual(ramp.thread, threading.get_ident())
        self.assertFalse(report.from_cache)
        self.assertGreater(report.running_s, 0)
        with self.assertRaises(KeyError):
            table["z"]
        with self.assertRaises(KeyError):
            x.range("legacy")

    def test_a_cache_is_written_and_taken(self) -> None:
        first = Ramp()
        table = tenon.calibrate(self.network, first, calibrators=["min-max"])
        self.assertEqual(first.cache, table.to_cache("min-max"))
        again, report = Ramp(), tenon.CalibrateReport()
        again.cache = first.cache
        taken = tenon.calibrate(self.network, again, report=report, calibrators=["min-max"])
        self.assertTrue(report.from_cache)
        self.assertEqual(again.seen, 0)
        self.assertAlmostEqual(taken["x"].range("min-max").threshold, 3, places=6)
        again.cache = "TRT-8602-EntropyCalibration2\nz: 3f800000\n"
        with self.assertRaisesRegex(tenon.ModelError, "made by entropy-2, asked for is min-max"):
            tenon.calibrate(self.network, again, calibrators=["min-max"], on_mismatch=tenon.OnMismatch.stop)

    def test_shards_merge(self) -> None:
        whole = tenon.calibrate(self.network, Ramp())
        shards = []
        for shard in range(3):
            ramp = Ramp()
            shards.append(tenon.calibrate(self.network, ramp, shard=shard, shard_count=3))
            self.assertGreater(ramp.skipped, 0)
        self.assertEqual(tenon.CalibrationTable.merge(shards[::-1]).to_text(), whole.to_text())

    def test_tables_are_files(self) -> None:
        table = tenon.calibrate(self.network, Ramp())
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "net.table"
            table.save(path)
            self.assertEqual(tenon.CalibrationTable.load(path).to_text(), table.to_text())
        again = tenon.CalibrationTable.parse(table.to_text())
        again.choose_ranges(["percentile:50"])
        self.assertEqual([r.calibrator for r in again["x"].ranges], ["percentile:50"])
        with self.assertRaisesRegex(tenon.ModelError, "line 1"):
            tenon.CalibrationTable.parse("nothing")

    def test_anything_that_gives_batches_will_do(self) -> None:
        batches = [np.full((3, 4), reach, np.float32) for reach in (1, 2)]
        table = tenon.calibrate(self.network, batches)
        self.assertEqual((table.batches, table.batch_size, table["x"].max), (2, 3, 2))
        named = tenon.calibrate(self.network, ({"x": batch} for batch in batches))
        self.assertEqual(named.to_text(), table.to_text())
        self.assertEqual(tenon.calibrate(self.network, [[[1, 2, 3, 4]]])["x"].max, 4)

    def test_what_is_raised_comes_out(self) -> None:
        class Broken(Ramp):
            def next_batch(self) -> None:
                raise ZeroDivisionError("no data")

        with self.assertRaisesRegex(ZeroDivisionError, "no data"):
            tenon.calibrate(self.network, Broken())
        def batches():
            yield np.zeros((1, 4), np.float32)
            raise OSError("gone")

        with self.assertRaisesRegex(OSError, "gone"):
            tenon.calibrate(self.network, batches())

        def stop(*_: object) -> None:
            raise KeyboardInterrupt

        with self.assertRaises(KeyboardInterrupt):
            tenon.calibrate(self.network, Ramp(), progress=stop)
        with self.assertRaisesRegex(NotImplementedError, ""):
            tenon.calibrate(self.network, tenon.Calibrator())

    def test_wrong_arguments(self) -> None:
        for given, said in (([], "no batch"), ([{"z": np.zeros((1, 4), np.float32)}], "no input 'x'"),
                            ([np.zeros((1, 4), np.float64)], "takes f32"),
                            ([np.full((1, 4), np.nan, np.float32)], "input 'x' is nan at element 0 in batch 0")):
            with self.assertRaisesRegex(tenon.ModelError, said):
                tenon.calibrate(self.network, given)
        with self.assertRaisesRegex(tenon.ModelError, "no calibrator 'best'"):
            tenon.calibrate(self.network, Ramp(), calibrators=["best"])
        with self.assertRaisesRegex(TypeError, "has no field 'shards'"):
            tenon.calibrate(self.network, Ramp(), shards=2)

    def test_fields_keep_what_they_are_given(self) -> None:
        fields = {"calibrators": ["mse"], "mode": tenon.CalibrationMode.faithful, "shard": 1, "shard_count": 2, "threads": 3,
                  "state": Path("a"), "state_interval_s": 2.5, "resume": True, "on_mismatch": tenon.OnMismatch.accept,
                  "cache_header": "TRT-8602-EntropyCalibration2", "progress": print}
        options = tenon.CalibrateOptions(**fields)
        for name, value in fields.items():
            self.assertEqual(getattr(options, name), value, name)
        public = {name for name in dir(tenon.CalibrateOptions) if not name.startswith("_")}
        self.assertEqual(public, {*fields, "shapes"})

    def test_16_bits_are_judged(self) -> None:
        table = tenon.calibrate(self.network, [np.full((1, 4), 6e4, np.float32)])
        findings = tenon.check_ranges(self.network, table, "f16")
        self.assertEqual([(f.tensor, f.overflow) for f in findings], [("x", False), ("double", True), ("positive", True)])
        self.assertEqual(tenon.check_ranges(self.network, table, tenon.DataType.bf16), [])


class Int8(unittest.TestCase):
    def test_an_engine_of_integers(self) -> None:
        random = np.random.default_rng(1)
        b = tenon.NetworkBuilder("product")
        b.output(b.linear(b.input("x", "f32", [8, 64]), random.standard_normal((64, 64)).astype(np.float32), name="layer"), "y")
        network = b.network()
        samples = [random.standard_normal((8, 64)).astype(np.float32) for _ in range(8)]
        table = tenon.calibrate(network, samples)
        report = tenon.BuildReport()
        int8 = tenon.Int8Options(table, "min-max")
        self.assertEqual(int8.calibrator, "min-max")
        engine = tenon.build(network, int8=int8, report=report, threads=1, measure=False)
        self.assertEqual([layer.precision for layer in report.layers], [tenon.DataType.i8])
        exact = tenon.build(network, threads=1, measure=False).create_context()(samples[0])
        found = engine.create_context()(samples[0])
        self.assertFalse(np.array_equal(found, exact))
        self.assertLess(np.linalg.norm(found - exact), 0.03 * np.linalg.norm(exact))
        floats = tenon.build(network, int8=tenon.Int8Options(table, "min-max", overrides=["*=fp32"]), threads=1, measure=False)
        np.testing.assert_array_equal(floats.create_context()(samples[0]), exact)


if __name__ == "__main__":
    unittest.main()
