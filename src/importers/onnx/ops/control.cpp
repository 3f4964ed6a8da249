// If, Loop, Scan, SequenceMap: the bodies become regions.
//
// A loop's body is imported with the types of the initial values first and, when its results do not fit
// those, again with more general ones.
#include "importers/loop_types.hpp"
#include "importers/nesting.hpp"
#include "importers/onnx/converters.hpp"
#include "importers/onnx/types.hpp"
#include "ops/binary.hpp"
#include "ops/if.hpp"
#include "ops/loop.hpp"
#include "ops/scan.hpp"
#include "ops/sequence.hpp"
#include "ops/where.hpp"

#include <fmt/format.h>

#include <algorithm>

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

Type without_axis_0(const NodeContext& node, Type type) {
  auto& dims = type.as_tensor().dims;
  if (!dims) return type;
  if (dims->empty()) node.fail("an operand of rank 0 cannot be scanned");
  dims->erase(dims->begin());
  return type;
}

// The body of a scan with a counter as a further state in front: from iteration `length` on the states stay
// and what is scanned is 0.
RegionId import_counting(NodeContext& node, const GraphDef& body, const std::vector<Type>& parameters,
                         std::size_t states, ValueId length) {
  Graph& graph = node.graph();
  const InsertionGuard guard(graph);
  const RegionId region = graph.add_region();
  graph.set_insertion_region(region);
  const ValueId count = graph.add_parameter(region, {}, Type::tensor(DataType::i64, {}));
  Values before;
  for (const Type& type : parameters) before.push_back(graph.add_parameter(region, {}, type));
  const Values after = node.inline_graph(body, before);
  const ValueId running = node.add(op::binary(PointwiseFn::less), {count, length});
  Values results = {node.add(op::binary(PointwiseFn::add), {count, add_scalar(node, DataType::i64, 1)})};
  for (std::size_t i = 0; i < after.size(); ++i) {
    const DataType dtype = node.type_of(after[i]).as_tensor().dtype;
    const ValueId otherwise = i < states ? before[i] : add_scalar(node, dtype, 0);
    results.push_back(node.add(op::Where{}, {running, after[i], otherwise}));
  }
  graph.set_results(region, std::move(results));
  return region;
}

// Scan 8 has a batch axis in front of all operands, and may have the lengths of the sequences as operand 0: a
// scan over the batch whose body is the scan.
Values scan_batches(NodeContext& node) {
  const GraphDef& body = node.attr_graph("body");
  op::Scan inner;
  inner.num_scan_inputs = node.attr_int("num_scan_inputs");
  inner.scan_input_directions = node.attr_ints("directions");
  const auto operand_count = static_cast<std::int64_t>(node.input_count()) - 1;
  if (inner.num_scan_inputs < 1 || inner.num_scan_inputs > operand_count)
    node.fail(fmt::format("num_scan_inputs is {} of {} inputs", inner.num_scan_inputs, operand_count));
  const auto states = static_cast<std::size_t>(operand_count - inner.num_scan_inputs);
  op::Scan outer;
  outer.num_scan_inputs = operand_count;
  const std::size_t outputs = node.def().outputs.size();
  const bool counts = node.has(0);
  const auto reversed = [](std::int64_t direction) { return direction != 0; };
  if (counts && std::any_of(inner.scan_input_directions.begin(), inner.scan_input_directions.end(), reversed))
    node.fail("lengths of sequences (operand 0) together with reversed directions are not supported");
  Graph& graph = node.graph();
  Values operands;
  if (counts) operands.push_back(cast(node, node.input(0), DataType::i64));
  RegionId batch;
  {
    const InsertionGuard guard(graph);
    batch = graph.add_region();
    graph.set_insertion_region(batch);
    Values parts;
    std::vector<Type> parameters;
    ValueId length;
    if (counts) {
      outer.num_scan_inputs += 1;
      length = graph.add_parameter(batch, {}, without_axis_0(node, node.type_of(operands[0])));
      parts.push_back(add_scalar(node, DataType::i64, 0));
    }
    for (std::size_t i = 1; i < node.input_count(); ++i) {
      operands.push_back(node.input(i));
      const Type type = without_axis_0(node, node.type(i));
      parts.push_back(graph.add_parameter(batch, {}, type));
      parameters.push_back(i > states ? without_axis_0(node, type) : type);
    }
    const RegionId region = counts ? import_counting(node, body, parameters, states, length)
                                   : import_carrying(node, body, std::move(parameters), 0, states, 0);
    Values results =
        graph.add_region_node(std::move(inner), std::move(parts), {region}, outputs + (counts ? 1 : 0));
    if (counts) results.erase(results.begin());
    graph.set_results(batch, std::move(results));
  }
  return graph.add_region_node(std::move(outer), std::move(operands), {batch}, outputs);
}

// A loop over the elements of the first sequence that carries the resulting sequences.
Values sequence_map(NodeContext& node) {
  node.require_inputs(1, node.input_count());
  const GraphDef& body = node.attr_graph("body");
  if (node.type(0).kind() != Type::Kind::sequence) node.fail("input 0 is not a sequence");
  if (node.def().outputs.size() > body.outputs.size())
    node.fail(fmt::format("{} outputs, the body has {}", node.def().outputs.size(), body.outputs.size()));
  Graph& graph = node.graph();
  Values operands = {node.add(op::SequenceLength{}, {node.input(0)}), {}};
  for (const ValueDef& output : body.outputs) {
    const Type type = to_type(output.type, output.name, nullptr);
    if (!type.is_tensor()) node.fail("the results of the body must be tensors");
    operands.push_back(node.add(op::SequenceEmpty{type.as_tensor().dtype}, {}));
  }
  RegionId region;
  {
    const InsertionGuard guard(graph);
    region = graph.add_region();
    graph.set_insertion_region(region);
    const ValueId iteration = graph.add_parameter(region, {}, Type::tensor(DataType::i64, {}));
    Values results = {graph.add_parameter(region, {}, Type::tensor(DataType::boolean, {}))};
    Values carried;
    for (std::size_t i = 2; i < operands.size(); ++i)
      carried.push_back(graph.add_parameter(region, {}, node.type_of(operands[i])));
    Values elements;
    for (std::size_t i = 0; i < node.input_count(); ++i) {
      const ValueId input = node.input(i);
      const bool listed = node.type_of(input).kind() == Type::Kind::sequence;
      elements.push_back(listed ? node.add(op::SequenceAt{}, {input, iteration}) : input);
    }
    const Values made = node.inline_graph(body, elements);
    for (std::size_t i = 0; i < carried.size(); ++i)
      results.push_back(node.add(op::SequenceInsert{}, {carried[i], made[i]}));
    graph.set_results(region, std::move(results));
  }
  return graph.add_region_node(op::Loop{}, std::move(operands), {region}, body.outputs.size());
}

}  // namespace
}  // namespace tenon::onnx

namespace tenon {

void register_onnx_control(onnx::Registry& registry) {
  registry.add("If", onnx::if_node);
  registry.add("Loop", onnx::loop);
  registry.add("Scan", onnx::scan_batches, {8, 8});
  registry.add("Scan", onnx::scan, {9});
  registry.add("SequenceMap", onnx::sequence_map, {17});
}

}  // namespace tenon
