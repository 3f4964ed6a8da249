#include "ops/roi_pool.hpp"

#include "ops/infer_helpers.hpp"

#include <fmt/format.h>

namespace tenon {
namespace op {

std::vector<Inference> RoiPool::infer(InferContext& context) const {
  context.require_inputs(2, 2);
  require_float(context, 0);
  context.require_same_dtype(0, 1);
  require_rank(context, 0, 4);
  require_rank(context, 1, 2);
  const auto sized = [](std::int64_t side) { return side >= 1 && side <= kMaxGeometry; };
  if (!sized(output_height) || !sized(output_width))
    context.fail(fmt::format("output size {} x {}", output_height, output_width));
  Dim regions = Dim::unknown();
  if (context.has_rank(1)) {
    regions = context.dims(1)[0];
    merge_dim(context, context.dims(1)[1], Dim(5), "image and coordinates of a region:");
  }
  const Dim channels = context.has_rank(0) ? context.dims(0)[1] : Dim::unknown();
  return {tensor_type(context.dtype(0), Dims{regions, channels, output_height, output_width})};
}

}  // namespace op

void register_op_roi_pool(OpRegistry& registry) { registry.add<op::RoiPool>(); }

}  // namespace tenon
