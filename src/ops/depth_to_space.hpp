// depth_to_space(data [N, C, H, W]) → [N, C/(b·b), H·b, W·b]: blocks of channels become blocks of pixels.
//
//   blocksize  b
//   mode       dcr: channel = (block row, block column, depth) · crd: channel = (depth, block row, block
//              column)
#pragma once

#include "ir/op.hpp"

#include <array>
#include <cstdint>
#include <string_view>
#include <tuple>
#include <vector>

namespace tenon::op {

enum class DepthToSpaceMode : std::uint8_t { dcr, crd };

constexpr std::array<std::string_view, 2> enum_names(DepthToSpaceMode) { return {"dcr", "crd"}; }

struct DepthToSpace {
  static constexpr std::string_view kName = "depth_to_space";

  std::int64_t blocksize = 1;
  DepthToSpaceMode mode = DepthToSpaceMode::dcr;

  static constexpr auto fields() {
    return std::make_tuple(field("blocksize", &DepthToSpace::blocksize), field("mode", &DepthToSpace::mode));
  }
  std::vector<Inference> infer(InferContext& context) const;
};

}  // namespace tenon::op
