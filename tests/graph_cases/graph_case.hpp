// Graph cases: one textual graph per file of this folder, from which tests are generated. A case says only
// the graph; the inputs are random, by dtype and by the beginning of the input's name:
//
//   scale…, var…   floats in [0.05, 0.5]      index…   integers in [0, 3]      zero…   integers in [-2, 2] or
//   [0, 4] others         floats in [-2, 2]; integers in [-9, 9] or [0, 9], 8-bit ones in their whole range;
//   bool
//
// A symbol of the input types stands for the number that symbol_size() gives it.
#pragma once

#include "base/random.hpp"
#include "ir/graph.hpp"

#include <filesystem>
#include <ostream>
#include <string>
#include <vector>

namespace tenon::test {

struct GraphCase {
  std::string name;
  std::filesystem::path path;
  friend void PrintTo(const GraphCase& graph_case, std::ostream* out) { *out << graph_case.name; }
};

// Every *.ir file, sorted.
std::vector<GraphCase> graph_cases();

Graph load(const GraphCase& graph_case);

// 2 to 5, by the name.
std::int64_t symbol_size(const std::string& symbol);

std::vector<Tensor> random_inputs(const Graph& graph, Random& random);

// TENON_TEST_SEED, or a new seed for each process.
std::uint64_t test_seed();

// The same, but that bytes may differ by the one quantum that rounding the real result a second time costs.
bool equal_up_to_quantum(const Tensor& a, const Tensor& b);

}  // namespace tenon::test
