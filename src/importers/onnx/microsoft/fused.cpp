// com.microsoft: standard operators with something fused onto them: FusedMatMul, FusedGemm, FusedConv,
// NhwcMaxPool, Gelu, BiasGelu, FastGelu, QuickGelu, BiasSplitGelu.
#include "importers/onnx/microsoft/microsoft.hpp"
#include "ops/matmul.hpp"
#include "ops/split.hpp"

#include <numeric>

namespace tenon::onnx {
namespace {

// The axes before the last, the first one behind the others: [b, m, …, k] → [m, …, b, k].
ValueId turn_batch(NodeContext& node, ValueId x) {
  const auto& dims = node.type_of(x).as_tensor().dims;
  if (!dims || dims->size() < 3) node.fail("transBatch wants operands of a known rank, 3 at least");
  const auto rank = static_cast<std::int64_t>(dims->size());
  Ints perm(dims->size());
  std::iota(perm.begin(), perm.end() - 2, 1);
  perm[dims->size() - 2] = 0;
  perm.back() = rank - 1;
  return permute(node, x, std::move(perm));
}

Values fused_matmul(NodeContext& node) {
  node.require_inputs(2, 2);
  op::MatMul op;
  op.alpha = node.attr_float("alpha", 1);
  op.transpose_a = node.attr_bool("transA", false);
  op.transpose_b = node.attr_bool("transB", false);
  ValueId a = node.input(0), b = node.input(1);
  if (node.attr_bool("transBatchA", false)) a = turn_batch(node, a);
  if (node.attr_bool("transBatchB", false)) b = turn_batch(node, b);
  return one(node.add(std::move(op), {a, b}));
}

Values fused_gemm(NodeContext& node) {
  std::vector<float> parameters;
  for (const char* name : {"activation_alpha", "activation_beta", "activation_gamma"}) {
    if (const auto value = node.find_float(name)) parameters.push_back(*value);
  }
  return one(activated(node, node.convert_as("Gemm", 13, node.inputs()).front(), parameters));
}

Values fused_conv(NodeContext& node) {
  node.require_inputs(2, 4);
  ValueId y = node.convert_as("Conv", 11, {node.input(0), node.input(1), node.optional_input(2)}).front();
  if (node.has(3)) y = combine(node, PointwiseFn::add, y, node.input(3));
  return one(activated(node, y, node.find_floats("activation_params").value_or(std::vector<float>())));
}

Values nhwc_max_pool(NodeContext& node) {
  node.require_inputs(1, 1);
  const ValueId x = channels_first(node, node.input(0));
  return one(channels_last(node, node.convert_as("MaxPool", 12, {x}).front()));
}

ValueId with_bias(NodeContext& node) {
  return node.has(1) ? combine(node, PointwiseFn::add, node.input(0), node.input(1)) : node.input(0);
}

Values gelu_ms(NodeContext& node) {
  node.require_inputs(1, 1);
  return one(apply_fn(node, PointwiseFn::gelu, node.input(0)));
}

Values bias_gelu(NodeContext& node) {
  node.require_inputs(2, 2);
  return one(apply_fn(node, PointwiseFn::gelu, with_bias(node)));
}

Values fast_gelu(NodeContext& node) {
  node.require_inputs(1, 2);
  return one(apply_fn(node, PointwiseFn::gelu_tanh, with_bias(node)));
}

Values quick_gelu(NodeContext& node) {
  node.require_inputs(1, 1);
  return one(apply_fn(node, PointwiseFn::silu, node.input(0), node.attr_float("alpha", 1.702F)));
}

Values bias_split_gelu(NodeContext& node) {
  node.require_inputs(2, 2);
  const Values halves = node.add_node(op::Split{-1, std::nullopt, std::nullopt}, {with_bias(node)}, 2);
  return one(combine(node, PointwiseFn::mul, halves[0], apply_fn(node, PointwiseFn::gelu, halves[1])));
}

}  // namespace
}  // namespace tenon::onnx

namespace tenon {

void register_onnx_fused(onnx::Registry& registry) {
  using namespace onnx;  // NOLINT: the table reads better without prefixes
  registry.add("BiasGelu", bias_gelu, {}, kMicrosoft);
  registry.add("BiasSplitGelu", bias_split_gelu, {}, kMicrosoft);
  registry.add("FastGelu", fast_gelu, {}, kMicrosoft);
  registry.add("FusedConv", fused_conv, {}, kMicrosoft);
  registry.add("FusedGemm", fused_gemm, {}, kMicrosoft);
  registry.add("FusedMatMul", fused_matmul, {}, kMicrosoft);
  registry.add("Gelu", gelu_ms, {}, kMicrosoft);
  registry.add("NhwcMaxPool", nhwc_max_pool, {}, kMicrosoft);
  registry.add("QuickGelu", quick_gelu, {}, kMicrosoft);
}

}  // namespace tenon
