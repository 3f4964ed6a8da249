#include "backends/cpu/kernels/depthwise_s8/depthwise_s8.hpp"

#include "backends/cpu/kernels/padding.hpp"
#include "backends/cpu/kernels/run_units.hpp"
#include "base/thread_pool.hpp"

#include <algorithm>
#include <cstring>

namespace tenon::cpu {

#define TENON_DEPTHWISE_S8_KERNEL(isa, name, height) void name(const DepthwiseS8Rows& rows) noexcept;
#include "backends/cpu/kernels/depthwise_s8/kernels.inc"
#undef TENON_DEPTHWISE_S8_KERNEL

namespace {

constexpr DepthwiseS8Kernel kDepthwiseS8Kernels[] = {
#define TENON_DEPTHWISE_S8_KERNEL(isa, name, height) {{"depthwise_s8", #name, Isa::isa}, height, name},
#include "backends/cpu/kernels/depthwise_s8/kernels.inc"
#undef TENON_DEPTHWISE_S8_KERNEL
};

constexpr int kMostKernelRows = 16;
// Of as many rows of outputs as a kernel does, as far as it is given them.
constexpr int kMostKnownStride = 2;
constexpr int kMostSources = (kDepthwiseS8MostHeight - 1) * kMostKnownStride + kMostKernelRows;

constexpr std::ptrdiff_t kDepthwiseS8Line = 64;

// Of one worker: a row of padding.
std::ptrdiff_t worker_bytes(const ConvShape& s) {
  return round_up(static_cast<std::ptrdiff_t>(s.in_w) * kChannelBlock, kDepthwiseS8Line) + kDepthwiseS8Line;
}

int tap_quads(const ConvShape& s) { return static_cast<int>(ceil_div(s.kernel_w, kS8Group)); }

class DepthwiseS8Walk {
 public:
  DepthwiseS8Walk(const DepthwiseS8Kernel& kernel, const ConvS8Args& args)
      : kernel_(kernel),
        args_(args),
        s_(args.shape),
        blocks_(channel_blocks(s_.out_channels)),
        height_(s_.dilation_h == 1 && s_.stride_h <= kMostKnownStride ? kernel.height : 1),
        bands_(ceil_div(s_.out_h, height_)) {}

  // Bands of rows of outputs of a channel block.
  std::ptrdiff_t units() const { return s_.batch * blocks_ * bands_; }

  void run(std::ptrdiff_t begin, std::ptrdiff_t end, std::byte* scratch) const {
    auto* padding = reinterpret_cast<std::uint8_t*>(scratch);
    std::memset(padding, args_.src_zero, static_cast<std::size_t>(s_.in_w) * kChannelBlock);
    for (std::ptrdiff_t unit = begin; unit < end; ++unit) {
      const int y = static_cast<int>(unit % bands_) * height_;
      const int height = std::min(height_, s_.out_h - y);
      if (height == height_) {
        run_rows(unit / bands_, y, height, padding);
      } else {
        for (int r = 0; r < height; ++r) run_rows(unit / bands_, y + r, 1, padding);
      }
    }
  }

 private:
  void run_rows(std::ptrdiff_t plane, int y, int height, const std::uint8_t* padding) const {
    const std::ptrdiff_t block = plane % blocks_;
    const std::uint8_t* src = args_.src + plane * s_.in_h * s_.in_w * kChannelBlock;
    const std::uint8_t* sources[kMostSources];
    const int rows = (height - 1) * s_.stride_h + s_.kernel_h;
    for (int i = 0; i < rows; ++i) {
      const std::ptrdiff_t row = static_cast<std::ptrdiff_t>(y) * s_.stride_h - s_.pad_top +
                                 static_cast<std::ptrdiff_t>(i) * s_.dilation_h;
      sources[i] = row >= 0 && row < s_.in_h ? src + row * s_.in_w * kChannelBlock : padding;
    }
    DepthwiseS8Rows t;
    t.sources = sources;
    t.height = height;
    t.width = s_.out_w;
    t.in_width = s_.in_w;
    t.kernel_h = s_.kernel_h;
    t.kernel_w = s_.kernel_w;
    t.stride_h = s_.stride_h;
    t.stride_w = s_.stride_w;
    t.dilation_w = s_.dilation_w;
    t.pad_left = s_.pad_left;
    t.padding = static_cast<std::uint8_t>(args_.src_zero);
    t.flip = args_.src_signed ? 0x80 : 0;
    t.weights = args_.weights + block * s_.kernel_h * tap_quads(s_) * kS8GroupWeights;
    t.bias = args_.bias + block * kChannelBlock;
    t.multiplier = args_.requantize.multiplier + block * kChannelBlock;
    t.requantize = &args_.requantize;
    t.dst = args_.dst;
    t.dst_row = static_cast<std::ptrdiff_t>(s_.out_w) * kChannelBlock;
    t.dst_at = (plane * s_.out_h + y) * t.dst_row;
    kernel_.rows(t);
    if (!args_.requantize.bytes && block == blocks_ - 1) {
      clear_padding_lanes(static_cast<float*>(args_.dst) + t.dst_at,
                          static_cast<std::ptrdiff_t>(height) * s_.out_w,
                          s_.out_channels - static_cast<int>(blocks_ - 1) * kChannelBlock);
    }
  }

