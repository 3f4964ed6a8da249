"""Caffe networks: weights, mean image, outputs and shapes as users give them."""

import struct
import unittest

from support import CORPUS, ROOT, CommandTest, load_npy, save_npy

LENET = ROOT / "models" / "caffe" / "lenet.prototxt"
RANDOM = ("--random-weights", 1)


def blob(shape, values):
    """A binaryproto in the legacy form."""
    head = b"".join(bytes([field << 3, dim]) for field, dim in enumerate(shape, start=1))
    data = struct.pack(f"<{len(values)}f", *values)
    size = len(data)
    length = b""
    while size > 127:
        length += bytes([size & 127 | 128])
        size >>= 7
    return head + b"\x2a" + length + bytes([size]) + data


class Caffe(CommandTest):
    def test_weights_are_asked_for(self):
        self.assertIn("weights are missing", self.refuses("dump", LENET))
        self.assertIn("no-such", self.refuses("dump", LENET, "--weights", self.folder / "no-such"))
        (self.folder / "w").write_bytes(b"tea leaves")
        self.assertIn("reading the weights", self.refuses("dump", LENET, "--weights", self.folder / "w"))
        (self.folder / "net.caffemodel").write_bytes(b"\x0a\x01x")
        self.assertIn("weights", self.refuses("dump", self.folder / "net.caffemodel"))

    def test_the_mean_image_is_subtracted(self):
        net = self.folder / "net.prototxt"
        net.write_text("input: 'x' input_dim: 1 input_dim: 1 input_dim: 2 input_dim: 2\n"
                       "layer { name: 'y' type: 'Power' bottom: 'x' top: 'y' power_param { scale: 2 } }\n")
        mean = self.folder / "mean.binaryproto"
        mean.write_bytes(blob((1, 1, 2, 2), [1, 2, 3, 4]))
        x = save_npy(self.folder / "x.npy", (1, 1, 2, 2), [10, 10, 10, 10])
        self.succeeds("run", net, "--mean", mean, "--input", x, "--output-dir", self.folder)
        self.assertEqual(load_npy(self.folder / "y.npy").values, [18, 16, 14, 12])
        self.succeeds("build", net, "--mean", mean, "--no-tune", "-o", self.folder / "e")
        self.succeeds("run", self.folder / "e", "--input", x, "--output-dir", self.folder)
        self.assertEqual(load_npy(self.folder / "y.npy").values, [18, 16, 14, 12])
        self.succeeds("bench", net, "--mean", mean, "--duration", 0)
        self.succeeds("verify", net, "--mean", mean)
        self.assertIn("no-such", self.refuses("dump", net, "--mean", "no-such"))

    def test_outputs_and_shapes(self):
        self.succeeds("run", LENET, *RANDOM, "--output", "pool2", "--output", "ip1", "--input-shape", "data:2x1x28x28",
                      "--input", self.input(shape=(2, 1, 28, 28)), "--output-dir", self.folder / "out")
        self.assertEqual(load_npy(self.folder / "out" / "pool2.npy").shape, (2, 50, 4, 4))
        self.assertEqual(load_npy(self.folder / "out" / "ip1.npy").shape, (2, 500))
        self.assertIn("'ip3'", self.refuses("dump", LENET, *RANDOM, "--output", "ip3"))
        self.assertIn("ok: ", self.succeeds("verify", LENET, *RANDOM, "--no-tune"))

    @unittest.skipIf(CORPUS is None, "set TENON_CORPUS to the folder that holds the networks")
    def test_ultraface_is_the_onnx_network(self):
        face, onnx = CORPUS / "caffe_ultraface", CORPUS / "ultraface_rfb320"
        data = face / "case0_in_data.npy"
        self.succeeds("run", face / "RFB-320.prototxt", "--weights", face / "RFB-320.caffemodel", "--input", data,
                      "--output-dir", self.folder / "caffe")
        self.succeeds("run", next(onnx.glob("*.onnx")), "--input", data, "--output-dir", self.folder / "onnx")
        for name in ("boxes.npy", "scores.npy"):
            found, expected = (load_npy(self.folder / kind / name) for kind in ("caffe", "onnx"))
            self.assertEqual(found.shape, expected.shape)
            self.assertLess(max(abs(a - b) for a, b in zip(found.values, expected.values)), 1e-5)


if __name__ == "__main__":
    unittest.main()
