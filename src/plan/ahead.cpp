#include "plan/ahead.hpp"

#include <algorithm>

namespace tenon {

std::span<const std::byte> constants_ahead(std::span<const Tensor> weights, std::uint64_t operand_bytes,
                                           int threads) {
  constexpr std::uint64_t kOutweigh = 32;
  constexpr std::size_t kMost = 12 << 20;
  const auto largest = std::max_element(weights.begin(), weights.end(), [](const Tensor& a, const Tensor& b) {
    return a.size_bytes() < b.size_bytes();
  });
  if (largest == weights.end()) return {};
  const std::size_t bytes = largest->size_bytes();
  if (bytes * static_cast<std::uint64_t>(threads) < kOutweigh * operand_bytes) return {};
  return {largest->data(), std::min(bytes, kMost)};
}

}  // namespace tenon
