#include "backends/cpu/kernels/conv_nchw/conv_nchw.hpp"

#include "base/thread_pool.hpp"

#include <algorithm>

namespace tenon::cpu {

#define TENON_GEMM_KERNEL(isa, name, rows, panels) void name(const GemmTile& tile, int tile_rows) noexcept;
#include "backends/cpu/kernels/gemm/kernels.inc"
#undef TENON_GEMM_KERNEL

namespace {

constexpr GemmKernel kConvNchwKernels[] = {
#define TENON_GEMM_KERNEL(isa, name, rows, panels) \
  {{"conv_nchw", "conv_nchw_f32_" #isa, Isa::isa}, rows, panels, name},
#include "backends/cpu/kernels/gemm/kernels.inc"
#undef TENON_GEMM_KERNEL
};

// What one task unfolds should stay in the second-level cache.
constexpr std::ptrdiff_t kUnfoldedFloats = 128 * 1024;

int depth(const ConvShape& s) { return s.group_in() * s.kernel_h * s.kernel_w; }

// Pixels per task: a multiple of two panels.
int chunk_pixels(const ConvShape& s) {
  constexpr int kUnit = 2 * kGemmColumnPanel;
  const std::ptrdiff_t fit = kUnfoldedFloats / std::max(1, depth(s)) / kUnit * kUnit;
  return static_cast<int>(std::clamp<std::ptrdiff_t>(fit, kUnit, 16 * kUnit));
}

// Pixels of a panel that lie side by side in an output row. y and x are what the first reads at tap (0, 0).
struct Segment {
  int begin;  // in the panel
  int count;
  int y;
  int x;
};

int cut_panel(const ConvShape& s, int first, Segment (&segments)[kGemmColumnPanel]) {
  const int end = std::min(first + kGemmColumnPanel, s.out_h * s.out_w);
  int count = 0;
  for (int pixel = first; pixel < end;) {
    const int x = pixel % s.out_w;
    const int length = std::min(s.out_w - x, end - pixel);
    segments[count++] = {pixel - first, length, pixel / s.out_w * s.stride_h - s.pad_top,
                         x * s.stride_w - s.pad_left};
    pixel += length;
  }
  return count;
}

// One packed panel: out[k * 16 + i] is what pixel first + i reads at k = (c, h, w); zero outside of the input
// and the image.
void unfold_panel(const ConvShape& s, const float* src, int first, float* out) {
  Segment segments[kGemmColumnPanel];
  const int count = cut_panel(s, first, segments);
  for (int c = 0; c < s.group_in(); ++c, src += static_cast<std::ptrdiff_t>(s.in_h) * s.in_w) {
    for (int h = 0; h < s.kernel_h; ++h) {
      for (int w = 0; w < s.kernel_w; ++w, out += kGemmColumnPanel) {
        if (const Segment& all = segments[0]; all.count == kGemmColumnPanel && s.stride_w == 1) {
          const int y = all.y + h * s.dilation_h;
          const int x = all.x + w * s.dilation_w;
          if (y >= 0 && y < s.in_h && x >= 0 && x + kGemmColumnPanel <= s.in_w) {
            std::copy_n(src + static_cast<std::ptrdiff_t>(y) * s.in_w + x, kGemmColumnPanel, out);
            continue;
          }
        }
        std::fill_n(out, kGemmColumnPanel, 0.0F);
        for (const Segment* segment = segments; segment != segments + count; ++segment) {
          const int y = segment->y + h * s.dilation_h;
          const int x = segment->x + w * s.dilation_w;
          if (y < 0 || y >= s.in_h) continue;
          const float* line = src + static_cast<std::ptrdiff_t>(y) * s.in_w;
          float* to = out + segment->begin;
          if (s.stride_w == 1) {
            const int end = std::min(segment->count, s.in_w - x);
            for (int i = std::max(0, -x); i < end; ++i) to[i] = line[x + i];
          } else {
            for (int i = 0; i < segment->count; ++i) {
              const int column = x + i * s.stride_w;
              if (column >= 0 && column < s.in_w) to[i] = line[column];
            }
          }
        }
      }
    }
  }
}

void run_chunk(const GemmKernel& kernel, const ConvArgs& args, int image, int group, int first, int count,
               float* scratch) {
  const ConvShape& s = args.shape;
  const int k = depth(s);
  const float* src =
      args.src + (static_cast<std::ptrdiff_t>(image) * s.groups + group) * s.group_in() * s.in_h * s.in_w;
  for (int i = 0; i < count; i += kGemmColumnPanel) {
    unfold_panel(s, src, first + i, scratch + static_cast<std::ptrdiff_t>(i) * k);
  }
  const std::ptrdiff_t out_plane = static_cast<std::ptrdiff_t>(s.out_h) * s.out_w;
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
  const int pixels = s.out_h * s.out_w;
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
