// Compares graphs by what they compute on the reference backend. A test that uses it lists
// support/evaluate.cpp among its sources and links tenon_backends_ref.
#pragma once

#include "passes/pass.hpp"

#include <cstdint>

namespace tenon::test {

OpEvaluator reference_evaluator();

// The first seed of a randomized test: `fallback`, or what TENON_TEST_SEED says: a number, or "random" for
// one from the clock. Prints it when it is not the fallback.
std::uint64_t seed_from_environment(std::uint64_t fallback);

// Both graphs give close results on the same random inputs. Graphs with unknown dims are not compared.
void expect_same_results(const Graph& before, const Graph& after, std::uint64_t seed = 1);

}  // namespace tenon::test
