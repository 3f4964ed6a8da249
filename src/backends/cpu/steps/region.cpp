#include "backends/cpu/steps/region.hpp"

#include "base/check.hpp"

#include <algorithm>
#include <array>

namespace tenon::cpu {
namespace {

constexpr std::size_t kMostLoops = 16;

}  // namespace

std::vector<std::ptrdiff_t> dense_strides(std::span<const std::int64_t> shape) {
  std::vector<std::ptrdiff_t> strides(shape.size());
  std::ptrdiff_t stride = 1;
  for (std::size_t i = shape.size(); i-- > 0;) {
    strides[i] = stride;
    stride *= shape[i];
  }
  return strides;
}

void require_inside(const Region& region, std::ptrdiff_t from_elements, std::ptrdiff_t to_elements) {
  if (std::find(region.dims.begin(), region.dims.end(), 0) != region.dims.end()) return;
  const auto check = [&](std::ptrdiff_t offset, const std::vector<std::ptrdiff_t>& strides,
                         std::ptrdiff_t elements) {
    std::ptrdiff_t lowest = offset, highest = offset;
    for (std::size_t i = 0; i < region.dims.size(); ++i) {
      (strides[i] < 0 ? lowest : highest) += (region.dims[i] - 1) * strides[i];
    }
    TENON_REQUIRE(lowest >= 0 && highest < elements, "a copy of elements {} to {} of {}", lowest, highest,
                  elements);
  };
  check(region.from, region.from_strides, from_elements);
  check(region.to, region.to_strides, to_elements);
}

RegionCopy::RegionCopy(const Region& region, std::ptrdiff_t element_bytes) {
  from_ = region.from * element_bytes;
  to_ = region.to * element_bytes;
  std::vector<Loop> loops;
  count_ = 1;
  for (std::size_t i = 0; i < region.dims.size(); ++i) {
    if (region.dims[i] == 0) count_ = 0;
    if (region.dims[i] == 1) continue;
    const Loop loop{region.dims[i], region.from_strides[i] * element_bytes,
                    region.to_strides[i] * element_bytes};
    if (!loops.empty() && loops.back().from == loop.from * loop.size &&
        loops.back().to == loop.to * loop.size) {
      loops.back() = {loops.back().size * loop.size, loop.from, loop.to};
    } else {
      loops.push_back(loop);
    }
  }
  if (count_ == 0) return;
  block_.bytes = element_bytes;
  if (!loops.empty() && loops.back().from == element_bytes && loops.back().to == element_bytes) {
    block_.bytes *= loops.back().size;
    loops.pop_back();
  }
  if (!loops.empty()) {
    block_.count = loops.back().size;
    block_.src_stride = loops.back().from;
    block_.dst_stride = loops.back().to;
    loops.pop_back();
  }
  TENON_REQUIRE(loops.size() <= kMostLoops, "a copy in {} loops", loops.size());
  loops_ = std::move(loops);
  for (const Loop& loop : loops_) count_ *= static_cast<std::size_t>(loop.size);
}

void RegionCopy::append_to(std::vector<BlockCopy>& blocks, const void* src, void* dst) const noexcept {
  if (count_ == 0) return;  // and there may be no memory
  std::array<std::ptrdiff_t, kMostLoops> index{};
  const char* from = static_cast<const char*>(src) + from_;
  char* to = static_cast<char*>(dst) + to_;
  for (std::size_t n = 0; n < count_; ++n) {
    BlockCopy block = block_;
    block.src = from;
    block.dst = to;
    blocks.push_back(block);
    for (std::size_t l = loops_.size(); l-- > 0;) {
      from += loops_[l].from;
      to += loops_[l].to;
      if (++index[l] < loops_[l].size) break;
      from -= loops_[l].from * loops_[l].size;
      to -= loops_[l].to * loops_[l].size;
      index[l] = 0;
    }
  }
}

}  // namespace tenon::cpu
