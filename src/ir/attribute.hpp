// Attribute values of operators and of plan steps, and the machinery that derives them from one `fields()`
// list.
//
// An operator is a plain struct with public fields and
//     static constexpr auto fields() { return std::make_tuple(field("stride", &Conv::stride), …); }
// Printing, parsing, equality, hashing and serialization all work on the AttributeList that this yields.
// Field types: bool, int64_t, int, float, std::string, enums with `enum_names(E)` found by ADL (an array of
// string_view, one per enumerator from 0), std::vector of int64_t / float / std::string, DataType, Type,
// Tensor, PointwiseProgram, and std::optional of any of them (absent when empty).
#pragma once

#include "ir/pointwise.hpp"
#include "ir/type.hpp"

#include <tenon/tensor.hpp>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace tenon {

using AttributeValue =
    std::variant<bool, std::int64_t, float, std::string, std::vector<std::int64_t>, std::vector<float>,
                 std::vector<std::string>, DataType, Type, Tensor, PointwiseProgram>;

// Floats compare by their bits, tensors by dtype, shape and bytes.
bool identical(const AttributeValue& a, const AttributeValue& b) noexcept;
std::uint64_t hash(const AttributeValue& value) noexcept;
std::string_view kind_name(
    const AttributeValue& value) noexcept;  // "int", "floats", "tensor", … for error messages

struct Attribute {
  std::string name;
  AttributeValue value;
};

using AttributeList = std::vector<Attribute>;

const AttributeValue* find(const AttributeList& attributes, std::string_view name) noexcept;

template <class Owner, class T>
struct Field {
  std::string_view name;
  T Owner::*member;
};

template <class Owner, class T>
constexpr Field<Owner, T> field(std::string_view name, T Owner::*member) {
  return {name, member};
}

namespace detail {

[[noreturn]] void throw_attribute_kind(std::string_view field, std::string_view expected,
                                       const AttributeValue& found);
[[noreturn]] void throw_attribute_enum(std::string_view field, const std::string& found,
                                       const std::string_view* names, std::size_t count);
[[noreturn]] void throw_unknown_attribute(std::string_view op, const std::string& name,
                                          const std::string_view* fields, std::size_t count);
std::int64_t narrow_int(std::string_view field, std::int64_t value);

template <class T>
struct IsOptional : std::false_type {
  using Plain = T;
};
template <class T>
struct IsOptional<std::optional<T>> : std::true_type {
  using Plain = T;
};

template <class E>
inline constexpr auto kEnumNames = enum_names(E{});

template <class Owner>
std::vector<std::string_view> field_names() {
  return std::apply([](const auto&... f) { return std::vector<std::string_view>{f.name...}; },
                    Owner::fields());
}

template <class T>
struct IsVector : std::false_type {};
template <class T>
struct IsVector<std::vector<T>> : std::true_type {};

template <class T>
AttributeValue to_attribute(const T& value) {
  if constexpr (std::is_enum_v<T> && !std::is_same_v<T, DataType>) {
    return std::string(enum_names(T{})[static_cast<std::size_t>(value)]);
  } else if constexpr (std::is_same_v<T, int>) {
    return static_cast<std::int64_t>(value);
  } else {
    return value;
  }
}

template <class T>
void from_attribute(std::string_view name, const AttributeValue& attribute, T& out) {
  if constexpr (std::is_enum_v<T> && !std::is_same_v<T, DataType>) {
    const auto* text = std::get_if<std::string>(&attribute);
    if (text == nullptr) throw_attribute_kind(name, "string", attribute);
    const auto& names = enum_names(T{});
    for (std::size_t i = 0; i < names.size(); ++i) {
      if (names[i] == *text) {
        out = static_cast<T>(i);
        return;
      }
    }
    throw_attribute_enum(name, *text, names.data(), names.size());
  } else if constexpr (std::is_same_v<T, int>) {
    const auto* value = std::get_if<std::int64_t>(&attribute);
    if (value == nullptr) throw_attribute_kind(name, "int", attribute);
    out = static_cast<int>(narrow_int(name, *value));
  } else if constexpr (std::is_same_v<T, float>) {
    // The text "1" is an int and fits a float field.
    if (const auto* integer = std::get_if<std::int64_t>(&attribute)) {
      out = static_cast<float>(*integer);
    } else if (const auto* value = std::get_if<float>(&attribute)) {
      out = *value;
    } else {
      throw_attribute_kind(name, "float", attribute);
    }
  } else {
    if constexpr (IsVector<T>::value && !std::is_same_v<T, std::vector<std::int64_t>>) {
      // The text "[]" is a list of integers and fits any list; "[1, 2]" also fits floats.
      if (const auto* integers = std::get_if<std::vector<std::int64_t>>(&attribute)) {
        if (integers->empty()) return out.clear();
        if constexpr (std::is_same_v<T, std::vector<float>>)
          return out.assign(integers->begin(), integers->end());
      }
    }
    const auto* value = std::get_if<T>(&attribute);
    if (value == nullptr) throw_attribute_kind(name, kind_name(AttributeValue(T{})), attribute);
    out = *value;
  }
}

}  // namespace detail

// What can be said of a field without an object.
struct FieldInfo {
  std::string_view name;
  AttributeValue zero;                        // a value of the field's kind
  std::span<const std::string_view> choices;  // of an enum, else empty
  bool optional = false;
};

template <class T>
std::vector<FieldInfo> field_infos() {
  const auto describe = [](const auto& f) {
    using Member = std::decay_t<decltype(std::declval<T&>().*(f.member))>;
    using Plain = typename detail::IsOptional<Member>::Plain;
    FieldInfo info{f.name, detail::to_attribute(Plain{}), {}, detail::IsOptional<Member>::value};
    if constexpr (std::is_enum_v<Plain> && !std::is_same_v<Plain, DataType>)
      info.choices = detail::kEnumNames<Plain>;
    return info;
  };
  return std::apply([&](const auto&... f) { return std::vector<FieldInfo>{describe(f)...}; }, T::fields());
}

// All fields of `object`, in declaration order; empty optionals are left out.
template <class T>
AttributeList to_attributes(const T& object) {
  AttributeList list;
  std::apply(
      [&](const auto&... f) {
        [[maybe_unused]] auto add = [&](const auto& f1) {
          const auto& value = object.*(f1.member);
          if constexpr (detail::IsOptional<std::decay_t<decltype(value)>>::value) {
            if (value) list.push_back({std::string(f1.name), detail::to_attribute(*value)});
          } else {
            list.push_back({std::string(f1.name), detail::to_attribute(value)});
          }
        };
        (add(f), ...);
      },
      T::fields());
  return list;
}

// Sets the fields named in `list`; the others keep their value. ModelError for an unknown name or a wrong
// kind.
template <class T>
void set_attributes(T& object, const AttributeList& list, std::string_view owner_name) {
  for (const Attribute& attribute : list) {
    bool found = false;
    std::apply(
        [&](const auto&... f) {
          [[maybe_unused]] auto set = [&](const auto& f1) {
            if (f1.name != attribute.name) return;
            found = true;
            auto& member = object.*(f1.member);
            if constexpr (detail::IsOptional<std::decay_t<decltype(member)>>::value) {
              detail::from_attribute(f1.name, attribute.value, member.emplace());
            } else {
              detail::from_attribute(f1.name, attribute.value, member);
            }
          };
          (set(f), ...);
        },
        T::fields());
    if (!found) {
      const auto names = detail::field_names<T>();
      detail::throw_unknown_attribute(owner_name, attribute.name, names.data(), names.size());
    }
  }
}

}  // namespace tenon
