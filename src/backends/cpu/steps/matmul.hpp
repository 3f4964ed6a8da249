// From matmul's operand shapes to one batched product.
#pragma once

#include "backends/cpu/kernels/gemm/gemm.hpp"
#include "ir/type.hpp"
#include "ops/matmul.hpp"

#include <span>

namespace tenon::cpu {

struct MatMulShape {
  int m = 0, n = 0, k = 0;
  int batch = 1;
  bool a_per_batch = false;  // else one matrix serves the whole batch
  bool b_per_batch = false;
};

// Leading axes of `a` and `b` are those of the result, or all 1. When `b` is one matrix and `a` lies row by
// row, the batch is folded into the rows. ModelError when the shapes do not fit.
MatMulShape matmul_shape(const op::MatMul& op, std::span<const std::int64_t> a,
                         std::span<const std::int64_t> b, std::span<const std::int64_t> y);

// Everything but the pointers, for operands that are stored as the operator takes them.
GemmArgs matmul_args(const op::MatMul& op, const MatMulShape& shape, bool vector_a, bool vector_b);

// Whether entry n of the product's first axis follows from entry n of `a` and one constant matrix of dims `b`
// alone, or from those of `a` and `b`.
bool matmul_by_entry(const op::MatMul& op, const Type* a, std::span<const std::int64_t> b);
bool matmul_by_entry(const op::MatMul& op, const Type* a, const Type* b);

}  // namespace tenon::cpu
