#include "base/check.hpp"
#include "base/text.hpp"
#include "ir/graph.hpp"
#include "ops/cast.hpp"
#include "quant/observed_values.hpp"

#include <tenon/calibrate.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace tenon {
namespace {

struct Limits {
  double largest;
  double normal;    // the smallest normal number
  double integers;  // up to here every integer is exact
};

// Data that calibration did not see may go further than what it saw.
constexpr double kHeadroom = 4;

Limits limits_of(DataType type) {
  TENON_REQUIRE(type == DataType::f16 || type == DataType::bf16,
                "ranges are checked for f16 and bf16, not {}", name(type));
  if (type == DataType::f16) return {65504, 0x1p-14, 2048};
  return {0x1.FEp127, 0x1p-126, 256};
}

bool becomes_integer(const Graph& graph, const Value& value) {
  return std::any_of(value.uses.begin(), value.uses.end(), [&](const Use& use) {
    if (use.is_result()) return false;
    const auto* cast = graph.node(use.node).op.as<op::Cast>();
    return cast != nullptr && is_integer(cast->to);
  });
}

std::vector<std::string> nodes_around(const Graph& graph, const Value& value) {
  std::vector<std::string> nodes;
  std::set<std::string> known;
  const auto add = [&](NodeId id) {
    const Node& node = graph.node(id);
    std::string label = node.location.empty() ? std::string(node.op.name()) : node.location;
    if (known.insert(label).second) nodes.push_back(std::move(label));
  };
  if (value.producer.valid()) add(value.producer);
  for (const Use& use : value.uses) {
    if (!use.is_result()) add(use.node);
  }
  return nodes;
}

}  // namespace

std::vector<RangeFinding> check_ranges(const Network& network, const CalibrationTable& table, DataType type) {
  const Limits limits = limits_of(type);
  const Graph& graph = network.graph();
  TENON_REQUIRE(table.graph == quant::network_digest(graph),
                "the calibration table is of another network, or of other weights: {}", quote(table.network));
  std::vector<RangeFinding> findings;
  for (const quant::ObservedValue& observed : quant::observed_values(graph)) {
    const CalibratedTensor* tensor = table.find(observed.name);
    if (tensor == nullptr || tensor->elements == 0) continue;
    const Value& value = graph.value(observed.value);
    const double most = std::max(-static_cast<double>(tensor->min), static_cast<double>(tensor->max));
    RangeFinding finding;
    finding.verdict = most > limits.largest ? RangeVerdict::overflow : RangeVerdict::unsafe;
    if (most > limits.largest) {
      finding.reason = fmt::format("|x| reaches {:.6g}, above {:.6g}", most, limits.largest);
    } else if (most > limits.largest / kHeadroom) {
      finding.reason = fmt::format("|x| reaches {:.6g}, close to {:.6g}", most, limits.largest);
    } else if (most > 0 && most < limits.normal) {
      finding.reason = fmt::format("|x| stays below {:.3g}, under the normal numbers", most);
    } else if (most > limits.integers && becomes_integer(graph, value)) {
      finding.reason = fmt::format("integers up to {:.6g} are read from it, and above {} not all are exact",
                                   most, limits.integers);
    } else {
      continue;
    }
    finding.tensor = observed.name;
    finding.nodes = nodes_around(graph, value);
    findings.push_back(std::move(finding));
  }
  return findings;
}

}  // namespace tenon
