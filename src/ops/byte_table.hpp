// byte_table: y[i] = table[x[i]], any function of one byte.
//
// Operands: x (i8 or u8, any shape), table [256] (i8 or u8). The bits of x count as a number from 0 to 255,
// so an i8 of -1 reads table[255]. Result: x's shape, the table's dtype. What lies between dequantize_linear
// and quantize_linear and has one operand is such a table, exactly. Decomposes into cast + bitwise_and +
// gather.
#pragma once

#include "ir/graph.hpp"

#include <span>

namespace tenon::op {

struct ByteTable {
  static constexpr std::string_view kName = "byte_table";
  static constexpr std::int64_t kSize = 256;
  static constexpr auto fields() { return std::make_tuple(); }
  std::vector<Inference> infer(InferContext& context) const;
  std::vector<ValueId> decompose(NodeBuilder& builder, std::span<const ValueId> inputs) const;
};

}  // namespace tenon::op
