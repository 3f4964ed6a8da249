// Products.
#include "ops/matmul.hpp"

#include "importers/tensorflow/converters.hpp"
#include "importers/tensorflow/fused.hpp"
#include "ops/einsum.hpp"

namespace tenon::tensorflow {
namespace {

Values matmul_node(NodeContext& node) {
  node.require_inputs(2);
  node.ignore_attrs({"grad_a", "grad_b"});
  return one(matmul(node, node.input(0), node.input(1), node.attr_bool("transpose_a", false),
                    node.attr_bool("transpose_b", false)));
}

Values fused_matmul(NodeContext& node) {
  node.ignore_attrs({"num_args"});
  const ValueId y = matmul(node, node.input(0), node.input(1), node.attr_bool("transpose_a", false),
                           node.attr_bool("transpose_b", false));
  return one(apply_fused(node, y, 2, true));
}

Values batch_matmul(NodeContext& node) {
  node.require_inputs(2);
  node.ignore_attrs({"grad_x", "grad_y"});
  return one(matmul(node, node.input(0), node.input(1), node.attr_bool("adj_x", false),
                    node.attr_bool("adj_y", false)));
}

Values einsum(NodeContext& node) {
  return one(node.add(op::Einsum{node.attr_string("equation")}, node.inputs()));
}

}  // namespace
}  // namespace tenon::tensorflow

namespace tenon {

void register_tensorflow_matmul(tensorflow::Registry& registry) {
  using namespace tensorflow;  // NOLINT: the tables read better without prefixes
  registry.add("BatchMatMul", batch_matmul);
  registry.add("BatchMatMulV2", batch_matmul);
  registry.add("BatchMatMulV3", batch_matmul);
  registry.add("Einsum", einsum);
  registry.add("MatMul", matmul_node);
  registry.add("_FusedMatMul", fused_matmul);
}

}  // namespace tenon
