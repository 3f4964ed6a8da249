#include "ops/constant_of_shape.hpp"

#include "ops/shape_inference.hpp"

#include <fmt/format.h>

namespace tenon {
namespace op {

std::vector<Inference> ConstantOfShape::infer(InferContext& context) const {
  context.require_inputs(1, 1);
  if (value.elements() != 1) {
    context.fail(fmt::format("value has {} elements, expected one", value.elements()));
  }
  const auto dims = dims_from_shape_operand(context, 0);
  const bool integer = value.dtype() == DataType::i64 || value.dtype() == DataType::i32;
  std::optional<Dims> known;
  if (integer && dims && dims->size() <= 1) {
    const Dim count = product(*dims);
    if (count.is_const() && count.value() <= kMaxTrackedElements) {
      const std::int64_t element =
          value.dtype() == DataType::i64 ? value.values<std::int64_t>()[0] : value.values<std::int32_t>()[0];
      known = Dims(static_cast<std::size_t>(count.value()), Dim(element));
    }
  }
  return {{tensor_type(value.dtype(), dims), std::move(known)}};
}

}  // namespace op

void register_op_constant_of_shape(OpRegistry& registry) { registry.add<op::ConstantOfShape>(); }

}  // namespace tenon
