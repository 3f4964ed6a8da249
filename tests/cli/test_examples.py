"""The examples find what is there."""

import re
import subprocess
import tempfile
import unittest
from pathlib import Path

from support import CORPUS, DIGITS, EXAMPLES


def run(name: str, *arguments: object) -> str:
    done = subprocess.run([str(EXAMPLES / name), *map(str, arguments)], capture_output=True, text=True, check=False, timeout=600)
    assert done.returncode == 0, done
    return done.stdout


class Examples(unittest.TestCase):
    def test_digits(self):
        text = run("digits", DIGITS)
        right, total = map(int, re.search(r"accuracy: (\d+) of (\d+)", text).groups())
        self.assertEqual(total, 200)
        self.assertEqual(right, 199)
        self.assertRegex(text, r"latency: \d+ us")
        self.assertIn("@", text)

    def test_define_network(self):
        text = run("define_network")
        self.assertIn("4 pictures of 64 x 48", text)
        self.assertAlmostEqual(float(re.search(r"largest eigenvalue: (\S+)", text).group(1)), (5 + 5 ** 0.5) / 2, places=5)

    def test_usage_and_errors(self):
        for name in ("classify", "detect_yolo", "digits", "pointpillars"):
            done = subprocess.run([str(EXAMPLES / name)], capture_output=True, text=True, check=False)
            self.assertEqual(done.returncode, 1)
            self.assertIn("usage", done.stderr)
        done = subprocess.run([str(EXAMPLES / "digits"), "/nonexistent"], capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("/nonexistent", done.stderr)


@unittest.skipUnless(CORPUS, "skipped: TENON_CORPUS is not set")
class CorpusExamples(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.result = Path(folder.name) / "result.png"

    def test_classify(self):
        picture = next((CORPUS / "imagenet_500").glob("0022_*bald_eagle.jpg"))
        lines = run("classify", CORPUS / "mobilenet_v1/model.onnx", CORPUS / "imagenet_labels_1001.txt", picture).splitlines()
        self.assertEqual(len(lines), 6)
        self.assertIn("bald eagle", lines[1])

    def test_detect_yolo(self):
        text = run("detect_yolo", CORPUS / "yolov3_tiny/model.onnx", CORPUS / "coco80.names", CORPUS / "images/dog.jpg", self.result)
        self.assertRegex(text, r"(?m)^dog ")
        self.assertRegex(text, r"(?m)^(car|truck) ")
        x0, x1 = map(int, re.search(r"(?m)^dog .*x (\d+) to (\d+)", text).groups())
        self.assertTrue(100 < x0 < 170 and 290 < x1 < 400, text)
        self.assertEqual(self.result.read_bytes()[1:4], b"PNG")

    def test_pointpillars(self):
        text = run("pointpillars", CORPUS / "pointpillars_pfn/model.onnx", CORPUS / "pointpillars_rpn/model.onnx",
                   CORPUS / "kitti/000003.bin", self.result)
        self.assertIn("18911 points in 3032 pillars", text)
        self.assertIn("mean nothing", text)
        self.assertEqual(self.result.read_bytes()[1:4], b"PNG")


if __name__ == "__main__":
    unittest.main()
