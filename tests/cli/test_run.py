"""tenon run: inputs, outputs, and the same answers on every way."""

import json
import unittest

from support import DIGITS, MODEL, CommandTest, load_npy, save_npy

PICTURES = [line.split()[0] for line in (DIGITS / "labels.txt").read_text().splitlines()]
ODD_NAMES = """graph @odd(%"a=b": f32[2], %"the other": f32[2]) {
  %s = add(%"a=b", %"the other") : f32[2]
  %n = neg(%s) : f32[2]
  return %s as "sum/of them: ä", %n as "-0.9_Z"
}
"""


class Run(CommandTest):
    def logits(self, *arguments: object) -> list:
        self.succeeds("run", *arguments, "--output-dir", self.folder / "out")
        array = load_npy(self.folder / "out" / "logits.npy")
        self.assertEqual(array.dtype, "<f4")
        self.assertEqual(array.shape[1], 10)
        return array.values

    def close(self, a: list, b: list) -> None:
        self.assertEqual(len(a), len(b))
        for x, y in zip(a, b):
            self.assertLess(abs(x - y), 1e-3 * max(map(abs, b)))

    def test_pictures_give_the_stored_answers(self):
        stored = load_npy(DIGITS / "first8_logits.npy")
        for i in (0, 7):
            found = self.logits(self.engine, "--input", DIGITS / PICTURES[i], "--scale", "1/255")
            self.close(found, stored.values[10 * i:10 * i + 10])

    def test_model_engine_raw_and_reference_agree(self):
        x = f"image={self.input()}"
        ways = [(self.engine,), (MODEL,), (MODEL, "--raw"), (MODEL, "--device", "ref"), (MODEL, "--threads", 2)]
        answers = [self.logits(*way, "--input", x) for way in ways]
        for answer in answers[1:]:
            self.close(answer, answers[0])

    def test_batches_follow_the_input(self):
        x = self.input(shape=(3, 1, 28, 28))
        self.assertEqual(len(self.logits(self.engine, "--input", x)), 30)
        self.assertEqual(len(self.logits(MODEL, "--input", x)), 30)

    def test_names_of_inputs_and_files(self):
        model = self.folder / "odd.ir"
        model.write_text(ODD_NAMES)
        x = save_npy(self.folder / "x.npy", (2,), [1.0, 2.0])
        y = save_npy(self.folder / "y.npy", (2,), [10.0, 20.0])
        out = self.folder / "out"
        report = json.loads(self.succeeds("run", model, "--input", f"a=b={x}", "--input", f"the other={y}", "--output-dir", out,
                                          "--json"))
        self.assertEqual(sorted(p.name for p in out.iterdir()), ["-0.9_Z.npy", "sum_of_them___.npy"])
        self.assertEqual(load_npy(out / "sum_of_them___.npy"), ("<f4", (2,), [11.0, 22.0]))
        self.assertEqual(load_npy(out / "-0.9_Z.npy").values, [-11.0, -22.0])
        self.assertEqual([o["name"] for o in report["outputs"]], ["sum/of them: ä", "-0.9_Z"])
        self.assertEqual(report["outputs"][0]["shape"], [2])

    def test_what_is_no_tensor_of_numbers_becomes_json(self):
        model = self.folder / "sequence.ir"
        model.write_text("""graph @net(%x: f32[2,2]) {
  %parts = split_to_sequence(%x) : seq<f32[1,2]>
  %words = cast(%x) {to=str} : str[2,2]
  return %parts as "parts", %words as "words"
}
""")
        x = save_npy(self.folder / "x.npy", (2, 2), [1.0, 2.0, 3.0, 4.5])
        out = self.folder / "json"
        report = json.loads(self.succeeds("run", model, "--input", x, "--output-dir", out, "--json"))
        self.assertEqual(json.loads((out / "parts.json").read_text()), [[[1.0, 2.0]], [[3.0, 4.5]]])
        self.assertEqual(json.loads((out / "words.json").read_text()), [["1", "2"], ["3", "4.5"]])
        self.assertTrue(report["outputs"][0]["type"].startswith("seq<f32"), report)
        self.assertEqual(report["outputs"][1]["dtype"], "str")

    def test_wrong_inputs(self):
        out = self.folder / "out"
        good = self.input()

        def refused(*arguments: object) -> str:
            message = self.refuses("run", self.engine, *arguments, "--output-dir", out)
            self.assertFalse(out.exists())
            return message

        self.assertIn("'image'", refused())
        self.assertIn("'picture'", refused("--input", f"picture={good}"))
        self.assertIn("twice", refused("--input", good, "--input", good))
        self.assertIn("i64", refused("--input", self.input("i.npy", dtype="<i8")))
        self.assertIn("f64", refused("--input", self.input("d.npy", dtype="<f8")))
        self.assertIn("28", refused("--input", self.input("rank.npy", shape=(1, 28, 28))))
        self.assertIn("27", refused("--input", self.input("dim.npy", shape=(1, 1, 27, 28))))
        self.assertIn("5", refused("--input", self.input("batch.npy", shape=(5, 1, 28, 28))))
        self.assertIn("missing.npy", refused("--input", self.folder / "missing.npy"))
        self.assertIn("neither", refused("--input", MODEL))
        self.assertIn("--scale", refused("--input", DIGITS / PICTURES[0], "--scale", "1/0"))
        self.assertIn("--crop", refused("--input", DIGITS / PICTURES[0], "--crop", "28"))
        self.assertIn("--mean", refused("--input", DIGITS / PICTURES[0], "--mean", "a,b"))
        self.assertIn("cannot crop", refused("--input", DIGITS / PICTURES[0], "--crop", "64x64"))
        self.assertIn("--device", refused("--input", good, "--device", "ref"))
        self.assertIn("--accuracy", refused("--input", good, "--accuracy", "exact"))
        message = self.refuses("run", MODEL, "--output-dir", out)
        self.assertIn("'image'", message)

    def test_pictures_are_resized_to_the_input(self):
        pgm = self.folder / "big.pgm"
        pgm.write_bytes(b"P5\n56 56\n255\n" + bytes(56 * 56))
        npy = save_npy(self.folder / "zero.npy", (1, 1, 28, 28), [0.0] * 784)
        zero = self.logits(self.engine, "--input", npy)
        self.assertEqual(self.logits(self.engine, "--input", pgm), zero)
        self.assertEqual(self.logits(self.engine, "--input", pgm, "--crop", "28x28"), zero)
        self.assertEqual(self.logits(self.engine, "--input", pgm, "--image-size", "28", "--mean", "0", "--std", "2"), zero)
        self.assertNotEqual(self.logits(self.engine, "--input", pgm, "--mean", "-0.5"), zero)


if __name__ == "__main__":
    unittest.main()
