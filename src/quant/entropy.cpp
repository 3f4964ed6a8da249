#include "quant/entropy.hpp"

#include "base/check.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace tenon::quant {
namespace {

constexpr std::size_t kLevels = 128;

// Divergences closer than this, relative to the entropies they are the difference of, are equal.
constexpr double kRounding = 1e-12;

double x_log_x(double x) { return x > 0 ? x * std::log(x) : 0; }

// Entry i: over bins [0, i).
struct Prefix {
  std::vector<std::uint64_t> mass;
  std::vector<std::uint32_t> filled;
  std::vector<double> mass_log_mass;

  explicit Prefix(std::span<const std::uint64_t> bins)
      : mass(bins.size() + 1), filled(bins.size() + 1), mass_log_mass(bins.size() + 1) {
    for (std::size_t i = 0; i < bins.size(); ++i) {
      mass[i + 1] = mass[i] + bins[i];
      filled[i + 1] = filled[i] + (bins[i] > 0 ? 1U : 0U);
      mass_log_mass[i + 1] = mass_log_mass[i] + x_log_x(static_cast<double>(bins[i]));
    }
  }
};

// sum of P ln P and of -P ln Q, both times N, but for the ln of the norms.
struct Divergence {
  double value;
  double scale;  // what its rounding errors are relative to
};

std::optional<Divergence> divergence(std::span<const std::uint64_t> bins, const Prefix& prefix,
                                     std::size_t n) {
  const std::uint64_t total = prefix.mass.back();
  const std::uint64_t kept = prefix.mass[n];
  const std::uint64_t outliers = total - kept;
  const std::uint64_t last = bins[n - 1];
  if (outliers > 0 && last == 0) return std::nullopt;  // Q = 0 < P in bin n - 1
  if (prefix.filled[n] <= 1) return std::nullopt;
  const double all = static_cast<double>(total);
  const double p_log_p = prefix.mass_log_mass[n - 1] + x_log_x(static_cast<double>(last + outliers));
  double p_log_q = 0;
  for (std::size_t level = 0, begin = 0; level < kLevels; ++level) {
    const std::size_t end = ((level + 1) * n + kLevels - 1) / kLevels;  // first j with j * 128 / n > level
    const std::uint64_t mass = prefix.mass[end] - prefix.mass[begin];
    if (mass > 0) {
      const double filled = static_cast<double>(prefix.filled[end] - prefix.filled[begin]);
      const double p = static_cast<double>(mass + (end == n ? outliers : 0));
      p_log_q += p * std::log(static_cast<double>(mass) / filled);
    }
    begin = end;
  }
  const double norms = std::log(static_cast<double>(kept) / all);
  return Divergence{(p_log_p - p_log_q) / all + norms,
                    (std::abs(p_log_p) + std::abs(p_log_q)) / all + std::abs(norms)};
}

}  // namespace

std::optional<std::size_t> least_divergence(std::span<const std::uint64_t> bins,
                                            const EntropyOptions& options) {
  TENON_CHECK(bins.size() >= kLevels, "{} bins", bins.size());
  std::vector<std::uint64_t> counts(bins.begin(), bins.end());
  if (options.drop_first_bin) counts[0] = 0;
  const Prefix prefix(counts);
  std::optional<std::size_t> best;
  double least = std::numeric_limits<double>::infinity();
  for (std::size_t n = kLevels; n <= counts.size(); ++n) {
    const auto found = divergence(counts, prefix, n);
    if (!found) continue;
    const double rounding = kRounding * found->scale;
    const bool smaller = found->value < least - rounding;
    const bool ties = !smaller && found->value <= least + rounding;
    if (!smaller && !(ties && options.ties_to_largest)) continue;
    least = smaller ? found->value : std::min(least, found->value);
    best = n;
  }
  return best;
}

}  // namespace tenon::quant
