// The threshold that loses the least information: the Kullback-Leibler divergence between a clipped histogram
// and what 128 levels leave of it.
//
// For n = 128 ... N bins kept:
//   P = c[0 .. n-1], with the sum of c[n ..] added to P[n-1]; normalised
//   Q = level of bin j is floor(j · 128 / n); the mass of each level's c, without what was added, is spread
//       evenly over the level's non-empty bins; normalised
//   divergence = sum over P > 0 of P ln(P / Q); n is out of the question where Q = 0 < P, and where P has a
//                single non-empty bin
// and the threshold is (n + 1/2) · width. Sources: S. Migacz, "8-bit Inference with TensorRT", GTC 2017; what
// TensorRT does differently (bin 0 dropped, ties to the largest n) follows from its calibration caches.
//
// Per level everything follows from prefix sums over the bins, so that a candidate costs 128 steps:
//   divergence = (1/N) [ sum of P ln P - sum over levels of p ln(m / k) ] + ln(M / N)
// with P, N, p (the level's part of N) with the outliers, and m, k, M the level's mass and non-empty bins and
// the total mass without them.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

namespace tenon::quant {

struct EntropyOptions {
  bool drop_first_bin = true;
  bool ties_to_largest = true;  // divergences that agree within rounding
};

// The number n of bins kept, of at least 128 bins; nothing when no n is possible.
std::optional<std::size_t> least_divergence(std::span<const std::uint64_t> bins,
                                            const EntropyOptions& options);

}  // namespace tenon::quant
