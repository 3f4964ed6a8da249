// Random numbers with a sequence of their own: the same seed gives the same numbers on every machine,
// compiler and release. (The standard library's distributions differ between implementations.)
#pragma once

#include <bit>
#include <cstdint>

namespace tenon {

// splitmix64: the state advances by the constant 0x9E3779B97F4A7C15 and is mixed by two multiply-xorshift
// rounds. Source: Steele, Lea, Flood, "Fast Splittable Pseudorandom Number Generators", OOPSLA 2014.
constexpr std::uint64_t splitmix64(std::uint64_t& state) noexcept {
  std::uint64_t x = state += 0x9E3779B97F4A7C15u;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
  return x ^ (x >> 31);
}

// PCG-XSH-RR 64/32 (O'Neill, "PCG: A Family of Simple Fast Space-Efficient Statistically Good Algorithms",
// 2014). State and stream are the first two values of splitmix64 started at the seed. Satisfies
// UniformRandomBitGenerator.
class Random {
 public:
  using result_type = std::uint32_t;

  explicit constexpr Random(std::uint64_t seed) noexcept {
    state_ = splitmix64(seed);
    increment_ = splitmix64(seed) | 1u;
  }

  static constexpr result_type min() noexcept { return 0; }
  static constexpr result_type max() noexcept { return 0xFFFFFFFFu; }

  constexpr std::uint32_t operator()() noexcept {
    const std::uint64_t old = state_;
    state_ = old * 6364136223846793005u + increment_;
    const auto mixed = static_cast<std::uint32_t>(((old >> 18) ^ old) >> 27);
    return std::rotr(mixed, static_cast<int>(old >> 59));
  }

  // Two draws, the first in the upper half.
  constexpr std::uint64_t next64() noexcept {
    const std::uint64_t high = (*this)();
    return (high << 32) | (*this)();
  }

  // Uniform in [0, bound), bound >= 1; draws again where a remainder would be favoured.
  constexpr std::uint32_t below(std::uint32_t bound) noexcept {
    const std::uint32_t threshold = (0u - bound) % bound;
    for (;;) {
      const std::uint32_t draw = (*this)();
      if (draw >= threshold) return draw % bound;
    }
  }

  // Uniform in [low, high], both included; the difference must be below 2^32 - 1.
  constexpr std::int64_t between(std::int64_t low, std::int64_t high) noexcept {
    return low + static_cast<std::int64_t>(below(static_cast<std::uint32_t>(high - low) + 1u));
  }

  // Uniform in [0, 1): the upper 24 bits of a draw, so every value is exact.
  constexpr float uniform() noexcept { return static_cast<float>((*this)() >> 8) * 0x1p-24f; }
  constexpr float uniform(float low, float high) noexcept { return low + (high - low) * uniform(); }

  // True once in `n` draws on average.
  constexpr bool one_in(std::uint32_t n) noexcept { return below(n) == 0; }

 private:
  std::uint64_t state_ = 0;
  std::uint64_t increment_ = 1;
};

}  // namespace tenon
