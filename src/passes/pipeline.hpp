// Pipelines: lists of passes as text, and what runs them.
//
//   canonicalize,fold,fuse{rules=["fuse_activation"]},dce
#pragma once

#include "passes/pass.hpp"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tenon {

using Pipeline = std::vector<Pass>;

// ModelError with the column; "" is the empty pipeline.
Pipeline parse_pipeline(std::string_view text, const PassRegistry& registry = builtin_passes());
std::string to_string(const Pipeline& pipeline);

struct PipelineOptions {
  OpEvaluator evaluator;                           // what folds constants; without it nothing is folded
  std::uint64_t rule_order_seed = 0;               // 0: the listed order of rules
  std::optional<std::size_t> stop_after_rewrites;  // for bisection
  bool verify = true;                              // the graph, after every pass
  std::filesystem::path dump_dir;                  // 00-input.ir, 01-canonicalize.ir, …; empty: none
  std::filesystem::path reproducer;                // written when a pass fails; empty: none
  std::function<void(const Pass& pass, Graph& graph)> before_pass;  // may change the graph
  std::function<void(std::size_t index, const Pass& pass, const Graph& graph)> after_pass;
};

struct PipelineReport {
  struct Entry {
    std::string name;
    double ms = 0;
    std::size_t rewrites = 0;
    std::size_t removed = 0;  // dead nodes
    bool changed = false;
  };
  std::vector<Entry> passes;
  std::size_t rewrites = 0;
  std::string last_rewrite;  // "fuse_activation at 'relu_3'"
};

// Runs the passes in order; after each one removes dead nodes and verifies. When a pass throws, or leaves a
// broken graph, or changes a graph without saying so, the graph before it and the rest of the pipeline go to
// `reproducer`, and the error passes on with the pass's name; `graph` is then in an unspecified but readable
// state.
PipelineReport run_pipeline(Graph& graph, const Pipeline& pipeline, const PipelineOptions& options);

// A file that run_pipeline left: a graph, and how to run it into the same failure.
struct Reproducer {
  Graph graph;
  std::string pipeline;
  std::uint64_t rule_order_seed = 0;
  std::optional<std::size_t> stop_after_rewrites;  // what was left of it
};

void write_reproducer(const std::filesystem::path& path, const Reproducer& reproducer,
                      std::string_view error);
Reproducer read_reproducer(const std::filesystem::path& path, const OpRegistry& registry);

}  // namespace tenon
