"""Values on their way in and out: every element type, every layout, DLPack, strings, sequences, maps."""

from __future__ import annotations

import gc
import sys
import unittest

import numpy as np
import tenon
from support import engine_of, identity_engine

try:
    import ml_dtypes
except ImportError:
    ml_dtypes = None

PLAIN = ["f32", "f64", "f16", "i8", "i16", "i32", "i64", "u8", "u16", "u32", "u64", "bool", "c64", "c128"]
EXTENDED = ["bf16", "f8e4m3fn", "f8e4m3fnuz", "f8e5m2", "f8e5m2fnuz", "f8e8m0", "f4e2m1", "i2", "i4", "u2", "u4"]


def bits(array: np.ndarray) -> bytes:
    return np.ascontiguousarray(array).tobytes()


class EveryType(unittest.TestCase):
    def there_and_back(self, name: str) -> None:
        kind = tenon.DataType.__members__[{"bool": "boolean"}.get(name, name)]
        x = np.arange(15).reshape(3, 5) % 3
        x = (x - (1 if name[0] in "ifbc" and name != "bool" and name != "f8e8m0" else 0)).astype(kind.numpy)
        y = identity_engine(f"{name}[3,5]").create_context()(x)
        self.assertEqual(y.dtype, x.dtype)
        self.assertEqual(y.shape, (3, 5))
        self.assertIsNot(y, x)
        for array in (y, tenon.Tensor(x).numpy()):
            # Of small integers the unused bits of a byte mean nothing.
            self.assertEqual(*(a.astype(float).tolist() if "int" in x.dtype.name else bits(a) for a in (array, x)))
        self.assertEqual(tenon.Tensor(x).dtype, kind)

    def test_of_numpy(self) -> None:
        for name in PLAIN:
            with self.subTest(name):
                self.there_and_back(name)

    @unittest.skipIf(ml_dtypes is None, "ml_dtypes is not installed")
    def test_of_ml_dtypes(self) -> None:
        for name in EXTENDED:
            with self.subTest(name):
                self.there_and_back(name)

    def test_names_of_all(self) -> None:
        self.assertEqual({t.name for t in tenon.DataType},
                         {*PLAIN, *EXTENDED, "boolean", "string"} - {"bool"})

    @unittest.skipIf(ml_dtypes is None, "ml_dtypes is not installed")
    def test_small_integers_are_packed(self) -> None:
        tensor = tenon.Tensor(np.array([1, -2, 7], ml_dtypes.int4))
        self.assertEqual(tensor.tobytes(), bytes([0xE1, 0x07]))
        self.assertEqual(tensor.numpy().astype(int).tolist(), [1, -2, 7])
        self.assertEqual(tenon.Tensor(np.array([1, 3, 0, 2, 1], ml_dtypes.uint2)).tobytes(), bytes([0x8D, 0x01]))

    def test_strings(self) -> None:
        engine = identity_engine("str[2,2]")
        for x in (np.array([["a", "bc"], ["", "ä€"]]), np.array([["a", "bc"], ["", "ä€"]], object),
                  [["a", b"bc"], ["", "ä€"]]):
            y = engine.create_context()(x)
            self.assertEqual(y.dtype, object)
            self.assertEqual(y.tolist(), [["a", "bc"], ["", "ä€"]])
        with self.assertRaisesRegex(tenon.ModelError, "expected strings, found float"):
            engine.create_context()(np.array([["a", 1.5], ["", "b"]], object))

    def test_bytes_that_are_no_text_come_back(self) -> None:
        y = identity_engine("str[1]").create_context()(np.array([b"\xff\x00x"], object))
        self.assertEqual(y[0].encode("utf-8", "surrogateescape"), b"\xff\x00x")


class Layouts(unittest.TestCase):
    def setUp(self) -> None:
        self.engine = engine_of("graph @net(%x: f32[2,3]) { %y = neg(%x) : f32[2,3] return %y as \"y\" }")
        self.context = self.engine.create_context()
        self.x = np.arange(6, dtype=np.float32).reshape(2, 3)

    def negates(self, x: object) -> None:
        np.testing.assert_array_equal(self.context(x), -np.asarray(x, np.float32))

    def test_any_layout_is_read(self) -> None:
        wide = np.arange(24, dtype=np.float32).reshape(4, 6)
        unaligned = np.frombuffer(b"\0" + self.x.tobytes(), np.float32, offset=1).reshape(2, 3)
        for x in (self.x, self.x.T.copy().T, wide[::2, ::2], self.x[::-1], unaligned, self.x.astype(">f4"),
                  np.broadcast_to(np.float32(2), (2, 3)), self.x.tolist(), tenon.Tensor(self.x)):
            self.negates(x)

    def test_contiguous_memory_is_shared_until_replaced(self) -> None:
        self.context.set_input("x", self.x)
        self.context.run()
        np.testing.assert_array_equal(self.context.output("y"), -self.x)
        self.x += 1
        self.context.run()
        np.testing.assert_array_equal(self.context.output("y"), -self.x)
        references = sys.getrefcount(self.x)
        self.context.set_input("x", self.x.copy())
        self.assertLess(sys.getrefcount(self.x), references)

    def test_memory_lives_as_long_as_it_is_bound(self) -> None:
        self.context.set_input("x", self.x.copy())
        gc.collect()
        self.context.run()
        np.testing.assert_array_equal(self.context.output("y"), -self.x)

    def test_other_types_are_refused_lists_are_converted(self) -> None:
        with self.assertRaisesRegex(tenon.ModelError, "input 'x': expected f32, found f64"):
            self.context(self.x.astype(np.float64))
        with self.assertRaisesRegex(tenon.ModelError, r"no element type for arrays of datetime64\[s\]"):
            self.context(self.x.astype("datetime64[s]"))
        self.negates([[1, 2, 3], [4, 5, 6]])

    def test_scalars_and_nothing(self) -> None:
        context = engine_of("graph @net(%x: f32[]) { %y = neg(%x) : f32[] return %y as \"y\" }").create_context()
        for x in (2.0, 2, np.float32(2), np.array(2, np.float32)):
            y = context(x)
            self.assertEqual((y.shape, float(y)), ((), -2))
        empty = engine_of("graph @net(%x: f32[0,3]) { %y = neg(%x) : f32[0,3] return %y as \"y\" }").create_context()
        self.assertEqual(empty(np.zeros((0, 3), np.float32)).shape, (0, 3))


