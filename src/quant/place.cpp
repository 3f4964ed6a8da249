#include "quant/place.hpp"

#include "base/check.hpp"
#include "base/text.hpp"
#include "ir/constant.hpp"
#include "ops/average_pool.hpp"
#include "ops/concat.hpp"
#include "ops/conv.hpp"
#include "ops/dequantize_linear.hpp"
#include "ops/global_pool.hpp"
#include "ops/matmul.hpp"
#include "ops/quantize_linear.hpp"
#include "ops/scalar.hpp"
#include "passes/rules/quantization.hpp"
#include "quant/observed_values.hpp"
#include "quant/targets.hpp"
#include "quant/weights.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>
#include <set>

namespace tenon::quant {
namespace {

// What a node may be to integers.
enum class Role : std::uint8_t {
  none,     // reads and writes floats
  product,  // convolution or product with constant weights: asks for integers
  sum,      // of two tensors: takes integers where its result is asked for in integers
  mean,     // likewise
  moving,   // passes on what it gets: results have the scale of what goes in
};

struct Quanta {
  float scale = 1;
  std::int64_t zero = 0;
  DataType dtype = DataType::i8;
};

bool is_f32_tensor(const Graph& graph, ValueId id) {
  if (!id.valid() || !graph.type(id).is_tensor()) return false;
  return graph.type(id).as_tensor().dtype == DataType::f32;
}

class Placement {
 public:
  Placement(Graph& graph, const Ranges& ranges, ActivationScheme scheme,
            const std::vector<PrecisionOverride>& overrides)
      : graph_(graph), ranges_(ranges), scheme_(scheme), overrides_(overrides) {
    matched_.resize(overrides.size(), false);
  }

  std::vector<LayerPrecision> run() {
    for (const NodeId id : graph_.nodes(graph_.body())) {
      if (!graph_.node(id).op.is<op::Constant>()) nodes_.push_back(id);
    }
    parent_.resize(graph_.value_limit());
    std::iota(parent_.begin(), parent_.end(), 0U);
    asked_.resize(graph_.value_limit(), false);
    for (const NodeId id : nodes_) {
      roles_[id.value] = role_of(id);
      if (roles_[id.value] == Role::moving) join_around(graph_.node(id));
    }
    for (std::uint32_t i = 0; i < parent_.size(); ++i) {
      if (range_of(ValueId{i}) != nullptr) members_[group(ValueId{i})].push_back(ValueId{i});
    }
    // A group may be asked for by a node that comes before one of its members' producers.
    while (ask_all()) {
    }
    for (const NodeId id : nodes_) judge(id);
    keep_promises();
    write();
    return std::move(layers_);
  }

 private:
  // --- roles ---

  Role role_of(NodeId id) {
    const Node& node = graph_.node(id);
    Role role = Role::none;
    if (node.op.is<op::Conv>() || node.op.is<op::MatMul>()) {
      role = Role::product;
    } else if (rules::is_elementwise(node.op, PointwiseFn::add)) {
      role = Role::sum;
    } else if (node.op.is<op::AveragePool>() || node.op.is<op::GlobalAveragePool>()) {
      role = Role::mean;
    } else if (rules::moves_elements(graph_, node) && is_f32_tensor(graph_, node.outputs[0])) {
      role = Role::moving;
    }
    if (const PrecisionOverride* order = override_of(node);
        order != nullptr && order->precision == DataType::f32) {
      kept_float_.insert(id.value);
      return Role::none;
    }
    if (role == Role::moving && graph_.constant(node.inputs[0]) != nullptr) return Role::none;
    return role;
  }

  const PrecisionOverride* override_of(const Node& node) {
    const PrecisionOverride* last = nullptr;
    for (std::size_t i = 0; i < overrides_.size(); ++i) {
      const std::string& pattern = overrides_[i].pattern;
      bool matches = fits_pattern(node.location, pattern);
      for (const ValueId output : node.outputs)
        matches = matches || fits_pattern(graph_.value(output).name, pattern);
      if (!matches) continue;
      matched_[i] = true;
      last = &overrides_[i];
    }
    return last;
  }

  Role role(NodeId id) const { return roles_.at(id.value); }

  // --- groups of values that share a scale ---

  std::uint32_t group(ValueId id) {
    std::uint32_t at = id.value;
    while (parent_[at] != at) at = parent_[at] = parent_[parent_[at]];
    return at;
  }

