// Reductions, running sums and range: ONNX knows them for fewer types.
#include "ops/reduce.hpp"

#include "exporters/onnx/node_writer.hpp"
#include "ops/cumulative.hpp"
#include "ops/range.hpp"

#include <array>

namespace tenon::onnx_export {
namespace {

// By ReduceFn.
constexpr std::array<std::string_view, op::kReduceFnCount> kReduceOpTypes = {
    "ReduceSum", "ReduceMean", "ReduceMax",    "ReduceMin",       "ReduceProd",
    "ReduceL1",  "ReduceL2",   "ReduceLogSum", "ReduceLogSumExp", "ReduceSumSquare"};

// Narrow integers are computed in 32 bits and wrap when they are stored.
DataType computed_as(DataType dtype) {
  return !is_floating_point(dtype) && bit_width(dtype) < 32 ? DataType::i32 : dtype;
}

// Max and Min have 8-bit integers and bool too.
DataType extreme_as(DataType dtype) {
  return dtype == DataType::i16 || dtype == DataType::u16 ? DataType::i32 : dtype;
}

void reduce(NodeWriter& node) {
  const auto& op = node.op<op::Reduce>();
  const DataType dtype = node.dtype(0);
  const bool extreme = op.fn == op::ReduceFn::max || op.fn == op::ReduceFn::min;
  const DataType as = extreme ? extreme_as(dtype) : computed_as(dtype);
  const Name axes = op.axes.empty() ? node.int64_input(1) : node.ints(op.axes);
  const Name x = node.cast(node.input(0), dtype, as);
  const std::string_view op_type = kReduceOpTypes[static_cast<std::size_t>(op.fn)];
  const AttributeList attributes = {{"keepdims", op.keep_dims},
                                    {"noop_with_empty_axes", op.noop_with_empty_axes}};
  if (as == dtype) return node.finish(op_type, {x, axes}, attributes);
  node.finish("Cast", {node.add(op_type, {x, axes}, attributes)}, {{"to", dtype}});
}

void cumulative(NodeWriter& node, std::string_view op_type) {
  const DataType dtype = node.dtype(0);
  const DataType as = computed_as(dtype);
  const AttributeList attributes = node.node().op.attributes();
  const Name x = node.cast(node.input(0), dtype, as);
  if (as == dtype) return node.finish(op_type, {x, node.input(1)}, attributes);
  node.finish("Cast", {node.add(op_type, {x, node.input(1)}, attributes)}, {{"to", dtype}});
}

void cum_sum(NodeWriter& node) { cumulative(node, "CumSum"); }

void cum_prod(NodeWriter& node) {
  node.need_opset(26);
  cumulative(node, "CumProd");
}

void range(NodeWriter& node) {
  const DataType dtype = node.dtype(0);
  DataType as = dtype;
  if (dtype == DataType::f16 || dtype == DataType::bf16) as = DataType::f32;
  if (!is_floating_point(dtype) && dtype != DataType::i16 && dtype != DataType::i32) as = DataType::i64;
  NameList operands;
  for (std::size_t i = 0; i < 3; ++i) operands.push_back(node.cast(node.input(i), dtype, as));
  if (as == dtype) return node.finish("Range", operands);
  node.finish("Cast", {node.add("Range", operands)}, {{"to", dtype}});
}

}  // namespace
}  // namespace tenon::onnx_export

namespace tenon {

void register_onnx_export_reduce(onnx_export::Registry& registry) {
  for (int fn = 0; fn < op::kReduceFnCount; ++fn)
    registry.add(op::name(static_cast<op::ReduceFn>(fn)), onnx_export::reduce);
  registry.add("cum_prod", onnx_export::cum_prod);
  registry.add("cum_sum", onnx_export::cum_sum);
  registry.add("range", onnx_export::range);
}

}  // namespace tenon
