// What the tactics of products of bytes with one constant matrix share, in each of the forms of
// steps/matmul_s8.hpp.
#pragma once

#include "backends/cpu/steps/matmul_s8.hpp"
#include "backends/cpu/tactics/cost.hpp"
#include "backends/cpu/tactics/matrices.hpp"
#include "backends/cpu/tactics/quantized_operands.hpp"

#include <algorithm>

namespace tenon::cpu {

template <class Form>
double byte_product_ns(const Problem& problem, const MatMulShape& shape) {
  const double results = 1.0 * shape.m * shape.n * shape.batch;
  double ns = 0;
  if constexpr (kByMatrices<Form>) {
    // Rows are multiplied by sixteens.
    const double rows = static_cast<double>(round_up(shape.m, kMatrixRows));
    ns = matrix_integer_ns(rows * shape.n, static_cast<double>(round_up(shape.k, kMatrixDepth)), problem);
  } else {
    ns = integer_ns(2 * results * shape.k, problem);
  }
  return std::max(ns, memory_ns(touched_bytes(problem), problem));
}

}  // namespace tenon::cpu
