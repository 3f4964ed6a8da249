#include "importers/tensorflow/types.hpp"

#include <tenon/error.hpp>

#include <fmt/format.h>

namespace tenon::tensorflow {

DataType data_type(std::int64_t code) {
  switch (code > 100 ? code - 100 : code) {
    case 1: return DataType::f32;
    case 2: return DataType::f64;
    case 3:
    case 13: return DataType::i32;
    case 4:
    case 12: return DataType::u8;
    case 5:
    case 15: return DataType::i16;
    case 6:
    case 11: return DataType::i8;
    case 7: return DataType::string;
    case 8: return DataType::c64;
    case 9: return DataType::i64;
    case 10: return DataType::boolean;
    case 14: return DataType::bf16;
    case 16:
    case 17: return DataType::u16;
    case 18: return DataType::c128;
    case 19: return DataType::f16;
    case 22: return DataType::u32;
    case 23: return DataType::u64;
    case 24: return DataType::f8e5m2;
    case 25: return DataType::f8e4m3fn;
    case kResource: throw ModelError("a resource is no tensor");
    case kVariant: throw ModelError("a variant is no tensor");
    default:
      throw ModelError(code == 0 ? "the element type is not given"
                                 : fmt::format("element type {} is not supported", code));
  }
}

bool is_handle(std::int64_t code) noexcept {
  const std::int64_t type = code > 100 ? code - 100 : code;
  return type == kResource || type == kVariant;
}

}  // namespace tenon::tensorflow
