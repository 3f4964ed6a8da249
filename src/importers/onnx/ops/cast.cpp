// Cast, CastLike, BitCast.
#include "ops/cast.hpp"

#include "importers/onnx/converters.hpp"
#include "importers/onnx/types.hpp"
#include "ops/bitcast.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

namespace tenon::onnx {
namespace {

// Names of TensorProto.DataType by code, as the first opsets wrote them.
constexpr std::array<std::string_view, 17> kTypeNames = {
    "UNDEFINED", "FLOAT",   "UINT8",  "INT8",   "UINT16", "INT16",     "INT32",      "INT64",   "STRING",
    "BOOL",      "FLOAT16", "DOUBLE", "UINT32", "UINT64", "COMPLEX64", "COMPLEX128", "BFLOAT16"};

op::Cast cast_options(NodeContext& node) {
  op::Cast op;
  op.saturate = node.attr_bool("saturate", true);
  op.rounding = static_cast<op::ScaleRounding>(node.attr_choice("round_mode", {"up", "down", "nearest"}, 0));
  return op;
}

Values cast_to(NodeContext& node) {
  node.require_inputs(1, 1);
  op::Cast op = cast_options(node);
  const auto to = node.find_dtype("to");
  if (!to) node.fail("attribute 'to' is missing");
  op.to = *to;
  return one(node.add(op, {node.input(0)}));
}

Values cast_to_name(NodeContext& node) {
  node.require_inputs(1, 1);
  const std::string to = node.attr_string("to", "");
  const auto* const found = std::find(kTypeNames.begin(), kTypeNames.end(), to);
  if (found == kTypeNames.end()) node.fail(fmt::format("attribute 'to' is '{}', which is no type", to));
  return one(node.add(op::Cast{.to = data_type(found - kTypeNames.begin())}, {node.input(0)}));
}

Values cast_like(NodeContext& node) {
  node.require_inputs(2, 2);
  op::Cast op = cast_options(node);
  op.to = node.dtype(1);
  return one(node.add(op, {node.input(0)}));
}

Values bit_cast(NodeContext& node) {
  node.require_inputs(1, 1);
  const auto to = node.find_dtype("to");
  if (!to) node.fail("attribute 'to' is missing");
  return one(node.add(op::Bitcast{*to}, {node.input(0)}));
}

}  // namespace
}  // namespace tenon::onnx

namespace tenon {

void register_onnx_cast(onnx::Registry& registry) {
  registry.add("BitCast", onnx::bit_cast, {26});
  registry.add("Cast", onnx::cast_to_name, {1, 5});
  registry.add("Cast", onnx::cast_to, {6});
  registry.add("CastLike", onnx::cast_like, {15});
}

}  // namespace tenon
