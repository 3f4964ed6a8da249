// Duel: contenders for one problem, run beside each other until it is clear how far apart they are.
#pragma once

#include "plan/step.hpp"
#include "tactics/offer.hpp"
#include "tactics/ratio.hpp"

#include <vector>

namespace tenon::bench {

class Duel {
 public:
  // All of them run in every round, forwards and backwards in turn. No round begins after `seconds`; earlier
  // it is enough that all intervals are within 1 % or on one side of `limit`.
  Duel(const Problem& problem, const std::vector<Contender>& contenders, const StepRegistry& steps,
       ThreadPool& pool, double limit, double seconds);

  Ratio ratio(std::size_t a, std::size_t b) const;
  double median_ns(std::size_t i) const;
  std::size_t rounds() const noexcept { return ns_.front().size(); }

 private:
  bool is_clear(double limit) const;

  std::vector<std::vector<double>> ns_;  // of each contender, by round
};

}  // namespace tenon::bench
