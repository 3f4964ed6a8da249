"""Calling the command, and .npy files without numpy."""

from __future__ import annotations

import ast
import os
import struct
import subprocess
import tempfile
import unittest
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
DIGITS = ROOT / "models" / "digits"
MODEL = DIGITS / "digits.onnx"
TENON = Path(os.environ.get("TENON", ROOT / "build/release/bin/tenon"))
EXAMPLES = Path(os.environ.get("TENON_EXAMPLES", ROOT / "build/release/bin/examples"))
CORPUS = Path(os.environ["TENON_CORPUS"]) if os.environ.get("TENON_CORPUS") else None

CODES = {"<f4": "f", "<i4": "i", "<i8": "q", "<f8": "d", "|u1": "B", "|b1": "?"}


class Array(NamedTuple):
    dtype: str
    shape: tuple[int, ...]
    values: list


def save_npy(path: Path, shape: tuple[int, ...], values: list, dtype: str = "<f4") -> Path:
    header = repr({"descr": dtype, "fortran_order": False, "shape": shape}).encode()
    header += b" " * (-(len(header) + 11) % 64) + b"\n"
    data = struct.pack(f"<{len(values)}{CODES[dtype]}", *values)
    path.write_bytes(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + data)
    return path


def load_npy(path: Path) -> Array:
    data = path.read_bytes()
    assert data[:8] == b"\x93NUMPY\x01\x00", data[:8]
    (size,) = struct.unpack("<H", data[8:10])
    header = ast.literal_eval(data[10:10 + size].decode())
    assert not header["fortran_order"]
    code = CODES[header["descr"]]
    body = data[10 + size:]
    return Array(header["descr"], header["shape"], list(struct.unpack(f"<{len(body) // struct.calcsize(code)}{code}", body)))


class Done(NamedTuple):
    code: int
    out: str
    err: str


def tenon(*arguments: object, **options) -> Done:
    done = subprocess.run([str(TENON), *map(str, arguments)], capture_output=True, text=True, check=False, timeout=600, **options)
    return Done(done.returncode, done.stdout, done.stderr)


def has_passes() -> bool:
    return len(tenon("list", "passes").out.splitlines()) > 1


needs_passes = unittest.skipUnless(has_passes(), "skipped: this build has no passes")


class CommandTest(unittest.TestCase):
    """Each test gets a folder of its own, and an engine of the digit classifier that all tests of the file share."""

    maxDiff = None

    @classmethod
    def setUpClass(cls) -> None:
        cls._shared = tempfile.TemporaryDirectory()
        cls.engine = Path(cls._shared.name) / "digits.engine"
        done = tenon("build", MODEL, "-o", cls.engine, "--threads", 1, "--no-tune", "--shapes", "image:1x1x28x28:1x1x28x28:4x1x28x28")
        assert done.code == 0, done

    @classmethod
    def tearDownClass(cls) -> None:
        cls._shared.cleanup()

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def succeeds(self, *arguments: object) -> str:
        done = tenon(*arguments)
        self.assertEqual(done.code, 0, f"{arguments}: {done.err}")
        self.assertEqual(done.err, "")
        return done.out

    def refuses(self, *arguments: object) -> str:
        """Exit code 1, nothing on stdout, one sentence on stderr; returns it."""
        done = tenon(*arguments)
        self.assertEqual(done.code, 1, f"{arguments}: {done}")
        self.assertEqual(done.out, "")
        self.assertTrue(done.err.startswith("tenon: "), done.err)
        self.assertTrue(done.err.endswith("\n"))
        first = done.err.splitlines()[0]
        self.assertGreater(len(first), 15, done.err)
        return done.err.removeprefix("tenon: ").rstrip("\n")

    def input(self, name: str = "x.npy", shape: tuple[int, ...] = (1, 1, 28, 28), dtype: str = "<f4") -> Path:
        count = 1
        for dim in shape:
            count *= dim
        return save_npy(self.folder / name, shape, [(i % 7) / 7 if dtype[1] == "f" else i % 2 for i in range(count)], dtype)

    def left(self) -> list[str]:
        """What lies in the test's folder."""
        return sorted(str(p.relative_to(self.folder)) for p in self.folder.rglob("*"))
