// Fields: the attributes of an operator by name, as the API takes and gives them.
#pragma once

#include <tenon/data_type.hpp>
#include <tenon/tensor.hpp>

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace tenon {

// One typed value. Fields of enums, of types ("f32[N,3]") and of pointwise programs are given as strings.
class FieldValue {
 public:
  using Variant = std::variant<bool, std::int64_t, float, std::string, std::vector<std::int64_t>,
                               std::vector<float>, std::vector<std::string>, DataType, Tensor>;

  // Integers of any width, floating-point numbers as float, texts, and lists of them:
  // FieldValue(3), FieldValue(0.5), FieldValue("same_upper"), FieldValue({2, 2}).
  // NOLINTBEGIN(google-explicit-constructor): fields read as plain values
  FieldValue(bool value) : value_(value) {}
  FieldValue(std::integral auto value) : value_(static_cast<std::int64_t>(value)) {}
  FieldValue(std::floating_point auto value) : value_(static_cast<float>(value)) {}
  FieldValue(const char* value) : value_(std::string(value)) {}
  FieldValue(std::string_view value) : value_(std::string(value)) {}
  FieldValue(std::string value) : value_(std::move(value)) {}
  FieldValue(DataType value) : value_(value) {}
  FieldValue(Tensor value) : value_(std::move(value)) {}
  FieldValue(std::vector<std::int64_t> values) : value_(std::move(values)) {}
  FieldValue(std::vector<float> values) : value_(std::move(values)) {}
  FieldValue(std::vector<std::string> values) : value_(std::move(values)) {}
  template <std::integral T>
  FieldValue(std::initializer_list<T> values)
      : value_(std::vector<std::int64_t>(values.begin(), values.end())) {}
  template <std::floating_point T>
  FieldValue(std::initializer_list<T> values) : value_(std::vector<float>(values.begin(), values.end())) {}
  FieldValue(std::initializer_list<const char*> values)
      : value_(std::vector<std::string>(values.begin(), values.end())) {}
  // NOLINTEND(google-explicit-constructor)

  const Variant& variant() const noexcept { return value_; }

  // The value when it is a T of the variant, else null.
  template <class T>
  const T* get_if() const noexcept {
    return std::get_if<T>(&value_);
  }

 private:
  Variant value_;
};

struct NamedField {
  std::string name;
  FieldValue value;
};

// {{"stride", {2, 2}}, {"group", 4}}
using Fields = std::vector<NamedField>;

namespace detail {
const FieldValue& find_field(const Fields& fields, std::string_view name);
[[noreturn]] void throw_field_kind(std::string_view name);
}  // namespace detail

// The value of a field: get<std::int64_t>(fields, "group"). ModelError when there is none of that name and
// kind.
template <class T>
const T& get(const Fields& fields, std::string_view name) {
  const T* value = detail::find_field(fields, name).get_if<T>();
  if (value == nullptr) detail::throw_field_kind(name);
  return *value;
}

}  // namespace tenon
