// Local response normalization across channels of [outer][channels][inner], row-major:
//
//   dst[o, c, i] = src[o, c, i] / (bias + alpha * sum over j of src[o, j, i]^2)^beta
//   j from c - before to c + after, where that is a channel
//
// Sums run over j upwards, each in one lane: the result does not depend on the number of threads.
#pragma once

#include "backends/cpu/kernels/kernel.hpp"

#include <cstddef>
#include <span>

namespace tenon {
class ThreadPool;
}

namespace tenon::cpu {

struct LrnArgs {
  const float* src = nullptr;
  float* dst = nullptr;
  std::ptrdiff_t outer = 1;
  std::ptrdiff_t channels = 1;
  std::ptrdiff_t inner = 1;
  std::ptrdiff_t before = 2, after = 2;
  float alpha = 1e-4F, beta = 0.75F, bias = 1;
};

// Columns (of inner) that make a unit.
inline constexpr std::ptrdiff_t kLrnColumns = 64;

struct LrnRoutines {
  // Units: outer x groups of columns.
  void (*run)(const LrnArgs&, std::ptrdiff_t begin, std::ptrdiff_t end) noexcept;
};

struct LrnKernel {
  KernelInfo info;
  const LrnRoutines& (*routines)() noexcept;
};

std::span<const LrnKernel> lrn_kernels();
const LrnKernel* select_lrn(Isa level);

void lrn_run(const LrnKernel& kernel, const LrnArgs& args, ThreadPool& pool) noexcept;

}  // namespace tenon::cpu
