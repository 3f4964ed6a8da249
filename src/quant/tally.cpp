#include "quant/tally.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace tenon::quant {
namespace {

constexpr auto kTallyMode = CalibrationMode::order_independent;

float inverse(float width) { return width == 0 ? 1 : 1 / width; }

// Nothing that is not above 0 needs bins.
bool holds(float width, float most) { return most <= 0 || fits(most, width, kTallyMode); }

}  // namespace

void Tally::Part::grow(float most) {
  if (holds(width, most)) return;
  const float wide = grown_width(most, width, kTallyMode);
  if (width == 0) {
    width = wide;
    return;
  }
  std::vector<std::uint64_t> merged(bins.size());
  add_to(merged, wide);
  bins = std::move(merged);
  width = wide;
}

void Tally::Part::add_to(std::vector<std::uint64_t>& sum, float sum_width) const {
  const int doublings = width == 0 ? 0 : std::ilogb(sum_width) - std::ilogb(width);
  const int shift = std::min(doublings, 31);
  for (std::size_t i = 0; i < bins.size(); ++i) sum[i >> shift] += bins[i];
}

Tally::Tally(float cap) : cap_(cap) {
  if (cap == kUnlimited) beyond_.bins.clear();
}

float Tally::limit() const {
  const bool capped = cap_ < kUnlimited && positive_.width > 0;
  return capped ? positive_.width * static_cast<float>(TensorHistogram::kBins) : kUnlimited;
}

BinScale Tally::scale() const {
  return {inverse(negative_.width), inverse(positive_.width), inverse(beyond_.width), limit()};
}

bool Tally::fit(const Extremes& seen) const {
  return holds(negative_.width, -seen.min) && holds(positive_.width, std::min(seen.max, cap_)) &&
         (seen.max < limit() || holds(beyond_.width, seen.max));
}

std::vector<float> Tally::misfits(std::span<const float> values) const {
  static constexpr float kLeast = std::numeric_limits<float>::denorm_min();
  constexpr std::size_t kTogether = 64;
  const auto range = [](const Part& part) {
    return std::max(part.width * static_cast<float>(TensorHistogram::kBins), kLeast);
  };
  const bool past_cap = positive_.width > 0 && limit() > cap_;
  const float low = -range(negative_);
  const float high = past_cap ? std::max(limit(), range(beyond_)) : range(positive_);
  const auto misfit = [&](float x) {
    return static_cast<unsigned>(x <= low) | static_cast<unsigned>(x >= high);
  };
  std::vector<float> found;
  for (std::size_t i = 0; i < values.size(); i += kTogether) {
    const std::span<const float> some = values.subspan(i, std::min(kTogether, values.size() - i));
    unsigned any = some.size() == kTogether ? 0 : 1;
    if (any == 0) {
      for (std::size_t k = 0; k < kTogether; ++k) any |= misfit(some[k]);
    }
    if (any == 0) continue;
    for (const float x : some) {
      if (misfit(x) != 0) found.push_back(x);
    }
  }
  return found;
}

void Tally::settle() { waiting_.settle(positive_.bins, negative_.bins, beyond_.bins); }

void Tally::grow(const Extremes& seen) {
  settle();
  negative_.grow(-seen.min);
  positive_.grow(std::min(seen.max, cap_));
  if (seen.max >= limit()) beyond_.grow(seen.max);
}

bool Tally::add(std::span<const float> values, ValueCounter& counter) {
  if (values.empty()) return true;
  // Most batches fit, so counting goes ahead; values that did not are counted again.
  const bool ahead = elements_ > 0 || positive_.width > 0 || negative_.width > 0;
  if (!waiting_.takes(values.size())) settle();
  const Extremes seen = ahead ? waiting_.add(values, scale(), counter) : counter.extremes(values);
  if (!seen.finite) {
    if (ahead) waiting_.remove(values, scale(), counter);
    return false;
  }
  if (!ahead || !fit(seen)) {
    std::vector<float> outside;
    if (ahead) {
      outside = misfits(values);
      waiting_.remove(outside, scale(), counter);
    }
    grow(seen);
    waiting_.add(ahead ? outside : values, scale(), counter);
  }
  min_ = elements_ == 0 ? seen.min : std::min(min_, seen.min);
  max_ = elements_ == 0 ? seen.max : std::max(max_, seen.max);
  elements_ += values.size();
  return true;
}

void Tally::pour(CalibratedTensor& tensor, float low, float high, std::uint64_t zeros, std::uint64_t per) {
  if (elements_ == 0) return;
  settle();
  const bool signs = low < 0;
  const bool capped = high < kUnlimited;
  const float wanted = std::max({tensor.histogram.width, positive_.width, signs ? negative_.width : 0.0F,
                                 capped ? 0.0F : beyond_.width});
  if (wanted > 0) widen(tensor.histogram, wanted);
  const auto total = [](const Part& part) {
    return std::accumulate(part.bins.begin(), part.bins.end(), std::uint64_t{0});
  };
  if (signs) {
    negative_.add_to(tensor.histogram.negative, wanted);
  } else {
    tensor.histogram.positive[0] += total(negative_);
  }
  if (capped && positive_.width > 0) {
    Part cut = positive_;
    const auto last = static_cast<std::size_t>(
        std::min(high * inverse(cut.width), static_cast<float>(TensorHistogram::kBins - 1)));
    const auto above = cut.bins.begin() + static_cast<std::ptrdiff_t>(last) + 1;
    cut.bins[last] += std::accumulate(above, cut.bins.end(), total(beyond_));
    std::fill(above, cut.bins.end(), 0);
    cut.add_to(tensor.histogram.positive, wanted);
  } else {
    positive_.add_to(tensor.histogram.positive, wanted);
    beyond_.add_to(tensor.histogram.positive, wanted);
  }
  note_extremes(tensor, std::clamp(min_, low, high), std::clamp(max_, low, high), elements_);
  if (zeros == 0) return;
  const std::uint64_t added = elements_ / per * zeros + elements_ % per * zeros / per;
  tensor.histogram.positive[0] += added;
  note_extremes(tensor, 0, 0, added);
}

void Tally::clear() {
  settle();
  elements_ = 0;
  for (Part* part : {&positive_, &negative_, &beyond_}) std::fill(part->bins.begin(), part->bins.end(), 0);
}

}  // namespace tenon::quant
