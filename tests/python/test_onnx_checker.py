"""What `tenon dump --onnx` writes is valid to the official checker, and ONNX Runtime gives the same answers."""

from __future__ import annotations

import os
import subprocess
import tempfile
import unittest
from pathlib import Path

from support import ROOT, needs

needs("numpy", "onnx")

import numpy as np  # noqa: E402
import onnx  # noqa: E402

try:
    import onnxruntime
except ImportError:
    onnxruntime = None

TENON = os.environ.get("TENON", str(ROOT / "build/release/bin/tenon"))
DIGITS = ROOT / "models/digits/digits.onnx"


class OnnxChecker(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def written(self, model: Path, *arguments: str) -> Path:
        path = self.folder / "model.onnx"
        subprocess.run([TENON, "dump", str(model), "--onnx", str(path), *arguments], check=True, capture_output=True)
        return path

    def test_accepts_every_graph_case_raw_and_optimized(self) -> None:
        cases = sorted((ROOT / "tests/graph_cases").glob("*.ir"))
        self.assertGreater(len(cases), 10)
        for model in [*cases, DIGITS]:
            # Symbols are 1 while optimizing, too small for one case's pools.
            ways = [[]] if model.stem == "residual_block" else [[], ["--optimized"]]
            for arguments in ways:
                with self.subTest(model=model.name, arguments=arguments):
                    proto = onnx.load(self.written(model, *arguments))
                    onnx.checker.check_model(proto, full_check=True)
                    self.assertEqual(proto.producer_name, "tenon")

    @unittest.skipIf(onnxruntime is None, "it needs onnxruntime")
    def test_answers_the_same_in_onnx_runtime(self) -> None:
        image = np.random.default_rng(0).random((1, 1, 28, 28), np.float32)

        def answer(path: Path) -> np.ndarray:
            session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
            return session.run(None, {session.get_inputs()[0].name: image})[0]

        expected = answer(DIGITS)
        for arguments in ([], ["--optimized"]):
            found = answer(self.written(DIGITS, *arguments))
            np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)


if __name__ == "__main__":
    unittest.main()
