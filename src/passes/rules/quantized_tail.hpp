// What follows a convolution or product of integers and becomes part of it: residual, activation, rounding.
#pragma once

#include "passes/rules/quantization.hpp"

#include <optional>
#include <string>
#include <vector>

namespace tenon::rules {

struct QuantizedTail {
  const Node* main = nullptr;  // conv, conv_transpose or matmul without epilogue
  std::optional<Affine> residual;
  Activation activation;
  std::optional<Affine> result;  // nothing: f32
  ValueId value;                 // what the operator's result stands for
  std::string location;

  // What sums count in front of the activation.
  float unit() const { return result ? unit_of(activation, result->scale) : 1.0F; }
};

// The longest tail that ends at `root`: [conv|conv_transpose|matmul] → add of a dequantized tensor? →
// activation? → quantize?, or matmul → gate → quantize. A root other than quantize_linear ends one only if
// what follows could not be part of it.
std::optional<QuantizedTail> quantized_tail(const Graph& graph, NodeId root, const RuleContext& context);

// The operands behind the first two: multiplier, bias, residual.
struct TailOperands {
  std::vector<float> multipliers;  // one for each channel of the scales
  std::vector<std::int32_t> bias;  // empty: none
};
// `scales`: of one unit of the sum, for each channel. `bias`: an operand of the float operator, or invalid.
// `reach`: the largest magnitude of each channel's products together, where it is known. Nothing when the
// bias is not constant or leaves no room in 32 bits.
std::optional<TailOperands> tail_operands(const Graph& graph, const QuantizedTail& tail, ValueId bias,
                                          const std::vector<double>& scales,
                                          const std::vector<double>& reach = {});

// 255 · Σ |w| for each place along the axis of i8 weights.
std::vector<double> reach_of(const Tensor& weights, std::size_t axis);

// Fills the fields that quantized_conv and quantized_matmul share.
template <class T>
void set_tail(T& op, const QuantizedTail& tail) {
  if (tail.residual) {
    op.residual_zero = tail.residual->zero;
    op.residual_multiplier =
        static_cast<float>(static_cast<double>(tail.residual->scale) / static_cast<double>(tail.unit()));
  }
  const Activation activation = in_quanta(tail.activation, tail.result ? tail.result->scale : 1.0F);
  op.activation = activation.kind;
  op.alpha = activation.alpha;
  op.beta = activation.beta;
  op.output_dtype = tail.result ? tail.result->dtype : DataType::f32;
  op.y_zero = tail.result ? tail.result->zero : 0;
}

// The finished patch: `op` over x, w and the tail's operands. `per_channel`: multipliers as a list, else a
// scalar.
std::optional<Patch> finish_tail(const Graph& graph, NodeId root, const QuantizedTail& tail, Op op, ValueId x,
                                 std::optional<Tensor> weights, ValueId b, const TailOperands& operands,
                                 bool per_channel);

}  // namespace tenon::rules
