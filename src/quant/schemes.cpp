#include "quant/schemes.hpp"

#include "base/check.hpp"
#include "base/text.hpp"

#include <fmt/format.h>

#include <array>
#include <string>
#include <vector>

namespace tenon {
namespace {

constexpr std::array<std::string_view, 6> kSchemes = {
    "static", "static-asymmetric", "dynamic-symmetric", "dynamic-asymmetric", "weights-int8", "weights-int4"};

}  // namespace

std::string_view to_string(QuantizationScheme scheme) noexcept {
  return kSchemes.at(static_cast<std::size_t>(scheme));
}

QuantizationScheme parse_quantization_scheme(std::string_view text) {
  for (std::size_t i = 0; i < kSchemes.size(); ++i) {
    if (kSchemes[i] == text) return static_cast<QuantizationScheme>(i);
  }
  const std::vector<std::string> names(kSchemes.begin(), kSchemes.end());
  detail::fail_require(
      fmt::format("there is no quantization scheme {}: expected {}", quote(text), join(names)));
}

}  // namespace tenon
