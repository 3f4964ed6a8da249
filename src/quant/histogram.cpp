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

void merge_pairs(std::vector<std::uint64_t>& bins) {
  for (std::size_t i = 0; i < kBins / 2; ++i) bins[i] = bins[2 * i] + bins[2 * i + 1];
  std::fill(bins.begin() + kBins / 2, bins.end(), 0);
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

void Counts::clear() {
  std::fill(counters.begin(), counters.end(), std::uint16_t{0});
  std::fill(moved.begin(), moved.end(), 0U);
  most = 0;
}

Extremes PlainCounter::count(std::span<const float> values, const BinScale& scale, Counts& counts) {
  for (const float x : values) {
    if (!std::isfinite(x)) continue;
    const bool beyond = x >= scale.limit;
    const float inverse = x < 0 ? scale.negative : beyond ? scale.beyond : scale.positive;
    const float at = std::min(std::floor(std::abs(x) * inverse), static_cast<float>(kBins - 1));
    ++counts.moved[counter_of(static_cast<std::size_t>(at), x < 0, beyond)];
  }
  return extremes(values);
}

Extremes WaitingCounts::add(std::span<const float> values, const BinScale& scale, ValueCounter& counter) {
  waiting_ += values.size();
  return counter.count(values, scale, counts_);
}

void WaitingCounts::remove(std::span<const float> values, const BinScale& scale, ValueCounter& counter) {
  Counts counted;
  counter.count(values, scale, counted);
  for (std::size_t i = 0; i < kCounters; ++i) counts_.moved[i] -= counted[i];
  waiting_ -= values.size();
}

bool WaitingCounts::takes(std::size_t values) const {
  return waiting_ + values <= std::numeric_limits<std::uint32_t>::max();
}

void WaitingCounts::settle(std::span<std::uint64_t> positive, std::span<std::uint64_t> negative,
                           std::span<std::uint64_t> beyond) {
  if (waiting_ == 0) return;
  for (std::size_t i = 0; i < kBins; ++i) {
    positive[i] += counts_[counter_of(i, false, false)];
    negative[i] += counts_[counter_of(i, true, false)];
  }
  for (std::size_t i = 0; i < beyond.size(); ++i) beyond[i] += counts_[counter_of(i, false, true)];
  counts_.clear();
  waiting_ = 0;
}

bool fits(float most, float width, CalibrationMode mode) {
  const double range = static_cast<double>(width) * static_cast<double>(kBins);
  return mode == CalibrationMode::faithful ? static_cast<double>(most) <= range
                                           : static_cast<double>(most) < range;
}

float grown_width(float most, float width, CalibrationMode mode) {
  float grown = width;
  if (width == 0) {
    if (mode == CalibrationMode::faithful) {
      grown = most / static_cast<float>(kBins);
    } else {
      int exponent = 0;
      std::frexp(most, &exponent);  // most < 2^exponent
      grown = std::ldexp(1.0F, exponent - 11);
    }
    grown = std::max(grown, kSmallestWidth);
  }
  while (!fits(most, grown, mode)) grown *= 2;
  return grown;
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

void note_extremes(CalibratedTensor& tensor, float min, float max, std::uint64_t elements) {
  const bool first = tensor.elements == 0;
  tensor.min = (first ? min : std::min(tensor.min, min)) + 0.0F;
  tensor.max = (first ? max : std::max(tensor.max, max)) + 0.0F;
  tensor.elements += elements;
}

bool observe_faithfully(CalibratedTensor& tensor, std::span<const float> values, ValueCounter& counter,
                        WaitingCounts& waiting) {
  if (values.empty()) return true;
  TensorHistogram& histogram = tensor.histogram;
  if (!waiting.takes(values.size())) settle_faithfully(tensor, waiting);
  const auto scale = [&] {
    const float inverse = 1 / histogram.width;
    return BinScale{inverse, inverse, 1, kUnlimited};
  };
  // Most batches fit, so counting goes ahead; what did not fit is counted again.
  const bool ahead = histogram.width != 0;
  const Extremes seen = ahead ? waiting.add(values, scale(), counter) : counter.extremes(values);
  const float most = std::max(-seen.min, seen.max);
  const bool fit = ahead && seen.finite && fits(most, histogram.width, CalibrationMode::faithful);
  if (ahead && !fit) waiting.remove(values, scale(), counter);
  if (!seen.finite) return false;
  if (!fit && most == 0) {
    histogram.positive[0] += values.size();
  } else if (!fit) {
    settle_faithfully(tensor, waiting);
    widen(histogram, grown_width(most, histogram.width, CalibrationMode::faithful));
    waiting.add(values, scale(), counter);
  }
  note_averages(tensor, seen);
  note_extremes(tensor, seen.min, seen.max, values.size());
  return true;
}

void settle_faithfully(CalibratedTensor& tensor, WaitingCounts& waiting) {
  waiting.settle(tensor.histogram.positive, tensor.histogram.negative, {});
}

}  // namespace tenon::quant
