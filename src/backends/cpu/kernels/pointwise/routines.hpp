// The routines a level provides for pointwise programs: one per function and pattern of operands. Registers
// hold floats; a truth value is 1 or 0.
#pragma once

#include "ir/pointwise.hpp"

#include <cstddef>
#include <cstdint>

namespace tenon::cpu {

// dst[i] = fn(a[i], b[i], c[i]) for i < n. Operands the function does not have are not touched; dst may be
// one of them.
using PointwiseRoutine = void (*)(float* dst, const float* a, const float* b, const float* c,
                                  std::ptrdiff_t n, float alpha, float beta) noexcept;

// dst[i] = src[i * stride], converted to float
using PointwiseLoad = void (*)(float* dst, const void* src, std::ptrdiff_t stride, std::ptrdiff_t n) noexcept;

// dst[i] = src[i], rounded to the type in which the result is stored; != 0 where that is boolean
using PointwiseStore = void (*)(void* dst, const float* src, std::ptrdiff_t n) noexcept;

constexpr int kPointwiseFunctions = 0
#define TENON_POINTWISE(fn, arity, alpha, beta, result) +1
#include "ir/pointwise_functions.inc"
#undef TENON_POINTWISE
    ;

struct PointwiseRoutines {
  // [fn][mask]: bit i of the mask says that operand i is one value for all elements, read from its address.
  // nullptr where the function has no float form, or where every operand would be such a value.
  PointwiseRoutine call[kPointwiseFunctions][8];
  PointwiseLoad load_f32;
  PointwiseLoad load_u8;  // also boolean
  PointwiseLoad load_i8;
  PointwiseLoad load_i32;
  PointwiseLoad load_i64;
  PointwiseLoad load_bf16;
  PointwiseLoad load_f16;
  PointwiseStore store_boolean;
  PointwiseStore store_bf16;
  PointwiseStore store_f16;
};

}  // namespace tenon::cpu
