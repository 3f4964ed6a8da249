// What `tenon build --int8` and `tenon quantize` do for accuracy: improvement before the build, a budget
// around it.
#pragma once

#include "int8_arguments.hpp"

#include <tenon/accuracy_budget.hpp>
#include <tenon/improve.hpp>

#include <nlohmann/json_fwd.hpp>

#include <optional>
#include <string>
#include <vector>

namespace tenon::tool {

struct AccuracyArguments {
  bool no_improve = false;
  std::optional<bool> round_weights;
  std::size_t improve_samples = 32;
  std::vector<std::string> eval;
  std::optional<double> max_drop;
  std::optional<double> min_cosine;

  void add_to(CLI::App& app);
  void add_improvement(CLI::App& app);  // without the budget

  bool has_budget() const { return max_drop || min_cosine; }

  // What the build is made of: the network itself and options.int8 of `arguments`; or, where there is data to
  // improve with, the improved network and its table.
  struct Prepared {
    Network network;
    std::optional<Int8Options> int8;
    std::vector<Improvement::Layer> layers;  // where it was improved
    std::optional<Network> exact;            // likewise: Improvement::exact
  };
  Prepared prepare(const Network& network, const Int8Arguments& arguments, const InputArguments& pictures,
                   int threads, ProgressBar& bar) const;

  // Within the budget; `report` says how.
  Engine build(const Network& network, const Prepared& prepared, const Int8Arguments& arguments,
               const InputArguments& pictures, const BuildOptions& options, BuildReport& built,
               BudgetReport& report, ProgressBar& bar) const;
};

nlohmann::ordered_json to_json(const std::vector<Improvement::Layer>& layers);
nlohmann::ordered_json to_json(const BudgetReport& report);
std::string text_of(const BudgetReport& report);

}  // namespace tenon::tool
