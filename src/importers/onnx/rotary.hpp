// Rotary position embedding.
//
//   [x1 x2] → [x1·cos - x2·sin, x2·cos + x1·sin]
//
// over pairs of the last axis: its two halves, or, interleaved, neighbours. (Su and others, "RoFormer:
// Enhanced Transformer with Rotary Position Embedding", 2021.)
#pragma once

#include "importers/onnx/converters.hpp"

namespace tenon::onnx {

struct Rotary {
  std::int64_t dim = 0;  // how many columns of a head are rotated; 0: all of them
  bool interleaved = false;
};

// x: [B, H, S, D], or [B, S, H, D] with rows_first; cos and sin: [B or 1, S, R] with 2·R columns rotated.
ValueId rotate(NodeContext& node, const Rotary& rotary, ValueId x, bool rows_first, ValueId cos, ValueId sin);

}  // namespace tenon::onnx
