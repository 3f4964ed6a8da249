#include "ops/max_pool.hpp"

#include "ops/infer_helpers.hpp"

#include <fmt/format.h>

namespace tenon {
namespace op {

std::optional<Dims> pool_output_dims(const InferContext& context, const WindowFields& fields,
                                     std::span<const std::int64_t> kernel) {
  check_window_fields(context, fields, kernel.size());
  if (kernel.empty()) context.fail("kernel: expected one size per spatial axis, found none");
  if (!context.has_rank(0)) return std::nullopt;
  const Dims& x = context.dims(0);
  if (x.size() != kernel.size() + 2) {
    context.fail(fmt::format("a kernel of {} axes for x {}", kernel.size(), to_string(x)));
  }
  Dims result{x[0], x[1]};
  const Dims taps(kernel.begin(), kernel.end());
  const Dims spatial = window_output_dims(context, fields, std::span(x).subspan(2), taps);
  result.insert(result.end(), spatial.begin(), spatial.end());
  return result;
}

std::vector<Inference> MaxPool::infer(InferContext& context) const {
  context.require_inputs(1, 1);
  require_numeric(context, 0);
  const std::optional<Dims> dims = pool_output_dims(context, window_fields(*this), kernel);
  std::vector<Inference> results{tensor_type(context.dtype(0), dims)};
  if (context.output_count() > 1) results.emplace_back(tensor_type(DataType::i64, dims));
  return results;
}

}  // namespace op

void register_op_max_pool(OpRegistry& registry) { registry.add<op::MaxPool>(); }

}  // namespace tenon
