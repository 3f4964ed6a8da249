// x · (1 + erf(x / √2)) / 2 → gelu(x), and its approximation with a tanh → gelu_tanh(x), in whatever order
// the factors come: a product is taken apart into numbers, x, and the gate.
#include "ops/binary.hpp"
#include "ops/unary.hpp"
#include "passes/rules/match.hpp"

#include <cmath>

namespace tenon::rules {
namespace {

// What exporters round constants to.
bool near(double value, double expected) { return std::fabs(value - expected) < 1e-5 * std::fabs(expected); }

// A product of numbers and of up to kMost other values.
struct Factors {
  static constexpr std::size_t kMost = 4;
  double number = 1;
  std::vector<ValueId> values;
};

void collect(const Graph& graph, ValueId value, Factors& factors) {
  const Node* node = producer(graph, value);
  if (node != nullptr && factors.values.size() < Factors::kMost) {
    if (is_elementwise(node->op, PointwiseFn::square)) {
      collect(graph, node->inputs[0], factors);
      collect(graph, node->inputs[0], factors);
      return;
    }
    const bool quotient = is_elementwise(node->op, PointwiseFn::div);
    const bool power = is_elementwise(node->op, PointwiseFn::pow);
    if (const auto number = node->inputs.size() == 2 ? splat(graph, node->inputs[1]) : std::nullopt) {
      if (power && *number == 3) {
        for (int i = 0; i < 3; ++i) collect(graph, node->inputs[0], factors);
        return;
      }
      if (quotient && *number != 0) {
        factors.number /= *number;
        return collect(graph, node->inputs[0], factors);
      }
    }
    if (is_elementwise(node->op, PointwiseFn::mul)) {
      for (const ValueId input : node->inputs) {
        if (const auto number = splat(graph, input)) {
          factors.number *= *number;
        } else {
          collect(graph, input, factors);
        }
      }
      return;
    }
  }
  factors.values.push_back(value);
}

Factors factors_of(const Graph& graph, ValueId value) {
  Factors factors;
  collect(graph, value, factors);
  return factors;
}

// Whether the value is number · x^power.
bool is_monomial(const Graph& graph, ValueId value, ValueId x, std::size_t power, double number) {
  const Factors factors = factors_of(graph, value);
  if (factors.values.size() != power || !near(factors.number, number)) return false;
  for (const ValueId factor : factors.values) {
    if (factor != x) return false;
  }
  return true;
}

// The sum of a value and a number, or of two values.
struct Sum {
  ValueId first, second;
  double number = 0;
};
std::optional<Sum> sum_of(const Graph& graph, ValueId value) {
  const Node* node = producer(graph, value);
  if (node == nullptr || !is_elementwise(node->op, PointwiseFn::add)) return std::nullopt;
  for (const std::size_t i : {1, 0}) {
    if (const auto number = splat(graph, node->inputs[i])) return Sum{node->inputs[1 - i], {}, *number};
  }
  return Sum{node->inputs[0], node->inputs[1], 0};
}

constexpr double kSqrtHalf = 0.70710678118654752;
constexpr double kTanhScale = 0.79788456080286536;  // √(2 / π)
constexpr double kTanhCubic = 0.044715;

// The argument of the tanh: √(2 / π) · (x + 0.044715 · x³), with x taken out or not.
bool is_tanh_argument(const Graph& graph, ValueId value, ValueId x) {
  const Factors outer = factors_of(graph, value);
  if (!near(outer.number, kTanhScale)) return false;
  if (outer.values.size() == 1) {
    const auto sum = sum_of(graph, outer.values[0]);
    if (!sum || !sum->second.valid()) return false;
    return (sum->first == x && is_monomial(graph, sum->second, x, 3, kTanhCubic)) ||
           (sum->second == x && is_monomial(graph, sum->first, x, 3, kTanhCubic));
  }
  if (outer.values.size() != 2) return false;
  const std::size_t at = outer.values[0] == x ? 1 : 0;
  const auto sum = sum_of(graph, outer.values[at]);
  return outer.values[1 - at] == x && sum && sum->number == 1 &&
         is_monomial(graph, sum->first, x, 2, kTanhCubic);
}

// The function f with f(x) = x · number · gate.
std::optional<PointwiseFn> gelu_fn(const Graph& graph, ValueId x, ValueId gate, double number) {
  const auto sum = sum_of(graph, gate);
  if (!sum || sum->second.valid()) return std::nullopt;
  // number · (1 + f), or with the half inside.
  const Factors inner = factors_of(graph, sum->first);
  if (inner.values.size() != 1 || !near(number * sum->number, 0.5) || !near(number * inner.number, 0.5))
    return std::nullopt;
  const Node* f = producer(graph, inner.values[0]);
  if (f == nullptr) return std::nullopt;
  if (is_elementwise(f->op, PointwiseFn::erf) && is_monomial(graph, f->inputs[0], x, 1, kSqrtHalf))
    return PointwiseFn::gelu;
  if (is_elementwise(f->op, PointwiseFn::tanh) && is_tanh_argument(graph, f->inputs[0], x))
    return PointwiseFn::gelu_tanh;
  return std::nullopt;
}

std::optional<Patch> gelu(const Graph& graph, NodeId root, const RuleContext&) {
  const Node& node = graph.node(root);
  const Factors factors = factors_of(graph, node.outputs[0]);
  if (factors.values.size() != 2) return std::nullopt;
  for (const std::size_t i : {0, 1}) {
    const ValueId x = factors.values[i];
    const auto fn = gelu_fn(graph, x, factors.values[1 - i], factors.number);
    if (!fn) continue;
    Patch patch(graph, root);
    const ValueId named = patch.add(op::unary(*fn), {x});
    if (!patch.can_replace(node.outputs[0], named)) continue;
    patch.replace(node.outputs[0], named);
    return patch;
  }
  return std::nullopt;
}

}  // namespace
}  // namespace tenon::rules

namespace tenon {

void register_rule_gelu(RuleRegistry& registry) {
  registry.add({"gelu", "canonicalize", "gelu with erf or tanh from its parts", {"mul", "div"}, rules::gelu});
}

}  // namespace tenon
