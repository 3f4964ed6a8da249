#include "ops/gather.hpp"

#include "ops/shape_inference.hpp"

#include <fmt/format.h>

namespace tenon {
namespace op {

namespace {

std::optional<Dims> gathered_value(const InferContext& context) {
  const auto data = known_value(context, 0);
  const auto indices = known_value(context, 1);
  if (!data || !indices) return {};
  const auto count = static_cast<std::int64_t>(data->size());
  Dims value;
  for (const Dim& index : *indices) {
    if (!index.is_const()) {
      value.push_back(Dim::unknown());
      continue;
    }
    const std::int64_t i = index.value();
    if (i < -count || i >= count) {
      context.fail(fmt::format("index {} is outside [-{}, {})", i, count, count));
    }
    value.push_back((*data)[static_cast<std::size_t>(i < 0 ? i + count : i)]);
  }
  return value;
}

}  // namespace

std::vector<Inference> Gather::infer(InferContext& context) const {
  context.require_inputs(2, 2);
  const TensorType& data = plain_tensor(context, 0);
  const TensorType& indices = plain_tensor(context, 1);
  require_index_dtype(context, 1);
  if (!data.dims) return {moved(data, {})};
  const auto rank = static_cast<std::int64_t>(data.dims->size());
  const auto at = static_cast<std::ptrdiff_t>(normalize_axis(context, axis, rank));
  if (!indices.dims) return {moved(data, {})};

  Dims dims(data.dims->begin(), data.dims->begin() + at);
  dims.insert(dims.end(), indices.dims->begin(), indices.dims->end());
  dims.insert(dims.end(), data.dims->begin() + at + 1, data.dims->end());
  auto value = dims.size() <= 1 && rank == 1 ? gathered_value(context) : std::nullopt;
  return {{moved(data, std::move(dims)), std::move(value)}};
}

}  // namespace op

void register_op_gather(OpRegistry& registry) { registry.add<op::Gather>(); }

}  // namespace tenon
