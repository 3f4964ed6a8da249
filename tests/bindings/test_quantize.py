"""Quantizing: schemes by name, reports, what is refused."""

from __future__ import annotations

import math
import unittest

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
