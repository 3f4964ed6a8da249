"""Models of every format in, engines to files and back."""

from __future__ import annotations

import pickle
import tempfile
import unittest
from pathlib import Path

import numpy as np
import tenon
from support import ADD, CORPUS, DIGITS, add_engine, pair


class Engines(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.engine = add_engine()
        self.a, self.b = pair()

    def adds(self, engine: tenon.Engine) -> None:
        np.testing.assert_array_equal(engine.create_context()(self.a, self.b)[0], self.a + self.b)

    def test_through_files_bytes_and_pickle(self) -> None:
        path = self.folder / "add.engine"
        self.engine.save(path)
        for engine in (tenon.Engine.load(path), tenon.Engine.load(str(path), threads=1),
                       tenon.Engine.deserialize(self.engine.serialize()), pickle.loads(pickle.dumps(self.engine))):
            self.adds(engine)
        self.assertEqual(path.read_bytes(), self.engine.serialize())
        self.assertEqual(tenon.file_kind(path), tenon.FileKind.engine)
        tenon.check_engine_file(path)

    def test_damage_is_found(self) -> None:
        path = self.folder / "add.engine"
        network = tenon.Network.load(DIGITS / "digits.onnx")
        data = bytearray(tenon.build(network, threads=1, measure=False, portable=False).serialize())
        data[len(data) // 2] ^= 0xFF
        path.write_bytes(data)
        with self.assertRaises(tenon.ModelError):
            tenon.check_engine_file(path)
        with self.assertRaises(tenon.ModelError):
            tenon.Engine.deserialize(bytes(data[:100]))
        with self.assertRaisesRegex(tenon.ModelError, "missing.engine"):
            tenon.Engine.load(self.folder / "missing.engine")


class Models(unittest.TestCase):
    def test_digits(self) -> None:
        network = tenon.Network.load(DIGITS / "digits.onnx")
        (image,), (logits,) = network.inputs, network.outputs
        self.assertEqual((image.name, image.type, image.dims), ("image", "f32[N,1,28,28]", ["N", "1", "28", "28"]))
        self.assertEqual((image.min, image.max, image.dynamic), ((0, 1, 28, 28), (-1, 1, 28, 28), True))
        engine = tenon.build(network, threads=1, measure=False, shapes={"image": (8, 1, 28, 28)})
        labels = [int(line.split()[1]) for line in (DIGITS / "labels.txt").read_text().splitlines()[:8]]
        expected = np.load(DIGITS / "first8_logits.npy")
        self.assertEqual(expected.argmax(1).tolist(), labels)
        self.assertEqual(engine.inputs[0].opt, (8, 1, 28, 28))
        self.assertEqual((logits.name, engine.outputs[0].max), ("logits", (8, 10)))

    def test_onnx_from_bytes(self) -> None:
        network = tenon.Network.from_onnx((DIGITS / "digits.onnx").read_bytes())
        self.assertEqual(network.to_text(), tenon.Network.load(DIGITS / "digits.onnx").to_text())

    def test_text_and_its_constants(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "digits.ir"
            network = tenon.Network.load(DIGITS / "digits.onnx")
            network.save_text(path)
            self.assertEqual(tenon.Network.load_text(path).to_text(), network.to_text())
        self.assertEqual(tenon.Network.from_text(ADD).name, "add")

    def test_import_options(self) -> None:
        path = DIGITS / "digits.onnx"
        cut = tenon.Network.load(path, input_shapes={"image": (2, 1, 28, 28)})
        self.assertEqual(cut.inputs[0].type, "f32[2,1,28,28]")
        with self.assertRaisesRegex(tenon.ModelError, "ONNX takes no random weights"):
            tenon.Network.load(path, random_weights=1)

    @unittest.skipIf(CORPUS is None, "set TENON_CORPUS for networks of all formats")
    def test_formats(self) -> None:
        self.assertGreater(len(tenon.list_formats()), 4)
        found = {}
        for path in sorted(CORPUS.rglob("*")):
            if path.suffix in (".tflite", ".uff", ".pb", ".onnx") and path.stat().st_size < 5_000_000:
                if path.suffix not in found and "data_set" not in str(path):
                    found[path.suffix] = path
        self.assertGreater(len(found), 2)
        for path in found.values():
            with self.subTest(path.name):
                try:
                    network = tenon.Network.load(path)
                except tenon.ModelError:
                    continue  # tests/models says which can be read
                self.assertTrue(network.outputs)


if __name__ == "__main__":
    unittest.main()
