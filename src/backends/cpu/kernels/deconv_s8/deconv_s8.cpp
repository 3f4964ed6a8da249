#include "backends/cpu/kernels/deconv_s8/deconv_s8.hpp"

#include "backends/cpu/kernels/conv_s8/pack.hpp"
#include "backends/cpu/kernels/conv_s8/source.hpp"
#include "backends/cpu/kernels/deconv/taps.hpp"
#include "backends/cpu/kernels/padding.hpp"
#include "base/thread_pool.hpp"

#include <algorithm>

namespace tenon::cpu {

#define TENON_CONV_S8_KERNEL(isa, name, wide, pixels1, pixels2, pixels3, pixels4) \
  void name(const ConvS8Tile& tile, int pixels, int oc_blocks) noexcept;          \
  void name##_copy(const std::uint8_t* src, std::ptrdiff_t count, std::uint8_t flip, void* dst) noexcept;
#include "backends/cpu/kernels/conv_s8/kernels.inc"
#undef TENON_CONV_S8_KERNEL

namespace {

constexpr ConvS8Kernel kDeconvS8Kernels[] = {
#define TENON_CONV_S8_KERNEL(isa, name, wide, pixels1, pixels2, pixels3, pixels4) \
  {{{pixels1, pixels2, pixels3, pixels4}},                                        \
   {"deconv_s8", "deconv_s8_" #isa, Isa::isa},                                    \
   wide,                                                                          \
   name##_copy,                                                                   \
   name},
#include "backends/cpu/kernels/conv_s8/kernels.inc"
#undef TENON_CONV_S8_KERNEL
};

constexpr int kMostStride = 16;  // every class has a list of biases
constexpr int kDeconvUnitsPerThread = 4;

Taps row_taps(const ConvShape& s, int phase) {
  return taps_of(phase + s.pad_top, s.stride_h, s.dilation_h, s.kernel_h);
}
Taps column_taps(const ConvShape& s, int phase) {
  return taps_of(phase + s.pad_left, s.stride_w, s.dilation_w, s.kernel_w);
}

int count_taps(const Taps& rows, const Taps& columns) { return rows.count * columns.count; }

// The class' i-th tap in the filter.
int filter_tap(const ConvShape& s, const Taps& rows, const Taps& columns, int i) {
  return (rows.first + i / columns.count * rows.step) * s.kernel_w + columns.first +
         i % columns.count * columns.step;
}

// run(rows, columns) for each class, in the order in which they are packed.
template <class Run>
void for_each_class(const ConvShape& s, Run run) {
  for (int y = 0; y < s.stride_h; ++y) {
    const Taps rows = row_taps(s, y);
    for (int x = 0; x < s.stride_w; ++x) run(rows, column_taps(s, x));
  }
}

// The inputs that the first output of any class reads along an axis, from the lowest to the highest.
struct Reach {
  int least = 0;
  int most = 0;
};
template <class TapsOf>
Reach reach_of(int phases, TapsOf taps_of_phase) {
  Reach reach;
  bool any = false;
  for (int phase = 0; phase < phases; ++phase) {
    const Taps taps = taps_of_phase(phase);
    if (taps.count == 0) continue;
    const int least = taps.source - (taps.count - 1) * taps.source_step;
    reach = any ? Reach{std::min(reach.least, least), std::max(reach.most, taps.source)}
                : Reach{least, taps.source};
    any = true;
  }
  return reach;
}

// The convolution of stride 1 whose window holds the taps of every class; an output of it is one of each.
struct Whole {
  explicit Whole(const ConvShape& s)
      : rows(reach_of(std::min(s.stride_h, s.out_h), [&](int y) { return row_taps(s, y); })),
        columns(reach_of(std::min(s.stride_w, s.out_w), [&](int x) { return column_taps(s, x); })) {
    shape = s;
    shape.out_h = static_cast<int>(ceil_div(s.out_h, s.stride_h));
    shape.out_w = static_cast<int>(ceil_div(s.out_w, s.stride_w));
    shape.kernel_h = rows.most - rows.least + 1;
    shape.kernel_w = columns.most - columns.least + 1;
    shape.stride_h = shape.stride_w = shape.dilation_h = shape.dilation_w = 1;
    shape.pad_top = -rows.least;
    shape.pad_left = -columns.least;
  }

  Reach rows;
  Reach columns;
  ConvShape shape;
};

ConvS8Args with_shape(const ConvS8Args& args, const ConvShape& shape) {
  ConvS8Args result = args;
  result.shape = shape;
  result.planar = false;
  return result;
}

// Units are (image, group, band of rows of the whole).
class DeconvS8Walk {
 public:
  DeconvS8Walk(const ConvS8Kernel& kernel, const ConvS8Args& args, std::byte* scratch, int threads)
      : kernel_(kernel),
        args_(args),
        s_(conv_merged(args.shape)),
        whole_(args.shape),
        source_args_(with_shape(args, whole_.shape)),
        geometry_(source_args_.shape, s8_band(kernel, source_args_)),
        scratch_(scratch),
        out_blocks_(static_cast<int>(channel_blocks(s_.group_out()))),
        depth_(round_up(s_.group_in(), kS8Group)),
        band_(0) {
    geometry_.flat = false;  // rows of outputs do not lie one after the other
    const std::ptrdiff_t outer = static_cast<std::ptrdiff_t>(s_.batch) * s_.groups;
    band_ = geometry_.most_rows();
    if (threads > 1) {
      const std::ptrdiff_t wanted =
          ceil_div(static_cast<std::ptrdiff_t>(kDeconvUnitsPerThread) * threads, outer);
      band_ = std::min(band_, std::max(1, static_cast<int>(geometry_.rows / wanted)));
    }
    bands_ = static_cast<int>(ceil_div(geometry_.rows, band_));
  }

  std::ptrdiff_t units() const { return static_cast<std::ptrdiff_t>(s_.batch) * s_.groups * bands_; }

  void run(std::ptrdiff_t unit, int worker) const {
    const int begin = static_cast<int>(unit % bands_) * band_;
    const int end = std::min(begin + band_, geometry_.rows);
    unit /= bands_;
    const int group = static_cast<int>(unit % s_.groups), image = static_cast<int>(unit / s_.groups);
    const BandSource source = s8_source(geometry_, kernel_, source_args_, image, group, begin, end,
                                        scratch_ + worker * geometry_.band_bytes(geometry_.most_rows()));
    const int most = kernel_.oc_blocks_at_most(args_.config.oc_blocks);
    for (int y = begin * s_.stride_h; y < std::min(end * s_.stride_h, s_.out_h); ++y) {
      for (int block = 0; block < out_blocks_;) {
        const int blocks = kernel_.oc_blocks_at_most(std::min(most, out_blocks_ - block));
        run_row(source, image, group, y, block, blocks);
        block += blocks;
      }
    }
  }

 private:
  // One row of outputs of `blocks` blocks.
  void run_row(const BandSource& source, int image, int group, int y, int block, int blocks) const {
    const std::ptrdiff_t plane = static_cast<std::ptrdiff_t>(s_.out_h) * s_.out_w * kChannelBlock;
    const std::ptrdiff_t out_block = static_cast<std::ptrdiff_t>(group) * out_blocks_ + block;
    const int phase_y = y % s_.stride_h;
    const Taps rows = row_taps(s_, phase_y);
    const std::ptrdiff_t row_at =
        (static_cast<std::ptrdiff_t>(image) * s_.groups * out_blocks_ + out_block) * plane +
        static_cast<std::ptrdiff_t>(y) * s_.out_w * kChannelBlock;
    ConvS8Tile t{};
    t.src_block = source.block;
    t.src_tap_h = -rows.source_step * source.tap_h;
    t.src_pixel = source.step_w;
    t.blocks = static_cast<int>(channel_blocks(s_.group_in()));
    t.last_groups = static_cast<int>(ceil_div(s_.group_in() - (t.blocks - 1) * kChannelBlock, kS8Group));
    t.requantize = &args_.requantize;
    t.multiplier = args_.requantize.multiplier + out_block * kChannelBlock;
    t.dst = args_.dst;
    t.dst_pixel = static_cast<std::ptrdiff_t>(s_.stride_w) * kChannelBlock;
    t.dst_oc_block = plane;
    t.last_lanes = kChannelBlock;

    const std::ptrdiff_t tap_weights = depth_ * kChannelBlock;
    const std::ptrdiff_t all_blocks = static_cast<std::ptrdiff_t>(s_.groups) * out_blocks_;
    const auto bias_list = static_cast<std::ptrdiff_t>(conv_s8_packed_bias_size(args_.shape));
    const std::int8_t* weights = args_.weights + taps_above(phase_y) * tap_weights * all_blocks;
    for (int phase = 0; phase < std::min(s_.stride_w, s_.out_w); ++phase) {
      const Taps columns = column_taps(s_, phase);
      const int taps = count_taps(rows, columns);
      t.taps_h = columns.count > 0 ? rows.count : 0;
      t.taps_w = columns.count;
      t.src_tap_w = -columns.source_step * source.tap_w;
      t.weights_oc_block = taps * tap_weights;
      t.weights = weights + out_block * t.weights_oc_block;
      t.bias = args_.bias + (static_cast<std::ptrdiff_t>(phase_y) * s_.stride_w + phase) * bias_list +
               out_block * kChannelBlock;
      const std::ptrdiff_t first = taps == 0 ? 0
                                             : (rows.source - whole_.rows.least) * source.tap_h +
                                                   (columns.source - whole_.columns.least) * source.tap_w;
      run_pixels(t, source.pixel(y / s_.stride_h, 0) + first, row_at + phase * kChannelBlock,
                 static_cast<int>(ceil_div(s_.out_w - phase, s_.stride_w)), blocks);
      weights += taps * tap_weights * all_blocks;
    }
    if (!args_.requantize.bytes && block + blocks == out_blocks_) {
      clear_padding_lanes(static_cast<float*>(args_.dst) + row_at + (blocks - 1) * plane, s_.out_w,
                          s_.group_out() - (out_blocks_ - 1) * kChannelBlock);
    }
  }

  // `count` pixels of a class, as few tiles as that takes, of nearly the same size.
  void run_pixels(ConvS8Tile& t, const std::byte* src, std::ptrdiff_t dst_at, int count, int blocks) const {
    const int most = std::clamp(args_.config.pixels, 1, kernel_.max_pixels(blocks));
    const int pixels = static_cast<int>(ceil_div(count, ceil_div(count, most)));
    t.src = src;
    t.dst_at = dst_at;
    t.ahead = t.weights;
    t.tiles = count / pixels;
    t.next_src = pixels * t.src_pixel;
    t.next_dst = pixels * t.dst_pixel;
    kernel_.tile(t, pixels, blocks);
    const int rest = count % pixels;
    if (rest == 0) return;
    t.src += t.tiles * t.next_src;
    t.dst_at += t.tiles * t.next_dst;
    t.tiles = 1;
    kernel_.tile(t, rest, blocks);
  }

  // Taps of the classes before the first of a row.
  int taps_above(int phase_y) const {
    int rows = 0;
    for (int y = 0; y < phase_y; ++y) rows += row_taps(s_, y).count;
    return rows * s_.kernel_w;
  }

  const ConvS8Kernel& kernel_;
  const ConvS8Args& args_;
  ConvShape s_;  // merged
  Whole whole_;
  ConvS8Args source_args_;
  BandGeometry geometry_;  // of the whole
  std::byte* scratch_;
  int out_blocks_;
  std::ptrdiff_t depth_;
  int band_;  // rows of the whole
  int bands_;
};

}  // namespace

std::span<const ConvS8Kernel> deconv_s8_kernels() { return kDeconvS8Kernels; }

const ConvS8Kernel* select_deconv_s8(Isa level) { return best_kernel(deconv_s8_kernels(), level); }

const char* deconv_s8_refusal(const ConvShape& shape) {
  if (shape.stride_h > kMostStride || shape.stride_w > kMostStride) return "strides beyond 16";
  return conv_refusal(shape);
}

ConvS8Configs deconv_s8_configs(const ConvS8Kernel& kernel, const ConvShape& shape) {
  ConvS8Configs all;
  for (const int wanted : {2, 4, 3}) {
    ConvS8Config config;
    config.oc_blocks = kernel.oc_blocks_at_most(
        std::min(wanted, static_cast<int>(channel_blocks(conv_merged(shape).group_out()))));
    config.pixels = kernel.max_pixels(config.oc_blocks);
    if (std::find(all.configs, all.configs + all.count, config) == all.configs + all.count)
      all.configs[all.count++] = config;
  }
  return all;
}

void deconv_s8_pack(const ConvShape& s, const std::int8_t* weights, std::int8_t* packed) noexcept {
  for_each_class(s, [&](const Taps& rows, const Taps& columns) {
    packed =
        pack_s8_weights(s, count_taps(rows, columns), packed, [&](std::ptrdiff_t g, int o, int c, int i) {
          const std::ptrdiff_t row = (g * s.group_in() + c) * s.group_out() + o;
          return weights[row * s.kernel_h * s.kernel_w + filter_tap(s, rows, columns, i)];
        });
  });
}

std::size_t deconv_s8_packed_bias_size(const ConvShape& s) {
  return static_cast<std::size_t>(s.stride_h * s.stride_w) * conv_s8_packed_bias_size(s);
}

void deconv_s8_pack_bias(const ConvShape& s, const std::int8_t* weights, const std::int32_t* bias,
                         bool src_signed, int src_zero, std::int32_t* packed) noexcept {
  const auto shift = static_cast<std::uint32_t>(src_zero + (src_signed ? 128 : 0));
  const std::size_t list = conv_s8_packed_bias_size(s);
  std::fill_n(packed, deconv_s8_packed_bias_size(s), 0);
  for_each_class(s, [&](const Taps& rows, const Taps& columns) {
    for (int o = 0; o < s.out_channels; ++o) {
      const std::ptrdiff_t first = static_cast<std::ptrdiff_t>(o / s.group_out()) * s.group_in();
      std::uint32_t sum = 0;
      for (int c = 0; c < s.group_in(); ++c) {
        const std::int8_t* w =
            weights + ((first + c) * s.group_out() + o % s.group_out()) * s.kernel_h * s.kernel_w;
        for (int i = 0; i < count_taps(rows, columns); ++i)
          sum += static_cast<std::uint32_t>(w[filter_tap(s, rows, columns, i)]);
      }
      packed[o] = static_cast<std::int32_t>(static_cast<std::uint32_t>(bias ? bias[o] : 0) - shift * sum);
    }
    packed += list;
  });
}

std::size_t deconv_s8_scratch_size(const ConvS8Kernel& kernel, const ConvS8Args& args, int threads) {
  if (args.shape.empty()) return 0;
  const ConvS8Args whole = with_shape(args, Whole(args.shape).shape);
  BandGeometry geometry(whole.shape, s8_band(kernel, whole));
  geometry.flat = false;
  return static_cast<std::size_t>(geometry.scratch_bytes(kS8MostPixels) * threads);
}

void deconv_s8_run(const ConvS8Kernel& kernel, const ConvS8Args& args, std::byte* scratch,
                   ThreadPool& pool) noexcept {
  if (args.shape.empty()) return;
  const DeconvS8Walk walk(kernel, args, scratch, pool.size());
  pool.run(static_cast<std::size_t>(walk.units()),
           [&walk](std::size_t unit, int worker) { walk.run(static_cast<std::ptrdiff_t>(unit), worker); });
}

}  // namespace tenon::cpu

namespace tenon {

void register_cpu_kernel_deconv_s8(cpu::KernelRegistry& registry);
void register_cpu_kernel_deconv_s8(cpu::KernelRegistry& registry) { registry.add(cpu::deconv_s8_kernels()); }

}  // namespace tenon
