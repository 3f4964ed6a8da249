#!/usr/bin/env python3
"""Writes microsoft.cases: one-node models of the com.microsoft domain with the answers of ONNX Runtime.

    microsoft_cases.py [--seed N] [--only NAME] > microsoft.cases

Needs numpy, onnx and onnxruntime; the tests need none of them. Sizes and data follow the seed: with another one
the file is another test of the same forms, which TENON_MICROSOFT_CASES=FILE makes the test read.
"""
import argparse
import sys

import numpy as np
import onnxruntime as ort
from onnx import helper

NAMES = {"f32": np.float32, "f16": np.float16, "i64": np.int64, "i32": np.int32, "i16": np.int16,
         "u8": np.uint8, "i8": np.int8, "bool": np.bool_}
CODES = {np.dtype(kind): name for name, kind in NAMES.items()}
ANY = float("nan")  # an expected element that the operator does not define


class Value:
    """An operand: an input with named dims, or a constant."""

    def __init__(self, array, dims=None, const=False):
        self.array = np.asarray(array)
        self.dims = list(dims or self.array.shape)
        self.const = const


def const(array):
    return Value(array, const=True)


class Source:
    """Random data with few digits."""

    def __init__(self, seed):
        self.random = np.random.default_rng(seed)

    def size(self, low, high):
        return int(self.random.integers(low, high + 1))

    def floats(self, *shape, low=-1.0, high=1.0):
        return np.round(self.random.uniform(low, high, shape), 2).astype(np.float32)

    def bytes(self, kind, *shape):
        info = np.iinfo(kind)
        return self.random.integers(info.min, info.max, shape, kind, endpoint=True)

    def below(self, limit, *shape, kind=np.int64):
        return self.random.integers(0, limit, shape).astype(kind)


CASES = []


def case(name, op, operands, outputs=1, within=None, fix=None, domain="com.microsoft", version=1, **attributes):
    """outputs: how many, or a list of flags. fix: changes the expected arrays, e.g. to ANY."""
    wanted = [True] * outputs if isinstance(outputs, int) else outputs
    CASES.append((name, op, operands, wanted, within, fix, domain, version, attributes))


def answers(op, operands, wanted, domain, version, attributes):
    names = ["" if v is None else f"x{i}" for i, v in enumerate(operands)]
    results = [f"y{i}" if flag else "" for i, flag in enumerate(wanted)]
    node = helper.make_node(op, names, results, domain=domain, **attributes)
    inputs, constants, feeds = [], [], {}
    for name, value in zip(names, operands):
        if value is None:
            continue
        kind = helper.np_dtype_to_tensor_dtype(value.array.dtype)
        if value.const:
            constants.append(helper.make_tensor(name, kind, value.array.shape, value.array.tobytes(), raw=True))
        else:
            inputs.append(helper.make_tensor_value_info(name, kind, value.array.shape))
            feeds[name] = value.array
    outputs = [helper.make_empty_tensor_value_info(name) for name in results if name]
    graph = helper.make_graph([node], "case", inputs, outputs, constants)
    opsets = [helper.make_opsetid("", 17)] + ([helper.make_opsetid(domain, version)] if domain else [])
    model = helper.make_model(graph, opset_imports=opsets, ir_version=10)
    options = ort.SessionOptions()
    options.log_severity_level = 3
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return session.run(None, feeds)


def numbers(array):
    kind = CODES[array.dtype]
    if kind in ("f32", "f16"):
        return " ".join(f"{x:.6g}" for x in array.astype(np.float64).ravel())
    return " ".join(str(int(x)) for x in array.ravel())


def attribute(name, value):
    if isinstance(value, str):
        return f"attr {name} s {value}"
    if isinstance(value, float):
        return f"attr {name} f {value:.9g}"
    if isinstance(value, int):
        return f"attr {name} i {value}"
    kind = "fs" if isinstance(value[0], float) else "ss" if isinstance(value[0], str) else "is"
    return f"attr {name} {kind} " + " ".join(str(x) for x in value)


