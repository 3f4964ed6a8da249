#include "api/race.hpp"

#include "base/random.hpp"
#include "tactics/timing_cache.hpp"

#include <tenon/io.hpp>

#include <algorithm>
#include <chrono>
#include <limits>
#include <optional>

namespace tenon {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kLeastRounds = 3;
constexpr int kMostRounds = 50;
constexpr std::chrono::milliseconds kEnough{200};  // of each engine, once the least rounds are done

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

// A context of each that has run once; none where one does not take such inputs.
std::vector<Context> prepared(const std::vector<Engine>& engines) {
  std::vector<Context> contexts;
  try {
    for (const Engine& engine : engines) {
      Context context = engine.create_context();
      for (std::size_t i = 0; i < engine.inputs().size(); ++i) {
        std::optional<Tensor> tensor = made_up(engine.inputs()[i]);
        if (!tensor) return {};
        context.set_input(i, std::move(*tensor));
      }
      context.prepare();
      context.run();
      contexts.push_back(std::move(context));
    }
  } catch (const ModelError&) {
    return {};
  }
  return contexts;
}

// run(i) for each of the engines, in turns.
template <class Run>
void take_turns(std::size_t engines, Run run) {
  const Clock::time_point end = Clock::now() + kEnough * engines;
  for (int round = 0; round < kMostRounds && (round < kLeastRounds || Clock::now() < end); ++round) {
    for (std::size_t i = 0; i < engines; ++i) run(i);
  }
}

}  // namespace

std::vector<double> race(const std::vector<Engine>& engines) {
  std::vector<Context> contexts = prepared(engines);
  std::vector<double> best(contexts.size(), std::numeric_limits<double>::infinity());
  try {
    take_turns(contexts.size(), [&](std::size_t i) {
      const Clock::time_point start = Clock::now();
      contexts[i].run();
      best[i] = std::min(best[i], std::chrono::duration<double, std::nano>(Clock::now() - start).count());
    });
  } catch (const ModelError&) {
    return {};
  }
  return best;
}

std::optional<std::array<double, 2>> race_once(const std::string& key, const std::array<Runner, 2>& runners,
                                               TimingCache& cache, Clock::time_point deadline) {
  const auto& [one, other] = runners;
  const auto one_ns = cache.find(key, one.name), other_ns = cache.find(key, other.name);
  if (one_ns && other_ns) return std::array{*one_ns, *other_ns};
  if (Clock::now() >= deadline) return std::nullopt;
  const std::vector<double> ns = race({Engine::from_plan(one.plan), Engine::from_plan(other.plan)});
  if (ns.empty()) return std::nullopt;
  cache.insert(key, one.name, ns[0]);
  cache.insert(key, other.name, ns[1]);
  return std::array{ns[0], ns[1]};
}

std::vector<std::vector<double>> race_steps(const std::vector<Engine>& engines) {
  std::vector<Context> contexts = prepared(engines);
  std::vector<std::vector<double>> best(contexts.size());
  std::vector<std::vector<std::uint64_t>> before(contexts.size());
  for (Context& context : contexts) context.set_profiling(true);
  try {
    take_turns(contexts.size(), [&](std::size_t i) {
      contexts[i].run();
      before[i].resize(contexts[i].step_times().size());
      best[i].resize(before[i].size(), std::numeric_limits<double>::infinity());
      for (std::size_t k = 0; k < before[i].size(); ++k) {
        const std::uint64_t total = contexts[i].step_times()[k].total_ns;
        const auto ns = static_cast<double>(total - before[i][k]);
        before[i][k] = total;
        best[i][k] = std::min(best[i][k], ns);
      }
    });
  } catch (const ModelError&) {
    return {};
  }
  return best;
}

}  // namespace tenon
