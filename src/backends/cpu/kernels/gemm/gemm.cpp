#include "backends/cpu/kernels/gemm/gemm.hpp"

#include "backends/cpu/kernels/gemm/pack.hpp"
#include "base/cpu_info.hpp"
#include "base/thread_pool.hpp"

#include <algorithm>

namespace tenon::cpu {

#define TENON_GEMM_KERNEL(isa, name, rows, panels, depth) \
  void name(const GemmTile& tile, int tile_rows) noexcept;
#include "backends/cpu/kernels/gemm/kernels.inc"
#undef TENON_GEMM_KERNEL

namespace {

constexpr GemmKernel kGemmKernels[] = {
#define TENON_GEMM_KERNEL(isa, name, rows, panels, depth) \
  {{"gemm", #name, Isa::isa}, rows, panels, depth, name},
#include "backends/cpu/kernels/gemm/kernels.inc"
#undef TENON_GEMM_KERNEL
};

// Below this many multiply-adds a task is not worth waking a thread for.
constexpr std::ptrdiff_t kMinTaskWork = 1 << 16;

// An operand as tiles read it: panel p starts at data + p * panel, and each k, or line of them, advances by
// step. The last panel may lie elsewhere.
struct OperandView {
  const float* data = nullptr;
  std::ptrdiff_t panel = 0;
  std::ptrdiff_t step = 0;
  const float* last_panel = nullptr;
  bool lines = false;
};

struct Product {
  const GemmArgs* args;
  OperandView a;
  const float* plain_a;  // where A is packed on the way; then `a` is not used
  OperandView b;
  float* c;
  const float* residual;
};

// What stands for both operands when k is 0: their memory may then be nowhere.
constexpr float kNothing[kGemmRowPanel] = {};

OperandView packed_view(const float* data, int k, int width) {
  return {data, static_cast<std::ptrdiff_t>(k) * width, width};
}

OperandView lines_view(const float* data, int k) {
  return {data, round_up(k, kGemmLine) * kGemmRowPanel, kGemmLine * kGemmRowPanel, nullptr, true};
}

// Sums are taken in passes over k of equal depth. Few rows stay in the second-level cache all together where
// passes are no deeper than this.
constexpr int kFewRows = 144;
constexpr int kFewRowsDepth = 768;

int pass_count(const GemmKernel& kernel, int m, int k) {
  const int most = m <= kFewRows ? std::min(kernel.depth, kFewRowsDepth) : kernel.depth;
  return std::max<int>(1, static_cast<int>(ceil_div(k, most)));
}
int pass_depth(const GemmKernel& kernel, int m, int k) {
  return static_cast<int>(ceil_div(k, pass_count(kernel, m, k)));
}

// As many rows of A as nearly half of the second-level cache holds, while all columns of a task pass by: the
// columns at work and those that come next lie beside them.
int most_rows_per_pass(int depth) {
  const std::size_t row = static_cast<std::size_t>(std::max(depth, 1)) * sizeof(float);
  const std::size_t panels = cpu_info().l2_bytes * 7 / 16 / row / kGemmRowPanel;
  return static_cast<int>(std::clamp<std::size_t>(panels, 1, 1024)) * kGemmRowPanel;
}

// Blocks of equal height, so that the last one is no sliver for which all columns pass by once more.
int rows_per_pass(int depth, int rows) {
  const auto panels = static_cast<int>(ceil_div(rows, kGemmRowPanel));
  const auto blocks = static_cast<int>(ceil_div(rows, most_rows_per_pass(depth)));
  return static_cast<int>(ceil_div(panels, std::max(1, blocks))) * kGemmRowPanel;
}

// The tiles of rows [i0, i1) and all columns of the block, for the pass that `t` describes and that starts at
// k0. `a` begins with the panel of row `a_row`.
void run_rows(const GemmKernel& kernel, const Product& p, const GemmBlock& block, GemmTile t, int k0,
              const OperandView& a, int a_row, int i0, int i1) {
  const GemmArgs& args = *p.args;
  const int last_panel = (args.n - 1) / kGemmColumnPanel;
  t.a_step = a.step;
  t.a_lines = a.lines;
  t.b_panel = p.b.panel;
  for (int j = block.column_begin; j < block.column_end;) {
    const int panel = j / kGemmColumnPanel;
    int panels =
        std::min<int>(kernel.panels, static_cast<int>(ceil_div(block.column_end - j, kGemmColumnPanel)));
    const bool apart = p.b.last_panel && panel + panels > last_panel;
    if (apart && panels > 1) panels = last_panel - panel;
    t.columns = std::min(panels * kGemmColumnPanel, block.column_end - j);
    if (apart && panel == last_panel) {
      t.b = p.b.last_panel + static_cast<std::ptrdiff_t>(k0) * kGemmColumnPanel;
      t.b_step = kGemmColumnPanel;
    } else {
      t.b = p.b.data + panel * p.b.panel + k0 * p.b.step;
      t.b_step = p.b.step;
    }
    t.column_bias = args.bias_axis == GemmArgs::Bias::per_column ? args.bias + j : nullptr;
    // The columns that come next are fetched while these are computed, in equal shares.
    const std::ptrdiff_t depth = static_cast<std::ptrdiff_t>(t.k) * kGemmColumnPanel;
    const bool fetches =
        j + panels * kGemmColumnPanel < block.column_end && t.b_step == kGemmColumnPanel && t.k > 0;
    std::ptrdiff_t ahead = 0;
    std::ptrdiff_t ahead_panel = panels;
    t.ahead = t.b;
    t.ahead_step = fetches ? ceil_div(panels * kGemmColumnPanel, ceil_div(i1 - i0, kernel.rows)) : 0;
    for (int i = i0; i < i1; i += kernel.rows) {
      t.a = a.data + ((i - a_row) / kGemmRowPanel) * a.panel + i % kGemmRowPanel * (a.lines ? kGemmLine : 1);
      t.c = p.c + i * args.ldc + j;
      t.row_bias = args.bias_axis == GemmArgs::Bias::per_row ? args.bias + i : nullptr;
      t.residual = p.residual ? p.residual + i * args.ldr + j : nullptr;
      if (fetches) {
        t.ahead = t.b + ahead_panel * p.b.panel + ahead;
        ahead += t.ahead_step * t.k;
        for (; ahead >= depth; ahead -= depth) ++ahead_panel;
      }
      kernel.tile(t, std::min(kernel.rows, i1 - i));
    }
    j += panels * kGemmColumnPanel;
  }
}

// `scratch` is for the rows of A that one pass reads, where they are packed on the way.
void run_block(const GemmKernel& kernel, const Product& p, const GemmBlock& block, float* scratch) {
  const GemmArgs& args = *p.args;
  const int passes = pass_count(kernel, args.m, args.k);
  const int depth = pass_depth(kernel, args.m, args.k);
  const int rows = rows_per_pass(depth, block.row_end - block.row_begin);
  GemmTile t{};
  t.act = args.act;
  t.ldc = args.ldc;
  t.ldr = args.ldr;
  for (int pass = 0; pass < passes; ++pass) {
    const int k0 = std::min(pass * depth, args.k);
    t.k = std::min(depth, args.k - k0);
    t.first = pass == 0;
    t.last = pass == passes - 1;
    for (int i0 = block.row_begin; i0 < block.row_end; i0 += rows) {
      const int i1 = std::min(i0 + rows, block.row_end);
      OperandView a = p.a;
      int a_row = 0;
      if (p.plain_a) {
        if (args.a.transposed) {
          pack_row_panels(p.plain_a + i0 + k0 * args.a.ld, args.a.ld, true, args.m - i0, t.k, 0,
                          static_cast<int>(ceil_div(i1 - i0, kGemmRowPanel)), scratch);
          a = packed_view(scratch, t.k, kGemmRowPanel);
        } else {
          pack_row_lines(p.plain_a + i0 * args.a.ld + k0, args.a.ld, i1 - i0, t.k, scratch);
          a = lines_view(scratch, t.k);
        }
        a_row = i0;
      } else {
        a.data += k0 * a.step;
      }
      run_rows(kernel, p, block, t, k0, a, a_row, i0, i1);
    }
  }
}

// How an operand reaches the tiles.
enum class Route { packed, in_place, pack };

Route route_a(const GemmArgs& args) {
  if (args.a.packed) return Route::packed;
  return args.m == 1 ? Route::in_place : Route::pack;
}

// Where every element of B is read once, packing it would cost more than the product.
Route route_b(const GemmArgs& args) {
  if (args.b.packed) return Route::packed;
  return args.m <= kGemmRowPanel && !args.b.transposed ? Route::in_place : Route::pack;
}

std::size_t scratch_a(const GemmArgs& args) {
  if (route_a(args) != Route::pack) return 0;
  std::size_t most = 0;
  for (const GemmKernel& kernel : kGemmKernels) {
    // Few rows, which a larger product may turn out to have, have passes of their own.
    for (const int m : {args.m, std::min(args.m, kFewRows)}) {
      const int depth = pass_depth(kernel, m, args.k);
      const auto lines = static_cast<int>(round_up(depth, kGemmLine));
      most = std::max(most, gemm_packed_a_size(std::min(m, most_rows_per_pass(depth)), lines));
    }
  }
  return most;
}

std::size_t scratch_b(const GemmArgs& args) {
  switch (route_b(args)) {
    case Route::packed: return 0;
    case Route::in_place: return args.n % kGemmColumnPanel ? gemm_packed_b_size(args.k, kGemmColumnPanel) : 0;
    case Route::pack: break;
  }
  return gemm_packed_b_size(args.k, args.n);
}

// The end of the group of panels that begins with `first`.
int group_end(int first, std::ptrdiff_t panels) {
  return static_cast<int>(std::min<std::ptrdiff_t>(first + kPanelGroup, panels));
}

// Packs B if it has to be and fills in the views of matrix `index` of the batch. for_each(panels, body) runs
// body(first, end) for groups of panels that together are all of them.
template <class ForEach>
Product prepare(const GemmArgs& args, int index, float* scratch, const ForEach& for_each) {
  Product p{};
  p.args = &args;
  p.c = args.c + index * args.c_batch_stride;
  p.residual = args.residual ? args.residual + index * args.r_batch_stride : nullptr;

  if (args.k == 0) {
    p.a.data = p.b.data = kNothing;
    return p;
  }

  const float* a = args.a.data + index * args.a.batch_stride;
  switch (route_a(args)) {
    case Route::packed: p.a = packed_view(a, args.k, kGemmRowPanel); break;
    case Route::in_place: p.a = {a, 0, args.a.transposed ? args.a.ld : 1}; break;
    case Route::pack: p.plain_a = a; break;
  }

  const float* b = args.b.data + index * args.b.batch_stride;
  switch (route_b(args)) {
    case Route::packed: p.b = packed_view(b, args.k, kGemmColumnPanel); break;
    case Route::in_place:
      p.b = {b, kGemmColumnPanel, args.b.ld};
      if (const int rest = args.n % kGemmColumnPanel) {
        gemm_pack_b(b + (args.n - rest), args.b.ld, false, args.k, rest, scratch);
        p.b.last_panel = scratch;
      }
      break;
    case Route::pack:
      p.b = packed_view(scratch, args.k, kGemmColumnPanel);
      for_each(ceil_div(args.n, kGemmColumnPanel), [&args, b, scratch](int first, int end) {
        pack_column_panels(b, args.b.ld, args.b.transposed, args.k, args.n, first, end, scratch);
      });
      break;
  }
  return p;
}

struct Grid {
  std::ptrdiff_t rows;
  std::ptrdiff_t columns;
};

// The split of the panels of C into `tasks` blocks whose largest is smallest; of equals, the one that splits
// columns least.
Grid choose_grid(std::ptrdiff_t row_panels, std::ptrdiff_t column_units, std::ptrdiff_t tasks) {
  Grid best{1, 1};
  std::ptrdiff_t best_cost = row_panels * column_units;
  for (std::ptrdiff_t columns = 1; columns <= tasks; ++columns) {
    const std::ptrdiff_t rows = tasks / columns;
    const std::ptrdiff_t cost = ceil_div(row_panels, rows) * ceil_div(column_units, columns);
    if (cost < best_cost) {
      best = {rows, columns};
      best_cost = cost;
    }
  }
  return best;
}

// `scratch` holds scratch_a() floats for each worker.
void run_on_pool(const GemmKernel& kernel, const Product& p, float* scratch, ThreadPool& pool) {
  const GemmArgs& args = *p.args;
  const std::ptrdiff_t work = static_cast<std::ptrdiff_t>(args.m) * args.n * std::max(args.k, 1);
  const std::ptrdiff_t tasks = std::clamp<std::ptrdiff_t>(work / kMinTaskWork, 1, pool.size());
  const std::ptrdiff_t unit = kernel.panels * kGemmColumnPanel;
  const std::ptrdiff_t row_panels = ceil_div(args.m, kGemmRowPanel);
  const std::ptrdiff_t column_units = ceil_div(args.n, unit);
  const Grid grid = choose_grid(row_panels, column_units, tasks);
  const std::size_t share = scratch_a(args);
  pool.run(static_cast<std::size_t>(grid.rows * grid.columns), [&](std::size_t index, int worker) {
    const std::ptrdiff_t i = static_cast<std::ptrdiff_t>(index) / grid.columns;
    const std::ptrdiff_t j = static_cast<std::ptrdiff_t>(index) % grid.columns;
    const auto row = [&](std::ptrdiff_t x) {
      return static_cast<int>(std::min<std::ptrdiff_t>(row_panels * x / grid.rows * kGemmRowPanel, args.m));
    };
    const auto column = [&](std::ptrdiff_t x) {
      return static_cast<int>(std::min<std::ptrdiff_t>(column_units * x / grid.columns * unit, args.n));
    };
    run_block(kernel, p, {row(i), row(i + 1), column(j), column(j + 1)},
              scratch + share * static_cast<std::size_t>(worker));
  });
}

bool splits_batch(const GemmArgs& args, int threads) { return args.batch >= threads; }

}  // namespace

std::span<const GemmKernel> gemm_kernels() { return kGemmKernels; }

const GemmKernel* select_gemm(Isa level) { return best_kernel(gemm_kernels(), level); }

std::size_t gemm_scratch_size(const GemmArgs& args, int threads) {
  const auto workers = static_cast<std::size_t>(threads);
  return scratch_a(args) * workers + scratch_b(args) * (splits_batch(args, threads) ? workers : 1);
}

void gemm_run(const GemmKernel& kernel, const GemmArgs& args, float* scratch, ThreadPool& pool) noexcept {
  if (args.m == 0 || args.n == 0) return;
  if (splits_batch(args, pool.size())) {
    const std::size_t share = scratch_a(args) + scratch_b(args);
    const auto serially = [](std::ptrdiff_t panels, const auto& body) {
      for (int first = 0; first < panels; first += kPanelGroup) body(first, group_end(first, panels));
    };
    pool.run(static_cast<std::size_t>(args.batch), [&](std::size_t index, int worker) {
      float* own = scratch + share * static_cast<std::size_t>(worker);
      const Product p = prepare(args, static_cast<int>(index), own + scratch_a(args), serially);
      run_block(kernel, p, {0, args.m, 0, args.n}, own);
    });
    return;
  }
  const auto on_pool = [&pool](std::ptrdiff_t panels, const auto& body) {
    pool.run(static_cast<std::size_t>(ceil_div(panels, kPanelGroup)),
             [&body, panels](std::size_t group, int) {
               const int first = static_cast<int>(group) * kPanelGroup;
               body(first, group_end(first, panels));
             });
  };
  float* shared = scratch + scratch_a(args) * static_cast<std::size_t>(pool.size());
  for (int index = 0; index < args.batch; ++index) {
    run_on_pool(kernel, prepare(args, index, shared, on_pool), scratch, pool);
  }
}

void gemm_packed_block(const GemmKernel& kernel, const GemmArgs& args, const GemmBlock& block) noexcept {
  Product p{};
  p.args = &args;
  p.a = packed_view(args.k == 0 ? kNothing : args.a.data, args.k, kGemmRowPanel);
  p.b = packed_view(args.k == 0 ? kNothing : args.b.data, args.k, kGemmColumnPanel);
  p.c = args.c;
  p.residual = args.residual;
  run_block(kernel, p, block, nullptr);
}

}  // namespace tenon::cpu

namespace tenon {

void register_cpu_kernel_gemm(cpu::KernelRegistry& registry);
void register_cpu_kernel_gemm(cpu::KernelRegistry& registry) { registry.add(cpu::gemm_kernels()); }

}  // namespace tenon
