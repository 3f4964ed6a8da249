#include "api/half_guard.hpp"

#include "base/check.hpp"
#include "base/text.hpp"
#include "ir/constant.hpp"
#include "quant/place.hpp"
#include "quant/targets.hpp"

#include <tenon/calibrate.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace tenon {
namespace {

bool fits(const Graph& graph, NodeId id, const std::string& pattern) {
  const Node& node = graph.node(id);
  return quant::fits_pattern(node.location, pattern) ||
         std::any_of(node.outputs.begin(), node.outputs.end(),
                     [&](ValueId output) { return quant::fits_pattern(graph.value(output).name, pattern); });
}

// Whether a location, which rewrites may have joined of several, has one of these among its parts.
bool has_part(std::string_view location, const std::set<std::string>& parts) {
  constexpr std::string_view kJoint = " + ";
  while (!location.empty()) {
    const std::size_t end = std::min(location.find(kJoint), location.size());
    if (parts.contains(std::string(location.substr(0, end)))) return true;
    location.remove_prefix(std::min(end + kJoint.size(), location.size()));
  }
  return false;
}

// The last override that fits; null: none. Marks in `matched` all that do.
const PrecisionOverride* order_of(const Graph& graph, NodeId id, const std::vector<PrecisionOverride>& orders,
                                  std::vector<bool>& matched) {
  const PrecisionOverride* last = nullptr;
  for (std::size_t i = 0; i < orders.size(); ++i) {
    if (!fits(graph, id, orders[i].pattern)) continue;
    matched[i] = true;
    last = &orders[i];
  }
  return last;
}

}  // namespace

HalfGuard::HalfGuard(const Network& network, const HalfOptions& options) : options_(options) {
  for (const DataType type : options.types) {
    TENON_REQUIRE(type == DataType::bf16 || type == DataType::f16, "values stored as {}: bf16 and f16 can be",
                  name(type));
    if (!options.table) continue;
    for (const RangeFinding& finding : check_ranges(network, *options.table, type))
      findings_.emplace(std::pair(type, finding.tensor), finding.reason);
  }
  const Graph& graph = network.graph();
  std::vector<bool> matched(options.overrides.size(), false);
  for (const NodeId id : graph.nodes(graph.body())) {
    const PrecisionOverride* order = order_of(graph, id, options.overrides, matched);
    if (order == nullptr || order->precision != DataType::f32) continue;
    layers_.insert(graph.node(id).location);
    for (const ValueId output : graph.node(id).outputs) values_.insert(graph.value(output).name);
  }
  layers_.erase("");
  values_.erase("");
  for (std::size_t i = 0; i < matched.size(); ++i) {
    TENON_REQUIRE(matched[i], "no layer and no tensor is called {}", quote(options.overrides[i].pattern));
  }
}

void HalfGuard::name_values(Graph& graph) const {
  if (options_.table) quant::name_observed_values(graph);
}

std::string HalfGuard::reason(const Graph& graph, NodeId id, DataType type) const {
  const Node& node = graph.node(id);
  const bool ordered = has_part(node.location, layers_) ||
                       std::any_of(node.outputs.begin(), node.outputs.end(), [&](ValueId output) {
                         return values_.contains(graph.value(output).name);
                       });
  if (ordered) return "it was asked to stay f32";
  if (findings_.empty()) return "";
  for (const auto* values : {&node.inputs, &node.outputs}) {
    for (const ValueId value : *values) {
      if (!value.valid() || graph.constant(value) != nullptr) continue;
      const std::string& name = graph.value(value).name;
      if (const auto found = findings_.find({type, name}); found != findings_.end())
        return fmt::format("{}: {}", name, found->second);
    }
  }
  return "";
}

std::vector<KeptLayer> HalfGuard::kept(const Graph& graph) const {
  std::vector<KeptLayer> kept;
  for (const NodeId id : graph.nodes(graph.body())) {
    const Node& node = graph.node(id);
    if (node.op.is<op::Constant>()) continue;
    for (const DataType type : options_.types) {
      if (std::string why = reason(graph, id, type); !why.empty())
        kept.push_back({node.location, std::string(node.op.name()), type, std::move(why)});
    }
  }
  return kept;
}

}  // namespace tenon
