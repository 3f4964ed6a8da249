#include "backends/cpu/kernels/depthwise_s8/depthwise_s8.hpp"

#include "backends/cpu/kernels/conv/range.hpp"
#include "backends/cpu/kernels/padding.hpp"
#include "backends/cpu/kernels/run_units.hpp"
#include "base/thread_pool.hpp"

#include <algorithm>
#include <cstring>

namespace tenon::cpu {

#define TENON_DEPTHWISE_S8_KERNEL(isa, name) void name(const DepthwiseS8Row& row) noexcept;
#include "backends/cpu/kernels/depthwise_s8/kernels.inc"
#undef TENON_DEPTHWISE_S8_KERNEL

namespace {

constexpr DepthwiseS8Kernel kDepthwiseS8Kernels[] = {
#define TENON_DEPTHWISE_S8_KERNEL(isa, name) {{"depthwise_s8", #name, Isa::isa}, name},
#include "backends/cpu/kernels/depthwise_s8/kernels.inc"
#undef TENON_DEPTHWISE_S8_KERNEL
};

constexpr int kMostGroups = 4;  // of kernel rows
constexpr std::ptrdiff_t kColumnBytes = kS8GroupWeights;

int tap_groups(const ConvShape& s) { return static_cast<int>(ceil_div(s.kernel_h, kS8Group)); }

// Columns that any output of a row reads.
std::ptrdiff_t columns_under(const ConvShape& s) {
  return static_cast<std::ptrdiff_t>(s.out_w - 1) * s.stride_w +
         static_cast<std::ptrdiff_t>(s.kernel_w - 1) * s.dilation_w + 1;
}

// Of one worker: a pixel of padding, then the interleaved rows.
std::ptrdiff_t worker_bytes(const ConvShape& s) {
  return kColumnBytes + tap_groups(s) * columns_under(s) * kColumnBytes;
}

// A unit is an output row of a channel block.
void run_row(const DepthwiseS8Kernel& kernel, const ConvS8Args& args, std::byte* scratch,
             std::ptrdiff_t unit) {
  const ConvShape& s = args.shape;
  const std::ptrdiff_t blocks = channel_blocks(s.out_channels);
  const int y = static_cast<int>(unit % s.out_h);
  const std::ptrdiff_t plane = unit / s.out_h, block = plane % blocks;
  const std::uint8_t* src = args.src + plane * s.in_h * s.in_w * kChannelBlock;
  auto* outside = reinterpret_cast<std::uint8_t*>(scratch);
  std::memset(outside, args.src_zero, kChannelBlock);

  DepthwiseS8Row t;
  t.groups = tap_groups(s);
  const std::ptrdiff_t columns = columns_under(s);
  t.left = static_cast<int>(std::clamp<std::ptrdiff_t>(s.pad_left, 0, columns));
  const int skipped = std::max(-s.pad_left, 0);
  t.columns = static_cast<int>(std::clamp<std::ptrdiff_t>(s.in_w - skipped, 0, columns - t.left));
  t.right = static_cast<int>(columns) - t.left - t.columns;
  DepthwiseS8Row::Source sources[kMostGroups * kS8Group];
  for (int tap = 0; tap < t.groups * kS8Group; ++tap) {
    const std::ptrdiff_t row = static_cast<std::ptrdiff_t>(y) * s.stride_h - s.pad_top +
                               static_cast<std::ptrdiff_t>(tap) * s.dilation_h;
    const bool inside = tap < s.kernel_h && row >= 0 && row < s.in_h && t.columns > 0;
    sources[tap] = inside
                       ? DepthwiseS8Row::Source{src + (row * s.in_w + skipped) * kChannelBlock, kChannelBlock}
                       : DepthwiseS8Row::Source{outside, 0};
  }
  t.sources = sources;
  t.flip = args.src_signed ? 0x80 : 0;
  t.padding = static_cast<std::uint8_t>(args.src_zero ^ t.flip);
  t.interleaved = outside + kColumnBytes;
  t.outputs = s.out_w;
  t.stride = s.stride_w;
  t.taps = s.kernel_w;
  t.dilation = s.dilation_w;
  t.weights = args.weights + block * t.groups * s.kernel_w * kS8GroupWeights;
  t.bias = args.bias + block * kChannelBlock;
  t.multiplier = args.requantize.multiplier + block * kChannelBlock;
  t.requantize = &args.requantize;
  t.dst = args.dst;
  t.dst_at = unit * s.out_w * kChannelBlock;
  kernel.row(t);
  if (!args.requantize.bytes && block == blocks - 1) {
    clear_padding_lanes(static_cast<float*>(args.dst) + t.dst_at, s.out_w,
                        s.out_channels - static_cast<int>(blocks - 1) * kChannelBlock);
  }
}

}  // namespace

std::span<const DepthwiseS8Kernel> depthwise_s8_kernels() { return kDepthwiseS8Kernels; }

const DepthwiseS8Kernel* select_depthwise_s8(Isa level) { return best_kernel(depthwise_s8_kernels(), level); }

const char* depthwise_s8_refusal(const ConvShape& shape) {
  if (shape.group_in() != 1 || shape.group_out() != 1) return "more than one channel per group";
  if (tap_groups(shape) > kMostGroups) return "a kernel of more than 16 rows";
  return nullptr;
}

std::size_t depthwise_s8_packed_size(const ConvShape& s) {
  return static_cast<std::size_t>(channel_blocks(s.out_channels) * tap_groups(s) * s.kernel_w *
                                  kS8GroupWeights);
}

void depthwise_s8_pack(const ConvShape& s, const std::int8_t* weights, std::int8_t* packed) noexcept {
  for (int block = 0; block < channel_blocks(s.out_channels); ++block) {
    for (int g = 0; g < tap_groups(s); ++g) {
      for (int w = 0; w < s.kernel_w; ++w) {
        for (int i = 0; i < kS8GroupWeights; ++i) {
          const int c = block * kChannelBlock + i / kS8Group, h = g * kS8Group + i % kS8Group;
          *packed++ = c < s.out_channels && h < s.kernel_h
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
  const std::ptrdiff_t rows = s.batch * channel_blocks(s.out_channels) * s.out_h;
  const std::ptrdiff_t bytes = static_cast<std::ptrdiff_t>(s.out_w) * s.kernel_h * s.kernel_w * kChannelBlock;
  pool.run_ranges(static_cast<std::size_t>(rows),
                  static_cast<std::size_t>(std::max<std::ptrdiff_t>(1, kTaskBytes / bytes)),
                  [&](std::size_t begin, std::size_t end, int worker) {
                    std::byte* own = scratch + worker * worker_bytes(s);
                    for (std::size_t row = begin; row < end; ++row)
                      run_row(kernel, args, own, static_cast<std::ptrdiff_t>(row));
                  });
}

}  // namespace tenon::cpu

namespace tenon {

void register_cpu_kernel_depthwise_s8(cpu::KernelRegistry& registry);
void register_cpu_kernel_depthwise_s8(cpu::KernelRegistry& registry) {
  registry.add(cpu::depthwise_s8_kernels());
}

}  // namespace tenon
