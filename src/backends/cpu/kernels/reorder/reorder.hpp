// Changes of layout and of the type that floats are stored in. dst never overlaps src.
//
//   to_blocked     NCHW -> nChw16c; the lanes of the last block beyond the channels become zero
//   from_blocked   nChw16c -> NCHW
//   convert        element by element
//   clear_padding  nChw16c in place: zeroes those lanes, for producers that cannot keep them zero by
//                  themselves
//   transpose      any permutation of dimensions, elements of 1, 2, 4 or 8 bytes (NCHW <-> NHWC among them)
//
// The first three take and give float, bfloat16 or float16 each.
#pragma once

#include "backends/cpu/kernels/float_types.hpp"
#include "backends/cpu/kernels/kernel.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace tenon {
class ThreadPool;
}

namespace tenon::cpu {

struct BlockingArgs {
  const void* src = nullptr;
  void* dst = nullptr;
  std::ptrdiff_t batch = 0;
  std::ptrdiff_t channels = 0;
  std::ptrdiff_t spatial = 0;
  DataType src_type = DataType::f32;
  DataType dst_type = DataType::f32;
};

struct ConvertArgs {
  const void* src = nullptr;
  void* dst = nullptr;
  std::ptrdiff_t count = 0;
  DataType src_type = DataType::f32;
  DataType dst_type = DataType::f32;
};

// Elements that are one unit of work.
inline constexpr std::ptrdiff_t kConvertElements = 4096;

// The same for bytes.
struct ByteBlockingArgs {
  const std::uint8_t* src = nullptr;
  std::uint8_t* dst = nullptr;
  std::ptrdiff_t batch = 0;
  std::ptrdiff_t channels = 0;
  std::ptrdiff_t spatial = 0;
};

// Pixels of a block that are one unit of work.
inline constexpr std::ptrdiff_t kReorderPixels = 512;

// A transposition made ready: dimensions of size 1 are gone and neighbours that stay together are merged. dst
// is dense in row-major order over `dims`; moving by one along dst's dimension d moves `strides[d]` elements
// in src.
struct TransposeTask {
  static constexpr int kRank = 8;
  enum class Form {
    copy,   // the last dimension is contiguous in src: runs are copied
    tiles,  // another dimension, `fast`, is: tiles of these two dimensions are transposed
  };

  Form form = Form::copy;
  int element_bytes = 4;
  int rank = 0;
  int fast = 0;
  std::array<std::ptrdiff_t, kRank> dims{};
  std::array<std::ptrdiff_t, kRank> strides{};
  std::ptrdiff_t units = 0;  // rows of dst, or tiles
};

// Edge of a tile of the two innermost loops, in elements.
inline constexpr std::ptrdiff_t kTransposeTile = 64;

// dst's dimension d is src's dimension permutation[d]. At most 8 dimensions once those of size 1 are gone.
TransposeTask transpose_prepare(std::span<const std::ptrdiff_t> src_dims, std::span<const int> permutation,
                                int element_bytes);

struct TransposeArgs {
  const TransposeTask* task = nullptr;
  const void* src = nullptr;
  void* dst = nullptr;
};

struct ReorderRoutines {
  using Blocking = void (*)(const BlockingArgs&, std::ptrdiff_t begin, std::ptrdiff_t end) noexcept;
  using Convert = void (*)(const ConvertArgs&, std::ptrdiff_t begin, std::ptrdiff_t end) noexcept;
  // By the types of src and dst. Units: batch x channel blocks x groups of pixels.
  Blocking to_blocked[kFloatTypes][kFloatTypes];
  Blocking from_blocked[kFloatTypes][kFloatTypes];
  Convert convert[kFloatTypes][kFloatTypes];
  void (*transpose)(const TransposeArgs&, std::ptrdiff_t begin,
                    std::ptrdiff_t end) noexcept;  // units: the task's
};

struct ReorderKernel {
  KernelInfo info;
  const ReorderRoutines& (*routines)() noexcept;
};

std::span<const ReorderKernel> reorder_kernels();
const ReorderKernel* select_reorder(Isa level);

void to_blocked_run(const ReorderKernel& kernel, const BlockingArgs& args, ThreadPool& pool) noexcept;
void from_blocked_run(const ReorderKernel& kernel, const BlockingArgs& args, ThreadPool& pool) noexcept;
void convert_run(const ReorderKernel& kernel, const ConvertArgs& args, ThreadPool& pool) noexcept;
void transpose_run(const ReorderKernel& kernel, const TransposeArgs& args, ThreadPool& pool) noexcept;

// Bytes, on any machine.
void to_blocked_run(const ByteBlockingArgs& args, ThreadPool& pool) noexcept;
void from_blocked_run(const ByteBlockingArgs& args, ThreadPool& pool) noexcept;

// `data` is nChw16c; works on any machine.
void clear_padding(void* data, std::ptrdiff_t element_bytes, std::ptrdiff_t batch, std::ptrdiff_t channels,
                   std::ptrdiff_t spatial, ThreadPool& pool) noexcept;

}  // namespace tenon::cpu
