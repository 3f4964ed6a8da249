// weight_only_conv, weight_only_conv_transpose, weight_only_matmul: the operators of these names over floats
// whose weights are kept as integers.
//
//   y = op(x, (w - zero) · scale, bias, …)
//
// Operands: x (f32), w (integers of 2 to 8 bits, in the shape that the operator says), bias (f32) or absent,
// scale (f32), zero (w's dtype) or absent, then the epilogue's registers 1 … n. scale and zero as
// dequantize_linear takes them, with `axis` and `block_size`; the other fields are the operator's. Decomposes
// into itself without an epilogue + pointwise; without one, into dequantize_linear + operator.
#pragma once

#include "ops/conv.hpp"
#include "ops/conv_transpose.hpp"
#include "ops/matmul.hpp"

#include <span>

namespace tenon::op {

inline constexpr std::string_view weight_only_name(const Conv*) { return "weight_only_conv"; }
inline constexpr std::string_view weight_only_name(const ConvTranspose*) {
  return "weight_only_conv_transpose";
}
inline constexpr std::string_view weight_only_name(const MatMul*) { return "weight_only_matmul"; }

template <class Base>
struct WeightOnly : Base {
  std::int64_t axis = 0;
  std::int64_t block_size = 0;

  static constexpr std::string_view kName = weight_only_name(static_cast<const Base*>(nullptr));
  enum Operand : std::size_t { kX, kWeights, kBias, kScale, kZero, kFirstEpilogueOperand };
  static constexpr auto fields() {
    return std::tuple_cat(Base::fields(), std::make_tuple(field("axis", &WeightOnly::axis),
                                                          field("block_size", &WeightOnly::block_size)));
  }
  std::vector<Inference> infer(InferContext& context) const;
  std::vector<ValueId> decompose(NodeBuilder& builder, std::span<const ValueId> inputs) const;
};

using WeightOnlyConv = WeightOnly<Conv>;
using WeightOnlyConvTranspose = WeightOnly<ConvTranspose>;
using WeightOnlyMatMul = WeightOnly<MatMul>;

}  // namespace tenon::op
