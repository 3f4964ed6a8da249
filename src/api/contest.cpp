#include "api/contest.hpp"

#include "base/hash.hpp"
#include "base/random.hpp"
#include "runtime/builtin_steps.hpp"
#include "tactics/offer.hpp"
#include "tactics/timing_cache.hpp"

#include <tenon/engine.hpp>
#include <tenon/io.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <optional>

namespace tenon {
namespace {

using Clock = std::chrono::steady_clock;

constexpr double kTie = 0.01;
constexpr int kLeastRounds = 3;
constexpr int kMostRounds = 50;
constexpr std::chrono::milliseconds kEnough{400};  // for all rounds, once the least are done

// What is run where. Neither name depends on anything but the problems and the tactics.
struct Names {
  std::string network, assignment;
};

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

Names names_of(const Graph& graph, const Assignment& assignment) {
  Hasher problems, tactics;
  add_names(graph, assignment, problems, tactics);
  return {fmt::format("network of {} nodes {:016x}", assignment.nodes.size(), problems.value()),
          fmt::format("assignment {:016x}", tactics.value())};
}

// Random numbers, and zeros for integers, which are indices more often than not.
std::optional<Tensor> made_up(const TensorInfo& info) {
  if (!info.is_tensor) return {};
  if (info.dtype != DataType::f32 && info.dtype != DataType::boolean && !is_integer(info.dtype)) return {};
  if (std::any_of(info.opt.begin(), info.opt.end(), [](std::int64_t dim) { return dim < 0; })) return {};
  if (info.values) return random_input(info, 1);
  Tensor tensor(info.dtype, info.opt);
  if (info.dtype == DataType::f32) {
    Random generator(1);
    for (float& value : tensor.mutable_values<float>()) value = generator.uniform(-1.0F, 1.0F);
  } else {
    std::fill_n(tensor.mutable_data(), tensor.size_bytes(), std::byte{0});
  }
  return tensor;
}

std::optional<Context> prepared(const Engine& engine) {
  Context context = engine.create_context();
  for (std::size_t i = 0; i < engine.inputs().size(); ++i) {
    std::optional<Tensor> tensor = made_up(engine.inputs()[i]);
    if (!tensor) return std::nullopt;
    context.set_input(i, std::move(*tensor));
  }
  context.prepare();
  context.run();
  return context;
}

// The least time of each, taking turns.
std::vector<double> race(std::array<Context*, 2> contexts) {
  std::vector<double> best(contexts.size(), std::numeric_limits<double>::infinity());
  const Clock::time_point end = Clock::now() + kEnough;
  for (int round = 0; round < kMostRounds && (round < kLeastRounds || Clock::now() < end); ++round) {
    for (std::size_t i = 0; i < contexts.size(); ++i) {
      const Clock::time_point start = Clock::now();
      contexts[i]->run();
      best[i] = std::min(best[i], std::chrono::duration<double, std::nano>(Clock::now() - start).count());
    }
  }
  return best;
}

std::vector<double> measure(const Engine& first, const Engine& second) {
  try {
    std::optional<Context> a = prepared(first);
    std::optional<Context> b = a ? prepared(second) : std::nullopt;
    return a && b ? race({&*a, &*b}) : std::vector<double>();
  } catch (const ModelError&) {
    return {};  // the network does not take such inputs
  }
}

bool second_wins(const std::vector<double>& ns) { return ns.size() == 2 && ns[1] < ns[0] * (1 - kTie); }

}  // namespace

Contest hold_contest(const Graph& graph, const Choice& choice, const ChooseOptions& choosing,
                     const LowerOptions& lowering) {
  const auto plan_of = [&](const Assignment& assignment) {
    return lower(graph, assignment, builtin_steps(), lowering);
  };
  if (!choice.runner_up || !choosing.measure) return {&choice.best, plan_of(choice.best), {}};
  const Names best = names_of(graph, choice.best);
  const Names other = names_of(graph, *choice.runner_up);
  // The opponent is part of the name: a time says something beside the one that it was taken with.
  const std::string key = fmt::format("{}: {} against {}", best.network, best.assignment, other.assignment);
  TimingCache& cache = *choosing.cache;
  const auto known = cache.find(key, best.assignment), known_other = cache.find(key, other.assignment);
  if (known && known_other) {
    std::vector<double> ns{*known, *known_other};
    const Assignment* winner = second_wins(ns) ? &*choice.runner_up : &choice.best;
    return {winner, plan_of(*winner), std::move(ns)};
  }
  if (Clock::now() >= choosing.deadline) return {&choice.best, plan_of(choice.best), {}};
  const Engine first = Engine::from_plan(plan_of(choice.best));
  const Engine second = Engine::from_plan(plan_of(*choice.runner_up));
  std::vector<double> ns = measure(first, second);
  if (!ns.empty()) {
    cache.insert(key, best.assignment, ns[0]);
    cache.insert(key, other.assignment, ns[1]);
  }
  if (second_wins(ns)) return {&*choice.runner_up, second.plan(), std::move(ns)};
  return {&choice.best, first.plan(), std::move(ns)};
}

}  // namespace tenon
