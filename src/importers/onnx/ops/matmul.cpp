// Matrix products: MatMul, Gemm, MatMulInteger, QLinearMatMul.
#include "ops/matmul.hpp"

#include "importers/onnx/converters.hpp"
#include "ops/binary.hpp"
#include "ops/matmul_integer.hpp"
#include "ops/qlinear_matmul.hpp"

namespace tenon::onnx {
namespace {

Values matmul(NodeContext& node) {
  node.require_inputs(2, 2);
  return one(node.add(op::MatMul{}, {node.input(0), node.input(1)}));
}

// One number per column of the product, so that it can be the product's bias.
bool is_bias(const NodeContext& node, std::size_t i, std::size_t b, bool transpose_b) {
  const Dims* dims = node.dims(i);
  const Dims* weights = node.dims(b);
  return dims != nullptr && weights != nullptr && dims->size() == 1 && weights->size() == 2 &&
         provably_equal(dims->front(), (*weights)[transpose_b ? 0 : 1]);
}

Values gemm(NodeContext& node) {
  node.require_inputs(2, 3);
  node.ignore_attrs({"broadcast"});
  op::MatMul op;
  op.transpose_a = node.attr_bool("transA", false);
  op.transpose_b = node.attr_bool("transB", false);
  op.alpha = node.attr_float("alpha", 1);
  const float beta = node.attr_float("beta", 1);
  for (const std::size_t i : {0U, 1U}) {
    if (node.dims(i) != nullptr && node.rank(i) != 2) node.fail("Gemm multiplies matrices");
  }
  Values operands = {node.input(0), node.input(1)};
  const bool adds = node.has(2) && beta != 0;
  if (adds && beta == 1 && is_bias(node, 2, 1, op.transpose_b)) {
    operands.push_back(node.input(2));
    return one(node.add(std::move(op), std::move(operands)));
  }
  ValueId result = node.add(std::move(op), std::move(operands));
  if (adds) {
    ValueId c = node.input(2);
    if (beta != 1) c = node.add(op::binary(PointwiseFn::mul), {c, add_scalar(node, node.dtype(2), beta)});
    result = node.add(op::binary(PointwiseFn::add), {result, c});
  }
  return one(result);
}

Values matmul_integer(NodeContext& node) {
  node.require_inputs(2, 4);
  return one(node.add(op::MatMulInteger{}, node.inputs()));
}

Values qlinear_matmul(NodeContext& node) {
  node.require_inputs(8, 8);
  return one(node.add(op::QLinearMatMul{}, node.inputs()));
}

}  // namespace
}  // namespace tenon::onnx

namespace tenon {

void register_onnx_matmul(onnx::Registry& registry) {
  registry.add("Gemm", onnx::gemm);
  registry.add("MatMul", onnx::matmul);
  registry.add("MatMulInteger", onnx::matmul_integer, {10});
  registry.add("QLinearMatMul", onnx::qlinear_matmul, {10});
}

}  // namespace tenon
