#include "ops/where.hpp"

#include "ops/epilogue.hpp"
#include "ops/infer_helpers.hpp"
#include "ops/shape_inference.hpp"

#include <array>

namespace tenon {
namespace op {
namespace {

// The elements of a condition, 1, 0 or unknown; nothing when none are known.
std::optional<Dims> known_condition(const InferContext& context) {
  const Tensor* constant = context.constant(0);
  if (constant == nullptr || constant->dtype() != DataType::boolean || constant->rank() > 1)
    return known_value(context, 0);
  const auto values = constant->values<bool>();
  return Dims(values.begin(), values.end());
}

std::optional<Dims> select_values(const InferContext& context) {
  const std::optional<Dims> condition = known_condition(context);
  const std::optional<Dims> a = known_value(context, 1);
  const std::optional<Dims> b = known_value(context, 2);
  if (!condition || !a || !b) return std::nullopt;
  std::size_t count = 1;
  for (const Dims* list : {&*condition, &*a, &*b}) {
    if (list->size() != 1) count = list->size();
  }
  for (const Dims* list : {&*condition, &*a, &*b}) {
    if (list->size() != 1 && list->size() != count) return std::nullopt;
  }
  const auto at = [](const Dims& list, std::size_t i) -> const Dim& {
    return list[list.size() == 1 ? 0 : i];
  };
  Dims result;
  for (std::size_t i = 0; i < count; ++i) {
    const Dim& chosen = at(*condition, i);
    if (chosen.is_const()) {
      result.push_back(chosen.value() != 0 ? at(*a, i) : at(*b, i));
    } else {
      result.push_back(provably_equal(at(*a, i), at(*b, i)) ? at(*a, i) : Dim::unknown());
    }
  }
  return result;
}

}  // namespace

std::vector<Inference> Where::infer(InferContext& context) const {
  context.require_inputs(3, 3);
  const std::array<DataType, 3> operands{context.dtype(0), context.dtype(1), context.dtype(2)};
  const DataType result = pointwise_dtype(context, PointwiseFn::where, operands);
  return {Inference(tensor_type(result, broadcast_operands(context, 0, 3)), select_values(context))};
}

}  // namespace op

void register_op_where(OpRegistry& registry) { registry.add<op::Where>(); }

}  // namespace tenon
