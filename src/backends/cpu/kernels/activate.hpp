// For kernel files: Activation over arrays of vectors. Include after one of simd/.
#pragma once

#include "backends/cpu/kernels/activation.hpp"
#include "backends/cpu/kernels/unroll.hpp"

namespace tenon::cpu {
namespace {

template <int Count, class V>
inline __attribute__((always_inline)) void activate(V (&x)[Count], const Activation& act) {
  if (act.kind == Activation::Kind::clip) {
    const V lo = V::set1(act.lo);
    unroll<Count>([&](auto i) TENON_INLINE_LAMBDA { x[i.value] = max(lo, x[i.value]); });
    if (act.hi < __builtin_inff()) {
      const V hi = V::set1(act.hi);
      unroll<Count>([&](auto i) TENON_INLINE_LAMBDA { x[i.value] = min(hi, x[i.value]); });
    }
  } else if (act.kind == Activation::Kind::leaky) {
    const V alpha = V::set1(act.alpha);
    const V zero = V::zero();
    unroll<Count>([&](auto i) TENON_INLINE_LAMBDA {
      x[i.value] = select(x[i.value] > zero, x[i.value], x[i.value] * alpha);
    });
  } else if (act.kind == Activation::Kind::functions) {
    // One copy of each function serves all kernels; the calls go through memory that stays in L1.
    alignas(64) float lanes[Count * V::kLanes];
    unroll<Count>([&](auto i) TENON_INLINE_LAMBDA { x[i.value].store(lanes + i.value * V::kLanes); });
    for (int i = 0; i < act.call_count; ++i) {
      const ActivationCall& call = act.calls[i];
      const bool left = call.side == ActivationCall::Constant::left;
      call.routine(lanes, left ? &call.constant : lanes, left ? lanes : &call.constant, nullptr,
                   Count * V::kLanes, call.alpha, call.beta);
    }
    unroll<Count>([&](auto i) TENON_INLINE_LAMBDA { x[i.value] = V::load(lanes + i.value * V::kLanes); });
  }
}

}  // namespace
}  // namespace tenon::cpu
