#include "backends/cpu/kernels/matrix_bf16/gemm_matrix_bf16.hpp"

#include "backends/cpu/kernels/matrix/pack.hpp"
#include "backends/cpu/kernels/matrix/products.hpp"

namespace tenon::cpu {

namespace {

struct HalfMatrixProduct {
  using Kernel = MatrixBf16Kernel;
  using Args = GemmHalfArgs;
  using Work = MatrixBf16Work;
  static constexpr int kElement = 2;

  static const std::byte* rows(const Args& args) { return static_cast<const std::byte*>(args.a); }
  static bool in_place(const Args& args) { return !args.a_single; }
  static const std::byte* weights(const Args& args) { return reinterpret_cast<const std::byte*>(args.b); }

  static void copy(const Kernel& kernel, const Args& args, std::ptrdiff_t row, int from, int count,
                   std::byte* to) {
    const std::ptrdiff_t at = row * args.k + from;
    if (args.a_single) {
      kernel.round(static_cast<const float*>(args.a) + at, count, to);
    } else if (count * kElement == kMatrixDepth) {
      std::memcpy(to, rows(args) + at * kElement, kMatrixDepth);
    } else {
      std::memcpy(to, rows(args) + at * kElement, static_cast<std::size_t>(count * kElement));
    }
  }

  static void set_epilogue(const Args& args, std::ptrdiff_t block, Work& work) {
    work.bias = args.bias ? args.bias + block * kChannelBlock : nullptr;
    work.act = args.act;
    work.residual = args.residual;
    work.residual_single = args.residual_single;
    work.dst_single = args.c_single;
  }
  static bool finished(const Args&) { return false; }
  static const ProductFinish* finish(const Args&) { return nullptr; }
};

}  // namespace

std::size_t gemm_matrix_bf16_packed_size(int k, int n) { return matrix_packed_product_size(k, n, 2); }

void gemm_matrix_bf16_pack(const float* b, bool transposed, int k, int n, std::uint16_t* packed) {
  matrix_pack_product(k, n, packed, [&](int row, int column) {
    return bfloat16(b[transposed ? static_cast<std::ptrdiff_t>(column) * k + row
                                 : static_cast<std::ptrdiff_t>(row) * n + column])
        .bits;
  });
}

std::size_t gemm_matrix_bf16_scratch_size(const GemmHalfArgs& args, int threads) {
  return matrix_products_scratch_size<HalfMatrixProduct>(args, threads);
}

void gemm_matrix_bf16_run(const MatrixBf16Kernel& kernel, const GemmHalfArgs& args, std::byte* scratch,
                          ThreadPool& pool) noexcept {
  matrix_products_run<HalfMatrixProduct>(kernel, args, scratch, pool);
}

}  // namespace tenon::cpu