  const DepthwiseS8Kernel& kernel_;
  const ConvS8Args& args_;
  const ConvShape& s_;
  std::ptrdiff_t blocks_;
  int height_;
  std::ptrdiff_t bands_;
};

}  // namespace

std::span<const DepthwiseS8Kernel> depthwise_s8_kernels() { return kDepthwiseS8Kernels; }

const DepthwiseS8Kernel* select_depthwise_s8(Isa level) { return best_kernel(depthwise_s8_kernels(), level); }

const char* depthwise_s8_refusal(const ConvShape& shape) {
  if (shape.group_in() != 1 || shape.group_out() != 1) return "more than one channel per group";
  if (shape.kernel_h > kMostKernelRows) return "a kernel of more than 16 rows";
  return nullptr;
}

std::size_t depthwise_s8_packed_size(const ConvShape& s) {
  return static_cast<std::size_t>(channel_blocks(s.out_channels) * s.kernel_h * tap_quads(s) *
                                  kS8GroupWeights);
}

void depthwise_s8_pack(const ConvShape& s, const std::int8_t* weights, std::int8_t* packed) noexcept {
  for (int block = 0; block < channel_blocks(s.out_channels); ++block) {
    for (int h = 0; h < s.kernel_h; ++h) {
      for (int q = 0; q < tap_quads(s); ++q) {
        for (int i = 0; i < kS8GroupWeights; ++i) {
          const int c = block * kChannelBlock + i / kS8Group, w = q * kS8Group + i % kS8Group;
          *packed++ = c < s.out_channels && w < s.kernel_w
                          ? weights[(static_cast<std::ptrdiff_t>(c) * s.kernel_h + h) * s.kernel_w + w]
                          : std::int8_t{0};
        }
      }
    }
  }
}

std::size_t depthwise_s8_scratch_size(const ConvShape& shape, int threads) {
  return shape.empty() ? 0 : static_cast<std::size_t>(worker_bytes(shape) * threads);
}

void depthwise_s8_run(const DepthwiseS8Kernel& kernel, const ConvS8Args& args, std::byte* scratch,
                      ThreadPool& pool) noexcept {
  const ConvShape& s = args.shape;
  if (s.empty()) return;
  const DepthwiseS8Walk walk(kernel, args);
  const std::ptrdiff_t units = walk.units();
  const std::ptrdiff_t outputs = s.batch * channel_blocks(s.out_channels) * s.out_h * s.out_w;
  const std::ptrdiff_t bytes = outputs / units * s.kernel_h * s.kernel_w * kChannelBlock;
  pool.run_ranges(
      static_cast<std::size_t>(units),
      static_cast<std::size_t>(std::max<std::ptrdiff_t>(1, kTaskBytes / std::max<std::ptrdiff_t>(1, bytes))),
      [&](std::size_t begin, std::size_t end, int worker) {
        walk.run(static_cast<std::ptrdiff_t>(begin), static_cast<std::ptrdiff_t>(end),
                 scratch + worker * worker_bytes(s));
      });
}

}  // namespace tenon::cpu

namespace tenon {

void register_cpu_kernel_depthwise_s8(cpu::KernelRegistry& registry);
void register_cpu_kernel_depthwise_s8(cpu::KernelRegistry& registry) {
  registry.add(cpu::depthwise_s8_kernels());
}

}  // namespace tenon
