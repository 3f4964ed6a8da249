#include "ops/center_crop_pad.hpp"

#include "ops/shape_inference.hpp"

#include <fmt/format.h>

namespace tenon {
namespace op {

std::vector<Inference> CenterCropPad::infer(InferContext& context) const {
  context.require_inputs(2, 2);
  const TensorType& data = plain_tensor(context, 0);
  const auto shape = dims_from_shape_operand(context, 1);
  if (!data.dims) return {moved(data, !axes ? shape : std::nullopt)};
  Dims dims = *data.dims;
  Ints named;
  if (axes) {
    named = ordered_axes(context, *axes, static_cast<std::int64_t>(dims.size()));
  } else {
    for (std::size_t i = 0; i < dims.size(); ++i) named.push_back(static_cast<std::int64_t>(i));
  }
  if (shape && shape->size() != named.size()) {
    context.fail(fmt::format("shape has {} entries for {} axes", shape->size(), named.size()));
  }
  for (std::size_t i = 0; i < named.size(); ++i) {
    dims[static_cast<std::size_t>(named[i])] = shape ? (*shape)[i] : Dim::unknown();
  }
  return {moved(data, std::move(dims))};
}

}  // namespace op

void register_op_center_crop_pad(OpRegistry& registry) { registry.add<op::CenterCropPad>(); }

}  // namespace tenon
