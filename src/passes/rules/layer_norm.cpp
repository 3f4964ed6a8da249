// Normalizations that exporters write in parts:
//   (x - mean) / sqrt(mean of (x - mean)² + ε) → layer_norm(x)      x / sqrt(mean of x² + ε) → rms_norm(x)
//   layer_norm(x) · scale + bias → layer_norm(x, scale, bias)       rms_norm(x) · scale → rms_norm(x, scale)
// The means run over the last axes and keep them.
#include "ops/layer_norm.hpp"

#include "ops/binary.hpp"
#include "ops/reduce.hpp"
#include "ops/rms_norm.hpp"
#include "ops/unary.hpp"
#include "passes/rules/match.hpp"

#include <algorithm>

namespace tenon::rules {
namespace {

// The operand of a mean over the last axes, and the first of them, counted from the end.
struct Mean {
  ValueId of;
  std::int64_t axis;
};
std::optional<Mean> mean_of(const Graph& graph, ValueId value) {
  const auto* reduce = producer_as<op::Reduce>(graph, value);
  if (reduce == nullptr || reduce->fn != op::ReduceFn::mean || !reduce->keep_dims || reduce->axes.empty())
    return std::nullopt;
  const Node* node = producer(graph, value);
  const Dims* dims = plain_dims(graph, node->inputs[0]);
  if (dims == nullptr) return std::nullopt;
  const auto rank = static_cast<std::int64_t>(dims->size());
  std::vector<std::int64_t> axes = reduce->axes;
  for (std::int64_t& axis : axes) axis -= axis >= 0 ? rank : 0;
  std::sort(axes.begin(), axes.end());
  for (std::size_t i = 0; i < axes.size(); ++i) {
    if (axes[i] != static_cast<std::int64_t>(i) - static_cast<std::int64_t>(axes.size())) return std::nullopt;
  }
  return Mean{node->inputs[0], axes[0]};
}

// y of a value that is y².
ValueId squared(const Graph& graph, ValueId value) {
  const Node* node = producer(graph, value);
  if (node == nullptr) return {};
  const bool square = is_elementwise(node->op, PointwiseFn::square);
  const bool product = is_elementwise(node->op, PointwiseFn::mul) && node->inputs[0] == node->inputs[1];
  return square || product ? node->inputs[0] : ValueId{};
}

// One value, or what equal operators compute from it twice.
bool same_value(const Graph& graph, ValueId a, ValueId b, int depth = 2) {
  if (a == b) return true;
  if (depth == 0) return false;
  const Node* x = a.valid() ? producer(graph, a) : nullptr;
  const Node* y = b.valid() ? producer(graph, b) : nullptr;
  return x != nullptr && y != nullptr && x->op == y->op && x->inputs.size() == y->inputs.size() &&
         std::equal(x->inputs.begin(), x->inputs.end(), y->inputs.begin(),
                    [&](ValueId c, ValueId d) { return same_value(graph, c, d, depth - 1); });
}

// What sqrt is taken of, where the value is that root, or 1 over it.
ValueId rooted(const Graph& graph, ValueId value, bool inverse) {
  const Node* node = producer(graph, value);
  if (node == nullptr) return {};
  if (!inverse) return is_elementwise(node->op, PointwiseFn::sqrt) ? node->inputs[0] : ValueId{};
  if (is_elementwise(node->op, PointwiseFn::reciprocal)) return rooted(graph, node->inputs[0], false);
  if (is_elementwise(node->op, PointwiseFn::div) && splat(graph, node->inputs[0]) == 1.0)
    return rooted(graph, node->inputs[1], false);
  if (is_elementwise(node->op, PointwiseFn::pow) && splat(graph, node->inputs[1]) == -0.5)
    return node->inputs[0];
  return {};
}

// `value` divided by the root of its mean square.
struct Normalized {
  ValueId value;
  std::int64_t axis = -1;
  float epsilon = 0;
};

// `value` times (inverse) or over `root`.
std::optional<Normalized> match_normalized(const Graph& graph, ValueId value, ValueId root, bool inverse) {
  const ValueId sum = rooted(graph, root, inverse);
  const Node* add = sum.valid() ? producer(graph, sum) : nullptr;
  if (add == nullptr || !is_elementwise(add->op, PointwiseFn::add)) return std::nullopt;
  for (const std::size_t i : {0, 1}) {
    const auto epsilon = splat(graph, add->inputs[1 - i]);
    const auto mean = mean_of(graph, add->inputs[i]);
    if (!epsilon || static_cast<double>(static_cast<float>(*epsilon)) != *epsilon) continue;
    if (!mean || !same_value(graph, squared(graph, mean->of), value)) continue;
    return Normalized{value, mean->axis, static_cast<float>(*epsilon)};
  }
  return std::nullopt;
}

// x of x - mean(x) over the same axes.
ValueId centred(const Graph& graph, ValueId value, std::int64_t axis) {
  const Node* node = producer(graph, value);
  if (node == nullptr || !is_elementwise(node->op, PointwiseFn::sub)) return {};
  const auto mean = mean_of(graph, node->inputs[1]);
  return mean && mean->of == node->inputs[0] && mean->axis == axis ? node->inputs[0] : ValueId{};
}

std::optional<Patch> layer_norm(const Graph& graph, NodeId root, const RuleContext&) {
  const Node& node = graph.node(root);
  const bool quotient = is_elementwise(node.op, PointwiseFn::div);
  const ValueId a = node.inputs[0], b = node.inputs[1];
  auto found = match_normalized(graph, a, b, !quotient);
  if (!found && !quotient) found = match_normalized(graph, b, a, true);
  if (!found) return std::nullopt;
  Patch patch(graph, root);
  const ValueId x = centred(graph, found->value, found->axis);
  const ValueId y = x.valid() ? patch.add(op::LayerNorm{found->axis, found->epsilon}, {x})
                              : patch.add(op::RmsNorm{found->axis, found->epsilon}, {found->value});
  if (!patch.can_replace(node.outputs[0], y)) return std::nullopt;
  patch.replace(node.outputs[0], y);
  return patch;
}

bool is_given(const Node& node, std::size_t i) { return i < node.inputs.size() && node.inputs[i].valid(); }

// Whether the parameter covers the normalized axes and no others.
bool covers(const Graph& graph, ValueId parameter, const Dims& x, std::int64_t axis) {
  const Dims* dims = plain_dims(graph, parameter);
  const auto count = static_cast<std::size_t>(axis < 0 ? -axis : static_cast<std::int64_t>(x.size()) - axis);
  return graph.constant(parameter) != nullptr && dims != nullptr && dims->size() == count &&
         std::equal(dims->begin(), dims->end(), x.end() - static_cast<std::ptrdiff_t>(count), provably_equal);
}

std::optional<Patch> norm_parameters(const Graph& graph, NodeId root, const RuleContext& context) {
  const Node& node = graph.node(root);
  const bool scale = is_elementwise(node.op, PointwiseFn::mul);
  for (const std::size_t i : {0, 1}) {
    const ValueId normalized = node.inputs[i];
    const Node* norm = producer(graph, normalized);
    if (norm == nullptr || norm->outputs.size() != 1 || context.only_user(normalized) != root) continue;
    const auto* layer = norm->op.as<op::LayerNorm>();
    const auto* rms = norm->op.as<op::RmsNorm>();
    if (layer == nullptr && (rms == nullptr || !scale)) continue;
    if (is_given(*norm, 2) || (scale && is_given(*norm, 1))) continue;
    const Dims* dims = plain_dims(graph, normalized);
    const ValueId parameter = node.inputs[1 - i];
    if (dims == nullptr || !covers(graph, parameter, *dims, layer ? layer->axis : rms->axis)) continue;
    Patch patch(graph, root);
    patch.set_location(merged_location(*norm, node));
    std::vector<ValueId> inputs{norm->inputs[0], is_given(*norm, 1) ? norm->inputs[1] : ValueId{}};
    if (scale) {
      inputs[1] = parameter;
    } else {
      inputs.push_back(parameter);
    }
    const ValueId y = patch.add(norm->op, std::move(inputs));
    if (!patch.can_replace(node.outputs[0], y)) continue;
    patch.replace(node.outputs[0], y);
    return patch;
  }
  return std::nullopt;
}

}  // namespace
}  // namespace tenon::rules

namespace tenon {

void register_rule_layer_norm(RuleRegistry& registry) {
  registry.add({"layer_norm",
                "canonicalize",
                "layer_norm and rms_norm from their parts",
                {"div", "mul"},
                rules::layer_norm});
  registry.add({"norm_parameters",
                "canonicalize",
                "scale and bias into the normalization before them",
                {"mul", "add"},
                rules::norm_parameters});
}

}  // namespace tenon
