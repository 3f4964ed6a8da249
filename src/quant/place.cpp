#include "quant/place.hpp"

#include "base/check.hpp"
#include "base/text.hpp"
#include "ir/constant.hpp"
#include "ops/dequantize_linear.hpp"
#include "ops/matmul.hpp"
#include "ops/quantize_linear.hpp"
#include "ops/scalar.hpp"
#include "passes/rules/quantization.hpp"
#include "quant/observed_values.hpp"
#include "quant/override.hpp"
#include "quant/targets.hpp"
#include "quant/weights.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace tenon::quant {
namespace {

// The overrides, and what they say of each node.
class Orders {
 public:
  explicit Orders(const std::vector<PrecisionOverride>& overrides)
      : overrides_(overrides), matched_(overrides.size(), false) {}

  // The last one that fits; null: none.
  const PrecisionOverride* of(const Graph& graph, const Node& node) {
    const PrecisionOverride* last = nullptr;
    for (std::size_t i = 0; i < overrides_.size(); ++i) {
      if (!concerns(overrides_[i], graph, node)) continue;
      matched_[i] = true;
      last = &overrides_[i];
    }
    return last;
  }

  void require_all_matched() const {
    for (std::size_t i = 0; i < overrides_.size(); ++i) {
      TENON_REQUIRE(matched_[i], "no layer and no tensor is called {}", quote(overrides_[i].pattern));
    }
  }

 private:
  const std::vector<PrecisionOverride>& overrides_;
  std::vector<bool> matched_;
};

LayerPrecision describe(const Graph& graph, const Node& node) {
  LayerPrecision layer{node.location, std::string(node.op.name()), "", DataType::f32, ""};
  if (!node.outputs.empty()) layer.tensor = graph.value(node.outputs[0]).name;
  return layer;
}

// The dtype of the first operand that the node reads as integers.
DataType integers_of(const Demand& demand, const Node& node) {
  for (const ValueId input : node.inputs) {
    const auto quanta = input.valid() && demand.is_asked(input) ? demand.quanta(input) : std::nullopt;
    if (quanta) return quanta->dtype;
  }
  return DataType::i8;
}

bool is_moved(const Graph& graph, const Demand& demand, NodeId id) {
  return demand.role(id) == Role::moving && demand.is_asked(graph.node(id).outputs[0]);
}

bool is_concerned(const Demand& demand, NodeId id) {
  return demand.role(id) != Role::none && demand.role(id) != Role::moving;
}

// What became of each node that integers or an override concern. `wanted`: what was asked for before nodes
// were found to be slower.
std::vector<LayerPrecision> report(const Graph& graph, const Demand& demand, const Demand& wanted,
                                   const std::vector<NodeId>& nodes, const Positions& slower,
                                   Orders& orders) {
  std::vector<LayerPrecision> layers;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    const NodeId id = nodes[i];
    const Node& node = graph.node(id);
    const PrecisionOverride* order = orders.of(graph, node);
    const bool kept = order != nullptr && order->precision == DataType::f32;
    if (!kept && slower.contains(i)) {
      if (!is_concerned(wanted, id) && !is_moved(graph, wanted, id)) continue;
      layers.push_back(describe(graph, node));
      layers.back().reason = wanted.obstacle(id).empty() ? "FP32 is faster" : wanted.obstacle(id);
      continue;
    }
    const bool moved = is_moved(graph, demand, id);
    const bool concerned = is_concerned(demand, id);
    const bool belongs = rules::as_activation(node.op).has_value();  // to what comes before it
    if (!concerned && !moved && (order == nullptr || belongs) && !kept) continue;
    LayerPrecision layer = describe(graph, node);
    layer.reason = demand.obstacle(id);
    if (kept) layer.reason = "asked to stay float";
    if (!concerned && !moved && !kept)
      layer.reason = fmt::format("{} has no form for integers", node.op.name());
    if (layer.reason.empty()) layer.precision = integers_of(demand, node);
    TENON_REQUIRE(order == nullptr || kept || order->mode == PrecisionMode::prefer || layer.reason.empty(),
                  "{} ({}) cannot be INT8: {}", quote(node.location), node.op.name(), layer.reason);
    layers.push_back(std::move(layer));
  }
  return layers;
}

