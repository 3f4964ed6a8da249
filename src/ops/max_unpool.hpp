// max_unpool(x, indices, shape?): the partial inverse of max_pool: every element of x is put where its index
// says, all else is 0.
//
//   x        float [N, C, spatial…]
//   indices  i64, x's shape: positions in the flattened result of the default shape, as max_pool gives them
//   shape    i64 [rank]: the result's shape, at least the default one on every axis; the default one then
//   fills its
//            first corner
//
// Default shape: [N, C, out…] with out = (in - 1)·stride - pad_begin - pad_end + kernel.
#pragma once

#include "ir/op.hpp"

#include <cstdint>
#include <string_view>
#include <tuple>
#include <vector>

namespace tenon::op {

struct MaxUnpool {
  static constexpr std::string_view kName = "max_unpool";

  std::vector<std::int64_t> kernel{};
  std::vector<std::int64_t> stride{};  // empty: ones
  std::vector<std::int64_t> pad{};     // begins, then ends; empty: zeros

  static constexpr auto fields() {
    return std::make_tuple(field("kernel", &MaxUnpool::kernel), field("stride", &MaxUnpool::stride),
                           field("pad", &MaxUnpool::pad));
  }
  std::vector<Inference> infer(InferContext& context) const;
  // Extent of spatial axis `i` of the default shape.
  Dim default_extent(std::size_t i, const Dim& in) const;
};

}  // namespace tenon::op
