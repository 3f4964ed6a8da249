// From histograms to ranges, rule by rule. docs/quantization.md explains them.
#include "base/check.hpp"
#include "base/text.hpp"
#include "quant/entropy.hpp"

#include <tenon/calibration_table.hpp>

#include <algorithm>
#include <cmath>
#include <limits>

namespace tenon {
namespace {

using Bins = std::vector<std::uint64_t>;

constexpr std::size_t kBins = TensorHistogram::kBins;
constexpr std::size_t kLevels = 128;

// One tensor as the rules see it.
struct Observed {
  const CalibratedTensor& tensor;
  Bins magnitude = Bins(kBins);  // of |x|
  double width;
  double most;       // max |x|
  std::size_t used;  // bins up to the last that holds something, but at least 128

  explicit Observed(const CalibratedTensor& from)
      : tensor(from),
        width(static_cast<double>(from.histogram.width)),
        most(std::max(-static_cast<double>(from.min), static_cast<double>(from.max))),
        used(kLevels) {
    for (std::size_t i = 0; i < kBins; ++i) {
      magnitude[i] = from.histogram.negative[i] + from.histogram.positive[i];
      if (magnitude[i] > 0) used = std::max(used, i + 1);
    }
  }
};

// Both ends cut at the threshold, and zero inside.
TensorRange cut(const Observed& seen, float threshold) {
  TensorRange range;
  range.threshold = threshold;
  range.low = std::min(0.0F, std::max(seen.tensor.min, -threshold));
  range.high = std::max(0.0F, std::min(seen.tensor.max, threshold));
  return range;
}

TensorRange between(float low, float high) {
  TensorRange range;
  range.low = std::min(0.0F, low);
  range.high = std::max(0.0F, high);
  range.threshold = std::max(-range.low, range.high);
  return range;
}

TensorRange entropy(const Observed& seen, const quant::EntropyOptions& options, CalibrationMode mode) {
  // In the faithful mode bins behind the last one that holds something are candidates too, as in TensorRT.
  const std::size_t candidates = mode == CalibrationMode::faithful ? kBins : seen.used;
  const auto kept = quant::least_divergence(std::span(seen.magnitude).first(candidates), options);
  if (!kept) return cut(seen, static_cast<float>(seen.most));
  const float threshold = (static_cast<float>(*kept) + 0.5F) * seen.tensor.histogram.width;
  return cut(seen, std::min(threshold, std::numeric_limits<float>::max()));
}

// The value below which `part` of the counts lie, linear inside a bin.
double quantile(std::span<const std::uint64_t> bins, double width, double part) {
  double total = 0;
  for (const std::uint64_t count : bins) total += static_cast<double>(count);
  const double wanted = part * total;
  double below = 0;
  for (std::size_t i = 0; i < bins.size(); ++i) {
    const double count = static_cast<double>(bins[i]);
    if (count > 0 && below + count >= wanted)
      return (static_cast<double>(i) + (wanted - below) / count) * width;
    below += count;
  }
  return static_cast<double>(bins.size()) * width;
}

TensorRange percentile(const Observed& seen, double percent) {
  const double part = percent / 100;
  if (part >= 1) return between(seen.tensor.min, seen.tensor.max);
  const double bound = std::min(quantile(seen.magnitude, seen.width, part), seen.most);
  TensorRange range = cut(seen, static_cast<float>(bound));
  // Asymmetric: half of what is cut from each side, in signed order.
  Bins line(2 * kBins);
  for (std::size_t i = 0; i < kBins; ++i) {
    line[kBins - 1 - i] = seen.tensor.histogram.negative[i];
    line[kBins + i] = seen.tensor.histogram.positive[i];
  }
  const double zero = static_cast<double>(kBins) * seen.width;
  const auto low = static_cast<float>(quantile(line, seen.width, (1 - part) / 2) - zero);
  const auto high = static_cast<float>(quantile(line, seen.width, (1 + part) / 2) - zero);
  range.low = std::min(0.0F, std::max(low, seen.tensor.min));
  range.high = std::max(0.0F, std::min(high, seen.tensor.max));
  return range;
}

// Sums over bins [0, i) of count, count · x and count · x², x the middle of the bin.
struct Moments {
  std::vector<double> count = std::vector<double>(kBins + 1);
  std::vector<double> first = std::vector<double>(kBins + 1);
  std::vector<double> second = std::vector<double>(kBins + 1);

  Moments(std::span<const std::uint64_t> bins, double width) {
    for (std::size_t i = 0; i < kBins; ++i) {
      const double n = static_cast<double>(bins[i]);
      const double x = (static_cast<double>(i) + 0.5) * width;
      count[i + 1] = count[i] + n;
      first[i + 1] = first[i] + n * x;
      second[i + 1] = second[i] + n * x * x;
    }
  }

