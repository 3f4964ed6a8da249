// Two answers to the same sample, as numbers: what an Evaluation is made of.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace tenon::quant {

// The first of the largest elements; a NaN is never the largest. `scores` is not empty.
std::size_t best_class(std::span<const double> scores);

// Nowhere negative, and a sum of 1 ± 0.001.
bool are_probabilities(std::span<const double> scores);

// Probabilities of the scores; `normalized` when they are such already.
std::vector<double> probabilities(std::span<const double> scores, bool normalized);

// Σ p ln(p / max(q, 1e-10)) over p > 0.
double divergence(std::span<const double> p, std::span<const double> q);

// Sums over pairs (x, y).
struct PairSums {
  double xx = 0;
  double yy = 0;
  double xy = 0;
  double error = 0;  // Σ (x - y)²

  void add(std::span<const double> x, std::span<const double> y);
  double cosine() const;   // 1 where both are 0, 0 where one is
  double sqnr_db() const;  // 10 lg(Σ x² / Σ (x - y)²)
};

}  // namespace tenon::quant
