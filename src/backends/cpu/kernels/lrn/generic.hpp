// lrn.hpp over the vector type of simd/.
#pragma once

#include "backends/cpu/kernels/lrn/lrn.hpp"
#include "backends/cpu/kernels/simd/math.hpp"
#include "backends/cpu/kernels/unroll.hpp"

namespace tenon::cpu {
namespace {

// x^beta for x > 0. Three quarters, which nearly all networks use, are two roots.
template <bool ThreeQuarters>
TENON_SIMD simd::F32 lrn_power(simd::F32 x, simd::F32 beta) {
  if constexpr (ThreeQuarters) {
    const simd::F32 root = simd::sqrt(x);
    return root * simd::sqrt(root);
  } else {
    return simd::pow(x, beta);
  }
}

// One vector of columns: `load(c)` gives those of channel c.
template <bool ThreeQuarters, class Load>
TENON_SIMD simd::F32 lrn_value(const LrnArgs& args, std::ptrdiff_t c, Load load) {
  using V = simd::F32;
  const std::ptrdiff_t first = c > args.before ? c - args.before : 0;
  const std::ptrdiff_t last = c + args.after < args.channels - 1 ? c + args.after : args.channels - 1;
  V sum = V::zero();
  for (std::ptrdiff_t j = first; j <= last; ++j) {
    const V x = load(j);
    sum = sum + x * x;
  }
  const V scale = V::set1(args.bias) + V::set1(args.alpha) * sum;
  return load(c) / lrn_power<ThreeQuarters>(scale, V::set1(args.beta));
}

template <bool ThreeQuarters>
void lrn_columns(const LrnArgs& args, const float* src, float* dst, std::ptrdiff_t columns) {
  using V = simd::F32;
  for (std::ptrdiff_t c = 0; c < args.channels; ++c) {
    std::ptrdiff_t i = 0;
    for (; i + V::kLanes <= columns; i += V::kLanes) {
      lrn_value<ThreeQuarters>(args, c, [&](std::ptrdiff_t j) TENON_INLINE_LAMBDA {
        return V::load(src + j * args.inner + i);
      }).store(dst + c * args.inner + i);
    }
    if (i == columns) continue;
    const int left = static_cast<int>(columns - i);
    lrn_value<ThreeQuarters>(args, c, [&](std::ptrdiff_t j) TENON_INLINE_LAMBDA {
      return V::load_n(src + j * args.inner + i, left);
    }).store_n(dst + c * args.inner + i, left);
  }
}

void lrn_units(const LrnArgs& args, std::ptrdiff_t begin, std::ptrdiff_t end) noexcept {
  const std::ptrdiff_t groups = (args.inner + kLrnColumns - 1) / kLrnColumns;
  for (std::ptrdiff_t unit = begin; unit < end; ++unit) {
    const std::ptrdiff_t first = unit % groups * kLrnColumns;
    const std::ptrdiff_t columns = first + kLrnColumns < args.inner ? kLrnColumns : args.inner - first;
    const std::ptrdiff_t at = unit / groups * args.channels * args.inner + first;
    (args.beta == 0.75F ? lrn_columns<true> : lrn_columns<false>)(args, args.src + at, args.dst + at,
                                                                  columns);
  }
}

constexpr LrnRoutines kLrnRoutines{lrn_units};

}  // namespace
}  // namespace tenon::cpu
