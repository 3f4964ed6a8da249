#include "ops/split.hpp"

#include "ops/shape_inference.hpp"

#include <fmt/format.h>

namespace tenon {
namespace op {

namespace {

Dims given_extents(const InferContext& context, const IntArgument& sizes, const Dim& whole,
                   std::int64_t count) {
  if (!sizes.values) return unknown_dims(static_cast<std::size_t>(count));
  Dim sum = 0;
  for (const Dim& size : *sizes.values) {
    if (size.is_const() && size.value() < 0) context.fail(fmt::format("a part has size {}", size.value()));
    sum = sum + size;
  }
  merge_dim(context, sum, whole, "the sum of sizes and the dim");
  return *sizes.values;
}

Dims equal_extents(const Dim& whole, std::int64_t count) {
  if (const auto exact = exact_div(whole, count)) return Dims(static_cast<std::size_t>(count), *exact);
  const Dim part = ceil_div(whole, count);
  Dims extents;
  for (std::int64_t i = 0; i < count; ++i) extents.push_back(min(part, max(whole - part * i, 0)));
  return extents;
}

}  // namespace

std::vector<Inference> Split::infer(InferContext& context) const {
  context.require_inputs(1, 2);
  const TensorType& data = plain_tensor(context, 0);
  const IntArgument parts = int_argument(context, "sizes", sizes, 1);
  if (parts.given && num_outputs) context.fail("sizes and num_outputs exclude each other");
  const auto count = static_cast<std::int64_t>(
      parts.count ? *parts.count : num_outputs.value_or(static_cast<std::int64_t>(context.output_count())));
  if (count < 1) context.fail("the number of parts is not known; give sizes or num_outputs");
  if (!data.dims) return std::vector<Inference>(static_cast<std::size_t>(count), moved(data, {}));

  const auto at = static_cast<std::size_t>(normalize_axis(context, axis, data.dims->size()));
  const Dim whole = (*data.dims)[at];
  const Dims extents =
      parts.given ? given_extents(context, parts, whole, count) : equal_extents(whole, count);

  const auto value = data.dims->size() == 1 ? known_value(context, 0) : std::nullopt;
  std::size_t position = 0;
  std::vector<Inference> results;
  for (const Dim& extent : extents) {
    Dims dims = *data.dims;
    dims[at] = extent;
    Inference result = moved(data, std::move(dims));
    if (value && extent.is_const()) {
      const auto begin = value->begin() + static_cast<std::ptrdiff_t>(position);
      result.value.emplace(begin, begin + extent.value());
      position += static_cast<std::size_t>(extent.value());
    }
    results.push_back(std::move(result));
  }
  return results;
}

}  // namespace op

void register_op_split(OpRegistry& registry) { registry.add<op::Split>(); }

}  // namespace tenon
