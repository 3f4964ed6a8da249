#include "api/strip_choice.hpp"

#include "api/race.hpp"
#include "base/cpu_info.hpp"
#include "base/hash.hpp"
#include "plan/lowering/strips.hpp"
#include "plan/strips.hpp"
#include "runtime/builtin_steps.hpp"
#include "tactics/timing_cache.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <optional>
#include <set>

namespace tenon {
namespace {

// What strips have to gain.
constexpr double kLeastGain = 0.02, kLeastGainOfAll = 0.005;

// Strips by what they are made of, which names them within a network.
std::string name_of(const PlanStep& strips) {
  Hasher hasher;
  hasher.add(strips.label);
  for (const PlanStep& step : strips.bodies.at(0).steps) hasher.add(step.problem).add(step.tactic);
  return fmt::format("{} {:016x}", strips.tactic, hasher.value());
}

std::string name_of(const std::set<std::string>& strips) {
  Hasher hasher;
  for (const std::string& name : strips) hasher.add(name);
  return fmt::format("{} strips {:016x}", strips.size(), hasher.value());
}

struct Times {
  double strips = 0;
  double steps = 0;  // that they stand for
};

// Remembers pairs of times under a name.
class Memory {
 public:
  Memory(TimingCache& cache, std::string network) : cache_(cache), network_(std::move(network)) {}

  std::optional<Times> find(const std::string& name) {
    const auto strips = cache_.find(key(name), "strips"), steps = cache_.find(key(name), "steps");
    if (!strips || !steps) return std::nullopt;
    return Times{*strips, *steps};
  }
  void insert(const std::string& name, const Times& times) {
    cache_.insert(key(name), "strips", times.strips);
    cache_.insert(key(name), "steps", times.steps);
  }

 private:
  std::string key(const std::string& name) const { return fmt::format("{}: {}", network_, name); }

  TimingCache& cache_;
  std::string network_;
};

class StripChoice {
 public:
  StripChoice(const Plan& plan, const std::string& network, const ChooseOptions& choosing, int threads)
      : plan_(plan), deadline_(choosing.deadline), memory_(*choosing.cache, network) {
    options_.cache_bytes = static_cast<std::int64_t>(cpu_info().l2_bytes);
    options_.threads = threads;
  }

  // Nothing where no strips are faster.
  std::optional<Plan> choose() {
    std::optional<Plan> all = cut();
    if (!all) return std::nullopt;
    const std::optional<std::set<std::string>> faster = faster_of(*all);
    if (!faster || faster->empty()) return std::nullopt;
    options_.take = [&](const PlanStep& strips) { return faster->contains(name_of(strips)); };
    std::optional<Plan> best = cut();
    if (!best) return std::nullopt;
    const std::string name = name_of(*faster);
    std::optional<Times> times = memory_.find(name);
    if (!times) {
      if (late()) return std::nullopt;
      const std::vector<double> ns = race({Engine::from_plan(*best), Engine::from_plan(plan_)});
      if (ns.empty()) return std::nullopt;
      times = {ns[0], ns[1]};
      memory_.insert(name, *times);
    }
    return times->strips < times->steps * (1 - kLeastGainOfAll) ? std::move(best) : std::nullopt;
  }

 private:
  bool late() const { return std::chrono::steady_clock::now() >= deadline_; }

  std::optional<Plan> cut() const {
    Plan plan = plan_;
    if (!cut_into_strips(plan, builtin_steps(), options_)) return std::nullopt;
    return plan;
  }

  // Names of the strips of `all` that are faster than the steps that they stand for; nothing where that is
  // not known and cannot be measured.
  std::optional<std::set<std::string>> faster_of(const Plan& all) {
    std::set<std::string> names;
    if (!measure(all)) return std::nullopt;
    for (const PlanStep& step : all.profiles[0].steps) {
      if (step.kind != kStripsStep) continue;
      const auto times = memory_.find(name_of(step));
      if (times && times->strips < times->steps * (1 - kLeastGain)) names.insert(name_of(step));
    }
    return names;
  }

  static std::vector<double> outside_of_bodies(const Engine& engine, const std::vector<double>& ns) {
    std::vector<double> outside;
    for (std::size_t i = 0; i < ns.size(); ++i) {
      if (engine.steps()[i].depth == 0) outside.push_back(ns[i]);
    }
    return outside;
  }

  // Whether the times of all strips are known, now or before.
  bool measure(const Plan& all) {
    const auto& steps = all.profiles[0].steps;
    if (std::all_of(steps.begin(), steps.end(), [&](const PlanStep& step) {
          return step.kind != kStripsStep || memory_.find(name_of(step)).has_value();
        }))
      return true;
    if (late()) return false;
    const std::vector<Engine> engines{Engine::from_plan(all), Engine::from_plan(plan_)};
    auto ns = race_steps(engines);
    if (ns.empty()) return false;
    for (std::size_t i = 0; i < ns.size(); ++i) ns[i] = outside_of_bodies(engines[i], ns[i]);
    std::size_t at = 0;  // in the plan without strips
    for (std::size_t i = 0; i < steps.size(); ++i) {
      const std::size_t stands_for = steps[i].kind == kStripsStep ? steps[i].bodies[0].steps.size() : 1;
      const auto first = ns[1].begin() + static_cast<std::ptrdiff_t>(at);
      if (steps[i].kind == kStripsStep)
        memory_.insert(
            name_of(steps[i]),
            {ns[0][i], std::accumulate(first, first + static_cast<std::ptrdiff_t>(stands_for), 0.0)});
      at += stands_for;
    }
    return true;
  }

  const Plan& plan_;
  std::chrono::steady_clock::time_point deadline_;
  Memory memory_;
  StripOptions options_;
};

}  // namespace

Plan in_strips_where_faster(Plan plan, const std::string& network, const ChooseOptions& choosing,
                            int threads) {
  if (!choosing.measure) return plan;
  std::optional<Plan> cut = StripChoice(plan, network, choosing, threads).choose();
  return cut ? std::move(*cut) : std::move(plan);
}

}  // namespace tenon
