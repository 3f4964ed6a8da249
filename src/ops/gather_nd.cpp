#include "ops/gather_nd.hpp"

#include "ops/shape_inference.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace tenon {
namespace op {

std::vector<Inference> GatherNd::infer(InferContext& context) const {
  context.require_inputs(2, 2);
  const TensorType& data = plain_tensor(context, 0);
  const TensorType& indices = plain_tensor(context, 1);
  require_index_dtype(context, 1);
  if (batch_dims < 0) context.fail(fmt::format("batch_dims is {}", batch_dims));
  if (!data.dims || !indices.dims) return {moved(data, {})};
  const auto rank = static_cast<std::int64_t>(data.dims->size());
  const auto index_rank = static_cast<std::int64_t>(indices.dims->size());
  if (index_rank < 1) context.fail("indices are a scalar, expected rank at least 1");
  if (batch_dims >= std::min(rank, index_rank)) {
    context.fail(fmt::format("batch_dims {} is not below the ranks {} and {}", batch_dims, rank, index_rank));
  }
  const Dim& depth = indices.dims->back();
  if (!depth.is_const()) return {moved(data, {})};
  if (depth.value() < 1 || batch_dims + depth.value() > rank) {
    context.fail(fmt::format("indices address {} axes after {} batch axes of a rank-{} tensor", depth.value(),
                             batch_dims, rank));
  }
  Dims dims(indices.dims->begin(), indices.dims->end() - 1);
  for (std::size_t i = 0; i < static_cast<std::size_t>(batch_dims); ++i) {
    dims[i] = merge_dim(context, (*data.dims)[i], (*indices.dims)[i], fmt::format("batch dims {}", i));
  }
  dims.insert(dims.end(), data.dims->begin() + batch_dims + depth.value(), data.dims->end());
  return {moved(data, std::move(dims))};
}

}  // namespace op

void register_op_gather_nd(OpRegistry& registry) { registry.add<op::GatherNd>(); }

}  // namespace tenon
