#include "ops/layer_norm.hpp"

#include "ops/infer_helpers.hpp"

#include <algorithm>

namespace tenon {
namespace op {

std::vector<Inference> LayerNorm::infer(InferContext& context) const {
  context.require_inputs(1, 3);
  require_float(context, 0);
  for (std::size_t i = 1; i < 3; ++i) {
    if (!context.has(i)) continue;
    context.require_same_dtype(0, i);
    if (context.has_rank(0) && context.has_rank(i)) {
      require_broadcastable_to(context, context.dims(i), context.dims(0), "scale or bias of shape");
    }
  }
  std::vector<Inference> results{tensor_type(context.dtype(0), context.tensor(0).dims)};
  std::optional<Dims> reduced = context.tensor(0).dims;
  if (reduced) {
    const std::int64_t first = normalize_axis(context, axis, reduced->size());
    for (auto i = static_cast<std::size_t>(first); i < reduced->size(); ++i) (*reduced)[i] = 1;
  }
  const DataType statistics = context.dtype(0) == DataType::f64 ? DataType::f64 : DataType::f32;
  while (results.size() < std::min<std::size_t>(context.output_count(), 3)) {
    results.emplace_back(tensor_type(statistics, reduced));
  }
  return results;
}

}  // namespace op

void register_op_layer_norm(OpRegistry& registry) { registry.add<op::LayerNorm>(); }

}  // namespace tenon
