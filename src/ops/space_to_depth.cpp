#include "ops/space_to_depth.hpp"

#include "ops/shape_inference.hpp"

#include <fmt/format.h>

namespace tenon {
namespace op {

std::vector<Inference> SpaceToDepth::infer(InferContext& context) const {
  context.require_inputs(1, 1);
  const TensorType& data = plain_tensor(context, 0);
  require_rank(context, 0, 4);
  if (blocksize < 1) context.fail(fmt::format("blocksize is {}", blocksize));
  if (!data.dims) return {moved(data, unknown_dims(4))};
  Dims dims = *data.dims;
  dims[1] = dims[1] * blocksize * blocksize;
  for (std::size_t i = 2; i < 4; ++i) {
    const auto exact = exact_div(dims[i], blocksize);
    if (!exact && dims[i].is_const()) {
      context.fail(
          fmt::format("the dim {} of axis {} is not a multiple of {}", dims[i].value(), i, blocksize));
    }
    dims[i] = exact ? *exact : floor_div(dims[i], blocksize);
  }
  return {moved(data, std::move(dims))};
}

}  // namespace op

void register_op_space_to_depth(OpRegistry& registry) { registry.add<op::SpaceToDepth>(); }

}  // namespace tenon
