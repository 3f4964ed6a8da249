// What must hold for every valid graph; each check returns a description of the first failure, or nothing.
#pragma once

#include "random/random_graph.hpp"

#include <cstdint>
#include <string>

namespace tenon::test {

// parse(print(g)) == g.
std::string check_text(const RandomGraph& random);

// The reference backend gives the same before and after the default pipeline, under shuffled rule orders.
std::string check_passes(const RandomGraph& random, std::uint64_t seed);

// Engines for the CPU backend, raw and optimized, built and reloaded, agree with the reference backend.
std::string check_engines(const RandomGraph& random, std::uint64_t seed);

// All of them. An exception is a failure too: the graph is valid.
std::string check_everything(const RandomGraph& random, std::uint64_t seed);

}  // namespace tenon::test
