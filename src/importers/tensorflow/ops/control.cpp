// Control flow that names functions: While, If, Case and calls.
#include "importers/tensorflow/converters.hpp"
#include "importers/tensorflow/importer.hpp"

#include <fmt/format.h>

namespace tenon::tensorflow {
namespace {

std::string single_function(NodeContext& node, std::string_view attribute) {
  const std::vector<std::string> names = node.attr_functions(attribute);
  if (names.size() != 1) node.fail(fmt::format("attribute '{}' does not name a function", attribute));
  return names.front();
}

Values call_function(const NodeContext& node, const std::string& function, const Values& arguments) {
  return node.importer().call(node.scope(), node.def(), function, arguments);
}

Values while_node(NodeContext& node) {
  node.ignore_attrs({"output_shapes", "parallel_iterations", "cond_name", "body_name"});
  const std::string condition = single_function(node, "cond");
  const std::string body = single_function(node, "body");
  return node.importer().build_loop(
      node.inputs(), [&](const Values& values) { return call_function(node, condition, values); },
      [&](const Values& values) { return call_function(node, body, values); });
}

Values if_node(NodeContext& node) {
  node.ignore_attrs({"output_shapes"});
  const std::string taken = single_function(node, "then_branch");
  const std::string otherwise = single_function(node, "else_branch");
  const Values arguments(node.inputs().begin() + (node.inputs().empty() ? 0 : 1), node.inputs().end());
  return node.importer().build_if(
      node.input(0), [&] { return call_function(node, taken, arguments); },
      [&] { return call_function(node, otherwise, arguments); });
}

// The last branch is also taken for every number that names none.
Values case_branch(NodeContext& node, const std::vector<std::string>& branches, std::size_t k,
                   const Values& arguments) {
  if (k + 1 == branches.size()) return call_function(node, branches[k], arguments);
  const ValueId index = node.input(0);
  const ValueId here =
      binary(node, PointwiseFn::equal, index, scalar_like(node, index, static_cast<double>(k)));
  return node.importer().build_if(
      here, [&] { return call_function(node, branches[k], arguments); },
      [&] { return case_branch(node, branches, k + 1, arguments); });
}

Values case_node(NodeContext& node) {
  node.ignore_attrs({"output_shapes"});
  const std::vector<std::string> branches = node.attr_functions("branches");
  if (branches.empty()) node.fail("attribute 'branches' names no functions");
  const Values arguments(node.inputs().begin() + (node.inputs().empty() ? 0 : 1), node.inputs().end());
  return case_branch(node, branches, 0, arguments);
}

Values partitioned_call(NodeContext& node) {
  node.ignore_attrs({"config", "config_proto", "executor_type"});
  return call_function(node, single_function(node, "f"), node.inputs());
}

}  // namespace
}  // namespace tenon::tensorflow

namespace tenon {

void register_tensorflow_control(tensorflow::Registry& registry) {
  using namespace tensorflow;  // NOLINT: the tables read better without prefixes
  for (const char* op : {"Case", "StatelessCase"}) registry.add(op, case_node);
  for (const char* op : {"If", "StatelessIf"}) registry.add(op, if_node);
  for (const char* op : {"PartitionedCall", "StatefulPartitionedCall"}) registry.add(op, partitioned_call);
  for (const char* op : {"StatelessWhile", "While"}) registry.add(op, while_node);
}

}  // namespace tenon
