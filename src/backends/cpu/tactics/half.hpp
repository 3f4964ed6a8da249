// What tactics of values that are stored in 16 bits share.
#pragma once

#include "backends/cpu/kernels/conv_half/tile.hpp"
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

// Forms that add up to 16 products in f16: those with a member kChained.
template <class Form>
inline constexpr bool kByChains = requires {
  Form::kChained;
};

// No when the processor lacks what a form is for.
template <class Form>
Verdict require_chains(const Problem& problem) {
  if (kByChains<Form> && problem.isa < Isa::avx512_fp16)
    return Verdict::no("the processor does not multiply numbers of f16");
  return Verdict::yes();
}

template <class Form>
inline constexpr Accuracy kLoosestOfHalf = kByChains<Form> ? Accuracy::relaxed : Accuracy::exact;

// The error factor of a form, `rounds` if it rounds operands that are not stored in its type.
template <class Form>
double half_error_factor(bool rounds) {
  const double operands = rounds ? rounding_factor(Form::kType) : 1;
  return kByChains<Form> ? operands + kHalfChainFactor : operands;
}

// So many results, each the sum of that many products of bf16, by tiles of matrices.
inline double matrix_half_ns(const Problem& problem, double results, double products) {
  constexpr double kFlopsPerNs = 1500, kResultsPerNs = 8;  // per core
  const double ns = 2 * results * products / kFlopsPerNs + results / kResultsPerNs;
  return std::max(kCallNs + ns / std::max(1, problem.threads),
                  memory_ns(touched_bytes(problem) / 2, problem));
}

// Products of numbers of a form's type: the processor has instructions for twice as many of bf16, and of f16
// where chains of them are folded, or converts.
template <class Form>
double half_ns(const Problem& problem, double flops) {
  const bool dots = Form::kType == DataType::bf16 && problem.isa >= Isa::avx512_bf16;
  const double share = dots ? 0.5 : kByChains<Form> ? 0.65 : 1.1;
  return std::max(compute_ns(flops * share, problem), memory_ns(touched_bytes(problem) / 2, problem));
}

}  // namespace tenon::cpu
