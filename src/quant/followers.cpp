#include "quant/followers.hpp"

#include "ops/concat.hpp"
#include "ops/flatten.hpp"
#include "ops/identity.hpp"
#include "ops/pad.hpp"
#include "ops/reshape.hpp"
#include "ops/squeeze.hpp"
#include "ops/transpose.hpp"
#include "ops/unary.hpp"
#include "ops/unsqueeze.hpp"
#include "passes/rules/match.hpp"

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

// What padding with zeros adds to a tensor, however many samples it holds: `zeros` for each `per` elements.
struct Padding {
  std::uint64_t zeros = 0;
  std::uint64_t per = 1;
};

std::optional<Padding> padding_of(const Graph& graph, const Node& node) {
  constexpr std::size_t kFill = 2;
  const auto* const pad = node.op.as<op::Pad>();
  if (pad == nullptr || pad->mode != op::PadMode::constant || !pad->pads) return std::nullopt;
  const bool fills = node.inputs.size() > kFill && node.inputs[kFill].valid();
  if (fills && rules::splat(graph, node.inputs[kFill]) != 0.0) return std::nullopt;
  const auto& dims = graph.value(node.inputs[0]).type.as_tensor().dims;
  if (!dims) return std::nullopt;
  const auto rank = static_cast<std::int64_t>(dims->size());
  const std::size_t axes = pad->pads->size() / 2;
  std::uint64_t before = 1;
  std::uint64_t after = 1;
  for (std::size_t i = 0; i < axes; ++i) {
    const std::int64_t begin = (*pad->pads)[i];
    const std::int64_t end = (*pad->pads)[axes + i];
    if (begin == 0 && end == 0) continue;
    const std::int64_t axis = pad->axes ? (*pad->axes)[i] : static_cast<std::int64_t>(i);
    const Dim& dim = (*dims)[static_cast<std::size_t>(axis < 0 ? axis + rank : axis)];
    if (begin < 0 || end < 0 || !dim.is_const() || dim.value() == 0) return std::nullopt;
    before *= static_cast<std::uint64_t>(dim.value());
    after *= static_cast<std::uint64_t>(dim.value() + begin + end);
  }
  return Padding{after - before, before};
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
    const auto padding = padding_of(graph_, node);
    if (!clamp && !padding && !moves(node.op) && !is_any<op::Concat>(node.op)) return {};
    const std::size_t operands = is_any<op::Concat>(node.op) ? node.inputs.size() : 1;
    Parts parts;
    for (std::size_t i = 0; i < operands; ++i) {
      const auto place = place_.find(node.inputs[i]);
      if (place == place_.end()) return {};  // a constant, say
      for (Clamped part : result_[place->second]) {
        if (clamp && !narrow(part, *clamp)) return {};
        if (padding) pad(part, *padding);
        parts.push_back(part);
      }
    }
    if (padding && parts.size() > 1) return {};  // which zeros come with which part, shapes decide
    return parts;
  }

  // Clamps a part once more; false where its tensor is already clamped to another finite end.
  bool narrow(Clamped& part, const Clamped& clamp) {
    part.low = std::max(part.low, clamp.low);
    part.high = std::min(part.high, clamp.high);
    return part.high == kUnlimited || caps_.emplace(part.tensor, part.high).first->second == part.high;
  }

  static void pad(Clamped& part, const Padding& padding) {
    part.zeros = (part.per + part.zeros) * (padding.per + padding.zeros) - part.per * padding.per;
    part.per *= padding.per;
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
