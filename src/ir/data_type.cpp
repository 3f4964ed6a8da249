#include <tenon/data_type.hpp>

#include <array>
#include <string>

namespace tenon {
namespace {

struct DataTypeInfo {
  std::string_view name;
  int bits;
  bool floating;
  bool integer;
  bool is_signed;
};

constexpr std::array<DataTypeInfo, kDataTypeCount> kDataTypes = {{
    {"f32", 32, true, false, true},     {"f64", 64, true, false, true},
    {"f16", 16, true, false, true},     {"bf16", 16, true, false, true},
    {"f8e4m3fn", 8, true, false, true}, {"f8e4m3fnuz", 8, true, false, true},
    {"f8e5m2", 8, true, false, true},   {"f8e5m2fnuz", 8, true, false, true},
    {"f8e8m0", 8, true, false, true},   {"f4e2m1", 4, true, false, true},
    {"i2", 2, false, true, true},       {"i4", 4, false, true, true},
    {"i8", 8, false, true, true},       {"i16", 16, false, true, true},
    {"i32", 32, false, true, true},     {"i64", 64, false, true, true},
    {"u2", 2, false, true, false},      {"u4", 4, false, true, false},
    {"u8", 8, false, true, false},      {"u16", 16, false, true, false},
    {"u32", 32, false, true, false},    {"u64", 64, false, true, false},
    {"bool", 8, false, false, false},   {"str", 0, false, false, false},
    {"c64", 64, false, false, false},   {"c128", 128, false, false, false},
}};

const DataTypeInfo& data_type_info(DataType type) noexcept {
  return kDataTypes[static_cast<std::size_t>(type)];
}

}  // namespace

std::string_view name(DataType type) noexcept { return data_type_info(type).name; }

std::optional<DataType> parse_data_type(std::string_view name) noexcept {
  for (std::size_t i = 0; i < kDataTypes.size(); ++i) {
    if (kDataTypes[i].name == name) return static_cast<DataType>(i);
  }
  return std::nullopt;
}

int bit_width(DataType type) noexcept { return data_type_info(type).bits; }

std::size_t storage_bytes(DataType type, std::size_t count) noexcept {
  if (type == DataType::string) return count * sizeof(std::string);
  const auto bits = static_cast<std::size_t>(data_type_info(type).bits);
  if (bits >= 8) return count * (bits / 8);
  const std::size_t per_byte = 8 / bits;
  return count / per_byte + (count % per_byte != 0 ? 1 : 0);
}

bool is_floating_point(DataType type) noexcept { return data_type_info(type).floating; }
bool is_integer(DataType type) noexcept { return data_type_info(type).integer; }
bool is_signed(DataType type) noexcept { return data_type_info(type).is_signed; }

}  // namespace tenon