def write(out, item):
    name, op, operands, wanted, within, fix, domain, version, attributes = item
    results = answers(op, operands, wanted, domain, version, attributes)
    if fix:
        results = fix(results)
    print(f"case {name} {domain or 'ai.onnx'} {version} {op}", file=out)
    if within is not None:
        print(f"within {within}", file=out)
    for key, value in attributes.items():
        print(attribute(key, value), file=out)
    for value in operands:
        if value is None:
            print("none", file=out)
            continue
        dims = ",".join(str(n) if str(d) == str(n) else f"{d}={n}" for d, n in zip(value.dims, value.array.shape))
        word = "const" if value.const else "in"
        print(f"{word} {CODES[value.array.dtype]} [{dims}] {numbers(value.array)}", file=out)
    results = iter(results)
    for flag in wanted:
        if not flag:
            print("none out", file=out)
            continue
        array = next(results)
        print(f"out {CODES[array.dtype]} [{','.join(map(str, array.shape))}] {numbers(array)}", file=out)


def scale(x):
    return const(np.array(x, np.float32))


def zero(kind, x):
    return const(np.array(x, kind))


# --- quantized operators ---

def qlinear(r):
    for kind, zeros in ((np.uint8, (120, 7, 130)), (np.int8, (-3, 20, 5))):
        tag = CODES[np.dtype(kind)]
        shape = (r.size(1, 3), r.size(2, 5))
        a, b = r.bytes(kind, *shape), r.bytes(kind, shape[1])
        for op in ("QLinearAdd", "QLinearMul"):
            case(f"{op}_{tag}", op, [Value(a, ["N", shape[1]]), scale(0.02), zero(kind, zeros[0]), Value(b), scale(0.03),
                                     zero(kind, zeros[1]), scale(0.04), zero(kind, zeros[2])], within=1)
        case(f"QLinearLeakyRelu_{tag}", "QLinearLeakyRelu",
             [Value(a), scale(0.02), zero(kind, zeros[0]), scale(0.015), zero(kind, zeros[1])], within=1, alpha=0.3)
        case(f"QLinearSigmoid_{tag}", "QLinearSigmoid",
             [Value(a), scale(0.05), zero(kind, zeros[0]), scale(1 / 256), zero(kind, 0)], within=1)
        for opset in (12, 13):
            x = r.bytes(kind, 2, 3, 4)
            y_zero = 0 if kind is np.uint8 else -128
            case(f"QLinearSoftmax_{tag}_{opset}", "QLinearSoftmax",
                 [Value(x, ["N", 3, 4]), scale(0.05), zero(kind, zeros[0]), scale(1 / 256), zero(kind, y_zero)],
                 within=1, axis=1 if opset == 12 else -1, opset=opset)
        x = r.bytes(kind, 2, 3, 5, 4)
        tail = [scale(0.02), zero(kind, zeros[0]), scale(0.03), zero(kind, zeros[1])]
        for last in (0, 1):
            case(f"QLinearGlobalAveragePool_{tag}_{last}", "QLinearGlobalAveragePool",
                 [Value(x, ["N", 3, 5, 4])] + tail, within=1, channels_last=last)
            case(f"QLinearAveragePool_{tag}_{last}", "QLinearAveragePool", [Value(x)] + tail, within=1,
                 channels_last=last, kernel_shape=[3, 2], strides=[2, 1], pads=[1, 0, 1, 1], ceil_mode=last)
        case(f"QLinearAveragePool_{tag}_padded", "QLinearAveragePool", [Value(x)] + tail, within=1,
             kernel_shape=[3, 2], pads=[1, 0, 1, 1], count_include_pad=1)
        case(f"QLinearConcat_{tag}", "QLinearConcat",
             [scale(0.02), zero(kind, zeros[0]), Value(a, ["N", shape[1]]), scale(0.01), zero(kind, zeros[1]),
              Value(r.bytes(kind, shape[0], 2), ["N", 2]), scale(0.03), zero(kind, zeros[2])], within=1, axis=1)
        case(f"QLinearWhere_{tag}", "QLinearWhere",
             [Value(r.below(2, *shape).astype(np.bool_)), Value(a), scale(0.02), zero(kind, zeros[0]), Value(b),
              scale(0.03), zero(kind, zeros[1]), scale(0.04), zero(kind, zeros[2])], within=1)
        case(f"NhwcMaxPool_{tag}", "NhwcMaxPool", [Value(x, ["N", 3, 5, 4])], kernel_shape=[2, 3], strides=[1, 2],
             pads=[0, 1, 1, 1])
        case(f"DequantizeLinear_{tag}", "DequantizeLinear", [Value(x), scale(0.02), zero(kind, zeros[0])])
        y = r.floats(2, 3, 4, low=-3, high=3)
        case(f"QuantizeLinear_{tag}", "QuantizeLinear", [Value(y), scale(0.02), zero(kind, zeros[0])], within=1)
        case(f"QuantizeLinear_{tag}_axis", "QuantizeLinear",
             [Value(y), const(r.floats(3, low=0.01, high=0.1)), const(r.bytes(kind, 3))], within=1, axis=1)


