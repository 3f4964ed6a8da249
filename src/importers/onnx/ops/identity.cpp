// Identity and Dropout, which at inference is one, and in training draws at random.
#include "ops/identity.hpp"

#include "importers/onnx/converters.hpp"
#include "ops/binary.hpp"
#include "ops/constant_of_shape.hpp"
#include "ops/random.hpp"
#include "ops/shape.hpp"
#include "ops/unary.hpp"
#include "ops/where.hpp"

namespace tenon::onnx {
namespace {

Values identity(NodeContext& node) {
  node.require_inputs(1, 1);
  return one(node.add(op::Identity{}, {node.input(0)}));
}

// Operand 2 asks for training since opset 12; a constant says no, or that nothing is dropped.
bool may_train(NodeContext& node) {
  if (!node.has(2)) return false;
  if (node.dtype(2) != DataType::boolean) node.fail("training_mode must be bool");
  const Tensor* training = node.constant(2);
  if (training == nullptr) return true;
  if (training->elements() != 1) node.fail("training_mode must be one element");
  return training->values<bool>()[0] && !(node.has(1) && node.known_number(1) == 0.0);
}

// Elements become 0 with the probability `ratio`, the others grow by 1 / (1 - ratio); operand 2 decides when
// the model runs.
Values dropout_in_training(NodeContext& node) {
  const ValueId data = node.input(0);
  const ValueId training = node.input(2);
  const DataType dtype = node.dtype(0);
  const ValueId given = node.has(1) ? node.input(1) : add_scalar(node, dtype, 0.5);
  op::RandomUniformLike draw;
  draw.dtype = DataType::f32;
  if (const auto seed = node.find_int("seed")) draw.seed = static_cast<float>(*seed);
  const ValueId below =
      node.add(op::binary(PointwiseFn::less), {node.add(draw, {data}), cast(node, given, DataType::f32)});
  const ValueId dropped = node.add(op::binary(PointwiseFn::logical_and), {below, training});
  const ValueId one_value = add_scalar(node, dtype, 1);
  const ValueId kept_share = node.add(op::binary(PointwiseFn::sub), {one_value, cast(node, given, dtype)});
  const ValueId divisor = node.add(op::Where{}, {training, kept_share, one_value});
  const ValueId scaled = node.add(op::binary(PointwiseFn::div), {data, divisor});
  const ValueId result = node.add(op::Where{}, {dropped, add_scalar(node, dtype, 0), scaled});
  return {result, node.add(op::unary(PointwiseFn::logical_not), {dropped})};
}

// Before opset 12 `is_test` says whether to train; exporters leave it out of networks for inference, so it
// counts as set.
Values dropout(NodeContext& node) {
  node.require_inputs(1, 3);
  if (may_train(node)) return dropout_in_training(node);
  node.ignore_attrs({"ratio", "seed", "is_test", "consumed_inputs"});
  const ValueId data = node.input(0);
  Values outputs = {node.add(op::Identity{}, {data})};
  if (node.wants(1)) {
    const DataType dtype = node.opset() < 10 ? node.dtype(0) : DataType::boolean;
    const ValueId shape = node.add(op::ShapeOf{}, {data});
    outputs.push_back(node.add(op::ConstantOfShape{scalar_tensor(dtype, 1)}, {shape}));
  }
  return outputs;
}

}  // namespace
}  // namespace tenon::onnx

namespace tenon {

void register_onnx_identity(onnx::Registry& registry) {
  registry.add("Dropout", onnx::dropout);
  registry.add("Identity", onnx::identity);
}

}  // namespace tenon
