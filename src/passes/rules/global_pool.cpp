// reduce_mean over all spatial axes of an image, and average or max pools whose window is the whole image →
// global pools.
#include "ops/global_pool.hpp"

#include "ops/average_pool.hpp"
#include "ops/max_pool.hpp"
#include "ops/reduce.hpp"
#include "passes/rules/match.hpp"

#include <algorithm>
#include <numeric>

namespace tenon::rules {
namespace {

bool is_float(DataType dtype) {
  return dtype == DataType::f32 || dtype == DataType::f64 || dtype == DataType::f16 ||
         dtype == DataType::bf16;
}

bool covers_spatial_axes(std::vector<std::int64_t> axes, std::size_t rank) {
  for (std::int64_t& axis : axes) axis += axis < 0 ? static_cast<std::int64_t>(rank) : 0;
  std::sort(axes.begin(), axes.end());
  std::vector<std::int64_t> spatial(rank - 2);
  std::iota(spatial.begin(), spatial.end(), std::int64_t{2});
  return axes == spatial;
}

template <class Pool>
bool covers_image(const Pool& pool, const Dims& dims) {
  const auto zero = [](std::int64_t pad) { return pad == 0; };
  const bool unpadded =
      pool.auto_pad == op::AutoPad::valid ||
      (pool.auto_pad == op::AutoPad::explicit_pads && std::all_of(pool.pad.begin(), pool.pad.end(), zero));
  const auto one = [](std::int64_t d) { return d == 1; };
  if (!unpadded || !std::all_of(pool.dilation.begin(), pool.dilation.end(), one)) return false;
  if (pool.kernel.size() + 2 != dims.size()) return false;
  for (std::size_t i = 0; i < pool.kernel.size(); ++i) {
    if (!dims[i + 2].is_const(pool.kernel[i])) return false;
  }
  return true;
}

// The global pool that does what the node does, apart from keep_dims.
std::optional<Op> as_global_pool(const Graph& graph, const Node& node) {
  const Dims* dims = plain_dims(graph, node.inputs[0]);
  if (dims == nullptr || dims->size() < 4 || !is_float(graph.type(node.inputs[0]).as_tensor().dtype))
    return std::nullopt;
  if (const auto* reduce = node.op.as<op::Reduce>()) {
    const bool given = node.inputs.size() == 1 && reduce->fn == op::ReduceFn::mean;
    if (given && covers_spatial_axes(reduce->axes, dims->size())) return Op(op::GlobalAveragePool{});
  }
  if (const auto* pool = node.op.as<op::AveragePool>()) {
    if (covers_image(*pool, *dims)) return Op(op::GlobalAveragePool{});
  }
  if (const auto* pool = node.op.as<op::MaxPool>()) {
    if (node.outputs.size() == 1 && covers_image(*pool, *dims)) return Op(op::GlobalMaxPool{});
  }
  return std::nullopt;
}

std::optional<Patch> global_pool(const Graph& graph, NodeId root, const RuleContext&) {
  const Node& node = graph.node(root);
  const auto pool = as_global_pool(graph, node);
  if (!pool) return std::nullopt;
  Patch patch(graph, root);
  ValueId pooled = patch.add(*pool, {node.inputs[0]});
  if (!same_dims(*plain_dims(patch, pooled), *plain_dims(graph, node.outputs[0]))) {
    auto shape = reshape_operand(*plain_dims(patch, pooled), *plain_dims(graph, node.outputs[0]));
    if (!shape) return std::nullopt;
    pooled = add_reshape(patch, pooled, *std::move(shape));
  }
  if (!patch.can_replace(node.outputs[0], pooled)) return std::nullopt;
  patch.replace(node.outputs[0], pooled);
  return patch;
}

}  // namespace
}  // namespace tenon::rules

namespace tenon {

void register_rule_global_pool(RuleRegistry& registry) {
  registry.add({"global_pool",
                "canonicalize",
                "reductions and pools over a whole image into global pools",
                {"reduce_mean", "average_pool", "max_pool"},
                rules::global_pool});
}

}  // namespace tenon
