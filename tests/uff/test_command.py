"""UFF files given to the command: broken, hostile and told the wrong things they are one message, soon, without much memory; an
image network keeps no transposition."""

from __future__ import annotations

import math
import os
import struct
import subprocess
import tempfile
import unittest
from pathlib import Path

from uff_writer import Dtype, Ref, Uff, blob, data, number, varint

TENON = os.environ.get("TENON", str(Path(__file__).resolve().parents[2] / "build/release/bin/tenon"))
SANITIZED = os.environ.get("TENON_SANITIZED") == "1"
FLOATS = struct.pack("<6f", *range(6))


class UffErrors(unittest.TestCase):
    def setUp(self) -> None:
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.model = Path(directory.name) / "model.uff"

    def dump(self, model: bytes, *options: str) -> subprocess.CompletedProcess:
        self.model.write_bytes(model)
        return subprocess.run([TENON, "dump", str(self.model), *options], capture_output=True, text=True, check=False, timeout=60)

    def refuses(self, model: Uff | bytes, *expected: str, options: tuple[str, ...] = ()) -> None:
        done = self.dump(model.serialize() if isinstance(model, Uff) else model, *options)
        self.assertEqual(done.returncode, 1, done.stderr)
        for text in expected:
            self.assertIn(text, done.stderr)

    def graph(self, shape: tuple[int, ...] = (-1, 4, 5, 3)) -> Uff:
        uff = Uff()
        uff.input("x", list(shape))
        return uff


class Nodes(UffErrors):
    def test_lists_every_node_that_cannot_be_imported(self) -> None:
        uff = self.graph()
        boxes = uff.node("_NMS_TRT", ["x"], "boxes", keepTopK=3)
        cells = uff.node("Conv3DFancy", [boxes], "cells")
        axis = uff.node("Softmax", ["x"], "soft", axis=7)
        uff.output(uff.node("Concat", [cells, axis], "all", axis=0))
        self.refuses(uff, "3 problems:",
                     "\n  'boxes' (_NMS_TRT): needs a plugin 'NMS_TRT', and there is none of that name",
                     "\n  'cells' (Conv3DFancy): the operation is not supported",
                     "\n  'soft' (Softmax): axis 7 is outside of [-4, 4)")

    def one(self, operation: str, expected: str, *consts: tuple, **fields: object) -> None:
        uff = self.graph()
        operands = ["x", *(uff.blob(list(shape), dtype, values) for shape, dtype, values in consts)]
        uff.output(uff.node(operation, operands, "node", **fields))
        with self.subTest(operation, fields=fields):
            self.refuses(uff, f"'node' ({operation}): {expected}")

    def test_fields(self) -> None:
        self.one("Identity", "field 'speed' is not known", speed=3)
        self.one("Softmax", "field 'axis' is a string, expected an integer", axis="0")
        self.one("Softmax", "there is no referenced data 'gone'", axis=Ref("gone"))
        self.one("Activation", "field 'func' is missing", func=None)
        self.one("Activation", "field 'func' has the value 'gulp'", func="gulp")
        self.one("Unary", "the converter lost the exponent of the power", func="pow")
        self.one("Unary", "field 'func' has the value 'gulp'", func="gulp")
        self.one("Transpose", "field 'permutation' is no permutation of 4 axes", permutation=[0, 1, 1, 2])
        self.one("Pool", "field 'kernel' has 1 elements for 2 spatial axes", func="max", kernel=[2], orders=["N+C"])
        self.one("Pool", "field 'strides' has the value 0", func="max", kernel=[2, 2], strides=[0, 1], orders=["N+C"])
        self.one("Pool", "field 'implicit_padding' has the value 'valid'", func="max", kernel=[2, 2], implicit_padding="valid",
                 orders=["N+C"])
        self.one("Pool", "fields 'padding' and 'implicit_padding' exclude each other", func="max", kernel=[2, 2], padding=[1, 1],
                 implicit_padding="same", orders=["N+C"])
        self.one("Reduce", "field 'keepdims' is an integer, expected a boolean", func="sum", axes=[1], keepdims=1)
        self.one("LRN", "field 'window_size' has the value -1", window_size=-1, alpha=1.0, beta=1.0, k=1.0)

    def test_operands(self) -> None:
        vector = ((6,), "float32", FLOATS)
        self.one("Binary", "has 1 inputs, expected 2", func="add")
        self.one("Pad", "the padding must be a constant of integers", vector)
        self.one("Pad", "the padding has the shape [2,2], expected [4,2]", ((2, 2), "int32", bytes(16)))
        self.one("Reshape", "reshape", ((2,), "int32", struct.pack("<2i", -1, -1)))
        self.one("FullyConnected", "input 1 has rank 1, expected a matrix", vector, orders=["NC", "CK"])
        self.one("Conv", "input 1 has rank 1, which does not fit the order CN", vector, orders=["N+C", "CK"])
        self.one("Conv", "the weights have rank 2, the input 4", ((3, 2), "float32", FLOATS), orders=["N+C", "CK"])
        self.one("StridedSlice", "a stride is 0", *[((1,), "int32", bytes(4))] * 3)

    def test_constants(self) -> None:
        for shape, dtype, values, expected in (
                ([2, 3], "float32", FLOATS[:20], "a tensor of type f32[2,3] comes with 20 bytes"),
                ([2, 3], "float16", FLOATS, "a tensor of type f16[2,3] comes with 24 bytes"),
                ([-1, 3], "float32", FLOATS, "negative"),
                ([2**40, 2**40], "float32", FLOATS, "overflow"),
                ([2**30], "float32", FLOATS, f"f32[{2**30}] comes with 24 bytes")):
            uff = self.graph()
            uff.output(uff.blob(shape, dtype, values, "weights"))
            with self.subTest(shape):
                self.refuses(uff, "'weights' (Const): ", "" if expected in ("negative", "overflow") else expected)

    def test_graphs(self) -> None:
        uff = self.graph()
        self.refuses(uff, "the file marks no outputs")
        uff.output("nowhere")
        self.refuses(uff, "output 'nowhere': there is no node of that name")
        uff = self.graph()
        uff.output(uff.node("Identity", ["nowhere"], "node"))
        self.refuses(uff, "'node' (Identity): there is no node 'nowhere'")
        uff = self.graph()
        uff.node("Identity", ["b"], "a")
        uff.output(uff.node("Identity", ["a"], "b"))
        self.refuses(uff, "node 'b' depends on its own result")
        uff = self.graph()
        uff.input("x", [1])
        self.refuses(uff, "two nodes have the name 'x'")
        uff = Uff()
        uff.output(uff.input("x", []))
        self.refuses(uff, "'x' (Input): the file does not say which shape it has")

    def test_unknown_versions(self) -> None:
        graph = blob(4, blob(1, "main"))
        self.refuses(number(1, 2) + number(2, 1) + graph, "version 2 of UFF")
        self.refuses(number(1, 1) + number(2, 1) + blob(3, blob(1, "quantum") + number(2, 3)) + graph,
                     "the file needs the extension 'quantum', version 3, which is not known")
        self.refuses(number(1, 1) + number(2, 1) + graph * 2, "the file holds 2 graphs")
        self.refuses(number(1, 1) + number(2, 1), "it holds no graph")
        optional = blob(3, blob(1, "quantum") + number(2, 3) + number(3, 1))
        self.refuses(number(1, 1) + number(2, 1) + optional + graph, "the file marks no outputs")


