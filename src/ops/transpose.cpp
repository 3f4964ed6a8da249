#include "ops/transpose.hpp"

#include "ops/shape_inference.hpp"

#include <fmt/format.h>

namespace tenon {
namespace op {

std::vector<Inference> Transpose::infer(InferContext& context) const {
  context.require_inputs(1, 1);
  const TensorType& data = plain_tensor(context, 0);
  const std::size_t named = perm.size();
  std::vector<bool> seen(named);
  for (const std::int64_t axis : perm) {
    if (axis < 0 || axis >= static_cast<std::int64_t>(named) || seen[static_cast<std::size_t>(axis)]) {
      context.fail(fmt::format("perm [{}] is not a permutation", fmt::join(perm, ", ")));
    }
    seen[static_cast<std::size_t>(axis)] = true;
  }
  if (!data.dims) return {moved(data, named > 0 ? std::optional<Dims>(unknown_dims(named)) : std::nullopt)};
  const std::size_t rank = data.dims->size();
  if (named > 0 && named != rank) {
    context.fail(fmt::format("perm has {} entries, the operand has rank {}", named, rank));
  }
  Dims dims;
  for (std::size_t i = 0; i < rank; ++i) {
    dims.push_back((*data.dims)[named > 0 ? static_cast<std::size_t>(perm[i]) : rank - 1 - i]);
  }
  auto value = rank <= 1 ? known_value(context, 0) : std::nullopt;
  return {{moved(data, std::move(dims)), std::move(value)}};
}

}  // namespace op

void register_op_transpose(OpRegistry& registry) { registry.add<op::Transpose>(); }

}  // namespace tenon
