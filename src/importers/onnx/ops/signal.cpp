// Signals: windows, DFT, STFT, MelWeightMatrix.
#include "importers/onnx/converters.hpp"
#include "importers/onnx/types.hpp"
#include "ops/binary.hpp"
#include "ops/dft.hpp"
#include "ops/mel_weight_matrix.hpp"
#include "ops/range.hpp"
#include "ops/stft.hpp"
#include "ops/unary.hpp"

#include <fmt/format.h>

#include <numbers>

namespace tenon::onnx {
namespace {

DataType output_datatype(NodeContext& node) {
  return node.find_dtype("output_datatype").value_or(DataType::f32);
}

// w[i] = a0 - a1·cos(2πi/N) + a2·cos(4πi/N), with N the size, or 1 less when the window is not periodic.
struct CosineWindow {
  double a0, a1, a2;
};
constexpr CosineWindow kHann = {0.5, 0.5, 0};
constexpr CosineWindow kHamming = {25.0 / 46, 21.0 / 46, 0};
constexpr CosineWindow kBlackman = {0.42, 0.5, 0.08};

template <const CosineWindow& kWindow>
Values window(NodeContext& node) {
  node.require_inputs(1, 1);
  const DataType dtype = output_datatype(node);
  const bool periodic = node.attr_bool("periodic", true);
  const auto number = [&](double value) { return add_scalar(node, DataType::f64, value); };
  const auto apply = [&](PointwiseFn fn, ValueId a, ValueId b) { return node.add(op::binary(fn), {a, b}); };
  const auto integer = [&](double value) { return add_scalar(node, DataType::i64, value); };
  const ValueId size = cast(node, node.input(0), DataType::i64);
  const ValueId positions = node.add(op::Range{}, {integer(0), size, integer(1)});
  const ValueId period = periodic ? size : apply(PointwiseFn::sub, size, integer(1));
  const ValueId turns =
      apply(PointwiseFn::div, cast(node, positions, DataType::f64), cast(node, period, DataType::f64));
  const auto wave = [&](double harmonic, double factor) {
    const ValueId angle = apply(PointwiseFn::mul, turns, number(2 * std::numbers::pi * harmonic));
    return apply(PointwiseFn::mul, node.add(op::unary(PointwiseFn::cos), {angle}), number(factor));
  };
  ValueId result = apply(PointwiseFn::sub, number(kWindow.a0), wave(1, kWindow.a1));
  if (kWindow.a2 != 0) result = apply(PointwiseFn::add, result, wave(2, kWindow.a2));
  return one(cast(node, result, dtype));
}

Values dft(NodeContext& node) {
  op::Dft op;
  op.inverse = node.attr_bool("inverse", false);
  op.onesided = node.attr_bool("onesided", false);
  Values operands = {node.input(0), node.optional_input(1), {}};
  if (node.opset() < 20) {
    node.require_inputs(1, 2);
    op.axis = node.attr_int("axis", 1);
  } else {
    node.require_inputs(1, 3);
    const IntsArgument axis = ints_operand(node, 2);
    if (axis.known && axis.known->size() != 1) node.fail("the axis must be one number");
    if (!axis.given()) op.axis = -2;
    if (axis.known) op.axis = axis.known->front();
    operands[2] = axis.operand;
  }
  while (!operands.back().valid()) operands.pop_back();
  return one(node.add(op, std::move(operands)));
}

Values stft(NodeContext& node) {
  node.require_inputs(2, 4);
  return one(node.add(op::Stft{node.attr_bool("onesided", true)}, node.inputs()));
}

Values mel_weight_matrix(NodeContext& node) {
  node.require_inputs(5, 5);
  return one(node.add(op::MelWeightMatrix{output_datatype(node)}, node.inputs()));
}

}  // namespace
}  // namespace tenon::onnx

namespace tenon {

void register_onnx_signal(onnx::Registry& registry) {
  registry.add("BlackmanWindow", onnx::window<onnx::kBlackman>, {17});
  registry.add("DFT", onnx::dft, {17});
  registry.add("HammingWindow", onnx::window<onnx::kHamming>, {17});
  registry.add("HannWindow", onnx::window<onnx::kHann>, {17});
  registry.add("MelWeightMatrix", onnx::mel_weight_matrix, {17});
  registry.add("STFT", onnx::stft, {17});
}

}  // namespace tenon
