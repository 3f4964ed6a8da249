// matmul(reshape(transpose(x)), w) → matmul(reshape(x), w'), where the reshape joins all axes but the first,
// the transpose leaves the first in its place, and w is constant: its rows are put into x's order. This is
// how an image that is kept channels first meets weights that were trained channels last.
#include "ops/matmul.hpp"
#include "ops/reshape.hpp"
#include "ops/transpose.hpp"
#include "passes/rules/match.hpp"

namespace tenon::rules {
namespace {

using Axes = std::vector<std::int64_t>;

// The extents of axes 1 and up, when they are known numbers.
std::optional<Shape> inner_extents(const Dims& dims) {
  Shape extents;
  for (std::size_t axis = 1; axis < dims.size(); ++axis) {
    if (!dims[axis].is_const()) return std::nullopt;
    extents.push_back(dims[axis].value());
  }
  return extents;
}

// w, whose axis `joined` (0 or 1) runs over `extents` in row-major order, with that axis running over them
// permuted by `perm`.
ValueId reorder(Patch& patch, ValueId w, const Shape& shape, std::size_t joined, const Shape& extents,
                const Axes& perm) {
  const auto count = static_cast<std::int64_t>(extents.size());
  Shape apart = extents;
  Axes order;
  if (joined == 1) order.push_back(0);
  for (const std::int64_t axis : perm) order.push_back(axis + static_cast<std::int64_t>(joined));
  if (joined == 0) order.push_back(count);
  apart.insert(joined == 0 ? apart.end() : apart.begin(), shape[1 - joined]);
  const ValueId parts = add_reshape(patch, w, std::move(apart));
  return add_reshape(patch, patch.add(op::Transpose{std::move(order)}, {parts}), shape);
}

std::optional<Patch> transpose_into_weights(const Graph& graph, NodeId root, const RuleContext& context) {
  const Node& node = graph.node(root);
  const auto& matmul = *node.op.as<op::MatMul>();
  const Tensor* w = graph.constant(node.inputs[1]);
  const auto* reshape = producer_as<op::Reshape>(graph, node.inputs[0]);
  if (w == nullptr || w->rank() != 2 || reshape == nullptr || matmul.transpose_a) return std::nullopt;
  if (context.only_user(node.inputs[0]) != root) return std::nullopt;
  const ValueId moved = producer(graph, node.inputs[0])->inputs[0];
  const auto* transpose = producer_as<op::Transpose>(graph, moved);
  if (transpose == nullptr || transpose->perm.empty() || transpose->perm[0] != 0) return std::nullopt;

  const ValueId x = producer(graph, moved)->inputs[0];
  const Dims* from = plain_dims(graph, moved);
  const Dims* joined = plain_dims(graph, node.inputs[0]);
  if (from == nullptr || joined == nullptr || joined->size() != 2) return std::nullopt;
  if (!provably_equal((*joined)[0], (*from)[0])) return std::nullopt;
  const auto extents = inner_extents(*from);
  if (!extents) return std::nullopt;

  Axes back(extents->size());  // from the order of w's rows to x's
  for (std::size_t i = 0; i < back.size(); ++i)
    back[static_cast<std::size_t>(transpose->perm[i + 1] - 1)] = static_cast<std::int64_t>(i);
  Patch patch(graph, root);
  std::vector<ValueId> inputs = node.inputs;
  inputs[0] = patch.add(op::Reshape{}, {x, add_ints(patch, {0, element_count(*extents)})});
  inputs[1] = reorder(patch, inputs[1], w->shape(), matmul.transpose_b ? 1 : 0, *extents, back);
  const ValueId product = patch.add(matmul, std::move(inputs));
  if (!patch.can_replace(node.outputs[0], product)) return std::nullopt;
  patch.replace(node.outputs[0], product);
  return patch;
}

}  // namespace
}  // namespace tenon::rules

namespace tenon {

void register_rule_transpose_into_weights(RuleRegistry& registry) {
  registry.add({"transpose_into_weights",
                "canonicalize",
                "puts the rows of constant weights into the order that an image has before it is transposed",
                {"matmul"},
                rules::transpose_into_weights});
}

}  // namespace tenon
