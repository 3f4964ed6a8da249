// Operators whose result is their operand, bit for bit: identity, cast to the same type, and reshape, expand,
// transpose, slice, pad, split, concat, tile where they change nothing.
#include "ops/cast.hpp"
#include "ops/concat.hpp"
#include "ops/expand.hpp"
#include "ops/identity.hpp"
#include "ops/pad.hpp"
#include "ops/slice.hpp"
#include "ops/transpose.hpp"
#include "passes/rules/match.hpp"

#include <algorithm>

namespace tenon::rules {
namespace {

bool is_identity_permutation(const std::vector<std::int64_t>& perm) {
  for (std::size_t i = 0; i < perm.size(); ++i) {
    if (perm[i] != static_cast<std::int64_t>(i)) return false;
  }
  return !perm.empty();
}

bool changes_nothing(const Graph& graph, const Node& node) {
  const Op& op = node.op;
  if (op.is<op::Identity>()) return true;
  const ValueId in = node.inputs[0];
  const ValueId out = node.outputs[0];
  if (op.is<op::Cast>()) return graph.type(in) == graph.type(out);
  if (op.is<op::Concat>()) return node.inputs.size() == 1;
  if (!same_dims(graph, in, out)) return false;
  const std::string_view name = op.name();
  if (name == "reshape" || name == "flatten" || name == "squeeze" || name == "unsqueeze") return true;
  if (name == "expand" || name == "tile" || name == "split") return node.outputs.size() == 1;
  if (const auto* transpose = op.as<op::Transpose>()) return is_identity_permutation(transpose->perm);
  if (const auto* slice = op.as<op::Slice>()) {
    // Of the same extent and walking forwards, it takes everything.
    const bool given = !slice->steps ||
                       std::all_of(slice->steps->begin(), slice->steps->end(), [](auto s) { return s == 1; });
    return given && (node.inputs.size() < 5 || !node.inputs[4].valid());
  }
  if (const auto* pad = op.as<op::Pad>()) {
    return pad->pads && std::all_of(pad->pads->begin(), pad->pads->end(), [](auto p) { return p == 0; });
  }
  return false;
}

std::optional<Patch> remove_no_ops(const Graph& graph, NodeId root, const RuleContext&) {
  const Node& node = graph.node(root);
  if (node.inputs.empty() || !node.inputs[0].valid() || !changes_nothing(graph, node)) return std::nullopt;
  Patch patch(graph, root);
  if (!patch.can_replace(node.outputs[0], node.inputs[0])) return std::nullopt;
  patch.replace(node.outputs[0], node.inputs[0]);
  patch.move_taps(true);
  return patch;
}

}  // namespace
}  // namespace tenon::rules

namespace tenon {

void register_rule_remove_no_ops(RuleRegistry& registry) {
  registry.add({"remove_no_ops",
                "canonicalize",
                "removes operators that give back their operand",
                {"identity", "cast", "reshape", "flatten", "squeeze", "unsqueeze", "expand", "tile",
                 "transpose", "slice", "pad", "split", "concat"},
                rules::remove_no_ops});
}

}  // namespace tenon
