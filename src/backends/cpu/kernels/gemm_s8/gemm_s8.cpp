#include "backends/cpu/kernels/gemm_s8/gemm_s8.hpp"

#include "base/thread_pool.hpp"

#include <algorithm>
#include <cstring>
#include <vector>

namespace tenon::cpu {

namespace {

constexpr int kGemmUnitsPerThread = 4;
constexpr std::ptrdiff_t kCacheLine = 64;
// Rows of `a` that are copied, or pass by, for one part of the columns.
constexpr std::ptrdiff_t kPanelBytes = 192 * 1024;

ConvShape as_conv(int k, int n) {
  ConvShape s;
  s.in_channels = k;
  s.out_channels = n;
  s.in_h = s.in_w = s.out_h = s.out_w = 1;
  return s;
}

// b as [n][k], which is what the weights of a convolution are.
std::vector<std::int8_t> rows_of_outputs(const std::int8_t* b, bool transposed, int k, int n) {
  std::vector<std::int8_t> rows(static_cast<std::size_t>(k) * static_cast<std::size_t>(n));
  for (std::ptrdiff_t j = 0; j < n; ++j) {
    for (std::ptrdiff_t i = 0; i < k; ++i)
      rows[static_cast<std::size_t>(j * k + i)] = b[transposed ? j * k + i : i * n + j];
  }
  return rows;
}

// Units are (panel of rows, part of the columns).
class GemmS8Walk {
 public:
  GemmS8Walk(const ConvS8Kernel& kernel, const GemmS8Args& args, std::byte* scratch, int threads)
      : kernel_(kernel), args_(args), scratch_(scratch) {
    copied_ = kernel.wide || args.a_signed || args.k % kS8Group != 0;
    element_ = copied_ ? kernel.element() : 1;
    ld_ = args.k;
    if (copied_) {
      // Rows a multiple of 4 KiB apart would share the same few lines of the first-level cache.
      ld_ = round_up(args.k, 64) * element_;
      if (ld_ % 1024 == 0) ld_ += 64;
    }
    blocks_ = static_cast<int>(channel_blocks(args.n));
    const int most_blocks = args.m <= kernel.max_pixels(kernel.oc_blocks_at_most(4))   ? 4
                            : args.m <= kernel.max_pixels(kernel.oc_blocks_at_most(3)) ? 3
                                                                                       : 2;
    step_blocks_ = kernel.oc_blocks_at_most(std::min(most_blocks, blocks_));
    steps_ = static_cast<int>(ceil_div(blocks_, step_blocks_));
    const int most_rows = kernel.max_pixels(step_blocks_);
    tile_rows_ = static_cast<int>(ceil_div(args.m, ceil_div(args.m, most_rows)));
    const std::ptrdiff_t tiles = ceil_div(args.m, tile_rows_);
    std::ptrdiff_t panel = std::clamp<std::ptrdiff_t>(kPanelBytes / (ld_ * tile_rows_), 1, tiles);
    if (threads > 1) {
      const std::ptrdiff_t wanted = static_cast<std::ptrdiff_t>(kGemmUnitsPerThread) * threads;
      panel = std::min(panel, std::max<std::ptrdiff_t>(1, tiles / threads));
      parts_ = static_cast<int>(std::min<std::ptrdiff_t>(steps_, ceil_div(wanted, ceil_div(tiles, panel))));
    }
    panel_rows_ = static_cast<int>(panel) * tile_rows_;
    panels_ = static_cast<int>(ceil_div(args.m, panel_rows_));
  }

  std::ptrdiff_t units() const { return static_cast<std::ptrdiff_t>(panels_) * parts_; }
  std::ptrdiff_t worker_bytes() const { return copied_ ? round_up(panel_rows_ * ld_, 64) : 0; }

  void run(std::ptrdiff_t unit, int worker) const {
    const int part = static_cast<int>(unit % parts_), panel = static_cast<int>(unit / parts_);
    const int row = panel * panel_rows_, rows = std::min(panel_rows_, args_.m - row);
    const std::uint8_t* a = args_.a + static_cast<std::ptrdiff_t>(row) * args_.k;
    if (copied_) a = copy(a, rows, reinterpret_cast<std::uint8_t*>(scratch_ + worker * worker_bytes()));
    const int end = std::min((part + 1) * steps_ / parts_ * step_blocks_, blocks_);
    for (int block = part * steps_ / parts_ * step_blocks_; block < end;) {
      const int blocks = kernel_.oc_blocks_at_most(std::min(step_blocks_, end - block));
      const int next = std::min(step_blocks_, end - block - blocks);
      const int whole = rows / tile_rows_, rest = rows % tile_rows_;
      if (whole > 0) run_tiles(a, row, tile_rows_, whole, block, blocks, next);
      if (rest > 0) run_tiles(a + (rows - rest) * ld_, row + rows - rest, rest, 1, block, blocks, 0);
      block += blocks;
    }
  }

