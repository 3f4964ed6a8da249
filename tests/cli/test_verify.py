"""tenon verify."""

import json
import unittest

from support import MODEL, CommandTest, needs_passes, tenon


class Verify(CommandTest):
    def test_the_digit_classifier_is_right(self):
        report = json.loads(self.succeeds("verify", MODEL, "--json", "--no-tune"))
        self.assertTrue(report["ok"])
        self.assertIsNone(report["first"])
        names = [tap["name"] for tap in report["taps"]]
        self.assertEqual(names[-1], "logits")
        self.assertGreaterEqual(len(names), 12)
        self.assertTrue(all(tap["verdict"] == "ok" and tap["difference"] <= tap["allowed"] for tap in report["taps"]))
        self.assertGreater(max(tap["difference"] for tap in report["taps"]), 0)

    @needs_passes
    def test_optimized_is_what_is_verified(self):
        self.assertGreater(json.loads(self.succeeds("verify", MODEL, "--json", "--no-tune"))["rewrites"], 0)
        self.assertEqual(json.loads(self.succeeds("verify", MODEL, "--json", "--no-tune", "--raw"))["rewrites"], 0)

    def test_text_and_inputs(self):
        text = self.succeeds("verify", MODEL, "--all", "--no-tune", "--input", self.input(shape=(2, 1, 28, 28)))
        self.assertIn("ok", text.splitlines()[-1])
        self.assertIn("f32[2x16x28x28]", text)
        self.assertIn("'nobody'", self.refuses("verify", MODEL, "--input", f"nobody={self.input()}"))

    def test_a_tolerance_that_nothing_meets(self):
        # No tactic is exact to a billionth of the tolerance, so something differs and no pass is to blame.
        done = tenon("verify", MODEL, "--no-tune", "--tolerance", "1e-12")
        self.assertEqual(done.code, 2, done)
        self.assertIn("the first node that differs is", done.out)
        self.assertIn("without any rewrite", done.out)


if __name__ == "__main__":
    unittest.main()
