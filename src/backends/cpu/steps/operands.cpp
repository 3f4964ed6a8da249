#include "backends/cpu/steps/operands.hpp"

#include "backends/cpu/kernels/float_types.hpp"
#include "base/check.hpp"

#include <limits>

namespace tenon::cpu {

void require_counts(const StepInit& init, std::string_view kind, std::size_t inputs, std::size_t outputs,
                    std::size_t weights) {
  TENON_REQUIRE(
      init.inputs.size() == inputs && init.outputs.size() == outputs && init.weights.size() == weights,
      "{}: {} inputs, {} outputs and {} weights, expected {}, {} and {}", kind, init.inputs.size(),
      init.outputs.size(), init.weights.size(), inputs, outputs, weights);
}

const TensorType& require_tensor(const Type* type, std::string_view kind, const Layout& layout) {
  TENON_REQUIRE(type != nullptr && type->is_tensor(), "{}: an operand is absent or not a tensor", kind);
  const TensorType& tensor = type->as_tensor();
  TENON_REQUIRE(tensor.layout == layout, "{}: an operand is of layout '{}', expected '{}'", kind,
                tensor.layout.to_string(), layout.to_string());
  return tensor;
}

void require_tensor(const Type* type, std::string_view kind, const Layout& layout, DataType dtype) {
  const TensorType& tensor = require_tensor(type, kind, layout);
  TENON_REQUIRE(tensor.dtype == dtype, "{}: an operand of {}, expected {}", kind, name(tensor.dtype),
                name(dtype));
}

void require_tensors(const StepInit& init, std::string_view kind, const Layout& layout, DataType dtype) {
  for (const Type* type : init.inputs) require_tensor(type, kind, layout, dtype);
  for (const Type* type : init.outputs) require_tensor(type, kind, layout, dtype);
}

bool require_plain_or_blocked(const StepInit& init, std::string_view kind) {
  TENON_REQUIRE(!init.outputs.empty() && init.outputs[0] != nullptr && init.outputs[0]->is_tensor(),
                "{}: no result", kind);
  const Layout& layout = init.outputs[0]->as_tensor().layout;
  const bool blocked = !layout.is_plain();
  TENON_REQUIRE(!blocked || layout == Layout::channel_blocked(kChannelBlock),
                "{}: works on plain or blocked tensors, not on '{}'", kind, layout.to_string());
  require_tensors(init, kind, layout, DataType::f32);
  return blocked;
}

FloatOperands require_floats(const StepInit& init, std::string_view kind) {
  TENON_REQUIRE(!init.outputs.empty() && init.outputs[0] != nullptr && init.outputs[0]->is_tensor(),
                "{}: no result", kind);
  const TensorType& result = init.outputs[0]->as_tensor();
  const FloatOperands operands{result.dtype, !result.layout.is_plain()};
  TENON_REQUIRE(is_float_type(operands.dtype), "{}: a result of {}", kind, name(operands.dtype));
  require_tensors(init, kind, operands.blocked ? Layout::channel_blocked(kChannelBlock) : Layout(),
                  operands.dtype);
  return operands;
}

DataType require_plain_floats(const StepInit& init, std::string_view kind) {
  const FloatOperands operands = require_floats(init, kind);
  TENON_REQUIRE(!operands.blocked, "{}: a channel-blocked operand", kind);
  return operands.dtype;
}

void require_weight(const Tensor& weight, std::string_view kind, DataType dtype, std::size_t elements) {
  TENON_REQUIRE(weight.dtype() == dtype && static_cast<std::size_t>(weight.elements()) == elements,
                "{}: weights of {} {}, expected {} {}", kind, weight.elements(), name(weight.dtype()),
                elements, name(dtype));
}

const Shape& shape_at(std::span<const Shape* const> shapes, std::size_t i, std::string_view kind) {
  TENON_REQUIRE(i < shapes.size() && shapes[i] != nullptr,
                "{}: the shape of an operand is known only while running", kind);
  return *shapes[i];
}

int narrow_dim(std::int64_t value) {
  TENON_REQUIRE(value >= 0 && value <= std::numeric_limits<int>::max(),
                "a dim of {} is out of a kernel's range", value);
  return static_cast<int>(value);
}

std::size_t axis_at(std::int64_t axis, std::size_t rank, std::string_view kind) {
  const auto signed_rank = static_cast<std::int64_t>(rank);
  TENON_REQUIRE(axis >= -signed_rank && axis < signed_rank, "{}: axis {} of a tensor of rank {}", kind, axis,
                rank);
  return static_cast<std::size_t>(axis < 0 ? axis + signed_rank : axis);
}

AxisSplit split_at(std::span<const std::int64_t> shape, std::size_t axis) {
  return {volume(shape.first(axis)), shape[axis], volume(shape.subspan(axis + 1))};
}

std::ptrdiff_t volume(std::span<const std::int64_t> dims) { return element_count(dims); }

Shape stored_shape(const Shape& shape, bool blocked) {
  if (!blocked) return shape;
  TENON_REQUIRE(shape.size() >= 2, "a blocked tensor of rank {}", shape.size());
  Shape stored = shape;
  stored[1] = ceil_div(stored[1], kChannelBlock);
  stored.push_back(kChannelBlock);
  return stored;
}

}  // namespace tenon::cpu
