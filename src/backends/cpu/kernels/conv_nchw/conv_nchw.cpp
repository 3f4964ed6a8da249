#include "backends/cpu/kernels/conv_nchw/conv_nchw.hpp"

#include "base/thread_pool.hpp"

#include <algorithm>

namespace tenon::cpu {

#define TENON_GEMM_KERNEL(isa, name, rows, panels, depth) \
  void name(const GemmTile& tile, int tile_rows) noexcept;
#include "backends/cpu/kernels/gemm/kernels.inc"
#undef TENON_GEMM_KERNEL

namespace {

constexpr GemmKernel kConvNchwKernels[] = {
#define TENON_GEMM_KERNEL(isa, name, rows, panels, depth) \
  {{"conv_nchw", "conv_nchw_f32_" #isa, Isa::isa}, rows, panels, depth, name},
#include "backends/cpu/kernels/gemm/kernels.inc"
#undef TENON_GEMM_KERNEL
};

// What one task unfolds should stay in the second-level cache.
constexpr std::ptrdiff_t kUnfoldedFloats = 128 * 1024;

int depth(const ConvShape& s) { return s.group_in() * s.kernel_d * s.kernel_h * s.kernel_w; }

std::ptrdiff_t in_volume(const ConvShape& s) { return static_cast<std::ptrdiff_t>(s.in_d) * s.in_h * s.in_w; }

int out_volume(const ConvShape& s) { return s.out_d * s.out_h * s.out_w; }

// Pixels per task: a multiple of two panels.
int chunk_pixels(const ConvShape& s) {
  constexpr int kUnit = 2 * kGemmColumnPanel;
  const std::ptrdiff_t fit = kUnfoldedFloats / std::max(1, depth(s)) / kUnit * kUnit;
  return static_cast<int>(std::clamp<std::ptrdiff_t>(fit, kUnit, 16 * kUnit));
}

// Pixels of a panel that lie side by side in an output row. z, y and x are what the first reads at tap (0,
// 0).
struct Segment {
  int begin;  // in the panel
  int count;
  int z;
  int y;
  int x;
};

int cut_panel(const ConvShape& s, int first, Segment (&segments)[kGemmColumnPanel]) {
  const int end = std::min(first + kGemmColumnPanel, out_volume(s));
  int count = 0;
  for (int pixel = first; pixel < end;) {
    const int x = pixel % s.out_w;
    const int length = std::min(s.out_w - x, end - pixel);
    const int row = pixel / s.out_w;
    segments[count++] = {pixel - first, length, row / s.out_h * s.stride_d - s.pad_front,
                         row % s.out_h * s.stride_h - s.pad_top, x * s.stride_w - s.pad_left};
    pixel += length;
  }
  return count;
}

// What one tap of a row of taps reads for a segment: to[i] = line[x + i * stride_w], zero outside of the
// line.
void unfold_segment(const ConvShape& s, const float* line, int x, int count, float* to) {
  if (s.stride_w == 1) {
    const int end = std::min(count, s.in_w - x);
    for (int i = std::max(0, -x); i < end; ++i) to[i] = line[x + i];
    return;
  }
  for (int i = 0; i < count; ++i) {
    const int column = x + i * s.stride_w;
    if (column >= 0 && column < s.in_w) to[i] = line[column];
  }
}

// One packed panel: out[k * 16 + i] is what pixel first + i reads at k = (c, d, h, w); zero outside of the
// input and the image.
void unfold_panel(const ConvShape& s, const float* src, int first, float* out) {
  Segment segments[kGemmColumnPanel];
  const int count = cut_panel(s, first, segments);
  const int rows = s.group_in() * s.kernel_d * s.kernel_h;
  for (int row = 0; row < rows; ++row) {
    const int h = row % s.kernel_h;
    const int d = row / s.kernel_h % s.kernel_d;
    const float* channel = src + row / s.kernel_h / s.kernel_d * in_volume(s);
    const float* lines[kGemmColumnPanel];
    for (int i = 0; i < count; ++i) {
      const int z = segments[i].z + d * s.dilation_d;
      const int y = segments[i].y + h * s.dilation_h;
      const bool inside = z >= 0 && z < s.in_d && y >= 0 && y < s.in_h;
      lines[i] = inside ? channel + (static_cast<std::ptrdiff_t>(z) * s.in_h + y) * s.in_w : nullptr;
    }
    const bool whole = segments[0].count == kGemmColumnPanel && s.stride_w == 1 && lines[0];
    for (int w = 0; w < s.kernel_w; ++w, out += kGemmColumnPanel) {
      const int shift = w * s.dilation_w;
      if (const int x = segments[0].x + shift; whole && x >= 0 && x + kGemmColumnPanel <= s.in_w) {
        std::copy_n(lines[0] + x, kGemmColumnPanel, out);
        continue;
      }
      std::fill_n(out, kGemmColumnPanel, 0.0F);
      for (int i = 0; i < count; ++i) {
        const Segment& segment = segments[i];
        if (lines[i]) unfold_segment(s, lines[i], segment.x + shift, segment.count, out + segment.begin);
      }
    }
  }
}

void run_chunk(const GemmKernel& kernel, const ConvArgs& args, int image, int group, int first, int count,
               float* scratch) {
  const ConvShape& s = args.shape;
  const int k = depth(s);
  const float* src =
      args.src + (static_cast<std::ptrdiff_t>(image) * s.groups + group) * s.group_in() * in_volume(s);
  for (int i = 0; i < count; i += kGemmColumnPanel) {
    unfold_panel(s, src, first + i, scratch + static_cast<std::ptrdiff_t>(i) * k);
  }
  const std::ptrdiff_t out_plane = out_volume(s);
  const std::ptrdiff_t out =
      (static_cast<std::ptrdiff_t>(image) * s.groups + group) * s.group_out() * out_plane + first;
  GemmArgs gemm;
  gemm.m = s.group_out();
  gemm.n = count;
  gemm.k = k;
  gemm.a.data = args.weights + static_cast<std::ptrdiff_t>(group) *
                                   static_cast<std::ptrdiff_t>(gemm_packed_a_size(gemm.m, k));
  gemm.a.packed = true;
  gemm.b.data = scratch;
  gemm.b.packed = true;
  gemm.c = args.dst + out;
  gemm.ldc = out_plane;
  if (args.bias) {
    gemm.bias_axis = GemmArgs::Bias::per_row;
    gemm.bias = args.bias + static_cast<std::ptrdiff_t>(group) * s.group_out();
  }
  if (args.residual) {
    gemm.residual = args.residual + out;
    gemm.ldr = out_plane;
  }
  gemm.act = args.act;
  gemm_packed_block(kernel, gemm, {0, gemm.m, 0, count});
}

}  // namespace

std::span<const GemmKernel> conv_nchw_kernels() { return kConvNchwKernels; }

const GemmKernel* select_conv_nchw(Isa level) { return best_kernel(conv_nchw_kernels(), level); }

std::size_t conv_nchw_packed_size(const ConvShape& s) {
  return gemm_packed_a_size(s.group_out(), depth(s)) * static_cast<std::size_t>(s.groups);
}

void conv_nchw_pack(const ConvShape& s, const float* weights, float* packed) noexcept {
  const int m = s.group_out();
  const int k = depth(s);
  for (int g = 0; g < s.groups; ++g) {
    gemm_pack_a(weights, k, false, m, k, packed);
    weights += static_cast<std::ptrdiff_t>(m) * k;
    packed += gemm_packed_a_size(m, k);
  }
}

std::size_t conv_nchw_scratch_size(const ConvShape& s, int threads) {
  return gemm_packed_b_size(depth(s), chunk_pixels(s)) * static_cast<std::size_t>(threads);
}

void conv_nchw_run(const GemmKernel& kernel, const ConvArgs& args, float* scratch,
                   ThreadPool& pool) noexcept {
  const ConvShape& s = args.shape;
  if (s.empty()) return;
  const int pixels = out_volume(s);
  const int chunk = chunk_pixels(s);
  const std::size_t chunks = static_cast<std::size_t>(ceil_div(pixels, chunk));
  const std::size_t groups = static_cast<std::size_t>(s.groups);
  const std::size_t share = gemm_packed_b_size(depth(s), chunk);
  pool.run(static_cast<std::size_t>(s.batch) * groups * chunks, [&](std::size_t index, int worker) {
    const int first = static_cast<int>(index % chunks) * chunk;
    run_chunk(kernel, args, static_cast<int>(index / chunks / groups),
              static_cast<int>(index / chunks % groups), first, std::min(chunk, pixels - first),
              scratch + share * static_cast<std::size_t>(worker));
  });
}

}  // namespace tenon::cpu

namespace tenon {

void register_cpu_kernel_conv_nchw(cpu::KernelRegistry& registry);
void register_cpu_kernel_conv_nchw(cpu::KernelRegistry& registry) { registry.add(cpu::conv_nchw_kernels()); }

}  // namespace tenon
