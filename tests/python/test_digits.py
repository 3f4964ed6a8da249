"""The shipped digit classifier: its files fit together, and ONNX Runtime, where there is one, gets what the README says."""

from __future__ import annotations

import unittest
from collections import Counter

from support import ROOT, needs

needs("numpy", "onnx", "PIL")

import numpy as np  # noqa: E402
import onnx  # noqa: E402
from PIL import Image  # noqa: E402

try:
    import onnxruntime
except ImportError:
    onnxruntime = None

DIGITS = ROOT / "models" / "digits"


class Digits(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        lines = [line.split() for line in (DIGITS / "labels.txt").read_text().splitlines()]
        cls.paths = [path for path, _ in lines]
        cls.labels = np.array([int(label) for _, label in lines])
        pictures = [np.asarray(Image.open(DIGITS / path)) for path in cls.paths]
        cls.images = np.stack(pictures)[:, None].astype(np.float32) / 255

    def test_twenty_pictures_a_class(self) -> None:
        self.assertEqual(Counter(self.labels.tolist()), {digit: 20 for digit in range(10)})
        self.assertEqual(self.images.shape, (200, 1, 28, 28))

    def test_labels_name_every_picture(self) -> None:
        self.assertEqual(sorted(self.paths), sorted(f"images/{p.name}" for p in (DIGITS / "images").iterdir()))
        self.assertEqual([int(path[-5]) for path in self.paths], self.labels.tolist())

    def test_the_model_keeps_batch_normalization_and_a_free_batch(self) -> None:
        model = onnx.load(DIGITS / "digits.onnx")
        onnx.checker.check_model(model, full_check=True)
        operators = Counter(node.op_type for node in model.graph.node)
        self.assertEqual((operators["Conv"], operators["BatchNormalization"]), (3, 3))
        self.assertEqual(model.graph.input[0].type.tensor_type.shape.dim[0].dim_param, "N")
        self.assertLess(sum(np.prod(i.dims) for i in model.graph.initializer), 60_000)

    def test_the_stored_answers_classify_their_pictures(self) -> None:
        logits = np.load(DIGITS / "first8_logits.npy")
        self.assertEqual((logits.shape, logits.dtype), ((8, 10), np.float32))
        np.testing.assert_array_equal(logits.argmax(1), self.labels[:8])

    @unittest.skipIf(onnxruntime is None, "ONNX Runtime is not installed")
    def test_onnx_runtime_gives_the_stored_answers(self) -> None:
        session = onnxruntime.InferenceSession(DIGITS / "digits.onnx", providers=["CPUExecutionProvider"])
        logits = session.run(None, {"image": self.images})[0]
        # The longest sum has 64 * 3 * 3 terms; four layers follow one another.
        tolerance = 4 * 64 * 3 * 3 * np.finfo(np.float32).eps
        np.testing.assert_allclose(logits[:8], np.load(DIGITS / "first8_logits.npy"), rtol=tolerance, atol=tolerance)
        self.assertEqual(int((logits.argmax(1) == self.labels).sum()), 199)


if __name__ == "__main__":
    unittest.main()
