#include "accuracy_arguments.hpp"

#include "evaluation_data.hpp"
#include "program.hpp"
#include "progress_bar.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <cmath>
#include <limits>
#include <memory>

namespace tenon::tool {
namespace {

constexpr std::int64_t kAllWeights = std::numeric_limits<std::int64_t>::max();

}  // namespace

void AccuracyArguments::add_improvement(CLI::App& app) {
  const char* group = "INT8";
  app.add_flag("--no-improve", no_improve,
               "Quantize as calibrated: choose no calibrators, equalize no channels, correct no biases")
      ->group(group);
  app.add_flag_callback(
         "--round-weights", [this] { round_weights = true; },
         fmt::format(
             "Round weights of every layer so that the errors of a channel make up for each other, not "
             "only of those with at most {} weights a channel (takes minutes)",
             ImproveOptions().round_inputs))
      ->group(group);
  app.add_flag_callback(
         "--no-round-weights", [this] { round_weights = false; }, "Round all weights to the nearest")
      ->group(group);
  app.add_option("--improve-samples", improve_samples,
                 "Samples of --calib that improvement measures on (default 32; 0: all)")
      ->group(group);
}

void AccuracyArguments::add_to(CLI::App& app) {
  const char* group = "INT8";
  add_improvement(app);
  app.add_option("--max-drop", max_drop,
                 "Points of top-1 that may be lost on --eval; as many layers as it takes stay float")
      ->group(group);
  app.add_option("--min-cosine", min_cosine,
                 "Mean cosine between the answers and those in FP32, on --eval, else on --calib; likewise")
      ->group(group);
  app.add_option("--eval", eval,
                 "[NAME=]PATH: what the budget is measured on, as for tenon evaluate; may be repeated")
      ->allow_extra_args(false)
      ->group(group);
}

AccuracyArguments::Prepared AccuracyArguments::prepare(const Network& network, const Int8Arguments& arguments,
                                                       const InputArguments& pictures, int threads,
                                                       ProgressBar& bar) const {
  if (!arguments.int8 && (no_improve || round_weights || has_budget() || !eval.empty()))
    throw ModelError("options of INT8 without --int8");
  if (!eval.empty() && !has_budget()) throw ModelError("--eval is for --max-drop and --min-cosine");
  if (max_drop && eval.empty()) throw ModelError("--max-drop wants --eval: samples with labels");
  const bool can_improve = arguments.int8 && !arguments.data.empty() && arguments.cache.empty();
  if (no_improve || !can_improve) {
    if (round_weights.value_or(false))
      throw ModelError("--round-weights wants --calib, and neither --no-improve nor --calib-cache");
    return {network, arguments.options(network, pictures, threads, bar), {}, std::nullopt};
  }
  // The rest of the options, without a calibration of their own.
  ImproveOptions improving;
  improving.choose_calibrators = arguments.calibrator.empty();
  if (!arguments.calibrator.empty()) improving.rule = parse_calibration_rule(arguments.calibrator);
  improving.scheme = arguments.activation_scheme();
  improving.overrides = arguments.overrides();
  if (round_weights) improving.round_inputs = *round_weights ? kAllWeights : 0;
  improving.samples = improve_samples;
  improving.threads = threads;
  improving.progress = bar.callback();
  EvaluationData samples(arguments.data, pictures, network.inputs(), arguments.batch, "--calib");
  Improvement better = improve(network, samples, improving);
  Int8Options int8;
  int8.table = std::move(better.table);
  int8.rule = better.rule;
  int8.rules = std::move(better.rules);
  int8.scheme = improving.scheme;
  int8.overrides = improving.overrides;
  int8.use = arguments.use();
  int8.exact = std::make_shared<const Network>(better.exact);
  return {std::move(better.network), std::move(int8), std::move(better.layers), std::move(better.exact)};
}

Engine AccuracyArguments::build(const Network& network, const Prepared& prepared,
                                const Int8Arguments& arguments, const InputArguments& pictures,
                                const BuildOptions& options, BuildReport& built, BudgetReport& report,
                                ProgressBar& bar) const {
  BuildOptions floating = options;
  floating.int8.reset();
  floating.measure = false;
  floating.portable = false;
  floating.dump_dir.clear();
  const Engine reference = tenon::build(network, floating);
  const bool own = !eval.empty();
  if (!own && arguments.data.empty()) throw ModelError("--min-cosine wants --eval or --calib");
  EvaluationData samples(own ? eval : arguments.data, pictures, network.inputs(), arguments.batch,
                         own ? "--eval" : "--calib");
  BudgetOptions budget;
  budget.budget = {max_drop, min_cosine};
  budget.exact = prepared.exact ? &*prepared.exact : nullptr;
  budget.progress = bar.callback();
  return build_within_budget(prepared.network, options, reference, samples, budget, &report, &built);
}

nlohmann::ordered_json to_json(const std::vector<Improvement::Layer>& layers) {
  const auto number = [](double value) {
    return std::isfinite(value) ? nlohmann::ordered_json(value) : nlohmann::ordered_json(nullptr);
  };
  nlohmann::ordered_json json = nlohmann::ordered_json::array();
  for (const Improvement::Layer& layer : layers) {
    json.push_back({{"layer", layer.layer},
                    {"sqnr_db_before", number(layer.before_db)},
                    {"sqnr_db", number(layer.after_db)},
                    {"equalized", layer.equalized},
                    {"rounded", layer.rounded}});
  }
  return json;
}

nlohmann::ordered_json to_json(const BudgetReport& report) {
  nlohmann::ordered_json json = {{"held", report.held},
                                 {"engines", report.engines},
                                 {"floats", report.floats},
                                 {"evaluation", to_json(report.evaluation)}};
  if (!report.held) json["shortfall"] = report.shortfall;
  return json;
}

std::string text_of(const BudgetReport& report) {
  std::string text =
      report.held ? "the accuracy budget holds" : "the accuracy budget does not hold: " + report.shortfall;
  text += fmt::format(" ({} engines tried)\n", report.engines);
  for (const std::string& layer : report.floats)
    text += fmt::format("  in FP32 for it: {}\n", printable(layer));
  return text + text_of(report.evaluation, true);
}

}  // namespace tenon::tool
