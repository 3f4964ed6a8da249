// tenon build: from a model to an engine file.
#include "accuracy_arguments.hpp"
#include "arguments.hpp"
#include "evaluation_data.hpp"
#include "int8_arguments.hpp"
#include "precision_table.hpp"
#include "program.hpp"
#include "progress_bar.hpp"
#include "table.hpp"

#include <tenon/io.hpp>
#include <tenon/report.hpp>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <map>
#include <memory>

namespace tenon::tool {
namespace {

struct Options {
  ModelArguments importing;
  BuildArguments build;
  InputArguments pictures;
  Int8Arguments int8;
  AccuracyArguments accuracy;
  std::string model;
  std::string output;
  std::string dump_dir;
  std::string reproducer;
  std::string page;
  bool strip_portable = false;
  bool json = false;
};

// Of all profiles.
std::size_t steps_of(const Engine& engine) {
  std::size_t steps = 0;
  for (std::size_t i = 0; i < engine.profiles().size(); ++i) steps += engine.steps(i).size();
  return steps;
}

nlohmann::ordered_json to_json(const BuildReport& report, const Engine& engine) {
  nlohmann::ordered_json json;
  json["seconds"] = report.seconds;
  json["rewrites"] = report.rewrites;
  for (const BuildReport::Pass& pass : report.passes) {
    json["passes"].push_back({{"name", pass.name}, {"ms", pass.ms}, {"rewrites", pass.rewrites}});
  }
  for (const LayerPrecision& layer : report.layers) {
    json["layers"].push_back({{"location", layer.location},
                              {"op", layer.op},
                              {"tensor", layer.tensor},
                              {"precision", name(layer.precision)},
                              {"reason", layer.reason}});
  }
  for (const KeptLayer& layer : report.kept) {
    json["kept"].push_back({{"location", layer.location},
                            {"op", layer.op},
                            {"type", name(layer.type)},
                            {"reason", layer.reason}});
  }
  if (!report.costs.trials.empty()) json["precision"] = tool::to_json(report.costs);
  json["timed"] = report.timed;
  json["cache_hits"] = report.cache_hits;
  json["cache_misses"] = report.cache_misses;
  json["network_ms"] = report.network_ms;
  json["profiles"] = engine.profiles().size();
  json["steps"] = steps_of(engine);
  json["isa"] = engine.info().isa;
  json["threads"] = engine.info().threads;
  json["weight_bytes"] = engine.info().weight_bytes;
  json["arena_bytes"] = engine.info().arena_bytes;
  return json;
}

// How many layers run on integers, and why others do not.
std::string precision_text(const std::vector<LayerPrecision>& layers) {
  if (layers.empty()) return "";
  std::map<std::string, std::size_t> reasons;
  for (const LayerPrecision& layer : layers) {
    if (!layer.reason.empty()) ++reasons[layer.reason];
  }
  std::size_t kept = 0;
  for (const auto& [reason, count] : reasons) kept += count;
  std::string text = fmt::format("{} of {} layers on integers\n", layers.size() - kept, layers.size());
  for (const auto& [reason, count] : reasons)
    text += fmt::format("  {} in FP32: {}\n", count, printable(reason));
  return text;
}

// How many layers do without a 16-bit type, and why.
std::string kept_text(const std::vector<KeptLayer>& kept) {
  std::map<std::string, std::vector<std::string>> layers;
  for (const KeptLayer& layer : kept) {
    std::vector<std::string>& names = layers[fmt::format("without {}: {}", name(layer.type), layer.reason)];
    names.push_back(layer.location.empty() ? layer.op : layer.location);
  }
  std::string text;
  for (const auto& [reason, names] : layers) {
    text +=
        fmt::format("  {}: {}\n", printable(reason), printable(fmt::format("{}", fmt::join(names, ", "))));
  }
  return text;
}

// A search for an accuracy budget, in the head of the page and as a curve.
void show_budget(const BudgetReport& budget, QuantizationReport& page) {
  const Evaluation& last = budget.evaluation;
  if (last.labelled > 0) {
    const auto share = [&](std::uint64_t right) { return fmt::format("{} of {}", right, last.labelled); };
    page.facts.emplace_back("Right in FP32", share(last.reference_right));
    page.facts.emplace_back("Right in INT8", share(last.right));
  }
  page.facts.emplace_back("Cosine", fmt::format("{:.6f}", last.cosine()));
  page.facts.emplace_back("Budget", budget.held ? "holds" : "does not hold");
  const auto on_integers =
      std::count_if(page.layers.begin(), page.layers.end(),
                    [](const LayerPrecision& layer) { return layer.precision != DataType::f32; });
  const std::size_t all = static_cast<std::size_t>(on_integers) + budget.floats.size();
  const auto measure = [&](const Evaluation& evaluation) {
    return last.labelled == 0
               ? evaluation.cosine()
               : 100 * static_cast<double>(evaluation.right) / static_cast<double>(last.labelled);
  };
  page.measure = last.labelled == 0 ? "Cosine of the answers" : "Top-1 accuracy, %";
  page.reference = last.labelled == 0
                       ? 1
                       : 100 * static_cast<double>(last.reference_right) / static_cast<double>(last.labelled);
  for (const BudgetReport::Trial& trial : budget.trials) {
    if (trial.floats > all) continue;
    page.trials.push_back(
        {all - trial.floats, measure(trial.evaluation), fmt::format("{} back in FP32", trial.floats)});
  }
}

// What integers do to the network, as a page. Sensitivity takes samples: there is none without --calib.
void write_page(const Options& options, const Network& network, const Int8Options& int8,
                const BuildReport& built, const BudgetReport* budget, ProgressBar& bar) {
  QuantizationReport page = start_report(network, int8.table);
  page.rule = int8.rule;
  page.rules = int8.rules;
  page.layers = built.layers;
  if (budget != nullptr) {
    show_budget(*budget, page);
    page.sensitivity = budget->sensitivity;
  }
  if (page.sensitivity.empty() && !options.int8.data.empty()) {
    EvaluationData samples(options.int8.data, options.pictures, network.inputs(), options.int8.batch);
    SensitivityOptions measuring;
    measuring.rule = int8.rule;
    measuring.rules = int8.rules;
    measuring.scheme = int8.scheme;
    measuring.outputs = false;
    measuring.progress = bar.callback();
    page.sensitivity = measure_sensitivity(network, int8.table, samples, measuring);
  }
  save_text(to_html(page), options.page);
}

int run(const Options& options) {
  if (!options.page.empty() && !options.int8.int8)
    throw ModelError("--report shows a build on integers: it takes --int8");
  BuildOptions build_options = options.build.options();
  build_options.portable = !options.strip_portable;
  build_options.dump_dir = options.dump_dir;
  build_options.reproducer = options.reproducer;
  const Network network = load_network(options.model, options.pictures.import_options(options.importing));
  BuildReport report;
  ProgressBar bar;
  const AccuracyArguments::Prepared prepared =
      options.accuracy.prepare(network, options.int8, options.pictures, build_options.threads, bar);
  build_options.int8 = prepared.int8;
  if (options.build.half()) {
    options.int8.add_to(build_options.half);
    if (prepared.int8) build_options.half.table = prepared.int8->table;
  }
  build_options.progress = bar.callback();
  BudgetReport budget;
  const bool has_budget = options.accuracy.has_budget();
  const Engine engine = has_budget ? options.accuracy.build(network, prepared, options.int8, options.pictures,
                                                            build_options, report, budget, bar)
                                   : build(prepared.network, build_options, &report);
  engine.save(options.output);
  if (!options.page.empty()) {
    write_page(options, prepared.network, *build_options.int8, report, has_budget ? &budget : nullptr, bar);
  }
  if (options.json) {
    auto json = to_json(report, engine);
    json["model"] = options.model;
    json["engine"] = options.output;
    if (!prepared.layers.empty()) json["improvement"] = tool::to_json(prepared.layers);
    if (has_budget) json["budget"] = tool::to_json(budget);
    print_json(json);
    return has_budget && !budget.held ? kWrongInput : kDone;
  }
  const std::size_t profiles = engine.profiles().size();
  print(fmt::format("{}: {}{} steps, {} weights, {} arena, {} threads, {}\n", options.output,
                    profiles > 1 ? fmt::format("{} profiles, ", profiles) : "", steps_of(engine),
                    bytes_text(engine.info().weight_bytes), bytes_text(engine.info().arena_bytes),
                    engine.info().threads, engine.info().isa));
  print(fmt::format("built in {:.2f} s: {} rewrites, {} tactics timed, {} times from the cache\n",
                    report.seconds, report.rewrites, report.timed, report.cache_hits));
  print(precision_text(report.layers) + kept_text(report.kept) + (has_budget ? text_of(budget) : ""));
  if (has_budget && !budget.held) throw ModelError("the accuracy budget does not hold: " + budget.shortfall);
  return kDone;
}

}  // namespace

void add_build(Program& program) {
  auto options = std::make_shared<Options>();
  CLI::App& app = program.add("build", "Build an engine from a model", [options] {
    options->int8.half = options->build.half();
    if (options->build.best && options->int8.has_ranges()) options->int8.int8 = true;
    return run(*options);
  });
  app.add_option("MODEL", options->model, "Model: ONNX, textual IR (*.ir), … (see tenon list formats)")
      ->required();
  app.add_option("-o,--save", options->output, "Engine file to write")->required();
  options->importing.add_to(app);
  options->pictures.add_pictures(app);
  options->build.add_shapes(app);
  options->build.add_profiles(app);
  options->build.add_threads(app);
  options->build.add_device(app);
  options->build.add_accuracy(app);
  options->build.add_half(app);
  options->build.add_tuning(app);
  options->build.add_pipeline(app);
  options->int8.add_to(app);
  options->accuracy.add_to(app);
  app.add_option("--dump-dir", options->dump_dir, "Write the IR after every pass into this directory");
  app.add_option("--reproducer", options->reproducer,
                 "Where a failing pass leaves a file for tenon opt --reproduce");
  app.add_option(
      "--report", options->page,
      "With --int8, write a page (HTML) with thresholds, sensitivity and the precision of every layer");
  app.add_flag("--strip-portable", options->strip_portable,
               "Leave out the IR by which another machine could build the engine again");
  app.add_flag("--json", options->json, "Report as JSON");
}

}  // namespace tenon::tool
