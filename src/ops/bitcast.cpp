#include "ops/bitcast.hpp"

#include "ops/shape_inference.hpp"

#include <fmt/format.h>

namespace tenon {
namespace op {

std::vector<Inference> Bitcast::infer(InferContext& context) const {
  context.require_inputs(1, 1);
  const TensorType& data = plain_tensor(context, 0);
  if (bit_width(data.dtype) != bit_width(to) || bit_width(to) == 0) {
    context.fail(fmt::format("{} and {} are not of the same width", name(data.dtype), name(to)));
  }
  return {tensor_type(to, data.dims)};
}

}  // namespace op

void register_op_bitcast(OpRegistry& registry) { registry.add<op::Bitcast>(); }

}  // namespace tenon
