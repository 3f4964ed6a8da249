// Normalisation.
//
//   rows     dst[r, i] = (src[r, i] - mean) * inverse * scale[i] + bias[i]           layer_norm, rms_norm
//            bytes[r, i] = dst[r, i] as quantize_linear rounds it; ranges[r] = the extremes of dst's row
//   groups   dst[n, c, p] = (src[n, c, p] - mean) * inverse * scale[c] + bias[c]     instance_norm,
//   group_norm, NCHW affine   dst[n, c, p] = src[n, c, p] * scale[c] + shift[c] batch_norm, NCHW or nChw16c
//
// mean is 0 unless `center`; inverse = 1 / sqrt(mean of (src - mean)^2 + epsilon), over the row or the group.
// scale and bias may be nullptr. Sums run in blocks of fixed size. dst may be src. Blocked tensors may be
// stored in 16 bits.
#pragma once

#include "backends/cpu/kernels/float_types.hpp"
#include "backends/cpu/kernels/kernel.hpp"
#include "backends/cpu/kernels/quantize/quantize.hpp"

#include <cstddef>
#include <cstdint>
#include <span>

namespace tenon {
class ThreadPool;
}

namespace tenon::cpu {

struct RowNormArgs {
  const float* src = nullptr;
  float* dst = nullptr;  // or null, where there are bytes
  std::ptrdiff_t rows = 0;
  std::ptrdiff_t size = 0;
  const float* scale = nullptr;  // [size]
  const float* bias = nullptr;   // [size]
  float epsilon = 0;
  bool center = true;
  Extremes* ranges = nullptr;     // [rows], or null: of 0 and all results that are no NaN
  std::uint8_t* bytes = nullptr;  // or null
  float bytes_scale = 1;
  float bytes_zero = 0;
  bool bytes_signed = false;
};

struct GroupNormArgs {
  const float* src = nullptr;
  float* dst = nullptr;
  std::ptrdiff_t batch = 0;
  std::ptrdiff_t groups = 0;
  std::ptrdiff_t channels = 0;  // of one group
  std::ptrdiff_t spatial = 0;
  const float* scale = nullptr;  // [groups * channels]
  const float* bias = nullptr;
  float epsilon = 0;
};

struct AffineArgs {
  const void* src = nullptr;
  void* dst = nullptr;
  std::ptrdiff_t batch = 0;
  std::ptrdiff_t channels = 0;
  std::ptrdiff_t spatial = 0;
  const float* scale = nullptr;  // [channels]
  const float* shift = nullptr;  // [channels]
  bool blocked = false;
  DataType type = DataType::f32;  // in which src and dst are stored; f32 where not blocked
};

struct NormRoutines {
  void (*rows)(const RowNormArgs&, std::ptrdiff_t begin, std::ptrdiff_t end) noexcept;  // units: rows
  void (*groups)(const GroupNormArgs&, std::ptrdiff_t begin,
                 std::ptrdiff_t end) noexcept;  // units: batch x groups
  void (*affine)(const AffineArgs&, std::ptrdiff_t begin,
                 std::ptrdiff_t end) noexcept;  // units: batch x channels or blocks
};

struct NormKernel {
  KernelInfo info;
  const NormRoutines& (*routines)() noexcept;
};

std::span<const NormKernel> norm_kernels();
const NormKernel* select_norm(Isa level);

void row_norm_run(const NormKernel& kernel, const RowNormArgs& args, ThreadPool& pool) noexcept;
void group_norm_run(const NormKernel& kernel, const GroupNormArgs& args, ThreadPool& pool) noexcept;
void affine_run(const NormKernel& kernel, const AffineArgs& args, ThreadPool& pool) noexcept;

}  // namespace tenon::cpu
