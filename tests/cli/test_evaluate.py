"""tenon evaluate: labels from lists and archives, comparison with another engine, limits."""

import json
import unittest
import zipfile

from support import DIGITS, MODEL, CommandTest, save_npy, tenon

LABELS = DIGITS / "labels.txt"
SCALE = ("--scale", "1/255")


class Evaluate(CommandTest):
    def report(self, *arguments: object) -> dict:
        return json.loads(self.succeeds("evaluate", *arguments, "--json"))

    def test_counts_right_answers(self):
        lines = LABELS.read_text().splitlines()
        report = self.report(MODEL, "--eval", LABELS, *SCALE)
        self.assertEqual((report["samples"], report["labelled"]), (len(lines), len(lines)))
        self.assertGreater(report["right"], 0.98 * len(lines))
        self.assertEqual(report["top1"]["value"], report["right"] / len(lines))
        self.assertLess(report["top1"]["low"], report["top1"]["value"])

        wrong = self.folder / "wrong.txt"  # every label is one too high
        wrong.write_text("".join(f"{DIGITS / name} {int(label) + 1}\n" for name, label in map(str.split, lines)))
        self.assertLess(self.report(MODEL, "--eval", wrong, *SCALE)["right"], 0.02 * len(lines))

    def test_compares_engines(self):
        report = self.report(self.engine, "--reference", MODEL, "--eval", LABELS, "--batch", 4, *SCALE)
        self.assertEqual((report["lost"], report["gained"]), (0, 0))
        self.assertEqual(report["agreement"]["value"], 1)
        self.assertLess(report["kl"]["value"], 1e-6)
        self.assertGreater(report["outputs"][0]["cosine"]["value"], 1 - 1e-6)
        text = self.succeeds("evaluate", self.engine, "--reference", MODEL, "--eval", DIGITS / "images", *SCALE, "--min-cosine", 0.999)
        self.assertIn("same class 100.00 %", text)
        self.assertNotIn("top-1", text)  # a folder has no labels

    def test_fails_below_the_limits(self):
        # A network that answers something else: its activations negated.
        other = self.folder / "other.ir"
        self.succeeds("dump", MODEL, "-o", self.folder / "model.ir")
        text = (self.folder / "model.ir").read_text()
        self.assertIn(" = relu(", text)
        other.write_text(text.replace(" = relu(", " = neg("))
        if (blob := self.folder / "model.ir.blob").exists():
            (self.folder / "other.ir.blob").write_bytes(blob.read_bytes())
        done = tenon("evaluate", other, "--reference", MODEL, "--eval", LABELS, *SCALE, "--max-drop", 1, "--min-cosine", 0.9)
        self.assertEqual(done.code, 1, done)
        self.assertIn("points below the reference, allowed are 1", done.err)
        self.assertIn("the cosine is", done.err)
        self.assertIn("lost", done.out)

    def test_labels_in_archives(self):
        def archive(labels: list, dtype: str, shape: tuple) -> object:
            path = self.folder / "samples.npz"
            with zipfile.ZipFile(path, "w") as file:
                file.write(self.input(shape=(3, 1, 28, 28)), "image.npy")
                file.write(save_npy(self.folder / "l.npy", shape, labels, dtype), "labels.npy")
            return path

        right = [self.report(MODEL, "--eval", archive([digit] * 3, "|u1", (3,)))["right"] for digit in range(10)]
        self.assertEqual(sum(right), 3)  # each sample is one of the ten
        self.assertEqual(self.report(MODEL, "--eval", archive([1, 2, 3], "<i8", (3,)), "--batch", 2)["labelled"], 3)
        self.assertIn("one for each sample", self.refuses("evaluate", MODEL, "--eval", archive([1, 2], "<i8", (2,))))
        self.assertIn("one for each sample", self.refuses("evaluate", MODEL, "--eval", archive([0.0] * 3, "<f4", (3,))))

    def test_refuses(self):
        self.assertIn("--eval", self.refuses("evaluate", MODEL))
        self.assertIn("--reference", self.refuses("evaluate", MODEL, "--eval", LABELS, *SCALE, "--min-cosine", 0.9))
        self.assertIn("'nothing'", self.refuses("evaluate", MODEL, "--eval", LABELS, *SCALE, "--scores", "nothing"))
        self.assertIn("--eval", self.refuses("evaluate", MODEL, "--eval", MODEL, *SCALE))
        mixed = self.folder / "mixed.txt"
        names = [line.split()[0] for line in LABELS.read_text().splitlines()[:2]]
        mixed.write_text(f"{DIGITS / names[0]} 7\n{DIGITS / names[1]}\n")
        self.assertIn("no label", self.refuses("evaluate", MODEL, "--eval", mixed, "--batch", 2, *SCALE))


if __name__ == "__main__":
    unittest.main()
