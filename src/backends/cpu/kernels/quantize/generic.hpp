// quantize.hpp over the vector type of simd/.
#pragma once

#include "backends/cpu/kernels/quantize/quantize.hpp"
#include "backends/cpu/kernels/unroll.hpp"

namespace tenon::cpu {
namespace {

inline __attribute__((always_inline)) void quantize_range(const QuantizeArgs& args, std::ptrdiff_t begin,
                                                          std::ptrdiff_t end) {
  using V = simd::F32;
  constexpr int kVectors = 4;
  constexpr int kBlock = kVectors * V::kLanes;
  const V scale = V::set1(args.scale);
  const V zero = V::set1(args.zero);
  const V most = V::set1(255.0F);
  std::int32_t codes[kBlock];
  const auto code = [&](V x) TENON_INLINE_LAMBDA {
    // The bound keeps what is rounded small enough to add the zero point exactly.
    const V bounded = max(V::set1(-512.0F), min(V::set1(512.0F), x / scale));
    return to_int(max(V::zero(), min(most, round(bounded) + zero)));
  };
  std::ptrdiff_t i = begin;
  for (; i + kBlock <= end; i += kBlock) {
    unroll<kVectors>([&](auto v) TENON_INLINE_LAMBDA {
      code(V::load(args.src + i + v.value * V::kLanes)).store(codes + v.value * V::kLanes);
    });
    for (int lane = 0; lane < kBlock; ++lane) args.dst[i + lane] = static_cast<std::uint8_t>(codes[lane]);
  }
  for (; i < end; i += V::kLanes) {
    const int left = end - i < V::kLanes ? static_cast<int>(end - i) : V::kLanes;
    code(V::load_n(args.src + i, left)).store(codes);
    for (int lane = 0; lane < left; ++lane) args.dst[i + lane] = static_cast<std::uint8_t>(codes[lane]);
  }
}

}  // namespace
}  // namespace tenon::cpu
