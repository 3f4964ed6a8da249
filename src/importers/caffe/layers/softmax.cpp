// Softmax and ArgMax.
#include "ops/softmax.hpp"

#include "importers/caffe/layer_context.hpp"
#include "ops/cast.hpp"
#include "ops/concat.hpp"
#include "ops/flatten.hpp"
#include "ops/reshape.hpp"
#include "ops/top_k.hpp"

#include <fmt/format.h>

namespace tenon::caffe {
namespace {

Values softmax(LayerContext& layer) {
  layer.require(1, 1);
  const Message& fields = layer.parameters("softmax_param");
  fields.ignore({"engine"});
  const std::int64_t axis = layer.axis(fields.integer("axis", 1), layer.rank(layer.bottom()));
  return {layer.add(op::Softmax{axis}, {layer.bottom()})};
}

// With an axis: the indices along it, or the values. Without: of all elements of an image, as [n, 1, k], or
// with the values behind the indices as [n, 2, k].
Values arg_max(LayerContext& layer) {
  layer.require(1, 1);
  const Message& fields = layer.parameters("argmax_param");
  const auto axis = fields.find_integer("axis");
  const bool with_values = fields.flag("out_max_val", false);
  const ValueId x = layer.bottom();
  op::TopK top;
  top.k = fields.integer("top_k", 1);
  top.axis = axis ? layer.axis(*axis, layer.rank(x)) : 1;
  const ValueId operand = axis ? x : layer.add(op::Flatten{1}, {x});
  const Dim& size = layer.dims(operand)[static_cast<std::size_t>(top.axis)];
  if (*top.k < 1 || (size.is_const() && *top.k > size.value()))
    layer.fail(fmt::format("field 'top_k' has the value {}", *top.k));
  const Values found = layer.graph().add_node(top, {operand});
  if (axis && with_values) return {found[0]};
  const ValueId indices = layer.add(op::Cast{.to = DataType::f32}, {found[1]});
  if (axis) return {indices};
  const auto row = [&](ValueId value) { return layer.reshaped(value, {0, 1, *top.k}); };
  if (!with_values) return {row(indices)};
  return {layer.add(op::Concat{1}, {row(indices), row(found[0])})};
}

}  // namespace
}  // namespace tenon::caffe

namespace tenon {

void register_caffe_softmax(caffe::Registry& registry) {
  registry.add("ArgMax", caffe::arg_max);
  registry.add("Softmax", caffe::softmax);
}

}  // namespace tenon
