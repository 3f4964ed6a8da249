// Reductions over one axis of a tensor seen as [outer][axis][inner], row-major:
//
//   dst[o, i] = finish( combine over a of map(src[o, a, i]) )
//
//   sum, mean     of x             l1          sum of |x|           log_sum       log(sum of x)
//   max, min      NaN wins         sum_square  sum of x^2           log_sum_exp   log(sum of exp(x))
//   prod                           l2          sqrt(sum_square)
//
// and the index of the largest or smallest element (a NaN counts as both), the first or the last of several.
// Sums run in blocks of fixed size: the result does not depend on the number of threads. An empty axis gives
// the neutral element.
#pragma once

#include "backends/cpu/kernels/kernel.hpp"

#include <cstddef>
#include <cstdint>
#include <span>

namespace tenon {
class ThreadPool;
}

namespace tenon::cpu {

enum class ReduceFn { sum, mean, max, min, prod, l1, l2, sum_square, log_sum, log_sum_exp };
inline constexpr int kReduceFunctions = 10;

struct ReduceArgs {
  ReduceFn fn = ReduceFn::sum;
  const float* src = nullptr;
  float* dst = nullptr;
  std::ptrdiff_t outer = 1;
  std::ptrdiff_t axis = 1;
  std::ptrdiff_t inner = 1;
};

struct ArgReduceArgs {
  const float* src = nullptr;
  std::int64_t* dst = nullptr;
  std::ptrdiff_t outer = 1;
  std::ptrdiff_t axis = 1;  // > 0, < 2^31
  std::ptrdiff_t inner = 1;
  bool smallest = false;
  bool last = false;
};

// Columns (inner > 1) are handled this many at a time.
inline constexpr std::ptrdiff_t kReduceColumns = 64;

struct ReduceRoutines {
  // Units: outer when inner is 1, else outer x groups of columns.
  void (*reduce)(const ReduceArgs&, std::ptrdiff_t begin, std::ptrdiff_t end) noexcept;
  void (*arg_reduce)(const ArgReduceArgs&, std::ptrdiff_t begin, std::ptrdiff_t end) noexcept;
};

struct ReduceKernel {
  KernelInfo info;
  const ReduceRoutines& (*routines)() noexcept;
};

std::span<const ReduceKernel> reduce_kernels();
const ReduceKernel* select_reduce(Isa level);

void reduce_run(const ReduceKernel& kernel, const ReduceArgs& args, ThreadPool& pool) noexcept;
void arg_reduce_run(const ReduceKernel& kernel, const ArgReduceArgs& args, ThreadPool& pool) noexcept;

}  // namespace tenon::cpu
