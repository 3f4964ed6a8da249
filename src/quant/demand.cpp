#include "quant/demand.hpp"

#include "base/text.hpp"
#include "ops/attention.hpp"
#include "ops/average_pool.hpp"
#include "ops/concat.hpp"
#include "ops/conv.hpp"
#include "ops/conv_transpose.hpp"
#include "ops/global_pool.hpp"
#include "ops/matmul.hpp"
#include "passes/rules/quantization.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

namespace tenon::quant {
namespace {

// A quantum that is worth a zero point, in symmetric ones.
constexpr float kShorter = 0.75F;
constexpr std::size_t kAttended = 3;  // queries, keys, values

bool is_f32(const Graph& graph, ValueId id) {
  if (!id.valid() || !graph.type(id).is_tensor()) return false;
  return graph.type(id).as_tensor().dtype == DataType::f32;
}

}  // namespace

std::optional<Quanta> quanta_of(const TensorRange& range, ActivationScheme scheme) {
  if (scheme == ActivationScheme::fitted) {
    const auto wide = quanta_of(range, ActivationScheme::symmetric);
    const auto narrow = quanta_of(range, ActivationScheme::asymmetric);
    return wide && narrow && narrow->scale <= kShorter * wide->scale ? narrow : wide;
  }
  Quanta quanta;
  if (scheme == ActivationScheme::asymmetric) {
    const float low = std::min(range.low, 0.0F);
    const float high = std::max(range.high, 0.0F);
    quanta.dtype = DataType::u8;
    quanta.scale = (high - low) / 255.0F;
    if (quanta.scale > 0) {
      const float zero = std::nearbyint(-low / quanta.scale);
      quanta.zero = static_cast<std::int64_t>(std::clamp(zero, 0.0F, 255.0F));
    }
  } else if (range.low >= 0) {
    quanta.dtype = DataType::u8;
    quanta.scale = range.threshold / 255.0F;
  } else {
    quanta.scale = range.scale();
  }
  if (!(quanta.scale > 0) || !std::isfinite(quanta.scale)) return std::nullopt;
  return quanta;
}

Demand::Demand(const Graph& graph, const Ranges& ranges, ActivationScheme scheme, std::vector<NodeId> nodes,
               std::set<std::uint32_t> kept_float)
    : graph_(graph),
      ranges_(ranges),
      scheme_(scheme),
      nodes_(std::move(nodes)),
      kept_float_(std::move(kept_float)),
      parent_(graph.value_limit()),
      asked_(graph.value_limit(), false) {
  std::iota(parent_.begin(), parent_.end(), 0U);
  for (const NodeId id : nodes_) {
    roles_[id.value] = find_role(id);
    if (roles_[id.value] == Role::moving) join_around(graph_.node(id));
  }
  for (std::uint32_t i = 0; i < parent_.size(); ++i) {
    if (range_of(ValueId{i}) != nullptr) members_[group(ValueId{i})].push_back(ValueId{i});
  }
  // A group may be asked for by a node that comes before one of its members' producers.
  while (ask_all()) {
  }
}

Role Demand::find_role(NodeId id) const {
  const Node& node = graph_.node(id);
  if (kept_float_.contains(id.value)) return Role::none;
  if (node.op.is<op::Conv>() || node.op.is<op::ConvTranspose>() || node.op.is<op::MatMul>())
    return Role::product;
  if (const auto* attention = node.op.as<op::Attention>()) {
    const bool plain =
        attention->causal == op::Causal::none && !attention->blind_is_zero && node.inputs.size() > 1;
    return plain ? Role::attention : Role::none;
  }
  if (rules::is_elementwise(node.op, PointwiseFn::add)) return Role::sum;
  if (node.op.is<op::AveragePool>() || node.op.is<op::GlobalAveragePool>()) return Role::mean;
  const bool moving = rules::moves_elements(graph_, node) && is_f32(graph_, node.outputs[0]) &&
                      graph_.constant(node.inputs[0]) == nullptr;
  return moving ? Role::moving : Role::none;
}

// --- groups ---

std::uint32_t Demand::group(ValueId id) const {
  std::uint32_t at = id.value;
  while (parent_[at] != at) at = parent_[at];
  return at;
}

void Demand::join_around(const Node& node) {
  const std::size_t data = node.op.is<op::Concat>() ? node.inputs.size() : 1;
  std::vector<ValueId> joined(node.inputs.begin(), node.inputs.begin() + static_cast<std::ptrdiff_t>(data));
  joined.insert(joined.end(), node.outputs.begin(), node.outputs.end());
  const std::uint32_t root = group(node.outputs[0]);
  for (const ValueId id : joined) {
    for (std::uint32_t at = id.value; at != root;) at = std::exchange(parent_[at], root);
  }
}

// --- ranges ---

const TensorRange* Demand::range_of(ValueId id) const {
  const auto found = ranges_.find(graph_.value(id).name);
  return found != ranges_.end() ? &found->second : nullptr;
}

std::optional<Quanta> Demand::quanta(ValueId id) const {
  const auto members = members_.find(group(id));
  if (members == members_.end()) return std::nullopt;
  for (const bool only_asked : {true, false}) {
    std::optional<TensorRange> widest;
    for (const ValueId member : members->second) {
      if (only_asked && !asked_[member.value]) continue;
      const TensorRange& range = *range_of(member);
      if (!widest) widest = range;
      widest->threshold = std::max(widest->threshold, range.threshold);
      widest->low = std::min(widest->low, range.low);
      widest->high = std::max(widest->high, range.high);
    }
    if (const auto quanta = widest ? quanta_of(*widest, scheme_) : std::nullopt) return quanta;
  }
  return std::nullopt;
}

std::string Demand::value_obstacle(ValueId id) const {
  if (!is_f32(graph_, id)) return "it reads no f32";
  if (graph_.constant(id) != nullptr) return "it reads a constant";
  if (quanta(id)) return "";
  const std::string name = quote(graph_.value(id).name);
  return members_.contains(group(id)) ? fmt::format("calibration saw nothing but zeros in {}", name)
                                      : fmt::format("calibration has no range for {}", name);
}

// --- asking ---

ChannelAxis channel_axis(const Graph& graph, const Node& product) {
  const Tensor* weights = graph.constant(product.inputs[1]);
  if (weights == nullptr) return {0, "its weights are not constant"};
  if (weights->dtype() != DataType::f32) return {0, "its weights are not f32"};
  if (weights->elements() == 0) return {0, "it has no weights"};
  if (product.inputs.size() > 2 && product.inputs[2].valid() && graph.constant(product.inputs[2]) == nullptr)
    return {0, "its bias is not constant"};
  const auto* matmul = product.op.as<op::MatMul>();
  if (matmul == nullptr) return {product.op.is<op::ConvTranspose>() ? 1U : 0U, ""};
  if (matmul->alpha == 0) return {0, "its factor is 0"};
  const std::size_t rank = weights->shape().size();
  if (rank < 2) return {0, "its weights are a vector"};
  return {rank - (matmul->transpose_b ? 2 : 1), ""};
}

std::string Demand::product_obstacle(const Node& node) const {
  std::string reason = channel_axis(graph_, node).obstacle;
  return reason.empty() ? value_obstacle(node.inputs[0]) : reason;
}

std::string Demand::attention_obstacle(const Node& node) const {
  for (std::size_t i = 0; i < kAttended; ++i) {
    if (std::string reason = value_obstacle(node.inputs[i]); !reason.empty()) return reason;
  }
  return "";
}

bool Demand::runs_on_integers(NodeId id) const {
  const auto role = roles_.find(id.value);
  return role != roles_.end() && role->second == Role::product && product_obstacle(graph_.node(id)).empty();
}

// The result as it is rounded: behind the activation that follows, where nothing else reads it.
ValueId Demand::rounded_result(const Node& node) const {
  const NodeId user = graph_.sole_user(node.outputs[0]);
  if (!user.valid() || graph_.is_output(node.outputs[0])) return node.outputs[0];
  const Node& next = graph_.node(user);
  return rules::as_activation(next.op) && !kept_float_.contains(user.value) ? next.outputs[0]
                                                                            : node.outputs[0];
}

// The operand of a sum that comes from a product of integers, which then adds the other one itself: the later
// of two, when the other is done already.
std::optional<std::size_t> Demand::fused_operand(NodeId id) const {
  const Node& node = graph_.node(id);
  std::optional<std::size_t> best;
  for (const std::size_t i : {0, 1}) {
    const NodeId from = graph_.value(node.inputs[i]).producer;
    if (!from.valid() || graph_.node(from).region != node.region || !runs_on_integers(from)) continue;
    if (graph_.sole_user(node.inputs[i]) != id || graph_.is_output(node.inputs[i])) continue;
    if (!rules::same_dims(graph_, node.inputs[i], node.outputs[0]) ||
        !rules::same_dims(graph_, node.inputs[1 - i], node.outputs[0]))
      continue;
    if (!best || graph_.before(graph_.value(node.inputs[*best]).producer, from)) best = i;
  }
  return best;
}

std::string Demand::follower_obstacle(NodeId id) const {
  const Node& node = graph_.node(id);
  if (!is_asked(rounded_result(node))) return "nothing reads its result as integers";
  const auto fused = role(id) == Role::sum ? fused_operand(id) : std::nullopt;
  for (std::size_t i = 0; i < node.inputs.size(); ++i) {
    if (fused == i) continue;
    if (std::string reason = value_obstacle(node.inputs[i]); !reason.empty()) return reason;
  }
  return "";
}

std::string Demand::obstacle(NodeId id) const {
  switch (role(id)) {
    case Role::product: return product_obstacle(graph_.node(id));
    case Role::attention: return attention_obstacle(graph_.node(id));
    case Role::sum:
    case Role::mean: return follower_obstacle(id);
    case Role::none:
    case Role::moving: break;
  }
  return "";
}

bool Demand::ask(ValueId id) {
  const bool first = !asked_[id.value];
  asked_[id.value] = true;
  return asked_groups_.insert(group(id)).second || first;
}

bool Demand::ask_all() {
  bool changed = false;
  for (auto at = nodes_.rbegin(); at != nodes_.rend(); ++at) {
    const Node& node = graph_.node(*at);
    const Role kind = role(*at);
    if (kind == Role::none || kind == Role::moving || !obstacle(*at).empty()) continue;
    if (kind == Role::product) {
      changed = ask(node.inputs[0]) || changed;
      continue;
    }
    if (kind == Role::attention) {
      for (std::size_t i = 0; i < kAttended; ++i) changed = ask(node.inputs[i]) || changed;
      continue;
    }
    const auto fused = kind == Role::sum ? fused_operand(*at) : std::nullopt;
    for (std::size_t i = 0; i < node.inputs.size(); ++i) {
      if (fused != i) changed = ask(node.inputs[i]) || changed;
    }
  }
  return changed;
}

bool Demand::reads_integers(const Use& use) const {
  if (use.is_result() || graph_.node(use.node).region != graph_.body()) return false;
  const std::string_view op = graph_.node(use.node).op.name();
  return !kept_float_.contains(use.node.value) && op != "shape" && op != "size";
}

}  // namespace tenon::quant
