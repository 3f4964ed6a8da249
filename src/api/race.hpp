// Race: engines that answer the same, timed beside each other on made-up inputs.
#pragma once

#include "plan/plan.hpp"

#include <tenon/engine.hpp>

#include <array>
#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace tenon {

class TimingCache;

// The least time of each, in ns; empty for networks that do not take such inputs.
std::vector<double> race(const std::vector<Engine>& engines);

// A plan, and the name that its time is kept under.
struct Runner {
  const Plan& plan;
  std::string name;
};

// The least time of each in ns, from the cache where both are there under `key`; nothing where they are not
// and `deadline` is past, or the network takes no such inputs.
std::optional<std::array<double, 2>> race_once(const std::string& key, const std::array<Runner, 2>& runners,
                                               TimingCache& cache,
                                               std::chrono::steady_clock::time_point deadline);

// The least time of each step, those of bodies included, in the order of Engine::steps() and in ns; empty
// likewise.
std::vector<std::vector<double>> race_steps(const std::vector<Engine>& engines);

}  // namespace tenon
