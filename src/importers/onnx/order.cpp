#include "importers/onnx/order.hpp"

#include <functional>
#include <queue>
#include <unordered_map>
#include <unordered_set>

namespace tenon::onnx {
namespace {

std::unordered_set<std::string_view> free_set(const GraphDef& graph) {
  std::unordered_set<std::string_view> free;
  std::unordered_set<std::string_view> defined;
  for (const ValueDef& input : graph.inputs) defined.insert(input.name);
  for (const TensorDef& tensor : graph.initializers) defined.insert(tensor.name);
  for (const SparseTensorDef& tensor : graph.sparse_initializers) defined.insert(tensor.values.name);
  for (const NodeDef& node : graph.nodes) defined.insert(node.outputs.begin(), node.outputs.end());
  const auto use = [&](std::string_view name) {
    if (!name.empty() && defined.count(name) == 0) free.insert(name);
  };
  for (const NodeDef& node : graph.nodes) {
    for (const std::string_view name : used_names(node)) use(name);
  }
  for (const ValueDef& output : graph.outputs) use(output.name);
  return free;
}

}  // namespace

std::vector<std::string_view> used_names(const NodeDef& node) {
  std::vector<std::string_view> names;
  for (const std::string_view name : node.inputs) {
    if (!name.empty()) names.push_back(name);
  }
  for (const AttributeDef& attribute : node.attributes) {
    for (const GraphDef& graph : attribute.graphs) {
      const auto free = free_set(graph);
      names.insert(names.end(), free.begin(), free.end());
    }
  }
  return names;
}

Order execution_order(const std::vector<NodeDef>& nodes) {
  std::unordered_map<std::string_view, std::size_t> producer;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    for (const std::string_view name : nodes[i].outputs) {
      if (!name.empty()) producer.emplace(name, i);
    }
  }
  std::vector<std::size_t> waiting_for(nodes.size(), 0);
  std::vector<std::vector<std::size_t>> users(nodes.size());
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    for (const std::string_view name : used_names(nodes[i])) {
      const auto found = producer.find(name);
      if (found == producer.end()) continue;
      users[found->second].push_back(i);
      ++waiting_for[i];
    }
  }
  // The ready node that comes first in the file goes first, so a sorted file keeps its order.
  std::priority_queue<std::size_t, std::vector<std::size_t>, std::greater<>> ready;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    if (waiting_for[i] == 0) ready.push(i);
  }
  Order order;
  while (!ready.empty()) {
    const std::size_t node = ready.top();
    ready.pop();
    order.nodes.push_back(node);
    for (const std::size_t user : users[node]) {
      if (--waiting_for[user] == 0) ready.push(user);
    }
  }
  if (order.nodes.size() == nodes.size()) return order;

  // Of the nodes left over, those that no cycle needs are peeled off from the end.
  std::vector<std::size_t> needed_by(nodes.size(), 0);
  std::vector<std::vector<std::size_t>> operands(nodes.size());
  std::vector<std::size_t> peel;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    if (waiting_for[i] == 0) continue;
    for (const std::size_t user : users[i]) {
      ++needed_by[i];
      operands[user].push_back(i);
    }
    if (needed_by[i] == 0) peel.push_back(i);
  }
  std::vector<bool> peeled(nodes.size(), false);
  while (!peel.empty()) {
    const std::size_t node = peel.back();
    peel.pop_back();
    peeled[node] = true;
    for (const std::size_t operand : operands[node]) {
      if (--needed_by[operand] == 0) peel.push_back(operand);
    }
  }
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    if (waiting_for[i] != 0) (peeled[i] ? order.after : order.cyclic).push_back(i);
  }
  return order;
}

}  // namespace tenon::onnx
