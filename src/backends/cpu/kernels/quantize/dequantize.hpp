// Integers back to floats:
//
//   dst[o, d, i] = float(src[o, d, i] - zero[s]) * scale[s]        exact difference, one rounding of each
//   s = d                                          one scale for each place along the axis
//   s = (o * ceil(length / block) + d / block) * inner + i        one for each block along it
//
// src is [outer, length, inner] of i8, u8, i4 or u4 (two in a byte, the first in the low half). One scale for
// all is length 1, inner everything.
#pragma once

#include <tenon/data_type.hpp>

#include <cstddef>

namespace tenon {
class ThreadPool;
}

namespace tenon::cpu {

struct DequantizeArgs {
  DataType dtype = DataType::i8;
  const std::byte* src = nullptr;
  const float* scale = nullptr;
  const std::byte* zero = nullptr;  // of the same dtype; null: all 0
  float* dst = nullptr;
  std::ptrdiff_t outer = 1;
  std::ptrdiff_t length = 1;
  std::ptrdiff_t inner = 1;
  std::ptrdiff_t block = 0;  // 0: a scale for each place

  std::ptrdiff_t scales() const noexcept {
    return block == 0 ? length : outer * ((length + block - 1) / block) * inner;
  }
};

bool can_dequantize(DataType dtype) noexcept;
void dequantize_run(const DequantizeArgs& args, ThreadPool& pool) noexcept;
void dequantize_all(const DequantizeArgs& args) noexcept;  // on this thread

}  // namespace tenon::cpu
