#include "backends/cpu/kernels/depthwise/depthwise.hpp"

#include "backends/cpu/kernels/conv/range.hpp"
#include "backends/cpu/kernels/padding.hpp"
#include "base/thread_pool.hpp"

#include <algorithm>

namespace tenon::cpu {

#define TENON_DEPTHWISE_KERNEL(isa, name) const DepthwiseRoutines& name() noexcept;
#include "backends/cpu/kernels/depthwise/kernels.inc"
#undef TENON_DEPTHWISE_KERNEL

namespace {

constexpr DepthwiseKernel kDepthwiseKernels[] = {
#define TENON_DEPTHWISE_KERNEL(isa, name) {{"depthwise", #name, Isa::isa}, name},
#include "backends/cpu/kernels/depthwise/kernels.inc"
#undef TENON_DEPTHWISE_KERNEL
};

// Units of work per thread: enough that an uneven end weighs little.
constexpr std::ptrdiff_t kDepthwiseUnitsPerThread = 4;

// One channel block of one image, cut into bands of rows.
class DepthwisePlane {
 public:
  DepthwisePlane(const DepthwiseKernel& kernel, const ConvArgs& args, DataType type, int image, int block)
      : routines_(kernel.routines()),
        type_(float_index(type)),
        bytes_(float_bytes(type)),
        args_(args),
        s_(args.shape),
        inside_(interior(s_.stride_w, s_.pad_left, (s_.kernel_w - 1) * s_.dilation_w, s_.in_w, s_.out_w)) {
    const std::ptrdiff_t plane = static_cast<std::ptrdiff_t>(image) * channel_blocks(s_.out_channels) + block;
    src_ = at(args.src, plane * s_.in_h * s_.in_w * kChannelBlock);
    dst_ = plane * s_.out_h * s_.out_w * kChannelBlock;
    weights_ = args.weights + static_cast<std::ptrdiff_t>(block) * s_.kernel_h * s_.kernel_w * kChannelBlock;
    bias_ = args.bias ? args.bias + static_cast<std::ptrdiff_t>(block) * kChannelBlock : nullptr;
  }

  void run(Range band) const {
    if (depthwise_has_rows(s_)) {
      routines_.rows[type_]({src_, static_cast<std::ptrdiff_t>(s_.in_w) * kChannelBlock, s_.in_h, s_.in_w,
                             weights_, s_.kernel_h, s_.kernel_w, s_.stride_h, s_.stride_w, s_.pad_top,
                             s_.pad_left, s_.dilation_h, bias_,
                             args_.residual ? at(args_.residual, dst_) : nullptr, to(dst_), s_.out_w,
                             band.begin, band.end, args_.act});
    } else {
      run_lines(band);
    }
  }

  void* dst(int y) const { return to(dst_ + static_cast<std::ptrdiff_t>(y) * s_.out_w * kChannelBlock); }

 private:
  // The element that many behind the first.
  const void* at(const float* first, std::ptrdiff_t elements) const {
    return reinterpret_cast<const char*>(first) + elements * bytes_;
  }
  void* to(std::ptrdiff_t elements) const { return reinterpret_cast<char*>(args_.dst) + elements * bytes_; }

  void run_lines(Range band) const {
    const Range all = interior(s_.stride_h, s_.pad_top, (s_.kernel_h - 1) * s_.dilation_h, s_.in_h, s_.out_h);
    const int begin = std::clamp(all.begin, band.begin, band.end);
    const int end = std::clamp(all.end, begin, band.end);
    for (int y = band.begin; y < begin; ++y) row(y);
    for (int y = begin; y < end; ++y) line(y, inside_.begin, inside_.end - inside_.begin, false);
    for (int x = 0; x < inside_.begin; ++x) line(begin, x, end - begin, true);
    for (int x = inside_.end; x < s_.out_w; ++x) line(begin, x, end - begin, true);
    for (int y = end; y < band.end; ++y) row(y);
  }

  void row(int y) const {
    for (int x = 0; x < inside_.begin; ++x) line(y, x, 1, false);
    line(y, inside_.begin, inside_.end - inside_.begin, false);
    for (int x = inside_.end; x < s_.out_w; ++x) line(y, x, 1, false);
  }

