"""TensorFlow Lite files that are broken or hostile, given to the command: one message, soon, without much memory."""

from __future__ import annotations

import os
import struct
import subprocess
import tempfile
import unittest
from pathlib import Path

from tflite_writer import Model, Scalar, Table, Vector, f32, i8, i32

TENON = os.environ.get("TENON", str(Path(__file__).resolve().parents[2] / "build/release/bin/tenon"))
SANITIZED = os.environ.get("TENON_SANITIZED") == "1"
FLOATS = struct.pack("<6f", *range(6))


class Tflite(unittest.TestCase):
    def setUp(self) -> None:
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.file = Path(directory.name) / "model.tflite"

    def dump(self, data: bytes, *options: str) -> subprocess.CompletedProcess:
        self.file.write_bytes(data)
        return subprocess.run([TENON, "dump", str(self.file), *options], capture_output=True, text=True, check=False, timeout=60)

    def refuses(self, model: Model | bytes, *expected: str, options: tuple[str, ...] = ()) -> None:
        """One message, under a second of the processor's time and 200 MB."""
        self.file.write_bytes(model.serialize() if isinstance(model, Model) else model)
        process = subprocess.Popen([TENON, "dump", str(self.file), *options], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        message = process.stderr.read().decode(errors="replace")
        process.stderr.close()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        self.assertEqual(process.returncode, 1, message[:2000])
        for text in expected:
            self.assertIn(text, message)
        if not SANITIZED:
            self.assertLess(usage.ru_maxrss, 200 * 1024)  # KiB
            self.assertLess(usage.ru_utime + usage.ru_stime, 1)

    def model(self, *shape: int, **tensor: object) -> Model:
        model = Model()
        model.inputs.append(model.tensor("x", list(shape or (1, 4, 5, 3)), **tensor))
        return model

    def with_operator(self, code: int, *consts: tuple, options: Table | None = None, **tensor: object) -> Model:
        model = self.model()
        operands = [0, *(model.tensor("", list(shape), dtype, data=data) for shape, dtype, data in consts)]
        model.outputs.append(model.tensor("y", [1], **tensor))
        model.operator(code, operands, model.outputs, options)
        return model

    def test_lists_every_operator_that_cannot_be_imported(self) -> None:
        model = self.model()
        a, b, c, d = (model.tensor(name, [1, 4, 5, 3]) for name in "abcd")
        model.operator(32, [0], [a], custom="TFLite_Detection_PostProcess")
        model.operator(16, [a], [b])
        model.operator(39, [0, model.tensor("", [2], "int32", data=bytes(8))], [c])
        model.operator(0, [b, c], [d])
        model.outputs = [d]
        self.refuses(model, "3 problems:", "\n  'a' (TFLite_Detection_PostProcess): the operator is not supported",
                     "\n  'b' (builtin operator 16): the operator is not supported",
                     "\n  'c' (TRANSPOSE): the second input is no permutation of 4 axes")
        model.outputs = [a, c]
        self.refuses(model, "2 problems:")
        self.assertEqual(self.dump(self.with_operator(19).serialize(), "--output", "x").returncode, 0)
        self.refuses(model, "there is no tensor 'e' to give out", options=("--output", "e"))
        self.refuses(model, "a shape is given for 'a', which is no input", options=("--input-shape", "a:1"))
        self.refuses(model, "has rank 2, the model's 4", options=("--input-shape", "x:1x2"))
        self.refuses(model, "takes no input orders", options=("--input-order", "x:nchw"))

    def test_operators(self) -> None:
        vector = ((6,), "float32", FLOATS)
        conv = Table({0: i8(0), 1: i32(1), 2: i32(1)})
        matrix = ((1, 1, 2, 3), "float32", FLOATS)
        self.refuses(self.with_operator(3, vector, options=conv), "the weights' shape must be known and of rank 4")
        self.refuses(self.with_operator(3, matrix, options=Table({})), "extents, strides or dilations 0 and 0")
        self.refuses(self.with_operator(3, ((1, 1, 3, 2), "float32", FLOATS), options=conv), "3 channels meet weights for 2")
        self.refuses(self.with_operator(9, vector), "the weights must be a matrix")
        self.refuses(self.with_operator(0), "input 1 is missing")
        self.refuses(self.with_operator(0, vector, options=Table({0: i8(5)})), "'y' (ADD)")
        self.refuses(self.with_operator(19, dtype="int32"), "the result has type f32, the file says i32")
        self.refuses(self.with_operator(19, dtype="int8", scale=[0.1], zero_point=[300]), "the zero point 300 does not fit i8")
        self.refuses(self.with_operator(25, options=Table({0: f32(1)}), dtype="int8", scale=[0.1, 0.2]), "quantized along an axis")
        self.refuses(self.with_operator(23, ((2,), "int32", struct.pack("<2i", -1, 2**30))), "'y' (RESIZE_BILINEAR)")
        self.refuses(self.with_operator(60, ((1,), "int32", bytes(4))), "the padding has 1 numbers for 4 axes")

    def test_tensors(self) -> None:
        for shape, dtype, data, expected in (([2, 3], "float32", FLOATS[:20], "of type f32[2,3] comes with 20 bytes"),
                                             ([2**30, 4], "float32", FLOATS, "comes with 24 bytes"),
                                             ([-1, 3], "float32", FLOATS, ""), ([2**31 - 1] * 3, "int8", FLOATS, ""),
                                             ([6], "bool", b"\0\1\2\0\0\0", "neither 0 nor 1")):
            model = self.model()
            model.outputs.append(model.tensor("weights", shape, dtype, data=data))
            with self.subTest(shape):
                self.refuses(model, expected)
        model = self.model()
        model.outputs = [model.tensor("y", [3])]
        self.refuses(model, "nothing gives tensor 'y' a value")
        model.outputs = []
        self.refuses(model, "has no outputs")

    def test_indices(self) -> None:
        for inputs, outputs in (([7], [1]), ([-2], [1]), ([0], [-1]), ([0], [2])):
            model = self.model()
            model.outputs.append(model.tensor("y", [1, 4, 5, 3]))
            model.operator(19, inputs, outputs)
            self.refuses(model, "there is no tensor")
        model = self.model()
        model.tensors[0][2] = Scalar("uint32", 9)
        self.refuses(model, "in buffer 9 of 1")

    def test_sizes(self) -> None:
        self.refuses(b"\x08\0\0\0TFL3", "malformed flatbuffer")
        self.refuses(b"\xff\xff\xff\x7fTFL3" + bytes(100), "malformed flatbuffer")
        model = self.model()
        model.tensors[0][0] = Vector("int32", [1] * 100)
        self.refuses(model, "more than 64")
        model = self.model()
        model.tensors += [Table() for _ in range(100_001)]
        self.refuses(model, "more than 100000")
        # Operators that share one long list of operands.
        model = self.with_operator(106)
        shared = Table({0: Scalar("uint32", 0), 1: Vector("int32", [0] * 10_000), 2: Vector("int32", [1])})
        model.operators = [shared] * 410
        self.refuses(model, "more than 4000000 elements")
        # A list that claims more than the file holds.
        whole = bytearray(self.model().serialize())
        at = whole.index(struct.pack("<5i", 4, 1, 4, 5, 3))
        for claim in (2**31, 2**32 - 1):
            struct.pack_into("<I", whole, at, claim)
            self.refuses(bytes(whole), "malformed flatbuffer")

    def test_cut_and_damaged_files(self) -> None:
        model = self.with_operator(19)
        whole = model.serialize()
        self.assertEqual(self.dump(whole).returncode, 0)
        for length in range(0, len(whole) - 40, 9):
            self.assertIn(self.dump(whole[:length]).returncode, (0, 1), length)
        for at in range(0, len(whole), 7):
            damaged = bytearray(whole)
            damaged[at] ^= 0x5A
            self.assertIn(self.dump(bytes(damaged)).returncode, (0, 1), at)


if __name__ == "__main__":
    unittest.main()
