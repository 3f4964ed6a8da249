// Weights as integers: one scale for each output channel, or for each block along one axis.
//
//   per channel, symmetric   i8 in ±127, scale = max |w| / 127
//   blocks, symmetric        i4, scale = max |w| / d for the d of 7, 7.25, … 9 with the smallest error
//   blocks, asymmetric       u4 and a zero point, scale = shrink · (high - low) / 15 with low <= 0 <= high,
//                            for the shrink of 1, 0.95, … 0.75 with the smallest error; the zero point is
//                            clamp(round(-shrink · low / scale), 0, 15)
//
// The error is the sum of squares. Each in f32: q = clamp(round_half_even(w / scale) + zero). Where all of a
// channel or block is 0, its scale is 1. Of equal errors the first counts.
#pragma once

#include <tenon/tensor.hpp>

#include <cstddef>
#include <cstdint>
#include <span>

namespace tenon::quant {

struct QuantizedWeights {
  Tensor values;  // i8, i4 or u4, shaped as the weights
  Tensor scales;  // f32: [channels], or the weights' shape with the axis divided by the block, rounded up
  Tensor zeros;   // of the values' dtype, shaped as the scales; no elements: all 0
  double sqnr_db = 0;  // 10 log10(Σ w² / Σ (w - restored)²); infinite when nothing is lost

  bool has_zeros() const noexcept { return zeros.elements() > 0; }
};

// The scale of weights that share one and no zero point: `least`, where that is more.
float channel_scale(std::span<const float> weights, float least = 0);
// What the integer next to w / scale, in ±127, stands for.
float rounded_weight(float w, float scale);

// 10 log10(signal / noise); infinite without noise.
double sqnr_db(double signal, double noise);

// `weights`: f32 of rank 1 or more. ModelError when one of them is a NaN or an infinity.
// `least`: for each channel the least scale, or empty.
QuantizedWeights quantize_channels(const Tensor& weights, std::size_t axis,
                                   std::span<const float> least = {});
// Blocks of `block` elements along `axis`; the last one may be smaller.
QuantizedWeights quantize_blocks(const Tensor& weights, std::size_t axis, std::int64_t block,
                                 bool asymmetric);

}  // namespace tenon::quant
