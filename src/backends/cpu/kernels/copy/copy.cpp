#include "backends/cpu/kernels/copy/copy.hpp"

#include "base/thread_pool.hpp"

#include <algorithm>
#include <cstring>

namespace tenon::cpu {

namespace {

// Work is dealt in pieces of this size; blocks are cut where a piece ends.
constexpr std::ptrdiff_t kCopyPiece = 64 << 10;

template <std::size_t Bytes>
void copy_small(const BlockCopy& copy, std::ptrdiff_t first, std::ptrdiff_t last) {
  char* dst = static_cast<char*>(copy.dst) + first * copy.dst_stride;
  const char* src = static_cast<const char*>(copy.src) + first * copy.src_stride;
  for (; first < last; ++first, dst += copy.dst_stride, src += copy.src_stride) std::memcpy(dst, src, Bytes);
}

// Blocks [first, last), of a size that has a loop.
void copy_small_blocks(const BlockCopy& copy, std::ptrdiff_t first, std::ptrdiff_t last) {
  switch (copy.bytes) {
    case 4: return copy_small<4>(copy, first, last);
    case 8: return copy_small<8>(copy, first, last);
    case 16: return copy_small<16>(copy, first, last);
    default: return copy_small<32>(copy, first, last);
  }
}

// Bytes [begin, end) of the copy, counted through its blocks.
void copy_range(const BlockCopy& copy, std::ptrdiff_t begin, std::ptrdiff_t end) {
  if (begin < end && has_block_loop(copy.bytes) && begin % copy.bytes == 0 && end % copy.bytes == 0)
    return copy_small_blocks(copy, begin / copy.bytes, end / copy.bytes);
  while (begin < end) {
    const std::ptrdiff_t block = begin / copy.bytes;
    const std::ptrdiff_t at = begin % copy.bytes;
    const std::ptrdiff_t n = std::min(copy.bytes - at, end - begin);
    std::memcpy(static_cast<char*>(copy.dst) + block * copy.dst_stride + at,
                static_cast<const char*>(copy.src) + block * copy.src_stride + at,
                static_cast<std::size_t>(n));
    begin += n;
  }
}

}  // namespace

void copy_blocks(std::span<const BlockCopy> copies, ThreadPool& pool) noexcept {
  std::ptrdiff_t total = 0;
  for (const BlockCopy& copy : copies) total += copy.bytes * copy.count;
  if (total == 0) return;
  pool.run_ranges(static_cast<std::size_t>(total), kCopyPiece, [&](std::size_t begin, std::size_t end, int) {
    std::ptrdiff_t start = 0;
    for (const BlockCopy& copy : copies) {
      const std::ptrdiff_t size = copy.bytes * copy.count;
      const std::ptrdiff_t from = std::max(static_cast<std::ptrdiff_t>(begin) - start, std::ptrdiff_t{0});
      const std::ptrdiff_t to = std::min(static_cast<std::ptrdiff_t>(end) - start, size);
      copy_range(copy, from, to);
      start += size;
    }
  });
}

bool gather_run(const GatherArgs& args, ThreadPool& pool) noexcept {
  const bool valid = std::all_of(args.indices, args.indices + args.count,
                                 [&](std::int64_t i) { return i >= -args.axis && i < args.axis; });
  if (!valid) return false;
  if (args.bytes == 0 || args.outer * args.count == 0) return true;
  const std::ptrdiff_t grain = std::max<std::ptrdiff_t>(1, kCopyPiece / args.bytes);
  pool.run_ranges(static_cast<std::size_t>(args.outer * args.count), static_cast<std::size_t>(grain),
                  [&](std::size_t begin, std::size_t end, int) {
                    for (auto unit = static_cast<std::ptrdiff_t>(begin);
                         unit < static_cast<std::ptrdiff_t>(end); ++unit) {
                      const std::int64_t index = args.indices[unit % args.count];
                      const std::ptrdiff_t row =
                          unit / args.count * args.axis + (index < 0 ? index + args.axis : index);
                      std::memcpy(static_cast<char*>(args.dst) + unit * args.bytes,
                                  static_cast<const char*>(args.src) + row * args.bytes,
                                  static_cast<std::size_t>(args.bytes));
                    }
                  });
  return true;
}

}  // namespace tenon::cpu
