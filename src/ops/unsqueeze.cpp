#include "ops/unsqueeze.hpp"

#include "ops/shape_inference.hpp"

namespace tenon {
namespace op {

std::vector<Inference> Unsqueeze::infer(InferContext& context) const {
  context.require_inputs(1, 2);
  const TensorType& data = plain_tensor(context, 0);
  const IntArgument argument = int_argument(context, "axes", axes, 1);
  if (!argument.given) context.fail("axes are missing");
  if (!data.dims || !argument.count) return {moved(data, {})};
  const std::int64_t rank = static_cast<std::int64_t>(data.dims->size()) + *argument.count;
  const auto named = argument.constants();
  if (!named) return {moved(data, unknown_dims(static_cast<std::size_t>(rank)))};

  std::vector<bool> inserted(static_cast<std::size_t>(rank));
  for (const std::int64_t axis : ordered_axes(context, *named, rank)) {
    inserted[static_cast<std::size_t>(axis)] = true;
  }
  Dims dims;
  auto next = data.dims->begin();
  for (const bool is_new : inserted) dims.push_back(is_new ? Dim(1) : *next++);
  auto value = rank <= 1 ? known_value(context, 0) : std::nullopt;
  return {{moved(data, std::move(dims)), std::move(value)}};
}

}  // namespace op

void register_op_unsqueeze(OpRegistry& registry) { registry.add<op::Unsqueeze>(); }

}  // namespace tenon
