#include "ops/tile.hpp"

#include "ops/shape_inference.hpp"

#include <fmt/format.h>

namespace tenon {
namespace op {

std::vector<Inference> Tile::infer(InferContext& context) const {
  context.require_inputs(2, 2);
  const TensorType& data = plain_tensor(context, 0);
  const IntArgument repeats = int_argument(context, "repeats", std::optional<Ints>{}, 1);
  if (!data.dims) {
    if (!repeats.count) return {moved(data, {})};
    return {moved(data, unknown_dims(static_cast<std::size_t>(*repeats.count)))};
  }
  const std::size_t rank = data.dims->size();
  if (repeats.count && *repeats.count != static_cast<std::int64_t>(rank)) {
    context.fail(fmt::format("{} repeats for a rank-{} tensor", *repeats.count, rank));
  }
  if (!repeats.values) return {moved(data, unknown_dims(rank))};
  Dims dims;
  for (std::size_t i = 0; i < rank; ++i) {
    const Dim& times = (*repeats.values)[i];
    if (times.is_const() && times.value() < 0)
      context.fail(fmt::format("repeats[{}] is {}", i, times.value()));
    dims.push_back((*data.dims)[i] * times);
  }
  return {moved(data, std::move(dims))};
}

}  // namespace op

void register_op_tile(OpRegistry& registry) { registry.add<op::Tile>(); }

}  // namespace tenon
