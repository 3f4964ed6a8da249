"""Windows and Fourier transforms."""

import numpy as np

import ort


def window(op):
    def production(g):
        dtype = g.one_of([None, np.float32, np.float64])
        g.add(op, [g.constant(np.array(g.between(1, 9), np.int64))], periodic=g.between(0, 1), slack=1e-6,
              output_datatype=None if dtype is None else ort.helper.np_dtype_to_tensor_dtype(np.dtype(dtype)))
    return production


def fourier(g):
    n = g.between(2, 9)
    x = g.input([g.between(1, 2), n, g.between(1, 2)])
    inverse = g.between(0, 1) if x.shape[-1] == 2 else 0
    length = g.constant(np.array(g.between(2, 9), np.int64)) if g.chance(2) else None
    onesided = g.between(0, 1) if not inverse and x.shape[-1] == 1 else 0
    if g.opset >= 20:
        g.add("DFT", [x, length, g.constant(np.array(1, np.int64))], inverse=inverse, onesided=onesided, length=4 * n)
    else:
        g.add("DFT", [x, length], axis=1, inverse=inverse, onesided=onesided, length=4 * n)


def short_time_fourier(g):
    x = g.input([1, g.between(12, 20), 1])
    size = g.one_of([4, 8])
    window_ = g.constant(g.numbers([size], np.float32, 0.2, 1)) if g.chance(2) else None
    g.add("STFT", [x, g.constant(np.array(g.between(1, 4), np.int64)), window_,
                   g.constant(np.array(size, np.int64))], onesided=g.between(0, 1), length=4 * size)


def mel(g):
    numbers = [g.between(2, 6), g.one_of([16, 32]), 8000]
    operands = [g.constant(np.array(n, np.int64)) for n in numbers]
    operands += [g.constant(np.array(n, np.float32)) for n in (0.0, 4000.0)]
    g.add("MelWeightMatrix", operands)


PRODUCTIONS = {"HannWindow": window("HannWindow"), "HammingWindow": window("HammingWindow"),
               "BlackmanWindow": window("BlackmanWindow"), "DFT": fourier, "STFT": short_time_fourier,
               "MelWeightMatrix": mel}
