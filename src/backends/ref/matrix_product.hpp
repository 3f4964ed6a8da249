// Batched matrix products under numpy's shape rules, shared by the float, integer and quantized forms.
#pragma once

#include <tenon/tensor.hpp>

#include <cstdint>
#include <vector>

namespace tenon::ref {

// The product of a and b as batches of m × k by k × n matrices, with element strides (transposition swaps two
// of them).
struct MatrixProduct {
  std::int64_t m = 1, n = 1, k = 1;
  std::int64_t a_row = 0, a_column = 0;  // strides of a
  std::int64_t b_row = 0, b_column = 0;
  std::vector<std::int64_t> a_offset;  // of each matrix of the result, in order
  std::vector<std::int64_t> b_offset;
};

MatrixProduct matrix_product(const Shape& a, const Shape& b, bool transpose_a, bool transpose_b);

// y[i, j] = Σ_k a(offset of element) · b(offset of element), y dense; `a` and `b` return values of type V by
// element offset.
template <class V, class A, class B>
void multiply(const MatrixProduct& product, const A& a, const B& b, V* y) {
  for (std::size_t batch = 0; batch < product.a_offset.size(); ++batch) {
    for (std::int64_t i = 0; i < product.m; ++i) {
      V* row = y + (static_cast<std::int64_t>(batch) * product.m + i) * product.n;
      for (std::int64_t p = 0; p < product.k; ++p) {
        const V left = a(product.a_offset[batch] + i * product.a_row + p * product.a_column);
        const std::int64_t base = product.b_offset[batch] + p * product.b_row;
        for (std::int64_t j = 0; j < product.n; ++j) row[j] += left * b(base + j * product.b_column);
      }
    }
  }
}

}  // namespace tenon::ref
