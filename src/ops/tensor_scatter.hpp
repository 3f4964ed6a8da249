// tensor_scatter(past, update, write_indices?) → a copy of the cache `past` [B, …, S, …] with `update` [B, …,
// s, …], s ≤ S, written along `axis` from position write_indices[b] on.
//
//   write_indices  i64[B], non-negative; default 0
//   axis           in [-rank, rank), not the batch axis 0
//   mode           linear: the update must fit behind its index · circular: positions are taken modulo S
#pragma once

#include "ir/op.hpp"

#include <array>
#include <cstdint>
#include <string_view>
#include <tuple>
#include <vector>

namespace tenon::op {

enum class TensorScatterMode : std::uint8_t { linear, circular };

constexpr std::array<std::string_view, 2> enum_names(TensorScatterMode) { return {"linear", "circular"}; }

struct TensorScatter {
  static constexpr std::string_view kName = "tensor_scatter";

  std::int64_t axis = -2;
  TensorScatterMode mode = TensorScatterMode::linear;

  static constexpr auto fields() {
    return std::make_tuple(field("axis", &TensorScatter::axis), field("mode", &TensorScatter::mode));
  }
  std::vector<Inference> infer(InferContext& context) const;
};

}  // namespace tenon::op
