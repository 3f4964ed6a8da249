#include "backends/cpu/kernels/matrix_s8/gemm_matrix_s8.hpp"

#include "backends/cpu/kernels/matrix/pack.hpp"
#include "backends/cpu/kernels/matrix/products.hpp"

namespace tenon::cpu {

namespace {

using ByteVector [[gnu::vector_size(16)]] = std::uint8_t;

struct ByteMatrixProduct {
  using Kernel = MatrixS8Kernel;
  using Args = GemmS8Args;
  using Work = MatrixS8Work;
  static constexpr int kElement = 1;

  static const std::byte* rows(const Args& args) { return reinterpret_cast<const std::byte*>(args.a); }
  static bool in_place(const Args& args) { return !args.a_signed; }
  static const std::byte* weights(const Args& args) { return reinterpret_cast<const std::byte*>(args.b); }

  static void copy(const Kernel&, const Args& args, std::ptrdiff_t row, int from, int count, std::byte* to) {
    const std::byte* src = rows(args) + row * args.k + from;
    if (count == kMatrixDepth) return copy_step(src, args.a_signed ? 0x80 : 0, to);
    std::byte rest[kMatrixDepth] = {};  // times weights of zero
    std::memcpy(rest, src, static_cast<std::size_t>(count));
    copy_step(rest, args.a_signed ? 0x80 : 0, to);
  }

  static void copy_step(const std::byte* src, std::uint8_t flip, std::byte* to) {
    for (int i = 0; i < kMatrixDepth; i += static_cast<int>(sizeof(ByteVector))) {
      ByteVector x;
      std::memcpy(&x, src + i, sizeof x);
      x ^= flip;
      std::memcpy(to + i, &x, sizeof x);
    }
  }

  static void set_epilogue(const Args& args, std::ptrdiff_t block, Work& work) {
    work.bias = args.bias + block * kChannelBlock;
    work.requantize = &args.requantize;
    work.multiplier = args.requantize.multiplier + block * kChannelBlock;
  }
  static bool finished(const Args& args) { return args.finished; }
  static const ProductFinish* finish(const Args& args) { return args.finish; }
};

}  // namespace

std::size_t gemm_matrix_s8_packed_size(int k, int n) { return matrix_packed_product_size(k, n, 1); }

void gemm_matrix_s8_pack(const std::int8_t* b, bool transposed, int k, int n, std::int8_t* packed) {
  matrix_pack_product(k, n, packed, [&](int row, int column) {
    return b[transposed ? static_cast<std::ptrdiff_t>(column) * k + row
                        : static_cast<std::ptrdiff_t>(row) * n + column];
  });
}

std::size_t gemm_matrix_s8_scratch_size(const GemmS8Args& args, int threads) {
  return matrix_products_scratch_size<ByteMatrixProduct>(args, threads);
}

void gemm_matrix_s8_run(const MatrixS8Kernel& kernel, const GemmS8Args& args, std::byte* scratch,
                        ThreadPool& pool) noexcept {
  matrix_products_run<ByteMatrixProduct>(kernel, args, scratch, pool);
}

}  // namespace tenon::cpu
