#include "ops/infer_helpers.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace tenon::op {

Dim broadcast_dim(const InferContext& context, const Dim& a, const Dim& b) {
  if (provably_equal(a, b)) return a;
  if (a.is_const(1)) return b;
  if (b.is_const(1)) return a;
  if (a.is_const() && b.is_const()) {
    context.fail(fmt::format("dims {} and {} cannot be broadcast together", a.value(), b.value()));
  }
  if (a.is_const()) return a;
  if (b.is_const()) return b;
  return Dim::unknown();
}

Dims broadcast_dims(const InferContext& context, const Dims& a, const Dims& b) {
  const Dims& longer = a.size() >= b.size() ? a : b;
  const Dims& shorter = a.size() >= b.size() ? b : a;
  Dims result = longer;
  const std::size_t offset = longer.size() - shorter.size();
  for (std::size_t i = 0; i < shorter.size(); ++i) {
    result[offset + i] = broadcast_dim(context, longer[offset + i], shorter[i]);
  }
  return result;
}

std::optional<Dims> broadcast_operands(const InferContext& context, std::size_t first, std::size_t last) {
  Dims result;
  for (std::size_t i = first; i < last; ++i) {
    if (!context.has(i)) continue;
    if (!context.has_rank(i)) return std::nullopt;
    result = broadcast_dims(context, result, *context.tensor(i).dims);
  }
  return result;
}

void require_broadcastable_to(const InferContext& context, const Dims& from, const Dims& to,
                              std::string_view what) {
  bool fits = from.size() <= to.size();
  for (std::size_t i = 0; fits && i < from.size(); ++i) {
    const Dim& a = from[from.size() - 1 - i];
    const Dim& b = to[to.size() - 1 - i];
    if (a.is_const() && b.is_const() && !a.is_const(1) && a.value() != b.value()) fits = false;
  }
  if (!fits)
    context.fail(fmt::format("{} {} cannot be broadcast to {}", what, to_string(from), to_string(to)));
}

Dim merge_dim(const InferContext& context, const Dim& a, const Dim& b, std::string_view what) {
  if (a.is_const() && b.is_const() && a.value() != b.value()) {
    context.fail(fmt::format("{}: expected equal sizes, found {} and {}", what, a.value(), b.value()));
  }
  if (a.is_const()) return a;
  return b.is_const() || a.is_unknown() ? b : a;
}

std::int64_t normalize_axis(const InferContext& context, std::int64_t axis, std::size_t rank) {
  const auto r = static_cast<std::int64_t>(rank);
  if (axis < -r || axis >= r) {
    context.fail(fmt::format("axis {} is out of range for rank {}", axis, rank));
  }
  return axis < 0 ? axis + r : axis;
}

std::vector<std::int64_t> normalize_axes(const InferContext& context, std::span<const std::int64_t> axes,
                                         std::size_t rank) {
  std::vector<std::int64_t> result;
  for (const std::int64_t axis : axes) result.push_back(normalize_axis(context, axis, rank));
  std::sort(result.begin(), result.end());
  const auto twice = std::adjacent_find(result.begin(), result.end());
  if (twice != result.end()) context.fail(fmt::format("axis {} is given twice", *twice));
  return result;
}

Type tensor_type(DataType dtype, std::optional<Dims> dims) {
  return dims ? Type::tensor(dtype, std::move(*dims)) : Type::tensor(dtype);
}

void require_rank(const InferContext& context, std::size_t operand, std::size_t rank) {
  if (!context.has(operand) || !context.has_rank(operand)) return;
  const Dims& dims = *context.tensor(operand).dims;
  if (dims.size() != rank) {
    context.fail(fmt::format("operand {}: expected rank {}, found {}", operand, rank, to_string(dims)));
  }
}

void require_rank_at_least(const InferContext& context, std::size_t operand, std::size_t rank) {
  if (!context.has(operand) || !context.has_rank(operand)) return;
  const Dims& dims = *context.tensor(operand).dims;
  if (dims.size() < rank) {
    context.fail(
        fmt::format("operand {}: expected rank {} or more, found {}", operand, rank, to_string(dims)));
  }
}

bool is_compute_float(DataType dtype) noexcept {
  return dtype == DataType::f32 || dtype == DataType::f64 || dtype == DataType::f16 ||
         dtype == DataType::bf16;
}

bool is_compute_integer(DataType dtype) noexcept { return is_integer(dtype) && bit_width(dtype) >= 8; }

void require_float(const InferContext& context, std::size_t operand) {
  const DataType dtype = context.dtype(operand);
  if (!is_compute_float(dtype)) {
    context.fail(fmt::format("operand {}: expected f16, bf16, f32 or f64, found {}", operand, name(dtype)));
  }
}

void require_numeric(const InferContext& context, std::size_t operand) {
  const DataType dtype = context.dtype(operand);
  if (!is_compute_float(dtype) && !is_compute_integer(dtype)) {
    context.fail(
        fmt::format("operand {}: expected a float or integer dtype, found {}", operand, name(dtype)));
  }
}

void require_integer(const InferContext& context, std::size_t operand) {
  const DataType dtype = context.dtype(operand);
  if (!is_compute_integer(dtype)) {
    context.fail(fmt::format("operand {}: expected an integer dtype, found {}", operand, name(dtype)));
  }
}

void require_one_element(const InferContext& context, std::size_t operand) {
  if (!context.has_rank(operand)) return;
  const Dims& dims = *context.tensor(operand).dims;
  const Dim count = product(dims);
  if (count.is_const() && !count.is_const(1)) {
    context.fail(fmt::format("operand {}: expected one element, found {}", operand, to_string(dims)));
  }
}

std::string to_string(const Dims& dims) {
  std::string text = "[";
  for (const Dim& dim : dims) {
    if (text.size() > 1) text += ", ";
    text += dim.to_string();
  }
  return text + "]";
}

}  // namespace tenon::op
