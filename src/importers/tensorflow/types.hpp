// TensorFlow's element types in the words of the IR.
#pragma once

#include <tenon/data_type.hpp>

#include <cstdint>
#include <string_view>

namespace tenon::tensorflow {

inline constexpr std::int32_t kResource = 20;
inline constexpr std::int32_t kVariant = 21;

// ModelError for a code that has no counterpart. Quantized types are those of their integers; references
// (code + 100) those of what they refer to.
DataType data_type(std::int64_t code);
bool is_handle(std::int64_t code) noexcept;  // resource or variant: no tensor

}  // namespace tenon::tensorflow