 private:
  const std::uint8_t* copy(const std::uint8_t* a, int rows, std::uint8_t* to) const {
    const std::uint8_t flip = args_.a_signed ? 0x80 : 0;
    const int whole = args_.k / kS8Group * kS8Group, rest = args_.k - whole;
    for (int i = 0; i < rows; ++i, a += args_.k) {
      std::uint8_t* row = to + i * ld_;
      kernel_.copy(a, whole, flip, row);
      if (rest == 0) continue;
      std::uint8_t last[kS8Group] = {};  // times weights of zero
      std::memcpy(last, a + whole, static_cast<std::size_t>(rest));
      kernel_.copy(last, kS8Group, flip, row + whole * element_);
    }
    return to;
  }

  // `tiles` tiles of `rows` rows, while the weights of the `next` blocks are fetched, in equal shares.
  void run_tiles(const std::uint8_t* a, int row, int rows, int tiles, int block, int blocks, int next) const {
    ConvS8Tile t{};
    t.src = a;
    t.src_block = static_cast<std::ptrdiff_t>(kChannelBlock) * element_;
    t.src_pixel = ld_;
    t.blocks = static_cast<int>(channel_blocks(args_.k));
    t.last_groups = static_cast<int>(ceil_div(args_.k - (t.blocks - 1) * kChannelBlock, kS8Group));
    t.taps_h = t.taps_w = 1;
    t.weights_oc_block = round_up(args_.k, kS8Group) * kChannelBlock;
    t.weights = args_.b + block * t.weights_oc_block;
    t.bias = args_.bias + static_cast<std::ptrdiff_t>(block) * kChannelBlock;
    t.requantize = &args_.requantize;
    t.multiplier = args_.requantize.multiplier + static_cast<std::ptrdiff_t>(block) * kChannelBlock;
    t.dst = args_.c;
    t.dst_at =
        static_cast<std::ptrdiff_t>(row) * args_.n + static_cast<std::ptrdiff_t>(block) * kChannelBlock;
    t.dst_pixel = args_.n;
    t.dst_oc_block = kChannelBlock;
    t.last_lanes = std::min(kChannelBlock, args_.n - (block + blocks - 1) * kChannelBlock);
    t.ahead = t.weights + (next > 0 ? blocks * t.weights_oc_block : 0);
    t.ahead_step = std::min<std::ptrdiff_t>(
        kCacheLine, ceil_div(next * t.weights_oc_block, tiles * ceil_div(args_.k, kS8Group)));
    t.tiles = tiles;
    t.next_src = rows * ld_;
    t.next_dst = static_cast<std::ptrdiff_t>(rows) * args_.n;
    kernel_.tile(t, rows, blocks);
  }

  const ConvS8Kernel& kernel_;
  const GemmS8Args& args_;
  std::byte* scratch_;
  bool copied_;
  int element_;
  std::ptrdiff_t ld_;  // bytes between rows of what tiles read
  int blocks_;         // of 16 columns
  int step_blocks_;
  int steps_;
  int tile_rows_;
  int panel_rows_;
  int panels_;
  int parts_ = 1;
};

bool is_empty(const GemmS8Args& args) { return args.m == 0 || args.n == 0; }

}  // namespace

std::size_t gemm_s8_packed_size(int k, int n) { return conv_s8_packed_size(as_conv(k, n)); }

void gemm_s8_pack(const std::int8_t* b, bool transposed, int k, int n, std::int8_t* packed) {
  conv_s8_pack(as_conv(k, n), rows_of_outputs(b, transposed, k, n).data(), packed);
}

std::size_t gemm_s8_packed_bias_size(int n) { return conv_s8_packed_bias_size(as_conv(0, n)); }

void gemm_s8_pack_bias(const std::int8_t* b, bool transposed, int k, int n, const std::int32_t* bias,
                       bool a_signed, int a_zero, std::int32_t* packed) {
  conv_s8_pack_bias(as_conv(k, n), rows_of_outputs(b, transposed, k, n).data(), bias, a_signed, a_zero,
                    packed);
}

std::size_t gemm_s8_scratch_size(const GemmS8Args& args, int threads) {
  if (is_empty(args)) return 0;
  // Panels have no more bytes than this, whatever the cut, and shapes that grow need no less.
  const std::ptrdiff_t row = 2 * round_up(args.k, 64) + 64;
  const std::ptrdiff_t panel = std::min((static_cast<std::ptrdiff_t>(args.m) + kS8MostPixels) * row,
                                        std::max(kS8MostPixels * row, kPanelBytes));
  return static_cast<std::size_t>(round_up(panel, 64) * threads);
}

void gemm_s8_run(const ConvS8Kernel& kernel, const GemmS8Args& args, std::byte* scratch,
                 ThreadPool& pool) noexcept {
  if (is_empty(args)) return;
  const GemmS8Walk walk(kernel, args, scratch, pool.size());
  pool.run(static_cast<std::size_t>(walk.units()),
           [&walk](std::size_t unit, int worker) { walk.run(static_cast<std::ptrdiff_t>(unit), worker); });
}

}  // namespace tenon::cpu
