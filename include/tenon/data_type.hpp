// Element types of tensors. The enumerator names are also the names used in the textual IR.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace tenon {

enum class DataType : std::uint8_t {
  f32,
  f64,
  f16,
  bf16,
  f8e4m3fn,
  f8e4m3fnuz,
  f8e5m2,
  f8e5m2fnuz,
  f8e8m0,
  f4e2m1,
  i2,
  i4,
  i8,
  i16,
  i32,
  i64,
  u2,
  u4,
  u8,
  u16,
  u32,
  u64,
  boolean,  // one byte, 0 or 1; printed "bool"
  string,   // elements are std::string; printed "str"
  c64,      // complex of two f32
  c128,     // complex of two f64
};

inline constexpr int kDataTypeCount = static_cast<int>(DataType::c128) + 1;

// Name in the textual IR, e.g. "f32", "bool", "str".
std::string_view name(DataType type) noexcept;

// The type of that name, or nothing.
std::optional<DataType> parse_data_type(std::string_view name) noexcept;

// Width of one element in bits (4-bit and 2-bit types are packed, low bits first). 0 for string.
int bit_width(DataType type) noexcept;

// Bytes that `count` densely packed elements take (rounded up to whole bytes); for string, count ×
// sizeof(std::string).
std::size_t storage_bytes(DataType type, std::size_t count) noexcept;

bool is_floating_point(DataType type) noexcept;  // f32 … f4e2m1
bool is_integer(DataType type) noexcept;         // i2 … u64, not bool
bool is_signed(DataType type) noexcept;          // floating point and i*

}  // namespace tenon
