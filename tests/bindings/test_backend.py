"""tenon.backend in the form of onnx.backend.base.Backend."""

from __future__ import annotations

import unittest

from support import DIGITS, needs

needs("onnx")

import numpy as np  # noqa: E402
import onnx  # noqa: E402
import tenon  # noqa: E402
import tenon.backend  # noqa: E402
from onnx import helper  # noqa: E402

QUICK = {"threads": 1, "measure": False}


class Models(unittest.TestCase):
    def setUp(self) -> None:
        self.model = onnx.load(DIGITS / "digits.onnx")
        self.images = np.random.default_rng(0).random((3, 1, 28, 28), np.float32)

    def test_one_preparation_runs_every_shape(self) -> None:
        prepared = tenon.backend.prepare(self.model, "CPU", **QUICK)
        whole = prepared.run([self.images]).logits
        self.assertEqual(whole.shape, (3, 10))
        for inputs in ([self.images[:1]], self.images[:1], {"image": self.images[:1]}):
            np.testing.assert_allclose(prepared.run(inputs)[0], whole[:1], rtol=1e-4, atol=1e-4)
        reference = tenon.backend.run_model(self.model, [self.images], "REFERENCE", **QUICK)
        np.testing.assert_allclose(reference.logits, whole, rtol=1e-4, atol=1e-4)

    def test_devices(self) -> None:
        self.assertTrue(tenon.backend.supports_device("CPU"))
        self.assertTrue(tenon.backend.supports_device("CPU:0"))
        self.assertFalse(tenon.backend.supports_device("CUDA"))
        with self.assertRaisesRegex(tenon.ModelError, "there is no device 'CUDA'"):
            tenon.backend.prepare(self.model, "CUDA")

    def test_wrong_inputs(self) -> None:
        with self.assertRaisesRegex(tenon.ModelError, "expected 1 inputs, found 2"):
            tenon.backend.run_model(self.model, [self.images, self.images], **QUICK)


class Nodes(unittest.TestCase):
    def test_run_node(self) -> None:
        x = np.array([[1, -2, 3]], np.float32)
        (y,) = tenon.backend.run_node(helper.make_node("Relu", ["x"], ["y"]), [x], **QUICK)
        np.testing.assert_array_equal(y, np.maximum(x, 0))

    def test_optional_inputs_and_several_outputs(self) -> None:
        x = np.array([3, 1, 2], np.float32)
        node = helper.make_node("TopK", ["x", "k"], ["values", "indices"], axis=0)
        results = tenon.backend.run_node(node, {"x": x, "k": np.array([2])}, **QUICK)
        self.assertEqual((results.values.tolist(), results.indices.tolist()), ([3, 2], [0, 2]))
        clipped = tenon.backend.run_node(helper.make_node("Clip", ["x", "", "max"], ["y"]), [x, np.float32(2)], **QUICK)
        self.assertEqual(clipped[0].tolist(), [2, 1, 2])

    def test_older_versions(self) -> None:
        x = np.ones((2, 3), np.float32)
        node = helper.make_node("Unsqueeze", ["x"], ["y"], axes=[0])
        self.assertEqual(tenon.backend.run_node(node, [x], opset_version=11, **QUICK)[0].shape, (1, 2, 3))
        with self.assertRaises(onnx.checker.ValidationError):
            tenon.backend.run_node(node, [x], **QUICK)


if __name__ == "__main__":
    unittest.main()
