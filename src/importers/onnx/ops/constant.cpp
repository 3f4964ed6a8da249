// Constant in all its forms, ConstantOfShape.
#include "importers/onnx/converters.hpp"
#include "ops/constant_of_shape.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace tenon::onnx {
namespace {

template <class T>
Tensor rank_0(T value) {
  return Tensor::of<T>({}, std::span<const T>(&value, 1));
}

template <class T>
Tensor rank_1(const std::vector<T>& values) {
  return Tensor::of<T>({static_cast<std::int64_t>(values.size())}, std::span<const T>(values));
}

Values constant(NodeContext& node) {
  node.require_inputs(0, 0);
  constexpr std::array<std::string_view, 8> kForms = {"value",        "sparse_value", "value_int",
                                                      "value_ints",   "value_float",  "value_floats",
                                                      "value_string", "value_strings"};
  const auto given =
      std::count_if(kForms.begin(), kForms.end(), [&](std::string_view name) { return node.has_attr(name); });
  if (given != 1) node.fail("expected exactly one of the attributes value, sparse_value, value_*");
  std::optional<Tensor> tensor = node.find_tensor("value");
  if (!tensor) tensor = node.find_sparse_tensor("sparse_value");
  if (const auto value = node.find_int("value_int")) tensor = rank_0(*value);
  if (const auto values = node.find_ints("value_ints")) tensor = rank_1(*values);
  if (const auto value = node.find_float("value_float")) tensor = rank_0(*value);
  if (const auto values = node.find_floats("value_floats")) tensor = rank_1(*values);
  if (const auto value = node.find_string("value_string")) tensor = Tensor::strings({}, {*value});
  if (const auto values = node.find_strings("value_strings")) {
    tensor = Tensor::strings({static_cast<std::int64_t>(values->size())}, *values);
  }
  return one(node.graph().add_constant(std::move(*tensor)));
}

Values constant_of_shape(NodeContext& node) {
  node.require_inputs(1, 1);
  op::ConstantOfShape op;
  if (auto value = node.find_tensor("value")) {
    if (value->elements() != 1) node.fail("attribute 'value' must hold one element");
    op.value = value->reshaped({});
  }
  return one(node.add(op, {node.input(0)}));
}

}  // namespace
}  // namespace tenon::onnx

namespace tenon {

void register_onnx_constant(onnx::Registry& registry) {
  registry.add("Constant", onnx::constant);
  registry.add("ConstantOfShape", onnx::constant_of_shape, {9});
}

}  // namespace tenon
