// Max, Min, Sum, Mean: a chain of two-operand functions.
#include "importers/onnx/converters.hpp"
#include "ops/binary.hpp"
#include "ops/identity.hpp"

namespace tenon::onnx {
namespace {

template <PointwiseFn kFn, bool kMean = false>
Values variadic(NodeContext& node) {
  node.require_inputs(1, node.input_count());
  node.ignore_attrs({"consumed_inputs"});
  if (node.input_count() == 1) return one(node.add(op::Identity{}, {node.input(0)}));
  ValueId result = node.input(0);
  for (std::size_t i = 1; i < node.input_count(); ++i)
    result = node.add(op::binary(kFn), {result, node.input(i)});
  if constexpr (kMean) {
    const ValueId count = add_scalar(node, node.dtype(0), static_cast<double>(node.input_count()));
    result = node.add(op::binary(PointwiseFn::div), {result, count});
  }
  return one(result);
}

}  // namespace
}  // namespace tenon::onnx

namespace tenon {

void register_onnx_variadic(onnx::Registry& registry) {
  registry.add("Max", onnx::variadic<PointwiseFn::max>);
  registry.add("Mean", onnx::variadic<PointwiseFn::add, true>);
  registry.add("Min", onnx::variadic<PointwiseFn::min>);
  registry.add("Sum", onnx::variadic<PointwiseFn::add>);
}

}  // namespace tenon