  // Squared errors of one side that is cut at `threshold`, n bins: x² below half a step (they become 0),
  // step²/12 up to the threshold, (x - threshold)² beyond it.
  double error(std::size_t n, double threshold, double step, double width) const {
    const auto half = std::min(n, static_cast<std::size_t>(step / 2 / width));
    const double beyond = count.back() - count[n];
    return second[half] + (count[n] - count[half]) * step * step / 12 + (second.back() - second[n]) -
           2 * threshold * (first.back() - first[n]) + beyond * threshold * threshold;
  }
};

TensorRange mse(const Observed& seen) {
  const Moments both(seen.magnitude, seen.width);
  const Moments negative(seen.tensor.histogram.negative, seen.width);
  const Moments positive(seen.tensor.histogram.positive, seen.width);
  const double low_end = std::max(0.0, -static_cast<double>(seen.tensor.min));
  const double high_end = std::max(0.0, static_cast<double>(seen.tensor.max));
  double least[2] = {HUGE_VAL, HUGE_VAL};
  double best[2] = {seen.most, seen.most};
  for (std::size_t n = 1; n <= seen.used; ++n) {
    const double t = std::min(static_cast<double>(n) * seen.width, seen.most);
    const double step = (std::min(t, low_end) + std::min(t, high_end)) / 255;
    const double errors[2] = {
        both.error(n, t, t / 127, seen.width),
        negative.error(n, t, step, seen.width) + positive.error(n, t, step, seen.width)};
    for (int i = 0; i < 2; ++i) {
      if (errors[i] >= least[i]) continue;
      least[i] = errors[i];
      best[i] = t;
    }
  }
  TensorRange range = cut(seen, static_cast<float>(best[1]));
  range.threshold = static_cast<float>(best[0]);
  return range;
}

// TensorRT's own numbers are not known. Here: the quantile; with a cutoff below 1 a line through the
// logarithms of the counts up to cutoff · max |x|, by least squares weighted with the counts, says where the
// tail falls to half a count, and the smaller of the two holds (but not less than cutoff · max |x|).
TensorRange legacy(const Observed& seen, const CalibrationRule& rule) {
  double threshold = std::min(quantile(seen.magnitude, seen.width, rule.quantile), seen.most);
  if (rule.cutoff < 1) {
    const double body = rule.cutoff * seen.most;
    double n = 0, sx = 0, sy = 0, sxx = 0, sxy = 0;
    for (std::size_t i = 0; i < kBins; ++i) {
      const double x = (static_cast<double>(i) + 0.5) * seen.width;
      const double count = static_cast<double>(seen.magnitude[i]);
      if (x > body || count == 0) continue;
      const double y = std::log(count);
      n += count;
      sx += count * x;
      sy += count * y;
      sxx += count * x * x;
      sxy += count * x * y;
    }
    const double spread = n * sxx - sx * sx;
    const double slope = spread > 0 ? (n * sxy - sx * sy) / spread : 0;
    if (slope < 0) {
      const double end = (std::log(0.5) - (sy - slope * sx) / n) / slope;
      threshold = std::min(threshold, std::max(end, body));
    }
  }
  return cut(seen, static_cast<float>(threshold));
}

TensorRange choose(const Observed& seen, const CalibrationRule& rule, CalibrationMode mode) {
  switch (rule.algorithm) {
    case CalibrationAlgorithm::entropy: return entropy(seen, {false, false}, mode);
    case CalibrationAlgorithm::entropy2: return entropy(seen, {true, true}, mode);
    case CalibrationAlgorithm::min_max: return between(seen.tensor.min, seen.tensor.max);
    case CalibrationAlgorithm::moving_average:
      return between(seen.tensor.average_min, seen.tensor.average_max);
    case CalibrationAlgorithm::percentile: return percentile(seen, rule.percentile);
    case CalibrationAlgorithm::mse: return mse(seen);
    case CalibrationAlgorithm::legacy: return legacy(seen, rule);
  }
  TENON_UNREACHABLE("calibration algorithm {}", static_cast<int>(rule.algorithm));
}

}  // namespace

void choose_ranges(CalibrationTable& table, std::span<const CalibrationRule> rules) {
  for (const CalibrationRule& rule : rules) {
    TENON_REQUIRE(
        rule.algorithm != CalibrationAlgorithm::moving_average || table.mode == CalibrationMode::faithful,
        "the moving average depends on the order of the batches: it takes the faithful mode");
  }
  for (CalibratedTensor& tensor : table.tensors) {
    if (tensor.elements == 0) continue;
    tensor.ranges.clear();
    const Observed seen(tensor);
    for (const CalibrationRule& rule : rules) {
      // A histogram without a width has seen zeros only.
      tensor.ranges.push_back(tensor.histogram.width == 0 ? TensorRange() : choose(seen, rule, table.mode));
      tensor.ranges.back().rule = rule;
    }
  }
}

}  // namespace tenon
