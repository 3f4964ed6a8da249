#include "backends/ref/elements.hpp"
#include "backends/ref/numeric.hpp"
#include "base/check.hpp"

#include <cmath>

namespace tenon {
namespace ref {
namespace {

void run_mel_weight_matrix(const Op&, const Call& call) {
  const std::int64_t bands = int_scalar(call.in(0));
  const std::int64_t length = int_scalar(call.in(1));
  const std::int64_t rate = int_scalar(call.in(2));
  const auto mel = [](double hertz) { return 2595 * std::log10(1 + hertz / 700); };
  const double low = mel(to_doubles(call.in(3))[0]);
  const double high = mel(to_doubles(call.in(4))[0]);
  const double step = (high - low) / static_cast<double>(bands + 2);
  const std::int64_t bins = length / 2 + 1;
  const auto edge = [&](std::int64_t i) {
    const double hertz = 700 * (std::pow(10, (low + static_cast<double>(i) * step) / 2595) - 1);
    const double bin = std::floor(static_cast<double>(length + 1) * hertz / static_cast<double>(rate));
    TENON_REQUIRE(bin >= 0 && bin < static_cast<double>(bins),
                  "mel_weight_matrix: {} hertz are outside of a spectrum of {} bins at {} samples per second",
                  hertz, bins, rate);
    return static_cast<std::int64_t>(bin);
  };
  Tensor& out = call.out();
  std::vector<double> weights(static_cast<std::size_t>(out.elements()));
  for (std::int64_t band = 0; band < bands; ++band) {
    const std::int64_t left = edge(band);
    const std::int64_t center = edge(band + 1);
    const std::int64_t right = edge(band + 2);
    const auto weight = [&](std::int64_t bin) -> double& {
      return weights[static_cast<std::size_t>(bin * bands + band)];
    };
    for (std::int64_t bin = left; bin < center; ++bin)
      weight(bin) = static_cast<double>(bin - left) / static_cast<double>(center - left);
    weight(center) = 1;
    for (std::int64_t bin = center + 1; bin < right; ++bin)
      weight(bin) = static_cast<double>(right - bin) / static_cast<double>(right - center);
  }
  if (!is_floating_point(out.dtype())) {
    for (double& value : weights) value = std::trunc(value);
  }
  store_doubles(weights, out);
}

}  // namespace
}  // namespace ref

void register_ref_mel_weight_matrix(ref::Registry& registry) {
  registry.add("mel_weight_matrix", ref::run_mel_weight_matrix);
}

}  // namespace tenon
