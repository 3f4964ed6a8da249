#include "ops/affine_grid.hpp"

#include "ops/shape_inference.hpp"

#include <fmt/format.h>

namespace tenon {
namespace op {

std::vector<Inference> AffineGrid::infer(InferContext& context) const {
  context.require_inputs(2, 2);
  const TensorType& theta = plain_tensor(context, 0);
  require_float(context, 0);
  require_rank(context, 0, 3);
  const auto size = dims_from_shape_operand(context, 1);
  if (!size) return {tensor_type(theta.dtype, {})};
  if (size->size() != 4 && size->size() != 5) {
    context.fail(fmt::format("size has {} entries, expected 4 or 5", size->size()));
  }
  const auto spatial = static_cast<std::int64_t>(size->size()) - 2;
  Dims dims{(*size)[0]};
  if (theta.dims) {
    dims[0] = merge_dim(context, (*theta.dims)[0], dims[0], "batch dims of theta and size");
    merge_dim(context, (*theta.dims)[1], spatial, "rows of theta");
    merge_dim(context, (*theta.dims)[2], spatial + 1, "columns of theta");
  }
  dims.insert(dims.end(), size->begin() + 2, size->end());
  dims.push_back(spatial);
  return {tensor_type(theta.dtype, std::move(dims))};
}

}  // namespace op

void register_op_affine_grid(OpRegistry& registry) { registry.add<op::AffineGrid>(); }

}  // namespace tenon
