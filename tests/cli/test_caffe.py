"""Caffe networks: weights, mean image, outputs and shapes as users give them."""

import math
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


def distance(a, b):
    assert len(a) == len(b)
    return max(abs(x - y) for x, y in zip(a, b))


def decoded(values):
    """Boxes (x1, y1, x2, y2) from what UltraFace says about its priors: squares on the places of four feature maps."""
    maps = [((40, 30), (10, 16, 24)), ((20, 15), (32, 48)), ((10, 8), (64, 96)), ((5, 4), (128, 192, 256))]
    priors = [((i + 0.5) / width, (j + 0.5) / height, min(size / 320, 1), min(size / 240, 1))
              for (width, height), sizes in maps for j in range(height) for i in range(width) for size in sizes]
    boxes = []
    for k, (x, y, width, height) in enumerate(priors):
        dx, dy, dw, dh = values[4 * k:4 * k + 4]
        x, y = x + 0.1 * dx * width, y + 0.1 * dy * height
        width, height = width * math.exp(0.2 * dw), height * math.exp(0.2 * dh)
        boxes += [x - width / 2, y - height / 2, x + width / 2, y + height / 2]
    return boxes


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
        found, expected = ({name: load_npy(self.folder / kind / f"{name}.npy") for name in ("boxes", "scores")}
                           for kind in ("caffe", "onnx"))
        self.assertEqual(found["scores"].shape, expected["scores"].shape)
        self.assertLess(distance(found["scores"].values, expected["scores"].values), 1e-5)
        # The Caffe network leaves it to its caller to decode boxes.
        self.assertLess(distance(decoded(found["boxes"].values), expected["boxes"].values), 1e-5)


if __name__ == "__main__":
    unittest.main()