def quantized_products(r):
    m, k, n = r.size(1, 4), r.size(3, 9), r.size(2, 5)
    x = r.floats(2, m, k)
    dims = ["B", "M", k]
    for kind in (np.uint8, np.int8):
        tag = CODES[np.dtype(kind)]
        w = r.bytes(kind, k, n)
        row = const(r.floats(n, low=0.01, high=0.05))
        case(f"DynamicQuantizeMatMul_{tag}", "DynamicQuantizeMatMul",
             [Value(x, dims), const(w), scale(0.02), zero(kind, 3), const(r.floats(n))], within=0.02)
        case(f"DynamicQuantizeMatMul_{tag}_columns", "DynamicQuantizeMatMul",
             [Value(x, dims), const(w), row, const(r.bytes(kind, n))], within=0.02)
        case(f"MatMulIntegerToFloat_{tag}", "MatMulIntegerToFloat",
             [Value(r.bytes(np.uint8, 2, m, k), dims), const(w), scale(0.02), row, zero(np.uint8, 130), const(r.bytes(kind, n)),
              const(r.floats(n))])
        case(f"MatMulIntegerToFloat_{tag}_plain", "MatMulIntegerToFloat",
             [Value(r.bytes(np.uint8, m, k)), const(w), scale(0.02), scale(0.01)])
        c = r.random.integers(-2000, 2000, n).astype(np.int32)
        for trans in (0, 1):
            a = r.bytes(np.uint8, k, m) if trans else r.bytes(np.uint8, m, k)
            b = w.T.copy() if trans else w
            head = [Value(a), scale(0.02), zero(np.uint8, 100), const(b)]
            case(f"QGemm_{tag}_{trans}", "QGemm",
                 head + [scale(0.03), zero(kind, 3), const(c), scale(0.5), zero(np.uint8, 120)], within=1, transA=trans,
                 transB=trans)
            case(f"QGemm_{tag}_{trans}_float", "QGemm", head + [row, const(np.full(n, 5, kind)), None], transA=trans,
                 transB=trans, alpha=0.5)
    case("MatMulInteger16", "MatMulInteger16", [Value(r.bytes(np.int16, m, k)), Value(r.bytes(np.int16, k, n))])
    for last in (0, 1):
        image = r.bytes(np.uint8, *((2, 5, 6, 4) if last else (2, 4, 5, 6)))
        w = r.bytes(np.int8, 6, 2, 3, 3)
        case(f"QLinearConv_{last}", "QLinearConv",
             [Value(image, ["N", *image.shape[1:]]), scale(0.02), zero(np.uint8, 120), const(w),
              const(r.floats(6, low=0.01, high=0.03)), const(np.zeros(6, np.int8)), scale(0.1), zero(np.uint8, 128),
              const(r.random.integers(-500, 500, 6).astype(np.int32))],
             within=1, channels_last=last, group=2, pads=[1, 1, 1, 1], strides=[2, 1], kernel_shape=[3, 3])
    hidden, size, steps, batch = 3, 4, 5, 2
    for direction, count in (("forward", 1), ("bidirectional", 2)):
        for per_column in (0, 1):
            shape = (count, 4 * hidden) if per_column else (count,)
            case(f"DynamicQuantizeLSTM_{direction}_{per_column}", "DynamicQuantizeLSTM",
                 [Value(r.floats(steps, batch, size)), const(r.bytes(np.int8, count, size, 4 * hidden)),
                  const(r.bytes(np.int8, count, hidden, 4 * hidden)), const(r.floats(count, 8 * hidden)), None,
                  Value(r.floats(count, batch, hidden)), Value(r.floats(count, batch, hidden)),
                  const(r.floats(count, 3 * hidden)), const(r.floats(*shape, low=0.005, high=0.01)),
                  const(np.zeros(shape, np.int8)), const(r.floats(*shape, low=0.005, high=0.01)),
                  const(np.zeros(shape, np.int8))],
                 outputs=3, within=0.05, direction=direction, hidden_size=hidden)


