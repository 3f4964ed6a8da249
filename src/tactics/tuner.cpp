#include "tactics/tuner.hpp"

#include "base/context.hpp"
#include "base/thread_pool.hpp"
#include "tactics/ratio.hpp"
#include "tactics/rig.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

namespace tenon {
namespace {

constexpr std::size_t kLeastRounds = 3;    // of everyone
constexpr std::size_t kSettledRounds = 8;  // of those that may be the fastest
constexpr std::size_t kMostRounds = 48;    // of those that could not be told apart before
constexpr double kFarBehind = 1.25;        // not run again after kLeastRounds
constexpr double kBehind = 1.10;           // not run again after kSettledRounds
constexpr double kBudgetNs = 8e6;          // per contender; then it is settled
constexpr double kFinalistNs = 24e6;       // per contender that is not behind then
constexpr double kSharp = 0.02;

// What a contender takes when little disturbs it. Not the least time: operands that happen to lie in a cache
// make that, and it tells contenders apart by chance.
double typical(const std::vector<double>& ns) { return quantile(ns, 0.25); }

// Runs the rigs in turn, forwards and backwards, and no longer those whose place is clear. Times by round.
class Rounds {
 public:
  Rounds(const Problem& problem, std::vector<Rig>& rigs)
      : rigs_(rigs), ns_(rigs.size()), spent_(rigs.size()) {
    std::vector<std::size_t> running(rigs.size());
    std::iota(running.begin(), running.end(), std::size_t{0});
    for (Rig& rig : rigs) static_cast<void>(rig.run_once());
    for (std::size_t round = 0; round < kMostRounds && !running.empty(); ++round) {
      const std::size_t sets = sets_beyond_cache(problem, running.size());
      for (const std::size_t i : running) rigs_[i].grow(sets);
      for (const std::size_t i : running) run(i);
      std::reverse(running.begin(), running.end());
      if (round + 1 < kLeastRounds) continue;
      const std::size_t first = fastest();
      const bool settled = round + 1 >= kSettledRounds || spent_[first] > kBudgetNs;
      std::erase_if(running, [&](std::size_t i) { return i != first && is_clear(i, first, settled); });
      // Nobody is left to compare it with.
      if (settled && running.size() == 1) break;
      if (spent_[first] > kFinalistNs) break;
    }
  }

  // Of each: that of the fastest, and by ratio to it for the others.
  std::vector<double> times() const {
    const std::size_t first = fastest();
    std::vector<double> times;
    for (const std::vector<double>& ns : ns_)
      times.push_back(typical(ns_[first]) * ratio_of(ns, ns_[first]).median);
    return times;
  }

 private:
  void run(std::size_t i) {
    ns_[i].push_back(rigs_[i].run_once());
    spent_[i] += ns_[i].back();
  }

  std::size_t fastest() const {
    std::vector<double> times;
    for (const std::vector<double>& ns : ns_) times.push_back(typical(ns));
    return static_cast<std::size_t>(std::min_element(times.begin(), times.end()) - times.begin());
  }

  bool is_clear(std::size_t i, std::size_t first, bool settled) const {
    const Ratio behind = ratio_of(ns_[i], ns_[first]);
    if (!settled) return behind.median > kFarBehind;
    return behind.median > kBehind || behind.low > 1 || behind.is_sharp(kSharp);
  }

  std::vector<Rig>& rigs_;
  std::vector<std::vector<double>> ns_;
  std::vector<double> spent_;
};

}  // namespace

std::vector<double> Tuner::measure(const Problem& problem, const std::vector<Contender>& contenders) const {
  ThreadPool serial(1);
  std::vector<Rig> rigs;
  rigs.reserve(contenders.size());
  for (const Contender& contender : contenders) {
    ThreadPool& pool = runs_serially(contender.candidate, problem.threads) ? serial : pool_;
    in_context([&] { rigs.emplace_back(problem, contender, steps_, pool); },
               [&] { return fmt::format("timing {} on {}", contender.tactic->name(), problem.key()); });
  }
  return Rounds(problem, rigs).times();
}

}  // namespace tenon
