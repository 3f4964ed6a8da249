// space_to_depth(data [N, C, H, W]) → [N, C·b·b, H/b, W/b]: blocks of pixels become channels, ordered (block
// row, block column, depth), or with mode crd (depth, block row, block column).
//
//   blocksize  b; must divide H and W
#pragma once

#include "ops/depth_to_space.hpp"

#include <cstdint>
#include <string_view>
#include <tuple>
#include <vector>

namespace tenon::op {

struct SpaceToDepth {
  static constexpr std::string_view kName = "space_to_depth";

  std::int64_t blocksize = 1;
  DepthToSpaceMode mode = DepthToSpaceMode::dcr;

  static constexpr auto fields() {
    return std::make_tuple(field("blocksize", &SpaceToDepth::blocksize), field("mode", &SpaceToDepth::mode));
  }
  std::vector<Inference> infer(InferContext& context) const;
};

}  // namespace tenon::op
