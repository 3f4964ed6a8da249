"""tenon quantize: every scheme on the digit classifier, its report, and the same answers by ONNX Runtime where there is one."""

import json
import struct
import subprocess
import sys
import unittest

from support import DIGITS, MODEL, ROOT, TENON, CommandTest, load_npy, save_npy, tenon

SCHEMES = ("static", "static-asymmetric", "weights-int8", "weights-int4", "dynamic-symmetric", "dynamic-asymmetric")
PICTURES = sorted((DIGITS / "images").iterdir())

try:
    import onnxruntime
except ImportError:
    onnxruntime = None
try:
    import onnx
except ImportError:
    onnx = None


class Quantize(CommandTest):
    def quantized(self, scheme: str, *arguments: object) -> object:
        path = self.folder / f"{scheme}.onnx"
        if scheme.startswith("static"):
            arguments = ("--calib", DIGITS / "images", "--scale", "1/255", "--calibrator", "min-max", *arguments)
        self.succeeds("quantize", MODEL, "-o", path, "--scheme", scheme, *arguments)
        return path

    def logits(self, model: object, picture: object) -> list:
        folder = self.folder / "out"
        self.succeeds("run", model, "--input", picture, "--scale", "1/255", "--output-dir", folder, "--threads", 1)
        return load_npy(folder / "logits.npy").values

    def test_every_scheme_reads_most_digits(self):
        for scheme in SCHEMES:
            with self.subTest(scheme=scheme):
                model = self.quantized(scheme)
                self.assertLess(model.stat().st_size, 0.32 * MODEL.stat().st_size)
                for picture in PICTURES[:8]:
                    values = self.logits(model, picture)
                    self.assertEqual(values.index(max(values)), int(picture.stem.split("_")[1]), picture)

    def test_the_result_verifies(self):
        for scheme in SCHEMES:
            with self.subTest(scheme=scheme):
                self.succeeds("verify", self.quantized(scheme))

    def test_the_report_names_layers(self):
        report = json.loads(self.succeeds("quantize", MODEL, "-o", self.folder / "q.onnx", "--scheme", "weights-int4", "--zero-points",
                                          "--block", 64, "--exclude", "conv1", "--exclude", "conv2", "--json"))
        self.assertEqual([layer["name"] for layer in report["layers"]], ["conv3 + bn3", "fc"])
        self.assertEqual(report["layers"][1]["weights"], "u4[10,576] in blocks of 64")
        self.assertEqual([kept["reason"] for kept in report["kept"]], ["excluded by 'conv1'", "excluded by 'conv2'"])
        self.assertEqual(report["bytes"], (self.folder / "q.onnx").stat().st_size)
        self.assertTrue(15 < report["layers"][1]["sqnr_db"] < 30)

    def test_text_is_written_too(self):
        path = self.folder / "q.ir"
        self.succeeds("quantize", MODEL, "-o", path, "--scheme", "dynamic-asymmetric")
        self.assertIn("dynamic_quantize_linear", path.read_text())
        self.succeeds("verify", path)

    def test_an_engine_stays_small(self):
        for scheme in ("weights-int8", "weights-int4"):
            plan = self.folder / "q.engine"
            self.succeeds("build", self.quantized(scheme), "-o", plan, "--no-tune", "--strip-portable")
            self.assertLess(plan.stat().st_size, 0.45 * MODEL.stat().st_size)

    def test_what_is_wrong_is_said(self):
        for arguments, words in ((("--scheme", "int3"), "there is no quantization scheme 'int3'"),
                                 ((), "integers want ranges"),
                                 (("--scheme", "weights-int8", "--calib", DIGITS / "images"), "weights-int8 takes no calibration"),
                                 (("--scheme", "weights-int8", "--exclude", "none*"), "'none*' fits no convolution or product"),
                                 (("--scheme", "weights-int4", "--block", "5"), "blocks of 5 weights")):
            done = tenon("quantize", MODEL, "-o", self.folder / "q.onnx", *arguments)
            self.assertEqual(done.code, 1)
            self.assertIn(words, done.err)

    @unittest.skipUnless(onnxruntime, "ONNX Runtime is not installed")
    def test_onnx_runtime_gives_the_same_answers(self):
        values = [(i * 37 % 256) / 255 for i in range(28 * 28)]
        picture = save_npy(self.folder / "x.npy", (1, 1, 28, 28), values)
        for scheme in SCHEMES:
            with self.subTest(scheme=scheme):
                model = self.quantized(scheme)
                program = (
                    "import onnxruntime as o, struct, sys\n"
                    "import numpy as n\n"
                    f"s = o.InferenceSession({str(model)!r}, providers=['CPUExecutionProvider'])\n"
                    f"x = n.load({str(picture)!r})\n"
                    "sys.stdout.buffer.write(s.run(None, {'image': x})[0].tobytes())\n")
                done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, timeout=300)
                theirs = struct.unpack(f"<{len(done.stdout) // 4}f", done.stdout)
                ours = self.logits(model, picture)
                # Static schemes: within a quantum. Else activations are rounded at the same places, and only the order
                # of sums of floats differs.
                largest = max(abs(value) for value in theirs)
                allowed = largest / 127 if scheme.startswith("static") else 1e-5 * largest
                for a, b in zip(ours, theirs, strict=True):
                    self.assertLessEqual(abs(a - b), allowed)

    @unittest.skipUnless(onnxruntime and onnx, "ONNX Runtime or the package onnx is not installed")
    def test_every_rounded_tensor_is_that_of_onnx_runtime(self):
        picture = save_npy(self.folder / "x.npy", (1, 1, 28, 28), [(i * 37 % 256) / 255 for i in range(28 * 28)])
        script = ROOT / "scripts" / "compare_quantized.py"
        for scheme in ("static", "static-asymmetric"):
            for device in ("cpu", "ref"):
                done = subprocess.run([sys.executable, script, self.quantized(scheme), picture, "--tenon", TENON, "--device", device],
                                      capture_output=True, text=True, check=False, timeout=300)
                self.assertEqual(done.returncode, 0, done)


if __name__ == "__main__":
    unittest.main()
