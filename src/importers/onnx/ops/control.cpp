// If, Loop, Scan: the bodies become regions.
//
// A loop's body is imported with the types of the initial values first and, when its results do not fit
// those, again with more general ones.
#include "importers/loop_types.hpp"
#include "importers/onnx/converters.hpp"
#include "ops/if.hpp"
#include "ops/loop.hpp"
#include "ops/scan.hpp"

#include <fmt/format.h>

namespace tenon::onnx {
namespace {

// Imports a body whose parameters [first, first + count) come back as its results [result, result + count).
RegionId import_carrying(NodeContext& node, const GraphDef& body, std::vector<Type> parameters,
                         std::size_t first, std::size_t count, std::size_t result) {
  constexpr int kAttempts = 2;
  for (int i = 0; i < kAttempts; ++i) {
    RegionId region;
    std::vector<Type> next = parameters;
    const bool stable = node.attempt([&] {
      region = node.import_region(body, parameters);
      const auto& results = node.graph().region(region).results;
      if (results.size() < result + count) return true;  // inference refuses
      for (std::size_t k = 0; k < count; ++k) {
        next[first + k] = generalize(parameters[first + k], node.type_of(results[result + k]));
      }
      return next == parameters;
    });
    if (stable) return region;
    parameters = std::move(next);
  }
  for (std::size_t k = 0; k < count; ++k) parameters[first + k] = without_dims(parameters[first + k]);
  return node.import_region(body, parameters);
}

Values if_node(NodeContext& node) {
  node.require_inputs(1, 1);
  const RegionId taken = node.import_region(node.attr_graph("then_branch"), {});
  const RegionId otherwise = node.import_region(node.attr_graph("else_branch"), {});
  return node.graph().add_region_node(op::If{}, {node.input(0)}, {taken, otherwise},
                                      node.def().outputs.size());
}

Values loop(NodeContext& node) {
  const GraphDef& body = node.attr_graph("body");
  Values operands = {node.optional_input(0), node.optional_input(1)};
  std::vector<Type> parameters = {Type::tensor(DataType::i64, {}), Type::tensor(DataType::boolean, {})};
  for (std::size_t i = 2; i < node.input_count(); ++i) {
    operands.push_back(node.input(i));
    parameters.push_back(node.type(i));
  }
  const std::size_t carried = operands.size() - 2;
  const RegionId region = import_carrying(node, body, std::move(parameters), 2, carried, 1);
  return node.graph().add_region_node(op::Loop{}, std::move(operands), {region}, node.def().outputs.size());
}

Values scan(NodeContext& node) {
  const GraphDef& body = node.attr_graph("body");
  op::Scan op;
  op.num_scan_inputs = node.attr_int("num_scan_inputs");
  op.scan_input_axes = node.attr_ints("scan_input_axes");
  op.scan_input_directions = node.attr_ints("scan_input_directions");
  op.scan_output_axes = node.attr_ints("scan_output_axes");
  op.scan_output_directions = node.attr_ints("scan_output_directions");
  const auto inputs = static_cast<std::int64_t>(node.input_count());
  if (op.num_scan_inputs < 1 || op.num_scan_inputs > inputs) {
    node.fail(fmt::format("num_scan_inputs is {} of {} inputs", op.num_scan_inputs, inputs));
  }
  const auto states = static_cast<std::size_t>(inputs - op.num_scan_inputs);
  std::vector<Type> parameters;
  for (std::size_t i = 0; i < node.input_count(); ++i) {
    Type type = node.type(i);
    auto& dims = type.as_tensor().dims;
    if (i >= states && dims) {
      const std::size_t k = i - states;
      const std::int64_t given = k < op.scan_input_axes.size() ? op.scan_input_axes[k] : 0;
      dims->erase(dims->begin() + normalize_axis(node, given, static_cast<std::int64_t>(dims->size())));
    }
    parameters.push_back(std::move(type));
  }
  const RegionId region = import_carrying(node, body, std::move(parameters), 0, states, 0);
  return node.graph().add_region_node(std::move(op), node.inputs(), {region}, node.def().outputs.size());
}

}  // namespace
}  // namespace tenon::onnx

namespace tenon {

void register_onnx_control(onnx::Registry& registry) {
  registry.add("If", onnx::if_node);
  registry.add("Loop", onnx::loop);
  registry.add("Scan", onnx::scan, {9});
}

}  // namespace tenon
