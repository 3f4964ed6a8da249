#include "base/check.hpp"
#include "base/text.hpp"

#include <tenon/calibration_table.hpp>

#include <fmt/format.h>

#include <charconv>
#include <cmath>

namespace tenon {
namespace {

struct RuleName {
  CalibrationAlgorithm algorithm;
  std::string_view name;
};

constexpr RuleName kRuleNames[] = {
    {CalibrationAlgorithm::entropy, "entropy"},
    {CalibrationAlgorithm::entropy2, "entropy-2"},
    {CalibrationAlgorithm::min_max, "min-max"},
    {CalibrationAlgorithm::moving_average, "moving-average"},
    {CalibrationAlgorithm::percentile, "percentile"},
    {CalibrationAlgorithm::mse, "mse"},
    {CalibrationAlgorithm::legacy, "legacy"},
};

double parse_parameter(std::string_view text, double most, std::string_view rule) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  TENON_REQUIRE(error == std::errc() && end == text.data() + text.size() && value > 0 && value <= most,
                "calibrator {}: {} is no number above 0 and up to {}", quote(rule), quote(text), most);
  return value;
}

}  // namespace

bool operator==(const CalibrationRule& a, const CalibrationRule& b) noexcept {
  if (a.algorithm != b.algorithm) return false;
  if (a.algorithm == CalibrationAlgorithm::percentile) return a.percentile == b.percentile;
  if (a.algorithm == CalibrationAlgorithm::legacy) return a.quantile == b.quantile && a.cutoff == b.cutoff;
  return true;
}

std::string to_string(const CalibrationRule& rule) {
  for (const RuleName& entry : kRuleNames) {
    if (entry.algorithm != rule.algorithm) continue;
    if (rule.algorithm == CalibrationAlgorithm::percentile)
      return fmt::format("{}:{}", entry.name, rule.percentile);
    if (rule.algorithm == CalibrationAlgorithm::legacy)
      return fmt::format("{}:{},{}", entry.name, rule.quantile, rule.cutoff);
    return std::string(entry.name);
  }
  TENON_UNREACHABLE("calibration algorithm {}", static_cast<int>(rule.algorithm));
}

CalibrationRule parse_calibration_rule(std::string_view text) {
  const std::size_t colon = std::min(text.find(':'), text.size());
  const std::string_view name = text.substr(0, colon);
  CalibrationRule rule;
  bool known = false;
  for (const RuleName& entry : kRuleNames) {
    if (entry.name != name) continue;
    rule.algorithm = entry.algorithm;
    known = true;
  }
  TENON_REQUIRE(known,
                "there is no calibrator {}; there are entropy, entropy-2, min-max, moving-average, "
                "percentile[:P], mse and legacy[:QUANTILE[,CUTOFF]]",
                quote(name));
  if (colon == text.size()) return rule;
  const auto parameters = split(text.substr(colon + 1), ',');
  const std::size_t most = rule.algorithm == CalibrationAlgorithm::percentile ? 1
                           : rule.algorithm == CalibrationAlgorithm::legacy   ? 2
                                                                              : 0;
  TENON_REQUIRE(parameters.size() <= most, "calibrator {}: {} takes {} parameter{}", quote(text), name, most,
                most == 1 ? "" : "s");
  if (rule.algorithm == CalibrationAlgorithm::percentile) {
    rule.percentile = parse_parameter(parameters[0], 100, text);
  } else {
    rule.quantile = parse_parameter(parameters[0], 1, text);
    if (parameters.size() == 2) rule.cutoff = parse_parameter(parameters[1], 1, text);
  }
  return rule;
}

}  // namespace tenon
