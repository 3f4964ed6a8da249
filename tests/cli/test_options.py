"""Options, help and exit codes."""

import json
import unittest

from support import MODEL, CommandTest, tenon

COMMANDS = ["build", "run", "bench", "verify", "inspect", "explain", "dump", "evaluate", "opt", "list"]


class Options(CommandTest):
    def test_help_of_everything(self):
        text = self.succeeds("--help")
        for command in COMMANDS:
            self.assertIn(f"  {command} ", text)
            help_text = self.succeeds(command, "--help")
            self.assertIn("--help", help_text)
            self.assertIn("--json", help_text)

    def test_version(self):
        self.assertRegex(self.succeeds("--version"), r"^tenon \d+\.\d+\.\d+\n$")

    def test_wrong_command_lines(self):
        self.assertIn("tenon --help", self.refuses())
        self.refuses("destroy")
        for command in COMMANDS:
            self.assertIn(f"tenon {command} --help", self.refuses(command).replace("\n", " "))
            self.refuses(command, "--no-such-option")
        self.assertIn("--threads", self.refuses("bench", self.engine, "--threads", "many"))
        self.refuses("bench", self.engine, "--threads", "0")
        self.refuses("bench", self.engine, "--duration", "-1")
        self.refuses("list", "wishes")
        self.refuses("run", MODEL, "--output-dir", self.folder, "--device", "abacus")

    def test_shapes(self):
        out = self.folder / "e"
        build = ("build", MODEL, "-o", out, "--no-tune")
        self.assertIn("NAME:MIN:OPT:MAX", self.refuses(*build, "--shapes", "image"))
        self.assertIn("NAME:MIN:OPT:MAX", self.refuses(*build, "--shapes", "image:1x1x28xq"))
        self.assertIn("twice", self.refuses(*build, "--shapes", "image:1x1x28x28", "--shapes", "image:1x1x28x28"))
        self.refuses(*build, "--shapes", "picture:1x1x28x28")
        self.refuses(*build, "--shapes", "image:1x28x28")
        self.refuses(*build, "--shapes", "image:1x1x29x28")
        self.refuses(*build, "--shapes", "image:4x1x28x28:2x1x28x28:1x1x28x28")
        self.assertEqual(self.left(), [])
        self.succeeds(*build, "--shapes", "image:1x1x28x28:2x1x28x28:3x1x28x28")
        self.assertEqual(self.left(), ["e"])

    def test_accuracy(self):
        sentence = "its error is beyond the accuracy class asked for"
        explain = ("explain", MODEL, "--no-tune")
        self.assertIn(sentence, self.succeeds(*explain, "--accuracy", "exact"))
        for wider in ("standard", "relaxed"):
            self.assertNotIn(sentence, self.succeeds(*explain, "--accuracy", wider))
        self.refuses(*explain, "--accuracy", "perfect")

    def test_how_a_model_is_imported(self):
        self.assertIn("ONNX", self.succeeds("list", "formats"))
        dump = ("dump", MODEL, "--json")
        text = self.succeeds(*dump, "--output", "relu_1", "--output", "flatten", "--input-shape", "image:4x1x28x?")
        info = json.loads(text)
        self.assertEqual([output["name"] for output in info["outputs"]], ["relu_1", "flatten"])
        self.assertEqual(info["inputs"][0]["dims"], ["4", "1", "28", "image_3"])
        self.assertIn("NAME:SHAPE", self.refuses(*dump, "--input-shape", "image"))
        self.assertIn("twice", self.refuses(*dump, "--input-shape", "image:?x1x28x28", "--input-shape", "image:1x1x28x28"))
        self.assertIn("'nonsense'", self.refuses(*dump, "--output", "nonsense"))
        for option in ("weights", "mean", "inputs"):
            self.assertIn("takes no", self.refuses(*dump, f"--{option}", "x"))
        self.assertIn("takes no", self.refuses(*dump, "--random-weights", "1"))
        self.assertIn("takes no", self.refuses("verify", MODEL, "--mean", "x.binaryproto"))
        self.assertIn("engine", self.refuses("bench", self.engine, "--output", "relu_1"))

    def test_a_full_disk_is_an_error(self):
        with open("/dev/full", "w") as full:
            import subprocess
            from support import TENON
            done = subprocess.run([str(TENON), "list", "ops"], stdout=full, stderr=subprocess.PIPE, text=True, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("standard output", done.stderr)

    def test_no_escape_codes_when_nobody_watches(self):
        done = tenon("build", MODEL, "-o", self.folder / "e")
        self.assertEqual(done.code, 0)
        self.assertEqual(done.err, "")
        self.assertNotIn("\033", done.out)


if __name__ == "__main__":
    unittest.main()
