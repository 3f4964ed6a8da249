// Max and average pooling over up to three spatial dimensions, NCHW (planar) or nChw16c (blocked):
//
//   dst[n, c, o] = max or average over taps t of src[n, c, o * stride + t * dilation - pad]
//
// Taps outside the input do not take part. The average divides by the number of taps that do, or with
// count_include_pad by the number of those that fall into the input padded by pad and pad_end. Every window
// must touch the input. Fewer spatial dimensions are the last ones; the others are 1 with kernel 1. Global
// pooling is a kernel as large as the input. Blocked tensors may be stored in 16 bits, both alike.
#pragma once

#include "backends/cpu/kernels/float_types.hpp"
#include "backends/cpu/kernels/kernel.hpp"

#include <cstddef>
#include <span>

namespace tenon {
class ThreadPool;
}

namespace tenon::cpu {

struct PoolArgs {
  enum class Kind { max, average };
  struct Axis {
    int in = 1;
    int out = 1;
    int kernel = 1;
    int stride = 1;
    int dilation = 1;
    int pad = 0;
    int pad_end = 0;
  };

  Kind kind = Kind::max;
  bool count_include_pad = false;
  bool blocked = false;
  DataType type = DataType::f32;  // in which src and dst are stored; f32 where not blocked
  const void* src = nullptr;
  void* dst = nullptr;
  std::ptrdiff_t batch = 0;
  std::ptrdiff_t channels = 0;
  Axis axes[3];  // depth, height, width
};

// Output length of an axis. With `ceil` a last window may hang over the end, but it must start inside the
// input or its leading padding.
int pooled_size(const PoolArgs::Axis& axis, bool ceil) noexcept;

struct PoolRoutines {
  // Units: rows of dst, batch x channels (or channel blocks) x depth x height.
  using Run = void (*)(const PoolArgs&, std::ptrdiff_t begin, std::ptrdiff_t end) noexcept;
  Run planar;
  Run blocked[kFloatTypes];
};

struct PoolKernel {
  KernelInfo info;
  const PoolRoutines& (*routines)() noexcept;
};

std::span<const PoolKernel> pool_kernels();
const PoolKernel* select_pool(Isa level);

void pool_run(const PoolKernel& kernel, const PoolArgs& args, ThreadPool& pool) noexcept;

}  // namespace tenon::cpu
