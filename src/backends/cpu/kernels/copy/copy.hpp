// Copies of blocks of bytes: concat, split, slice along one axis, and gather. There is one form for all
// machines, memcpy.
//
// Seen from the axis, a tensor is [outer][axis][inner bytes]; a part of the axis is `outer` blocks that lie
// one stride apart. The same holds in nChw16c for channels that are a multiple of 16: the axis counts channel
// blocks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace tenon {
class ThreadPool;
}

namespace tenon::cpu {

// `count` blocks of `bytes` each; strides in bytes between the begins of blocks. src and dst do not overlap.
struct BlockCopy {
  const void* src = nullptr;
  std::ptrdiff_t src_stride = 0;
  void* dst = nullptr;
  std::ptrdiff_t dst_stride = 0;
  std::ptrdiff_t bytes = 0;
  std::ptrdiff_t count = 1;
};

// Whether blocks of so many bytes are copied without a call for each.
constexpr bool has_block_loop(std::ptrdiff_t bytes) {
  return bytes == 4 || bytes == 8 || bytes == 16 || bytes == 32;
}

// All of them in one parallel job: the inputs of a concat, the outputs of a split.
void copy_blocks(std::span<const BlockCopy> copies, ThreadPool& pool) noexcept;

// dst[o, i] = src[o, index[i]] for blocks of `bytes`; an index counts from the end of the axis if it is
// negative.
struct GatherArgs {
  const void* src = nullptr;
  void* dst = nullptr;
  const std::int64_t* indices = nullptr;
  std::ptrdiff_t count = 0;  // of indices
  std::ptrdiff_t outer = 1;
  std::ptrdiff_t axis = 0;
  std::ptrdiff_t bytes = 0;
};

// Returns false, with dst untouched, if an index lies outside [-axis, axis).
bool gather_run(const GatherArgs& args, ThreadPool& pool) noexcept;

}  // namespace tenon::cpu
