#include "backends/cpu/kernels/gemm/pack.hpp"

#include "backends/cpu/kernels/gemm/gemm.hpp"

#include <algorithm>
#include <cstring>

namespace tenon::cpu {

namespace {

using Four [[gnu::vector_size(16)]] = float;

Four load_four(const float* p) {
  Four v;
  std::memcpy(&v, p, sizeof v);
  return v;
}

// out[d * out_stride + line] = in[line * in_stride + d] for four lines and four d.
void transpose_four(const float* in, std::ptrdiff_t in_stride, float* out, std::ptrdiff_t out_stride) {
  const Four a = load_four(in);
  const Four b = load_four(in + in_stride);
  const Four c = load_four(in + 2 * in_stride);
  const Four d = load_four(in + 3 * in_stride);
  const Four ab_low = __builtin_shufflevector(a, b, 0, 4, 1, 5);
  const Four ab_high = __builtin_shufflevector(a, b, 2, 6, 3, 7);
  const Four cd_low = __builtin_shufflevector(c, d, 0, 4, 1, 5);
  const Four cd_high = __builtin_shufflevector(c, d, 2, 6, 3, 7);
  const Four lines[] = {__builtin_shufflevector(ab_low, cd_low, 0, 1, 4, 5),
                        __builtin_shufflevector(ab_low, cd_low, 2, 3, 6, 7),
                        __builtin_shufflevector(ab_high, cd_high, 0, 1, 4, 5),
                        __builtin_shufflevector(ab_high, cd_high, 2, 3, 6, 7)};
  for (int i = 0; i < 4; ++i) std::memcpy(out + i * out_stride, &lines[i], sizeof(Four));
}

// Packs a panel of `count` <= Width lines whose elements are contiguous: out[d * Width + line] = in[line *
// stride + d].
template <int Width>
void pack_lines(const float* in, std::ptrdiff_t stride, int count, int depth, float* out) {
  int d = 0;
  if (count == Width) {
    // A cache line of each of four lines is read whole before the next four are: where the stride is a power
    // of two, all lines of a panel would compete for one set of the cache.
    constexpr int kLine = 16;
    const auto fours = [&](int begin, int end) {
      for (int line = 0; line < Width; line += 4) {
        for (int at = begin; at < end; at += 4) {
          transpose_four(in + line * stride + at, stride,
                         out + static_cast<std::ptrdiff_t>(at) * Width + line, Width);
        }
      }
    };
    for (; d + kLine <= depth; d += kLine) fours(d, d + kLine);
    const int rest = depth - depth % 4;
    fours(d, rest);
    d = rest;
  }
  for (out += static_cast<std::ptrdiff_t>(d) * Width; d < depth; ++d, out += Width) {
    for (int line = 0; line < count; ++line) out[line] = in[line * stride + d];
    std::fill(out + count, out + Width, 0.0F);
  }
}

// Packs the panels [first, end) of `lines` lines that lie side by side: panel p's out[d * Width + line] =
// in[d * stride + p * Width + line].
template <int Width>
void pack_across(const float* in, std::ptrdiff_t stride, int lines, int depth, int first, int end,
                 float* packed) {
  for (int d = 0; d < depth; ++d, in += stride) {
    for (int panel = first; panel < end; ++panel) {
      const int line = panel * Width;
      float* out =
          packed + (static_cast<std::ptrdiff_t>(line) * depth + static_cast<std::ptrdiff_t>(d) * Width);
      if (line + Width <= lines) {
        std::memcpy(out, in + line, Width * sizeof(float));
      } else {
        std::fill(std::copy_n(in + line, lines - line, out), out + Width, 0.0F);
      }
    }
  }
}

// `contiguous`: the elements of a line are, else the lines are.
template <int Width>
void pack_panels(const float* in, std::ptrdiff_t stride, bool contiguous, int lines, int depth, int first,
                 int end, float* packed) {
  if (depth == 0) return;
  if (!contiguous) return pack_across<Width>(in, stride, lines, depth, first, end, packed);
  for (int panel = first; panel < end; ++panel) {
    const std::ptrdiff_t line = static_cast<std::ptrdiff_t>(panel) * Width;
    pack_lines<Width>(in + line * stride, stride, std::min<int>(Width, lines - static_cast<int>(line)), depth,
                      packed + line * depth);
  }
}

}  // namespace

void pack_row_panels(const float* a, std::ptrdiff_t lda, bool transposed, int m, int k, int first, int end,
                     float* packed) noexcept {
  pack_panels<kGemmRowPanel>(a, lda, !transposed, m, k, first, end, packed);
}

void pack_row_lines(const float* a, std::ptrdiff_t lda, int rows, int k, float* packed) noexcept {
  constexpr std::ptrdiff_t kStep = static_cast<std::ptrdiff_t>(kGemmLine) * kGemmRowPanel;
  const int whole = k - k % kGemmLine;
  for (int row = 0; row < rows; ++row, a += lda) {
    float* out = packed + row / kGemmRowPanel * round_up(k, kGemmLine) * kGemmRowPanel +
                 static_cast<std::ptrdiff_t>(row % kGemmRowPanel) * kGemmLine;
    for (int at = 0; at < whole; at += kGemmLine, out += kStep) {
      std::memcpy(out, a + at, kGemmLine * sizeof(float));
    }
    std::copy_n(a + whole, k - whole, out);
  }
}

void pack_column_panels(const float* b, std::ptrdiff_t ldb, bool transposed, int k, int n, int first, int end,
                        float* packed) noexcept {
  pack_panels<kGemmColumnPanel>(b, ldb, transposed, n, k, first, end, packed);
}

std::size_t gemm_packed_a_size(int m, int k) {
  return static_cast<std::size_t>(round_up(m, kGemmRowPanel) * k);
}

std::size_t gemm_packed_b_size(int k, int n) {
  return static_cast<std::size_t>(round_up(n, kGemmColumnPanel) * k);
}

void gemm_pack_a(const float* a, std::ptrdiff_t lda, bool transposed, int m, int k, float* packed) noexcept {
  const int panels = static_cast<int>(ceil_div(m, kGemmRowPanel));
  for (int first = 0; first < panels; first += kPanelGroup) {
    pack_row_panels(a, lda, transposed, m, k, first, std::min(first + kPanelGroup, panels), packed);
  }
}

void gemm_pack_b(const float* b, std::ptrdiff_t ldb, bool transposed, int k, int n, float* packed) noexcept {
  const int panels = static_cast<int>(ceil_div(n, kGemmColumnPanel));
  for (int first = 0; first < panels; first += kPanelGroup) {
    pack_column_panels(b, ldb, transposed, k, n, first, std::min(first + kPanelGroup, panels), packed);
  }
}

}  // namespace tenon::cpu
