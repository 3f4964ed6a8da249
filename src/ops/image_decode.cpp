#include "ops/image_decode.hpp"

#include "ops/shape_inference.hpp"

namespace tenon {
namespace op {

std::vector<Inference> ImageDecode::infer(InferContext& context) const {
  context.require_inputs(1, 1);
  context.require_dtype(0, {DataType::u8});
  require_rank(context, 0, 1);
  const Dim channels = format == PixelFormat::gray ? 1 : 3;
  return {tensor_type(DataType::u8, Dims{Dim::unknown(), Dim::unknown(), channels})};
}

}  // namespace op

void register_op_image_decode(OpRegistry& registry) { registry.add<op::ImageDecode>(); }

}  // namespace tenon
