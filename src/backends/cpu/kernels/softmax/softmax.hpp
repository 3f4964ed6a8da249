// Softmax and its logarithm over one axis of a tensor seen as [outer][axis][inner], row-major:
//
//   softmax      dst[i] = exp(src[i] - m) / s       with m = max over the axis, s = sum of exp(src - m)
//   log_softmax  dst[i] = (src[i] - m) - log(s)
//
// dst may be src. A row that contains a NaN, +inf or nothing but -inf becomes NaN.
#pragma once

#include "backends/cpu/kernels/kernel.hpp"

#include <cstddef>
#include <span>

namespace tenon {
class ThreadPool;
}

namespace tenon::cpu {

struct SoftmaxArgs {
  const float* src = nullptr;
  float* dst = nullptr;
  std::ptrdiff_t outer = 1;
  std::ptrdiff_t axis = 1;
  std::ptrdiff_t inner = 1;
  bool log = false;
};

// Columns (inner > 1) are handled this many at a time.
inline constexpr std::ptrdiff_t kSoftmaxColumns = 64;

struct SoftmaxRoutines {
  void (*rows)(const SoftmaxArgs&, std::ptrdiff_t begin, std::ptrdiff_t end) noexcept;  // units: outer
  void (*columns)(const SoftmaxArgs&, std::ptrdiff_t begin,
                  std::ptrdiff_t end) noexcept;  // units: outer x groups of columns
};

struct SoftmaxKernel {
  KernelInfo info;
  const SoftmaxRoutines& (*routines)() noexcept;
};

std::span<const SoftmaxKernel> softmax_kernels();
const SoftmaxKernel* select_softmax(Isa level);

void softmax_run(const SoftmaxKernel& kernel, const SoftmaxArgs& args, ThreadPool& pool) noexcept;

}  // namespace tenon::cpu
