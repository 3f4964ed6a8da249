// Constants, and nodes that give out what they take in.
#include "importers/tensorflow/converters.hpp"
#include "importers/tensorflow/importer.hpp"
#include "importers/tensorflow/reader.hpp"
#include "importers/tensorflow/tensor_data.hpp"
#include "ops/constant_of_shape.hpp"

namespace tenon::tensorflow {
namespace {

Values constant(NodeContext& node) {
  node.require_inputs(0);
  LoadedTensor loaded = load_tensor(read_tensor(node.attr_tensor("value")), node.importer().owner());
  if (!loaded.repeated) return one(node.graph().add_constant(std::move(loaded.tensor)));
  return one(node.add(op::ConstantOfShape{.value = std::move(loaded.tensor)}, {node.ints(loaded.shape)}));
}

Values placeholder(NodeContext& node) { node.fail("the model needs it, and it is not among the inputs"); }

// The first operand; shapes that it declares are found again by inference.
Values identity(NodeContext& node) {
  node.ignore_attrs({"shape", "message", "T", "data", "summarize", "first_n"});
  return one(node.input(0));
}

Values identities(NodeContext& node) { return node.inputs(); }

Values variable(NodeContext& node) {
  node.fail("the values of variables are not in the graph; freeze the model first");
}

}  // namespace
}  // namespace tenon::tensorflow

namespace tenon {

void register_tensorflow_constant(tensorflow::Registry& registry) {
  using namespace tensorflow;  // NOLINT: the tables read better without prefixes
  registry.add("Const", constant);
  registry.add("Placeholder", placeholder);
  registry.add("PlaceholderV2", placeholder);
  for (const char* op : {"CheckNumerics", "CheckNumericsV2", "EnsureShape", "Identity",
                         "PlaceholderWithDefault", "PreventGradient", "Print", "Snapshot", "StopGradient"})
    registry.add(op, identity);
  registry.add("IdentityN", identities);
  for (const char* op : {"HashTable", "HashTableV2", "ReadVariableOp", "ResourceGather", "ResourceGatherNd",
                         "VarHandleOp", "Variable", "VariableV2"})
    registry.add(op, variable);
}

}  // namespace tenon
