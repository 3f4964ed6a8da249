#include "base/hash.hpp"

#define XXH_INLINE_ALL
#include <fmt/format.h>
#include <xxhash.h>

#include <bit>

namespace tenon {

std::string Hash128::hex() const { return fmt::format("{:016x}{:016x}", high, low); }

std::uint64_t hash64(const void* data, std::size_t size, std::uint64_t seed) noexcept {
  return XXH3_64bits_withSeed(data, size, seed);
}

Hash128 hash128(const void* data, std::size_t size) noexcept {
  const XXH128_hash_t hash = XXH3_128bits(data, size);
  return {hash.high64, hash.low64};
}

// One round of splitmix64's finalizer over state and value: full avalanche, and the order of the parts
// counts.
Hasher& Hasher::mix(std::uint64_t value) noexcept {
  std::uint64_t x = (state_ ^ value) + 0x9E3779B97F4A7C15u + (state_ << 7) + (state_ >> 3);
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
  state_ = x ^ (x >> 31);
  return *this;
}

Hasher& Hasher::add(float value) noexcept { return mix(std::bit_cast<std::uint32_t>(value)); }

Hasher& Hasher::add(double value) noexcept { return mix(std::bit_cast<std::uint64_t>(value)); }

}  // namespace tenon
