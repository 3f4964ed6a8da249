#include "ops/squeeze.hpp"

#include "ops/shape_inference.hpp"

#include <fmt/format.h>

namespace tenon {
namespace op {

std::vector<Inference> Squeeze::infer(InferContext& context) const {
  context.require_inputs(1, 2);
  const TensorType& data = plain_tensor(context, 0);
  const IntArgument argument = int_argument(context, "axes", axes, 1);
  const auto named = argument.constants();
  if (!data.dims) return {moved(data, {})};
  const auto rank = static_cast<std::int64_t>(data.dims->size());
  if (argument.given && !named) {
    if (!argument.count) return {moved(data, {})};
    if (*argument.count > rank) {
      context.fail(fmt::format("{} axes of a rank-{} tensor", *argument.count, rank));
    }
    return {moved(data, unknown_dims(static_cast<std::size_t>(rank - *argument.count)))};
  }
  std::vector<bool> drop(data.dims->size());
  if (named) {
    for (const std::int64_t axis : ordered_axes(context, *named, rank)) {
      const Dim& dim = (*data.dims)[static_cast<std::size_t>(axis)];
      if (dim.is_const() && !dim.is_const(1)) {
        context.fail(fmt::format("axis {} has extent {}, expected 1", axis, dim.value()));
      }
      drop[static_cast<std::size_t>(axis)] = true;
    }
  } else {
    for (std::size_t i = 0; i < drop.size(); ++i) {
      if (!(*data.dims)[i].is_const()) return {moved(data, {})};
      drop[i] = (*data.dims)[i].is_const(1);
    }
  }
  Dims dims;
  for (std::size_t i = 0; i < drop.size(); ++i) {
    if (!drop[i]) dims.push_back((*data.dims)[i]);
  }
  return {{moved(data, std::move(dims)), known_value(context, 0)}};
}

}  // namespace op

void register_op_squeeze(OpRegistry& registry) { registry.add<op::Squeeze>(); }

}  // namespace tenon
