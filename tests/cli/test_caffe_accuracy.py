"""Caffe's LeNet on all 10,000 test digits."""

import gzip
import unittest

from support import CORPUS, CommandTest, load_npy, save_npy


@unittest.skipIf(CORPUS is None, "set TENON_CORPUS to the folder that holds the networks")
class CaffeAccuracy(CommandTest):
    def test_lenet_recognizes_99_14_percent(self):
        folder, batch = CORPUS / "caffe_lenet", 1000
        images = gzip.decompress((CORPUS / "t10k-images-idx3-ubyte.gz").read_bytes())[16:]
        labels = gzip.decompress((CORPUS / "t10k-labels-idx1-ubyte.gz").read_bytes())[8:]
        engine = self.folder / "lenet.engine"
        self.succeeds("build", folder / "lenet.prototxt", "--weights", folder / "lenet.caffemodel", "--no-tune",
                      "--input-shape", f"data:{batch}x1x28x28", "-o", engine)
        right = 0
        for start in range(0, 10000, batch):
            pixels = [p / 256 for p in images[start * 784:(start + batch) * 784]]
            x = save_npy(self.folder / "x.npy", (batch, 1, 28, 28), pixels)
            self.succeeds("run", engine, "--input", x, "--output-dir", self.folder)
            scores = load_npy(self.folder / "prob.npy").values
            for i in range(batch):
                row = scores[i * 10:i * 10 + 10]
                right += row.index(max(row)) == labels[start + i]
        self.assertEqual(right, 9914)


if __name__ == "__main__":
    unittest.main()
