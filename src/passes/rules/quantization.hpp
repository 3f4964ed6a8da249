// Recognising Q/DQ: scales and zero points that are known, and the operators that integers pass through.
#pragma once

#include "ops/requantize.hpp"
#include "passes/rules/match.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace tenon::rules {

// x ≈ (q - zero) · scale with one scale for the tensor.
struct Affine {
  ValueId q;  // i8 or u8
  DataType dtype = DataType::i8;
  float scale = 1;
  std::int64_t zero = 0;

  bool same_numbers(const Affine& other) const noexcept {
    return dtype == other.dtype && scale == other.scale && zero == other.zero;
  }
};

// q with these numbers (`zero` may be invalid: 0) when it is i8 or u8 and they are constants of one element.
std::optional<Affine> affine_of(const Graph& graph, ValueId q, ValueId scale, ValueId zero);
// The integers that `x` (f32) is dequantized from, when scale and zero point are constants of one element.
std::optional<Affine> dequantized_from(const Graph& graph, ValueId x);
// How the node quantizes its f32 operand, when it is quantize_linear with constants of one element; q is its
// result.
std::optional<Affine> as_quantize(const Graph& graph, const Node& node);

// Constant weights: values in i8 without zero point, one scale for each channel along an axis.
struct QuantizedWeights {
  Tensor values;
  std::vector<float> scales;  // one for each channel
};
// What `w` is dequantized from, with `axis` (of its rank) the channels; u8, or a zero point, as long as the
// difference fits into i8.
std::optional<QuantizedWeights> weights_from(const Graph& graph, ValueId w, std::size_t axis);
// The same of constants that say so; their scales and zero points lie along `own_axis`.
struct StoredWeights {
  ValueId q, scale, zero;  // zero may be invalid
};
std::optional<QuantizedWeights> weights_of(const Graph& graph, const StoredWeights& stored,
                                           std::size_t own_axis, std::size_t axis);

// An activation that the formula of integer kernels has.
struct Activation {
  op::QuantizedActivation kind = op::QuantizedActivation::none;
  float alpha = 0;
  float beta = 0;
};
std::optional<Activation> as_activation(const Op& op);
// Likewise one with a gate, which only products of matrices have, and only where the result is rounded.
std::optional<Activation> as_gate(const Op& op);
// What it is applied to counts, where the result is rounded to quanta of `scale`: these quanta, or real
// numbers (1) in front of a gate.
float unit_of(const Activation& activation, float scale);
// The same over such numbers, with its result in quanta.
Activation in_quanta(const Activation& activation, float scale);

// Operators whose results hold nothing but elements of operand 0 (concat: of all operands), so that they do
// to integers what they do to the numbers these stand for.
bool moves_elements(const Graph& graph, const Node& node);
// What such a node does to integers instead, with these for its first operand (concat: operands); what it
// fills in stands for 0.
std::vector<ValueId> add_moved(NodeBuilder& builder, const Node& node, std::vector<ValueId> integers,
                               const Affine& numbers);

}  // namespace tenon::rules
