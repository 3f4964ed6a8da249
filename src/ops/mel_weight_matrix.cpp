#include "ops/mel_weight_matrix.hpp"

#include "ops/dft.hpp"
#include "ops/shape_inference.hpp"

#include <fmt/format.h>

namespace tenon {
namespace op {

std::vector<Inference> MelWeightMatrix::infer(InferContext& context) const {
  context.require_inputs(5, 5);
  for (std::size_t i = 0; i < 5; ++i) {
    require_one_element(context, i);
    if (i < 3) {
      require_index_dtype(context, i);
    } else {
      require_float(context, i);
    }
  }
  if (!is_compute_float(dtype) && !is_compute_integer(dtype))
    context.fail(fmt::format("the result cannot be {}", name(dtype)));
  const auto size = [&](std::size_t i) {
    const Dim dim = known_scalar(context, i).value_or(Dim::unknown());
    if (dim.is_const() && (dim.value() < 1 || dim.value() > kMaxTransform))
      context.fail(fmt::format("operand {} is {}, expected 1 to {}", i, dim.value(), kMaxTransform));
    return dim;
  };
  return {tensor_type(dtype, Dims{floor_div(size(1), 2) + 1, size(0)})};
}

}  // namespace op

void register_op_mel_weight_matrix(OpRegistry& registry) { registry.add<op::MelWeightMatrix>(); }

}  // namespace tenon
