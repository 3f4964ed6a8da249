// Pricer: how long the contenders of an offer take: from the timing cache, by measuring, or by the cost
// model.
#pragma once

#include "base/thread_pool.hpp"
#include "tactics/choose.hpp"
#include "tactics/offer.hpp"
#include "tactics/tuner.hpp"

#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace tenon {

class Pricer {
 public:
  Pricer(const StepRegistry& steps, const ChooseOptions& options)
      : options_(options), pool_(options.threads), tuner_(steps, pool_) {}

  // Fills in `ns`, and `considered` with what was found. Equal contenders for equal problems are measured
  // once, and those that are alone only if `always`: where there is no choice, the time decides nothing.
  void price(Offer& offer, bool always = false);

 private:
  using Times = std::unordered_map<std::string, double>;  // by name of the contender
  bool measurable(const Offer& offer) const;
  std::optional<double> look_up(const std::string& key, const std::string& contender) const;
  std::vector<double> times_of(const Offer& offer);  // empty: it is too late to measure

  const ChooseOptions& options_;
  ThreadPool pool_;
  Tuner tuner_;
  std::unordered_map<std::string, Times> known_;  // by problem key
};

// False for what takes no time of its own, and for the fallback, whose times would decide nothing.
bool can_be_timed(const Tactic& tactic) noexcept;

// Contenders per problem that the cost model lets through, for each type that values may be stored in.
inline constexpr std::size_t kMostTimed = 6;

// What is fastest for work that is no node's, such as a conversion, its time being measured or estimated.
// Without a tactic where only the fallback would take it.
NodeChoice cheapest(Problem problem, const TacticRegistry& tactics, Pricer& pricer);

}  // namespace tenon
