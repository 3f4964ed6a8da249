// Resizing of planes, NCHW (planar) or nChw16c (blocked). The caller states, in one table per axis, where
// each output reads:
//
//   nearest  dst[y, x] = src[index_y[y], index_x[x]]
//   linear   dst[y, x] = sum over a, b in {low, high} of weight_a(y) * weight_b(x) * src[a(y), b(x)], rows
//   first
//
// so that every rule for coordinates is a way to fill the tables. Blocked planes may be stored in 16 bits.
#pragma once

#include "backends/cpu/kernels/float_types.hpp"
#include "backends/cpu/kernels/kernel.hpp"

#include <cstddef>
#include <cstdint>
#include <span>

namespace tenon {
class ThreadPool;
}

namespace tenon::cpu {

// One entry per output position; nearest uses `low` alone.
struct ResizeAxis {
  std::ptrdiff_t in = 0;
  std::ptrdiff_t out = 0;
  const std::int32_t* low = nullptr;
  const std::int32_t* high = nullptr;
  const float* low_weight = nullptr;
  const float* high_weight = nullptr;
};

struct ResizeArgs {
  const void* src = nullptr;
  void* dst = nullptr;
  std::ptrdiff_t planes = 0;  // batch x channels, or batch x channel blocks
  bool blocked = false;
  bool linear = false;
  ResizeAxis height;
  ResizeAxis width;
  DataType type = DataType::f32;  // in which src and dst are stored; f32 where not blocked
};

// Nearest, of bytes.
struct ByteResizeArgs {
  const std::uint8_t* src = nullptr;
  std::uint8_t* dst = nullptr;
  std::ptrdiff_t planes = 0;
  bool blocked = false;
  ResizeAxis height;
  ResizeAxis width;
};

struct ResizeRoutines {
  // By type. Units: planes x rows of dst.
  void (*resize[kFloatTypes])(const ResizeArgs&, std::ptrdiff_t begin, std::ptrdiff_t end) noexcept;
};

struct ResizeKernel {
  KernelInfo info;
  const ResizeRoutines& (*routines)() noexcept;
};

std::span<const ResizeKernel> resize_kernels();
const ResizeKernel* select_resize(Isa level);

void resize_run(const ResizeKernel& kernel, const ResizeArgs& args, ThreadPool& pool) noexcept;
void resize_bytes_run(const ByteResizeArgs& args, ThreadPool& pool) noexcept;  // on any machine

}  // namespace tenon::cpu
