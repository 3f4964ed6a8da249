// Moving elements without looking at them: any dtype, strings and packed ones included. What the
// data-movement kernels are made of.
#pragma once

#include "backends/ref/index.hpp"
#include "backends/ref/ref.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace tenon::ref {

// to[to_index + i] = from[from_index + i] for i below count. Both have one dtype; the ranges do not overlap.
void copy_elements(Tensor& to, std::int64_t to_index, const Tensor& from, std::int64_t from_index,
                   std::int64_t count = 1);

// All of `from`; the shapes may differ, the number of elements may not.
void copy_all(Tensor& to, const Tensor& from);

// Zeros, false, empty strings.
void clear(Tensor& tensor);

// out[index] = from[source(index)] in row-major order of out; where source gives a negative number out is
// left as it is.
template <class F>
void gather_into(Tensor& out, const Tensor& from, F&& source) {
  std::int64_t position = 0;
  for_each_index(out.shape(), [&](std::span<const std::int64_t> index) {
    const std::int64_t at = source(index);
    if (at >= 0) copy_elements(out, position, from, at);
    ++position;
  });
}

// Writes the parts side by side along `axis` of out. ModelError when their shapes do not make up out's.
void concat_into(Tensor& out, std::span<const Tensor> parts, std::int64_t axis);

// Elements [begin, begin + count) along `axis`.
Tensor axis_range(const Tensor& from, std::int64_t axis, std::int64_t begin, std::int64_t count);

// A new axis of parts.size() elements at `axis`; at least one part, all of one shape.
Tensor stack(std::span<const Tensor> parts, std::int64_t axis);

// An integer list given by a field or by operand i; nothing when by neither.
std::optional<std::vector<std::int64_t>> int_list(const std::optional<std::vector<std::int64_t>>& from_field,
                                                  const Call& call, std::size_t i);

// The only element of an integer operand.
std::int64_t int_scalar(const Tensor& tensor);

// index in [-extent, extent) → [0, extent); ModelError naming the operator otherwise.
std::int64_t checked_index(std::string_view op, std::int64_t index, std::int64_t extent);

// A total order of the elements of one tensor, whatever its dtype: negative, 0 or positive as a < b, a = b, a
// > b. NaNs are equal to each other and above everything else.
int compare_elements(const Tensor& tensor, std::int64_t a, std::int64_t b);

}  // namespace tenon::ref
