"""Damaged files of every kind: exit code 1, one sentence, nothing left behind."""

import random
import unittest

from support import DIGITS, MODEL, CommandTest, load_npy, tenon

PICTURE = DIGITS / (DIGITS / "labels.txt").read_text().split()[0]


def cuts(data: bytes) -> list[bytes]:
    return [data[:n] for n in (0, 1, 3, 10, len(data) // 3, len(data) - 1)]


def noise(seed: int, count: int, start: bytes = b"") -> list[bytes]:
    source = random.Random(seed)
    return [start + source.randbytes(source.randrange(1, 400)) for _ in range(count)]


def flips(data: bytes, seed: int, count: int, limit: int) -> list[bytes]:
    source = random.Random(seed)
    damaged = []
    for _ in range(count):
        copy = bytearray(data)
        copy[source.randrange(min(limit, len(copy)))] ^= 1 << source.randrange(8)
        damaged.append(bytes(copy))
    return damaged


class Hostile(CommandTest):
    def file(self, name: str, data: bytes):
        path = self.folder / name
        path.write_bytes(data)
        return path

    def test_models(self):
        for data in cuts(MODEL.read_bytes()) + noise(1, 5) + [b"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\x7f"]:
            bad = self.file("bad.onnx", data)
            for command in (("build", bad, "-o", self.folder / "e"), ("dump", bad)):
                self.refuses(*command)
        self.assertEqual(self.left(), ["bad.onnx"])

    def test_flipped_bits_in_models_never_crash(self):
        for data in flips(MODEL.read_bytes(), 2, 25, 2000):
            done = tenon("build", self.file("bad.onnx", data), "-o", self.folder / "e", "--no-tune")
            self.assertIn(done.code, (0, 1), done.err)

    def test_text(self):
        for data in [b"", b"graph", b"graph @g(%x: f32[2]) {\n  return %y as \"y\"\n}\n", b"\xff\xfe", b"(" * 100000] + noise(3, 5):
            bad = self.file("bad.ir", data)
            self.refuses("opt", bad)
            self.refuses("run", bad, "--input", self.input(), "--output-dir", self.folder / "out")
        self.assertEqual(self.left(), ["bad.ir", "x.npy"])

    def test_engines(self):
        engine = self.engine.read_bytes()
        damaged = cuts(engine) + noise(4, 3, engine[:64]) + noise(5, 3, engine[:8]) + flips(engine, 6, 10, 4000)
        for data in damaged:
            bad = self.file("bad.engine", data)
            self.refuses("inspect", bad)
            self.refuses("run", bad, "--input", self.input(), "--output-dir", self.folder / "out")
        self.assertEqual(self.left(), ["bad.engine", "x.npy"])

    def test_check_finds_damaged_weights(self):
        data = bytearray(self.engine.read_bytes())
        self.assertIn("right", self.succeeds("inspect", self.engine, "--check"))
        data[-len(data) // 3] ^= 0x10
        bad = self.file("bad.engine", bytes(data))
        self.refuses("inspect", bad, "--check")

    def test_arrays(self):
        good = self.input("good.npy").read_bytes()
        header = good[:good.index(b"\n") + 1]
        tricks = [header.replace(b"(1, 1, 28, 28)", b"(1, 1, 28, -8)"), header.replace(b"'<f4'", b"'|O8'") + b"\0" * 9999,
                  header.replace(b"28, 28)", b"9999999999999999999, 28)")]
        for data in cuts(good)[1:] + tricks + noise(7, 4, good[:10]):
            bad = self.file("bad.npy", data)
            self.refuses("run", self.engine, "--input", bad, "--output-dir", self.folder / "out")
        self.assertEqual(self.left(), ["bad.npy", "good.npy"])

    def test_pictures(self):
        good = PICTURE.read_bytes()
        for data in cuts(good)[:-1] + noise(8, 4, good[:33]) + noise(9, 4, b"\xff\xd8\xff") + noise(10, 4, b"BM"):
            bad = self.file("bad.png", data)
            self.refuses("run", self.engine, "--input", bad, "--output-dir", self.folder / "out")
        self.assertEqual(self.left(), ["bad.png"])

    def test_files_of_the_wrong_kind(self):
        npy = self.input()
        self.refuses("build", npy, "-o", self.folder / "e")
        self.refuses("build", PICTURE, "-o", self.folder / "e")
        self.refuses("build", self.engine, "-o", self.folder / "e")
        self.refuses("inspect", MODEL)
        self.refuses("run", npy, "--input", npy, "--output-dir", self.folder / "out")
        self.assertEqual(self.left(), ["x.npy"])
        self.assertEqual(load_npy(npy).shape, (1, 1, 28, 28))


if __name__ == "__main__":
    unittest.main()
