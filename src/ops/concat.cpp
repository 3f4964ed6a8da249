#include "ops/concat.hpp"

#include "ops/shape_inference.hpp"

#include <fmt/format.h>

#include <limits>

namespace tenon {
namespace op {

namespace {

// Elements of an integer list, unknown ones where only their number is known: a list of which a part is known
// still tells that part.
std::optional<Dims> list_elements(const InferContext& context, std::size_t i) {
  if (auto known = known_value(context, i)) return known;
  const TensorType& type = context.tensor(i);
  const bool list = (type.dtype == DataType::i64 || type.dtype == DataType::i32) && type.dims &&
                    type.dims->size() == 1 && type.dims->front().is_const() &&
                    type.dims->front().value() <= kMaxTrackedElements;
  if (!list) return {};
  return unknown_dims(static_cast<std::size_t>(type.dims->front().value()));
}

std::optional<Dims> joined_elements(const InferContext& context) {
  Dims value;
  bool any_known = false;
  for (std::size_t i = 0; i < context.input_count(); ++i) {
    const auto elements = list_elements(context, i);
    if (!elements) return {};
    value.insert(value.end(), elements->begin(), elements->end());
    if (value.size() > kMaxTrackedElements) return {};
    any_known = any_known || known_value(context, i).has_value();
  }
  return any_known ? std::optional(std::move(value)) : std::nullopt;
}

}  // namespace

std::vector<Inference> Concat::infer(InferContext& context) const {
  context.require_inputs(1, std::numeric_limits<std::size_t>::max());
  TensorType result = plain_tensor(context, 0);
  std::size_t axis_index = 0;
  bool known_rank = true;
  for (std::size_t i = 0; i < context.input_count(); ++i) {
    context.require_same_dtype(0, i);
    const TensorType& operand = plain_tensor(context, i);
    if (!operand.dims) known_rank = false;
    if (!known_rank) continue;
    const std::size_t rank = operand.dims->size();
    if (i == 0) {
      axis_index = static_cast<std::size_t>(normalize_axis(context, axis, rank));
      continue;
    }
    if (rank != result.dims->size()) {
      context.fail(
          fmt::format("operand {} has rank {}, operand 0 has rank {}", i, rank, result.dims->size()));
    }
    for (std::size_t a = 0; a < rank; ++a) {
      Dim& dim = (*result.dims)[a];
      dim = a == axis_index ? dim + (*operand.dims)[a]
                            : merge_dim(context, dim, (*operand.dims)[a],
                                        fmt::format("operands 0 and {}: dims of axis {}", i, a));
    }
  }
  if (!known_rank) return {tensor_type(result.dtype, {})};
  auto value = result.dims->size() == 1 ? joined_elements(context) : std::nullopt;
  if (context.input_count() == 1) return {{moved(result, result.dims), std::move(value)}};
  return {{tensor_type(result.dtype, result.dims), std::move(value)}};
}

}  // namespace op

void register_op_concat(OpRegistry& registry) { registry.add<op::Concat>(); }

}  // namespace tenon
