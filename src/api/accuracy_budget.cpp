#include "api/sample_sets.hpp"
#include "base/check.hpp"
#include "ir/graph.hpp"
#include "quant/layers.hpp"
#include "quant/observed_values.hpp"
#include "quant/search.hpp"

#include <tenon/accuracy_budget.hpp>
#include <tenon/sensitivity.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace tenon {
namespace {

class BudgetSearch {
 public:
  BudgetSearch(const Network& network, const BuildOptions& options, const Engine& reference, Samples& samples,
               const BudgetOptions& budget, BudgetReport& report)
      : network_(network),
        options_(options),
        samples_(samples),
        budget_(budget),
        report_(report),
        evaluator_(reference, samples, {{}, budget.progress}) {
    TENON_REQUIRE(options.int8.has_value(), "an accuracy budget is for builds on integers");
  }

  // Layers that have to be float, or all of them.
  std::set<std::size_t> run() {
    if (holds({})) return {};
    find_order();
    const auto found = quant::fewest_layers(
        order_.size(), [&](const std::set<std::size_t>& layers) { return holds(layers); });
    std::set<std::size_t> layers = found.value_or(all());
    for (const std::size_t i : layers) report_.floats.push_back(order_[i]);
    return layers;
  }

  Engine build_with(const std::set<std::size_t>& layers, BuildOptions options, BuildReport* report) const {
    Graph graph = network_.graph();
    for (const std::size_t i : layers)
      options.int8->overrides.push_back({order_[i], DataType::f32, PrecisionMode::prefer});
    if (budget_.exact != nullptr && !layers.empty()) {
      std::set<std::string> names;
      for (const std::size_t i : layers) names.insert(order_[i]);
      graph = quant::with_parameters_of(graph, budget_.exact->graph(), names);
      options.int8->table.graph = quant::network_digest(graph);
    }
    return build(Network(std::move(graph)), options, report);
  }

  // Of what was built in the end.
  void conclude(const Engine& engine) {
    report_.evaluation = evaluator_.evaluate(engine);
    report_.shortfall = budget_.budget.shortfall(report_.evaluation);
    report_.held = report_.shortfall.empty();
  }

 private:
  std::set<std::size_t> all() const {
    std::set<std::size_t> layers;
    for (std::size_t i = 0; i < order_.size(); ++i) layers.insert(i);
    return layers;
  }

  bool holds(const std::set<std::size_t>& layers) {
    if (layers.empty() && holds_without_) return *holds_without_;
    BuildOptions options = options_;
    options.measure = false;
    options.portable = false;
    options.progress = {};
    ++report_.engines;
    const Evaluation evaluation = evaluator_.evaluate(build_with(layers, options, nullptr));
    report_.trials.push_back({layers.size(), evaluation});
    const bool holds = budget_.budget.shortfall(evaluation).empty();
    if (layers.empty()) holds_without_ = holds;
    return holds;
  }

  void find_order() {
    SensitivityOptions measuring;
    measuring.rule = options_.int8->rule;
    measuring.rules = options_.int8->rules;
    measuring.scheme = options_.int8->scheme;
    measuring.samples = budget_.sensitivity_samples;
    measuring.threads = options_.threads;
    measuring.progress = budget_.progress;
    std::vector<LayerSensitivity> layers =
        measure_sensitivity(network_, options_.int8->table, samples_, measuring);
    report_.sensitivity = layers;
    std::stable_sort(layers.begin(), layers.end(), [](const LayerSensitivity& a, const LayerSensitivity& b) {
      return a.divergence > b.divergence;
    });
    for (const LayerSensitivity& layer : layers) order_.push_back(layer.layer);
  }

  const Network& network_;
  const BuildOptions& options_;
  Samples& samples_;
  const BudgetOptions& budget_;
  BudgetReport& report_;
  Evaluator evaluator_;
  std::vector<std::string> order_;  // layers, the most sensitive first
  std::optional<bool> holds_without_;
};

}  // namespace

std::string AccuracyBudget::shortfall(const Evaluation& evaluation) const {
  std::string text;
  const auto add = [&](const std::string& sentence) { text += (text.empty() ? "" : "; ") + sentence; };
  if (max_drop) {
    TENON_REQUIRE(evaluation.labelled > 0, "a limit on top-1 wants samples with labels");
    const double drop =
        100 * static_cast<double>(evaluation.net_loss()) / static_cast<double>(evaluation.labelled);
    if (drop > *max_drop)
      add(fmt::format("top-1 is {:.2f} points below the reference, allowed are {}", drop, *max_drop));
  }
  if (min_cosine && evaluation.cosine() < *min_cosine)
    add(fmt::format("the cosine is {:.6f}, asked for is {}", evaluation.cosine(), *min_cosine));
  return text;
}

Engine build_within_budget(const Network& network, const BuildOptions& options, const Engine& reference,
                           Samples& samples, const BudgetOptions& budget, BudgetReport* report,
                           BuildReport* built) {
  BudgetReport local;
  BudgetSearch search(network, options, reference, samples, budget, report != nullptr ? *report : local);
  Engine engine = search.build_with(search.run(), options, built);
  search.conclude(engine);
  return engine;
}

}  // namespace tenon
