#include "backends/cpu/kernels/deconv/deconv.hpp"

#include "backends/cpu/kernels/conv/pack.hpp"
#include "backends/cpu/kernels/conv/range.hpp"
#include "backends/cpu/kernels/deconv/taps.hpp"
#include "backends/cpu/kernels/padding.hpp"
#include "base/thread_pool.hpp"

#include <algorithm>

namespace tenon::cpu {

#define TENON_CONV_KERNEL(isa, name, pixels1, pixels2, pixels4) \
  void name(const ConvTile& tile, ConvAccess access, int pixels, int oc_blocks) noexcept;
#include "backends/cpu/kernels/conv/kernels.inc"
#undef TENON_CONV_KERNEL

namespace {

constexpr ConvKernel kDeconvKernels[] = {
#define TENON_CONV_KERNEL(isa, name, pixels1, pixels2, pixels4) \
  {{"deconv", "deconv_f32_" #isa, Isa::isa}, {pixels1, pixels2, pixels4}, name},
#include "backends/cpu/kernels/conv/kernels.inc"
#undef TENON_CONV_KERNEL
};

constexpr int kMaxDeconvPixels = 32;

// Those of the taps that read inside of [0, size).
Taps inside(Taps taps, int size) {
  // Seen from the last tap the inputs ascend.
  const int last = taps.source - (taps.count - 1) * taps.source_step;
  const Range ascending = taps_inside(last, taps.source_step, taps.count, size);
  const int skipped = taps.count - ascending.end;
  taps.count = ascending.end - ascending.begin;
  taps.first += skipped * taps.step;
  taps.source -= skipped * taps.source_step;
  return taps;
}

class DeconvRow {
 public:
  DeconvRow(const ConvKernel& kernel, const ConvArgs& args)
      : kernel_(kernel),
        args_(args),
        s_(conv_merged(args.shape)),
        in_blocks_(static_cast<int>(channel_blocks(s_.group_in()))),
        out_blocks_(static_cast<int>(channel_blocks(s_.group_out()))),
        oc_blocks_(kernel.oc_blocks_at_most(out_blocks_)),
        oc_steps_(static_cast<int>(ceil_div(out_blocks_, oc_blocks_))) {}

  std::ptrdiff_t units() const {
    return static_cast<std::ptrdiff_t>(s_.batch) * s_.groups * oc_steps_ * s_.out_h;
  }

  void run(std::ptrdiff_t unit) const {
    const int y = static_cast<int>(unit % s_.out_h);
    unit /= s_.out_h;
    const int oc_step = static_cast<int>(unit % oc_steps_);
    unit /= oc_steps_;
    const int end = std::min((oc_step + 1) * oc_blocks_, out_blocks_);
    for (int block = oc_step * oc_blocks_; block < end;) {
      const int blocks = kernel_.oc_blocks_at_most(end - block);
      run_blocks(static_cast<int>(unit / s_.groups), static_cast<int>(unit % s_.groups), block, blocks, y);
      block += blocks;
    }
  }

 private:
  void run_blocks(int image, int group, int block, int blocks, int y) const {
    const std::ptrdiff_t in_plane = static_cast<std::ptrdiff_t>(s_.in_h) * s_.in_w * kChannelBlock;
    const std::ptrdiff_t out_plane = static_cast<std::ptrdiff_t>(s_.out_h) * s_.out_w * kChannelBlock;
    const std::ptrdiff_t tap = kChannelBlock * kChannelBlock;
    const Taps rows = inside(taps_of(y + s_.pad_top, s_.stride_h, s_.dilation_h, s_.kernel_h), s_.in_h);
    const std::ptrdiff_t out_block = static_cast<std::ptrdiff_t>(group) * out_blocks_ + block;
    const std::ptrdiff_t out =
        (static_cast<std::ptrdiff_t>(image) * s_.groups * out_blocks_ + out_block) * out_plane +
        static_cast<std::ptrdiff_t>(y) * s_.out_w * kChannelBlock;

    ConvTile t{};
    t.src_block = in_plane;
    t.src_tap_h = -static_cast<std::ptrdiff_t>(rows.source_step) * s_.in_w * kChannelBlock;
    t.blocks = in_blocks_;
    t.last_lanes = s_.group_in() - (in_blocks_ - 1) * kChannelBlock;
    t.taps_h = rows.count;
    t.weights_block = tap * s_.kernel_h * s_.kernel_w;
    t.weights_oc_block = t.weights_block * in_blocks_;
    t.weights_tap_h = tap * s_.kernel_w * rows.step;
    t.dst_pixel = static_cast<std::ptrdiff_t>(s_.stride_w) * kChannelBlock;
    t.dst_oc_block = out_plane;
    t.bias = args_.bias ? args_.bias + out_block * kChannelBlock : nullptr;
    t.first = true;
    t.last = true;
    t.act = args_.act;
    t.row_step = -rows.source_step;
    t.src_h = s_.in_h;
    t.src_w = s_.in_w;

    const float* image_src =
        args_.src + (static_cast<std::ptrdiff_t>(image) * s_.groups + group) * in_blocks_ * in_plane;
    const float* row_weights = args_.weights + out_block * t.weights_oc_block +
                               static_cast<std::ptrdiff_t>(rows.first) * s_.kernel_w * tap;
    for (int phase = 0; phase < std::min(s_.stride_w, s_.out_w); ++phase) {
      const Taps columns = taps_of(phase + s_.pad_left, s_.stride_w, s_.dilation_w, s_.kernel_w);
      const int count = static_cast<int>(ceil_div(s_.out_w - phase, s_.stride_w));
      const int tiles = static_cast<int>(ceil_div(count, kernel_.max_pixels(blocks)));
      t.taps_w = columns.count;
      t.weights = row_weights + columns.first * tap;
      t.weights_tap_w = tap * columns.step;
      t.src_tap_w = -static_cast<std::ptrdiff_t>(columns.source_step) * kChannelBlock;
      t.column_step = -columns.source_step;
      for (int i = 0; i < tiles; ++i) {
        const int begin = static_cast<int>(static_cast<std::ptrdiff_t>(count) * i / tiles);
        const int end = static_cast<int>(static_cast<std::ptrdiff_t>(count) * (i + 1) / tiles);
        const std::ptrdiff_t at =
            out + (phase + static_cast<std::ptrdiff_t>(begin) * s_.stride_w) * kChannelBlock;
        t.dst = args_.dst + at;
        t.residual = args_.residual ? args_.residual + at : nullptr;
        run_pixels(t, image_src, rows, columns, begin, end - begin, blocks);
      }
    }
    if (!args_.act.keeps_zero() && block + blocks == out_blocks_) {
      clear_padding_lanes(args_.dst + out + (blocks - 1) * out_plane, s_.out_w,
                          s_.group_out() - (out_blocks_ - 1) * kChannelBlock);
    }
  }

  // Pixels `begin` on of a class: pixel p reads input columns.source + p and those before it.
  void run_pixels(ConvTile& t, const float* src, const Taps& rows, const Taps& columns, int begin, int count,
                  int blocks) const {
    const int first = columns.source + begin;
    const int least = first - (columns.count - 1) * columns.source_step;
    if (least >= 0 && first + count - 1 < s_.in_w) {
      t.src = src + (static_cast<std::ptrdiff_t>(rows.source) * s_.in_w + first) * kChannelBlock;
      kernel_.tile(t, ConvAccess::row, count, blocks);
      return;
    }
    int row[kMaxDeconvPixels];
    int column[kMaxDeconvPixels];
    for (int p = 0; p < count; ++p) {
      row[p] = rows.source;
      column[p] = first + p;
    }
    t.src = src;
    t.row = row;
    t.column = column;
    kernel_.tile(t, ConvAccess::gather, count, blocks);
  }

  const ConvKernel& kernel_;
  const ConvArgs& args_;
  ConvShape s_;  // merged
  int in_blocks_;
  int out_blocks_;
  int oc_blocks_;
  int oc_steps_;
};

}  // namespace

std::span<const ConvKernel> deconv_kernels() { return kDeconvKernels; }

const ConvKernel* select_deconv(Isa level) { return best_kernel(deconv_kernels(), level); }

const char* deconv_refusal(const ConvShape& shape) { return conv_refusal(shape); }

void deconv_pack(const ConvShape& s, const float* weights, float* packed) noexcept {
  const std::ptrdiff_t taps = static_cast<std::ptrdiff_t>(s.kernel_h) * s.kernel_w;
  pack_blocked_weights(s, packed, [&](std::ptrdiff_t g, int o, int c, int tap) {
    return weights[((g * s.group_in() + c) * s.group_out() + o) * taps + tap];
  });
}

void deconv_run(const ConvKernel& kernel, const ConvArgs& args, ThreadPool& pool) noexcept {
  if (args.shape.empty()) return;
  const DeconvRow row(kernel, args);
  pool.run(static_cast<std::size_t>(row.units()),
           [&row](std::size_t unit, int) { row.run(static_cast<std::ptrdiff_t>(unit)); });
}

}  // namespace tenon::cpu

namespace tenon {

void register_cpu_kernel_deconv(cpu::KernelRegistry& registry);
void register_cpu_kernel_deconv(cpu::KernelRegistry& registry) { registry.add(cpu::deconv_kernels()); }

}  // namespace tenon
