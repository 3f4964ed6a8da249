// Copies of a box of elements between two arrays, as block copies and, for single floats apart from each
// other, as a strided read by the pointwise kernels.
#pragma once

#include "backends/cpu/kernels/copy/copy.hpp"
#include "backends/cpu/kernels/pointwise/pointwise.hpp"
#include "plan/step.hpp"

#include <vector>

namespace tenon::cpu {

// Elements of a box, with offsets and strides in elements. Strides of the source may be 0 or negative.
struct Region {
  std::vector<std::ptrdiff_t> dims;
  std::ptrdiff_t from = 0, to = 0;
  std::vector<std::ptrdiff_t> from_strides, to_strides;
};

// Row-major strides.
std::vector<std::ptrdiff_t> dense_strides(std::span<const std::int64_t> shape);

// Throws ModelError unless every element of the region lies inside of both arrays.
void require_inside(const Region& region, std::ptrdiff_t from_elements, std::ptrdiff_t to_elements);

// A region as blocks; their pointers are offsets in bytes until bind() gives them addresses.
class RegionCopy {
 public:
  RegionCopy() = default;
  RegionCopy(const Region& region, std::ptrdiff_t element_bytes);
  // Appends the blocks of this copy, made for memory at `src` and `dst`. Allocates nothing within the
  // vector's capacity.
  void append_to(std::vector<BlockCopy>& blocks, const void* src, void* dst) const noexcept;
  std::size_t blocks() const noexcept { return count_; }
  std::ptrdiff_t block_bytes() const noexcept { return block_.bytes; }

 private:
  struct Loop {
    std::ptrdiff_t size, from, to;  // strides in bytes
  };
  BlockCopy block_;
  std::ptrdiff_t from_ = 0, to_ = 0;  // bytes
  std::vector<Loop> loops_;           // outermost first
  std::size_t count_ = 0;
};

}  // namespace tenon::cpu
