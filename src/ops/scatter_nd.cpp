#include "ops/scatter_nd.hpp"

#include "ops/shape_inference.hpp"

#include <fmt/format.h>

namespace tenon {
namespace op {

std::vector<Inference> ScatterNd::infer(InferContext& context) const {
  context.require_inputs(3, 3);
  const TensorType& data = plain_tensor(context, 0);
  const TensorType& indices = plain_tensor(context, 1);
  const TensorType& updates = plain_tensor(context, 2);
  require_index_dtype(context, 1);
  context.require_same_dtype(0, 2);
  if (reduction != ScatterReduction::none) require_numeric(context, 0);
  if (!data.dims || !indices.dims) return {moved(data, data.dims)};
  if (indices.dims->empty()) context.fail("indices are a scalar, expected rank at least 1");
  const Dim& depth = indices.dims->back();
  if (!depth.is_const()) return {moved(data, data.dims)};
  const auto rank = static_cast<std::int64_t>(data.dims->size());
  if (depth.value() < 1 || depth.value() > rank) {
    context.fail(fmt::format("indices address {} axes of a rank-{} tensor", depth.value(), rank));
  }
  Dims expected(indices.dims->begin(), indices.dims->end() - 1);
  expected.insert(expected.end(), data.dims->begin() + depth.value(), data.dims->end());
  require_rank(context, 2, static_cast<std::int64_t>(expected.size()));
  for (std::size_t i = 0; updates.dims && i < expected.size(); ++i) {
    merge_dim(context, expected[i], (*updates.dims)[i],
              fmt::format("dims {} expected and found of updates", i));
  }
  return {moved(data, data.dims)};
}

}  // namespace op

void register_op_scatter_nd(OpRegistry& registry) { registry.add<op::ScatterNd>(); }

}  // namespace tenon
