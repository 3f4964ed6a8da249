// Pricer: how long the contenders of an offer take: from the timing cache, by measuring, or by the cost
// model.
#pragma once

#include "base/thread_pool.hpp"
#include "tactics/choose.hpp"
#include "tactics/offer.hpp"
#include "tactics/tuner.hpp"

#include <string>
#include <unordered_map>
#include <vector>

namespace tenon {

class Pricer {
 public:
  Pricer(const StepRegistry& steps, const ChooseOptions& options)
      : options_(options), pool_(options.threads), tuner_(steps, pool_) {}

  // Fills in `ns`, and `considered` with what was found. Equal problems are measured once, and those with one
  // contender only if `always`: where there is no choice, the time decides nothing.
  void price(Offer& offer, bool always = false);

 private:
  bool measurable(const Offer& offer) const;
  std::vector<double> look_up(const std::string& key, const Offer& offer) const;
  std::vector<double> measure(const std::string& key, const Offer& offer) const;

  const ChooseOptions& options_;
  ThreadPool pool_;
  Tuner tuner_;
  std::unordered_map<std::string, std::vector<double>> known_;  // by problem key; empty: not measured
};

}  // namespace tenon
