// An accuracy budget: layers go back from integers to floats, as few as it takes, until the engine answers
// well enough.
#pragma once

#include <tenon/builder.hpp>
#include <tenon/evaluate.hpp>
#include <tenon/sensitivity.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace tenon {

// What the engine may lose against the float one. Limits that are not given always hold.
struct AccuracyBudget {
  std::optional<double> max_drop;    // top-1 in points: 100 · net loss / labelled samples
  std::optional<double> min_cosine;  // Evaluation::cosine()

  // Why the budget does not hold, a sentence for each limit; empty: it holds. ModelError when top-1 counts
  // and no sample has a label.
  std::string shortfall(const Evaluation& evaluation) const;
};

struct BudgetOptions {
  AccuracyBudget budget;
  // Of the evaluation's samples, those by which the layers are put into an order (their labels do not count).
  std::size_t sensitivity_samples = 16;
  // Where layers that go back take their weights and biases from, Improvement::exact; null: as they are.
  const Network* exact = nullptr;
  ProgressFn progress;
};

struct BudgetReport {
  struct Trial {
    std::size_t floats = 0;  // layers that were back in floats
    Evaluation evaluation;
  };

  bool held = false;
  std::string shortfall;  // where it was not held
  std::vector<std::string>
      floats;                 // layers that went back, by location in the model, the most sensitive first
  Evaluation evaluation;      // of the engine that was built
  std::size_t engines = 0;    // that were tried
  std::vector<Trial> trials;  // one for each of them
  std::vector<LayerSensitivity> sensitivity;  // where layers had to go back
};

// Builds with options.int8, which must be there, and evaluates against `reference`'s answers. Where the
// budget does not hold, puts the layers into an order by what each costs when it alone runs on integers
// (measure_sensitivity()), and finds the fewest that have to stay float. Where it does not even hold with all
// of them, the report says so, and the engine has them all. Tactics are measured for the last engine only.
Engine build_within_budget(const Network& network, const BuildOptions& options, const Engine& reference,
                           Samples& samples, const BudgetOptions& budget, BudgetReport* report = nullptr,
                           BuildReport* built = nullptr);

}  // namespace tenon
