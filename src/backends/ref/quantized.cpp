// quantized_conv, quantized_conv_transpose, quantized_matmul, quantized_add, quantized_average_pool,
// byte_table.
#include "backends/ref/correlate.hpp"
#include "backends/ref/index.hpp"
#include "backends/ref/matrix_product.hpp"
#include "backends/ref/numeric.hpp"
#include "backends/ref/registry.hpp"
#include "backends/ref/requantize.hpp"
#include "backends/ref/windows.hpp"
#include "ops/conv_transpose.hpp"
#include "ops/conv_window.hpp"
#include "ops/quantized_add.hpp"
#include "ops/quantized_average_pool.hpp"
#include "ops/quantized_conv_transpose.hpp"
#include "ops/quantized_matmul.hpp"

#include <algorithm>

namespace tenon {
namespace ref {
namespace {

// Applies the formula to sums without their bias. The channel of element i is i / inner % channels; T is
// quantized_conv or quantized_matmul, which have the same operands behind the first two.
template <class T>
void finish(const T& op, const Call& call, std::span<const std::int64_t> sums, std::int64_t inner,
            std::int64_t channels) {
  const auto multipliers = elements<float>(call.in(T::kMultiplier));
  const bool biased = call.has(T::kBias);
  const bool added = call.has(T::kResidual);
  const std::vector<std::int64_t> bias =
      biased ? to_integers(call.in(T::kBias)) : std::vector<std::int64_t>();
  const std::vector<std::int64_t> residual =
      added ? to_integers(call.in(T::kResidual)) : std::vector<std::int64_t>();
  for (std::size_t i = 0; i < sums.size(); ++i) {
    const auto channel = static_cast<std::size_t>(static_cast<std::int64_t>(i) / inner % channels);
    const auto sum = static_cast<std::int32_t>(sums[i] + (biased ? bias[channel] : 0));
    float v = op::scale_sum(sum, multipliers[multipliers.size() == 1 ? 0 : channel]);
    if (added) {
      v = op::add_residual(v, static_cast<std::int32_t>(residual[i]),
                           static_cast<std::int32_t>(op.residual_zero), op.residual_multiplier);
    }
    store_requantized(op::activate(v, op.activation, op.alpha, op.beta), op.y_zero, call.out(), i);
  }
}

void run_quantized_conv(const Op& op, const Call& call) {
  const auto& conv = *op.as<op::QuantizedConv>();
  const Tensor& x = call.in(op::QuantizedConv::kX);
  const Tensor& w = call.in(op::QuantizedConv::kW);
  const CorrelateShape shape = correlate_shape(op::window_fields(conv), conv.group, x.shape(), w.shape());
  std::vector<std::int64_t> sums(static_cast<std::size_t>(call.out().elements()), 0);
  correlate<std::int64_t>(shape, centred_integers(x, conv.x_zero), to_integers(w), sums);
  const std::int64_t planes = shape.batch * shape.out_channels;
  const std::int64_t plane = planes == 0 ? 1 : call.out().elements() / planes;
  finish(conv, call, sums, plane, shape.out_channels);
}

void run_quantized_conv_transpose(const Op& op, const Call& call) {
  const auto& conv = *op.as<op::QuantizedConvTranspose>();
  const Tensor& x = call.in(op::QuantizedConv::kX);
  const Tensor& w = call.in(op::QuantizedConv::kW);
  CorrelateShape shape;
  shape.batch = x.shape()[0];
  shape.in_channels = x.shape()[1];
  shape.out_channels = call.out().shape()[1];
  shape.group = conv.group;
  shape.axes = op::resolve_conv_transpose(op::with_window_of<op::ConvTranspose>(conv),
                                          std::span(x.shape()).subspan(2), std::span(w.shape()).subspan(2));
  std::vector<std::int64_t> sums(static_cast<std::size_t>(call.out().elements()), 0);
  correlate_transposed<std::int64_t>(shape, centred_integers(x, conv.x_zero), to_integers(w), sums);
  const std::int64_t planes = shape.batch * shape.out_channels;
  const std::int64_t plane = planes == 0 ? 1 : call.out().elements() / planes;
  finish(conv, call, sums, plane, shape.out_channels);
}

void run_quantized_matmul(const Op& op, const Call& call) {
  const auto& matmul = *op.as<op::QuantizedMatMul>();
  const Tensor& a = call.in(op::QuantizedMatMul::kA);
  const Tensor& b = call.in(op::QuantizedMatMul::kB);
  const std::vector<std::int64_t> left = centred_integers(a, matmul.a_zero);
  const std::vector<std::int64_t> right = centred_integers(b, matmul.b_zero);
  const MatrixProduct product = matrix_product(a.shape(), b.shape(), matmul.transpose_a, matmul.transpose_b);
  std::vector<std::int64_t> sums(static_cast<std::size_t>(call.out().elements()), 0);
  multiply(
      product, [&](std::int64_t i) { return left[static_cast<std::size_t>(i)]; },
      [&](std::int64_t i) { return right[static_cast<std::size_t>(i)]; }, sums.data());
  finish(matmul, call, sums, 1, std::max<std::int64_t>(product.n, 1));
}

void run_quantized_add(const Op& op, const Call& call) {
  const auto& add = *op.as<op::QuantizedAdd>();
  const std::vector<std::int64_t> a = to_integers(call.in(0));
  const std::vector<std::int64_t> b = to_integers(call.in(1));
  const Shape& shape = call.out().shape();
  const std::vector<std::int64_t> a_strides = broadcast_strides(call.in(0).shape(), shape);
  const std::vector<std::int64_t> b_strides = broadcast_strides(call.in(1).shape(), shape);
  std::size_t i = 0;
  for_each_index(shape, [&](std::span<const std::int64_t> index) {
    const auto left = static_cast<float>(a[static_cast<std::size_t>(dot(index, a_strides))] - add.a_zero);
    const float product = left * add.a_multiplier;
    const auto right = static_cast<std::int32_t>(b[static_cast<std::size_t>(dot(index, b_strides))]);
    const float v = op::add_residual(product, right, static_cast<std::int32_t>(add.b_zero), add.b_multiplier);
    store_requantized(op::activate(v, add.activation, add.alpha, add.beta), add.y_zero, call.out(), i++);
  });
}

void run_quantized_average_pool(const Op& op, const Call& call) {
  const auto& pool = *op.as<op::QuantizedAveragePool>();
  const Tensor& x = call.in(0);
  const std::vector<std::int64_t> from = centred_integers(x, pool.x_zero);
  const std::span<const std::int64_t> spatial = std::span(x.shape()).subspan(2);
  const std::vector<std::int64_t> kernel =
      pool.kernel.empty() ? std::vector<std::int64_t>(spatial.begin(), spatial.end()) : pool.kernel;
  const auto axes = op::resolve_window(op::window_fields(pool), spatial, kernel);
  for_each_window(axes, x.shape(), [&](std::int64_t plane, const Window& window, std::int64_t output) {
    std::int64_t sum = 0;
    for (const std::int64_t offset : window.offsets) sum += from[static_cast<std::size_t>(plane + offset)];
    const std::int64_t count = pool.count_include_pad ? window.padded_count : std::ssize(window.offsets);
    const float multiplier = pool.multiplier / static_cast<float>(count);
    store_requantized(op::scale_sum(static_cast<std::int32_t>(sum), multiplier), pool.y_zero, call.out(),
                      static_cast<std::size_t>(output));
  });
}

void run_byte_table(const Op&, const Call& call) {
  const auto x = elements<std::uint8_t>(call.in(0));
  const auto table = elements<std::uint8_t>(call.in(1));
  const auto y = mutable_elements<std::uint8_t>(call.out());
  for (std::size_t i = 0; i < x.size(); ++i) y[i] = table[x[i]];
}

}  // namespace
}  // namespace ref

void register_ref_quantized(ref::Registry& registry) {
  registry.add("quantized_conv", ref::run_quantized_conv);
  registry.add("quantized_conv_transpose", ref::run_quantized_conv_transpose);
  registry.add("quantized_matmul", ref::run_quantized_matmul);
  registry.add("quantized_add", ref::run_quantized_add);
  registry.add("quantized_average_pool", ref::run_quantized_average_pool);
  registry.add("byte_table", ref::run_byte_table);
}

}  // namespace tenon
