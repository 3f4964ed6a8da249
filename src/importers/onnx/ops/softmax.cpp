// Softmax, LogSoftmax, Hardmax. Before opset 13 they work on a matrix: the axes from `axis` on are taken
// together.
#include "ops/softmax.hpp"

#include "importers/onnx/converters.hpp"
#include "ops/flatten.hpp"
#include "ops/reshape.hpp"
#include "ops/shape.hpp"

#include <algorithm>

namespace tenon::onnx {
namespace {

template <class Op>
Values along_axis(NodeContext& node) {
  node.require_inputs(1, 1);
  return one(node.add(Op{node.attr_int("axis", -1)}, {node.input(0)}));
}

template <class Op>
Values on_matrix(NodeContext& node) {
  node.require_inputs(1, 1);
  std::int64_t axis = node.attr_int("axis", 1);
  if (const Dims* dims = node.dims(0)) {
    const auto rank = static_cast<std::int64_t>(dims->size());
    if (axis != rank) axis = normalize_axis(node, axis, rank);
    const auto is_long = [](const Dim& dim) { return !dim.is_const(1); };
    const auto first = std::find_if(dims->begin() + axis, dims->end(), is_long);
    if (axis < rank && std::count_if(dims->begin() + axis, dims->end(), is_long) <= 1) {
      const std::int64_t only = first == dims->end() ? axis : first - dims->begin();
      return one(node.add(Op{only}, {node.input(0)}));
    }
  }
  const ValueId matrix = node.add(op::Flatten{axis}, {node.input(0)});
  const ValueId result = node.add(Op{1}, {matrix});
  const ValueId shape = node.add(op::ShapeOf{}, {node.input(0)});
  return one(node.add(op::Reshape{true}, {result, shape}));
}

}  // namespace
}  // namespace tenon::onnx

namespace tenon {

void register_onnx_softmax(onnx::Registry& registry) {
  registry.add("Hardmax", onnx::on_matrix<op::Hardmax>, {1, 12});
  registry.add("Hardmax", onnx::along_axis<op::Hardmax>, {13});
  registry.add("LogSoftmax", onnx::on_matrix<op::LogSoftmax>, {1, 12});
  registry.add("LogSoftmax", onnx::along_axis<op::LogSoftmax>, {13});
  registry.add("Softmax", onnx::on_matrix<op::Softmax>, {1, 12});
  registry.add("Softmax", onnx::along_axis<op::Softmax>, {13});
}

}  // namespace tenon