// The least scales of weights with which the bias fits into 32 bits and leaves room for the products.
std::vector<float> least_scales(const Graph& graph, const Node& product, const Quanta& input,
                                std::size_t channels) {
  constexpr float kRoom = 0x1p28F;
  const bool biased = product.inputs.size() > 2 && product.inputs[2].valid();
  const Tensor* bias = biased ? graph.constant(product.inputs[2]) : nullptr;
  if (bias == nullptr || bias->dtype() != DataType::f32) return {};
  float factor = input.scale;
  if (const auto* matmul = product.op.as<op::MatMul>()) factor *= std::fabs(matmul->alpha);
  std::vector<float> least;
  for (const float value : bias->values<float>()) least.push_back(std::fabs(value) / (factor * kRoom));
  if (least.size() != channels) return {};
  return least;
}

void write_weights(Graph& graph, NodeId id, const Quanta& input) {
  const Node& node = graph.node(id);
  const std::size_t axis = channel_axis(graph, node).axis;
  const Tensor& constant = *graph.constant(node.inputs[1]);
  const auto channels = static_cast<std::size_t>(constant.shape()[axis]);
  QuantizedWeights integers = quantize_channels(constant, axis, least_scales(graph, node, input, channels));
  Patch patch(graph, id);
  op::DequantizeLinear dequantize;
  dequantize.axis = static_cast<std::int64_t>(axis);
  dequantize.optional = true;
  const ValueId q = patch.add_constant(std::move(integers.values));
  const ValueId scales = patch.add_constant(std::move(integers.scales));
  const ValueId rounded = patch.add(dequantize, {q, scales});
  graph.apply(std::move(patch));
  graph.set_operand(id, 1, rounded);
}

// Rounds the value once, for all who read integers.
void write_pair(Graph& graph, ValueId value, const Quanta& quanta, const std::vector<Use>& readers) {
  NodeId first = readers.front().node;
  for (const Use& use : readers) {
    if (graph.before(use.node, first)) first = use.node;
  }
  Patch patch(graph, first);
  const NodeId from = graph.value(value).producer;
  patch.set_location(from.valid() ? graph.node(from).location : graph.value(value).name);
  const ValueId scale = patch.add_constant(scalar_tensor(DataType::f32, static_cast<double>(quanta.scale)));
  const ValueId zero = patch.add_constant(scalar_tensor(quanta.dtype, static_cast<double>(quanta.zero)));
  op::QuantizeLinear quantize;
  quantize.optional = true;
  op::DequantizeLinear dequantize;
  dequantize.optional = true;
  const ValueId q = patch.add(quantize, {value, scale, zero});
  const ValueId rounded = patch.add(dequantize, {q, scale, zero});
  graph.apply(std::move(patch));
  for (const Use& use : readers) graph.set_operand(use.node, use.index, rounded);
}

// The nodes that can be rounded for, and those of them that overrides keep float.
struct Nodes {
  std::vector<NodeId> all;
  std::set<std::uint32_t> kept_float;
};

Nodes nodes_of(const Graph& graph, Orders& orders) {
  Nodes nodes;
  for (const NodeId id : graph.nodes(graph.body())) {
    if (graph.node(id).op.is<op::Constant>()) continue;
    nodes.all.push_back(id);
    const PrecisionOverride* order = orders.of(graph, graph.node(id));
    if (order != nullptr && order->precision == DataType::f32) nodes.kept_float.insert(id.value);
  }
  orders.require_all_matched();
  return nodes;
}

bool reads_rounded(const Graph& graph, const Demand& demand, NodeId id) {
  const std::vector<ValueId>& inputs = graph.node(id).inputs;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (inputs[i].valid() && demand.is_asked(inputs[i]) && demand.quanta(inputs[i]) &&
        demand.reads_integers({id, {}, static_cast<std::uint32_t>(i)}))
      return true;
  }
  return false;
}

