// Constant weights of products and convolutions of bytes: filter or matrix, multipliers, bias.
//
// A plan holds them either packed, as the kernels of a form take them (lists of one axis, all three), or as
// the operator has them (without a bias: two), and then a step packs them when it is created. Those that are
// packed are used where they lie in the file. Where packing takes no time, or pads them much, that is worth
// less than the room which it takes: a list padded to sixteen channels, and a second copy of what the
// portable part of the plan holds as well.
#pragma once

#include <tenon/tensor.hpp>

#include <span>
#include <string_view>
#include <vector>

namespace tenon::cpu {

struct ByteWeights {
  Tensor filter, multiplier, bias;  // bias: no elements where there is none

  bool packed() const { return filter.rank() == 1; }
  const std::int32_t* biases() const;  // null: none

  // In the order of a step's weights.
  std::vector<Tensor> list() const;
  // ModelError unless there are two or three.
  static ByteWeights from(std::span<const Tensor> list, std::string_view kind);
};

// What the weights are multiplied with.
struct ByteSource {
  DataType dtype = DataType::u8;
  int zero = 0;
};

// Whether a plan holds weights of so many bytes as they are, given how many they are when they are packed.
bool packed_when_loaded(std::size_t bytes, std::size_t packed_bytes);

// A scalar or list of multipliers as a list of `channels`, then zeros up to `padded`.
Tensor padded_multipliers(const Tensor& multiplier, std::int64_t channels, std::size_t padded);

// ModelError unless these are weights as an operator of so many output channels has them.
void require_channels(const ByteWeights& weights, std::int64_t channels, std::string_view kind);

}  // namespace tenon::cpu
