#include "backends/cpu/kernels/depthwise/depthwise.hpp"

#include "backends/cpu/kernels/conv/range.hpp"
#include "backends/cpu/kernels/padding.hpp"
#include "base/thread_pool.hpp"

#include <algorithm>

namespace tenon::cpu {

#define TENON_DEPTHWISE_KERNEL(isa, name) void name(const DepthwiseRow& row) noexcept;
#include "backends/cpu/kernels/depthwise/kernels.inc"
#undef TENON_DEPTHWISE_KERNEL

namespace {

constexpr DepthwiseKernel kDepthwiseKernels[] = {
#define TENON_DEPTHWISE_KERNEL(isa, name) {{"depthwise", #name, Isa::isa}, name},
#include "backends/cpu/kernels/depthwise/kernels.inc"
#undef TENON_DEPTHWISE_KERNEL
};

// One output row of one channel block: the pixels whose taps all lie inside of src in one call, those at its
// ends one by one.
void run_depthwise_row(const DepthwiseKernel& kernel, const ConvArgs& args, int image, int block, int y) {
  const ConvShape& s = args.shape;
  const std::ptrdiff_t blocks = channel_blocks(s.out_channels);
  const std::ptrdiff_t plane = static_cast<std::ptrdiff_t>(image) * blocks + block;
  const int row = y * s.stride_h - s.pad_top;
  const Range taps = taps_inside(row, s.dilation_h, s.kernel_h, s.in_h);
  const std::ptrdiff_t taps_row = row + taps.begin * s.dilation_h;

  const std::ptrdiff_t src = (plane * s.in_h + taps_row) * s.in_w * kChannelBlock;
  const std::ptrdiff_t dst = (plane * s.out_h + y) * s.out_w * kChannelBlock;
  const std::ptrdiff_t weights =
      (static_cast<std::ptrdiff_t>(block) * s.kernel_h + taps.begin) * s.kernel_w * kChannelBlock;

  DepthwiseRow t{};
  t.src_tap_h = static_cast<std::ptrdiff_t>(s.dilation_h) * s.in_w * kChannelBlock;
  t.src_tap_w = static_cast<std::ptrdiff_t>(s.dilation_w) * kChannelBlock;
  t.src_pixel = static_cast<std::ptrdiff_t>(s.stride_w) * kChannelBlock;
  t.weights_tap_h = static_cast<std::ptrdiff_t>(s.kernel_w) * kChannelBlock;
  t.taps_h = taps.end - taps.begin;
  t.bias = args.bias ? args.bias + static_cast<std::ptrdiff_t>(block) * kChannelBlock : nullptr;
  t.act = args.act;
  const auto pixels = [&](int x, int count, Range columns) {
    const std::ptrdiff_t column = x * s.stride_w - s.pad_left + columns.begin * s.dilation_w;
    t.src = args.src + src + column * kChannelBlock;
    t.weights = args.weights + weights + columns.begin * kChannelBlock;
    t.taps_w = columns.end - columns.begin;
    t.dst = args.dst + dst + static_cast<std::ptrdiff_t>(x) * kChannelBlock;
    t.residual =
        args.residual ? args.residual + dst + static_cast<std::ptrdiff_t>(x) * kChannelBlock : nullptr;
    t.pixels = count;
    kernel.row(t);
  };
  const auto edge = [&](int begin, int end) {
    for (int x = begin; x < end; ++x) {
      pixels(x, 1, taps_inside(x * s.stride_w - s.pad_left, s.dilation_w, s.kernel_w, s.in_w));
    }
  };

  const Range inside = interior(s.stride_w, s.pad_left, (s.kernel_w - 1) * s.dilation_w, s.in_w, s.out_w);
  edge(0, inside.begin);
  if (!inside.empty()) pixels(inside.begin, inside.end - inside.begin, {0, s.kernel_w});
  edge(inside.end, s.out_w);

  if (!args.act.keeps_zero() && block == blocks - 1) {
    clear_padding_lanes(args.dst + dst, s.out_w, s.out_channels - block * kChannelBlock);
  }
}

}  // namespace

std::span<const DepthwiseKernel> depthwise_kernels() { return kDepthwiseKernels; }

const DepthwiseKernel* select_depthwise(Isa level) { return best_kernel(depthwise_kernels(), level); }

const char* depthwise_refusal(const ConvShape& s) {
  if (s.groups != s.in_channels || s.groups != s.out_channels)
    return "not one input and one output channel per group";
  return nullptr;
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

void depthwise_run(const DepthwiseKernel& kernel, const ConvArgs& args, ThreadPool& pool) noexcept {
  const ConvShape& s = args.shape;
  if (s.empty()) return;
  const std::size_t height = static_cast<std::size_t>(s.out_h);
  const std::size_t blocks = static_cast<std::size_t>(channel_blocks(s.out_channels));
  const std::size_t rows = static_cast<std::size_t>(s.batch) * blocks * height;
  pool.run(rows, [&](std::size_t index, int) {
    run_depthwise_row(kernel, args, static_cast<int>(index / height / blocks),
                      static_cast<int>(index / height % blocks), static_cast<int>(index % height));
  });
}

}  // namespace tenon::cpu

namespace tenon {

void register_cpu_kernel_depthwise(cpu::KernelRegistry& registry);
void register_cpu_kernel_depthwise(cpu::KernelRegistry& registry) { registry.add(cpu::depthwise_kernels()); }

}  // namespace tenon