def matmul_nbits(r):
    for bits, forms in ((2, [(40, 16)]), (4, [(32, 16), (40, 16), (37, 32)]), (8, [(40, 16)])):
        for k, block in forms:
            n, blocks = 3, -(-k // block)
            b = r.bytes(np.uint8, n, blocks, block * bits // 8)
            x = Value(r.floats(2, 1, k), ["B", 1, k])
            scales = const(r.floats(n, blocks, low=0.01, high=0.1))
            head = [x, const(b), scales]
            sizes = dict(N=n, K=k, bits=bits, block_size=block, accuracy_level=1)
            packed = const(r.bytes(np.uint8, n, -(-blocks * bits // 8)))
            name = f"MatMulNBits_{bits}_{k}"
            case(name, "MatMulNBits", head, within=2e-4, **sizes)
            case(f"{name}_zeros", "MatMulNBits", head + [packed, None, const(r.floats(n))], within=2e-4, **sizes)
            if bits == 4:
                case(f"{name}_float_zeros", "MatMulNBits", head + [const(r.floats(n, blocks, low=0, high=9))],
                     within=2e-4, **sizes)


# --- fused operators ---

def fused(r):
    a, b = r.floats(2, 3, 4, 5), r.floats(2, 3, 5, 4)
    case("FusedMatMul", "FusedMatMul", [Value(a, ["N", "H", 4, 5]), Value(b, ["N", "H", 5, 4])], alpha=0.5)
    case("FusedMatMul_transposed", "FusedMatMul", [Value(a), Value(a)], alpha=0.25, transA=1)
    case("FusedMatMul_transposed_b", "FusedMatMul", [Value(a), Value(a)], transB=1)
    batched = r.floats(4, 2, 3, 5)  # [m, …] before its turn: [2, 3, 4, 5]
    case("FusedMatMul_turned", "FusedMatMul", [Value(batched), Value(r.floats(2, 3, 5, 4))], transBatchA=1)
    case("FusedMatMul_turned_both", "FusedMatMul", [Value(batched), Value(r.floats(4, 2, 3, 5))], transBatchA=1,
         transBatchB=1, transB=1)
    x, w = r.floats(3, 4), r.floats(4, 5)
    for name, extra in (("Relu", {}), ("LeakyRelu", dict(activation_alpha=0.2)), ("Sigmoid", {}), ("Tanh", {}),
                        ("Elu", dict(activation_alpha=0.7)), ("HardSigmoid", dict(activation_alpha=0.3, activation_beta=0.4))):
        case(f"FusedGemm_{name}", "FusedGemm", [Value(x, ["M", 4]), const(w), const(r.floats(5))], alpha=0.5, beta=2.0,
             activation=name, **extra)
    image, kernel = r.floats(2, 2, 4, 5), r.floats(3, 2, 3, 3)
    for name, extra in (("Relu", {}), ("LeakyRelu", dict(activation_params=[0.2])), ("Sigmoid", {}), ("Tanh", {}),
                        ("Clip", dict(activation_params=[-0.5, 0.5])), ("HardSigmoid", dict(activation_params=[0.3, 0.4]))):
        case(f"FusedConv_{name}", "FusedConv",
             [Value(image, ["N", 2, 4, 5]), const(kernel), const(r.floats(3))], pads=[1, 0, 1, 0], activation=name, **extra)
    case("FusedConv_sum", "FusedConv", [Value(image), const(kernel), const(r.floats(3)), Value(r.floats(2, 3, 2, 3))],
         activation="Relu")
    x = r.floats(2, 3, 8, low=-4, high=4)
    for op in ("Gelu", "FastGelu", "QuickGelu"):
        case(op, op, [Value(x, ["B", "S", 8])])
    case("QuickGelu_alpha", "QuickGelu", [Value(x)], alpha=0.5)
    case("FastGelu_bias", "FastGelu", [Value(x, ["B", "S", 8]), const(r.floats(8))])
    case("BiasGelu", "BiasGelu", [Value(x, ["B", "S", 8]), const(r.floats(8))])


def norms(r):
    b, s, h = 2, r.size(2, 4), 8
    x, skip = r.floats(b, s, h), r.floats(b, s, h)
    dims = ["B", "S", h]
    gamma, beta, bias = const(r.floats(h)), const(r.floats(h)), const(r.floats(h))
    case("SkipLayerNormalization", "SkipLayerNormalization", [Value(x, dims), Value(skip, dims), gamma, beta, bias],
         outputs=[True, False, False, True], epsilon=1e-5)
    case("SkipLayerNormalization_plain", "SkipLayerNormalization", [Value(x), const(skip[0]), gamma])
    case("SkipSimplifiedLayerNormalization", "SkipSimplifiedLayerNormalization",
         [Value(x, dims), Value(skip, dims), gamma, bias], outputs=[True, False, False, True], epsilon=1e-5)
    case("SimplifiedLayerNormalization", "SimplifiedLayerNormalization", [Value(x, dims), gamma], outputs=2, domain="",
         version=17, axis=-1, epsilon=1e-5)
    ids = dict(kind=np.int32)
    words, places, kinds = const(r.floats(11, h)), const(r.floats(7, h)), const(r.floats(2, h))
    tokens = Value(r.below(11, b, s, **ids), ["B", "S"])
    segments = Value(r.below(2, b, s, **ids), ["B", "S"])
    mask = Value(np.tril(np.ones((b, s), np.int32), s - 2), ["B", "S"])
    case("EmbedLayerNormalization", "EmbedLayerNormalization",
         [tokens, segments, words, places, kinds, gamma, beta, mask], outputs=3, epsilon=1e-5)
    case("EmbedLayerNormalization_plain", "EmbedLayerNormalization", [tokens, None, words, places, None, gamma, beta],
         outputs=2)
    case("EmbedLayerNormalization_positions", "EmbedLayerNormalization",
         [tokens, None, words, places, None, gamma, beta, None, Value(r.below(7, b, s, **ids), ["B", "S"])],
         outputs=2)


# --- attention ---

def attention(r):
    b, s, heads, d = 2, r.size(3, 5), 2, 4
    h = heads * d
    x = Value(r.floats(b, s, h), ["B", "S", h])
    w, bias = const(r.floats(h, 3 * h)), const(r.floats(3 * h))
    head = [x, w, bias]
    case("Attention", "Attention", head, num_heads=heads)
    case("Attention_causal", "Attention", head, num_heads=heads, unidirectional=1)
    case("Attention_scale", "Attention", head, num_heads=heads, scale=0.3)
    case("Attention_sizes", "Attention", [x, const(r.floats(h, 2 * h + 6)), const(r.floats(2 * h + 6))], num_heads=heads,
         qkv_hidden_sizes=[h, h, 6])
    ends = np.array([s, s - 1], np.int32)
    case("Attention_ends", "Attention", head + [Value(ends, ["B"])], num_heads=heads)
    case("Attention_ends_causal", "Attention", head + [Value(ends, ["B"])], num_heads=heads, unidirectional=1)
    case("Attention_ends_begins", "Attention", [Value(x.array), w, bias, Value(np.array([s, s - 1, 1, 0], np.int32))], num_heads=heads)
    rows = np.ones((b, s), np.int32)
    rows[0, -1] = rows[1, 0] = 0
    case("Attention_mask", "Attention", head + [Value(rows, ["B", "S"])], num_heads=heads)
    case("Attention_mask_filter", "Attention", head + [Value(rows, ["B", "S"])], num_heads=heads,
         mask_filter_value=-1.5)
    case("Attention_mask_causal", "Attention", head + [Value(rows)], num_heads=heads, unidirectional=1)
    plane = r.below(2, b, s, s, kind=np.int32)
    case("Attention_mask_plane", "Attention", head + [Value(plane, ["B", "S", "S"])], num_heads=heads)
    added = Value(r.floats(1, heads, s, s), [1, heads, "S", "S"])
    case("Attention_bias", "Attention", head + [None, None, added], num_heads=heads)
    past = Value(r.floats(2, b, heads, 3, d), [2, "B", heads, "P", d])
    case("Attention_past", "Attention", head + [None, past], outputs=2, num_heads=heads, unidirectional=1)
    longer = np.ones((b, s + 3), np.int32)
    longer[1, 2] = 0
    case("Attention_past_mask", "Attention", head + [Value(longer, ["B", "T"]), past], outputs=2, num_heads=heads,
         unidirectional=1)
    for kind in (np.uint8, np.int8):
        tag = CODES[np.dtype(kind)]
        tail = [scale(0.01), scale(0.01), None, zero(np.uint8, 128), zero(kind, 4)]
        qx = Value(r.bytes(np.uint8, b, s, h), ["B", "S", h])
        qw = const(r.bytes(kind, h, 3 * h))
        case(f"QAttention_{tag}", "QAttention", [qx, qw, bias] + tail, num_heads=heads, within=1e-3)
        case(f"QAttention_{tag}_past", "QAttention", [qx, qw, bias] + tail + [past], outputs=2, num_heads=heads,
             unidirectional=1, within=1e-3)
        columns = const(r.floats(3 * h, low=0.005, high=0.02))
        case(f"QAttention_{tag}_columns", "QAttention",
             [qx, qw, bias, scale(0.01), columns, Value(ends, ["B"]), zero(np.uint8, 128), const(np.zeros(3 * h, kind))],
             num_heads=heads, within=1e-3)


def multi_head(r):
    b, s, l, heads, d = 2, 3, r.size(4, 6), 2, 4
    h = heads * d
    q = Value(r.floats(b, s, h), ["B", "S", h])
    k = Value(r.floats(b, l, h), ["B", "L", h])
    v = Value(r.floats(b, l, h), ["B", "L", h])
    bias = const(r.floats(3 * h))
    op = "MultiHeadAttention"
    case(op, op, [q, k, v], num_heads=heads)
    case(f"{op}_bias", op, [q, k, v, bias], num_heads=heads, scale=0.4)
    case(f"{op}_wide_values", op, [q, k, Value(r.floats(b, l, 12), ["B", "L", 12]), const(r.floats(2 * h + 12))],
         num_heads=heads)
    case(f"{op}_lengths", op, [q, k, v, None, Value(np.array([l, l - 2], np.int32), ["B"])], num_heads=heads)
    padding = np.ones((b, l), np.int32)
    padding[1, -2:] = 0
    case(f"{op}_padding", op, [q, k, v, None, Value(padding, ["B", "L"])], num_heads=heads)
    case(f"{op}_added", op, [q, k, v, None, None, Value(r.floats(1, heads, s, l), [1, heads, "S", "L"])], num_heads=heads)
    apart = [Value(r.floats(b, heads, l, d), ["B", heads, "L", d]) for _ in range(2)]
    case(f"{op}_apart", op, [q] + apart, num_heads=heads)
    past = [Value(r.floats(b, heads, 3, d), ["B", heads, "P", d]) for _ in range(2)]
    own = [q, Value(r.floats(b, s, h), ["B", "S", h]), Value(r.floats(b, s, h), ["B", "S", h])]
    case(f"{op}_past", op, own + [bias, None, None] + past, outputs=3, num_heads=heads)
    case(f"{op}_past_causal", op, own + [None, None, None] + past, outputs=3, num_heads=heads, unidirectional=1)
    case(f"{op}_causal", op, own, num_heads=heads, unidirectional=1)


def group_query(r):
    op = "GroupQueryAttention"
    cos, sin = const(r.floats(12, 8)), const(r.floats(12, 8))

    def operands(s, lengths, total, past=None, packed=False, rotated=False):
        b, heads, groups, d = len(lengths), 2 if rotated else 4, 1 if rotated else 2, 16 if rotated else 8
        h, g = heads * d, groups * d
        if packed:
            own = [Value(r.floats(b, s, h + 2 * g), ["B", "S", h + 2 * g]), None, None]
        else:
            own = [Value(r.floats(b, s, n), ["B", "S", n]) for n in (h, g, g)]
        cache = [Value(r.floats(b, groups, past, d), ["B", groups, "P", d]) for _ in range(2)] if past else [None, None]
        return own + cache + [Value(np.array(lengths, np.int32) - 1, ["B"]), Value(np.array(total, np.int32))]

    s = r.size(2, 4)
    sizes = dict(num_heads=4, kv_num_heads=2)
    rotated = dict(do_rotary=1, num_heads=2, kv_num_heads=1)
    prompt = lambda **more: operands(s, [s, s], s, **more)
    step = lambda **more: operands(1, [6, 6], 6, past=5, **more)

    case(op, op, prompt(), outputs=3, **sizes)
    case(f"{op}_packed", op, prompt(packed=True), outputs=3, **sizes)
    case(f"{op}_rotary", op, prompt(rotated=True) + [cos, sin], outputs=3, **rotated)
    case(f"{op}_rotary_interleaved", op, prompt(rotated=True) + [cos, sin], outputs=3, rotary_interleaved=1, **rotated)
    case(f"{op}_step", op, step(), outputs=3, **sizes)
    case(f"{op}_step_rotary", op, step(packed=True, rotated=True) + [cos, sin], outputs=3, scale=0.2, **rotated)
    case(f"{op}_window", op, operands(6, [6, 6], 6), outputs=3, local_window_size=3, **sizes)
    case(f"{op}_step_window", op, step(), outputs=3, local_window_size=3, **sizes)
    case(f"{op}_softcap", op, step(), outputs=3, softcap=0.5, **sizes)
    case(f"{op}_smooth", op, prompt(), outputs=3, smooth_softmax=1, **sizes)
    case(f"{op}_sink", op, step() + [None] * 4 + [const(r.floats(4))], outputs=3, **sizes)
    case(f"{op}_added", op, step() + [None] * 3 + [Value(r.floats(1, 4, 1, 6), [1, 4, "S", "T"])], outputs=3, **sizes)

    def ragged(results):
        y, k, v = results
        for cache in (k, v):
            cache[1, :, 4:] = ANY
        return [y, k, v]

    case(f"{op}_step_ragged", op, operands(1, [6, 4], 6, past=5, rotated=True) + [cos, sin], outputs=3, fix=ragged, **rotated)
    case(f"{op}_continued", op, operands(3, [8], 8, past=5, rotated=True) + [cos, sin], outputs=3, **rotated)


def rotary(r):
    b, heads, s, d = 2, 3, 4, 8
    op = "RotaryEmbedding"
    cos, sin = const(r.floats(9, d // 2)), const(r.floats(9, d // 2))
    beside = Value(r.floats(b, s, heads * d), ["B", "S", heads * d])
    apart = Value(r.floats(b, heads, s, d), ["B", heads, "S", d])
    positions = Value(r.below(9, b, s), ["B", "S"])
    for interleaved in (0, 1):
        case(f"{op}_{interleaved}", op, [beside, positions, cos, sin], interleaved=interleaved)
        case(f"{op}_apart_{interleaved}", op, [apart, positions, cos, sin], interleaved=interleaved)
        part = [const(r.floats(9, 2)), const(r.floats(9, 2))]
        case(f"{op}_part_{interleaved}", op, [beside, positions] + part, interleaved=interleaved, num_heads=heads,
             rotary_embedding_dim=4)
    case(f"{op}_offset", op, [beside, Value(np.array([3], np.int64)), cos, sin])
    case(f"{op}_apart_offset", op, [apart, Value(np.array([5], np.int64)), cos, sin])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", help="cases whose name contains this")
    arguments = parser.parse_args()
    source = Source(arguments.seed)
    for family in (qlinear, quantized_products, matmul_nbits, fused, norms, attention, multi_head, group_query, rotary):
        family(source)
    print("# Written by microsoft_cases.py; the answers are those of ONNX Runtime " + ort.__version__ + ".")
    for item in CASES:
        if arguments.only in item[0]:
            try:
                write(sys.stdout, item)
            except Exception as error:  # a form that this version does not run
                print(f"{item[0]}: {str(error)[:300]}", file=sys.stderr)


if __name__ == "__main__":
    main()
