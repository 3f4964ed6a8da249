// Race: engines that answer the same, timed beside each other on made-up inputs.
#pragma once

#include <tenon/engine.hpp>

#include <vector>

namespace tenon {

// The least time of each, in ns; empty for networks that do not take such inputs.
std::vector<double> race(const std::vector<Engine>& engines);

// The least time of each step, those of bodies included, in the order of Engine::steps() and in ns; empty
// likewise.
std::vector<std::vector<double>> race_steps(const std::vector<Engine>& engines);

}  // namespace tenon
