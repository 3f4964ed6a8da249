#include "ir/attribute.hpp"

#include "base/hash.hpp"
#include "base/text.hpp"

#include <tenon/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <limits>

namespace tenon {
namespace {

bool same_bits(const std::vector<float>& a, const std::vector<float>& b) noexcept {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](float x, float y) {
    return std::bit_cast<std::uint32_t>(x) == std::bit_cast<std::uint32_t>(y);
  });
}

// Elements of packed types beyond the last one do not count, so the last byte of those is left out.
void hash_tensor(Hasher& hasher, const Tensor& tensor) noexcept {
  hasher.add(tensor.dtype()).add(tensor.shape());
  if (tensor.elements() == 0 || tensor.memory_space().kind == MemorySpace::Kind::device) return;
  if (tensor.dtype() == DataType::string) {
    const auto* strings = reinterpret_cast<const std::string*>(tensor.data());
    for (std::int64_t i = 0; i < tensor.elements(); ++i) hasher.add(strings[i]);
    return;
  }
  const bool packed = bit_width(tensor.dtype()) < 8;
  hasher.add(hash64(tensor.data(), tensor.size_bytes() - (packed ? 1 : 0)));
}

}  // namespace

bool identical(const AttributeValue& a, const AttributeValue& b) noexcept {
  if (a.index() != b.index()) return false;
  return std::visit(
      [&](const auto& x) {
        using T = std::decay_t<decltype(x)>;
        const T& y = *std::get_if<T>(&b);
        if constexpr (std::is_same_v<T, float>) {
          return std::bit_cast<std::uint32_t>(x) == std::bit_cast<std::uint32_t>(y);
        } else if constexpr (std::is_same_v<T, std::vector<float>>) {
          return same_bits(x, y);
        } else if constexpr (std::is_same_v<T, Tensor>) {
          return x.identical(y);
        } else if constexpr (std::is_same_v<T, PointwiseProgram>) {
          return tenon::identical(x, y);
        } else {
          return x == y;
        }
      },
      a);
}

std::uint64_t hash(const AttributeValue& value) noexcept {
  Hasher hasher;
  hasher.add(value.index());
  std::visit(
      [&](const auto& x) {
        using T = std::decay_t<decltype(x)>;
        if constexpr (std::is_same_v<T, Tensor>) {
          hash_tensor(hasher, x);
        } else if constexpr (std::is_same_v<T, Type>) {
          hasher.add(x.hash());
        } else if constexpr (std::is_same_v<T, PointwiseProgram>) {
          hasher.add(tenon::hash(x));
        } else {
          hasher.add(x);
        }
      },
      value);
  return hasher.value();
}

std::string_view kind_name(const AttributeValue& value) noexcept {
  constexpr std::array<std::string_view, std::variant_size_v<AttributeValue>> kNames = {
      "bool", "int", "float", "string", "ints", "floats", "strings", "dtype", "type", "tensor", "program"};
  return kNames[value.index()];
}

const AttributeValue* find(const AttributeList& attributes, std::string_view name) noexcept {
  for (const Attribute& attribute : attributes) {
    if (attribute.name == name) return &attribute.value;
  }
  return nullptr;
}

namespace detail {

void throw_attribute_kind(std::string_view field, std::string_view expected, const AttributeValue& found) {
  throw ModelError(fmt::format("field '{}': expected {}, found {}", field, expected, kind_name(found)));
}

void throw_attribute_enum(std::string_view field, const std::string& found, const std::string_view* names,
                          std::size_t count) {
  throw ModelError(fmt::format("field '{}': expected one of {}, found {}", field,
                               fmt::join(names, names + count, ", "), quote(found)));
}

void throw_unknown_attribute(std::string_view op, const std::string& name, const std::string_view* fields,
                             std::size_t count) {
  const std::vector<std::string> candidates(fields, fields + count);
  throw ModelError(fmt::format("{} has no field {}{}", op, quote(name), did_you_mean(name, candidates)));
}

std::int64_t narrow_int(std::string_view field, std::int64_t value) {
  if (value < std::numeric_limits<int>::min() || value > std::numeric_limits<int>::max()) {
    throw ModelError(fmt::format("field '{}': {} does not fit in 32 bits", field, value));
  }
  return value;
}

}  // namespace detail
}  // namespace tenon
