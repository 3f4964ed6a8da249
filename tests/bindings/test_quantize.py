"""Quantizing: schemes by name, reports, what is refused."""

from __future__ import annotations

import math
import tempfile
import unittest
from pathlib import Path

import numpy as np
import tenon
from support import DIGITS

SCHEMES = ("weights-int8", "weights-int4", "dynamic-symmetric", "dynamic-asymmetric")


class Quantize(unittest.TestCase):
    def test_every_scheme_stays_near(self) -> None:
        network = tenon.Network.load(DIGITS / "digits.onnx")
        image = np.random.default_rng(3).random((1, 1, 28, 28), np.float32)
        exact = tenon.build(network, threads=1, measure=False).create_context()(image)
        for scheme in SCHEMES:
            report = tenon.QuantizeReport()
            small = tenon.quantize(network, scheme, report=report)
            found = tenon.build(small, threads=1, measure=False).create_context()(image)
            self.assertEqual(len(report.layers), 4)
            self.assertEqual(report.kept, [])
            step = 1 / 7 if scheme == "weights-int4" else 1 / 127
            self.assertLess(np.linalg.norm(found - exact), 4 * step * np.linalg.norm(exact), scheme)
            self.assertFalse(np.array_equal(found, exact), scheme)

    def test_static_schemes_take_a_table_or_its_file(self) -> None:
        network = tenon.Network.load(DIGITS / "digits.onnx")
        images = np.random.default_rng(4).random((8, 1, 28, 28), np.float32)
        exact = tenon.build(network, threads=1, measure=False).create_context()(images[:1])
        table = tenon.calibrate(network, images[:, None], calibrators=["mse", "min-max"])
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "digits.table"
            table.save(file)
            for scheme in ("static", "static-asymmetric"):
                found = [tenon.build(tenon.quantize(network, scheme, table=given, calibrator=calibrator), threads=1, measure=False)
                         .create_context()(images[:1])
                         for given, calibrator in ((table, "min-max"), (file, "min-max"), (str(file), "min-max"), (table, "mse"))]
                self.assertTrue(np.array_equal(found[0], found[1]), scheme)
                self.assertTrue(np.array_equal(found[0], found[2]), scheme)
                self.assertFalse(np.array_equal(found[0], found[3]), scheme)
                self.assertLess(np.linalg.norm(found[0] - exact), 4 / 127 * np.linalg.norm(exact), scheme)

    def test_options_and_reports(self) -> None:
        report = tenon.QuantizeReport()
        network = tenon.Network.load(DIGITS / "digits.onnx")
        tenon.quantize(network, scheme="weights-int4", block=128, zero_points=True, exclude=["conv*"], report=report)
        (layer,) = report.layers
        self.assertEqual((layer.name, layer.op, layer.weights), ("fc", "matmul", "u4[10,576] in blocks of 128"))
        self.assertTrue(math.isfinite(layer.sqnr_db))
        self.assertEqual({kept.reason for kept in report.kept}, {"excluded by 'conv*'"})
        for arguments in ({"scheme": "int9"}, {"scheme": "static"}, {"scheme": "weights-int8", "exclude": ["nothing"]}, {"scheme": "weights-int4", "block": 3}):
            with self.assertRaises(tenon.ModelError):
                tenon.quantize(network, **arguments)


if __name__ == "__main__":
    unittest.main()
