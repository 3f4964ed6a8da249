#include "quant/histogram.hpp"

#include "base/check.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace tenon::quant {
namespace {

constexpr std::size_t kBins = TensorHistogram::kBins;

// Below it the inverse of a width would not be finite; all smaller values share the first bins.
constexpr float kSmallestWidth = 0x1p-120F;

double magnitude(const Extremes& extremes) {
  return std::max(-static_cast<double>(extremes.min), static_cast<double>(extremes.max));
}

bool fits(double most, double width, CalibrationMode mode) {
  const double range = width * static_cast<double>(kBins);
  return mode == CalibrationMode::faithful ? most <= range : most < range;
}

// The width that takes `most` in; `width` is 0 at first.
float grown_width(double most, float width, CalibrationMode mode) {
  if (most == 0) return width;
  double grown = static_cast<double>(width);
  if (width == 0) {
    if (mode == CalibrationMode::faithful) {
      grown = static_cast<double>(static_cast<float>(most) / static_cast<float>(kBins));
    } else {
      int exponent = 0;
      std::frexp(most, &exponent);  // most < 2^exponent
      grown = std::ldexp(1.0, exponent - 11);
    }
    grown = std::max(grown, static_cast<double>(kSmallestWidth));
  }
  while (!fits(most, grown, mode)) grown *= 2;
  return static_cast<float>(grown);
}

void merge_pairs(std::vector<std::uint64_t>& bins) {
  for (std::size_t i = 0; i < kBins / 2; ++i) bins[i] = bins[2 * i] + bins[2 * i + 1];
  std::fill(bins.begin() + kBins / 2, bins.end(), 0);
}

void note_extremes(CalibratedTensor& tensor, const Extremes& seen, std::size_t elements) {
  const bool first = tensor.elements == 0;
  tensor.min = first ? seen.min : std::min(tensor.min, seen.min);
  tensor.max = first ? seen.max : std::max(tensor.max, seen.max);
  tensor.elements += elements;
}

void note_averages(CalibratedTensor& tensor, const Extremes& seen) {
  const auto towards = [&](float average, float value) {
    const double old = static_cast<double>(average);
    return static_cast<float>(old + kMovingAverageRate * (static_cast<double>(value) - old));
  };
  const bool first = tensor.elements == 0;
  tensor.average_min = first ? seen.min : towards(tensor.average_min, seen.min);
  tensor.average_max = first ? seen.max : towards(tensor.average_max, seen.max);
}

}  // namespace

Extremes PlainCounter::extremes(std::span<const float> values) {
  Extremes seen;
  bool any = false;
  for (const float x : values) {
    if (!std::isfinite(x)) {
      seen.finite = false;
      continue;
    }
    seen.min = any ? std::min(seen.min, x) : x;
    seen.max = any ? std::max(seen.max, x) : x;
    any = true;
  }
  return seen;
}

Extremes PlainCounter::count(std::span<const float> values, float inverse_width) {
  for (const float x : values) {
    const float at = std::min(std::floor(std::abs(x) * inverse_width), static_cast<float>(kBins - 1));
    if (std::isfinite(x)) ++(x < 0 ? waiting_.negative : waiting_.positive)[static_cast<std::size_t>(at)];
  }
  return extremes(values);
}

void PlainCounter::take(TensorHistogram& histogram) {
  for (std::size_t i = 0; i < kBins; ++i) {
    histogram.negative[i] += waiting_.negative[i];
    histogram.positive[i] += waiting_.positive[i];
  }
  drop();
}

void widen(TensorHistogram& histogram, float width) {
  if (histogram.width == 0) histogram.width = width;
  while (histogram.width < width) {
    merge_pairs(histogram.negative);
    merge_pairs(histogram.positive);
    histogram.width *= 2;
  }
  TENON_CHECK(histogram.width == width, "a histogram of width {} cannot have width {}", histogram.width,
              width);
}

bool observe(CalibratedTensor& tensor, std::span<const float> values, CalibrationMode mode,
             ValueCounter& counter) {
  if (values.empty()) return true;
  TensorHistogram& histogram = tensor.histogram;
  // Most batches fit, so counting goes ahead; what did not fit is counted again.
  const bool ahead = histogram.width != 0;
  const Extremes seen = ahead ? counter.count(values, 1 / histogram.width) : counter.extremes(values);
  const double most = magnitude(seen);
  const bool fit = ahead && seen.finite && fits(most, static_cast<double>(histogram.width), mode);
  if (ahead && !fit) counter.drop();
  if (!seen.finite) return false;
  if (!fit && most == 0) {
    histogram.positive[0] += values.size();
  } else {
    if (!fit) {
      widen(histogram, grown_width(most, histogram.width, mode));
      counter.count(values, 1 / histogram.width);
    }
    counter.take(histogram);
  }
  if (mode == CalibrationMode::faithful) note_averages(tensor, seen);
  note_extremes(tensor, seen, values.size());
  return true;
}

}  // namespace tenon::quant
