// matmul_integer and qlinear_matmul.
#include "ops/matmul_integer.hpp"

#include "backends/ref/index.hpp"
#include "backends/ref/matrix_product.hpp"
#include "backends/ref/numeric.hpp"
#include "backends/ref/registry.hpp"

namespace tenon {
namespace ref {
namespace {

// A quantization parameter seen as a tensor that broadcasts against its matrices: a list of rows is a column.
Shape parameter_shape(const Tensor& parameter, bool per_row) {
  Shape shape = parameter.shape();
  if (shape.size() == 1 && per_row) shape.push_back(1);
  return shape;
}

// parameter, expanded to `shape`.
std::vector<double> expanded(const Tensor& parameter, bool per_row, const Shape& shape) {
  const std::vector<double> values = to_doubles(parameter);
  if (values.size() == 1)
    return std::vector<double>(static_cast<std::size_t>(element_count(shape)), values[0]);
  const std::vector<std::int64_t> strides = broadcast_strides(parameter_shape(parameter, per_row), shape);
  std::vector<double> result;
  for_each_index(shape, [&](std::span<const std::int64_t> index) {
    result.push_back(values[static_cast<std::size_t>(dot(index, strides))]);
  });
  return result;
}

// x - zero as doubles, which hold every such difference and sum of products exactly.
std::vector<double> centred(const Tensor& x, const Tensor* zero, bool per_row) {
  std::vector<double> values = to_doubles(x);
  if (zero == nullptr) return values;
  const std::vector<double> zeros = expanded(*zero, per_row, x.shape());
  for (std::size_t i = 0; i < values.size(); ++i) values[i] -= zeros[i];
  return values;
}

std::vector<double> centred_product(const Tensor& a, const Tensor* a_zero, const Tensor& b,
                                    const Tensor* b_zero, std::int64_t outputs) {
  const std::vector<double> left = centred(a, a_zero, true);
  const std::vector<double> right = centred(b, b_zero, false);
  std::vector<double> sums(static_cast<std::size_t>(outputs), 0.0);
  multiply(
      matrix_product(a.shape(), b.shape(), false, false),
      [&](std::int64_t i) { return left[static_cast<std::size_t>(i)]; },
      [&](std::int64_t i) { return right[static_cast<std::size_t>(i)]; }, sums.data());
  return sums;
}

void run_matmul_integer(const Op&, const Call& call) {
  const std::vector<double> sums =
      centred_product(call.in(0), call.has(2) ? &call.in(2) : nullptr, call.in(1),
                      call.has(3) ? &call.in(3) : nullptr, call.out().elements());
  store_integers(std::vector<std::int64_t>(sums.begin(), sums.end()), call.out());
}

void run_qlinear_matmul(const Op&, const Call& call) {
  const Shape& shape = call.out().shape();
  const std::vector<double> sums =
      centred_product(call.in(0), &call.in(2), call.in(3), &call.in(5), call.out().elements());
  const std::vector<double> a_scale = expanded(call.in(1), true, shape);
  const std::vector<double> b_scale = expanded(call.in(4), false, shape);
  const std::vector<double> y_scale = expanded(call.in(6), true, shape);
  const std::vector<double> y_zero = expanded(call.in(7), true, shape);
  const bool integer = is_integer(call.out().dtype());
  std::vector<double> y(sums.size());
  for (std::size_t i = 0; i < y.size(); ++i) {
    const float multiplier =
        static_cast<float>(a_scale[i]) * static_cast<float>(b_scale[i]) / static_cast<float>(y_scale[i]);
    const auto scaled = static_cast<double>(static_cast<float>(sums[i]) * multiplier);
    y[i] = (integer ? round_half_even(scaled) : scaled) + y_zero[i];
  }
  store_doubles(y, call.out(), Overflow::saturate);
}

}  // namespace
}  // namespace ref

void register_ref_matmul_integer(ref::Registry& registry) {
  registry.add("matmul_integer", ref::run_matmul_integer);
  registry.add("qlinear_matmul", ref::run_qlinear_matmul);
}

}  // namespace tenon
