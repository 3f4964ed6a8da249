// Sequences: immutable lists of values of one element type. Positions are i32 or i64 scalars; negative ones
// count from the end.
#pragma once

#include "ir/op.hpp"

#include <string_view>
#include <tuple>
#include <vector>

namespace tenon::op {

// sequence_construct(x0, x1, …) → a sequence of the operands, at least one, all of one dtype.
struct SequenceConstruct {
  static constexpr std::string_view kName = "sequence_construct";

  static constexpr auto fields() { return std::make_tuple(); }
  std::vector<Inference> infer(InferContext& context) const;
};

// sequence_empty() → an empty sequence of tensors of `dtype`.
struct SequenceEmpty {
  static constexpr std::string_view kName = "sequence_empty";

  DataType dtype = DataType::f32;

  static constexpr auto fields() { return std::make_tuple(field("dtype", &SequenceEmpty::dtype)); }
  std::vector<Inference> infer(InferContext& context) const;
};

// sequence_at(sequence, position) → the element there; position in [-n, n).
struct SequenceAt {
  static constexpr std::string_view kName = "sequence_at";

  static constexpr auto fields() { return std::make_tuple(); }
  std::vector<Inference> infer(InferContext& context) const;
};

// sequence_insert(sequence, element, position?) → with the element put before `position`, in [-n, n];
// default: at the end.
struct SequenceInsert {
  static constexpr std::string_view kName = "sequence_insert";

  static constexpr auto fields() { return std::make_tuple(); }
  std::vector<Inference> infer(InferContext& context) const;
};

// sequence_erase(sequence, position?) → without the element there, in [-n, n); default: without the last.
struct SequenceErase {
  static constexpr std::string_view kName = "sequence_erase";

  static constexpr auto fields() { return std::make_tuple(); }
  std::vector<Inference> infer(InferContext& context) const;
};

// sequence_length(sequence) → i64[], the number of elements.
struct SequenceLength {
  static constexpr std::string_view kName = "sequence_length";

  static constexpr auto fields() { return std::make_tuple(); }
  std::vector<Inference> infer(InferContext& context) const;
};

}  // namespace tenon::op
