// conv_integer and qlinear_conv.
#include "ops/conv_integer.hpp"

#include "backends/ref/correlate.hpp"
#include "backends/ref/numeric.hpp"
#include "backends/ref/registry.hpp"
#include "ops/qlinear_conv.hpp"

namespace tenon {
namespace ref {
namespace {

// Element i of a list with one entry per channel or one for all.
template <class V>
V per_channel(const std::vector<V>& list, std::int64_t i) {
  return list[list.size() == 1 ? 0 : static_cast<std::size_t>(i)];
}

// Σ (x - x_zero) · (w - w_zero); zero points may be absent.
std::vector<std::int64_t> integer_correlation(const CorrelateShape& shape, const Tensor& x, const Tensor& w,
                                              const Tensor* x_zero, const Tensor* w_zero,
                                              std::int64_t outputs) {
  std::vector<std::int64_t> xs = to_integers(x);
  std::vector<std::int64_t> ws = to_integers(w);
  const std::vector<std::int64_t> no_zero{0};
  const std::vector<std::int64_t> x_zeros = x_zero != nullptr ? to_integers(*x_zero) : no_zero;
  const std::vector<std::int64_t> w_zeros = w_zero != nullptr ? to_integers(*w_zero) : no_zero;
  for (std::int64_t& value : xs) value -= x_zeros[0];
  const std::int64_t per_output = shape.out_channels == 0 ? 1 : w.elements() / shape.out_channels;
  for (std::size_t i = 0; i < ws.size(); ++i)
    ws[i] -= per_channel(w_zeros, static_cast<std::int64_t>(i) / per_output);
  std::vector<std::int64_t> y(static_cast<std::size_t>(outputs), 0);
  correlate<std::int64_t>(shape, xs, ws, y);
  return y;
}

const Tensor* operand_or_null(const Call& call, std::size_t i) { return call.has(i) ? &call.in(i) : nullptr; }

void run_conv_integer(const Op& op, const Call& call) {
  const auto& conv = *op.as<op::ConvInteger>();
  const CorrelateShape shape =
      correlate_shape(op::window_fields(conv), conv.group, call.in(0).shape(), call.in(1).shape());
  store_integers(integer_correlation(shape, call.in(0), call.in(1), operand_or_null(call, 2),
                                     operand_or_null(call, 3), call.out().elements()),
                 call.out());
}

void run_qlinear_conv(const Op& op, const Call& call) {
  const auto& conv = *op.as<op::QLinearConv>();
  const CorrelateShape shape =
      correlate_shape(op::window_fields(conv), conv.group, call.in(0).shape(), call.in(3).shape());
  const std::vector<std::int64_t> sums =
      integer_correlation(shape, call.in(0), call.in(3), &call.in(2), &call.in(5), call.out().elements());
  const auto x_scale = elements<float>(call.in(1))[0];
  const auto w_scales = elements<float>(call.in(4));
  const auto y_scale = elements<float>(call.in(6))[0];
  const auto y_zero = static_cast<double>(to_integers(call.in(7))[0]);
  const std::vector<std::int64_t> bias = call.has(8) ? to_integers(call.in(8)) : std::vector<std::int64_t>{0};
  const std::int64_t plane =
      shape.batch * shape.out_channels == 0 ? 1 : call.out().elements() / (shape.batch * shape.out_channels);
  std::vector<double> y(sums.size());
  for (std::size_t i = 0; i < y.size(); ++i) {
    const std::int64_t channel = static_cast<std::int64_t>(i) / plane % shape.out_channels;
    const float w_scale = w_scales[w_scales.size() == 1 ? 0 : static_cast<std::size_t>(channel)];
    const float multiplier = x_scale * w_scale / y_scale;
    const auto sum = static_cast<std::int32_t>(sums[i] + per_channel(bias, channel));
    y[i] = round_half_even(static_cast<double>(static_cast<float>(sum) * multiplier)) + y_zero;
  }
  store_doubles(y, call.out());
}

}  // namespace
}  // namespace ref

void register_ref_conv_integer(ref::Registry& registry) {
  registry.add("conv_integer", ref::run_conv_integer);
  registry.add("qlinear_conv", ref::run_qlinear_conv);
}

}  // namespace tenon
