// A rough cost model: it only has to order candidates well enough that the best is among the few that are
// timed.
#pragma once

#include "base/cpu_info.hpp"
#include "tactics/problem.hpp"

#include <algorithm>
#include <cstdint>
#include <span>

namespace tenon::cpu {

inline constexpr double kCallNs = 300;  // per step: dispatch, waking workers

// FP32 operations per nanosecond and core that good code reaches at a level.
inline double flops_per_ns(Isa isa) {
  if (isa >= Isa::avx512) return 150;
  if (isa >= Isa::avx2) return 70;
  return 8;
}

inline double compute_ns(double flops, const Problem& problem) {
  return kCallNs + flops / (flops_per_ns(problem.isa) * std::max(1, problem.threads));
}

inline double memory_ns(double bytes, const Problem& problem) {
  constexpr double kBytesPerNs = 16;  // per core, out of L2 or L3
  return kCallNs + bytes / (kBytesPerNs * std::clamp(problem.threads, 1, 4));
}

inline double elements(std::span<const std::int64_t> dims) {
  double count = 1;
  for (std::int64_t dim : dims) count *= static_cast<double>(dim);
  return count;
}

// Bytes of all operands and results once.
inline double touched_bytes(const Problem& problem) {
  double bytes = 0;
  const auto add = [&](const Operand& operand) {
    if (!operand.present || !operand.type.is_tensor()) return;
    bytes += elements(operand.dims) * bit_width(operand.type.as_tensor().dtype) / 8.0;
  };
  for (const Operand& operand : problem.inputs) add(operand);
  for (const Operand& operand : problem.outputs) add(operand);
  return bytes;
}

}  // namespace tenon::cpu
