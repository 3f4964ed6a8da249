// resize: known scales and sizes become initializers.
#include "ops/resize.hpp"

#include "exporters/onnx/node_writer.hpp"

namespace tenon::onnx_export {
namespace {

template <class E>
std::string choice(E value) {
  return std::string(enum_names(value)[static_cast<std::size_t>(value)]);
}

void resize(NodeWriter& node) {
  const auto& op = node.op<op::Resize>();
  AttributeList attributes = {{"mode", choice(op.mode)},
                              {"coordinate_transformation_mode", choice(op.transform)},
                              {"nearest_mode", choice(op.nearest_mode)},
                              {"cubic_coeff_a", op.cubic_a},
                              {"exclude_outside", op.exclude_outside},
                              {"antialias", op.antialias},
                              {"extrapolation_value", op.extrapolation_value},
                              {"keep_aspect_ratio_policy", choice(op.keep_aspect)}};
  if (!op.axes.empty()) attributes.push_back({"axes", op.axes});
  Name scales = node.input(2);
  if (!op.scales.empty()) {
    scales = node.constant(
        Tensor::of<float>({static_cast<std::int64_t>(op.scales.size())}, std::span<const float>(op.scales)));
  }
  const Name sizes = op.sizes.empty() ? node.int64_input(3) : node.ints(op.sizes);
  node.finish("Resize", {node.input(0), node.input(1), scales, sizes}, attributes);
}

}  // namespace
}  // namespace tenon::onnx_export

namespace tenon {

void register_onnx_export_resize(onnx_export::Registry& registry) {
  registry.add("resize", onnx_export::resize);
}

}  // namespace tenon