class Options(UffErrors):
    def test_shapes_and_orders(self) -> None:
        uff = self.graph()
        uff.output(uff.node("Activation", ["x"], "y", func="relu"))
        uff.node("_NMS_TRT", ["y"], "boxes")

        def refused(expected: str, *options: str) -> None:
            self.refuses(uff, expected, options=options)

        refused("a shape is given for 'y', which is no input of the model", "--input-shape", "y:3")
        refused("an order is given for 'z', which is no input of the model", "--input-order", "z:nc")
        refused("the given shape has rank 2, expected 4, or 3 without the batch", "--input-shape", "x:3x4")
        refused("the given order does not fit an input of rank 4", "--input-order", "x:nc")
        refused("expected NAME:ORDER", "--input-order", "x:chwn")
        refused("names the input 'x' twice", "--input-order", "x:nc", "--input-order", "x:nc")
        refused("there is no node 'gulp' to give out", "--output", "gulp")
        refused("'NMS_TRT'", "--output", "boxes")
        refused("takes no file of weights", "--weights", "w")
        text = self.dump(uff.serialize(), "--input-order", "x:nchw", "--input-shape", "x:3x4x?").stdout
        self.assertIn("%x: f32[N,3,4,x_3]", text)

    def test_orders_are_for_uff(self) -> None:
        model = Path(__file__).resolve().parents[2] / "models/digits/digits.onnx"
        done = subprocess.run([TENON, "dump", str(model), "--input-order", "image:nchw"], capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("takes no input orders", done.stderr)


class Transpositions(UffErrors):
    def test_none_is_left(self) -> None:
        """A classifier as TensorFlow writes it, channels last, whose image is given channels first."""
        uff = self.graph((-1, 8, 8, 4))

        def floats(*shape: int) -> str:
            count = math.prod(shape)
            return uff.blob(list(shape), "float32", struct.pack(f"<{count}f", *(i % 7 - 3 for i in range(count))))

        def conv(x: str, channels: int) -> str:
            y = uff.node("Conv", [x, floats(3, 3, 4, channels)], strides=[1, 1], implicit_padding="same", orders=["N+C", "+CK"])
            return uff.node("Activation", [uff.node("Binary", [y, floats(channels)], func="add")], func="relu")

        x = conv("x", 4)
        x = uff.node("Binary", [conv(x, 4), x], func="add")
        x = uff.node("Pool", [x], func="max", kernel=[2, 2], strides=[2, 2], orders=["N+C"])
        x = uff.node("Concat", [conv(x, 2), conv(x, 2)], axis=3)
        x = uff.node("FullyConnected", [uff.node("Flatten", [x]), floats(64, 10)], orders=["NC", "CK"])
        uff.output(uff.node("Softmax", [x], axis=0, orders=["N+C"]))
        text = self.model.with_suffix(".ir")
        self.dump(uff.serialize(), "--input-order", "x:nchw", "-o", str(text))
        self.assertIn("transpose(", text.read_text())
        done = subprocess.run([TENON, "opt", str(text)], capture_output=True, text=True, check=True)
        self.assertNotIn("transpose", done.stdout)
        self.assertIn("conv(", done.stdout)


class Hostile(UffErrors):
    """Sizes and depths that a small file can claim."""

    def quickly_refuses(self, model: bytes, expected: str = "") -> None:
        self.model.write_bytes(model)
        process = subprocess.Popen([TENON, "dump", str(self.model)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        message = process.stderr.read().decode(errors="replace")
        process.stderr.close()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        self.assertEqual(process.returncode, 1, message[:2000])
        self.assertIn(expected, message)
        if not SANITIZED:
            self.assertLess(usage.ru_maxrss, 200 * 1024)  # KiB
            self.assertLess(usage.ru_utime + usage.ru_stime, 1)

    def with_data(self, message: bytes, operation: str = "Softmax", field: str = "axis") -> bytes:
        uff = self.graph()
        uff.referenced["hostile"] = message
        uff.output(uff.node(operation, ["x"], "node", **{field: Ref("hostile")}))
        return uff.serialize()

    def test_sizes(self) -> None:
        head = number(1, 1) + number(2, 1)
        for claim in (2**31, 2**62, 2**64 - 1):
            self.quickly_refuses(head + varint(4 << 3 | 2) + varint(claim) + b"abc", "has")
        self.quickly_refuses(head + blob(4, blob(2, b"") * 300_000), "more than 200000 nodes")
        self.quickly_refuses(self.with_data(blob(8, blob(1, bytes(2_000_000))), "Transpose", "permutation"), "more than 4096 elements")
        self.quickly_refuses(self.with_data(blob(8, number(1, 5) * 5000), "Transpose", "permutation"), "more than 4096 elements")
        self.quickly_refuses(self.with_data(blob(104, blob(1, b"") * 100_000), "BatchNorm", "inputs_orders"))
        for shape in ([2**31] * 3, [2**62, 4], [1, 2**40]):
            uff = Uff()
            uff.input("x", shape)
            big = uff.blob([2], "int32", struct.pack("<2i", 2**31 - 1, 2**31 - 1))
            uff.output(uff.node("Reshape", ["x", big], "node"))
            self.quickly_refuses(uff.serialize())

    def test_bytes_that_many_constants_share(self) -> None:
        uff = Uff()
        names = [uff.node("Const", [], shape=[250_000], dtype=Dtype("float32"), values=Ref("shared")) for _ in range(2_000)]
        uff.referenced["shared"] = data(bytes(1_000_000))
        uff.output(uff.node("Gulp", names, "last"))
        for _ in range(2):  # a field of an odd size in front: in one of the files they lie unaligned
            self.quickly_refuses(uff.serialize(), "'last' (Gulp)")
            uff.referenced = {"": blob(1, "odd"), **uff.referenced}

    def test_windows(self) -> None:
        for fields in ({"kernel": [2**40, 1]}, {"kernel": [1, 1], "padding": [2**40, 1]}, {"kernel": [1, 1], "strides": [2**62, 1]}):
            uff = self.graph()
            uff.output(uff.node("Pool", ["x"], "node", func="max", orders=["N+C"], **fields))
            self.quickly_refuses(uff.serialize(), "'node' (Pool)")

    def test_references_in_circles(self) -> None:
        uff = self.graph()
        uff.referenced["a"] = data(Ref("b"))
        uff.referenced["b"] = data(Ref("a"))
        uff.output(uff.node("Softmax", ["x"], "node", axis=Ref("a")))
        self.quickly_refuses(uff.serialize(), "more than 16 times")

    def test_long_chains(self) -> None:
        uff = self.graph()
        previous = "x"
        for _ in range(20_000):
            previous = uff.node("Identity", [previous])
        uff.output(uff.node("Gulp", [previous], "last"))
        self.quickly_refuses(uff.serialize(), "'last' (Gulp)")

    def test_cut_and_damaged_files(self) -> None:
        uff = self.graph()
        weights = uff.blob([1, 2, 3, 1], "float32", FLOATS)
        uff.output(uff.node("Conv", ["x", weights], "node", strides=[1, 1], orders=["N+C", "+CK"]))
        whole = uff.serialize()
        self.assertEqual(self.dump(whole).returncode, 0)
        for length in range(0, len(whole) - 1, 7):
            self.assertEqual(self.dump(whole[:length]).returncode, 1, length)
        for at in range(0, len(whole), 11):
            damaged = bytearray(whole)
            damaged[at] ^= 0x55
            self.assertIn(self.dump(bytes(damaged)).returncode, (0, 1), at)


if __name__ == "__main__":
    unittest.main()
