// Strong ids: an index that only fits the kind of thing it was made for.  struct NodeTag; using NodeId =
// Id<NodeTag>;
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>

namespace tenon {

template <class Tag>
struct Id {
  static constexpr std::uint32_t kInvalid = 0xFFFFFFFFu;

  std::uint32_t value = kInvalid;

  constexpr Id() noexcept = default;
  constexpr explicit Id(std::uint32_t v) noexcept : value(v) {}

  constexpr bool valid() const noexcept { return value != kInvalid; }
  constexpr explicit operator bool() const noexcept { return valid(); }
  constexpr auto operator<=>(const Id&) const noexcept = default;
};

}  // namespace tenon

template <class Tag>
struct std::hash<tenon::Id<Tag>> {
  std::size_t operator()(tenon::Id<Tag> id) const noexcept {
    return static_cast<std::size_t>(id.value) * std::size_t{0x9E3779B97F4A7C15u};
  }
};
