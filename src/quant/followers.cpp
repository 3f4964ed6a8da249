#include "quant/followers.hpp"

#include "ops/concat.hpp"
#include "ops/flatten.hpp"
#include "ops/identity.hpp"
#include "ops/reshape.hpp"
#include "ops/squeeze.hpp"
#include "ops/transpose.hpp"
#include "ops/unary.hpp"
#include "ops/unsqueeze.hpp"

#include <algorithm>
#include <map>
#include <optional>

namespace tenon::quant {
namespace {

using Parts = std::vector<Clamped>;

constexpr float kMostFinite = std::numeric_limits<float>::max();

template <class... Ops>
bool is_any(const Op& op) {
  return ((op.as<Ops>() != nullptr) || ...);
}

// Every element of the operand once, somewhere else.
bool moves(const Op& op) {
  return is_any<op::Identity, op::Reshape, op::Flatten, op::Squeeze, op::Unsqueeze, op::Transpose>(op);
}

// The interval that an elementwise operator clamps to, where a tally can tell what that leaves.
std::optional<Clamped> clamp_of(const Op& op) {
  const auto* const unary = op.as<op::Unary>();
  if (unary == nullptr) return std::nullopt;
  Clamped clamp;
  if (unary->fn == PointwiseFn::relu) {
    clamp.low = 0;
  } else if (unary->fn == PointwiseFn::clip && (unary->alpha == 0 || unary->alpha <= -kMostFinite) &&
             unary->beta > 0) {
    clamp.low = unary->alpha == 0 ? 0 : -kUnlimited;
    clamp.high = unary->beta >= kMostFinite ? kUnlimited : unary->beta;
  } else {
    return std::nullopt;
  }
  return clamp;
}

class Analysis {
 public:
  Analysis(const Graph& graph, std::span<const ObservedValue> values) : graph_(graph), values_(values) {}

  std::vector<Parts> run() {
    for (std::size_t i = 0; i < values_.size(); ++i) {
      Parts parts = parts_of(values_[i].value);
      if (parts.empty()) parts.push_back({i});
      place_.emplace(values_[i].value, i);
      result_.push_back(std::move(parts));
    }
    return std::move(result_);
  }

 private:
  // Empty: to be counted.
  Parts parts_of(ValueId id) {
    const Value& value = graph_.value(id);
    if (!value.producer.valid() || value.type.as_tensor().dtype != DataType::f32) return {};
    const Node& node = graph_.node(value.producer);
    const auto clamp = clamp_of(node.op);
    if (!clamp && !moves(node.op) && !is_any<op::Concat>(node.op)) return {};
    const std::size_t operands = is_any<op::Concat>(node.op) ? node.inputs.size() : 1;
    Parts parts;
    for (std::size_t i = 0; i < operands; ++i) {
      const auto place = place_.find(node.inputs[i]);
      if (place == place_.end()) return {};  // a constant, say
      for (Clamped part : result_[place->second]) {
        if (clamp && !narrow(part, *clamp)) return {};
        parts.push_back(part);
      }
    }
    return parts;
  }

  // Clamps a part once more; false where its tensor is already clamped to another finite end.
  bool narrow(Clamped& part, const Clamped& clamp) {
    part.low = std::max(part.low, clamp.low);
    part.high = std::min(part.high, clamp.high);
    return part.high == kUnlimited || caps_.emplace(part.tensor, part.high).first->second == part.high;
  }

  const Graph& graph_;
  std::span<const ObservedValue> values_;
  std::map<ValueId, std::size_t> place_;  // of the values so far
  std::map<std::size_t, float> caps_;     // by tensor
  std::vector<Parts> result_;
};

}  // namespace

std::vector<Parts> followers(const Graph& graph, std::span<const ObservedValue> values) {
  return Analysis(graph, values).run();
}

}  // namespace tenon::quant
