// The routines of routines.hpp for the level whose simd/ header is included. An ISA file returns
// kPointwiseRoutines.
#pragma once

#include "backends/cpu/kernels/pointwise/functions.hpp"
#include "backends/cpu/kernels/pointwise/routines.hpp"
#include "backends/cpu/kernels/simd/half.hpp"

namespace tenon::cpu {
namespace {

// Operand `index` of a routine: a vector at i, or the value that stands for all.
template <bool Uniform>
struct Operand {
  using V = simd::F32;
  const float* p;
  V all;

  explicit TENON_SIMD Operand(const float* address)
      : p(address), all(Uniform ? V::set1(*address) : V::zero()) {}
  TENON_SIMD V at(std::ptrdiff_t i) const {
    if constexpr (Uniform) return all;
    return V::load(p + i);
  }
  TENON_SIMD V at(std::ptrdiff_t i, int n) const {
    if constexpr (Uniform) return all;
    return V::load_n(p + i, n);
  }
};

template <class Of>
TENON_SIMD void for_vectors(float* dst, std::ptrdiff_t n, Of of) {
  constexpr int kLanes = simd::F32::kLanes;
  std::ptrdiff_t i = 0;
  for (; i + kLanes <= n; i += kLanes) of(i).store(dst + i);
  if (i < n) {
    const int left = static_cast<int>(n - i);
    of(i, left).store_n(dst + i, left);
  }
}

template <class Fn, int Arity, int Mask>
void pointwise_routine(float* dst, const float* a, [[maybe_unused]] const float* b,
                       [[maybe_unused]] const float* c, std::ptrdiff_t n, float alpha, float beta) noexcept {
  const pointwise_functions::Parameters p{alpha, beta};
  const Operand<(Mask & 1) != 0> x(a);
  if constexpr (Arity == 1) {
    for_vectors(
        dst, n, [&](auto... at) __attribute__((always_inline)) { return Fn::of(x.at(at...), p); });
  } else if constexpr (Arity == 2) {
    const Operand<(Mask & 2) != 0> y(b);
    for_vectors(
        dst,
        n, [&](auto... at) __attribute__((always_inline)) { return Fn::of(x.at(at...), y.at(at...), p); });
  } else {
    const Operand<(Mask & 2) != 0> y(b);
    const Operand<(Mask & 4) != 0> z(c);
    for_vectors(
        dst, n, [&](auto... at) __attribute__((always_inline)) {
          return Fn::of(x.at(at...), y.at(at...), z.at(at...), p);
        });
  }
}

template <class Fn>
concept HasFloatForm = requires {
  &Fn::of;
};

template <class Fn, int Arity, int Mask>
constexpr PointwiseRoutine routine_or_null() {
  if constexpr (HasFloatForm<Fn> && Mask < (1 << Arity) - (Arity > 1 ? 1 : 0) && (Arity > 1 || Mask == 0)) {
    return pointwise_routine<Fn, Arity, Mask>;
  } else {
    return nullptr;
  }
}

template <class T>
void pointwise_load(float* dst, const void* src, std::ptrdiff_t stride, std::ptrdiff_t n) noexcept {
  const T* p = static_cast<const T*>(src);
  if (stride == 1) {
    for (std::ptrdiff_t i = 0; i < n; ++i) dst[i] = static_cast<float>(p[i]);
  } else if (stride == 0) {
    const float x = static_cast<float>(*p);
    for (std::ptrdiff_t i = 0; i < n; ++i) dst[i] = x;
  } else {
    for (std::ptrdiff_t i = 0; i < n; ++i) dst[i] = static_cast<float>(p[i * stride]);
  }
}

void pointwise_store_boolean(void* dst, const float* src, std::ptrdiff_t n) noexcept {
  auto* bytes = static_cast<std::uint8_t*>(dst);
  for (std::ptrdiff_t i = 0; i < n; ++i) bytes[i] = src[i] != 0.0F ? 1 : 0;
}

// T: bfloat16 or float16.
template <class T>
void pointwise_load_half(float* dst, const void* src, std::ptrdiff_t stride, std::ptrdiff_t n) noexcept {
  constexpr int kLanes = simd::F32::kLanes;
  const T* p = static_cast<const T*>(src);
  for (std::ptrdiff_t i = 0; i < n; i += kLanes) {
    const int count = n - i < kLanes ? static_cast<int>(n - i) : kLanes;
    simd::F32 x;
    if (stride != 1) {
      std::uint16_t together[kLanes] = {};
      for (int j = 0; j < count; ++j) std::memcpy(together + j, p + (i + j) * stride, sizeof(together[0]));
      x = simd::load(reinterpret_cast<const T*>(together));
    } else {
      x = count == kLanes ? simd::load(p + i) : simd::load_n(p + i, count);
    }
    count == kLanes ? x.store(dst + i) : x.store_n(dst + i, count);
  }
}

template <class T>
void pointwise_store_half(void* dst, const float* src, std::ptrdiff_t n) noexcept {
  constexpr int kLanes = simd::F32::kLanes;
  T* to = static_cast<T*>(dst);
  std::ptrdiff_t i = 0;
  for (; i + kLanes <= n; i += kLanes) simd::store(to + i, simd::F32::load(src + i));
  if (i < n) {
    const int left = static_cast<int>(n - i);
    simd::store_n(to + i, simd::F32::load_n(src + i, left), left);
  }
}

#define TENON_FORM(fn, arity, mask) routine_or_null<pointwise_functions::fn, arity, mask>()
constexpr PointwiseRoutines kPointwiseRoutines = {
    {
#define TENON_POINTWISE(fn, arity, alpha, beta, result)                                                    \
  {TENON_FORM(fn, arity, 0), TENON_FORM(fn, arity, 1), TENON_FORM(fn, arity, 2), TENON_FORM(fn, arity, 3), \
   TENON_FORM(fn, arity, 4), TENON_FORM(fn, arity, 5), TENON_FORM(fn, arity, 6), nullptr},
#include "ir/pointwise_functions.inc"
#undef TENON_POINTWISE
    },
    pointwise_load<float>,
    pointwise_load<std::uint8_t>,
    pointwise_load<std::int8_t>,
    pointwise_load<std::int32_t>,
    pointwise_load<std::int64_t>,
    pointwise_load_half<bfloat16>,
    pointwise_load_half<float16>,
    pointwise_store_boolean,
    pointwise_store_half<bfloat16>,
    pointwise_store_half<float16>,
};
#undef TENON_FORM

}  // namespace
}  // namespace tenon::cpu
