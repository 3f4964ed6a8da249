#include "quant/override.hpp"

#include "base/check.hpp"
#include "base/text.hpp"
#include "quant/targets.hpp"

#include <algorithm>

namespace tenon {

ActivationScheme parse_activation_scheme(std::string_view text) {
  if (text == "symmetric") return ActivationScheme::symmetric;
  if (text == "asymmetric") return ActivationScheme::asymmetric;
  TENON_REQUIRE(text == "fitted", "{} is no scheme of activations: symmetric, asymmetric, fitted",
                quote(text));
  return ActivationScheme::fitted;
}

PrecisionOverride parse_precision_override(std::string_view text, PrecisionMode mode) {
  const std::size_t at = text.rfind('=');
  const std::string_view precision = at == std::string_view::npos ? "" : text.substr(at + 1);
  const bool floating = precision == "fp32" || precision == "f32";
  TENON_REQUIRE(at != 0 && (floating || precision == "int8" || precision == "i8"),
                "{}: expected PATTERN=fp32 or PATTERN=int8", quote(text));
  return {std::string(text.substr(0, at)), floating ? DataType::f32 : DataType::i8, mode};
}

namespace quant {

bool concerns(const PrecisionOverride& order, const Graph& graph, const Node& node) {
  return fits_pattern(node.location, order.pattern) ||
         std::any_of(node.outputs.begin(), node.outputs.end(),
                     [&](ValueId output) { return fits_pattern(graph.value(output).name, order.pattern); });
}

bool stays_float(const std::vector<PrecisionOverride>& orders, const Graph& graph, const Node& node) {
  const auto last = std::find_if(orders.rbegin(), orders.rend(), [&](const PrecisionOverride& order) {
    return concerns(order, graph, node);
  });
  return last != orders.rend() && last->precision == DataType::f32;
}

}  // namespace quant

}  // namespace tenon
