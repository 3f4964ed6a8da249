#include "ops/roi_align.hpp"

#include "ops/infer_helpers.hpp"

#include <fmt/format.h>

namespace tenon {
namespace op {

std::vector<Inference> RoiAlign::infer(InferContext& context) const {
  context.require_inputs(3, 3);
  require_float(context, 0);
  context.require_same_dtype(0, 1);
  context.require_dtype(2, {DataType::i64, DataType::i32});
  require_rank(context, 0, 4);
  require_rank(context, 1, 2);
  require_rank(context, 2, 1);
  if (output_height < 1 || output_width < 1 || sampling_ratio < 0 || sampling_ratio > kMaxGeometry) {
    context.fail(fmt::format("output size {} x {} with sampling_ratio {}", output_height, output_width,
                             sampling_ratio));
  }
  Dim regions = Dim::unknown();
  if (context.has_rank(1)) {
    regions = context.dims(1)[0];
    merge_dim(context, context.dims(1)[1], Dim(4), "coordinates of a region:");
  }
  if (context.has_rank(2))
    regions = merge_dim(context, regions, context.dims(2)[0], "rois and batch_indices:");
  const Dim channels = context.has_rank(0) ? context.dims(0)[1] : Dim::unknown();
  return {tensor_type(context.dtype(0), Dims{regions, channels, output_height, output_width})};
}

}  // namespace op

void register_op_roi_align(OpRegistry& registry) { registry.add<op::RoiAlign>(); }

}  // namespace tenon