class DLPack:
    """An array that shows nothing but the protocol."""

    def __init__(self, array: np.ndarray, device: tuple[int, int] = (1, 0)) -> None:
        self.array, self.device = array, device

    def __dlpack__(self, **options: object) -> object:
        return self.array.__dlpack__(**options)

    def __dlpack_device__(self) -> tuple[int, int]:
        return self.device


class DLPackTensors(unittest.TestCase):
    def test_in(self) -> None:
        for name in ("f32", "f16", "f64", "i8", "i64", "u16", "bool", "c64"):
            kind = tenon.DataType.__members__[{"bool": "boolean"}.get(name, name)]
            x = (np.arange(6).reshape(2, 3) % 2).astype(kind.numpy)
            context = identity_engine(f"{name}[2,3]").create_context()
            for array in (x, x.T.copy().T):
                np.testing.assert_array_equal(context(DLPack(array)), x)

    def test_memory_is_shared(self) -> None:
        x = np.ones(3, np.float32)
        tensor = tenon.Tensor(DLPack(x))
        x[1] = 5
        self.assertEqual(tensor.numpy().tolist(), [1, 5, 1])

    def test_out(self) -> None:
        x = np.arange(3, dtype=np.float32)
        shared = np.from_dlpack(tenon.Tensor(x.copy()))
        np.testing.assert_array_equal(shared, x)

    def test_results_into_given_memory(self) -> None:
        engine = engine_of("graph @net(%x: f32[3]) { %y = neg(%x) : f32[3] return %y as \"y\" }")
        y = np.zeros(3, np.float32)
        engine.create_context().infer({"x": np.ones(3, np.float32)}, {"y": DLPack(y)})
        self.assertEqual(y.tolist(), [-1, -1, -1])

    def test_torch(self) -> None:
        try:
            import torch
        except ImportError:
            self.skipTest("torch is not installed")
        context = identity_engine("bf16[2]").create_context()
        self.assertEqual(context(torch.tensor([1.0, -2.0], dtype=torch.bfloat16)).astype(float).tolist(), [1, -2])


class OtherValues(unittest.TestCase):
    def test_sequences(self) -> None:
        engine = engine_of("""graph @net(%s: seq<f32[*]>, %x: f32[2]) {
          %longer = sequence_insert(%s, %x) : seq<f32[*]>
          return %longer as "longer"
        }""")
        x = np.ones(2, np.float32)
        for s in ([], [np.zeros((1, 3), np.float32)], (x, 4.0)):
            longer = engine.create_context()(s, x)
            self.assertEqual([y.shape for y in longer], [np.shape(y) for y in s] + [(2,)])
            self.assertTrue(all(y.dtype == np.float32 for y in longer))
        with self.assertRaisesRegex(tenon.ModelError, "expected a list for a sequence, found ndarray"):
            engine.create_context()(x, x)
        with self.assertRaisesRegex(tenon.ModelError, r"input 's': expected seq<f32\[\*\]>, found seq<f64\[1\]>"):
            engine.create_context()([np.zeros(1)], x)

    def test_optionals(self) -> None:
        engine = engine_of("""graph @net(%o: opt<f32[2]>) {
          %there = optional_has_element(%o) : bool[]
          return %there as "there", %o as "same"
        }""")
        context = engine.create_context()
        there, same = context(None)
        self.assertEqual((bool(there), same), (False, None))
        context.set_input("o", None)
        context.run()
        self.assertIsNone(context.output("same"))
        there, same = context([1, 2])
        self.assertEqual((bool(there), same.tolist()), (True, [1, 2]))

    def test_maps(self) -> None:
        for kind, x in (("map<i64, f32[]>", {3: 0.5, -1: 2.0}), ("map<str, i64[]>", {"a": 1, "ä": -2}),
                        ("map<i64, str[]>", {1: "x"}), ("seq<map<i64, f32[]>>", [{1: 2.0}, {}])):
            with self.subTest(kind):
                self.assertEqual(identity_engine(kind).create_context()(x), x)
        with self.assertRaisesRegex(tenon.ModelError, "expected a dict for a map, found list"):
            identity_engine("map<i64, f32[]>").create_context()([1])


if __name__ == "__main__":
    unittest.main()
