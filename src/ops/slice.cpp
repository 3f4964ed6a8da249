#include "ops/slice.hpp"

#include "ops/shape_inference.hpp"
#include "ops/slice_bounds.hpp"

#include <fmt/format.h>

#include <limits>

namespace tenon {
namespace op {

namespace {

// Exporters write "to the end" as the largest int32 or int64; no dim reaches the former.
constexpr std::int64_t kEnd = std::numeric_limits<std::int32_t>::max();

bool beyond_any_dim(const Dim& position) { return position.is_const() && position.value() >= kEnd; }
bool before_any_dim(const Dim& position) { return position.is_const() && position.value() <= -kEnd; }
bool negative(const Dim& position) { return !position.is_unknown() && position.interval({}).max < 0; }

Dim argument_entry(const IntArgument& argument, std::size_t i) {
  return argument.values ? (*argument.values)[i] : Dim::unknown();
}

// Elements of a forward walk before the step is applied.
Dim forward_distance(const Dim& dim, const Dim& start, const Dim& end) {
  const bool from_front = never_negative(start);
  const bool to_front = never_negative(end);
  if (beyond_any_dim(start) || before_any_dim(end)) return 0;
  if (before_any_dim(start)) return forward_distance(dim, 0, end);
  if (beyond_any_dim(end)) {
    if (start.is_const(0)) return dim;
    return from_front ? max(dim - start, 0) : min(dim, Dim(0) - start);
  }
  if (from_front == to_front && never_negative(start - end)) return 0;
  if (from_front && !to_front) return max(dim + end - start, 0);
  if (from_front) return start.is_const(0) ? min(end, dim) : max(min(end, dim) - start, 0);
  if (!to_front) return min(max(dim + end, 0), end - start);
  return max(min(end, dim) - max(dim + start, 0), 0);
}

Dim backward_distance(const Dim& dim, const Dim& start, const Dim& end) {
  if (before_any_dim(start) || beyond_any_dim(end)) return 0;
  const Dim last = dim - 1;
  const Dim first = beyond_any_dim(start) || start.is_const(-1) ? last
                    : never_negative(start)                     ? min(start, last)
                                                                : max(dim + start, -1);
  const Dim stop = before_any_dim(end) ? Dim(-1) : never_negative(end) ? min(end, last) : max(dim + end, -1);
  const Dim distance = first - stop;
  return provably_equal(distance, dim) ? distance : max(distance, 0);
}

Dim sliced_extent(const Dim& dim, const Dim& start, const Dim& end, const Dim& step) {
  if (!step.is_const()) return Dim::unknown();
  if (dim.is_const() && start.is_const() && end.is_const()) {
    return slice_bounds(dim.value(), start.value(), end.value(), step.value()).count;
  }
  for (const Dim& position : {start, end}) {
    if (!never_negative(position) && !negative(position)) return Dim::unknown();
  }
  if (step.value() > 0) return ceil_div(forward_distance(dim, start, end), step);
  return ceil_div(backward_distance(dim, start, end), Dim(0) - step);
}

std::optional<Dims> sliced_value(const InferContext& context, const Dim& start, const Dim& end,
                                 const Dim& step) {
  auto source = known_value(context, 0);
  if (!source || !start.is_const() || !end.is_const() || !step.is_const()) return {};
  const SliceBounds bounds =
      slice_bounds(static_cast<std::int64_t>(source->size()), start.value(), end.value(), step.value());
  Dims value;
  for (std::int64_t i = 0; i < bounds.count; ++i) {
    value.push_back((*source)[static_cast<std::size_t>(bounds.start + i * step.value())]);
  }
  return value;
}

}  // namespace

std::vector<Inference> Slice::infer(InferContext& context) const {
  context.require_inputs(1, 5);
  const TensorType& data = plain_tensor(context, 0);
  const IntArgument first = int_argument(context, "starts", starts, 1);
  const IntArgument last = int_argument(context, "ends", ends, 2);
  const IntArgument along = int_argument(context, "axes", axes, 3);
  const IntArgument stride = int_argument(context, "steps", steps, 4);
  if (!first.given || !last.given) context.fail("starts or ends are missing");
  std::optional<std::int64_t> count;
  for (const IntArgument* argument : {&first, &last, &along, &stride}) {
    if (!argument->count) continue;
    if (count && *count != *argument->count) {
      context.fail(
          fmt::format("starts, ends, axes and steps have {} and {} entries", *count, *argument->count));
    }
    count = argument->count;
  }
  if (!data.dims) return {moved(data, {})};
  const auto rank = static_cast<std::int64_t>(data.dims->size());
  if (count && *count > rank) context.fail(fmt::format("{} axes of a rank-{} tensor", *count, rank));

  Ints sliced;
  if (along.given) {
    const auto named = along.constants();
    if (!named) return {moved(data, unknown_dims(data.dims->size()))};
    sliced = ordered_axes(context, *named, rank);
  } else {
    if (!count) return {moved(data, unknown_dims(data.dims->size()))};
    for (std::int64_t i = 0; i < *count; ++i) sliced.push_back(i);
  }
  Dims dims = *data.dims;
  for (std::size_t i = 0; i < sliced.size(); ++i) {
    Dim& dim = dims[static_cast<std::size_t>(sliced[i])];
    const Dim step = stride.given ? argument_entry(stride, i) : Dim(1);
    if (step.is_const(0)) context.fail(fmt::format("steps[{}] is 0", i));
    dim = sliced_extent(dim, argument_entry(first, i), argument_entry(last, i), step);
  }
  std::optional<Dims> value;
  if (rank == 1 && !sliced.empty()) {
    value = sliced_value(context, argument_entry(first, 0), argument_entry(last, 0),
                         stride.given ? argument_entry(stride, 0) : Dim(1));
  } else if (rank == 1) {
    value = known_value(context, 0);
  }
  return {{moved(data, std::move(dims)), std::move(value)}};
}

}  // namespace op

void register_op_slice(OpRegistry& registry) { registry.add<op::Slice>(); }

}  // namespace tenon
