// quantize_linear, dequantize_linear, dynamic_quantize_linear.
#include "backends/ref/index.hpp"
#include "backends/ref/numeric.hpp"
#include "backends/ref/registry.hpp"
#include "ops/dequantize_linear.hpp"
#include "ops/dynamic_quantize_linear.hpp"
#include "ops/quantize_linear.hpp"

#include <algorithm>
#include <functional>

namespace tenon {
namespace ref {
namespace {

// The position in scale (and zero point) that belongs to each element of x, in order.
std::vector<std::size_t> parameter_positions(const Shape& x, const Tensor& scale, std::int64_t axis,
                                             std::int64_t block_size) {
  const auto count = static_cast<std::size_t>(element_count(x));
  if (scale.elements() == 1) return std::vector<std::size_t>(count, 0);
  const AxisView view = axis_view(x, positive_axis(axis, static_cast<std::int64_t>(x.size())));
  const std::int64_t block = std::max<std::int64_t>(block_size, 1);
  const std::int64_t blocks = (view.size + block - 1) / block;
  std::vector<std::size_t> result;
  for (std::int64_t i = 0; i < static_cast<std::int64_t>(count); ++i) {
    const std::int64_t along = i / view.inner % view.size;
    const std::int64_t outer = i / view.inner / view.size;
    const bool per_axis = block_size == 0;
    result.push_back(static_cast<std::size_t>(
        per_axis ? along : (outer * blocks + along / block) * view.inner + i % view.inner));
  }
  return result;
}

std::vector<double> zero_points(const Call& call, std::size_t operand, std::size_t count) {
  std::vector<double> zeros =
      call.has(operand) ? to_doubles(call.in(operand)) : std::vector<double>(count, 0.0);
  if (zeros.size() == 1) zeros.resize(count, zeros[0]);
  return zeros;
}

// Rounds to the dtype that quantization is computed in.
double rounded_to(DataType dtype, double value) {
  switch (dtype) {
    case DataType::f64: return value;
    case DataType::f16: return widen(narrow<float16>(value));
    case DataType::bf16: return widen(narrow<bfloat16>(value));
    default: return static_cast<double>(static_cast<float>(value));
  }
}

void run_quantize(const Op& op, const Call& call) {
  const auto& quantize = *op.as<op::QuantizeLinear>();
  const Tensor& scale = call.in(1);
  const std::vector<double> x = to_doubles(call.in(0));
  const std::vector<double> scales = to_doubles(scale);
  const std::vector<double> zeros = zero_points(call, 2, scales.size());
  const std::vector<std::size_t> where =
      parameter_positions(call.in(0).shape(), scale, quantize.axis, quantize.block_size);
  const DataType precision = quantize.precision.value_or(DataType::f32);
  const bool integer = is_integer(call.out().dtype());
  std::vector<double> y(x.size());
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double quotient = rounded_to(precision, x[i] / scales[where[i]]);
    y[i] = (integer ? round_half_even(quotient) : quotient) + zeros[where[i]];
  }
  store_doubles(y, call.out(), quantize.saturate ? Overflow::saturate : Overflow::to_infinity);
}

void run_dequantize(const Op& op, const Call& call) {
  const auto& dequantize = *op.as<op::DequantizeLinear>();
  const Tensor& scale = call.in(1);
  const std::vector<double> x = to_doubles(call.in(0));
  const std::vector<double> scales = to_doubles(scale);
  const std::vector<double> zeros = zero_points(call, 2, scales.size());
  const std::vector<std::size_t> where =
      parameter_positions(call.in(0).shape(), scale, dequantize.axis, dequantize.block_size);
  std::vector<double> y(x.size());
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double centred = rounded_to(DataType::f32, x[i] - zeros[where[i]]);
    y[i] = rounded_to(DataType::f32, centred * scales[where[i]]);
  }
  store_doubles(y, call.out());
}

void run_dynamic_quantize(const Op&, const Call& call) {
  const auto x = elements<float>(call.in(0));
  float low = 0;
  float high = 0;
  for (const float value : x) {
    low = std::min(low, value);
    high = std::max(high, value);
  }
  const float scale = (high - low) / 255.0F;
  const double zero =
      scale == 0 ? 0 : std::clamp(round_half_even(-static_cast<double>(low / scale)), 0.0, 255.0);
  std::vector<double> y;
  for (const float value : x) {
    y.push_back(scale == 0 ? 0 : round_half_even(static_cast<double>(value / scale)) + zero);
  }
  store_doubles(y, call.out(0));
  mutable_elements<float>(call.out(1))[0] = scale;
  mutable_elements<std::uint8_t>(call.out(2))[0] = static_cast<std::uint8_t>(zero);
}

}  // namespace
}  // namespace ref

void register_ref_quantize(ref::Registry& registry) {
  registry.add("quantize_linear", ref::run_quantize);
  registry.add("dequantize_linear", ref::run_dequantize);
  registry.add("dynamic_quantize_linear", ref::run_dynamic_quantize);
}

}  // namespace tenon
