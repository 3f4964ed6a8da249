#include "ops/pairwise.hpp"

#include "backends/ref/numeric.hpp"
#include "backends/ref/ref.hpp"
#include "base/check.hpp"

#include <algorithm>

namespace tenon {
namespace ref {
namespace {

void run_squared_distance(const Op&, const Call& call) {
  const std::vector<double> a = to_doubles(call.in(0));
  const std::vector<double> b = to_doubles(call.in(1));
  const auto rows = static_cast<std::size_t>(call.in(0).shape()[0]);
  const auto columns = static_cast<std::size_t>(call.in(1).shape()[0]);
  const auto features = static_cast<std::size_t>(call.in(0).shape()[1]);
  std::vector<double> result;
  for (std::size_t n = 0; n < rows; ++n) {
    for (std::size_t s = 0; s < columns; ++s) {
      double sum = 0;
      for (std::size_t f = 0; f < features; ++f) {
        const double difference = a[n * features + f] - b[s * features + f];
        sum += difference * difference;
      }
      result.push_back(sum);
    }
  }
  store_doubles(result, call.out());
}

constexpr int kMostRounds = 100;
constexpr double kAccuracy = 0.005;

// The quadratic form of the problem, row by row. `pairs` is p[i, j] of i < j.
std::vector<double> coupling_matrix(std::span<const double> pairs, std::size_t classes) {
  std::vector<double> p(classes * classes, 0);
  std::size_t at = 0;
  for (std::size_t i = 0; i < classes; ++i) {
    for (std::size_t j = i + 1; j < classes; ++j, ++at) {
      p[i * classes + j] = pairs[at];
      p[j * classes + i] = 1 - pairs[at];
    }
  }
  std::vector<double> q(classes * classes, 0);
  for (std::size_t i = 0; i < classes; ++i) {
    for (std::size_t j = 0; j < classes; ++j) {
      if (i == j) continue;
      q[i * classes + i] += p[j * classes + i] * p[j * classes + i];
      q[i * classes + j] = -p[j * classes + i] * p[i * classes + j];
    }
  }
  return q;
}

// Gauss-Seidel sweeps over the optimality conditions Q x = (xᵀ Q x) e.
std::vector<double> couple(std::span<const double> pairs, std::size_t classes) {
  const std::vector<double> q = coupling_matrix(pairs, classes);
  const auto count = static_cast<double>(classes);
  std::vector<double> x(classes, 1 / count), product(classes);
  for (int round = 0; round < kMostRounds; ++round) {
    double form = 0;
    for (std::size_t i = 0; i < classes; ++i) {
      product[i] = 0;
      for (std::size_t j = 0; j < classes; ++j) product[i] += q[i * classes + j] * x[j];
      form += x[i] * product[i];
    }
    double worst = 0;
    for (const double value : product) worst = std::max(worst, std::abs(value - form));
    if (worst < kAccuracy / count) break;
    for (std::size_t i = 0; i < classes; ++i) {
      const double step = (form - product[i]) / q[i * classes + i];
      const double scale = 1 + step;
      form = (form + step * (step * q[i * classes + i] + 2 * product[i])) / (scale * scale);
      x[i] += step;
      for (std::size_t j = 0; j < classes; ++j) {
        product[j] = (product[j] + step * q[i * classes + j]) / scale;
        x[j] /= scale;
      }
    }
  }
  return x;
}

void run_couple_probabilities(const Op& op, const Call& call) {
  const auto classes = static_cast<std::size_t>(op.as<op::CoupleProbabilities>()->classes);
  const std::vector<double> pairs = to_doubles(call.in(0));
  const std::size_t per_row = classes * (classes - 1) / 2;
  TENON_REQUIRE(pairs.size() % per_row == 0, "couple_probabilities: {} numbers for {} pairs", pairs.size(),
                per_row);
  std::vector<double> result;
  for (std::size_t first = 0; first < pairs.size(); first += per_row) {
    const std::vector<double> row = couple(std::span(pairs).subspan(first, per_row), classes);
    result.insert(result.end(), row.begin(), row.end());
  }
  store_doubles(result, call.out());
}

}  // namespace
}  // namespace ref

void register_ref_pairwise(ref::Registry& registry) {
  registry.add("squared_distance", ref::run_squared_distance);
  registry.add("couple_probabilities", ref::run_couple_probabilities);
}

}  // namespace tenon
