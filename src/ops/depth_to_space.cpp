#include "ops/depth_to_space.hpp"

#include "ops/shape_inference.hpp"

#include <fmt/format.h>

namespace tenon {
namespace op {

std::vector<Inference> DepthToSpace::infer(InferContext& context) const {
  context.require_inputs(1, 1);
  const TensorType& data = plain_tensor(context, 0);
  require_rank(context, 0, 4);
  if (blocksize < 1) context.fail(fmt::format("blocksize is {}", blocksize));
  if (!data.dims) return {moved(data, unknown_dims(4))};
  const Dims& dims = *data.dims;
  const Dim square = Dim(blocksize) * blocksize;
  const auto channels = exact_div(dims[1], square);
  if (!channels && dims[1].is_const()) {
    context.fail(fmt::format("{} channels are not a multiple of {} squared", dims[1].value(), blocksize));
  }
  return {moved(data, Dims{dims[0], channels ? *channels : floor_div(dims[1], square), dims[2] * blocksize,
                           dims[3] * blocksize})};
}

}  // namespace op

void register_op_depth_to_space(OpRegistry& registry) { registry.add<op::DepthToSpace>(); }

}  // namespace tenon
