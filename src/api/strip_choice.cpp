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

class StripChoice {
 public:
  StripChoice(const Plan& plan, const std::string& network, const ChooseOptions& choosing, int threads)
      : plan_(plan), deadline_(choosing.deadline), cache_(*choosing.cache), network_(network) {
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
    const auto ns =
        race_once(key_of(name_of(*faster)), {{{*best, "strips"}, {plan_, "steps"}}}, cache_, deadline_);
    return ns && (*ns)[0] < (*ns)[1] * (1 - kLeastGainOfAll) ? std::move(best) : std::nullopt;
  }

 private:
  std::string key_of(const std::string& name) const { return fmt::format("{}: {}", network_, name); }

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
      const auto times = known(step);
      if (times && times->strips < times->steps * (1 - kLeastGain)) names.insert(name_of(step));
    }
    return names;
  }

  std::optional<Times> known(const PlanStep& strips) const {
    const std::string key = key_of(name_of(strips));
    const auto ns = cache_.find(key, "strips"), of_steps = cache_.find(key, "steps");
    if (!ns || !of_steps) return std::nullopt;
    return Times{*ns, *of_steps};
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
          return step.kind != kStripsStep || known(step).has_value();
        }))
      return true;
    if (std::chrono::steady_clock::now() >= deadline_) return false;
    const std::vector<Engine> engines{Engine::from_plan(all), Engine::from_plan(plan_)};
    auto ns = race_steps(engines);
    if (ns.empty()) return false;
    for (std::size_t i = 0; i < ns.size(); ++i) ns[i] = outside_of_bodies(engines[i], ns[i]);
    std::size_t at = 0;  // in the plan without strips
    for (std::size_t i = 0; i < steps.size(); ++i) {
      const std::size_t stands_for = steps[i].kind == kStripsStep ? steps[i].bodies[0].steps.size() : 1;
      const auto first = ns[1].begin() + static_cast<std::ptrdiff_t>(at);
      if (steps[i].kind == kStripsStep) {
        const std::string key = key_of(name_of(steps[i]));
        cache_.insert(key, "strips", ns[0][i]);
        cache_.insert(key, "steps",
                      std::accumulate(first, first + static_cast<std::ptrdiff_t>(stands_for), 0.0));
      }
      at += stands_for;
    }
    return true;
  }

  const Plan& plan_;
  std::chrono::steady_clock::time_point deadline_;
  TimingCache& cache_;
  std::string network_;
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
