"""Well-known Caffe networks with random weights: the command against OpenCV's dnn module (before 5, which dropped Caffe)."""

from __future__ import annotations

import os
import subprocess
import tempfile
import unittest
from pathlib import Path

from support import ROOT, needs

needs("numpy", "cv2")

import cv2  # noqa: E402
import numpy as np  # noqa: E402

if not hasattr(cv2.dnn, "readNetFromCaffe"):
    raise unittest.SkipTest("module skipped: it needs cv2 before version 5")

import caffe_networks  # noqa: E402

TENON = os.environ.get("TENON", str(ROOT / "build/release/bin/tenon"))
WIDTH = float(os.environ.get("TENON_CAFFE_WIDTH", "0.25"))


class CaffeNetworks(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def both(self, name: str, outputs: list[str]) -> list[tuple[np.ndarray, np.ndarray]]:
        prototxt, caffemodel = caffe_networks.write(name, self.folder, WIDTH)
        net = cv2.dnn.readNetFromCaffe(str(prototxt), str(caffemodel))
        net.setPreferableBackend(cv2.dnn.DNN_BACKEND_OPENCV)
        shape = caffe_networks.NETWORKS[name](WIDTH).shape
        data = np.random.default_rng(0).standard_normal(shape).astype(np.float32)
        np.save(self.folder / "data.npy", data)
        net.setInput(data, "data")
        expected = net.forward(outputs)
        chosen = [argument for output in outputs for argument in ("--output", output)]
        subprocess.run([TENON, "run", prototxt, "--weights", caffemodel, "--input", self.folder / "data.npy", *chosen,
                        "--output-dir", self.folder / "out"], check=True, stdout=subprocess.DEVNULL)
        found = [np.load(self.folder / "out" / f"{output.replace('/', '_')}.npy") for output in outputs]
        return list(zip(found, expected))

    def compare(self, name: str, *outputs: str) -> None:
        for output, (found, expected) in zip(outputs, self.both(name, list(outputs))):
            with self.subTest(output=output):
                self.assertEqual(found.shape, expected.shape)
                self.assertGreater(expected.std(), 1e-6)
                np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-4 * np.abs(expected).max())

    def test_squeezenet(self) -> None:
        self.compare("squeezenet", "pool10", "prob")

    def test_mobilenet(self) -> None:
        self.compare("mobilenet", "fc7", "prob")

    def test_googlenet(self) -> None:
        self.compare("googlenet", "inception_3b/output", "loss3/classifier", "prob")

    def test_fcn(self) -> None:
        self.compare("fcn", "score")

    def test_mobilenet_ssd(self) -> None:
        self.compare("mobilenet_ssd", "mbox_loc", "mbox_conf_flatten", "mbox_priorbox")

    def test_detections_of_mobilenet_ssd(self) -> None:
        (found, expected), = self.both("mobilenet_ssd", ["detection_out"])
        self.assertEqual(found.shape, expected.shape)
        self.assertGreater(found.shape[2], 10)

        def ordered(rows: np.ndarray) -> np.ndarray:
            rows = rows.reshape(-1, 7)
            return rows[np.lexsort((-rows[:, 2], rows[:, 1]))]

        np.testing.assert_allclose(ordered(found), ordered(expected), rtol=1e-3, atol=1e-3)


if __name__ == "__main__":
    unittest.main()
