#include "ops/lookup.hpp"

#include "ops/shape_inference.hpp"

#include <fmt/format.h>

namespace tenon {
namespace op {
namespace {

// Number of entries; DataType::string when they are texts.
struct Side {
  DataType dtype = DataType::string;
  std::size_t count = 0;
};

Side side(const InferContext& context, const std::optional<Tensor>& numbers,
          const std::vector<std::string>& texts, std::string_view what) {
  if (!numbers) return {DataType::string, texts.size()};
  if (!texts.empty()) context.fail(fmt::format("both {0} and string_{0} are given", what));
  if (numbers->rank() != 1 || (!is_compute_float(numbers->dtype()) && !is_compute_integer(numbers->dtype())))
    context.fail(fmt::format("{} are not a list of numbers", what));
  return {numbers->dtype(), static_cast<std::size_t>(numbers->elements())};
}

}  // namespace

std::vector<Inference> Lookup::infer(InferContext& context) const {
  context.require_inputs(1, 1);
  const TensorType& x = plain_tensor(context, 0);
  const Side key = side(context, keys, string_keys, "keys");
  const Side value = side(context, values, string_values, "values");
  if (key.count != value.count) context.fail(fmt::format("{} keys and {} values", key.count, value.count));
  if (x.dtype != key.dtype)
    context.fail(fmt::format("operand 0 is {}, the keys are {}", name(x.dtype), name(key.dtype)));
  const bool texts = value.dtype == DataType::string;
  const bool fits = texts ? !otherwise : !string_otherwise;
  if (!fits || (otherwise && (otherwise->dtype() != value.dtype || otherwise->elements() != 1)))
    context.fail("what stands for other elements has another type than the values");
  return {tensor_type(value.dtype, x.dims)};
}

}  // namespace op

void register_op_lookup(OpRegistry& registry) { registry.add<op::Lookup>(); }

}  // namespace tenon
