// Eltwise, Scale, Bias, Axpy: arithmetic between blobs, or a blob and weights.
#include "importers/caffe/layer_context.hpp"

#include <fmt/format.h>

#include <limits>

namespace tenon::caffe {
namespace {

// Where the sizes are known: Caffe does not broadcast here.
void require_same_shape(const LayerContext& layer, ValueId a, ValueId b) {
  const Dims& first = layer.dims(a);
  const Dims& second = layer.dims(b);
  bool same = first.size() == second.size();
  for (std::size_t i = 0; same && i < first.size(); ++i) {
    same = !first[i].is_const() || !second[i].is_const() || first[i].value() == second[i].value();
  }
  if (!same) layer.fail("the bottoms have different shapes");
}

Values eltwise(LayerContext& layer) {
  layer.require(2, std::numeric_limits<std::size_t>::max(), 1, 1);
  const Message& fields = layer.parameters("eltwise_param");
  fields.ignore({"stable_prod_grad"});
  const std::size_t operation = layer.choice(fields, "operation", {"PROD", "SUM", "MAX"}, 1);
  const auto factors = fields.numbers("coeff");
  if (!factors.empty() && (operation != 1 || factors.size() != layer.bottom_count())) {
    layer.fail(fmt::format("{} factors 'coeff' for {} bottoms", factors.size(), layer.bottom_count()));
  }
  constexpr PointwiseFn kFunctions[] = {PointwiseFn::mul, PointwiseFn::add, PointwiseFn::max};
  const auto term = [&](std::size_t i) {
    return factors.empty() ? layer.bottom(i) : layer.scaled(layer.bottom(i), factors[i]);
  };
  ValueId result = term(0);
  for (std::size_t i = 1; i < layer.bottom_count(); ++i) {
    require_same_shape(layer, layer.bottom(0), layer.bottom(i));
    result = layer.binary(kFunctions[operation], result, term(i));
  }
  return {result};
}

// The other operand of Scale and Bias stands along the axes from `axis` on.
struct Span {
  std::int64_t begin, end;
};

Span read_span(const LayerContext& layer, const Message& fields) {
  const std::int64_t rank = layer.rank(layer.bottom());
  const std::int64_t begin = layer.axis(fields.integer("axis", 1), rank);
  std::int64_t count = fields.integer("num_axes", 1);
  if (layer.bottom_count() == 2) count = layer.rank(layer.bottom(1));
  if (count < -1 || count > rank - begin) layer.fail(fmt::format("field 'num_axes' has the value {}", count));
  return {begin, count == -1 ? rank : begin + count};
}

// The shape that broadcasts against x: ones from `end` on.
ValueId second_operand(LayerContext& layer, Span span, std::size_t index, const Filler& filler) {
  const std::int64_t rank = layer.rank(layer.bottom());
  Ints shape;
  for (std::int64_t i = span.begin; i < span.end; ++i) shape.push_back(layer.fixed(layer.bottom(), i));
  Ints broadcast = shape;
  broadcast.resize(static_cast<std::size_t>(rank - span.begin), 1);
  return layer.constant(layer.blob(index, shape, filler).reshaped(broadcast));
}

ValueId bottom_operand(LayerContext& layer, Span span) {
  const std::int64_t rank = layer.rank(layer.bottom());
  Ints shape(static_cast<std::size_t>(span.end - span.begin), 0);
  shape.resize(static_cast<std::size_t>(rank - span.begin), 1);
  return layer.reshaped(layer.bottom(1), shape);
}

Values scale(LayerContext& layer) {
  layer.require(1, 2, 1, 1);
  const Message& fields = layer.parameters("scale_param");
  const Span span = read_span(layer, fields);
  const bool with_bias = fields.flag("bias_term", false);
  const Filler factor_filler = read_filler(fields.find_message("filler"), Filler::constant(1));
  const Filler bias_filler = read_filler(fields.find_message("bias_filler"), Filler::constant(0));
  const bool learned = layer.bottom_count() == 1;
  const ValueId factor =
      learned ? second_operand(layer, span, 0, factor_filler) : bottom_operand(layer, span);
  const ValueId product = layer.binary(PointwiseFn::mul, layer.bottom(), factor);
  if (!with_bias) return {product};
  return {layer.binary(PointwiseFn::add, product, second_operand(layer, span, learned ? 1 : 0, bias_filler))};
}

Values bias(LayerContext& layer) {
  layer.require(1, 2, 1, 1);
  const Message& fields = layer.parameters("bias_param");
  const Span span = read_span(layer, fields);
  const Filler filler = read_filler(fields.find_message("filler"), Filler::constant(0));
  const ValueId term =
      layer.bottom_count() == 1 ? second_operand(layer, span, 0, filler) : bottom_operand(layer, span);
  return {layer.binary(PointwiseFn::add, layer.bottom(), term)};
}

// a · x + y, a one number for each channel of each image.
Values axpy(LayerContext& layer) {
  layer.require(3, 1);
  const std::int64_t rank = layer.rank(layer.bottom(1));
  const std::int64_t factor_rank = layer.rank(layer.bottom(0));
  if (rank < 2 || factor_rank < 2 || factor_rank > rank) layer.fail("the bottoms do not fit together");
  Ints shape(static_cast<std::size_t>(rank), 1);
  shape[0] = 0;
  shape[1] = 0;
  const ValueId factor = factor_rank == rank ? layer.bottom(0) : layer.reshaped(layer.bottom(0), shape);
  const ValueId product = layer.binary(PointwiseFn::mul, layer.bottom(1), factor);
  return {layer.binary(PointwiseFn::add, product, layer.bottom(2))};
}

}  // namespace
}  // namespace tenon::caffe

namespace tenon {

void register_caffe_arithmetic(caffe::Registry& registry) {
  registry.add("Axpy", caffe::axpy);
  registry.add("Bias", caffe::bias);
  registry.add("Eltwise", caffe::eltwise);
  registry.add("Scale", caffe::scale);
}

}  // namespace tenon
