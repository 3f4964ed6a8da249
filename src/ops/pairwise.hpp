// Operators on pairs: of rows, and of classes.
#pragma once

#include "ir/op.hpp"

namespace tenon::op {

// squared_distance(a [N, F], b [S, F]) → [N, S]: Σ_f (a[n, f] - b[s, f])². One float dtype.
struct SquaredDistance {
  static constexpr std::string_view kName = "squared_distance";

  static constexpr auto fields() { return std::make_tuple(); }
  std::vector<Inference> infer(InferContext& context) const;
};

// couple_probabilities(p [N, C (C - 1) / 2]) → [N, C]: from p[i, j], the probability of class i where it is i
// or j, for all pairs i < j in lexicographic order, the probabilities q of all classes that minimise
//     Σ_i Σ_j≠i (p[j, i] q_i - p[i, j] q_j)²,   p[j, i] = 1 - p[i, j]
// found by iteration from 1 / C until no condition is off by 0.005 / C, 100 times at most (Wu, Lin and Weng,
// "Probability Estimates for Multi-class Classification by Pairwise Coupling", JMLR 5, 2004, algorithm 2).
// f32 or f64; every p in (0, 1).
struct CoupleProbabilities {
  static constexpr std::string_view kName = "couple_probabilities";

  std::int64_t classes = 2;

  static constexpr auto fields() { return std::make_tuple(field("classes", &CoupleProbabilities::classes)); }
  std::vector<Inference> infer(InferContext& context) const;
};

}  // namespace tenon::op
