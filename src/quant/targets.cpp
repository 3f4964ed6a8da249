#include "quant/targets.hpp"

#include "base/check.hpp"
#include "base/text.hpp"
#include "base/wildcard.hpp"
#include "ops/conv.hpp"
#include "ops/conv_transpose.hpp"
#include "ops/matmul.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace tenon::quant {
namespace {

bool is_linear(const Op& op) {
  return op.is<op::Conv>() || op.is<op::ConvTranspose>() || op.is<op::MatMul>();
}

// Why not; empty when it is one.
std::string refusal(const Graph& graph, const Node& node) {
  if (node.inputs.size() < 2) return "it has no weights";
  const Tensor* weights = graph.constant(node.inputs[1]);
  if (weights == nullptr) return "its second operand is computed";
  if (weights->dtype() != DataType::f32) return fmt::format("its weights are {}", name(weights->dtype()));
  if (weights->elements() == 0) return "it has no weights";
  if (node.op.is<op::MatMul>() && weights->rank() != 2)
    return fmt::format("its weights have rank {}", weights->rank());
  if (const auto* transposed = node.op.as<op::ConvTranspose>();
      transposed != nullptr && transposed->group != 1)
    return "it is transposed and has groups";
  return "";
}

}  // namespace

bool fits_pattern(const std::string& label, std::string_view pattern) {
  if (matches_wildcard(label, pattern)) return true;
  constexpr std::string_view kJoin = " + ";
  std::size_t at = 0;
  while (at <= label.size()) {
    const std::size_t end = std::min(label.find(kJoin, at), label.size());
    if (matches_wildcard(std::string_view(label).substr(at, end - at), pattern)) return true;
    at = end + kJoin.size();
  }
  return false;
}

std::string node_label(const Graph& graph, NodeId id) {
  const Node& node = graph.node(id);
  if (!node.location.empty()) return node.location;
  const std::string& result = graph.value(node.outputs[0]).name;
  return result.empty() ? std::string(node.op.name()) : result;
}

std::string describe_weights(const Tensor& values, std::int64_t block) {
  return fmt::format("{}[{}] {}", name(values.dtype()), fmt::join(values.shape(), ","),
                     block == 0 ? std::string("per channel") : fmt::format("in blocks of {}", block));
}

std::vector<Target> find_targets(const Graph& graph, const std::vector<std::string>& exclude,
                                 std::vector<QuantizeReport::Kept>& kept) {
  std::vector<Target> targets;
  std::vector<bool> used(exclude.size());
  for (const NodeId id : graph.all_nodes()) {
    const Node& node = graph.node(id);
    if (!is_linear(node.op)) continue;
    Target target{id, node_label(graph, id)};
    std::string reason = refusal(graph, node);
    for (std::size_t i = 0; i < exclude.size(); ++i) {
      if (!fits_pattern(target.name, exclude[i])) continue;
      used[i] = true;
      reason = fmt::format("excluded by {}", quote(exclude[i]));
    }
    if (!reason.empty()) {
      kept.push_back({std::move(target.name), std::string(node.op.name()), std::move(reason)});
      continue;
    }
    if (const auto* matmul = node.op.as<op::MatMul>()) {
      target.channel_axis = matmul->transpose_b ? 0 : 1;
    } else {
      target.channel_axis = node.op.is<op::ConvTranspose>() ? 1 : 0;
    }
    target.inner_axis = 1 - target.channel_axis;
    targets.push_back(std::move(target));
  }
  for (std::size_t i = 0; i < exclude.size(); ++i) {
    TENON_REQUIRE(used[i], "{} fits no convolution or product of the network", quote(exclude[i]));
  }
  return targets;
}

}  // namespace tenon::quant
