// The element types in which values of f32 are stored. Kernels compute in f32 whatever the type, and round
// once, to nearest even, what they store.
#pragma once

#include "base/half.hpp"

namespace tenon::cpu {

inline constexpr int kFloatTypes = 3;

// Tables of routines have an entry per type, in this order: float, bfloat16, float16.
constexpr bool is_float_type(DataType type) noexcept {
  return type == DataType::f32 || type == DataType::bf16 || type == DataType::f16;
}
constexpr int float_index(DataType type) noexcept {
  return type == DataType::bf16 ? 1 : type == DataType::f16 ? 2 : 0;
}
constexpr int float_bytes(DataType type) noexcept { return type == DataType::f32 ? 4 : 2; }

}  // namespace tenon::cpu
