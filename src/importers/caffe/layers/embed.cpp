// Embed: rows of a table, chosen by the numbers in the bottom.
#include "importers/caffe/layer_context.hpp"
#include "ops/cast.hpp"
#include "ops/gather.hpp"

#include <fmt/format.h>

namespace tenon::caffe {
namespace {

Values embed(LayerContext& layer) {
  layer.require(1, 1);
  const Message& fields = layer.parameters("embed_param");
  const std::int64_t outputs = fields.integer("num_output", 0);
  const std::int64_t rows = fields.integer("input_dim", 0);
  if (outputs < 1 || rows < 1)
    layer.fail(fmt::format("the table would have the shape [{},{}]", rows, outputs));
  const Filler weight_filler = read_filler(fields.find_message("weight_filler"), Filler::xavier());
  const Filler bias_filler = read_filler(fields.find_message("bias_filler"), Filler::constant(0));
  const ValueId table = layer.constant(layer.blob(0, {rows, outputs}, weight_filler));
  const ValueId indices = layer.add(op::Cast{.to = DataType::i64}, {layer.bottom()});
  const ValueId y = layer.add(op::Gather{0}, {table, indices});
  if (!fields.flag("bias_term", true)) return {y};
  return {layer.binary(PointwiseFn::add, y, layer.constant(layer.blob(1, {outputs}, bias_filler)))};
}

}  // namespace
}  // namespace tenon::caffe

namespace tenon {

void register_caffe_embed(caffe::Registry& registry) { registry.add("Embed", caffe::embed); }

}  // namespace tenon
