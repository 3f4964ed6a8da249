"""tenon build --int8: improvement of the network, and accuracy budgets."""

import json
import unittest

from support import DIGITS, MODEL, CommandTest, tenon

PICTURES = DIGITS / "images"
LABELS = DIGITS / "labels.txt"
SCALE = ("--scale", "1/255")


class Accuracy(CommandTest):
    def command(self, *arguments: object) -> tuple:
        return ("build", MODEL, "-o", self.folder / "e", "--int8", "--no-tune", "--threads", 1, "--calib", PICTURES, *SCALE, *arguments)

    def build(self, *arguments: object) -> dict:
        return json.loads(self.succeeds(*self.command("--json", *arguments)))

    def test_improvement_is_reported_and_can_be_left_out(self):
        report = self.build()
        self.assertEqual([layer["layer"] for layer in report["improvement"]],
                         [layer["location"] for layer in report["layers"] if layer["op"] in ("conv", "matmul")])
        for layer in report["improvement"]:
            self.assertGreaterEqual(layer["sqnr_db"], layer["sqnr_db_before"] - 0.5, layer)
        improved = (self.folder / "e").read_bytes()
        self.assertNotIn("improvement", self.build("--no-improve"))
        self.assertNotEqual((self.folder / "e").read_bytes(), improved)
        rounded = {layer["layer"] for layer in report["improvement"] if layer["rounded"]}
        self.assertGreater(len(rounded), 0)
        self.assertFalse(any(layer["rounded"] for layer in self.build("--no-round-weights")["improvement"]))
        self.assertNotEqual((self.folder / "e").read_bytes(), improved)
        more = self.build("--improve-samples", 8, "--calibrator", "mse", "--round-weights")["improvement"]
        self.assertGreater(sum(layer["rounded"] for layer in more), 0)

    def test_a_budget_that_holds(self):
        report = self.build("--max-drop", 1, "--min-cosine", 0.9, "--eval", LABELS)
        budget = report["budget"]
        self.assertTrue(budget["held"])
        self.assertEqual((budget["floats"], budget["engines"]), ([], 1))
        self.assertEqual(budget["evaluation"]["labelled"], len(LABELS.read_text().splitlines()))

    def test_a_budget_that_takes_floats(self):
        loose = self.build("--min-cosine", 0.9, "--no-improve", "--calibrator", "percentile:90")["budget"]
        reached = loose["evaluation"]["outputs"][0]["cosine"]["value"]
        asked = 1 - (1 - reached) / 4
        report = self.build("--min-cosine", asked, "--no-improve", "--calibrator", "percentile:90")
        budget = report["budget"]
        self.assertTrue(budget["held"], budget)
        self.assertGreaterEqual(budget["evaluation"]["outputs"][0]["cosine"]["value"], asked)
        self.assertGreater(len(budget["floats"]), 0)
        floats = [layer["location"] for layer in report["layers"] if layer["precision"] == "f32" and layer["op"] in ("conv", "matmul")]
        self.assertEqual(sorted(floats), sorted(budget["floats"]))

    def test_floats_have_no_correction_for_integers(self):
        # With every layer float the network answers as the model does, whatever improvement did to its biases.
        budget = self.build("--min-cosine", 0.99999999)["budget"]
        self.assertTrue(budget["held"], budget)
        self.assertGreater(len(budget["floats"]), 0)
        # Nor those that were asked to be: without integers at all, the budget holds at once.
        report = self.build("--layer-precision", "*=fp32", "--min-cosine", 0.99999999)
        self.assertEqual((report["budget"]["held"], report["budget"]["engines"], report.get("improvement", [])), (True, 1, []))

    def test_a_budget_that_cannot_hold(self):
        done = tenon(*self.command("--min-cosine", 1.5))
        self.assertEqual(done.code, 1)
        self.assertIn("the accuracy budget does not hold: the cosine is", done.err)

    def test_refuses(self):
        engine = ("build", MODEL, "-o", self.folder / "e", "--no-tune", *SCALE)
        self.assertIn("without --int8", self.refuses(*engine, "--min-cosine", 0.9))
        self.assertIn("--max-drop wants --eval", self.refuses(*self.command("--max-drop", 1)))
        self.assertIn("--eval is for", self.refuses(*self.command("--eval", LABELS)))
        self.assertIn("labels", self.refuses(*self.command("--max-drop", 1, "--eval", PICTURES)))
        self.assertIn("--round-weights wants", self.refuses(*self.command("--round-weights", "--no-improve")))


if __name__ == "__main__":
    unittest.main()
