#include "api/portion_choice.hpp"

#include "api/race.hpp"
#include "plan/lowering/body_steps.hpp"
#include "plan/lowering/portions.hpp"
#include "plan/portions.hpp"
#include "runtime/builtin_steps.hpp"
#include "tactics/timing_cache.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <limits>
#include <optional>

namespace tenon {
namespace {

constexpr double kLeastPortionGain = 0.005;
constexpr std::int64_t kMostImages = 4;  // at a time

using Images = std::vector<std::int64_t>;  // of each step, as divide_batch() has them

// One way to run each step, and the times of the steps that way; infinite for those that do not run so.
struct Way {
  std::int64_t images = 0;
  std::vector<double> ns;
};

class PortionChoice {
 public:
  PortionChoice(const Plan& plan, const std::string& network, const ChooseOptions& choosing, int threads)
      : plan_(plan),
        list_(plan.profiles.at(0)),
        deadline_(choosing.deadline),
        cache_(*choosing.cache),
        key_(fmt::format("{} in portions", network)),
        threads_(threads) {}

  // Nothing where the batch as a whole is no slower.
  std::optional<Plan> choose() {
    std::vector<Way> ways{{0, std::vector<double>(list_.steps.size(), 0)}};
    std::vector<Plan> plans{plan_};
    const std::int64_t batch = batch_of(plan_);
    for (std::int64_t images = 1; images <= std::min(kMostImages, batch / threads_); images *= 2) {
      const std::vector<bool> divisible = with_neighbours(divisible_steps(plan_, builtin_steps(), images));
      if (std::find(divisible.begin(), divisible.end(), true) == divisible.end()) continue;
      Way& way = ways.emplace_back(Way{images, {}});
      Images all;
      for (const bool here : divisible) {
        way.ns.push_back(here ? 0 : std::numeric_limits<double>::infinity());
        all.push_back(here ? images : 0);
      }
      plans.push_back(divided(all));
    }
    if (ways.size() < 2 || !measure(ways, plans)) return std::nullopt;
    const Images best = fastest(ways);
    if (std::all_of(best.begin(), best.end(), [](std::int64_t images) { return images == 0; }))
      return std::nullopt;
    Plan plan = divided(best);
    const std::string name = fmt::format("{}", fmt::join(best, " "));
    const auto ns = race_once(key_, {{{plan, name}, {plan_, "against " + name}}}, cache_, deadline_);
    if (!ns || (*ns)[0] >= (*ns)[1] * (1 - kLeastPortionGain)) return std::nullopt;
    return plan;
  }

 private:
  Plan divided(const Images& images) const {
    Plan plan = plan_;
    divide_batch(plan, builtin_steps(), images, threads_);
    return plan;
  }

  // A step alone gains nothing by portions: what it reads and gives comes and goes as before.
  static std::vector<bool> with_neighbours(const std::vector<bool>& divisible) {
    std::vector<bool> kept = divisible;
    for (std::size_t i = 0; i < kept.size(); ++i) {
      const bool before = i > 0 && divisible[i - 1], behind = i + 1 < kept.size() && divisible[i + 1];
      kept[i] = divisible[i] && (before || behind);
    }
    return kept;
  }

  static std::string name_of(const Way& way, std::size_t step) {
    return fmt::format("step {} by {}", step, way.images);
  }

  // Whether the times of all steps are known, now or before.
  bool measure(std::vector<Way>& ways, const std::vector<Plan>& plans) {
    bool known = true;
    for (Way& way : ways) {
      for (std::size_t i = 0; i < way.ns.size(); ++i) {
        if (way.ns[i] != 0) continue;
        const auto ns = cache_.find(key_, name_of(way, i));
        known = known && ns;
        way.ns[i] = ns.value_or(0);
      }
    }
    if (known) return true;
    if (std::chrono::steady_clock::now() >= deadline_) return false;
    std::vector<Engine> engines;
    for (const Plan& plan : plans) engines.push_back(Engine::from_plan(plan));
    const auto ns = race_steps(engines);
    if (ns.empty()) return false;
    for (std::size_t w = 0; w < ways.size(); ++w) {
      const std::vector<double> times = of_parts(engines[w], ns[w]);
      for (std::size_t i = 0; i < times.size(); ++i) {
        if (ways[w].ns[i] == std::numeric_limits<double>::infinity()) continue;
        ways[w].ns[i] = times[i];
        cache_.insert(key_, name_of(ways[w], i), times[i]);
      }
    }
    return true;
  }

  // Times of the steps of the undivided plan: those of the bodies stand for their owners.
  std::vector<double> of_parts(const Engine& engine, const std::vector<double>& ns) const {
    std::vector<double> times;
    const std::vector<StepInfo>& steps = engine.steps();
    std::size_t at = 0;
    for (const PlanStep& step : engine.plan().profiles[0].steps) {
      const std::size_t owner = at++;
      const bool is_portions = step.kind == kPortionsStep;
      if (!is_portions) times.push_back(ns[owner]);
      for (; at < steps.size() && steps[at].depth > 0; ++at) {
        if (is_portions) times.push_back(ns[at]);
      }
    }
    return times;
  }

  // The way of each step with which all of them take the least time, where ways that meet pay for what the
  // step before gives.
  Images fastest(const std::vector<Way>& ways) const {
    const std::size_t steps = list_.steps.size();
    std::vector<std::vector<std::size_t>> from(steps, std::vector<std::size_t>(ways.size(), 0));
    std::vector<double> total(ways.size(), 0);
    const auto least = [&] {
      return static_cast<std::size_t>(std::min_element(total.begin(), total.end()) - total.begin());
    };
    for (std::size_t i = 0; i < steps; ++i) {
      const std::size_t other = least();
      const double by_other = total[other] + (i == 0 ? 0 : meeting_ns(i - 1));
      for (std::size_t w = 0; w < ways.size(); ++w) {
        from[i][w] = total[w] <= by_other ? w : other;
        total[w] = std::min(total[w], by_other) + ways[w].ns[i];
      }
    }
    Images images(steps);
    std::size_t at = least();
    for (std::size_t i = steps; i-- > 0;) {
      images[i] = ways[at].images;
      at = from[i][at];
    }
    return images;
  }

  double meeting_ns(std::size_t step) const {
    double bytes = 0;
    for (const BufferId id : list_.steps[step].outputs) {
      if (id.valid()) bytes += static_cast<double>(list_.buffer(id).bytes);
    }
    return 2 * bytes * kFarNs / threads_;
  }

  const Plan& plan_;
  const StepList& list_;
  std::chrono::steady_clock::time_point deadline_;
  TimingCache& cache_;
  std::string key_;
  int threads_;
};

}  // namespace

Plan in_portions_where_faster(Plan plan, const std::string& network, const ChooseOptions& choosing,
                              int threads) {
  if (!choosing.measure) return plan;
  std::optional<Plan> divided = PortionChoice(plan, network, choosing, threads).choose();
  return divided ? std::move(*divided) : std::move(plan);
}

}  // namespace tenon
