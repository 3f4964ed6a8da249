// TensorRT's calibration cache, from and to text.
#include "base/check.hpp"
#include "base/text.hpp"

#include <tenon/calibrate.hpp>
#include <tenon/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <set>

namespace tenon {
namespace {

struct AlgorithmName {
  CalibrationAlgorithm algorithm;
  std::string_view name;
};

constexpr AlgorithmName kAlgorithmNames[] = {
    {CalibrationAlgorithm::entropy, "EntropyCalibration"},
    {CalibrationAlgorithm::entropy2, "EntropyCalibration2"},
    {CalibrationAlgorithm::min_max, "MinMaxCalibration"},
    {CalibrationAlgorithm::moving_average, "MovingAverageCalibration"},
    {CalibrationAlgorithm::percentile, "PercentileCalibration"},
    {CalibrationAlgorithm::mse, "MseCalibration"},
    {CalibrationAlgorithm::legacy, "LegacyCalibration"},
};

// Of TensorRT 10.14. TensorRT takes a cache for absent when its version is another one.
constexpr std::string_view kVersion = "101401";

[[noreturn]] void fail(std::size_t line, const std::string& what, std::string_view found) {
  throw ModelError(
      fmt::format("calibration cache, line {}: {}, found {}", line, what, quote(found.substr(0, 60))));
}

template <class T>
bool read_hex(std::string_view text, T& value) {
  const bool plain = text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  return plain && error == std::errc() && end == text.data() + text.size();
}

// "0", then the bits of two doubles.
std::optional<CalibrationRule> legacy_rule(std::string_view header) {
  std::uint64_t cutoff = 0;
  std::uint64_t quantile = 0;
  if (header.size() != 33 || header[0] != '0' || !read_hex(header.substr(1, 16), cutoff) ||
      !read_hex(header.substr(17), quantile))
    return std::nullopt;
  CalibrationRule rule;
  rule.algorithm = CalibrationAlgorithm::legacy;
  rule.cutoff = std::bit_cast<double>(cutoff);
  rule.quantile = std::bit_cast<double>(quantile);
  const auto valid = [](double x) { return x > 0 && x <= 1; };
  if (!valid(rule.cutoff) || !valid(rule.quantile)) return std::nullopt;
  return rule;
}

CalibrationRule rule_of(std::string_view header) {
  CalibrationRule rule;
  if (header == "1") {
    rule.algorithm = CalibrationAlgorithm::entropy;
    return rule;
  }
  if (const auto legacy = legacy_rule(header)) return *legacy;
  const std::size_t dash = header.rfind('-');
  const std::string_view version = header.substr(std::min<std::size_t>(4, header.size()),
                                                 dash == std::string_view::npos || dash < 4 ? 0 : dash - 4);
  const bool known = header.starts_with("TRT-") && !version.empty() &&
                     version.find_first_not_of("0123456789") == std::string_view::npos;
  for (const AlgorithmName& entry : kAlgorithmNames) {
    if (!known || header.substr(dash + 1) != entry.name) continue;
    rule.algorithm = entry.algorithm;
    return rule;
  }
  fail(1, "expected \"TRT-<version>-<algorithm>\", as in TRT-8602-EntropyCalibration2", header);
}

std::pair<std::string, float> read_scale(std::string_view line, std::size_t number) {
  const std::size_t colon = line.rfind(": ");
  if (colon == std::string_view::npos || colon == 0) fail(number, "expected \"<tensor>: <scale>\"", line);
  const std::string_view digits = line.substr(colon + 2);
  std::uint32_t bits = 0;
  if (digits.empty() || digits.size() > 8 || !read_hex(digits, bits))
    fail(number, "expected a scale of 1 to 8 lower-case hexadecimal digits", digits);
  const float scale = std::bit_cast<float>(bits);
  if (!std::isfinite(scale) || std::signbit(scale)) {
    fail(number, "expected the bits of a positive number", digits);
  }
  return {std::string(line.substr(0, colon)), scale};
}

}  // namespace

CalibrationCache parse_calibration_cache(std::string_view text) {
  CalibrationCache cache;
  std::set<std::string> names;
  std::size_t number = 0;
  while (!text.empty() || number == 0) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (++number == 1) {
      cache.rule = rule_of(line);
      cache.header = line;
    } else if (!line.empty()) {
      cache.scales.push_back(read_scale(line, number));
      if (!names.insert(cache.scales.back().first).second) {
        fail(number, "expected every tensor once", line);
      }
    }
  }
  return cache;
}

std::string CalibrationCache::to_text() const {
  std::string text = header + "\n";
  for (const auto& [name, scale] : scales) {
    TENON_REQUIRE(name.find('\n') == std::string::npos,
                  "a calibration cache has no way to write the tensor name {}", quote(name));
    text += fmt::format("{}: {:x}\n", name, std::bit_cast<std::uint32_t>(scale));
  }
  return text;
}

CalibrationCache make_calibration_cache(const CalibrationTable& table, const CalibrationRule& rule,
                                        std::string_view header) {
  CalibrationCache cache;
  cache.rule = rule;
  cache.header = header;
  if (header.empty()) {
    for (const AlgorithmName& entry : kAlgorithmNames) {
      if (entry.algorithm == rule.algorithm) cache.header = fmt::format("TRT-{}-{}", kVersion, entry.name);
    }
  } else {
    cache.rule = rule_of(header);
  }
  for (const CalibratedTensor& tensor : table.tensors) {
    if (const TensorRange* range = tensor.range(rule)) cache.scales.emplace_back(tensor.name, range->scale());
  }
  TENON_REQUIRE(!cache.scales.empty(), "the table has no ranges by {}", to_string(rule));
  return cache;
}

}  // namespace tenon
