"""Models that come quantized, in the styles of those who quantize: raw, optimized and on the reference backend they round at the same
places, and ONNX Runtime, where it is installed, agrees within one quantum.

Every model is made here from a seed: convolution, pooling, convolution with a residual, mean, product."""

import json
import random
import struct
import subprocess
import sys
import unittest

from onnx_writer import FLOAT, Graph, chunk, int64s, model, node, number, tensor, x
from support import CommandTest, load_npy, save_npy

try:
    import onnxruntime
except ImportError:
    onnxruntime = None

UINT8, INT8, UINT16, INT16, INT32, FLOAT8, UINT4, INT4 = 2, 3, 4, 5, 6, 17, 21, 22
CODES = {UINT8: "B", INT8: "b", UINT16: "H", INT16: "h", INT32: "i", FLOAT8: "B"}
OUTPUT_SCALE = 0.05


def integers(name: str, dims: list[int], dtype: int, values: list[int]) -> bytes:
    if dtype in (UINT4, INT4):
        pairs = [v & 15 for v in values] + [0] * (len(values) % 2)
        data = bytes(low | high << 4 for low, high in zip(pairs[::2], pairs[1::2]))
    else:
        data = struct.pack(f"<{len(values)}{CODES[dtype]}", *values)
    return b"".join(number(1, d) for d in dims) + number(2, dtype) + chunk(8, name) + chunk(9, data)


class Style:
    """How activations and weights are rounded."""

    def __init__(self, activations: int = INT8, zero: int = 0, weights: str = "stored", per_channel: bool = True, weight_type: int = INT8,
                 weight_zero: int = 0, integer_bias: bool = False, block: int = 0, levels: int = 127):
        self.__dict__.update(locals())


