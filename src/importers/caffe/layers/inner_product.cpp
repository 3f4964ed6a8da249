// InnerProduct: everything from `axis` on, as one vector, times a matrix.
#include "importers/caffe/layer_context.hpp"
#include "ops/concat.hpp"
#include "ops/flatten.hpp"
#include "ops/matmul.hpp"
#include "ops/reshape.hpp"

#include <fmt/format.h>

namespace tenon::caffe {
namespace {

Values inner_product(LayerContext& layer) {
  layer.require(1, 1);
  const Message& fields = layer.parameters("inner_product_param");
  const ValueId x = layer.bottom();
  const std::int64_t rank = layer.rank(x);
  const std::int64_t axis = layer.axis(fields.integer("axis", 1), rank);
  const std::int64_t outputs = fields.integer("num_output", 0);
  if (outputs < 1) layer.fail(fmt::format("field 'num_output' has the value {}", outputs));
  const std::int64_t length = layer.fixed_product(x, axis, rank);
  const bool transposed = fields.flag("transpose", false);
  const Filler weight_filler = read_filler(fields.find_message("weight_filler"), Filler::xavier());
  const Filler bias_filler = read_filler(fields.find_message("bias_filler"), Filler::constant(0));
  const Shape shape = transposed ? Shape{length, outputs} : Shape{outputs, length};

  Values operands{layer.add(op::Flatten{axis}, {x}), layer.constant(layer.blob(0, shape, weight_filler))};
  if (fields.flag("bias_term", true))
    operands.push_back(layer.constant(layer.blob(1, {outputs}, bias_filler)));
  op::MatMul matmul;
  matmul.transpose_b = !transposed;
  const ValueId y = layer.add(matmul, operands);
  if (axis == 1) return {y};
  const ValueId leading = layer.shape_of(x, 0, axis);
  return {layer.add(op::Reshape{}, {y, layer.add(op::Concat{0}, {leading, layer.integers({outputs})})})};
}

}  // namespace
}  // namespace tenon::caffe

namespace tenon {

void register_caffe_inner_product(caffe::Registry& registry) {
  registry.add("InnerProduct", caffe::inner_product);
}

}  // namespace tenon
