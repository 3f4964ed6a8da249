// tenon verify: an optimized engine against the reference backend, node by node.
#include "arguments.hpp"
#include "inputs.hpp"
#include "program.hpp"
#include "progress_bar.hpp"
#include "table.hpp"

#include <tenon/verify.hpp>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <cmath>
#include <memory>

namespace tenon::tool {
namespace {

struct Options {
  ModelArguments importing;
  BuildArguments build;
  InputArguments inputs;
  std::string model;
  std::uint64_t seed = 1;
  double tolerance = 1;
  bool no_bisect = false;
  bool all = false;
  bool json = false;
};

std::string title(const TapResult& tap) {
  return tap.location.empty() ? fmt::format("{} '{}'", tap.op, tap.name)
                              : fmt::format("{} ({})", tap.location, tap.op);
}

std::string verdict(const TapResult& tap) {
  if (!tap.ok) return "DIFFERS";
  return tap.inherited ? "inherited" : "ok";
}

nlohmann::ordered_json number(double value) {
  return std::isfinite(value) ? nlohmann::ordered_json(value)
                              : nlohmann::ordered_json(fmt::format("{}", value));
}

nlohmann::ordered_json to_json(const TapResult& tap) {
  nlohmann::ordered_json json = {{"name", tap.name},
                                 {"location", tap.location},
                                 {"op", tap.op},
                                 {"dtype", name(tap.dtype)},
                                 {"shape", tap.shape},
                                 {"difference", number(tap.difference)},
                                 {"allowed", number(tap.allowed)},
                                 {"verdict", verdict(tap)}};
  if (!tap.problem.empty()) json["problem"] = tap.problem;
  if (tap.index >= 0) {
    json["index"] = tap.index;
    json["expected"] = number(tap.expected);
    json["found"] = number(tap.found);
  }
  return json;
}

void report_json(const VerifyReport& report) {
  nlohmann::ordered_json json;
  json["ok"] = report.ok();
  json["rewrites"] = report.rewrites;
  json["first"] = report.first ? nlohmann::ordered_json(*report.first) : nlohmann::ordered_json(nullptr);
  if (report.culprit) {
    json["culprit"] = {{"rewrite", report.culprit->rewrite},
                       {"pass", report.culprit->pass},
                       {"description", report.culprit->description}};
  }
  json["taps"] = nlohmann::ordered_json::array();
  for (const TapResult& tap : report.taps) json["taps"].push_back(to_json(tap));
  print_json(json);
}

std::string conclusion(const VerifyReport& report) {
  if (report.ok()) {
    return fmt::format("ok: {} values agree, {} rewrites\n", report.taps.size(), report.rewrites);
  }
  const TapResult& tap = report.taps[*report.first];
  std::string text = fmt::format("the first node that differs is {}: value '{}', {}[{}]\n", title(tap),
                                 tap.name, name(tap.dtype), shape_text(tap.shape));
  text += tap.problem.empty()
              ? fmt::format("  element {} is {:.9g} instead of {:.9g}; {:.3g} off, {:.3g} allowed\n",
                            tap.index, tap.found, tap.expected, tap.difference, tap.allowed)
              : fmt::format("  {}\n", tap.problem);
  if (!report.culprit) return text;
  const auto& culprit = *report.culprit;
  if (culprit.rewrite == 0) {
    return text + fmt::format("  it differs without any rewrite, so no pass broke it but the tactic{}\n",
                              culprit.description.empty() ? "" : " " + culprit.description);
  }
  return text + fmt::format("  rewrite {} of {} broke it, in pass {}{}\n", culprit.rewrite, report.rewrites,
                            culprit.pass, culprit.description.empty() ? "" : ": " + culprit.description);
}

int run(const Options& options) {
  const Network network = load_network(options.model, options.inputs.import_options(options.importing));
  VerifyOptions verify_options;
  verify_options.build = options.build.options();
  verify_options.inputs = options.inputs.read(network.inputs());
  verify_options.seed = options.seed;
  verify_options.tolerance_factor = options.tolerance;
  verify_options.bisect = !options.no_bisect;
  ProgressBar bar;
  verify_options.build.progress = bar.callback();
  const VerifyReport report = verify(network, verify_options);
  if (options.json) {
    report_json(report);
  } else {
    std::string text;
    if (options.all) {
      Table table({"node", "value", "type", "difference", "allowed", "verdict"}, {3, 4});
      for (const TapResult& tap : report.taps) {
        table.add({shorten(title(tap), 50), shorten(tap.name, 30),
                   fmt::format("{}[{}]", name(tap.dtype), shape_text(tap.shape)),
                   fmt::format("{:.3g}", tap.difference), fmt::format("{:.3g}", tap.allowed), verdict(tap)});
      }
      text = table.text() + "\n";
    }
    print(text + conclusion(report));
  }
  return report.ok() ? kDone : kWrongTenon;
}

}  // namespace

void add_verify(Program& program) {
  auto options = std::make_shared<Options>();
  CLI::App& app = program.add(
      "verify",
      "Compare an optimized engine with the reference backend node by node, and find the pass that broke it",
      [options] { return run(*options); });
  app.add_option("MODEL", options->model, "Model: ONNX, textual IR (*.ir), … (see tenon list formats)")
      ->required();
  options->importing.add_to(app);
  options->inputs.add_to(app);
  app.add_option("--seed", options->seed, "Seed of the inputs that are not given (default 1)");
  app.add_option("--tolerance", options->tolerance, "Factor on what a value may differ by (default 1)")
      ->check(CLI::PositiveNumber);
  app.add_flag("--no-bisect", options->no_bisect, "Do not look for the pass and the rewrite");
  app.add_flag("--all", options->all, "Show every node");
  options->build.add_shapes(app);
  options->build.add_threads(app);
  options->build.add_device(app);
  options->build.add_half(app);
  options->build.add_tuning(app);
  options->build.add_pipeline(app);
  app.add_flag("--json", options->json, "Report as JSON");
  app.footer("Exit code 2 when something differs: Tenon is wrong then.");
}

}  // namespace tenon::tool
