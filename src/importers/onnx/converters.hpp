// What several converters share.
#pragma once

#include "importers/onnx/node_context.hpp"
#include "ops/scalar.hpp"
#include "ops/window.hpp"

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace tenon::onnx {

using Values = std::vector<ValueId>;
using Ints = std::vector<std::int64_t>;

// The single output of an operator that is added as it is.
inline Values one(ValueId value) { return {value}; }

// Integers that were an attribute in old opsets and are an operand in newer ones.
struct IntsArgument {
  std::optional<Ints> known;  // from the attribute, or from an operand whose value is known
  ValueId operand;            // else: i64, computed when the model runs; invalid when not given
  bool given() const noexcept { return known || operand.valid(); }
};

// The operand `index` alone; i32 is widened to i64.
IntsArgument ints_operand(NodeContext& node, std::size_t index);
// The attribute before opset `operand_since`, from there on the operand.
IntsArgument ints_argument(NodeContext& node, std::string_view attribute, std::int64_t operand_since,
                           std::size_t index);

// axis in [-rank, rank) → [0, rank); fails otherwise.
std::int64_t normalize_axis(const NodeContext& node, std::int64_t axis, std::int64_t rank);

ValueId add_scalar(NodeContext& node, DataType dtype, double value);
ValueId cast(NodeContext& node, ValueId value, DataType to);  // the value itself when it is of that dtype
ValueId reshape(NodeContext& node, ValueId value, const Ints& shape);

// Attributes strides, dilations, pads and auto_pad. Padding that is known at import becomes explicit;
// `spatial` are x's spatial dims, `kernel` the kernel's, both empty when unknown.
struct Window {
  Ints stride;
  Ints dilation;
  Ints pad;
  op::AutoPad auto_pad = op::AutoPad::explicit_pads;
};
Window read_window(NodeContext& node);
void resolve_padding(Window& window, const Dims& spatial, const Dims& kernel, bool ceil_mode);

// Dims of operand `i` from axis 2 on; empty when the rank is unknown.
Dims spatial_dims(const NodeContext& node, std::size_t i);

}  // namespace tenon::onnx
