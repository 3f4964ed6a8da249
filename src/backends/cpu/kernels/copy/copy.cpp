#include "backends/cpu/kernels/copy/copy.hpp"

#include "base/thread_pool.hpp"

#include <algorithm>
#include <cstring>

namespace tenon::cpu {

namespace {

// Work is dealt in pieces of this size; blocks are cut where a piece ends.
constexpr std::ptrdiff_t kCopyPiece = 64 << 10;

// Bytes [begin, end) of the copy, counted through its blocks.
void copy_range(const BlockCopy& copy, std::ptrdiff_t begin, std::ptrdiff_t end) {
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
