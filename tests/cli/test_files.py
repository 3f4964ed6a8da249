"""Files are written whole or not at all."""

import os
import unittest

from support import MODEL, CommandTest


class Files(CommandTest):
    def test_builds_are_repeatable(self):
        cache = self.folder / "cache"
        for name in ("a", "b"):
            self.succeeds("build", MODEL, "-o", self.folder / name, "--threads", 1, "--timing-cache", cache)
        self.assertEqual((self.folder / "a").read_bytes(), (self.folder / "b").read_bytes())
        self.assertEqual(self.left(), ["a", "b", "cache"])

    def test_a_failed_build_keeps_the_old_engine(self):
        engine = self.folder / "engine"
        engine.write_bytes(b"precious")
        bad = self.folder / "bad.onnx"
        bad.write_bytes(MODEL.read_bytes()[:5000])
        self.refuses("build", bad, "-o", engine)
        self.assertEqual(engine.read_bytes(), b"precious")
        self.assertEqual(self.left(), ["bad.onnx", "engine"])

    def test_places_that_cannot_be_written(self):
        self.assertIn("nowhere", self.refuses("build", MODEL, "--no-tune", "-o", self.folder / "nowhere" / "engine"))
        self.refuses("build", MODEL, "--no-tune", "-o", self.folder)
        (self.folder / "file").write_text("")
        self.refuses("run", self.engine, "--input", self.input(), "--output-dir", self.folder / "file")
        self.refuses("run", self.engine, "--input", self.input(), "--output-dir", self.folder / "file" / "below")
        self.refuses("dump", MODEL, "-o", self.folder / "nowhere" / "x.ir")
        self.assertEqual(self.left(), ["file", "x.npy"])

    def test_damaged_timing_caches(self):
        cache = self.folder / "cache"
        cache.write_text("tea leaves\n")
        self.assertIn("cache", self.refuses("build", MODEL, "-o", self.folder / "e", "--timing-cache", cache))
        self.assertEqual(cache.read_text(), "tea leaves\n")
        self.assertEqual(self.left(), ["cache"])

    @unittest.skipIf(os.geteuid() == 0, "root reads everything")
    def test_unreadable_files(self):
        secret = self.folder / "secret"
        secret.write_bytes(b"x")
        secret.chmod(0)
        self.assertIn("secret", self.refuses("build", secret, "-o", self.folder / "e"))

    def test_missing_files_and_directories(self):
        for command in (("dump",), ("inspect",), ("explain",), ("bench",), ("verify",), ("opt",)):
            self.assertIn("no-such-file", self.refuses(*command, self.folder / "no-such-file"))
            self.assertIn("directory", self.refuses(*command, self.folder))


if __name__ == "__main__":
    unittest.main()
