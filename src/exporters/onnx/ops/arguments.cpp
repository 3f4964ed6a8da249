// Operators with arguments that are a field when they are known and an operand when they are computed. ONNX
// has operands only: known ones become initializers.
#include "exporters/onnx/node_writer.hpp"
#include "ops/cast.hpp"
#include "ops/pad.hpp"
#include "ops/reshape.hpp"
#include "ops/slice.hpp"
#include "ops/split.hpp"
#include "ops/squeeze.hpp"
#include "ops/top_k.hpp"
#include "ops/trilu.hpp"
#include "ops/unsqueeze.hpp"

#include <algorithm>

namespace tenon::onnx_export {
namespace {

void slice(NodeWriter& node) {
  const auto& op = node.op<op::Slice>();
  node.finish("Slice", {node.input(0), node.field_or_input(op.starts, 1), node.field_or_input(op.ends, 2),
                        node.field_or_input(op.axes, 3), node.field_or_input(op.steps, 4)});
}

void split(NodeWriter& node) {
  const auto& op = node.op<op::Split>();
  const Name sizes = node.field_or_input(op.sizes, 1);
  AttributeList attributes = {{"axis", op.axis}};
  if (sizes.empty()) attributes.push_back({"num_outputs", static_cast<std::int64_t>(node.output_count())});
  node.finish("Split", {node.input(0), sizes}, attributes);
}

// A shape without elements is said in full: with -1 beside a dim of 0, the rest is anything to ONNX.
void reshape(NodeWriter& node) {
  const TensorType& result = node.graph().value(node.node().outputs.front()).type.as_tensor();
  Ints shape;
  bool empty = false;
  if (result.is_static()) {
    for (const Dim& dim : *result.dims) shape.push_back(dim.value());
    empty = std::find(shape.begin(), shape.end(), 0) != shape.end();
  }
  if (empty) return node.finish("Reshape", {node.input(0), node.ints(shape)}, {{"allowzero", true}});
  node.finish("Reshape", node.inputs(), {{"allowzero", node.op<op::Reshape>().allow_zero}});
}

void squeeze(NodeWriter& node) {
  node.finish("Squeeze", {node.input(0), node.field_or_input(node.op<op::Squeeze>().axes, 1)});
}

void unsqueeze(NodeWriter& node) {
  node.finish("Unsqueeze", {node.input(0), node.field_or_input(node.op<op::Unsqueeze>().axes, 1)});
}

void pad(NodeWriter& node) {
  const auto& op = node.op<op::Pad>();
  node.finish(
      "Pad", {node.input(0), node.field_or_input(op.pads, 1), node.input(2), node.field_or_input(op.axes, 3)},
      {{"mode", std::string(enum_names(op.mode)[static_cast<std::size_t>(op.mode)])}});
}

// k is a list of one number in ONNX.
void top_k(NodeWriter& node) {
  const auto& op = node.op<op::TopK>();
  Name k = op.k ? node.ints({*op.k}) : node.int64_input(1);
  const bool is_list = op.k || (node.dims(1) != nullptr && node.dims(1)->size() == 1);
  if (!is_list) k = node.add("Reshape", {k, node.ints({1})});
  node.finish("TopK", {node.input(0), k},
              {{"axis", op.axis}, {"largest", op.largest}, {"sorted", op.sorted}});
}

void trilu(NodeWriter& node) {
  const auto& op = node.op<op::Trilu>();
  const Name k = op.k ? node.integer(*op.k) : node.int64_input(1);
  node.finish("Trilu", {node.input(0), k}, {{"upper", op.upper}});
}

// `saturate` concerns 8-bit floats, `round_mode` scales of blocks.
void cast(NodeWriter& node) {
  const auto& op = node.op<op::Cast>();
  AttributeList attributes = {{"to", op.to}, {"saturate", op.saturate}};
  if (op.rounding != op::ScaleRounding::up) {
    node.need_opset(24);
    attributes.push_back(
        {"round_mode", std::string(enum_names(op.rounding)[static_cast<std::size_t>(op.rounding)])});
  }
  node.finish("Cast", {node.input(0)}, attributes);
}

}  // namespace
}  // namespace tenon::onnx_export

namespace tenon {

void register_onnx_export_arguments(onnx_export::Registry& registry) {
  registry.add("cast", onnx_export::cast);
  registry.add("pad", onnx_export::pad);
  registry.add("reshape", onnx_export::reshape);
  registry.add("slice", onnx_export::slice);
  registry.add("split", onnx_export::split);
  registry.add("squeeze", onnx_export::squeeze);
  registry.add("top_k", onnx_export::top_k);
  registry.add("trilu", onnx_export::trilu);
  registry.add("unsqueeze", onnx_export::unsqueeze);
}

}  // namespace tenon
