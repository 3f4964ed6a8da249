"""tenon build --int8: from a model and pictures to an engine on integers."""

import json
import unittest

from support import DIGITS, MODEL, CommandTest, load_npy, tenon

PICTURES = DIGITS / "images"
SCALE = ("--scale", "1/255")


class Int8(CommandTest):
    def build(self, *arguments: object, name: str = "int8.engine") -> dict:
        """What --json says, and the engine beside the other files."""
        out = self.succeeds("build", MODEL, "-o", self.folder / name, "--int8", "--no-tune", "--threads", 1, "--json", *SCALE, *arguments)
        return json.loads(out)

    def layers(self, report: dict) -> dict:
        return {layer["location"]: layer for layer in report["layers"] if layer["op"] in ("conv", "matmul")}

    def test_digits_are_read_as_well_as_in_fp32(self):
        for scheme in ("fitted", "symmetric", "asymmetric"):
            with self.subTest(scheme=scheme):
                report = self.build("--calib", PICTURES, "--int8-scheme", scheme)
                self.assertEqual({layer["precision"] for layer in report["layers"]}, {"u8"})
                self.assertGreaterEqual(len(self.layers(report)), 4)
                result = json.loads(self.succeeds("evaluate", self.folder / "int8.engine", "--reference", MODEL, "--eval",
                                                  DIGITS / "labels.txt", "--json", *SCALE))
                self.assertLessEqual(result["lost"], 1, result)
                self.assertGreater(result["outputs"][0]["cosine"]["value"], 0.99, result)

    def test_explain_shows_integers(self):
        self.build("--calib", PICTURES)
        text = self.succeeds("explain", self.folder / "int8.engine")
        self.assertIn("u8[", text)

    def test_a_cache_or_a_table_stands_for_the_pictures(self):
        plain = ("--calibrator", "entropy-2", "--no-improve")
        self.build("--calib", PICTURES, *plain)
        first = (self.folder / "int8.engine").read_bytes()
        self.succeeds("calibrate", MODEL, "--calib", PICTURES, "-o", self.folder / "table", "--calibrator", "entropy-2",
                      "--calib-cache", self.folder / "cache", *SCALE)
        self.build("--calib-table", self.folder / "table", *plain)
        self.assertEqual((self.folder / "int8.engine").read_bytes(), first)
        self.assertTrue((self.folder / "cache").read_text().startswith("TRT-"))
        report = self.build("--calib-cache", self.folder / "cache")
        self.assertEqual({layer["precision"] for layer in report["layers"]}, {"i8"})

    def test_a_cache_that_does_not_fit(self):
        self.build("--calib", PICTURES, "--calibrator", "entropy-2", "--calib-cache", self.folder / "cache")
        cache = self.folder / "cache"
        lines = cache.read_text().splitlines()
        cache.write_text("\n".join([lines[0], *lines[2:]]) + "\n")
        command = ("build", MODEL, "-o", self.folder / "e", "--int8", "--no-tune", "--calib-cache", cache, *SCALE)
        self.assertIn("the cache has no scale for", self.refuses(*command))
        for more, floats in ((("--on-mismatch", "accept"), "in FP32: calibration has no range for 'image'"), (("--calib", PICTURES), "8 of 8")):
            done = tenon(*command, *more)
            self.assertEqual(done.code, 0, done)
            self.assertIn("the cache has no scale for", done.err)
            self.assertIn(floats, done.out)
        self.assertEqual(cache.read_text().splitlines(), lines)

    def test_layers_stay_float_by_name(self):
        report = self.build("--calib", PICTURES, "--layer-precision", "conv*=fp32", "--layer-precision", "conv2=int8", "--strict-precision")
        layers = self.layers(report)
        floats = [name for name, layer in layers.items() if layer["precision"] == "f32"]
        self.assertTrue(floats)
        for name, layer in layers.items():
            expected = name.startswith("conv") and "conv2" not in name
            self.assertEqual(layer["precision"] == "f32", expected, name)
            self.assertEqual(layer["reason"], "asked to stay float" if expected else "")

    def test_what_cannot_be(self):
        engine = ("-o", self.folder / "e", "--no-tune")
        calib = ("--int8", "--calib", PICTURES, *SCALE)
        for said, *arguments in (("no layer and no tensor is called 'nowhere'", *calib, "--layer-precision", "nowhere=fp32"),
                                 ("expected PATTERN=fp32 or PATTERN=int8", *calib, "--layer-precision", "conv1=fp8"),
                                 ("without --int8", "--calib", PICTURES),
                                 ("integers want ranges: --calib", "--int8"),
                                 ("a raw one leaves out", *calib, "--raw"),
                                 ("needs the pass quantize", *calib, "--pipeline", "canonicalize")):
            self.assertIn(said, self.refuses("build", MODEL, *engine, *arguments))
        table = self.folder / "table"
        self.succeeds("calibrate", MODEL, "--calib", PICTURES, "-o", table, *SCALE)
        text = table.read_text().splitlines()
        at = next(i for i, line in enumerate(text) if line.startswith("graph "))
        text[at] = "graph " + "0" * 32
        table.write_text("\n".join(text) + "\n")
        self.assertIn("another network", self.refuses("build", MODEL, *engine, "--int8", "--calib-table", table))

    def test_plans_are_small(self):
        self.build("--calib", PICTURES, "--strip-portable", name="stripped.engine")
        self.build("--calib", PICTURES)
        size = {name: (self.folder / f"{name}.engine").stat().st_size for name in ("int8", "stripped")}
        self.assertLess(size["stripped"], 0.3 * MODEL.stat().st_size)
        # The weights of the portable part are those that the steps have.
        self.assertLess(size["int8"] - size["stripped"], 0.05 * MODEL.stat().st_size)

    def test_layers_run_on_integers_where_time_says_so(self):
        table, cache, engine = self.folder / "table", self.folder / "times", self.folder / "timed.engine"
        self.succeeds("calibrate", MODEL, "--calib", PICTURES, "-o", table, *SCALE)
        command = ("build", MODEL, "-o", engine, "--int8", "--calib-table", table, "--threads", 1, "--timing-cache", cache)
        self.succeeds(*command)
        told = []  # integers are slow, and no network has been timed
        for line in cache.read_text().splitlines():
            problem, *rest = line.split("\t")
            if not problem.startswith("network of"):
                told.append("\t".join([problem, *rest[:-1], "1e9"]) if rest and problem.startswith("quantized_") else line)
        cache.write_text("\n".join(told) + "\n")

        # How many layers there are depends on which fusions pay on this machine.
        self.assertRegex(self.succeeds(*command), r"\n0 of (\d+) layers on integers\n  \1 in FP32: FP32 is faster\n")
        costs = json.loads(self.succeeds("explain", engine, "--precision", "--json"))
        self.assertEqual({layer["precision"] for layer in costs["layers"]}, {"f32"})
        for layer in costs["layers"]:
            self.assertAlmostEqual(layer["profit_us"], layer["float_us"] - layer["int8_us"] - layer["quantize_us"] - layer["dequantize_us"], 3)
        # No layer pays here, so that these two are the same network, and timing chooses the one or the other.
        chosen = [network["name"] for network in costs["networks"] if network["chosen"]]
        self.assertIn(chosen, (["FP32"], ["INT8 where it pays"]))
        text = self.succeeds("explain", engine, "--precision")
        self.assertRegex(text, r"(?m)^Layer +runs on +T_float +T_int8 +T_quant +T_dequant +profit$")
        self.assertRegex(text, r"(?m)^conv1[^ ]*.* f32 +[0-9.]+ +1000000\.0 ")
        first = engine.read_bytes()
        self.succeeds(*command)
        self.assertEqual(engine.read_bytes(), first)

        for ask in (("--int8-everywhere",), ("--layer-precision", "*=int8")):
            report = json.loads(self.succeeds(*command, "--json", *ask))
            self.assertEqual({layer["precision"] for layer in self.layers(report).values()}, {"u8"}, ask)

    def test_the_engine_answers(self):
        self.build("--calib", PICTURES)
        picture = sorted(PICTURES.iterdir())[0]
        self.succeeds("run", self.folder / "int8.engine", "--input", picture, "--output-dir", self.folder / "out", *SCALE)
        values = load_npy(self.folder / "out" / "logits.npy").values
        self.assertEqual(values.index(max(values)), int(picture.stem.split("_")[1]))


if __name__ == "__main__":
    unittest.main()