class Maker:
    def __init__(self, style: Style):
        self.style = style
        self.random = random.Random(20)
        self.nodes: list[bytes] = []
        self.initializers: list[bytes] = []

    def constant(self, name: str, content: bytes) -> str:
        self.initializers.append(content)
        return name

    def rounded(self, value: str, scale: float) -> str:
        """Behind a QuantizeLinear and a DequantizeLinear."""
        s = self.constant(f"{value}_s", tensor(f"{value}_s", [scale], [], FLOAT))
        z = self.constant(f"{value}_z", integers(f"{value}_z", [], self.style.activations, [self.style.zero]))
        self.nodes.append(node("QuantizeLinear", f"{value} {s} {z}", f"{value}_q", f"{value}_q"))
        self.nodes.append(node("DequantizeLinear", f"{value}_q {s} {z}", f"{value}_d", f"{value}_d"))
        return f"{value}_d"

    def weights(self, name: str, dims: list[int]) -> tuple[str, list[float]]:
        """Rounded weights, and the scale of each output channel (axis 0)."""
        style, count = self.style, 1
        for d in dims:
            count *= d
        each = count // dims[0]
        scales = [0.25 * (1 + c % 3) / style.levels / 2 for c in range(dims[0])] if style.per_channel else [0.25 / style.levels]
        if style.block:
            blocks = (dims[1] + style.block - 1) // style.block
            scale_dims = [dims[0], blocks, *dims[2:]]
            scales = [0.25 * (1 + i % 3) / style.levels / 2 for i in range(dims[0] * blocks * (each // dims[1]))]
        else:
            scale_dims = [dims[0]] if style.per_channel else []
        s = self.constant(f"{name}_s", tensor(f"{name}_s", scales, scale_dims, FLOAT))
        zeros = [style.weight_zero] * len(scales)
        z = self.constant(f"{name}_z", integers(f"{name}_z", scale_dims, style.weight_type, zeros))
        axis = {"axis": 1, "block_size": style.block} if style.block else {"axis": 0}
        if style.weights == "fake":  # floats that the exporter left, rounded in the graph
            floats = [self.random.uniform(-0.25, 0.25) for _ in range(count)]
            self.constant(name, tensor(name, floats, dims, FLOAT))
            self.nodes.append(node("QuantizeLinear", f"{name} {s} {z}", f"{name}_q", f"{name}_q", **axis))
        else:
            codes = [style.weight_zero + self.random.randint(-style.levels, style.levels) for _ in range(count)]
            self.constant(f"{name}_q", integers(f"{name}_q", dims, style.weight_type, codes))
        self.nodes.append(node("DequantizeLinear", f"{name}_q {s} {z}", f"{name}_d", f"{name}_d", **axis))
        return f"{name}_d", scales

    def bias(self, name: str, count: int, x_scale: float, scales: list[float]) -> str:
        if not self.style.integer_bias:
            return self.constant(name, tensor(name, [self.random.uniform(-0.1, 0.1) for _ in range(count)], [count], FLOAT))
        units = [x_scale * (scales[c] if len(scales) == count else scales[0]) for c in range(count)]
        self.constant(f"{name}_q", integers(f"{name}_q", [count], INT32, [round(self.random.uniform(-0.1, 0.1) / u) for u in units]))
        self.constant(f"{name}_s", tensor(f"{name}_s", units, [count], FLOAT))
        self.nodes.append(node("DequantizeLinear", f"{name}_q {name}_s", f"{name}_d", f"{name}_d", axis=0))
        return f"{name}_d"

    def file(self) -> bytes:
        span = {INT8: 127, UINT8: 127, INT16: 32767, UINT16: 32767, FLOAT8: 100}[self.style.activations]
        add = self.nodes.append
        start = self.rounded("x", 1 / span)
        w, scales = self.weights("w1", [16, 8, 3, 3])
        add(node("Conv", f"{start} {w} {self.bias('b1', 16, 1 / span, scales)}", "c1", "c1", pads=[1, 1, 1, 1]))
        add(node("Relu", "c1", "r1", "r1"))
        add(node("MaxPool", self.rounded("r1", 3 / span), "p1", "p1", kernel_shape=[2, 2], strides=[2, 2]))
        pooled = self.rounded("p1", 3 / span)
        w, scales = self.weights("w2", [16, 16, 1, 1])
        add(node("Conv", f"{pooled} {w} {self.bias('b2', 16, 3 / span, scales)}", "c2", "c2"))
        add(node("Add", f"{self.rounded('c2', 4 / span)} {pooled}", "a2", "a2"))
        add(node("Relu", "a2", "r2", "r2"))
        add(node("GlobalAveragePool", self.rounded("r2", 4 / span), "g", "g"))
        add(node("Flatten", self.rounded("g", 2 / span), "f", "f"))
        w, scales = self.weights("w3", [10, 16])
        add(node("Gemm", f"f {w} {self.bias('b3', 10, 2 / span, scales)}", "y0", "y0", transB=1))
        add(node("Identity", self.rounded("y0", OUTPUT_SCALE * 127 / span if self.style.activations != FLOAT8 else OUTPUT_SCALE), "y", "y"))
        return model(Graph([x("x", 1, 8, 10, 10)], self.nodes, [x("y", 1, 10)], self.initializers), version=21)


# A model of integers alone: QLinearConv, QLinearMatMul.
def operator_style(activations: int, zero: int, weight_type: int, weight_zero: int) -> bytes:
    rng = random.Random(21)
    number_of = lambda name, value: tensor(name, [value], [], FLOAT)
    zero_of = lambda name, dtype, value: integers(name, [], dtype, [value])
    codes = [weight_zero + rng.randint(-100, 100) for _ in range(16 * 8 * 9)]
    initializers = [number_of("xs", 1 / 127), zero_of("xz", activations, zero), integers("w", [16, 8, 3, 3], weight_type, codes),
                    number_of("ws", 0.002), zero_of("wz", weight_type, weight_zero), number_of("cs", 0.03), zero_of("cz", activations, zero),
                    integers("b", [16], INT32, [rng.randint(-4000, 4000) for _ in range(16)]),
                    integers("m", [400, 10], weight_type, [weight_zero + rng.randint(-100, 100) for _ in range(4000)]),
                    number_of("ys", OUTPUT_SCALE), int64s("shape", 1, -1)]
    nodes = [node("QuantizeLinear", "x xs xz", "xq"), node("QLinearConv", "xq xs xz w ws wz cs cz b", "cq", pads=[1, 1, 1, 1], strides=[2, 2]),
             node("Reshape", "cq shape", "fq"), node("QLinearMatMul", "fq cs cz m ws wz ys cz", "yq"), node("DequantizeLinear", "yq ys cz", "y")]
    return model(Graph([x("x", 1, 8, 10, 10)], nodes, [x("y", 1, 10)], initializers), version=21)


def dynamic_style(weight_type: int, weight_zero: int) -> bytes:
    rng = random.Random(22)
    initializers = [integers("w", [16, 8, 3, 3], weight_type, [weight_zero + rng.randint(-100, 100) for _ in range(16 * 8 * 9)]),
                    integers("wz", [], weight_type, [weight_zero]), tensor("ws", [0.002], [], FLOAT), int64s("shape", 1, -1),
                    integers("m", [1600, 10], weight_type, [weight_zero + rng.randint(-100, 100) for _ in range(16000)]),
                    tensor("b", [rng.uniform(-1, 1) for _ in range(16)], [1, 16, 1, 1], FLOAT)]
    nodes = [node("DynamicQuantizeLinear", "x", "xq xs xz"), node("ConvInteger", "xq w xz wz", "ci", pads=[1, 1, 1, 1]), node("Cast", "ci", "cf", to=FLOAT),
             node("Mul", "xs ws", "cs"), node("Mul", "cf cs", "c0"), node("Add", "c0 b", "c"), node("Relu", "c", "r"), node("Reshape", "r shape", "f"),
             node("DynamicQuantizeLinear", "f", "fq fs fz"), node("MatMulInteger", "fq m fz wz", "mi"), node("Cast", "mi", "mf", to=FLOAT),
             node("Mul", "fs ws", "ms"), node("Mul", "mf ms", "y")]
    return model(Graph([x("x", 1, 8, 10, 10)], nodes, [x("y", 1, 10)], initializers), version=21)


STYLES = {
    "training, weights rounded in the graph": Style(weights="fake"),
    "training, one scale": Style(weights="fake", per_channel=False),
    "ONNX Runtime, i8": Style(integer_bias=True),
    "ONNX Runtime, u8": Style(UINT8, 128, integer_bias=True),
    "ONNX Runtime, u8 and u8": Style(UINT8, 120, per_channel=False, weight_type=UINT8, weight_zero=128, integer_bias=True),
    "ONNX Runtime, seven bits of weights": Style(UINT8, 128, per_channel=False, weight_type=UINT8, weight_zero=64, integer_bias=True, levels=63),
    "NNCF": Style(UINT8, 100),
}
OTHER_TYPES = {
    "u16": Style(UINT16, 32768),
    "i16": Style(INT16),
    "f8": Style(FLOAT8),
    "i4 weights": Style(weight_type=INT4, levels=7),
    "u4 weights": Style(weight_type=UINT4, weight_zero=8, levels=7),
    "i4 weights in blocks": Style(weight_type=INT4, levels=7, block=8),
}


class QuantizedModels(CommandTest):
    def setUp(self) -> None:
        super().setUp()
        rng = random.Random(23)
        self.input = save_npy(self.folder / "x.npy", (1, 8, 10, 10), [rng.uniform(-1, 1) for _ in range(800)])
        self.path = self.folder / "model.onnx"

    def answer(self, *options: object) -> list:
        out = self.folder / "out"
        self.succeeds("run", self.path, "--input", self.input, "--output-dir", out, "--threads", 1, *options)
        return load_npy(out / "y.npy").values

    def assert_within(self, found: list, expected: list, quantum: float) -> None:
        self.assertEqual(len(found), len(expected))
        self.assertGreater(max(map(abs, expected)), 4 * quantum)
        for a, b in zip(found, expected):
            self.assertLessEqual(abs(a - b), 1.001 * quantum)

    def runtime_answer(self, optimized: bool = True) -> list:
        program = ("import onnxruntime as o, sys\nimport numpy as n\n"
                   "options = o.SessionOptions()\n"
                   f"if not {optimized}: options.graph_optimization_level = o.GraphOptimizationLevel.ORT_DISABLE_ALL\n"
                   f"s = o.InferenceSession({str(self.path)!r}, options, providers=['CPUExecutionProvider'])\n"
                   f"sys.stdout.buffer.write(s.run(None, {{'x': n.load({str(self.input)!r})}})[0].tobytes())\n")
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, timeout=300)
        return list(struct.unpack(f"<{len(done.stdout) // 4}f", done.stdout))

    def check(self, content: bytes, quantum: float, optimized: bool = True) -> None:
        self.path.write_bytes(content)
        raw = self.answer("--raw")
        self.assert_within(self.answer("--device", "ref", "--raw"), raw, quantum)
        self.assert_within(self.answer(), raw, quantum)
        if onnxruntime:
            self.assert_within(self.answer(), self.runtime_answer(optimized), quantum)

    def operators(self) -> dict:
        return json.loads(self.succeeds("dump", self.path, "--optimized", "--json"))["ops"]

    def test_styles_run_on_integers(self):
        for name, style in STYLES.items():
            with self.subTest(style=name):
                self.check(Maker(style).file(), OUTPUT_SCALE)
                found = self.operators()
                self.assertEqual((found.get("quantized_conv"), found.get("quantized_matmul")), (2, 1), found)
                self.assertFalse({"conv", "matmul", "weight_only_conv", "weight_only_matmul"} & set(found), found)

    def test_other_types_run(self):
        for name, style in OTHER_TYPES.items():
            with self.subTest(types=name):
                # f8 has three bits behind the leading one, and the answers reach 2.
                quantum = 4 * OUTPUT_SCALE if style.activations == FLOAT8 else OUTPUT_SCALE
                # ONNX Runtime 1.31 makes QLinearConv of f8, which it then refuses.
                self.check(Maker(style).file(), quantum, optimized=False)

    def test_operators_of_integers(self):
        for arguments in ((UINT8, 128, INT8, 0), (UINT8, 120, UINT8, 128), (INT8, 0, INT8, 0)):
            with self.subTest(arguments=arguments):
                self.check(operator_style(*arguments), OUTPUT_SCALE)
                found = self.operators()
                self.assertEqual((found.get("quantized_conv"), found.get("quantized_matmul")), (1, 1), found)

    def test_ranges_taken_while_running_are_exact(self):
        for arguments in ((INT8, 0), (UINT8, 128), (UINT8, 110)):
            with self.subTest(arguments=arguments):
                self.path.write_bytes(dynamic_style(*arguments))
                raw = self.answer("--raw")
                self.assertEqual(self.answer("--device", "ref", "--raw"), raw)
                self.assertEqual(self.answer(), raw)
                found = self.operators()
                self.assertEqual((found.get("scaled_conv_integer"), found.get("scaled_matmul_integer")), (1, 1), found)
                if onnxruntime:
                    largest = max(map(abs, raw))
                    for a, b in zip(raw, self.runtime_answer(), strict=True):
                        self.assertLessEqual(abs(a - b), 1e-5 * largest)

    @unittest.skipIf(onnxruntime, "ONNX Runtime is installed: it was compared with")
    def test_without_onnx_runtime(self):
        self.skipTest("ONNX Runtime is not installed: nothing was compared with it")


if __name__ == "__main__":
    unittest.main()
