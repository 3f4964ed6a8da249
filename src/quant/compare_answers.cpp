#include "quant/compare_answers.hpp"

#include "quant/weights.hpp"

#include <algorithm>
#include <cmath>

namespace tenon::quant {
namespace {

constexpr double kLeastProbability = 1e-10;
constexpr double kSumTolerance = 1e-3;

}  // namespace

std::size_t best_class(std::span<const double> scores) {
  std::size_t best = 0;
  for (std::size_t i = 1; i < scores.size(); ++i) {
    if (scores[i] > scores[best] || std::isnan(scores[best])) best = i;
  }
  return best;
}

bool are_probabilities(std::span<const double> scores) {
  double sum = 0;
  for (const double x : scores) {
    if (!(x >= 0)) return false;
    sum += x;
  }
  return std::abs(sum - 1) <= kSumTolerance;
}

std::vector<double> probabilities(std::span<const double> scores, bool normalized) {
  std::vector<double> result(scores.begin(), scores.end());
  if (normalized) return result;
  const double largest = *std::max_element(result.begin(), result.end());
  double sum = 0;
  for (double& x : result) sum += x = std::exp(x - largest);
  for (double& x : result) x /= sum;
  return result;
}

double divergence(std::span<const double> p, std::span<const double> q) {
  double sum = 0;
  for (std::size_t i = 0; i < p.size(); ++i) {
    if (p[i] > 0) sum += p[i] * std::log(p[i] / std::max(q[i], kLeastProbability));
  }
  return sum;
}

void PairSums::add(std::span<const double> x, std::span<const double> y) {
  for (std::size_t i = 0; i < x.size(); ++i) {
    xx += x[i] * x[i];
    yy += y[i] * y[i];
    xy += x[i] * y[i];
    error += (x[i] - y[i]) * (x[i] - y[i]);
  }
}

double PairSums::cosine() const {
  if (xx == 0 && yy == 0) return 1;
  if (xx == 0 || yy == 0) return 0;
  return std::clamp(xy / std::sqrt(xx) / std::sqrt(yy), -1.0, 1.0);
}

double PairSums::sqnr_db() const { return quant::sqnr_db(xx, error); }

}  // namespace tenon::quant
