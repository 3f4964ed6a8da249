// transpose(transpose(x)) → one transpose or none; a transpose that only moves axes of extent 1 → reshape.
#include "ops/transpose.hpp"
#include "passes/rules/match.hpp"

#include <algorithm>
#include <numeric>

namespace tenon::rules {
namespace {

// The permutation written out; empty when the rank is not known.
std::vector<std::int64_t> permutation(const op::Transpose& transpose, const Dims* dims) {
  if (!transpose.perm.empty() || dims == nullptr) return transpose.perm;
  std::vector<std::int64_t> reversed(dims->size());
  std::iota(reversed.rbegin(), reversed.rend(), std::int64_t{0});
  return reversed;
}

bool keeps_order_of_elements(const std::vector<std::int64_t>& perm, const Dims& dims) {
  std::int64_t last = -1;
  for (const std::int64_t axis : perm) {
    if (dims[static_cast<std::size_t>(axis)].is_const(1)) continue;
    if (axis < last) return false;
    last = axis;
  }
  return true;
}

std::optional<Patch> compose_transposes(const Graph& graph, NodeId root, const RuleContext&) {
  const Node& node = graph.node(root);
  const auto& outer = *node.op.as<op::Transpose>();
  ValueId source = node.inputs[0];
  std::vector<std::int64_t> perm = permutation(outer, plain_dims(graph, source));
  if (perm.empty()) return std::nullopt;
  const auto* inner = producer_as<op::Transpose>(graph, source);
  if (inner != nullptr) {
    source = producer(graph, source)->inputs[0];
    const std::vector<std::int64_t> first = permutation(*inner, plain_dims(graph, source));
    if (first.size() != perm.size()) return std::nullopt;
    for (std::int64_t& axis : perm) axis = first[static_cast<std::size_t>(axis)];
  }

  Patch patch(graph, root);
  ValueId replacement = source;
  const Dims* from = plain_dims(graph, source);
  const Dims* to = plain_dims(graph, node.outputs[0]);
  if (!std::is_sorted(perm.begin(), perm.end())) {
    const bool view = from != nullptr && to != nullptr && keeps_order_of_elements(perm, *from);
    auto shape = view ? reshape_operand(*from, *to) : std::nullopt;
    if (shape) {
      replacement = add_reshape(patch, source, *std::move(shape));
    } else if (inner != nullptr) {
      replacement = patch.add(op::Transpose{perm}, {source});
    } else {
      return std::nullopt;
    }
  }
  if (!patch.can_replace(node.outputs[0], replacement)) return std::nullopt;
  patch.replace(node.outputs[0], replacement);
  patch.move_taps(true);
  return patch;
}

}  // namespace
}  // namespace tenon::rules

namespace tenon {

void register_rule_compose_transposes(RuleRegistry& registry) {
  registry.add({"compose_transposes",
                "canonicalize",
                "chains of transposes into one, or into a reshape where only axes of extent 1 move",
                {"transpose"},
                rules::compose_transposes});
}

}  // namespace tenon
