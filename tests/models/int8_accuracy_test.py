"""INT8 engines of real networks against their FP32 answers: how many pictures and boxes are lost.

Takes minutes; needs the corpus. The data is split as scripts/int8_accuracy.py says: what calibrates is not what is evaluated.
"""

import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests" / "cli"), str(ROOT / "tests" / "models"), str(ROOT / "scripts")]

import detectors  # noqa: E402
import int8_accuracy  # noqa: E402
from support import CORPUS, TENON, load_npy, tenon  # noqa: E402


@unittest.skipIf(CORPUS is None, "TENON_CORPUS names no corpus")
class Int8Accuracy(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.shared = tempfile.TemporaryDirectory()
        cls.folder = Path(cls.shared.name)

    @classmethod
    def tearDownClass(cls) -> None:
        cls.shared.cleanup()

    def loss(self, name: str, *more: object) -> int:
        """Pictures that are right in FP32, minus those that are right in INT8."""
        case = int8_accuracy.cases(CORPUS, self.folder, [name])[name]
        engine = self.folder / f"{name}.engine"
        built = int8_accuracy.build(str(TENON), case, engine, "improved", "fitted",
                                    *(case.eval if argument == "EVAL" else argument for argument in more))
        if more:
            self.assertTrue(built["budget"]["held"], built["budget"])
        result = int8_accuracy.evaluate(str(TENON), case, engine, case.eval)
        self.assertEqual(result["labelled"], result["samples"])
        self.assertGreater(result["reference_right"], 0.85 * result["samples"])
        return result["reference_right"] - result["right"]

    def test_resnet50(self):
        self.assertLessEqual(self.loss("resnet50"), 2)

    def test_mobilenet(self):
        self.assertLessEqual(self.loss("mobilenet_v1"), 2)

    def test_resnet50_within_a_budget(self):
        self.assertLessEqual(self.loss("resnet50", "--max-drop", 0.25, "--eval", "EVAL"), 1)

    def test_mobilenet_within_a_budget(self):
        self.assertLessEqual(self.loss("mobilenet_v1", "--max-drop", 0.25, "--eval", "EVAL"), 1)

    def test_resnet20(self):
        self.assertLessEqual(self.loss("resnet20_cifar10"), 4)

    def test_digits(self):
        self.assertLessEqual(self.loss("digits"), 10)

    def boxes_match(self, name: str, boxes_of: object, least: int, pictures: tuple) -> None:
        """Calibrated with the pictures themselves, of which nothing but the pixels is used."""
        model = CORPUS / name / "model.onnx"
        engines = {"fp32": self.folder / f"{name}.fp32", "int8": self.folder / f"{name}.int8"}
        for kind, engine in engines.items():
            more = ["--int8", "--calib", CORPUS / "images", *pictures] if kind == "int8" else []
            done = tenon("build", model, "-o", engine, "--no-tune", "--strip-portable", *more)
            self.assertEqual(done.code, 0, done.err)
        count, overlaps = 0, []
        for picture in sorted((CORPUS / "images").iterdir()):
            found = {}
            for kind, engine in engines.items():
                out = self.folder / f"{name}.{kind}.out"
                done = tenon("run", engine, "--input", picture, "--output-dir", out, *pictures)
                self.assertEqual(done.code, 0, done.err)
                found[kind] = boxes_of(out)
            result = detectors.match(found["fp32"], found["int8"])
            with self.subTest(network=name, picture=picture.name):
                self.assertEqual(result.lost, [])
                self.assertEqual(result.ghosts, [])
            count += len(result.overlaps) + len(result.lost)
            overlaps += result.overlaps
        self.assertGreaterEqual(count, least)
        self.assertGreaterEqual(sum(overlaps) / len(overlaps), 0.9)

    def test_yolov3_tiny(self):
        def boxes(out: Path) -> list:
            heads = [load_npy(out / f"layer{i}Boxes.npy") for i in range(2)]
            return detectors.yolo_boxes([(head.shape, head.values) for head in heads])

        self.boxes_match("yolov3_tiny", boxes, 30, ("--letterbox", "--scale", "1/255"))

    def test_ultraface(self):
        def boxes(out: Path) -> list:
            return detectors.face_boxes(load_npy(out / "scores.npy").values, load_npy(out / "boxes.npy").values)

        # Two hundred faces of ten pixels, hundreds of boxes around each.
        self.boxes_match("ultraface_rfb320", boxes, 200, ("--mean", 127, "--std", 128))


@unittest.skipIf(CORPUS is None, "TENON_CORPUS names no corpus")
class PlanSizes(unittest.TestCase):
    """Against the ONNX file, with and without the part by which another machine builds the engine again. Improvement changes values alone."""

    def test_every_network(self):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            builds = {name: (case.model, "--calib", case.calib, "--calib-batch", case.batch, *case.options, *int8_accuracy.shapes(case))
                      for name, case in int8_accuracy.cases(CORPUS, folder, []).items()}
            builds["mnist"] = (CORPUS / "mnist" / "model.onnx", "--calib", CORPUS / "images", "--color", "gray")
            builds["yolov3_tiny"] = (CORPUS / "yolov3_tiny" / "model.onnx", "--calib", CORPUS / "images", "--letterbox", "--scale", "1/255")
            builds["ultraface_rfb320"] = (CORPUS / "ultraface_rfb320" / "model.onnx", "--calib", CORPUS / "images", "--mean", 127, "--std", 128)
            for network, (model, *options) in builds.items():
                for most, strip in ((0.3, ["--strip-portable"]), (0.6, [])):
                    with self.subTest(network=network, strip=strip):
                        engine = folder / "engine"
                        done = tenon("build", model, "-o", engine, "--int8", "--no-tune", "--no-improve", *options, *strip)
                        self.assertEqual(done.code, 0, done.err)
                        self.assertLessEqual(engine.stat().st_size, most * model.stat().st_size)


class Detectors(unittest.TestCase):
    """The comparison itself."""

    def test_boxes_are_compared_by_class_score_and_place(self):
        a = detectors.Box(0, 0, 10, 10, 0.9, 1)
        same = a._replace(x1=9, score=0.35)  # IoU 0.9
        self.assertEqual(detectors.match([a], [same]), ([], [], [0.9]))
        self.assertEqual(len(detectors.match([a], [same._replace(label=2)]).lost), 1)
        self.assertEqual(len(detectors.match([a], [same._replace(score=0.29)]).lost), 1)
        self.assertEqual(len(detectors.match([a], [same._replace(x1=7)]).lost), 1)
        self.assertEqual(len(detectors.match([], [a]).ghosts), 1)
        self.assertEqual(detectors.match([a._replace(score=0.31)], [a]).ghosts, [])
        self.assertEqual(detectors.match([], [a._replace(score=0.49)]).ghosts, [])


if __name__ == "__main__":
    unittest.main()
