#include "backends/ref/matrix_product.hpp"

#include "backends/ref/index.hpp"

namespace tenon::ref {

MatrixProduct matrix_product(const Shape& a, const Shape& b, bool transpose_a, bool transpose_b) {
  Shape left = a;
  Shape right = b;
  if (a.size() == 1) left.insert(left.begin(), 1);
  if (b.size() == 1) right.push_back(1);
  transpose_a = transpose_a && a.size() > 1;
  transpose_b = transpose_b && b.size() > 1;

  MatrixProduct product;
  const auto last = [](const Shape& shape, std::size_t i) { return shape[shape.size() - i]; };
  product.m = last(left, transpose_a ? 1 : 2);
  product.k = last(left, transpose_a ? 2 : 1);
  product.n = last(right, transpose_b ? 2 : 1);
  product.a_row = transpose_a ? 1 : last(left, 1);
  product.a_column = transpose_a ? last(left, 1) : 1;
  product.b_row = transpose_b ? 1 : last(right, 1);
  product.b_column = transpose_b ? last(right, 1) : 1;

  const std::int64_t left_size = last(left, 1) * last(left, 2);
  const std::int64_t right_size = last(right, 1) * last(right, 2);
  left.resize(left.size() - 2);
  right.resize(right.size() - 2);
  const Shape batch = broadcast_shape(left, right);
  const std::vector<std::int64_t> left_strides = broadcast_strides(left, batch);
  const std::vector<std::int64_t> right_strides = broadcast_strides(right, batch);
  for_each_index(batch, [&](std::span<const std::int64_t> index) {
    product.a_offset.push_back(dot(index, left_strides) * left_size);
    product.b_offset.push_back(dot(index, right_strides) * right_size);
  });
  return product;
}

}  // namespace tenon::ref
