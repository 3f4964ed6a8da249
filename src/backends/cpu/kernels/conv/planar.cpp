// The driver for plain NCHW input: tiles within a row, cut where its ends need pixels outside of the input.
#include "backends/cpu/kernels/conv/conv.hpp"
#include "backends/cpu/kernels/conv/range.hpp"
#include "backends/cpu/kernels/padding.hpp"
#include "base/thread_pool.hpp"

#include <algorithm>

namespace tenon::cpu {

namespace {

class PlanarWalk {
 public:
  PlanarWalk(const ConvKernel& kernel, const ConvArgs& args)
      : kernel_(kernel),
        args_(args),
        shape_(args.shape),
        out_blocks_(static_cast<int>(channel_blocks(shape_.out_channels))) {
    const int oc_blocks = kernel.oc_blocks_at_most(args.config.oc_blocks);
    oc_blocks_ = oc_blocks;
    oc_steps_ = static_cast<int>(ceil_div(out_blocks_, oc_blocks));
    max_pixels_ = std::clamp(args.config.pixels, 1, kernel.max_pixels(oc_blocks));
    interior_ = interior(shape_.stride_w, shape_.pad_left, (shape_.kernel_w - 1) * shape_.dilation_w,
                         shape_.in_w, shape_.out_w);
  }

  // A unit is one output row of one step of output channels.
  std::ptrdiff_t units() const {
    return static_cast<std::ptrdiff_t>(shape_.batch) * oc_steps_ * shape_.out_h;
  }

  void run(std::ptrdiff_t unit) const {
    const bool inner = args_.config.oc_inner;
    const std::ptrdiff_t fast = inner ? oc_steps_ : shape_.out_h;
    const std::ptrdiff_t slow = inner ? shape_.out_h : oc_steps_;
    const int a = static_cast<int>(unit % fast);
    const int b = static_cast<int>(unit / fast % slow);
    const int image = static_cast<int>(unit / (fast * slow));
    run_row(image, inner ? a : b, inner ? b : a);
  }

 private:
  void run_row(int image, int oc_step, int y) const {
    const ConvShape& s = shape_;
    const std::ptrdiff_t in_plane = static_cast<std::ptrdiff_t>(s.in_h) * s.in_w;
    const std::ptrdiff_t out_plane = static_cast<std::ptrdiff_t>(s.out_h) * s.out_w * kChannelBlock;
    const int row = y * s.stride_h - s.pad_top;
    const Range taps = taps_inside(row, s.dilation_h, s.kernel_h, s.in_h);

    ConvTile t{};
    t.src_block = in_plane;
    t.src_tap_h = static_cast<std::ptrdiff_t>(s.dilation_h) * s.in_w;
    t.src_tap_w = s.dilation_w;
    t.src_pixel = s.stride_w;
    t.blocks = s.in_channels;
    t.last_lanes = 1;
    t.taps_h = taps.end - taps.begin;
    t.weights_tap_w = kChannelBlock;
    t.weights_tap_h = t.weights_tap_w * s.kernel_w;
    t.weights_block = t.weights_tap_h * s.kernel_h;
    t.weights_oc_block = t.weights_block * s.in_channels;
    t.dst_pixel = kChannelBlock;
    t.dst_oc_block = out_plane;
    t.first = true;
    t.last = true;
    t.act = args_.act;

    const float* src = args_.src + image * s.in_channels * in_plane +
                       static_cast<std::ptrdiff_t>(row + taps.begin * s.dilation_h) * s.in_w;
    const int end = std::min((oc_step + 1) * oc_blocks_, out_blocks_);
    for (int block = oc_step * oc_blocks_; block < end;) {
      const int blocks = kernel_.oc_blocks_at_most(end - block);
      const float* weights = args_.weights + block * t.weights_oc_block + taps.begin * t.weights_tap_h;
      const std::ptrdiff_t out = (static_cast<std::ptrdiff_t>(image) * out_blocks_ + block) * out_plane +
                                 static_cast<std::ptrdiff_t>(y) * s.out_w * kChannelBlock;
      t.bias = args_.bias ? args_.bias + block * kChannelBlock : nullptr;

      const auto pixels = [&](int x, int count) {
        const int column = x * s.stride_w - s.pad_left;
        const Range inside =
            count > 1 ? Range{0, s.kernel_w} : taps_inside(column, s.dilation_w, s.kernel_w, s.in_w);
        t.taps_w = inside.end - inside.begin;
        t.src = src + column + inside.begin * s.dilation_w;
        t.weights = weights + inside.begin * t.weights_tap_w;
        t.dst = args_.dst + out + x * kChannelBlock;
        t.residual = args_.residual ? args_.residual + out + x * kChannelBlock : nullptr;
        kernel_.tile(t, s.stride_w == 2 ? ConvAccess::planar2 : ConvAccess::planar, count, blocks);
      };
      for (int x = 0; x < interior_.begin; ++x) pixels(x, 1);
      if (const int length = interior_.end - interior_.begin; length > 0) {
        const int tiles = static_cast<int>(ceil_div(length, max_pixels_));
        for (int i = 0; i < tiles; ++i) {
          const int from =
              interior_.begin + static_cast<int>(static_cast<std::ptrdiff_t>(length) * i / tiles);
          const int to =
              interior_.begin + static_cast<int>(static_cast<std::ptrdiff_t>(length) * (i + 1) / tiles);
          pixels(from, to - from);
        }
      }
      for (int x = interior_.end; x < s.out_w; ++x) pixels(x, 1);

      if (!args_.act.keeps_zero() && block + blocks == out_blocks_) {
        clear_padding_lanes(args_.dst + out + (blocks - 1) * out_plane, s.out_w,
                            s.out_channels - (out_blocks_ - 1) * kChannelBlock);
      }
      block += blocks;
    }
  }

  const ConvKernel& kernel_;
  const ConvArgs& args_;
  const ConvShape& shape_;
  int out_blocks_;
  int oc_blocks_ = 1;
  int oc_steps_ = 1;
  int max_pixels_ = 1;
  Range interior_;
};

}  // namespace

void conv_planar_run(const ConvKernel& kernel, const ConvArgs& args, ThreadPool& pool) noexcept {
  if (args.shape.empty()) return;
  const PlanarWalk walk(kernel, args);
  pool.run(static_cast<std::size_t>(walk.units()),
           [&walk](std::size_t unit, int) { walk.run(static_cast<std::ptrdiff_t>(unit)); });
}

}  // namespace tenon::cpu
