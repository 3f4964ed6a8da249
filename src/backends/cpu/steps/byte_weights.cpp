#include "backends/cpu/steps/byte_weights.hpp"

#include "base/check.hpp"

#include <algorithm>

namespace tenon::cpu {

const std::int32_t* ByteWeights::biases() const {
  return bias.elements() == 0 ? nullptr : bias.values<std::int32_t>().data();
}

std::vector<Tensor> ByteWeights::list() const {
  if (bias.elements() == 0) return {filter, multiplier};
  return {filter, multiplier, bias};
}

ByteWeights ByteWeights::from(std::span<const Tensor> list, std::string_view kind) {
  TENON_REQUIRE(list.size() == 2 || list.size() == 3, "{}: {} weights", kind, list.size());
  return {list[0], list[1], list.size() == 3 ? list[2] : Tensor()};
}

bool packed_when_loaded(std::size_t bytes, std::size_t packed_bytes) {
  constexpr std::size_t kSmall = 64 * 1024;  // some tens of microseconds
  return bytes <= kSmall || packed_bytes > bytes + bytes / 4;
}

Tensor padded_multipliers(const Tensor& multiplier, std::int64_t channels, std::size_t padded) {
  Tensor list(DataType::f32, {static_cast<std::int64_t>(padded)});
  const auto from = multiplier.values<float>();
  const auto to = list.mutable_values<float>();
  for (std::size_t i = 0; i < static_cast<std::size_t>(channels); ++i) to[i] = from[from.size() == 1 ? 0 : i];
  return list;
}

void require_channels(const ByteWeights& weights, std::int64_t channels, std::string_view kind) {
  TENON_REQUIRE(weights.filter.dtype() == DataType::i8, "{}: weights of {}", kind,
                name(weights.filter.dtype()));
  TENON_REQUIRE(weights.multiplier.dtype() == DataType::f32 &&
                    (weights.multiplier.elements() == 1 || weights.multiplier.elements() == channels),
                "{}: {} multipliers of {} for {} channels", kind, weights.multiplier.elements(),
                name(weights.multiplier.dtype()), channels);
  TENON_REQUIRE(weights.bias.elements() == 0 ||
                    (weights.bias.dtype() == DataType::i32 && weights.bias.elements() == channels),
                "{}: {} biases of {} for {} channels", kind, weights.bias.elements(),
                name(weights.bias.dtype()), channels);
}

}  // namespace tenon::cpu
