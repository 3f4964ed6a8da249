#include "ops/tensor_scatter.hpp"

#include "ops/shape_inference.hpp"

#include <fmt/format.h>

namespace tenon {
namespace op {

std::vector<Inference> TensorScatter::infer(InferContext& context) const {
  context.require_inputs(2, 3);
  const TensorType& past = plain_tensor(context, 0);
  const TensorType& update = plain_tensor(context, 1);
  context.require_same_dtype(0, 1);
  if (context.has(2)) {
    require_index_dtype(context, 2);
    require_rank(context, 2, 1);
  }
  if (!past.dims)
    return {moved(past, update.dims ? std::optional(unknown_dims(update.dims->size())) : std::nullopt)};
  const auto rank = static_cast<std::int64_t>(past.dims->size());
  const auto at = static_cast<std::size_t>(normalize_axis(context, axis, rank));
  if (at == 0) context.fail("axis 0 is the batch axis");
  if (!update.dims) return {moved(past, past.dims)};
  require_rank(context, 1, rank);
  for (std::size_t i = 0; i < past.dims->size(); ++i) {
    const Dim& held = (*past.dims)[i];
    const Dim& written = (*update.dims)[i];
    if (i != at) {
      merge_dim(context, held, written, fmt::format("dims {} of past and update", i));
    } else if (held.is_const() && written.is_const() && written.value() > held.value()) {
      context.fail(
          fmt::format("the update has {} positions, the cache only {}", written.value(), held.value()));
    }
  }
  return {moved(past, past.dims)};
}

}  // namespace op

void register_op_tensor_scatter(OpRegistry& registry) { registry.add<op::TensorScatter>(); }

}  // namespace tenon
