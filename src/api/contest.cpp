#include "api/contest.hpp"

#include "api/portion_choice.hpp"
#include "api/race.hpp"
#include "api/strip_choice.hpp"
#include "base/hash.hpp"
#include "runtime/builtin_steps.hpp"
#include "tactics/offer.hpp"
#include "tactics/timing_cache.hpp"

#include <tenon/engine.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace tenon {
namespace {

using Clock = std::chrono::steady_clock;

constexpr double kTie = 0.01;

// What is run where.
void add_names(const Graph& graph, const Assignment& assignment, Hasher& problems, Hasher& tactics) {
  const auto add = [&](const NodeChoice& choice) {
    tactics.add(choice.problem.key()).add(cache_name({choice.tactic, choice.candidate}));
  };
  for (const NodeChoice& choice : assignment.nodes) {
    problems.add(choice.problem.key());
    for (ValueId input : operands_of(graph, choice.node)) problems.add(input.value);
    add(choice);
    for (const BodyChoice& body : choice.bodies) add_names(*body.graph, body.assignment, problems, tactics);
  }
  for (const Conversion& conversion : assignment.conversions) {
    tactics.add(conversion.value.value).add(conversion.to.to_string());
    add(conversion.choice);
  }
}

// Depends on nothing but the problems and the tactics.
std::string name_of(const Entrant& entrant) {
  Hasher problems, tactics;
  add_names(*entrant.graph, *entrant.assignment, problems, tactics);
  return fmt::format("network of {} nodes {:016x} as {:016x}", entrant.assignment->nodes.size(),
                     problems.value(), tactics.value());
}

std::size_t winner_of(const std::vector<double>& ns) {
  if (ns.empty()) return 0;
  const auto best = std::min_element(ns.begin(), ns.end());
  return *best < ns[0] * (1 - kTie) ? static_cast<std::size_t>(best - ns.begin()) : 0;
}

}  // namespace

Contest hold_contest(const std::vector<Entrant>& entrants, const ChooseOptions& choosing,
                     const LowerOptions& lowering) {
  const auto plan_of = [&](std::size_t i) {
    return lower(*entrants[i].graph, *entrants[i].assignment, builtin_steps(), lowering);
  };
  const auto won = [&](std::size_t winner, Plan plan, std::vector<double> ns) -> Contest {
    const std::string name = name_of(entrants[winner]);
    plan = in_portions_where_faster(std::move(plan), name, choosing, lowering.threads);
    plan = in_strips_where_faster(std::move(plan), name, choosing, lowering.threads);
    return {winner, name, std::move(plan), std::move(ns)};
  };
  if (entrants.size() < 2 || !choosing.measure) return won(0, plan_of(0), {});
  // Entrants of one name are one network, and run once: else two times of it would be told apart by chance.
  std::vector<std::string> names;
  std::vector<std::size_t> runner, network;  // the entrant of each name, and the place in it of each entrant
  for (std::size_t i = 0; i < entrants.size(); ++i) {
    const std::string name = name_of(entrants[i]);
    const auto at = std::find(names.begin(), names.end(), name);
    network.push_back(static_cast<std::size_t>(at - names.begin()));
    if (at != names.end()) continue;
    names.push_back(name);
    runner.push_back(i);
  }
  const auto of_entrants = [&](const std::vector<double>& ns) {
    std::vector<double> times;
    for (const std::size_t at : network) {
      if (!ns.empty()) times.push_back(ns[at]);
    }
    return times;
  };
  // The opponents are part of the name: a time says something beside those that it was taken with.
  const std::string key = fmt::format("{}", fmt::join(names, " against "));
  TimingCache& cache = *choosing.cache;
  std::vector<double> known;
  for (const std::string& name : names) {
    if (const auto ns = cache.find(key, name)) known.push_back(*ns);
  }
  if (known.size() == names.size()) {
    std::vector<double> ns = of_entrants(known);
    const std::size_t winner = winner_of(ns);
    return won(winner, plan_of(winner), std::move(ns));
  }
  if (Clock::now() >= choosing.deadline) return won(0, plan_of(0), {});
  std::vector<Engine> engines;
  for (const std::size_t i : runner) engines.push_back(Engine::from_plan(plan_of(i)));
  const std::vector<double> measured = race(engines);
  for (std::size_t i = 0; i < measured.size(); ++i) cache.insert(key, names[i], measured[i]);
  std::vector<double> ns = of_entrants(measured);
  const std::size_t winner = winner_of(ns);
  return won(winner, engines[network[winner]].plan(), std::move(ns));
}

bool is_beaten(const Contest& contest, const Contest& rival, const ChooseOptions& choosing) {
  const auto ns = race_once(fmt::format("{} finished against {}", contest.name, rival.name),
                            {{{contest.plan, contest.name}, {rival.plan, rival.name}}}, *choosing.cache,
                            choosing.deadline);
  return ns && (*ns)[1] < (*ns)[0] * (1 - kTie);
}

}  // namespace tenon
