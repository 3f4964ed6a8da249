#include "ops/loop.hpp"

#include "ops/shape_inference.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

namespace tenon {
namespace op {
namespace {

Dim trip_count(const InferContext& context) {
  if (const auto known = context.constant_ints(0); known && known->size() == 1)
    return std::max<std::int64_t>(known->front(), 0);
  const Dims* symbolic = context.symbolic_value(0);
  return symbolic != nullptr && symbolic->size() == 1 ? max(symbolic->front(), Dim(0)) : Dim::unknown();
}

}  // namespace

std::vector<Inference> Loop::infer(InferContext& context) const {
  context.require_inputs(2, std::numeric_limits<std::size_t>::max());
  if (context.has(0)) require_index_dtype(context, 0);
  if (context.has(1)) context.require_dtype(1, {DataType::boolean});
  if (context.region_count() != 1)
    context.fail(fmt::format("{} regions, expected one", context.region_count()));
  const std::vector<Type> body = context.region_results(0);
  const std::size_t carried = context.input_count() - 2;
  if (body.size() < 1 + carried) {
    context.fail(fmt::format("the region gives {} results, expected the condition and {} carried values",
                             body.size(), carried));
  }
  std::vector<Inference> results;
  for (std::size_t i = 0; i < carried; ++i) {
    results.emplace_back(join(context, context.type(2 + i), body[1 + i], fmt::format("carried value {}", i)));
  }
  if (counted && !context.has(0)) context.fail("counted, but nothing says how often");
  // Else the body may stop at any time.
  const Dim trips = counted ? trip_count(context) : Dim::unknown();
  for (std::size_t i = 1 + carried; i < body.size(); ++i) {
    const TensorType& element = body[i].as_tensor();
    if (!element.dims) {
      results.emplace_back(tensor_type(element.dtype, {}));
      continue;
    }
    Dims dims{trips};
    dims.insert(dims.end(), element.dims->begin(), element.dims->end());
    results.emplace_back(tensor_type(element.dtype, std::move(dims)));
  }
  return results;
}

}  // namespace op

void register_op_loop(OpRegistry& registry) { registry.add<op::Loop>(); }

}  // namespace tenon