// Everything that the demand decided, as it was before anything is written.
void write(Graph& graph, const Demand& demand, const std::vector<NodeId>& nodes) {
  std::vector<ValueId> values(graph.inputs().begin(), graph.inputs().end());
  std::vector<std::pair<NodeId, Quanta>> products;
  for (const NodeId id : nodes) {
    const std::vector<ValueId>& outputs = graph.node(id).outputs;
    values.insert(values.end(), outputs.begin(), outputs.end());
    if (demand.runs_on_integers(id)) products.emplace_back(id, *demand.quanta(graph.node(id).inputs[0]));
  }
  struct Rounding {
    ValueId value;
    Quanta quanta;
    std::vector<Use> readers;
  };
  std::vector<Rounding> roundings;
  for (const ValueId value : values) {
    const auto quanta = demand.is_asked(value) ? demand.quanta(value) : std::nullopt;
    if (!quanta) continue;
    Rounding rounding{value, *quanta, {}};
    for (const Use& use : graph.value(value).uses) {
      if (demand.reads_integers(use)) rounding.readers.push_back(use);
    }
    if (!rounding.readers.empty()) roundings.push_back(std::move(rounding));
  }
  for (const auto& [id, input] : products) write_weights(graph, id, input);
  for (const Rounding& rounding : roundings)
    write_pair(graph, rounding.value, rounding.quanta, rounding.readers);
}

}  // namespace

void name_observed_values(Graph& graph) {
  for (const ObservedValue& observed : observed_values(graph)) {
    if (graph.value(observed.value).producer.valid()) graph.set_value_name(observed.value, observed.name);
  }
}

Ranges ranges_of(const CalibrationTable& table, const CalibrationRule& rule,
                 const std::map<std::string, CalibrationRule>& rules) {
  Ranges ranges;
  for (const CalibratedTensor& tensor : table.tensors) {
    const auto own = rules.find(tensor.name);
    const TensorRange* range = tensor.range(own != rules.end() ? own->second : rule);
    TENON_REQUIRE(range != nullptr || own == rules.end(), "the table has no range of {} by {}",
                  quote(tensor.name), to_string(own->second));
    if (range != nullptr) ranges.emplace(tensor.name, *range);
  }
  for (const auto& [name, own] : rules)
    TENON_REQUIRE(ranges.contains(name), "the table has no tensor {}", quote(name));
  TENON_REQUIRE(!ranges.empty(), "the table has no ranges by {}", to_string(rule));
  return ranges;
}

std::vector<LayerPrecision> place(Graph& graph, const Ranges& ranges, ActivationScheme scheme,
                                  const std::vector<PrecisionOverride>& overrides, const Positions& slower) {
  Orders orders(overrides);
  const Nodes nodes = nodes_of(graph, orders);
  std::set<std::uint32_t> kept_float = nodes.kept_float;
  for (const std::size_t position : slower) kept_float.insert(nodes.all.at(position).value);
  const Demand wanted(graph, ranges, scheme, nodes.all, nodes.kept_float);
  const Demand demand(graph, ranges, scheme, nodes.all, std::move(kept_float));
  std::vector<LayerPrecision> layers = report(graph, demand, wanted, nodes.all, slower, orders);
  write(graph, demand, nodes.all);
  return layers;
}

PlacementSurvey survey_placement(const Graph& graph, const Ranges& ranges, ActivationScheme scheme,
                                 const std::vector<PrecisionOverride>& overrides) {
  Orders orders(overrides);
  const Nodes nodes = nodes_of(graph, orders);
  const Demand demand(graph, ranges, scheme, nodes.all, nodes.kept_float);
  PlacementSurvey survey;
  for (std::size_t i = 0; i < nodes.all.size(); ++i) {
    const NodeId id = nodes.all[i];
    const bool asks = is_concerned(demand, id) && demand.obstacle(id).empty();
    const bool reads = !nodes.kept_float.contains(id.value) && reads_rounded(graph, demand, id);
    if (!asks && !reads && !is_moved(graph, demand, id)) continue;
    survey.concerned.insert(i);
    const PrecisionOverride* order = orders.of(graph, graph.node(id));
    if (order != nullptr && order->precision != DataType::f32) survey.ordered.insert(i);
  }
  for (std::uint32_t i = 0; i < graph.value_limit(); ++i) {
    const auto quanta = demand.is_asked(ValueId{i}) ? demand.quanta(ValueId{i}) : std::nullopt;
    if (quanta) survey.rounded.emplace(ValueId{i}, quanta->dtype);
  }
  return survey;
}

}  // namespace tenon::quant
