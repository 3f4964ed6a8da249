#include "ops/detection_output.hpp"

#include "ops/infer_helpers.hpp"

#include <fmt/format.h>

namespace tenon {
namespace op {

std::vector<Inference> DetectionOutput::infer(InferContext& context) const {
  context.require_inputs(3, 3);
  for (std::size_t i = 0; i < 3; ++i) context.require_dtype(i, {DataType::f32});
  require_rank(context, 0, 2);
  require_rank(context, 1, 2);
  require_rank(context, 2, 3);
  if (num_classes < 1 || num_classes > kMaxGeometry) context.fail(fmt::format("{} classes", num_classes));
  if (!(eta > 0 && eta <= 1)) context.fail(fmt::format("eta: expected a number in (0, 1], found {}", eta));
  if (context.has_rank(0) && context.has_rank(1) && context.has_rank(2)) {
    merge_dim(context, context.dims(0)[0], context.dims(1)[0], "batch dims of locations and scores:");
    merge_dim(context, context.dims(2)[0], Dim(1), "batch dim of priors:");
    merge_dim(context, context.dims(2)[1], Dim(2), "boxes and variances of priors:");
    const Dim& numbers = context.dims(2)[2];
    const Dim locations = numbers * Dim(share_location ? 1 : num_classes);
    merge_dim(context, context.dims(0)[1], locations, "coordinates of locations and priors:");
    merge_dim(context, context.dims(1)[1] * Dim(4), numbers * Dim(num_classes),
              "4 · scores and classes · priors:");
  }
  return {tensor_type(DataType::f32, Dims{1, 1, Dim::unknown(), 7})};
}

}  // namespace op

void register_op_detection_output(OpRegistry& registry) { registry.add<op::DetectionOutput>(); }

}  // namespace tenon
