// Index arithmetic for reference kernels.
#pragma once

#include <tenon/tensor.hpp>

#include <cstdint>
#include <span>
#include <vector>

namespace tenon::ref {

// Row-major strides in elements.
std::vector<std::int64_t> strides_of(std::span<const std::int64_t> shape);

// Strides with which a tensor of shape `from` is read as if it had shape `to`: 0 along broadcast axes.
// ModelError when `from` cannot be broadcast to `to`.
std::vector<std::int64_t> broadcast_strides(std::span<const std::int64_t> from,
                                            std::span<const std::int64_t> to);

// The common shape under multidirectional broadcasting. ModelError when there is none.
Shape broadcast_shape(std::span<const std::int64_t> a, std::span<const std::int64_t> b);

// Visits every index of `shape` in row-major order: f(index).
template <class F>
void for_each_index(std::span<const std::int64_t> shape, F&& f) {
  for (const std::int64_t size : shape) {
    if (size == 0) return;
  }
  std::vector<std::int64_t> index(shape.size(), 0);
  while (true) {
    f(std::span<const std::int64_t>(index));
    std::size_t axis = shape.size();
    while (axis > 0 && ++index[axis - 1] == shape[axis - 1]) index[--axis] = 0;
    if (axis == 0) return;
  }
}

inline std::int64_t dot(std::span<const std::int64_t> index, std::span<const std::int64_t> strides) {
  std::int64_t offset = 0;
  for (std::size_t i = 0; i < index.size(); ++i) offset += index[i] * strides[i];
  return offset;
}

// A shape seen from one axis: outer × size × inner elements.
struct AxisView {
  std::int64_t outer = 1;
  std::int64_t size = 1;
  std::int64_t inner = 1;
};
AxisView axis_view(std::span<const std::int64_t> shape, std::int64_t axis);

// axis in [-rank, rank) → [0, rank).
inline std::int64_t positive_axis(std::int64_t axis, std::int64_t rank) {
  return axis < 0 ? axis + rank : axis;
}

}  // namespace tenon::ref