  void join_around(const Node& node) {
    const std::size_t data = node.op.is<op::Concat>() ? node.inputs.size() : 1;
    for (std::size_t i = 0; i < data; ++i) parent_[group(node.inputs[i])] = group(node.outputs[0]);
    for (const ValueId output : node.outputs) parent_[group(output)] = group(node.outputs[0]);
  }

  // --- ranges ---

  const TensorRange* range_of(ValueId id) const {
    const auto found = ranges_.find(graph_.value(id).name);
    return found != ranges_.end() ? &found->second : nullptr;
  }

  std::optional<Quanta> quanta_of(const TensorRange& range) const {
    Quanta quanta;
    if (scheme_ == ActivationScheme::asymmetric) {
      const float low = std::min(range.low, 0.0F);
      const float high = std::max(range.high, 0.0F);
      quanta.dtype = DataType::u8;
      quanta.scale = (high - low) / 255.0F;
      if (quanta.scale > 0) {
        const float zero = std::nearbyint(-low / quanta.scale);
        quanta.zero = static_cast<std::int64_t>(std::clamp(zero, 0.0F, 255.0F));
      }
    } else {
      quanta.scale = range.scale();
    }
    if (!(quanta.scale > 0) || !std::isfinite(quanta.scale)) return std::nullopt;
    return quanta;
  }

  // Of a group: the widest range among the members that are read as integers, so that what goes into a pool
  // or a concatenation has the scale of what comes out; where those have none, among all members.
  std::optional<Quanta> group_quanta(ValueId member) {
    for (const bool only_asked : {true, false}) {
      std::optional<TensorRange> widest;
      for (const ValueId id : members_[group(member)]) {
        if (only_asked && !asked_[id.value]) continue;
        const TensorRange* range = range_of(id);
        if (!widest) widest = *range;
        widest->threshold = std::max(widest->threshold, range->threshold);
        widest->low = std::min(widest->low, range->low);
        widest->high = std::max(widest->high, range->high);
      }
      if (const auto quanta = widest ? quanta_of(*widest) : std::nullopt) return quanta;
    }
    return std::nullopt;
  }

  // Why the value cannot be rounded; empty when it can.
  std::string obstacle(ValueId id) {
    if (!is_f32_tensor(graph_, id)) return "reads no f32";
    if (graph_.constant(id) != nullptr) return "reads a constant";
    const std::vector<ValueId>& members = members_[group(id)];
    for (const ValueId member : members) {
      if (quanta_of(*range_of(member))) return "";
    }
    const std::string name = quote(graph_.value(id).name);
    return !members.empty() ? fmt::format("calibration saw nothing but zeros in {}", name)
                            : fmt::format("calibration has no range for {}", name);
  }

  // --- asking ---

  bool is_asked(ValueId id) { return asked_groups_.contains(group(id)); }

  bool ask(ValueId id) {
    bool changed = !asked_[id.value];
    asked_[id.value] = true;
    changed = asked_groups_.insert(group(id)).second || changed;
    return changed;
  }

  // The weights' operand and their axis of channels; or why there is none.
  struct Weights {
    ValueId value;
    std::size_t axis = 0;
    std::string obstacle;
  };
  Weights weights_of(const Node& node) const {
    Weights weights{node.inputs[1], 0, ""};
    const Tensor* constant = graph_.constant(weights.value);
    if (constant == nullptr) {
      weights.obstacle = "its weights are not constant";
    } else if (constant->dtype() != DataType::f32) {
      weights.obstacle = "its weights are not f32";
    } else if (const auto* matmul = node.op.as<op::MatMul>()) {
      const std::size_t rank = constant->shape().size();
      if (rank < 2) {
        weights.obstacle = "its weights are a vector";
      } else {
        weights.axis = rank - (matmul->transpose_b ? 2 : 1);
      }
      if (matmul->alpha == 0) weights.obstacle = "its factor is 0";
    }
    if (weights.obstacle.empty() && constant->elements() == 0) weights.obstacle = "it has no weights";
    const bool biased = node.inputs.size() > 2 && node.inputs[2].valid();
    if (weights.obstacle.empty() && biased && graph_.constant(node.inputs[2]) == nullptr)
      weights.obstacle = "its bias is not constant";
    return weights;
  }

  // Why a product stays float; empty when it can be one of integers.
  std::string product_obstacle(const Node& node) {
    if (const std::string reason = weights_of(node).obstacle; !reason.empty()) return reason;
    return obstacle(node.inputs[0]);
  }

