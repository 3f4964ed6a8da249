// What the inference of data-movement operators shares: axes, integer arguments given by field or operand,
// types of results whose elements are moved and not computed, and the joining of types.
#pragma once

#include "ir/op.hpp"
#include "ops/infer_helpers.hpp"

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace tenon::op {

using Ints = std::vector<std::int64_t>;

// Longer integer tensors are data, not shapes; following their elements symbolically would only cost time.
inline constexpr std::int64_t kMaxTrackedElements = 4096;

// `axes` counted from the front, in the given order. ModelError unless they lie in [-rank, rank) and are
// distinct.
Ints ordered_axes(const InferContext& context, const Ints& axes, std::int64_t rank);

// The tensor type of operand i. ModelError when it is no tensor or not stored plainly.
const TensorType& plain_tensor(const InferContext& context, std::size_t i);

// ModelError when operand i is known to have a higher rank.
void require_max_rank(const InferContext& context, std::size_t i, std::int64_t rank);
// ModelError unless operand i is i32 or i64.
void require_index_dtype(const InferContext& context, std::size_t i);

// Symbolic elements of an integer operand of rank 0 or 1, constants included; nothing when not known.
std::optional<Dims> known_value(const InferContext& context, std::size_t i);
// The single element of an operand, if it is a known integer expression.
std::optional<Dim> known_scalar(const InferContext& context, std::size_t i);
// A float, double or integer constant of one element.
std::optional<double> constant_real(const InferContext& context, std::size_t i);

// An integer list that is given by a field or by an operand (rank 0 or 1).
struct IntArgument {
  bool given = false;
  std::optional<Dims> values;         // when known
  std::optional<std::int64_t> count;  // number of entries, when known

  // The entries when all are constants.
  std::optional<Ints> constants() const;
};

// ModelError when both are given, or when the operand is not an i32 or i64 tensor of rank at most 1.
IntArgument int_argument(const InferContext& context, std::string_view name,
                         const std::optional<Ints>& from_field, std::size_t operand);
IntArgument int_argument(const InferContext& context, std::string_view name,
                         const std::optional<std::int64_t>& from_field, std::size_t operand);

// Dims named by an operand that holds a shape: its known value, else as many unknown dims as it has entries,
// else nothing. ModelError when an entry is a negative constant.
std::optional<Dims> dims_from_shape_operand(const InferContext& context, std::size_t i);

// The type of a tensor that holds elements of `source` in another arrangement: dtype and per-tensor
// quantization stay.
TensorType moved(const TensorType& source, std::optional<Dims> dims);
Dims unknown_dims(std::size_t rank);

// The most specific type that covers both; an optional covers its element type. ModelError when kinds or
// dtypes differ.
Type join(const InferContext& context, const Type& a, const Type& b, std::string_view what);

// True when the expression cannot be negative, whatever its symbols are.
bool never_negative(const Dim& dim);

}  // namespace tenon::op
