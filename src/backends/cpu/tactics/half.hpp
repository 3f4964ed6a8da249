// What tactics of values that are stored in 16 bits share.
#pragma once

#include "backends/cpu/tactics/cost.hpp"
#include "backends/cpu/tactics/matrices.hpp"
#include "tactics/tactic.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace tenon::cpu {

inline Verdict require_stored(const Problem& problem, DataType type) {
  if (problem.may_store(type)) return Verdict::yes();
  return Verdict::no(fmt::format("values may not be stored as {}", name(type)));
}

// The error factor of products whose operands are rounded to that type on the way: a unit of its last place
// over that of f32. Where operands are stored in the type the factor is that of f32, 1.
inline double rounding_factor(DataType type) { return type == DataType::bf16 ? 0x1p16 : 0x1p13; }

// So many results, each the sum of that many products of bf16, by tiles of matrices.
inline double matrix_half_ns(const Problem& problem, double results, double products) {
  constexpr double kFlopsPerNs = 1500, kResultsPerNs = 8;  // per core
  const double ns = 2 * results * products / kFlopsPerNs + results / kResultsPerNs;
  return std::max(kCallNs + ns / std::max(1, problem.threads),
                  memory_ns(touched_bytes(problem) / 2, problem));
}

// Products of numbers of that type: the processor has instructions for twice as many of bf16, or converts.
inline double half_ns(const Problem& problem, DataType type, double flops) {
  const bool instructions = type == DataType::bf16 && problem.isa >= Isa::avx512_bf16;
  return std::max(compute_ns(flops * (instructions ? 0.5 : 1.1), problem),
                  memory_ns(touched_bytes(problem) / 2, problem));
}

}  // namespace tenon::cpu