  bool runs_on_integers(NodeId id) {
    return role(id) == Role::product && product_obstacle(graph_.node(id)).empty();
  }

  // The result as it is rounded: behind the activation that follows, where nothing else reads it.
  ValueId rounded_result(const Node& node) const {
    const NodeId user = graph_.sole_user(node.outputs[0]);
    if (!user.valid() || graph_.is_output(node.outputs[0])) return node.outputs[0];
    const Node& next = graph_.node(user);
    return rules::as_activation(next.op) && !kept_float_.contains(user.value) ? next.outputs[0]
                                                                              : node.outputs[0];
  }

  // The operand of a sum that comes from a product of integers, which then adds the other one itself: the
  // later of two, when the other is done already.
  std::optional<std::size_t> fused_operand(NodeId id) {
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

  // Why a sum or mean does not take integers; empty when it does.
  std::string follower_obstacle(NodeId id) {
    const Node& node = graph_.node(id);
    if (!is_asked(rounded_result(node))) return "nothing reads its result as integers";
    const auto fused = role(id) == Role::sum ? fused_operand(id) : std::nullopt;
    for (std::size_t i = 0; i < node.inputs.size(); ++i) {
      if (fused == i) continue;
      if (std::string reason = obstacle(node.inputs[i]); !reason.empty()) return reason;
    }
    return "";
  }

  bool ask_all() {
    bool changed = false;
    for (auto at = nodes_.rbegin(); at != nodes_.rend(); ++at) {
      const Node& node = graph_.node(*at);
      const Role kind = role(*at);
      if (kind == Role::product && runs_on_integers(*at)) changed = ask(node.inputs[0]) || changed;
      if ((kind != Role::sum && kind != Role::mean) || !follower_obstacle(*at).empty()) continue;
      const auto fused = kind == Role::sum ? fused_operand(*at) : std::nullopt;
      for (std::size_t i = 0; i < node.inputs.size(); ++i) {
        if (fused != i) changed = ask(node.inputs[i]) || changed;
      }
    }
    return changed;
  }

  // --- reporting ---

  void judge(NodeId id) {
    const Node& node = graph_.node(id);
    const Role kind = role(id);
    const bool kept = kept_float_.contains(id.value);
    LayerPrecision layer{node.location, std::string(node.op.name()), "", DataType::f32, ""};
    if (!node.outputs.empty()) layer.tensor = graph_.value(node.outputs[0]).name;
    if (kept) {
      layer.reason = "asked to stay float";
    } else if (kind == Role::product) {
      layer.reason = product_obstacle(node);
    } else if (kind == Role::sum || kind == Role::mean) {
      layer.reason = follower_obstacle(id);
    } else if (kind == Role::moving && is_asked(node.outputs[0])) {
      layer.reason = "";
    } else if (override_of(node) != nullptr && !rules::as_activation(node.op)) {
      layer.reason = fmt::format("{} has no form for integers", node.op.name());
    } else {
      return;
    }
    if (layer.reason.empty())
      layer.precision = scheme_ == ActivationScheme::asymmetric ? DataType::u8 : DataType::i8;
    layers_.push_back(std::move(layer));
  }

  void keep_promises() {
    for (std::size_t i = 0; i < overrides_.size(); ++i) {
      TENON_REQUIRE(matched_[i], "no layer and no tensor is called {}", quote(overrides_[i].pattern));
    }
    for (const NodeId id : nodes_) {
      const Node& node = graph_.node(id);
      const PrecisionOverride* order = override_of(node);
      if (order == nullptr || order->precision == DataType::f32 || order->mode != PrecisionMode::strict)
        continue;
      const auto layer = std::find_if(layers_.begin(), layers_.end(), [&](const LayerPrecision& l) {
        return l.location == node.location && l.op == node.op.name();
      });
      TENON_REQUIRE(layer == layers_.end() || layer->reason.empty(), "{} ({}) cannot be INT8: {}",
                    quote(node.location), node.op.name(), layer->reason);
    }
  }

  // --- writing ---

  bool reads_integers(const Use& use) const {
    if (use.is_result() || graph_.node(use.node).region != graph_.body()) return false;
    const std::string_view op = graph_.node(use.node).op.name();
    return !kept_float_.contains(use.node.value) && op != "shape" && op != "size";
  }

  void write() {
    std::vector<ValueId> values(graph_.inputs().begin(), graph_.inputs().end());
    for (const NodeId id : nodes_) {
      const std::vector<ValueId>& outputs = graph_.node(id).outputs;
      values.insert(values.end(), outputs.begin(), outputs.end());
    }
    for (const NodeId id : nodes_) {
      if (runs_on_integers(id)) write_weights(id);
    }
    for (const ValueId value : values) {
      if (is_f32_tensor(graph_, value) && is_asked(value)) write_pair(value);
    }
  }

  void write_pair(ValueId value) {
    const auto quanta = group_quanta(value);
    std::vector<Use> readers;
    for (const Use& use : graph_.value(value).uses) {
      if (reads_integers(use)) readers.push_back(use);
    }
    if (readers.empty() || !quanta) return;
    NodeId first = readers.front().node;
    for (const Use& use : readers) {
      if (graph_.before(use.node, first)) first = use.node;
    }
    Patch patch(graph_, first);
    const NodeId from = graph_.value(value).producer;
    patch.set_location(from.valid() ? graph_.node(from).location : graph_.value(value).name);
    const ValueId scale =
        patch.add_constant(scalar_tensor(DataType::f32, static_cast<double>(quanta->scale)));
    const ValueId zero = patch.add_constant(scalar_tensor(quanta->dtype, static_cast<double>(quanta->zero)));
    op::QuantizeLinear quantize;
    quantize.optional = true;
    op::DequantizeLinear dequantize;
    dequantize.optional = true;
    const ValueId q = patch.add(quantize, {value, scale, zero});
    const ValueId rounded = patch.add(dequantize, {q, scale, zero});
    graph_.apply(std::move(patch));
    for (const Use& use : readers) graph_.set_operand(use.node, use.index, rounded);
  }

  // The least scales with which a bias fits into 32 bits and leaves room for the products.
  std::vector<float> least_scales(const Node& node, std::size_t channels) {
    constexpr float kRoom = 0x1p28F;
    if (node.inputs.size() < 3 || !node.inputs[2].valid()) return {};
    const Tensor* bias = graph_.constant(node.inputs[2]);
    const auto quanta = group_quanta(node.inputs[0]);
    if (bias == nullptr || !quanta || bias->dtype() != DataType::f32) return {};
    float factor = quanta->scale;
    if (const auto* matmul = node.op.as<op::MatMul>()) factor *= std::fabs(matmul->alpha);
    std::vector<float> least;
    for (const float value : bias->values<float>()) least.push_back(std::fabs(value) / (factor * kRoom));
    if (least.size() != channels) return {};
    return least;
  }

  void write_weights(NodeId id) {
    const Node& node = graph_.node(id);
    const Weights weights = weights_of(node);
    const Tensor& constant = *graph_.constant(weights.value);
    const auto channels = static_cast<std::size_t>(constant.shape()[weights.axis]);
    QuantizedWeights integers = quantize_channels(constant, weights.axis, least_scales(node, channels));
    Patch patch(graph_, id);
    op::DequantizeLinear dequantize;
    dequantize.axis = static_cast<std::int64_t>(weights.axis);
    dequantize.optional = true;
    const ValueId q = patch.add_constant(std::move(integers.values));
    const ValueId scales = patch.add_constant(std::move(integers.scales));
    const ValueId rounded = patch.add(dequantize, {q, scales});
    graph_.apply(std::move(patch));
    graph_.set_operand(id, 1, rounded);
  }

  Graph& graph_;
  const Ranges& ranges_;
  ActivationScheme scheme_;
  const std::vector<PrecisionOverride>& overrides_;
  std::vector<bool> matched_;  // by override
  std::vector<NodeId> nodes_;
  std::map<std::uint32_t, Role> roles_;                    // by node
  std::set<std::uint32_t> kept_float_;                     // nodes, by order of an override
  std::vector<std::uint32_t> parent_;                      // by value: union-find of groups
  std::map<std::uint32_t, std::vector<ValueId>> members_;  // by group: those with a range
  std::vector<bool> asked_;                                // by value: a node reads it as integers
  std::set<std::uint32_t> asked_groups_;
  std::vector<LayerPrecision> layers_;
};

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
                                  const std::vector<PrecisionOverride>& overrides) {
  return Placement(graph, ranges, scheme, overrides).run();
}

}  // namespace tenon::quant
