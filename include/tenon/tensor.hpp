// Tensor: a typed, densely packed view of memory, what keeps that memory alive, and where it lies.
#pragma once

#include <tenon/data_type.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

namespace tenon {

// Where bytes lie. `device` is meaningful for Kind::device only.
struct MemorySpace {
  enum class Kind : std::uint8_t { host, pinned, device };
  Kind kind = Kind::host;
  int device = 0;
  bool operator==(const MemorySpace&) const = default;
};

using Shape = std::vector<std::int64_t>;

// Product of the dims; ModelError when a dim is negative or the product does not fit in 63 bits.
std::int64_t element_count(std::span<const std::int64_t> shape);

// Copies of a Tensor share its memory. Row-major, no padding between elements. Thread-safe for concurrent
// reads. Memory reached through `view_const` (for example weights mapped from a model file) is read-only:
// mutable_data() on it throws.
class Tensor {
 public:
  // Empty: dtype f32, shape [0], no memory.
  Tensor();

  // Allocates zero-filled, 64-byte aligned host memory (for string: empty strings).
  Tensor(DataType dtype, Shape shape);

  // Copies `values` in. The element count must equal the shape's.
  template <class T>
  static Tensor of(Shape shape, std::span<const T> values);

  static Tensor strings(Shape shape, std::vector<std::string> values);

  // Views memory of at least storage_bytes(dtype, elements) bytes, kept alive by `owner` (may be null: the
  // caller keeps it).
  static Tensor view(DataType dtype, Shape shape, void* data, std::shared_ptr<const void> owner = {},
                     MemorySpace space = {});
  static Tensor view_const(DataType dtype, Shape shape, const void* data,
                           std::shared_ptr<const void> owner = {}, MemorySpace space = {});

  DataType dtype() const noexcept { return dtype_; }
  const Shape& shape() const noexcept { return shape_; }
  std::int64_t rank() const noexcept { return static_cast<std::int64_t>(shape_.size()); }
  std::int64_t elements() const noexcept { return elements_; }
  std::size_t size_bytes() const noexcept {
    return storage_bytes(dtype_, static_cast<std::size_t>(elements_));
  }
  MemorySpace memory_space() const noexcept { return space_; }
  bool writable() const noexcept { return writable_; }

  const std::byte* data() const noexcept { return data_; }
  std::byte* mutable_data();  // ModelError when read-only

  // Typed access; T must match dtype (ModelError otherwise). boolean is read as bool, f16/bf16/f8 as the
  // types of base/half.hpp, string as std::string.
  template <class T>
  std::span<const T> values() const;
  template <class T>
  std::span<T> mutable_values();

  // A view of the same memory with another shape of the same element count.
  Tensor reshaped(Shape shape) const;

  // A writable deep copy in host memory.
  Tensor clone() const;

  // Same dtype, shape and bytes (NaNs compare by their bits).
  bool identical(const Tensor& other) const noexcept;

 private:
  DataType dtype_ = DataType::f32;
  bool writable_ = true;
  MemorySpace space_;
  std::int64_t elements_ = 0;
  Shape shape_;
  std::byte* data_ = nullptr;
  std::shared_ptr<const void> owner_;
};

// The DataType whose elements are stored as T. Specialised for float, double, all fixed-width integers, bool,
// std::string, and the 16- and 8-bit floats of base/half.hpp (there).
template <class T>
struct DataTypeOf;
template <>
struct DataTypeOf<float> {
  static constexpr DataType value = DataType::f32;
};
template <>
struct DataTypeOf<double> {
  static constexpr DataType value = DataType::f64;
};
template <>
struct DataTypeOf<std::int8_t> {
  static constexpr DataType value = DataType::i8;
};
template <>
struct DataTypeOf<std::int16_t> {
  static constexpr DataType value = DataType::i16;
};
template <>
struct DataTypeOf<std::int32_t> {
  static constexpr DataType value = DataType::i32;
};
template <>
struct DataTypeOf<std::int64_t> {
  static constexpr DataType value = DataType::i64;
};
template <>
struct DataTypeOf<std::uint8_t> {
  static constexpr DataType value = DataType::u8;
};
template <>
struct DataTypeOf<std::uint16_t> {
  static constexpr DataType value = DataType::u16;
};
template <>
struct DataTypeOf<std::uint32_t> {
  static constexpr DataType value = DataType::u32;
};
template <>
struct DataTypeOf<std::uint64_t> {
  static constexpr DataType value = DataType::u64;
};
template <>
struct DataTypeOf<bool> {
  static constexpr DataType value = DataType::boolean;
};
template <>
struct DataTypeOf<std::string> {
  static constexpr DataType value = DataType::string;
};

namespace detail {
[[noreturn]] void throw_wrong_dtype(DataType asked, DataType actual);
[[noreturn]] void throw_wrong_count(std::int64_t expected, std::size_t found);
}  // namespace detail

template <class T>
std::span<const T> Tensor::values() const {
  if (DataTypeOf<T>::value != dtype_) detail::throw_wrong_dtype(DataTypeOf<T>::value, dtype_);
  return {reinterpret_cast<const T*>(data_), static_cast<std::size_t>(elements_)};
}

template <class T>
std::span<T> Tensor::mutable_values() {
  if (DataTypeOf<T>::value != dtype_) detail::throw_wrong_dtype(DataTypeOf<T>::value, dtype_);
  return {reinterpret_cast<T*>(mutable_data()), static_cast<std::size_t>(elements_)};
}

template <class T>
Tensor Tensor::of(Shape shape, std::span<const T> values) {
  Tensor tensor(DataTypeOf<T>::value, std::move(shape));
  if (static_cast<std::size_t>(tensor.elements_) != values.size()) {
    detail::throw_wrong_count(tensor.elements_, values.size());
  }
  auto out = tensor.mutable_values<T>();
  for (std::size_t i = 0; i < values.size(); ++i) out[i] = values[i];
  return tensor;
}

}  // namespace tenon
