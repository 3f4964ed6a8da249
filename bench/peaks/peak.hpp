// What one machine can do, measured: multiply-adds of single precision, dot products of bytes, and reading.
#pragma once

#include "base/cpu_info.hpp"

#include <cstddef>

namespace tenon::bench {

// Floating-point operations per second of `threads` threads together, two per multiply-add; the best of
// several short runs.
double peak_flops(Isa level, int threads);

// Operations per second of dot products of 8-bit integers, or of 16-bit floats, with 32-bit sums, two per
// product: of bytes at the AMX level; at AVX-512-FP16 those of 16-bit floats with 16-bit sums. 0 where the
// level, or the machine, has none.
double peak_dot_ops(Isa level, int threads);

// Bytes per second that `threads` threads read over and over, each from its own `bytes_each`.
double read_bandwidth(std::size_t bytes_each, int threads);

}  // namespace tenon::bench
