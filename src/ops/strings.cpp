#include "ops/strings.hpp"

#include "ops/shape_inference.hpp"

#include <fmt/format.h>

namespace tenon {
namespace op {

std::vector<Inference> StringConcat::infer(InferContext& context) const {
  context.require_inputs(2, 2);
  context.require_dtype(0, {DataType::string});
  context.require_dtype(1, {DataType::string});
  return {tensor_type(DataType::string, broadcast_operands(context, 0, 2))};
}

std::vector<Inference> StringNormalize::infer(InferContext& context) const {
  context.require_inputs(1, 1);
  context.require_dtype(0, {DataType::string});
  require_rank_at_least(context, 0, 1);
  require_max_rank(context, 0, 2);
  if (!context.has_rank(0)) return {tensor_type(DataType::string, {})};
  Dims dims = context.dims(0);
  if (dims.size() == 2) {
    if (dims[0].is_const() && !dims[0].is_const(1))
      context.fail(fmt::format("expected [C] or [1, C], found {}", to_string(dims)));
    dims[0] = 1;
  }
  dims.back() = Dim::unknown();
  return {tensor_type(DataType::string, std::move(dims))};
}

std::vector<Inference> StringSplit::infer(InferContext& context) const {
  context.require_inputs(1, 1);
  context.require_dtype(0, {DataType::string});
  if (max_splits && *max_splits < 0) context.fail(fmt::format("max_splits is {}", *max_splits));
  std::optional<Dims> parts;
  std::optional<Dims> counts;
  if (context.has_rank(0)) {
    counts = context.dims(0);
    parts = counts;
    parts->push_back(Dim::unknown());
  }
  return {tensor_type(DataType::string, std::move(parts)), tensor_type(DataType::i64, std::move(counts))};
}

std::vector<Inference> RegexFullMatch::infer(InferContext& context) const {
  context.require_inputs(1, 1);
  context.require_dtype(0, {DataType::string});
  return {tensor_type(DataType::boolean, context.tensor(0).dims)};
}

}  // namespace op

void register_op_strings(OpRegistry& registry) {
  registry.add<op::StringConcat>();
  registry.add<op::StringNormalize>();
  registry.add<op::StringSplit>();
  registry.add<op::RegexFullMatch>();
}

}  // namespace tenon
