// Bytes between NCHW and nChw16c: squares of 16 x 16 are transposed in registers.
#include "backends/cpu/kernels/reorder/reorder.hpp"
#include "backends/cpu/kernels/run_units.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace tenon::cpu {

namespace {

using ByteRow [[gnu::vector_size(16)]] = std::uint8_t;

ByteRow zip_low(ByteRow a, ByteRow b) {
  return __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
}
ByteRow zip_high(ByteRow a, ByteRow b) {
  return __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
}

// Row i of the result is column i. Four perfect shuffles of the 256 bytes exchange the halves of their index.
void transpose_square(ByteRow (&x)[kChannelBlock]) {
  for (int round = 0; round < 4; ++round) {
    ByteRow y[kChannelBlock];
    for (int i = 0; i < kChannelBlock / 2; ++i) {
      y[2 * i] = zip_low(x[i], x[i + kChannelBlock / 2]);
      y[2 * i + 1] = zip_high(x[i], x[i + kChannelBlock / 2]);
    }
    std::memcpy(x, y, sizeof x);
  }
}

// dst[j][i] = src[i][j] for i < rows, j < columns; whole rows of 16 of dst are written with `pad`.
void transpose_bytes(const std::uint8_t* src, std::ptrdiff_t src_stride, int rows, int columns,
                     std::uint8_t* dst, std::ptrdiff_t dst_stride, bool pad) {
  ByteRow x[kChannelBlock] = {};
  for (int i = 0; i < rows; ++i) std::memcpy(&x[i], src + i * src_stride, static_cast<std::size_t>(columns));
  transpose_square(x);
  const auto written = static_cast<std::size_t>(pad ? kChannelBlock : rows);
  for (int j = 0; j < columns; ++j) std::memcpy(dst + j * dst_stride, &x[j], written);
}

template <class Body>
void each_square(const ByteBlockingArgs& args, ThreadPool& pool, const Body& body) {
  const std::ptrdiff_t groups = ceil_div(args.spatial, kReorderPixels);
  const std::ptrdiff_t blocks = channel_blocks(args.channels);
  const auto grain = static_cast<std::size_t>(kTaskBytes / (2 * kReorderPixels * kChannelBlock));
  pool.run_ranges(static_cast<std::size_t>(args.batch * blocks * groups), grain,
                  [&](std::size_t first, std::size_t last, int) {
                    for (auto unit = static_cast<std::ptrdiff_t>(first);
                         unit < static_cast<std::ptrdiff_t>(last); ++unit) {
                      const std::ptrdiff_t block = unit / groups, begin = unit % groups * kReorderPixels;
                      const std::ptrdiff_t channel = block % blocks * kChannelBlock;
                      const std::ptrdiff_t plain = (block / blocks * args.channels + channel) * args.spatial;
                      const int lanes =
                          static_cast<int>(std::min<std::ptrdiff_t>(args.channels - channel, kChannelBlock));
                      const std::ptrdiff_t end = std::min(begin + kReorderPixels, args.spatial);
                      for (std::ptrdiff_t p = begin; p < end; p += kChannelBlock) {
                        const int pixels = static_cast<int>(std::min<std::ptrdiff_t>(end - p, kChannelBlock));
                        body(plain + p, (block * args.spatial + p) * kChannelBlock, lanes, pixels);
                      }
                    }
                  });
}

}  // namespace

void to_blocked_run(const ByteBlockingArgs& args, ThreadPool& pool) noexcept {
  each_square(args, pool, [&](std::ptrdiff_t plain, std::ptrdiff_t stored, int lanes, int pixels) {
    transpose_bytes(args.src + plain, args.spatial, lanes, pixels, args.dst + stored, kChannelBlock, true);
  });
}

void from_blocked_run(const ByteBlockingArgs& args, ThreadPool& pool) noexcept {
  each_square(args, pool, [&](std::ptrdiff_t plain, std::ptrdiff_t stored, int lanes, int pixels) {
    transpose_bytes(args.src + stored, kChannelBlock, pixels, lanes, args.dst + plain, args.spatial, false);
  });
}

}  // namespace tenon::cpu
