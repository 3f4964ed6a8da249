#include "ops/scatter_elements.hpp"

#include "ops/shape_inference.hpp"

#include <fmt/format.h>

namespace tenon {
namespace op {

std::vector<Inference> ScatterElements::infer(InferContext& context) const {
  context.require_inputs(3, 3);
  const TensorType& data = plain_tensor(context, 0);
  const TensorType& indices = plain_tensor(context, 1);
  const TensorType& updates = plain_tensor(context, 2);
  require_index_dtype(context, 1);
  context.require_same_dtype(0, 2);
  if (reduction != ScatterReduction::none) require_numeric(context, 0);
  if (data.dims) {
    const auto rank = static_cast<std::int64_t>(data.dims->size());
    normalize_axis(context, axis, rank);
    require_rank(context, 1, rank);
    require_rank(context, 2, rank);
  }
  if (indices.dims && updates.dims) {
    require_rank(context, 2, static_cast<std::int64_t>(indices.dims->size()));
    for (std::size_t i = 0; i < indices.dims->size(); ++i) {
      merge_dim(context, (*indices.dims)[i], (*updates.dims)[i],
                fmt::format("dims {} of indices and updates", i));
    }
  }
  return {moved(data, data.dims)};
}

}  // namespace op

void register_op_scatter_elements(OpRegistry& registry) { registry.add<op::ScatterElements>(); }

}  // namespace tenon
