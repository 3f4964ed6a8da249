// tenon explain: what runs for every node, and why.
#include "arguments.hpp"
#include "precision_table.hpp"
#include "program.hpp"
#include "progress_bar.hpp"
#include "table.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <memory>

namespace tenon::tool {
namespace {

struct Options {
  ModelArguments importing;
  BuildArguments build;
  std::string engine;
  ProfileArguments profile;
  std::string layer;
  bool precision = false;
  bool json = false;
};

std::string indented(const std::string& text, std::size_t columns) {
  std::string out;
  std::size_t begin = 0;
  while (begin < text.size()) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    out += std::string(columns, ' ') + text.substr(begin, end - begin) + '\n';
    begin = end + 1;
  }
  return out;
}

int run(const Options& options) {
  ProgressBar bar;
  const Engine engine =
      open_engine(options.engine, options.importing.options(), options.build, options.build.options(), bar);
  const std::size_t profile = options.profile.profile.value_or(0);
  const PrecisionCosts& costs = engine.precision_costs(profile);
  if (options.precision) {
    if (options.json) {
      print_json(to_json(costs));
      return kDone;
    }
    const std::string table = text_of(costs, options.layer);
    print(table.empty() ? "no layer had a choice between INT8 and FP32 that time decides\n" : table);
    return kDone;
  }
  nlohmann::ordered_json json = nlohmann::ordered_json::array();
  std::string text = text_of(costs, options.layer);
  if (!text.empty()) text += '\n';
  for (const StepInfo& step : engine.steps(profile)) {
    if (step.label.find(options.layer) == std::string::npos) continue;
    if (options.json) {
      json.push_back({{"layer", step.label},
                      {"depth", step.depth},
                      {"op", step.op},
                      {"tactic", step.tactic},
                      {"problem", step.problem},
                      {"types", step.types},
                      {"expected_ms", step.expected_ns * 1e-6},
                      {"note", step.note}});
      continue;
    }
    std::string entry = fmt::format(
        "{}\n    {}\n    {}", step.label.empty() ? "(added by Tenon)" : step.label, step.op, step.tactic);
    if (step.expected_ns > 0) entry += fmt::format(", {} ms", ms_text(step.expected_ns * 1e-6));
    entry += fmt::format("\n    {}\n", step.types);
    if (!step.problem.empty()) entry += "    " + step.problem + '\n';
    entry += indented(step.note, 4);
    text += indented(entry, 4 * step.depth);
  }
  if (options.json) {
    print_json(json);
  } else {
    print(text);
  }
  return kDone;
}

}  // namespace

void add_explain(Program& program) {
  auto options = std::make_shared<Options>();
  CLI::App& app = program.add("explain",
                              "Say for every node which tactic runs, what it was expected to cost, and which "
                              "ones were refused and why",
                              [options] { return run(*options); });
  app.add_option("ENGINE", options->engine, "Engine file, or a model, which is built first")->required();
  app.add_option("--layer", options->layer, "Only steps whose source names contain this");
  app.add_flag("--precision", options->precision,
               "Only which layers of an INT8 engine run on integers, and the times that decided");
  options->importing.add_to(app);
  options->importing.add_mean(app);
  options->build.add_shapes(app);
  options->profile.add_to(app);
  options->build.add_threads(app);
  options->build.add_device(app);
  options->build.add_accuracy(app);
  options->build.add_half(app);
  options->build.add_tuning(app);
  app.add_flag("--json", options->json, "Report as JSON");
}

}  // namespace tenon::tool
