"""Problem keys taken apart, and what a layer takes at least."""

from __future__ import annotations

import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "bench"))

from peerbench.floor import Problem, floor_of, products_ms, whole_layers  # noqa: E402

PEAKS = {"sizes": {"L2": 1 << 20, "L3": 1 << 25},
         "peaks": {"fma avx512": {"one": 100.0, "all": 200.0}, "dot avx512_vnni": {"one": 400.0, "all": 800.0}, "read L2": {"one": 100.0, "all": 200.0},
                   "read L3": {"one": 50.0, "all": 60.0}, "read memory": {"one": 10.0, "all": 20.0}}}
CONV = ('conv {stride=[1,1], epilogue=program "(2) %2 = add %0 %1"}(f32[1,64,56,56], c:f32[128,64,3,3], c:f32[128], f32[1,128,56,56])'
        ' -> f32[1,128,56,56] | avx512_bf16 t1 standard')


class Keys(unittest.TestCase):
    def test_operands_are_those_after_the_attributes(self) -> None:
        problem = Problem.parse(CONV)
        self.assertEqual([o.dims for o in problem.inputs], [(1, 64, 56, 56), (128, 64, 3, 3), (128,), (1, 128, 56, 56)])
        self.assertEqual([o.constant for o in problem.inputs], [False, True, True, False])
        self.assertEqual((problem.op, problem.isa, problem.threads), ("conv", "avx512_bf16", 1))

    def test_products_of_convolutions_and_matrices(self) -> None:
        self.assertEqual(Problem.parse(CONV).flops, 2 * 128 * 56 * 56 * 64 * 9)
        plain = Problem.parse("matmul {}(f32[8,16], c:f32[16,4], -) -> f32[8,4] | avx2 t2 standard")
        turned = Problem.parse("matmul {transpose_a=true}(f32[3,16,8], f32[3,16,4]) -> f32[3,8,4] | avx2 t2 standard")
        self.assertEqual((plain.flops, turned.flops), (2 * 8 * 4 * 16, 3 * 2 * 8 * 4 * 16))
        up = Problem.parse("conv_transpose {stride=[2,2]}(f32[1,8,4,4], c:f32[8,5,2,2]) -> f32[1,5,8,8] | avx2 t1 standard")
        self.assertEqual(up.flops, 2 * 8 * 16 * 5 * 4)

    def test_bytes_count_every_operand_once(self) -> None:
        problem = Problem.parse("add {}(f32[2,3]<=[4,3], i8[6], f32[]) -> f32[2,3] | avx2 t1 standard")
        self.assertEqual(problem.bytes, 24 + 6 + 4 + 24)


class Floors(unittest.TestCase):
    def test_products_limit_what_computes(self) -> None:
        floor = floor_of(Problem.parse(CONV), PEAKS)
        self.assertEqual(floor.limit, "products")
        self.assertAlmostEqual(floor.ms, 2 * 128 * 56 * 56 * 64 * 9 / 100e6)

    def test_products_of_bytes_are_held_against_dot_products(self) -> None:
        key = "quantized_conv_transpose {{stride=[2,2]}}(u8[1,8,4,4], c:i8[8,5,2,2], c:f32[5]) -> i8[1,5,8,8] | {} t1 standard"
        for isa, peak in (("avx512_vnni", 400e6), ("avx512_bf16", 400e6), ("avx512", 100e6)):
            self.assertAlmostEqual(products_ms(Problem.parse(key.format(isa)), PEAKS), 2 * 8 * 16 * 5 * 4 / peak)

    def test_the_smallest_memory_that_holds_it_limits_the_rest(self) -> None:
        for extent, limit, rate in ((1024, "L2", 200e6), (1 << 20, "L3", 60e6), (1 << 24, "memory", 20e6)):
            floor = floor_of(Problem.parse(f"relu {{}}(f32[{extent}]) -> f32[{extent}] | avx512 t2 standard"), PEAKS)
            self.assertEqual(floor.limit, limit)
            self.assertAlmostEqual(floor.ms, 8 * extent / rate)

    def test_bodies_share_out_one_layer(self) -> None:
        steps = [{"layer": "conv … pool", "problem": "", "depth": 0, "ms": 9.0}, {"layer": "conv", "problem": CONV, "depth": 1, "ms": 2.0},
                 {"layer": "pool", "problem": CONV, "depth": 1, "ms": 1.0}, {"layer": "conv", "problem": CONV, "depth": 1, "ms": 4.0},
                 {"layer": "last", "problem": CONV, "depth": 0, "ms": 3.0}, {"layer": "last", "problem": CONV, "depth": 0, "ms": 5.0}]
        layers = [(layer["layer"], layer["ms"]) for layer in whole_layers(steps)]
        self.assertEqual(layers, [("conv", 6.0), ("pool", 1.0), ("last", 3.0), ("last", 5.0)])
        self.assertEqual(steps[1]["ms"], 2.0)


if __name__ == "__main__":
    unittest.main()
