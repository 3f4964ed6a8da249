// From the shapes of a product of bytes to what its kernels take.
#pragma once

#include "backends/cpu/kernels/gemm_s8/gemm_s8.hpp"
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

}  // namespace tenon::cpu
