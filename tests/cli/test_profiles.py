"""Several optimization profiles in one engine, and inputs whose values become dims."""

import json
import unittest

from support import MODEL, CommandTest, load_npy, save_npy

SMALL = "image:1x1x28x28"
LARGE = "image:2x1x28x28:4x1x28x28:6x1x28x28"

RESHAPE = """
graph @net(%x: f32[N,6], %size: i64[2]) {
  %y = reshape(%x, %size) : f32[?,?]
  %z = neg(%y) : f32[?,?]
  return %z as "z"
}
"""


class Profiles(CommandTest):
    def build(self, *options: object):
        engine = self.folder / "two.engine"
        text = self.succeeds("build", MODEL, "-o", engine, "--no-tune", "--threads", 1, *options)
        self.assertIn("2 profiles, ", text)
        return engine

    def test_each_takes_its_shapes(self):
        engine = self.build("--profile", 0, "--shapes", SMALL, "--profile", 1, "--shapes", LARGE)
        report = json.loads(self.succeeds("inspect", engine, "--json"))
        self.assertEqual([p["inputs"][0]["max"][0] for p in report["profiles"]], [1, 6])
        self.assertEqual([len(p["symbols"]) for p in report["profiles"]], [0, 1])
        self.assertLess(report["profiles"][0]["arena_bytes"], report["profiles"][1]["arena_bytes"])
        text = self.succeeds("inspect", engine)
        self.assertIn("profile  0\n", text)
        self.assertIn("profile  1\n", text)
        self.assertNotIn("profile  0", self.succeeds("inspect", self.engine))
        for count in (1, 2, 6):
            x = self.input(shape=(count, 1, 28, 28))
            self.succeeds("run", engine, "--input", x, "--output-dir", self.folder / str(count))
            self.succeeds("run", MODEL, "--device", "ref", "--input", x, "--output-dir", self.folder / "ref")
            found, expected = (load_npy(self.folder / where / "logits.npy") for where in (str(count), "ref"))
            self.assertEqual(found.shape, (count, 10))
            for a, b in zip(found.values, expected.values):
                self.assertAlmostEqual(a, b, delta=1e-3)

    def test_one_is_chosen(self):
        engine = self.build("--profile=0", "--shapes", SMALL, "--profile=1", "--shapes", LARGE)
        x = self.input(shape=(2, 1, 28, 28))
        run = ("run", engine, "--input", x, "--output-dir", self.folder / "out")
        self.succeeds(*run, "--use-profile", 1)
        self.assertIn("dim 0 (N) is 2, outside the range of profile 0 1 to 1", self.refuses(*run, "--use-profile", 0))
        self.assertIn("none of number 2", self.refuses(*run, "--use-profile", 2))
        x = self.input(shape=(7, 1, 28, 28))
        refusal = self.refuses("run", engine, "--input", x, "--output-dir", self.folder / "out")
        self.assertIn("profile 0: input 'image': dim 0 (N) is 7, outside the range of profile 0 1 to 1", refusal)
        self.assertIn("profile 1: input 'image': dim 0 (N) is 7, outside the range of profile 1 2 to 6", refusal)
        bench = ("bench", engine, "--duration", 0, "--json")
        report = json.loads(self.succeeds(*bench, "--use-profile", 1))
        self.assertGreater(report["shape_change_ms"]["unseen"], 0)
        self.succeeds(*bench, "--shapes", "image:5x1x28x28")
        self.refuses(*bench, "--shapes", "image:7x1x28x28")
        first, second = (json.loads(self.succeeds("explain", engine, "--json", "--use-profile", i)) for i in (0, 1))
        self.assertNotEqual([s["problem"] for s in first], [s["problem"] for s in second])

    def test_wrong_lists(self):
        build = ("build", MODEL, "-o", self.folder / "e", "--no-tune")
        self.assertIn("1 comes next", self.refuses(*build, "--profile", 0, "--shapes", SMALL, "--profile", 2))
        self.assertIn("before the first --profile", self.refuses(*build, "--shapes", SMALL, "--profile", 0))
        self.assertIn("twice", self.refuses(*build, "--profile", 0, "--shapes", SMALL, "--shapes", SMALL))
        self.refuses(*build, "--profile", "one")
        self.assertEqual(self.left(), [])


class Values(CommandTest):
    def test_become_dims(self):
        model = self.folder / "net.ir"
        model.write_text(RESHAPE)
        engine = self.folder / "values.engine"
        self.succeeds("build", model, "-o", engine, "--no-tune", "--shapes", "x:1x6:2x6:4x6", "--values", "size:1,1:3,4:24,24")
        report = json.loads(self.succeeds("inspect", engine, "--json"))
        values = report["profiles"][0]["inputs"][1]["values"]
        self.assertEqual((values["min"], values["opt"], values["max"]), ([1, 1], [3, 4], [24, 24]))
        self.assertIn("values min 1,1  opt 3,4  max 24,24", self.succeeds("inspect", engine))
        x = self.input(shape=(4, 6))
        out = self.folder / "out"
        for rows in (1, 8, 24):
            size = save_npy(self.folder / "size.npy", (2,), [rows, 24 // rows], "<i8")
            self.succeeds("run", engine, "--input", f"x={x}", "--input", f"size={size}", "--output-dir", out)
            self.assertEqual(load_npy(out / "z.npy").shape, (rows, 24 // rows))
        size = save_npy(self.folder / "size.npy", (2,), [48, 1], "<i8")
        self.assertIn("input 'size': value 0 (size.0) is 48, outside the profile's range 1 to 24",
                      self.refuses("run", engine, "--input", f"x={x}", "--input", f"size={size}", "--output-dir", out))
        self.succeeds("bench", engine, "--duration", 0)
        self.succeeds("bench", engine, "--duration", 0, "--values", "size:2,6")
        self.assertIn("NAME:MIN:OPT:MAX", self.refuses("bench", engine, "--duration", 0, "--values", "size:2x6"))
        self.succeeds("verify", model, "--shapes", "x:2x6", "--values", "size:3,-1")


if __name__ == "__main__":
    unittest.main()
