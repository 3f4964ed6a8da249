"""tenon inspect, dump, opt and list."""

import json
import unittest

from support import MODEL, CommandTest, load_npy, needs_passes


class Reports(CommandTest):
    def test_inspect(self):
        report = json.loads(self.succeeds("inspect", self.engine, "--json"))
        self.assertEqual(len(report["profiles"]), 1)
        profile = report["profiles"][0]
        self.assertEqual(profile["inputs"][0]["name"], "image")
        self.assertEqual(profile["inputs"][0]["min"], [1, 1, 28, 28])
        self.assertEqual(profile["inputs"][0]["max"], [4, 1, 28, 28])
        self.assertEqual(profile["outputs"][0]["name"], "logits")
        self.assertGreater(report["weight_bytes"], 29000 * 4)
        self.assertGreaterEqual(profile["arena_bytes"], profile["arena_floor_bytes"])
        self.assertLessEqual(profile["arena_bytes"], 1.1 * profile["arena_floor_bytes"])
        text = self.succeeds("inspect", self.engine)
        for word in ("image", "logits", "arena", str(profile["arena_bytes"]), str(profile["arena_floor_bytes"])):
            self.assertIn(word, text)
        self.assertGreater(len(self.succeeds("inspect", self.engine, "--plan")), len(text))

    def test_dump_can_be_read_back(self):
        text = self.folder / "digits.ir"
        self.succeeds("dump", MODEL, "-o", text)
        again = self.folder / "again.ir"
        self.succeeds("dump", text, "-o", again)
        self.assertEqual(text.read_text(), again.read_text())
        x = self.input()
        for i, model in enumerate((MODEL, text)):
            self.succeeds("run", model, "--input", x, "--output-dir", self.folder / str(i))
        self.assertEqual(load_npy(self.folder / "0/logits.npy"), load_npy(self.folder / "1/logits.npy"))

    def test_dump(self):
        self.assertTrue(self.succeeds("dump", MODEL).startswith("graph "))
        report = json.loads(self.succeeds("dump", MODEL, "--json"))
        self.assertEqual(report["inputs"], [{"name": "image", "dtype": "f32", "dims": ["N", "1", "28", "28"]}])
        self.assertEqual(report["ops"]["conv"], 3)

    @needs_passes
    def test_dump_optimized(self):
        optimized = json.loads(self.succeeds("dump", MODEL, "--optimized", "--json"))
        self.assertNotIn("batch_norm", optimized["ops"])

    @needs_passes
    def test_opt(self):
        text = self.folder / "digits.ir"
        self.succeeds("dump", MODEL, "-o", text)
        report = json.loads(self.succeeds("opt", text, "--json"))
        self.assertGreater(report["rewrites"], 0)
        self.assertEqual(sum(p["rewrites"] for p in report["passes"]), report["rewrites"])
        none = json.loads(self.succeeds("opt", text, "--json", "--stop-after-rewrites=0"))
        self.assertEqual(none["rewrites"], 0)
        one = json.loads(self.succeeds("opt", text, "--json", "--stop-after-rewrites=1"))
        self.assertEqual(one["rewrites"], 1)
        name = report["passes"][0]["name"]
        self.assertEqual([p["name"] for p in json.loads(self.succeeds("opt", text, "--json", "--pipeline", name))["passes"]], [name])
        self.assertIn("no-such-pass", self.refuses("opt", text, "--pipeline", "no-such-pass"))

    @needs_passes
    def test_reproducers_run_again(self):
        text = self.folder / "left.ir"
        self.succeeds("dump", MODEL, "-o", text)
        self.assertIn("pipeline", self.refuses("opt", "--reproduce", text))
        whole = json.loads(self.succeeds("opt", text, "--json"))
        name = whole["passes"][0]["name"]
        text.write_text(f"// pipeline: {name}\n// stop-after-rewrites: 0\n" + text.read_text())
        report = json.loads(self.succeeds("opt", "--reproduce", text, "--json"))
        self.assertEqual([p["name"] for p in report["passes"]], [name])
        self.assertEqual(report["rewrites"], 0)
        self.refuses("opt", text, "--reproduce", text)

    @needs_passes
    def test_dumps_after_every_pass(self):
        self.succeeds("opt", MODEL, "--dump-dir", self.folder / "dumps", "-o", self.folder / "out.ir")
        self.assertGreater(len(list((self.folder / "dumps").glob("*.ir"))), 1)

    def test_list(self):
        for what, known in (("ops", "conv"), ("passes", ""), ("tactics", "cpu."), ("kernels", "portable"), ("knobs", "TENON_THREADS")):
            text = self.succeeds("list", what)
            self.assertIn(known, text)
            rows = json.loads(self.succeeds("list", what, "--json"))
            self.assertEqual(len(rows) + 1, len(text.splitlines()))
        ops = json.loads(self.succeeds("list", "ops", "--json"))
        self.assertEqual([op["op"] for op in ops if op["reference"] != "yes"], [])


if __name__ == "__main__":
    unittest.main()
