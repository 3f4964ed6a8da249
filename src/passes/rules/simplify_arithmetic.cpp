// Cheaper or more common operators with the same result, for floats:
//   x - c → x + (-c)      x / 2^k → x · 2^-k      x ^ 2 → square(x)      prelu with one slope → leaky_relu
// and for integers
//   x · 0 → 0
#include "ops/binary.hpp"
#include "ops/unary.hpp"
#include "passes/rules/match.hpp"

#include <cmath>

namespace tenon::rules {
namespace {

// The reciprocal of a power of two, when neither leaves the normal floats of any float type.
std::optional<float> exact_reciprocal(double value) {
  int exponent = 0;
  const double mantissa = std::frexp(value, &exponent);
  if (std::fabs(mantissa) != 0.5 || std::abs(exponent) > 13) return std::nullopt;
  return static_cast<float>(1 / value);
}

constexpr std::int64_t kMostZeros = 1024;  // elements of a constant made for a product with 0

std::optional<Patch> zero_product(const Graph& graph, NodeId root) {
  const Node& node = graph.node(root);
  const TensorType& type = graph.type(node.outputs[0]).as_tensor();
  const auto value = splat(graph, node.inputs[1]);
  if (!value || *value != 0 || !type.is_static()) return std::nullopt;
  Shape shape;
  for (const Dim& dim : *type.dims) shape.push_back(dim.value());
  if (element_count(shape) > kMostZeros) return std::nullopt;
  Patch patch(graph, root);
  const ValueId zeros = patch.add_constant(Tensor(type.dtype, std::move(shape)));
  if (!patch.can_replace(node.outputs[0], zeros)) return std::nullopt;
  patch.replace(node.outputs[0], zeros);
  patch.move_taps(true);
  return patch;
}

std::optional<Patch> simplify_arithmetic(const Graph& graph, NodeId root, const RuleContext&) {
  const Node& node = graph.node(root);
  const auto elementwise = as_elementwise(node.op);
  if (!elementwise || node.inputs.size() != 2) return std::nullopt;
  const ValueId x = node.inputs[0];
  const ValueId c = node.inputs[1];
  const DataType dtype = graph.type(x).as_tensor().dtype;
  if (elementwise->fn == PointwiseFn::mul) {
    const bool bytes = is_integer(dtype) && bit_width(dtype) >= 8;
    return bytes ? zero_product(graph, root) : std::nullopt;
  }
  const bool supported =
      dtype == DataType::f32 || dtype == DataType::f64 || dtype == DataType::f16 || dtype == DataType::bf16;
  if (!supported || graph.constant(c) == nullptr || graph.constant(x) != nullptr) return std::nullopt;

  const auto value = splat(graph, c);
  const bool shape_kept = keeps_dims(graph, x, c, node.outputs[0]);
  Patch patch(graph, root);
  ValueId simpler;
  switch (elementwise->fn) {
    case PointwiseFn::sub:
      simpler = patch.add(op::binary(PointwiseFn::add), {x, patch.add(op::unary(PointwiseFn::neg), {c})});
      break;
    case PointwiseFn::div: {
      const auto reciprocal = value && shape_kept ? exact_reciprocal(*value) : std::nullopt;
      if (!reciprocal) return std::nullopt;
      simpler = patch.add(op::binary(PointwiseFn::mul), {x, add_scalar(patch, dtype, *reciprocal)});
      break;
    }
    case PointwiseFn::pow:
      if (!value || *value != 2 || !shape_kept) return std::nullopt;
      simpler = patch.add(op::unary(PointwiseFn::square), {x});
      break;
    case PointwiseFn::prelu:
      if (!value || !shape_kept || static_cast<double>(static_cast<float>(*value)) != *value)
        return std::nullopt;
      simpler = patch.add(op::unary(PointwiseFn::leaky_relu, static_cast<float>(*value), 0), {x});
      break;
    default: return std::nullopt;
  }
  if (!patch.can_replace(node.outputs[0], simpler)) return std::nullopt;
  patch.replace(node.outputs[0], simpler);
  patch.move_taps(true);
  return patch;
}

}  // namespace
}  // namespace tenon::rules

namespace tenon {

void register_rule_simplify_arithmetic(RuleRegistry& registry) {
  registry.add({"simplify_arithmetic",
                "canonicalize",
                "x - c, x / 2^k, x ^ 2, prelu with one slope and integers times 0 as simpler operators",
                {"sub", "div", "pow", "prelu", "mul"},
                rules::simplify_arithmetic});
}

}  // namespace tenon
