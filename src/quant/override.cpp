// Overrides of a layer's precision.
#include "base/check.hpp"
#include "base/text.hpp"

#include <tenon/int8.hpp>

namespace tenon {

PrecisionOverride parse_precision_override(std::string_view text, PrecisionMode mode) {
  const std::size_t at = text.rfind('=');
  const std::string_view precision = at == std::string_view::npos ? "" : text.substr(at + 1);
  const bool floating = precision == "fp32" || precision == "f32";
  TENON_REQUIRE(at != 0 && (floating || precision == "int8" || precision == "i8"),
                "{}: expected PATTERN=fp32 or PATTERN=int8", quote(text));
  return {std::string(text.substr(0, at)), floating ? DataType::f32 : DataType::i8, mode};
}

}  // namespace tenon
