// pad → the pad field of the convolution or pool behind it. Legal where the operator's own padding means the
// same: a convolution pads with 0; an average pool that counts its padding too; a max pool with the lowest
// value.
#include "ops/average_pool.hpp"
#include "ops/conv.hpp"
#include "ops/max_pool.hpp"
#include "ops/pad.hpp"
#include "passes/rules/match.hpp"

#include <algorithm>
#include <limits>

namespace tenon::rules {
namespace {

// Pads of the spatial axes (begins, then ends); nothing when others are padded, or any is negative or not
// constant.
std::optional<std::vector<std::int64_t>> spatial_pads(const op::Pad& pad, std::size_t rank) {
  if (pad.mode != op::PadMode::constant || !pad.pads || rank < 3) return std::nullopt;
  std::vector<std::int64_t> begins(rank, 0);
  std::vector<std::int64_t> ends(rank, 0);
  const std::size_t count = pad.pads->size() / 2;
  for (std::size_t i = 0; i < count; ++i) {
    std::int64_t axis = pad.axes ? (*pad.axes)[i] : static_cast<std::int64_t>(i);
    if (axis < 0) axis += static_cast<std::int64_t>(rank);
    begins[static_cast<std::size_t>(axis)] = (*pad.pads)[i];
    ends[static_cast<std::size_t>(axis)] = (*pad.pads)[i + count];
  }
  if (begins[0] != 0 || begins[1] != 0 || ends[0] != 0 || ends[1] != 0) return std::nullopt;
  std::vector<std::int64_t> pads(begins.begin() + 2, begins.end());
  pads.insert(pads.end(), ends.begin() + 2, ends.end());
  if (std::any_of(pads.begin(), pads.end(), [](std::int64_t p) { return p < 0; })) return std::nullopt;
  return pads;
}

bool pads_itself(const std::vector<std::int64_t>& pad, op::AutoPad auto_pad) {
  if (auto_pad == op::AutoPad::explicit_pads)
    return std::any_of(pad.begin(), pad.end(), [](std::int64_t p) { return p != 0; });
  return auto_pad != op::AutoPad::valid;
}

// The operator with these pads added to its own.
template <class T>
std::optional<Op> with_more_padding(T op, const std::vector<std::int64_t>& pads) {
  if (op.auto_pad == op::AutoPad::same_upper || op.auto_pad == op::AutoPad::same_lower) return std::nullopt;
  if (op.auto_pad == op::AutoPad::valid || op.pad.empty()) op.pad.assign(pads.size(), 0);
  op.auto_pad = op::AutoPad::explicit_pads;
  if (op.pad.size() != pads.size()) return std::nullopt;
  for (std::size_t i = 0; i < pads.size(); ++i) op.pad[i] += pads[i];
  return Op(op);
}

std::optional<Op> padded_operator(const Op& op, const std::vector<std::int64_t>& pads, double value,
                                  bool non_negative) {
  if (const auto* conv = op.as<op::Conv>()) {
    if (value == 0) return with_more_padding(*conv, pads);
  } else if (const auto* average = op.as<op::AveragePool>()) {
    // Own padding and ceil_mode change which elements the mean counts.
    if (value == 0 && !average->ceil_mode && !pads_itself(average->pad, average->auto_pad)) {
      op::AveragePool counted = *average;
      counted.count_include_pad = true;
      return with_more_padding(counted, pads);
    }
  } else if (const auto* max = op.as<op::MaxPool>()) {
    // No window may lie wholly in the padding.
    const bool lowest = value == -std::numeric_limits<double>::infinity() || (value == 0 && non_negative);
    if (lowest && !max->ceil_mode) {
      const std::size_t spatial = pads.size() / 2;
      for (std::size_t i = 0; i < pads.size(); ++i) {
        const std::int64_t own = max->pad.size() == pads.size() ? max->pad[i] : 0;
        if (pads[i] + own >= max->kernel[i % spatial]) return std::nullopt;
      }
      return with_more_padding(*max, pads);
    }
  }
  return std::nullopt;
}

std::optional<Patch> absorb_pad(const Graph& graph, NodeId root, const RuleContext&) {
  const Node& node = graph.node(root);
  if (node.outputs.size() != 1) return std::nullopt;  // indices of a max pool count the padding
  const auto* pad = producer_as<op::Pad>(graph, node.inputs[0]);
  const Dims* dims = plain_dims(graph, node.inputs[0]);
  if (pad == nullptr || dims == nullptr) return std::nullopt;
  const Node& padding = *producer(graph, node.inputs[0]);
  const auto pads = spatial_pads(*pad, dims->size());
  double value = 0;
  if (padding.inputs.size() > 2 && padding.inputs[2].valid()) {
    const auto given = splat(graph, padding.inputs[2]);
    if (!given) return std::nullopt;
    value = *given;
  }
  const auto padded =
      pads ? padded_operator(node.op, *pads, value, is_non_negative(graph, padding.inputs[0])) : std::nullopt;
  if (!padded) return std::nullopt;

  Patch patch(graph, root);
  patch.set_location(merged_location(padding, node));
  std::vector<ValueId> inputs = node.inputs;
  inputs[0] = padding.inputs[0];
  const ValueId result = patch.add(*padded, std::move(inputs));
  if (!patch.can_replace(node.outputs[0], result)) return std::nullopt;
  patch.replace(node.outputs[0], result);
  patch.move_taps(true);
  return patch;
}

}  // namespace
}  // namespace tenon::rules

namespace tenon {

void register_rule_absorb_pad(RuleRegistry& registry) {
  registry.add({"absorb_pad",
                "absorb",
                "padding into the convolution or pool behind it",
                {"conv", "average_pool", "max_pool"},
                rules::absorb_pad});
}

}  // namespace tenon
