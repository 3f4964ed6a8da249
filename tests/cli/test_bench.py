"""tenon bench and explain."""

import json
import unittest

from support import MODEL, CommandTest


class Bench(CommandTest):
    def test_json(self):
        report = json.loads(self.succeeds("bench", self.engine, "--duration", "0.1", "--warmup", "0", "--profile", "--json",
                                          "--threads", 1))
        latency = report["latency_ms"]
        self.assertGreater(latency["min"], 0)
        self.assertLessEqual(latency["min"], latency["median"])
        self.assertLessEqual(latency["median"], latency["p90"])
        self.assertLessEqual(latency["p90"], latency["p99"])
        self.assertGreaterEqual(latency["count"], 1)
        self.assertAlmostEqual(report["throughput_per_s"] * latency["mean"], 1000, delta=1)
        self.assertEqual(report["threads"], 1)
        self.assertAlmostEqual(sum(layer["share"] for layer in report["layers"]), 1, places=6)
        self.assertTrue(all(layer["tactic"] for layer in report["layers"]))

    def test_text(self):
        text = self.succeeds("bench", self.engine, "--duration", "0.05", "--profile", "--shapes", "image:4x1x28x28")
        for word in ("latency", "median", "p99", "throughput", "tactic", "share"):
            self.assertIn(word, text)

    def test_models_and_inputs(self):
        self.succeeds("bench", MODEL, "--no-tune", "--duration", "0.05", "--input", f"image={self.input(shape=(2, 1, 28, 28))}")
        self.assertIn("9", self.refuses("bench", self.engine, "--shapes", "image:9x1x28x28", "--duration", "0"))
        self.assertIn("'other'", self.refuses("bench", self.engine, "--shapes", "other:1", "--duration", "0"))

    def test_explain_says_what_runs(self):
        steps = json.loads(self.succeeds("explain", self.engine, "--json"))
        profile = json.loads(self.succeeds("bench", self.engine, "--duration", "0", "--profile", "--json"))
        self.assertEqual([s["tactic"] for s in steps], [layer["tactic"] for layer in profile["layers"]])
        self.assertIn(steps[0]["tactic"], self.succeeds("explain", self.engine))


if __name__ == "__main__":
    unittest.main()
