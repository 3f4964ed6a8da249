#include "ops/pad.hpp"

#include "ops/shape_inference.hpp"

#include <fmt/format.h>

namespace tenon {
namespace op {

std::vector<Inference> Pad::infer(InferContext& context) const {
  context.require_inputs(1, 4);
  const TensorType& data = plain_tensor(context, 0);
  const IntArgument amounts = int_argument(context, "pads", pads, 1);
  const IntArgument along = int_argument(context, "axes", axes, 3);
  if (!amounts.given) context.fail("pads are missing");
  if (context.has(2)) {
    context.require_same_dtype(0, 2);
    require_max_rank(context, 2, 1);
  }
  if (!data.dims) {
    const bool all_axes = !along.given && amounts.count;
    if (!all_axes) return {moved(data, {})};
    return {moved(data, unknown_dims(static_cast<std::size_t>(*amounts.count / 2)))};
  }
  const auto rank = static_cast<std::int64_t>(data.dims->size());
  const auto named = along.constants();
  if (along.given && !named) return {moved(data, unknown_dims(data.dims->size()))};
  Ints padded;
  if (named) {
    padded = ordered_axes(context, *named, rank);
  } else {
    for (std::int64_t i = 0; i < rank; ++i) padded.push_back(i);
  }
  if (amounts.count && *amounts.count != static_cast<std::int64_t>(2 * padded.size())) {
    context.fail(fmt::format("pads have {} entries, expected {} for {} axes", *amounts.count,
                             2 * padded.size(), padded.size()));
  }
  Dims dims = *data.dims;
  for (std::size_t i = 0; i < padded.size(); ++i) {
    Dim& dim = dims[static_cast<std::size_t>(padded[i])];
    if (!amounts.values) {
      dim = Dim::unknown();
      continue;
    }
    const Dim extent = dim + (*amounts.values)[i] + (*amounts.values)[i + padded.size()];
    if (extent.is_const() && extent.value() < 0) {
      context.fail(
          fmt::format("axis {} of extent {} is padded to {}", padded[i], dim.to_string(), extent.value()));
    }
    if (mode != PadMode::constant && dim.is_const(0) && !extent.is_const(0)) {
      context.fail(fmt::format("axis {} is empty: there is nothing to pad with", padded[i]));
    }
    dim = extent;
  }
  return {moved(data, std::move(dims))};
}

}  // namespace op

void register_op_pad(OpRegistry& registry) { registry.add<op::Pad>(); }

}  // namespace tenon
