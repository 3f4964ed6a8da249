// What the inference functions of several operators share: broadcasting of symbolic dims, axes, dtype groups.
//
// A dim that inference cannot decide becomes unknown; whether the operands really fit is then checked when
// the operator runs, because evaluation infers again on the actual shapes and refuses what static inference
// would have refused.
#pragma once

#include "ir/op.hpp"

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <vector>

namespace tenon::op {

// Multidirectional broadcasting of one pair of dims: equal ones stay, 1 yields to the other, a constant other
// than 1 decides; two different expressions are unknown. ModelError when two constants clash.
Dim broadcast_dim(const InferContext& context, const Dim& a, const Dim& b);
Dims broadcast_dims(const InferContext& context, const Dims& a, const Dims& b);

// Dims of operands `first` … `last - 1` broadcast together; nothing when a rank is unknown. Absent operands
// are skipped.
std::optional<Dims> broadcast_operands(const InferContext& context, std::size_t first, std::size_t last);

// Fails unless `from` can be broadcast to `to` without changing it, as far as the dims tell.
void require_broadcastable_to(const InferContext& context, const Dims& from, const Dims& to,
                              std::string_view what);

// The dim when both are the same number, preferring the constant; fails when two constants differ.
Dim merge_dim(const InferContext& context, const Dim& a, const Dim& b, std::string_view what);

// axis in [-rank, rank) → [0, rank); fails otherwise.
std::int64_t normalize_axis(const InferContext& context, std::int64_t axis, std::size_t rank);
// Sorted and without duplicates (a duplicate fails).
std::vector<std::int64_t> normalize_axes(const InferContext& context, std::span<const std::int64_t> axes,
                                         std::size_t rank);

// A tensor type of those dims, or of unknown rank.
Type tensor_type(DataType dtype, std::optional<Dims> dims);

void require_rank(const InferContext& context, std::size_t operand, std::size_t rank);
void require_rank_at_least(const InferContext& context, std::size_t operand, std::size_t rank);
void require_float(const InferContext& context, std::size_t operand);  // f16, bf16, f32, f64
void require_numeric(const InferContext& context,
                     std::size_t operand);  // those and the integers of 8 to 64 bits
void require_integer(const InferContext& context, std::size_t operand);  // integers of 8 to 64 bits

bool is_compute_float(DataType dtype) noexcept;    // f16, bf16, f32, f64
bool is_compute_integer(DataType dtype) noexcept;  // i8 … u64

// No size, stride or padding of a model is larger; sums and products of two stay far from overflow.
inline constexpr std::int64_t kMaxGeometry = (std::int64_t{1} << 31) - 1;

// Fails unless the operand has one element, as far as the dims tell.
void require_one_element(const InferContext& context, std::size_t operand);

// "[N, 3, H]" for messages.
std::string to_string(const Dims& dims);

}  // namespace tenon::op
