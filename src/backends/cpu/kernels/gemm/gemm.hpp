// Matrix product, single precision:
//
//   C[i, j] = act( sum_k A[i, k] * B[k, j] + bias + R[i, j] )        for each matrix of the batch
//
// A is M x K (or K x M, transposed), B is K x N (or N x K, transposed), C and R are M x N, all row-major with
// a leading dimension. bias has one element per row or per column of C. R may be C itself. Sums run over k in
// ascending order, in passes of at most the kernel's depth, whatever the number of threads.
//
// A constant operand is packed once, in one format for all ISA levels:
//   packed A: [ceil(M / 12)][K][12]   row panels, missing rows zero
//   packed B: [ceil(N / 16)][K][16]   column panels, missing columns zero
// An operand that is not packed is packed by gemm_run into the caller's scratch: B in that format, a
// transposed A too, and the rows of any other A as lines of 16, which costs no more than to copy them:
//   A in lines: [ceil(M / 12)][ceil(K / 16)][12][16]   what is beyond M and K is not read
#pragma once

#include "backends/cpu/kernels/activation.hpp"
#include "backends/cpu/kernels/kernel.hpp"

#include <cstddef>
#include <span>

namespace tenon {
class ThreadPool;
}

namespace tenon::cpu {

inline constexpr int kGemmRowPanel = 12;
inline constexpr int kGemmColumnPanel = 16;
inline constexpr int kGemmLine = 16;

struct GemmMatrix {
  const float* data = nullptr;
  std::ptrdiff_t ld = 0;            // elements between rows (of the stored matrix); not used when packed
  std::ptrdiff_t batch_stride = 0;  // elements between matrices of the batch, 0 to use one for all
  bool transposed = false;
  bool packed = false;
};

struct GemmArgs {
  enum class Bias { none, per_row, per_column };

  int m = 0;
  int n = 0;
  int k = 0;
  int batch = 1;
  GemmMatrix a;
  GemmMatrix b;
  float* c = nullptr;
  std::ptrdiff_t ldc = 0;
  std::ptrdiff_t c_batch_stride = 0;
  Bias bias_axis = Bias::none;
  const float* bias = nullptr;  // the same for the whole batch
  const float* residual = nullptr;
  std::ptrdiff_t ldr = 0;
  std::ptrdiff_t r_batch_stride = 0;
  Activation act;
};

// One register tile over packed operands: `rows` rows (<= the kernel's) and `columns` columns (<= 16 *
// panels).
struct GemmTile {
  const float* a;  // a[k * a_step + row], or in lines a[k / 16 * a_step + row * 16 + k % 16]
  std::ptrdiff_t a_step;
  bool a_lines;
  const float* b;  // b[k * b_step + panel * b_panel + column]
  std::ptrdiff_t b_step;
  std::ptrdiff_t b_panel;
  int k;
  const float*
      ahead;  // what is read soon: fetched into the second-level cache, one address per k, ahead_step apart
  std::ptrdiff_t ahead_step;
  int columns;  // all 16 columns of a panel are read, these are written
  float* c;
  std::ptrdiff_t ldc;
  const float* row_bias;     // of the tile's first row, or nullptr
  const float* column_bias;  // of the tile's first column, or nullptr
  const float* residual;     // at the tile, or nullptr
  std::ptrdiff_t ldr;
  bool first;  // start from the residual, else from what C holds
  bool last;   // add the bias, apply act
  Activation act;
};

struct GemmKernel {
  KernelInfo info;
  int rows;
  int panels;
  int depth;  // of a pass over k
  void (*tile)(const GemmTile&, int rows) noexcept;
};

std::span<const GemmKernel> gemm_kernels();
const GemmKernel* select_gemm(Isa level);

std::size_t gemm_packed_a_size(int m, int k);  // floats
std::size_t gemm_packed_b_size(int k, int n);
void gemm_pack_a(const float* a, std::ptrdiff_t lda, bool transposed, int m, int k, float* packed) noexcept;
void gemm_pack_b(const float* b, std::ptrdiff_t ldb, bool transposed, int k, int n, float* packed) noexcept;

// Floats of scratch that gemm_run needs on a pool of `threads`, by whichever kernel.
std::size_t gemm_scratch_size(const GemmArgs& args, int threads);

void gemm_run(const GemmKernel& kernel, const GemmArgs& args, float* scratch, ThreadPool& pool) noexcept;

// The block C[row_begin, row_end) x [column_begin, column_end) of one product whose operands are both packed,
// on this thread. Begins are multiples of the panel sizes.
struct GemmBlock {
  int row_begin;
  int row_end;
  int column_begin;
  int column_end;
};
void gemm_packed_block(const GemmKernel& kernel, const GemmArgs& args, const GemmBlock& block) noexcept;

}  // namespace tenon::cpu
