// BatchNorm, LRN, MVN, and Normalize of the SSD fork.
#include "importers/caffe/layer_context.hpp"
#include "ops/average_pool.hpp"
#include "ops/batch_norm.hpp"
#include "ops/lrn.hpp"
#include "ops/mean_variance_norm.hpp"
#include "ops/reduce.hpp"

#include <fmt/format.h>

namespace tenon::caffe {
namespace {

ValueId mean_over(LayerContext& layer, ValueId x, const Ints& axes) {
  op::Reduce mean;
  mean.fn = op::ReduceFn::mean;
  mean.axes = axes;
  return layer.add(mean, {x});
}

Tensor filled(std::int64_t channels, float value) { return fill(Filler::constant(value), {channels}, 0); }

// Sums that training has gathered, with the number that they are to be divided by.
Tensor statistic(const LayerContext& layer, std::size_t index, std::int64_t channels, float value) {
  const Tensor sum = layer.blob(index, {channels}, Filler::constant(value));
  const float count = layer.blob(2, {1}, Filler::constant(1)).values<float>()[0];
  Tensor result = sum.clone();
  for (float& element : result.mutable_values<float>()) element *= count == 0 ? 0 : 1 / count;
  return result;
}

// By the statistics of the batch itself.
ValueId normalize_by_batch(LayerContext& layer, float epsilon) {
  const ValueId x = layer.bottom();
  Ints axes{0};
  for (std::int64_t i = 2; i < layer.rank(x); ++i) axes.push_back(i);
  const ValueId centred = layer.binary(PointwiseFn::sub, x, mean_over(layer, x, axes));
  const ValueId variance = mean_over(layer, layer.unary(PointwiseFn::square, centred), axes);
  return layer.binary(PointwiseFn::div, centred,
                      layer.unary(PointwiseFn::sqrt, layer.shifted(variance, epsilon)));
}

Values batch_norm(LayerContext& layer) {
  layer.require(1, 1);
  const Message& fields = layer.parameters("batch_norm_param");
  fields.ignore({"moving_average_fraction", "engine"});
  const float epsilon = fields.number("eps", 1e-5F);
  const bool stored = fields.flag("use_global_stats", true);
  // A fork keeps the factors and terms of the Scale layer that usually follows in here.
  const bool with_scale = fields.flag("scale_bias", false);
  const Filler scale_filler = read_filler(fields.find_message("scale_filler"), Filler::constant(1));
  const Filler bias_filler = read_filler(fields.find_message("bias_filler"), Filler::constant(0));
  if (!stored) {
    if (with_scale) layer.fail("scale_bias without use_global_stats is not supported");
    return {normalize_by_batch(layer, epsilon)};
  }
  if (layer.rank(layer.bottom()) < 2) layer.fail("needs a channel axis");
  const std::int64_t channels = layer.fixed(layer.bottom(), 1);
  layer.charge(channels);
  const Tensor scale = with_scale ? layer.blob(3, {channels}, scale_filler) : filled(channels, 1);
  const Tensor bias = with_scale ? layer.blob(4, {channels}, bias_filler) : filled(channels, 0);
  return {layer.add(op::BatchNorm{epsilon}, {layer.bottom(), layer.constant(scale), layer.constant(bias),
                                             layer.constant(statistic(layer, 0, channels, 0)),
                                             layer.constant(statistic(layer, 1, channels, 1))})};
}

Values lrn(LayerContext& layer) {
  layer.require(1, 1);
  const Message& fields = layer.parameters("lrn_param");
  fields.ignore({"engine"});
  op::Lrn across;
  across.size = fields.integer("local_size", 5);
  across.alpha = fields.number("alpha", 1);
  across.beta = fields.number("beta", 0.75F);
  across.bias = fields.number("k", 1);
  if (across.size < 1 || across.size % 2 == 0 || across.size > 4096) {
    layer.fail(fmt::format("field 'local_size' has the value {}", across.size));
  }
  const ValueId x = layer.bottom();
  const bool within = layer.choice(fields, "norm_region", {"ACROSS_CHANNELS", "WITHIN_CHANNEL"}, 0) == 1;
  if (!within) return {layer.add(across, {x})};
  // The mean of squares under a window in the same channel; k does not take part here.
  if (layer.rank(x) != 4) layer.fail("norm_region WITHIN_CHANNEL needs four axes");
  op::AveragePool pool;
  pool.kernel = {across.size, across.size};
  pool.stride = {1, 1};
  pool.pad = Ints(4, (across.size - 1) / 2);
  pool.count_include_pad = true;
  const ValueId squares = layer.add(std::move(pool), {layer.unary(PointwiseFn::square, x)});
  const ValueId sum = layer.shifted(layer.scaled(squares, across.alpha), 1);
  return {layer.binary(PointwiseFn::mul, x, layer.binary(PointwiseFn::pow, sum, layer.scalar(-across.beta)))};
}

Values mvn(LayerContext& layer) {
  layer.require(1, 1);
  const Message& fields = layer.parameters("mvn_param");
  const float epsilon = fields.number("eps", 1e-9F);
  const bool across = fields.flag("across_channels", false);
  const ValueId x = layer.bottom();
  Ints axes;
  for (std::int64_t i = across ? 1 : 2; i < layer.rank(x); ++i) axes.push_back(i);
  if (axes.empty()) layer.fail(fmt::format("has no axes to normalize in {}", layer.rank(x)));
  if (fields.flag("normalize_variance", true)) return {layer.add(op::MeanVarianceNorm{axes, epsilon}, {x})};
  return {layer.binary(PointwiseFn::sub, x, mean_over(layer, x, axes))};
}

// x / sqrt(Σ x² + eps) · scale, the sum over the channels, or over everything of an image.
Values normalize(LayerContext& layer) {
  layer.require(1, 1);
  const Message& fields = layer.parameters("norm_param");
  const ValueId x = layer.bottom();
  const std::int64_t rank = layer.rank(x);
  if (rank < 2) layer.fail("needs a channel axis");
  op::Reduce sum;
  sum.fn = op::ReduceFn::sum_square;
  sum.axes = {1};
  for (std::int64_t i = 2; fields.flag("across_spatial", true) && i < rank; ++i) sum.axes.push_back(i);
  const float epsilon = fields.number("eps", 1e-10F);
  const bool shared = fields.flag("channel_shared", true);
  const Filler filler = read_filler(fields.find_message("scale_filler"), Filler::constant(1));
  const Shape stored = shared ? Shape{1} : Shape{layer.fixed(x, 1)};
  Shape shape(static_cast<std::size_t>(rank - 1), 1);
  shape[0] = stored[0];
  const ValueId norm = layer.unary(PointwiseFn::sqrt, layer.shifted(layer.add(sum, {x}), epsilon));
  const ValueId unit = layer.binary(PointwiseFn::div, x, norm);
  return {
      layer.binary(PointwiseFn::mul, unit, layer.constant(layer.blob(0, stored, filler).reshaped(shape)))};
}

}  // namespace
}  // namespace tenon::caffe

namespace tenon {

void register_caffe_normalize(caffe::Registry& registry) {
  registry.add("BatchNorm", caffe::batch_norm);
  registry.add("LRN", caffe::lrn);
  registry.add("MVN", caffe::mvn);
  registry.add("Normalize", caffe::normalize);
}

}  // namespace tenon
