// The register tile of gemm.hpp over a vector type of simd/. An ISA file instantiates gemm_tile_of<V, rows,
// panels>.
#pragma once

#include "backends/cpu/kernels/activate.hpp"
#include "backends/cpu/kernels/gemm/gemm.hpp"

namespace tenon::cpu {
namespace {

// C and the residual are fetched while the last so many k pass by, some rows with each line of k: earlier,
// the operands would drive them out of the first-level cache again, and all at once they would hold these up.
constexpr int kGemmFetch = 128;

template <class V, int Rows, int Panels, bool Lines>
void gemm_tile(const GemmTile& t) noexcept {
  constexpr int kVectors = Panels * kGemmColumnPanel / V::kLanes;
  constexpr int kPerPanel = kGemmColumnPanel / V::kLanes;
  V acc[Rows * kVectors];

  const bool full = t.columns == Panels * kGemmColumnPanel;
  const auto left = [&](int vector) TENON_INLINE_LAMBDA {
    const int n = t.columns - vector * V::kLanes;
    return n < 0 ? 0 : n < V::kLanes ? n : V::kLanes;
  };
  const auto read = [&](const float* p, int vector) TENON_INLINE_LAMBDA {
    return full ? V::load(p + vector * V::kLanes) : V::load_n(p + vector * V::kLanes, left(vector));
  };

  unroll<Rows * kVectors>([&](auto i) TENON_INLINE_LAMBDA { acc[i.value] = V::zero(); });
  const auto fetch = [&](int begin, int end) TENON_INLINE_LAMBDA {
    for (int r = begin; r < end; ++r) {
      for (int line = 0; line < Panels; ++line) {
        const int column = line * kGemmColumnPanel;
        __builtin_prefetch(t.c + r * t.ldc + column, 1, 3);
        if (t.first && t.residual) __builtin_prefetch(t.residual + r * t.ldr + column, 0, 3);
      }
    }
  };

  const float* a = t.a;
  const float* b = t.b;
  const float* ahead = t.ahead;
  const auto multiply = [&](int count) TENON_INLINE_LAMBDA {
    for (int k = 0; k < count; ++k) {
      __builtin_prefetch(ahead, 0, 2);
      ahead += t.ahead_step;
      V column[kVectors];
      unroll<kVectors>([&](auto v) TENON_INLINE_LAMBDA {
        column[v.value] = V::load(b + (v.value / kPerPanel) * t.b_panel + (v.value % kPerPanel) * V::kLanes);
      });
      unroll<Rows>([&](auto r) TENON_INLINE_LAMBDA {
        const V x = V::set1(a[r.value * (Lines ? kGemmLine : 1)]);
        unroll<kVectors>([&](auto v) TENON_INLINE_LAMBDA {
          V& sum = acc[r.value * kVectors + v.value];
          sum = fma(x, column[v.value], sum);
        });
      });
      a += Lines ? 1 : t.a_step;
      b += t.b_step;
    }
  };
  const auto multiply_lines = [&](int count) TENON_INLINE_LAMBDA {
    if constexpr (Lines) {
      for (; count > 0; count -= kGemmLine, a += t.a_step - kGemmLine) {
        multiply(count < kGemmLine ? count : kGemmLine);
      }
    } else {
      multiply(count);
    }
  };
  constexpr int kFetchedRows = (Rows * kGemmLine + kGemmFetch - 1) / kGemmFetch + 1;
  const int late = t.k <= kGemmFetch ? t.k : t.k - (t.k - kGemmFetch) / kGemmLine * kGemmLine;
  for (int rest = t.k, fetched = 0; rest > 0;) {
    int count = rest - late;
    if (count <= 0) {
      const int end = t.k < kGemmFetch || fetched + kFetchedRows > Rows ? Rows : fetched + kFetchedRows;
      fetch(fetched, end);
      fetched = end;
      count = rest < kGemmLine || fetched == Rows ? rest : kGemmLine;
    }
    multiply_lines(count);
    rest -= count;
  }

  const auto add_rows = [&](const float* rows, std::ptrdiff_t stride) TENON_INLINE_LAMBDA {
    unroll<Rows>([&](auto r) TENON_INLINE_LAMBDA {
      unroll<kVectors>([&](auto v) TENON_INLINE_LAMBDA {
        V& x = acc[r.value * kVectors + v.value];
        x = x + read(rows + r.value * stride, v.value);
      });
    });
  };
  // The residual comes with the first pass: it may be what C holds.
  if (!t.first) {
    add_rows(t.c, t.ldc);
  } else if (t.residual) {
    add_rows(t.residual, t.ldr);
  }
  if (t.last) {
    if (t.row_bias) {
      unroll<Rows>([&](auto r) TENON_INLINE_LAMBDA {
        const V bias = V::set1(t.row_bias[r.value]);
        unroll<kVectors>([&](auto v) TENON_INLINE_LAMBDA {
          V& x = acc[r.value * kVectors + v.value];
          x = x + bias;
        });
      });
    }
    if (t.column_bias) {
      unroll<kVectors>([&](auto v) TENON_INLINE_LAMBDA {
        const V bias = read(t.column_bias, v.value);
        unroll<Rows>([&](auto r) TENON_INLINE_LAMBDA {
          V& x = acc[r.value * kVectors + v.value];
          x = x + bias;
        });
      });
    }
    activate(acc, t.act);
  }
  unroll<Rows>([&](auto r) TENON_INLINE_LAMBDA {
    unroll<kVectors>([&](auto v) TENON_INLINE_LAMBDA {
      float* p = t.c + r.value * t.ldc + v.value * V::kLanes;
      if (full) {
        acc[r.value * kVectors + v.value].store(p);
      } else {
        acc[r.value * kVectors + v.value].store_n(p, left(v.value));
      }
    });
  });
}

// Tiles of fewer rows, and of a single panel, have code of their own: a small product does no work on
// padding.
template <class V, int Rows, int Panels>
inline __attribute__((always_inline)) void gemm_tile_of(const GemmTile& t, int rows) noexcept {
  using Tile = void (*)(const GemmTile&) noexcept;
  struct Table {
    Tile tile[2][2][Rows] = {};  // by a_lines, more than one panel, rows
  };
  static constexpr Table table = [] {
    Table all;
    unroll<Rows>([&](auto r) TENON_INLINE_LAMBDA {
      all.tile[0][0][r.value] = gemm_tile<V, r.value + 1, 1, false>;
      all.tile[0][1][r.value] = gemm_tile<V, r.value + 1, Panels, false>;
      all.tile[1][0][r.value] = gemm_tile<V, r.value + 1, 1, true>;
      all.tile[1][1][r.value] = gemm_tile<V, r.value + 1, Panels, true>;
    });
    return all;
  }();
  table.tile[t.a_lines][t.columns > kGemmColumnPanel][rows - 1](t);
}

}  // namespace
}  // namespace tenon::cpu