  // `pixels` pixels from (y, x) on, to the right or downwards, that all meet the taps of the first.
  void line(int y, int x, int pixels, bool downwards) const {
    if (pixels == 0) return;
    const int top = y * s_.stride_h - s_.pad_top;
    const int left = x * s_.stride_w - s_.pad_left;
    const Range rows = taps_inside(top, s_.dilation_h, s_.kernel_h, s_.in_h);
    const Range columns = taps_inside(left, s_.dilation_w, s_.kernel_w, s_.in_w);
    const std::ptrdiff_t in_row = static_cast<std::ptrdiff_t>(s_.in_w) * kChannelBlock;
    const std::ptrdiff_t out_row = static_cast<std::ptrdiff_t>(s_.out_w) * kChannelBlock;
    const std::ptrdiff_t out = dst_ + y * out_row + static_cast<std::ptrdiff_t>(x) * kChannelBlock;

    DepthwiseLine t{};
    t.src_tap_h = s_.dilation_h * in_row;
    t.src_tap_w = static_cast<std::ptrdiff_t>(s_.dilation_w) * kChannelBlock;
    t.src_pixel = downwards ? s_.stride_h * in_row : static_cast<std::ptrdiff_t>(s_.stride_w) * kChannelBlock;
    t.weights_tap_h = static_cast<std::ptrdiff_t>(s_.kernel_w) * kChannelBlock;
    t.src =
        static_cast<const char*>(src_) + (top * in_row + static_cast<std::ptrdiff_t>(left) * kChannelBlock +
                                          rows.begin * t.src_tap_h + columns.begin * t.src_tap_w) *
                                             bytes_;
    t.weights =
        weights_ + rows.begin * t.weights_tap_h + static_cast<std::ptrdiff_t>(columns.begin) * kChannelBlock;
    t.taps_h = rows.end - rows.begin;
    t.taps_w = columns.end - columns.begin;
    t.bias = bias_;
    t.residual = args_.residual ? at(args_.residual, out) : nullptr;
    t.dst = to(out);
    t.dst_pixel = downwards ? out_row : kChannelBlock;
    t.pixels = pixels;
    t.act = args_.act;
    routines_.line[type_](t);
  }

  const DepthwiseRoutines& routines_;
  int type_;
  std::ptrdiff_t bytes_;  // of an element
  const ConvArgs& args_;
  const ConvShape& s_;
  Range inside_;  // columns of output all taps of which lie inside of src
  const void* src_;
  std::ptrdiff_t dst_;
  const float* weights_;
  const float* bias_;
};

}  // namespace

std::span<const DepthwiseKernel> depthwise_kernels() { return kDepthwiseKernels; }

const DepthwiseKernel* select_depthwise(Isa level) { return best_kernel(depthwise_kernels(), level); }

const char* depthwise_refusal(const ConvShape& s) {
  if (s.groups != s.in_channels || s.groups != s.out_channels)
    return "not one input and one output channel per group";
  return nullptr;
}

bool depthwise_has_rows(const ConvShape& s) {
  const int reach = s.kernel_w / 2;
  const int last = (s.out_w - 1) * s.stride_w - s.pad_left + s.kernel_w - 1;
  return (s.kernel_w == 3 || s.kernel_w == 5) && s.dilation_w == 1 && (s.stride_w == 1 || s.stride_w == 2) &&
         s.pad_left >= 0 && s.pad_left <= reach && last <= s.in_w - 1 + reach;
}

std::size_t depthwise_packed_size(const ConvShape& s) {
  return static_cast<std::size_t>(round_up(s.out_channels, kChannelBlock) * s.kernel_h * s.kernel_w);
}

void depthwise_pack(const ConvShape& s, const float* weights, float* packed) noexcept {
  const std::ptrdiff_t taps = static_cast<std::ptrdiff_t>(s.kernel_h) * s.kernel_w;
  for (std::ptrdiff_t block = 0; block < channel_blocks(s.out_channels); ++block) {
    for (std::ptrdiff_t tap = 0; tap < taps; ++tap) {
      for (std::ptrdiff_t c = block * kChannelBlock; c < (block + 1) * kChannelBlock; ++c) {
        *packed++ = c < s.out_channels ? weights[c * taps + tap] : 0.0F;
      }
    }
  }
}

void depthwise_run(const DepthwiseKernel& kernel, const ConvArgs& args, ThreadPool& pool,
                   DataType type) noexcept {
  const ConvShape& s = args.shape;
  if (s.empty()) return;
  const std::ptrdiff_t blocks = channel_blocks(s.out_channels);
  const std::ptrdiff_t planes = s.batch * blocks;
  const std::ptrdiff_t wanted =
      pool.size() == 1 ? 1 : ceil_div(pool.size() * kDepthwiseUnitsPerThread, planes);
  const std::ptrdiff_t bands = std::min<std::ptrdiff_t>(wanted, s.out_h);
  const bool clears = !args.act.keeps_zero();
  pool.run(static_cast<std::size_t>(planes * bands), [&](std::size_t index, int) {
    const auto unit = static_cast<std::ptrdiff_t>(index);
    const std::ptrdiff_t band = unit % bands;
    const int block = static_cast<int>(unit / bands % blocks);
    const Range rows{static_cast<int>(s.out_h * band / bands),
                     static_cast<int>(s.out_h * (band + 1) / bands)};
    const DepthwisePlane plane(kernel, args, type, static_cast<int>(unit / bands / blocks), block);
    plane.run(rows);
    if (clears && block == blocks - 1) {
      const std::ptrdiff_t pixels = static_cast<std::ptrdiff_t>(rows.end - rows.begin) * s.out_w;
      const int lanes = s.out_channels - block * kChannelBlock;
      if (type == DataType::f32) {
        clear_padding_lanes(static_cast<float*>(plane.dst(rows.begin)), pixels, lanes);
      } else {
        clear_padding_lanes(static_cast<std::uint16_t*>(plane.dst(rows.begin)), pixels, lanes);
      }
    }
  });
}

}  // namespace tenon::cpu

namespace tenon {

void register_cpu_kernel_depthwise(cpu::KernelRegistry& registry);
void register_cpu_kernel_depthwise(cpu::KernelRegistry& registry) { registry.add(cpu::depthwise_kernels()); }

}  // namespace tenon
