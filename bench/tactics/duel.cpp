#include "duel.hpp"

#include "base/thread_pool.hpp"
#include "tactics/rig.hpp"

#include <chrono>

namespace tenon::bench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kLeastRounds = 16;
constexpr std::size_t kMostRounds = 5000;
constexpr double kSharp = 0.01;

}  // namespace

Duel::Duel(const Problem& problem, const std::vector<Contender>& contenders, const StepRegistry& steps,
           ThreadPool& pool, double limit, double seconds)
    : ns_(contenders.size()) {
  ThreadPool serial(1);
  const std::size_t sets = sets_beyond_cache(problem, contenders.size());
  std::vector<Rig> rigs;
  for (const Contender& contender : contenders) {
    rigs.emplace_back(problem, contender, steps,
                      runs_serially(contender.candidate, problem.threads) ? serial : pool);
    rigs.back().grow(sets);
  }
  for (std::size_t set = 0; set < sets; ++set) {
    for (Rig& rig : rigs) static_cast<void>(rig.run_once());
  }
  const Clock::time_point start = Clock::now();
  const auto is_late = [&] { return std::chrono::duration<double>(Clock::now() - start).count() > seconds; };
  for (std::size_t round = 0; round < kMostRounds; ++round) {
    if (round >= kLeastRounds && (is_late() || (round % kLeastRounds == 0 && is_clear(limit)))) break;
    for (std::size_t k = 0; k < rigs.size(); ++k) {
      const std::size_t i = round % 2 == 0 ? k : rigs.size() - 1 - k;
      ns_[i].push_back(rigs[i].run_once());
    }
  }
}

Ratio Duel::ratio(std::size_t a, std::size_t b) const { return ratio_of(ns_[a], ns_[b]); }

double Duel::median_ns(std::size_t i) const { return quantile(ns_[i], 0.5); }

bool Duel::is_clear(double limit) const {
  for (std::size_t i = 1; i < ns_.size(); ++i) {
    const Ratio r = ratio(0, i);
    if (!r.is_sharp(kSharp) && r.low < limit && r.high > limit) return false;
  }
  return true;
}

}  // namespace tenon::bench
