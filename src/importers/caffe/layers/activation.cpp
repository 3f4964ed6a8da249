// Functions of one element.
#include "importers/caffe/layer_context.hpp"
#include "ops/binary.hpp"
#include "ops/cast.hpp"
#include "ops/unary.hpp"

#include <fmt/format.h>

#include <cmath>

namespace tenon::caffe {
namespace {

template <PointwiseFn fn>
Values plain(LayerContext& layer) {
  layer.require(1, 1);
  return {layer.unary(fn, layer.bottom())};
}

// For layers with a message of their own that says nothing about inference.
template <PointwiseFn fn>
Values with_engine(LayerContext& layer, std::string_view name) {
  layer.parameters(name).ignore({"engine"});
  return plain<fn>(layer);
}

Values sigmoid(LayerContext& layer) { return with_engine<PointwiseFn::sigmoid>(layer, "sigmoid_param"); }
Values tanh(LayerContext& layer) { return with_engine<PointwiseFn::tanh>(layer, "tanh_param"); }

Values relu(LayerContext& layer) {
  layer.require(1, 1);
  const Message& fields = layer.parameters("relu_param");
  fields.ignore({"engine"});
  const float slope = fields.number("negative_slope", 0);
  if (slope == 0) return {layer.unary(PointwiseFn::relu, layer.bottom())};
  return {layer.add(op::unary(PointwiseFn::leaky_relu, slope, 0), {layer.bottom()})};
}

Values relu6(LayerContext& layer) {
  layer.require(1, 1);
  layer.parameters("relu_param").ignore({"engine"});
  return {layer.add(op::unary(PointwiseFn::clip, 0, 6), {layer.bottom()})};
}

Values prelu(LayerContext& layer) {
  layer.require(1, 1);
  const Message& fields = layer.parameters("prelu_param");
  const ValueId x = layer.bottom();
  const std::int64_t rank = layer.rank(x);
  if (rank < 2) layer.fail("needs a channel axis");
  const bool shared = fields.flag("channel_shared", false);
  const Filler filler = read_filler(fields.find_message("filler"), Filler::constant(0.25F));
  const Shape stored = shared ? Shape{} : Shape{layer.fixed(x, 1)};
  Shape shape(static_cast<std::size_t>(rank - 1), 1);
  if (!shared) shape[0] = stored[0];
  return {layer.binary(PointwiseFn::prelu, x, layer.constant(layer.blob(0, stored, filler).reshaped(shape)))};
}

Values elu(LayerContext& layer) {
  layer.require(1, 1);
  const float alpha = layer.parameters("elu_param").number("alpha", 1);
  return {layer.add(op::unary(PointwiseFn::elu, alpha, 0), {layer.bottom()})};
}

Values clip(LayerContext& layer) {
  layer.require(1, 1);
  const Message& fields = layer.parameters("clip_param");
  const auto min = fields.find_number("min");
  const auto max = fields.find_number("max");
  if (!min || !max) layer.fail("fields 'min' and 'max' must be given");
  return {layer.add(op::unary(PointwiseFn::clip, *min, *max), {layer.bottom()})};
}

Values swish(LayerContext& layer) {
  layer.require(1, 1);
  const Message& fields = layer.parameters("swish_param");
  fields.ignore({"engine"});
  return {layer.add(op::unary(PointwiseFn::silu, fields.number("beta", 1), 0), {layer.bottom()})};
}

// (shift + scale · x)^power
Values power(LayerContext& layer) {
  layer.require(1, 1);
  const Message& fields = layer.parameters("power_param");
  const float exponent = fields.number("power", 1);
  const ValueId inner =
      layer.shifted(layer.scaled(layer.bottom(), fields.number("scale", 1)), fields.number("shift", 0));
  if (exponent == 1) return {inner};
  if (exponent == 2) return {layer.unary(PointwiseFn::square, inner)};
  return {layer.binary(PointwiseFn::pow, inner, layer.scalar(exponent))};
}

// log of the base that Exp and Log share: natural where it is -1.
double log_base(const LayerContext& layer, const Message& fields) {
  const float base = fields.number("base", -1);
  if (base == -1) return 1;
  if (!(base > 0)) layer.fail(fmt::format("field 'base' has the value {}", base));
  return std::log(static_cast<double>(base));
}

// base^(shift + scale · x)
Values exp(LayerContext& layer) {
  layer.require(1, 1);
  const Message& fields = layer.parameters("exp_param");
  const double factor = log_base(layer, fields);
  const auto scale = static_cast<float>(factor * fields.number("scale", 1));
  const auto shift = static_cast<float>(factor * fields.number("shift", 0));
  return {layer.unary(PointwiseFn::exp, layer.shifted(layer.scaled(layer.bottom(), scale), shift))};
}

// log_base(shift + scale · x)
Values log(LayerContext& layer) {
  layer.require(1, 1);
  const Message& fields = layer.parameters("log_param");
  const double divisor = log_base(layer, fields);
  const ValueId inner =
      layer.shifted(layer.scaled(layer.bottom(), fields.number("scale", 1)), fields.number("shift", 0));
  return {layer.scaled(layer.unary(PointwiseFn::log, inner), static_cast<float>(1 / divisor))};
}

Values threshold(LayerContext& layer) {
  layer.require(1, 1);
  const float limit = layer.parameters("threshold_param").number("threshold", 0);
  const ValueId above = layer.binary(PointwiseFn::greater, layer.bottom(), layer.scalar(limit));
  return {layer.add(op::Cast{.to = DataType::f32}, {above})};
}

// Dropout, Split and training's helpers: every top is the bottom.
Values alias(LayerContext& layer) {
  layer.require(1, 1, 1, static_cast<std::size_t>(-1));
  return Values(layer.top_count(), layer.bottom());
}

Values dropout(LayerContext& layer) {
  const Message& fields = layer.parameters("dropout_param");
  fields.ignore({"dropout_ratio"});
  if (!fields.flag("scale_train", true)) layer.fail("scale_train = false is not supported");
  return alias(layer);
}

}  // namespace
}  // namespace tenon::caffe

namespace tenon {

void register_caffe_activation(caffe::Registry& registry) {
  registry.add("AbsVal", caffe::plain<PointwiseFn::abs>);
  registry.add("BNLL", caffe::plain<PointwiseFn::softplus>);
  registry.add("Clip", caffe::clip);
  registry.add("Dropout", caffe::dropout);
  registry.add("ELU", caffe::elu);
  registry.add("Exp", caffe::exp);
  registry.add("Log", caffe::log);
  registry.add("PReLU", caffe::prelu);
  registry.add("Power", caffe::power);
  registry.add("ReLU", caffe::relu);
  registry.add("ReLU6", caffe::relu6);
  registry.add("Sigmoid", caffe::sigmoid);
  registry.add("Split", caffe::alias);
  registry.add("Swish", caffe::swish);
  registry.add("TanH", caffe::tanh);
  registry.add("Threshold", caffe::threshold);
}

}  // namespace tenon
