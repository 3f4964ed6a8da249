// Content hashes (XXH3). The values are the same on every machine and are stored in files: plans, timing
// caches, textual IR.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

namespace tenon {

struct Hash128 {
  std::uint64_t high = 0;
  std::uint64_t low = 0;

  auto operator<=>(const Hash128&) const noexcept = default;
  std::string hex() const;  // 32 lower-case digits, high half first
};

std::uint64_t hash64(const void* data, std::size_t size, std::uint64_t seed = 0) noexcept;
Hash128 hash128(const void* data, std::size_t size) noexcept;

inline std::uint64_t hash64(std::string_view text) noexcept { return hash64(text.data(), text.size()); }
inline Hash128 hash128(std::span<const std::byte> bytes) noexcept {
  return hash128(bytes.data(), bytes.size());
}

namespace detail {

template <class T>
concept Scalar = std::is_integral_v<T> || std::is_enum_v<T>;

template <class T>
concept Items = !std::is_convertible_v<T, std::string_view> && requires(const T& items) {
  items.begin();
  items.end();
  items.size();
};

}  // namespace detail

// Combines a sequence of parts; order and boundaries count ("ab","c" differs from "a","bc").
class Hasher {
 public:
  template <detail::Scalar T>
  Hasher& add(T value) noexcept {
    return mix(static_cast<std::uint64_t>(value));
  }
  Hasher& add(float value) noexcept;   // by bits: 0 differs from -0, equal NaNs are equal
  Hasher& add(double value) noexcept;  // likewise
  Hasher& add(std::string_view text) noexcept { return mix(text.size()).mix(hash64(text)); }
  Hasher& add(const char* text) noexcept { return add(std::string_view(text)); }
  Hasher& add(const Hash128& hash) noexcept { return mix(hash.high).mix(hash.low); }

  template <detail::Items Range>
  Hasher& add(const Range& range) noexcept {
    mix(range.size());
    for (const auto& item : range) add(item);
    return *this;
  }

  std::uint64_t value() const noexcept { return state_; }

 private:
  Hasher& mix(std::uint64_t value) noexcept;

  std::uint64_t state_ = 0x54656E6F6E000001u;
};

}  // namespace tenon

template <>
struct std::hash<tenon::Hash128> {
  std::size_t operator()(const tenon::Hash128& key) const noexcept {
    return static_cast<std::size_t>(key.low);
  }
};
