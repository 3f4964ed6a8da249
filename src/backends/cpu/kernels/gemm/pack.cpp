#include "backends/cpu/kernels/gemm/pack.hpp"

#include "backends/cpu/kernels/gemm/gemm.hpp"

#include <algorithm>

namespace tenon::cpu {

namespace {

// Packs `count` <= Width lines of `depth` elements: out[d * Width + line] = in[line * line_stride + d *
// depth_stride].
template <int Width>
void pack_panel(const float* in, std::ptrdiff_t line_stride, std::ptrdiff_t depth_stride, int count,
                int depth, float* out) {
  if (line_stride == 1) {
    for (int d = 0; d < depth; ++d, in += depth_stride, out += Width) {
      if (count == Width) {
        std::copy_n(in, Width, out);
      } else {
        std::fill(std::copy_n(in, count, out), out + Width, 0.0F);
      }
    }
    return;
  }
  if (count < Width)
    std::fill_n(out, static_cast<std::size_t>(Width) * static_cast<std::size_t>(depth), 0.0F);
  for (int d = 0; d < depth; ++d, in += depth_stride, out += Width) {
    for (int line = 0; line < count; ++line) out[line] = in[line * line_stride];
  }
}

}  // namespace

void pack_row_panel(const float* a, std::ptrdiff_t lda, bool transposed, int m, int k, int panel,
                    float* packed) noexcept {
  if (k == 0) return;
  const int row = panel * kGemmRowPanel;
  const std::ptrdiff_t line = transposed ? 1 : lda;
  pack_panel<kGemmRowPanel>(a + row * line, line, transposed ? lda : 1, std::min(kGemmRowPanel, m - row), k,
                            packed + static_cast<std::ptrdiff_t>(row) * k);
}

void pack_column_panel(const float* b, std::ptrdiff_t ldb, bool transposed, int k, int n, int panel,
                       float* packed) noexcept {
  if (k == 0) return;
  const int column = panel * kGemmColumnPanel;
  const std::ptrdiff_t line = transposed ? ldb : 1;
  pack_panel<kGemmColumnPanel>(b + column * line, line, transposed ? 1 : ldb,
                               std::min(kGemmColumnPanel, n - column), k,
                               packed + static_cast<std::ptrdiff_t>(column) * k);
}

std::size_t gemm_packed_a_size(int m, int k) {
  return static_cast<std::size_t>(round_up(m, kGemmRowPanel) * k);
}

std::size_t gemm_packed_b_size(int k, int n) {
  return static_cast<std::size_t>(round_up(n, kGemmColumnPanel) * k);
}

void gemm_pack_a(const float* a, std::ptrdiff_t lda, bool transposed, int m, int k, float* packed) noexcept {
  for (int panel = 0; panel < ceil_div(m, kGemmRowPanel); ++panel)
    pack_row_panel(a, lda, transposed, m, k, panel, packed);
}

void gemm_pack_b(const float* b, std::ptrdiff_t ldb, bool transposed, int k, int n, float* packed) noexcept {
  for (int panel = 0; panel < ceil_div(n, kGemmColumnPanel); ++panel) {
    pack_column_panel(b, ldb, transposed, k, n, panel, packed);
  }
}

}  // namespace tenon::cpu
