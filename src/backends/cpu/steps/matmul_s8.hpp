// Products of bytes with one constant matrix: from their shapes to what kernels take, and the forms in which
// they run.
//
//   cpu.quantized_matmul, cpu.scaled_matmul_integer                  by vectors
//   cpu.quantized_matmul_matrix, cpu.scaled_matmul_integer_matrix    by AMX
#pragma once

#include "backends/cpu/kernels/gemm_s8/gemm_s8.hpp"
#include "backends/cpu/kernels/matrix_s8/gemm_matrix_s8.hpp"
#include "backends/cpu/steps/byte_weights.hpp"
#include "backends/cpu/steps/matmul.hpp"
#include "base/check.hpp"
#include "ir/data.hpp"

#include <string_view>

namespace tenon::cpu {

// Everything but pointers and rounding. ModelError unless `b` is one matrix and the shapes fit.
inline GemmS8Args gemm_s8_args(bool transpose_b, DataType a_dtype, std::span<const std::int64_t> a,
                               std::span<const std::int64_t> b, std::span<const std::int64_t> y,
                               std::string_view kind) {
  op::MatMul product;
  product.transpose_b = transpose_b;
  const MatMulShape shape = matmul_shape(product, a, b, y);
  TENON_REQUIRE(shape.batch == 1 && b.size() == 2, "{}: a batch of products", kind);
  GemmS8Args args;
  args.m = shape.m;
  args.n = shape.n;
  args.k = shape.k;
  args.a_signed = a_dtype == DataType::i8;
  return args;
}

struct ByteProductByVectors {
  using Kernel = ConvS8Kernel;
  static constexpr std::string_view kQuantized = "cpu.quantized_matmul";
  static constexpr std::string_view kScaled = "cpu.scaled_matmul_integer";
  static const Kernel* select(Isa level) { return select_conv_s8(level); }
  static std::size_t packed_size(int k, int n) { return gemm_s8_packed_size(k, n); }
  static void pack(const std::int8_t* b, bool transposed, int k, int n, std::int8_t* packed) {
    gemm_s8_pack(b, transposed, k, n, packed);
  }
  static std::size_t scratch(const GemmS8Args& args, int threads) {
    return gemm_s8_scratch_size(args, threads);
  }
  static void run(const Kernel& kernel, const GemmS8Args& args, std::byte* scratch,
                  ThreadPool& pool) noexcept {
    gemm_s8_run(kernel, args, scratch, pool);
  }
};

struct ByteProductByMatrices {
  using Kernel = MatrixS8Kernel;
  static constexpr std::string_view kQuantized = "cpu.quantized_matmul_matrix";
  static constexpr std::string_view kScaled = "cpu.scaled_matmul_integer_matrix";
  // Offered at the AMX level; plans that were made there run everywhere.
  static constexpr bool kMatrices = true;
  static const Kernel* select(Isa level) { return select_matrix_s8(level); }
  static std::size_t packed_size(int k, int n) { return gemm_matrix_s8_packed_size(k, n); }
  static void pack(const std::int8_t* b, bool transposed, int k, int n, std::int8_t* packed) {
    gemm_matrix_s8_pack(b, transposed, k, n, packed);
  }
  static std::size_t scratch(const GemmS8Args& args, int threads) {
    return gemm_matrix_s8_scratch_size(args, threads);
  }
  static void run(const Kernel& kernel, const GemmS8Args& args, std::byte* scratch,
                  ThreadPool& pool) noexcept {
    gemm_matrix_s8_run(kernel, args, scratch, pool);
  }
};

// Weights as the operator has them, packed for a product of depth k with n columns.
template <class Form>
ByteWeights pack_matrix(bool transposed, int k, int n, const ByteWeights& weights, const ByteSource& a) {
  const std::int8_t* b = weights.filter.values<std::int8_t>().data();
  const std::size_t columns = gemm_s8_packed_bias_size(n);
  ByteWeights packed{Tensor(DataType::i8, {static_cast<std::int64_t>(Form::packed_size(k, n))}),
                     padded_multipliers(weights.multiplier, n, columns),
                     Tensor(DataType::i32, {static_cast<std::int64_t>(columns)})};
  Form::pack(b, transposed, k, n, packed.filter.mutable_values<std::int8_t>().data());
  gemm_s8_pack_bias(b, transposed, k, n, weights.biases(), a.dtype == DataType::i8, a.zero,
                    packed.bias.mutable_values<std::int32_t>().data());
  return packed;
}

}  // namespace tenon::cpu
