// Operators that make tensors: Range, EyeLike, Trilu, random numbers, sampling grids.
#include "importers/onnx/converters.hpp"
#include "ops/affine_grid.hpp"
#include "ops/bernoulli.hpp"
#include "ops/eye_like.hpp"
#include "ops/multinomial.hpp"
#include "ops/random.hpp"
#include "ops/range.hpp"
#include "ops/trilu.hpp"

namespace tenon::onnx {
namespace {

Values range(NodeContext& node) {
  node.require_inputs(3, 3);
  return one(node.add(op::Range{}, {node.input(0), node.input(1), node.input(2)}));
}

Values eye_like(NodeContext& node) {
  node.require_inputs(1, 1);
  op::EyeLike op;
  op.k = node.attr_int("k", 0);
  op.dtype = node.find_dtype("dtype");
  return one(node.add(op, {node.input(0)}));
}

Values trilu(NodeContext& node) {
  node.require_inputs(1, 2);
  op::Trilu op;
  op.upper = node.attr_bool("upper", true);
  const IntsArgument k = ints_operand(node, 1);
  if (k.known) {
    if (k.known->size() != 1) node.fail("k must be one number");
    op.k = k.known->front();
  }
  Values operands = {node.input(0)};
  if (k.operand.valid()) operands.push_back(k.operand);
  return one(node.add(op, std::move(operands)));
}

template <class Op>
Values random_like(NodeContext& node) {
  node.require_inputs(1, 1);
  Op op;
  op.dtype = node.find_dtype("dtype");
  op.seed = node.find_float("seed");
  if constexpr (requires { op.mean; }) {
    op.mean = node.attr_float("mean", op.mean);
    op.scale = node.attr_float("scale", op.scale);
  }
  if constexpr (requires { op.low; }) {
    op.low = node.attr_float("low", op.low);
    op.high = node.attr_float("high", op.high);
  }
  return one(node.add(op, {node.input(0)}));
}

template <class Op>
Values random_of_shape(NodeContext& node) {
  node.require_inputs(0, 0);
  Op op;
  op.dtype = node.find_dtype("dtype").value_or(DataType::f32);
  op.seed = node.find_float("seed");
  op.shape = node.attr_ints("shape");
  if constexpr (requires { op.mean; }) {
    op.mean = node.attr_float("mean", op.mean);
    op.scale = node.attr_float("scale", op.scale);
  } else {
    op.low = node.attr_float("low", op.low);
    op.high = node.attr_float("high", op.high);
  }
  return one(node.add(op, {}));
}

Values multinomial(NodeContext& node) {
  node.require_inputs(1, 1);
  op::Multinomial op;
  op.dtype = node.find_dtype("dtype").value_or(DataType::i32);
  op.sample_size = node.attr_int("sample_size", 1);
  op.seed = node.find_float("seed");
  return one(node.add(op, {node.input(0)}));
}

Values affine_grid(NodeContext& node) {
  node.require_inputs(2, 2);
  return one(
      node.add(op::AffineGrid{node.attr_bool("align_corners", false)}, {node.input(0), node.input(1)}));
}

}  // namespace
}  // namespace tenon::onnx

namespace tenon {

void register_onnx_generate(onnx::Registry& registry) {
  registry.add("AffineGrid", onnx::affine_grid, {20});
  registry.add("Bernoulli", onnx::random_like<op::Bernoulli>, {15});
  registry.add("EyeLike", onnx::eye_like, {9});
  registry.add("Multinomial", onnx::multinomial, {7});
  registry.add("RandomNormal", onnx::random_of_shape<op::RandomNormal>);
  registry.add("RandomNormalLike", onnx::random_like<op::RandomNormalLike>);
  registry.add("RandomUniform", onnx::random_of_shape<op::RandomUniform>);
  registry.add("RandomUniformLike", onnx::random_like<op::RandomUniformLike>);
  registry.add("Range", onnx::range, {11});
  registry.add("Trilu", onnx::trilu, {14});
}

}  // namespace tenon
