// col2im(columns, image_shape, block_shape) → [N, C, image…]: adds the columns of sliding blocks back into an
// image; the reverse of taking blocks, with overlaps summed.
//
//   columns      [N, C·∏block, L], L = ∏ over axes of the number of block positions
//   image_shape  i64[d]
//   block_shape  i64[d]
//   dilations, strides  d entries, or empty: all 1
//   pads         [begin …, end …], 2·d entries, or empty: all 0
#pragma once

#include "ir/op.hpp"

#include <cstdint>
#include <string_view>
#include <tuple>
#include <vector>

namespace tenon::op {

struct Col2Im {
  static constexpr std::string_view kName = "col2im";

  std::vector<std::int64_t> dilations{};
  std::vector<std::int64_t> pads{};
  std::vector<std::int64_t> strides{};

  static constexpr auto fields() {
    return std::make_tuple(field("dilations", &Col2Im::dilations), field("pads", &Col2Im::pads),
                           field("strides", &Col2Im::strides));
  }
  std::vector<Inference> infer(InferContext& context) const;
};

}  // namespace tenon::op
