"""tenon build --bf16 and --fp16: values in 16 bits."""

import json
import unittest

from support import DIGITS, MODEL, CommandTest

SCALE = ("--scale", "1/255")


class Half(CommandTest):
    def build(self, *arguments: object) -> dict:
        return json.loads(self.succeeds("build", MODEL, "-o", self.folder / "half.engine", "--no-tune", "--threads", 1, "--json", *arguments))

    def test_digits_are_read_as_well_as_in_fp32(self):
        for flags in (("--bf16",), ("--fp16",), ("--bf16", "--fp16")):
            with self.subTest(flags=flags):
                self.build(*flags)
                result = json.loads(self.succeeds("evaluate", self.folder / "half.engine", "--reference", MODEL, "--eval",
                                                  DIGITS / "labels.txt", "--json", *SCALE))
                self.assertLessEqual(result["lost"], 1, result)
                self.assertGreater(result["outputs"][0]["cosine"]["value"], 0.999, result)

    def test_layers_stay_in_fp32_by_name(self):
        kept = self.build("--bf16", "--layer-precision", "fc=fp32")["kept"]
        self.assertEqual({layer["type"] for layer in kept}, {"bf16"})
        self.assertTrue(all("fc" in layer["location"] for layer in kept), kept)
        text = self.succeeds("build", MODEL, "-o", self.folder / "e", "--no-tune", "--fp16", "--layer-precision", "*=fp32")
        self.assertIn("without f16: it was asked to stay f32", text)
        command = ("build", MODEL, "-o", self.folder / "e", "--no-tune", "--bf16", "--layer-precision")
        self.assertIn("nobody", self.refuses(*command, "nobody=fp32"))
        self.assertIn("without --int8", self.refuses(*command, "fc=int8"))
        self.assertIn("without --int8", self.refuses("build", MODEL, "-o", self.folder / "e", "--layer-precision", "fc=fp32"))

    def test_a_table_says_where_not(self):
        self.succeeds("calibrate", MODEL, "--calib", DIGITS / "images", "-o", self.folder / "table", *SCALE)
        self.assertNotIn("kept", self.build("--fp16", "--calib-table", self.folder / "table"))

    def test_with_integers(self):
        report = self.build("--int8", "--bf16", "--calib", DIGITS / "images", *SCALE, "--no-improve")
        self.assertEqual({layer["precision"] for layer in report["layers"]}, {"u8"})

    def test_best_is_whatever_can_be_had(self):
        half = self.build("--best", "--layer-precision", "fc=fp32")
        self.assertEqual({layer["type"] for layer in half["kept"]}, {"bf16", "f16"})
        self.assertNotIn("layers", half)
        report = self.build("--best", "--calib", DIGITS / "images", *SCALE, "--no-improve")
        self.assertEqual({layer["precision"] for layer in report["layers"]}, {"u8"})

    def test_every_command_that_builds(self):
        for flag in ("--bf16", "--fp16"):
            self.succeeds("verify", MODEL, "--no-tune", flag)
            self.assertIn("f32[", self.succeeds("explain", MODEL, "--no-tune", flag))
            self.succeeds("bench", MODEL, "--no-tune", flag, "--duration", 0.05)
            self.succeeds("run", MODEL, "--no-tune", flag, "--input", DIGITS / "images" / "0000_7.png", *SCALE, "--output-dir", self.folder)


if __name__ == "__main__":
    unittest.main()
